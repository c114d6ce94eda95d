# SPDX-License-Identifier: Apache-2.0
"""A process opens each network once; tests begin as a new process would."""

from __future__ import annotations

from mattebrush.models import runtime


def forget_all() -> None:
    """Drops every open network. The product never does: it drops a model's, by its id."""
    with runtime._registry:
        runtime._sessions.clear()
        runtime._opening.clear()

# SPDX-License-Identifier: Apache-2.0
"""Many pictures at once: where they come from, who works on them, what is written down.

`Remover` is the worker, the same here and in Ray's `map_batches`; `sources` lists the pictures,
`manifest` remembers what is done, `processes` runs workers side by side. The command is
`cli/batch.py`.
"""

from __future__ import annotations

from .remover import Remover

__all__ = ["Remover"]

# SPDX-License-Identifier: Apache-2.0
"""`mattebrush job`: one job of a plug-in, NPZ request on stdin, NPZ answer on stdout."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .command_line import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Registers `job`."""
    job = subparsers.add_parser(
        "job",
        help="one job of a plug-in: NPZ request on stdin, NPZ answer on stdout",
        description="Reads one request of the job contract (docs/job-contract.md) from standard "
        "input, writes the answer to standard output and progress as JSON lines to standard error.",
    )
    job.add_argument(
        "--session",
        action="store_true",
        help="a session over the frames of a video: requests and answers one after the other, "
        "each behind its length",
    )
    job.set_defaults(func=_run)


def _run(arguments: argparse.Namespace) -> int:
    from ..jobs import pipe

    return pipe.session() if arguments.session else pipe.main()

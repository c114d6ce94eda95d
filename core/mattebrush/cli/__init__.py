# SPDX-License-Identifier: Apache-2.0
"""The command line. `command_line` puts the commands together, one module each; others may join by
an entry point (the server's do). docs/cli.md is the manual."""

from .command_line import main

__all__ = ["main"]

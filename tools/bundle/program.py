# SPDX-License-Identifier: Apache-2.0
"""The command line as one program: what PyInstaller freezes for a release."""

from mattebrush.cli import main

raise SystemExit(main())

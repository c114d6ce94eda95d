# SPDX-License-Identifier: Apache-2.0
"""`python -m mattebrush`: what plug-ins start, with the interpreter written down at install."""

import sys

from .cli import main

sys.exit(main())

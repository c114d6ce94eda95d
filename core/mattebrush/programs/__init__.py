# SPDX-License-Identifier: Apache-2.0
"""GIMP and Krita as programs that write their own file formats: nobody sees their windows.

`finding` says which of them this machine has, `layered` has them write an .xcf or a .kra. Plug-ins
inside them are another matter: `mattebrush.plugins`.
"""

from __future__ import annotations

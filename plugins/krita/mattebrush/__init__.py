# SPDX-License-Identifier: GPL-3.0-or-later
"""Mattebrush in Krita: "Remove Background" as a transparency mask that stays editable.

Krita imports this package; `extension` hooks it in. `actions` tells what each entry does, in
steps that Krita's event loop runs one by one (`steps`); `pixels`, `colors` and `masks` are the
way to and from the document; `mattebrush_client`, shared with the other hosts, is the way to the
engine. libkis is only ever called from the main thread, and there is no nested event loop.
"""

from .extension import hook_in

hook_in()

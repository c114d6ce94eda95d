# SPDX-License-Identifier: GPL-3.0-or-later
"""Menu paths of GIMP 2.10 as GIMP 3 has them."""

# The first that fits. Toolbox menus were the image window's already in GIMP 2.10.
_RENAMED = (
    ("<Toolbox>/Xtns", "<Image>/Filters"),
    ("<Toolbox>/File/Acquire", "<Image>/File/Create"),
    ("<Toolbox>", "<Image>"),
    ("<Vectors>", "<Paths>"),
    ("<Image>/Xtns", "<Image>/Filters"),
    ("<Image>/Script-Fu", "<Image>/Filters"),
    ("<Image>/Python-Fu", "<Image>/Filters"),
    ("<Image>/Dialogs", "<Image>/Windows"),
)
_KNOWN = ("Image", "Layers", "Channels", "Paths", "Colormap", "Brushes", "Dynamics",
          "MyPaintBrushes", "Gradients", "Palettes", "Patterns", "ToolPresets", "Fonts",
          "Buffers", "QuickMask")  # fmt: skip


def path(menu):
    """Where GIMP 3 shows what 2.10 showed in `menu`; None for the file dialogs' own lists."""
    if menu.startswith(("<Load>", "<Save>")):
        return None
    for old, new in _RENAMED:
        if menu == old or menu.startswith(old + "/"):
            menu = new + menu[len(old) :]
            break
    prefix, _, rest = menu.partition("/")
    if not prefix.startswith("<"):
        return "<Image>/Filters/" + menu.strip("/")
    if prefix.strip("<>") not in _KNOWN:
        return "<Image>/Filters/" + rest.strip("/") if rest else "<Image>/Filters"
    return menu

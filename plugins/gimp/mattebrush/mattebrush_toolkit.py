# SPDX-License-Identifier: GPL-3.0-or-later
"""The few things in which GTK 3 (in GIMP 3) and PyGTK (in GIMP 2.10) differ for our dialogs.

`Gtk` has the widgets that are the same in both. Pictures are `Pixbuf`s, made and read here.
"""

import struct
import sys
import zlib

OK, CANCEL, HELP, CLOSED = -5, -6, -11, -4
"""Responses of a dialog; numbers of the user's own are above zero."""
_EVENTS = 1 << 8 | 1 << 9 | 1 << 5  # press, release, motion with the first button

if sys.version_info[0] > 2:
    import gi

    gi.require_version("GimpUi", "3.0")
    gi.require_version("Gdk", "3.0")
    gi.require_version("Gtk", "3.0")
    from gi.repository import Gdk, GdkPixbuf, GimpUi, GLib, Gtk

    _BILINEAR, _NEAREST = GdkPixbuf.InterpType.BILINEAR, GdkPixbuf.InterpType.NEAREST
    Pixbuf = GdkPixbuf.Pixbuf
    after, stop = GLib.timeout_add, GLib.source_remove

    def start():
        """Before the first widget."""
        GimpUi.init("mattebrush")

    def dialog(title):
        """An empty dialog in GIMP's look, above GIMP's window."""
        made = GimpUi.Dialog(title=title, role="mattebrush", use_header_bar=False)
        GimpUi.window_set_transient(made)
        return made

    def pixbuf(data, width, height, alpha):
        """A picture from its bytes, RGB or RGBA."""
        size = width * (4 if alpha else 3)
        return Pixbuf.new_from_bytes(
            GLib.Bytes.new(data), GdkPixbuf.Colorspace.RGB, alpha, 8, width, height, size
        )

    def empty(width, height):
        """An RGB picture to be filled."""
        return Pixbuf.new(GdkPixbuf.Colorspace.RGB, False, 8, width, height)

    def part(picture, x, y, width, height):
        """A part of a picture that shares its pixels."""
        return picture.new_subpixbuf(x, y, width, height)

    def combo():
        """A list to choose from, still empty."""
        return Gtk.ComboBoxText()

    def same_width():
        """Makes what is added to it equally wide."""
        return Gtk.SizeGroup(mode=Gtk.SizeGroupMode.HORIZONTAL)

    def progress_text(bar, text):
        """The text on a progress bar."""
        bar.set_show_text(True)
        bar.set_text(text)

    def set_color(button, color):
        """Gives a button a color of 0 to 255."""
        button.set_rgba(Gdk.RGBA(*[part / 255.0 for part in color]))

    def color_of(button):
        """Its color."""
        chosen = button.get_rgba()
        return tuple(int(part * 255 + 0.5) for part in (chosen.red, chosen.green, chosen.blue))

else:
    import pygtk

    pygtk.require("2.0")
    import gobject
    import gtk as Gtk

    _BILINEAR, _NEAREST = Gtk.gdk.INTERP_BILINEAR, Gtk.gdk.INTERP_NEAREST
    Pixbuf = Gtk.gdk.Pixbuf
    after, stop = gobject.timeout_add, gobject.source_remove

    def start():
        """Before the first widget."""
        gobject.threads_init()  # jobs run in threads
        try:
            import gimpui
        except ImportError:
            return  # only its looks are missing
        gimpui.gimp_ui_init()

    def dialog(title):
        """An empty dialog."""
        made = Gtk.Dialog()
        made.set_title(title)
        made.set_position(1)  # in the middle of the screen
        return made

    def pixbuf(data, width, height, alpha):
        """A picture from its bytes, RGB or RGBA."""
        size = width * (4 if alpha else 3)
        rows = [b"\0" + data[start : start + size] for start in range(0, len(data), size)]
        loader = Gtk.gdk.PixbufLoader("png")
        loader.write(_png(b"".join(rows), width, height, 6 if alpha else 2))
        loader.close()
        return loader.get_pixbuf()

    def _png(rows, width, height, kind):
        """A PNG file; what PyGTK reads in every build, and without keeping hold of the bytes."""
        head = struct.pack(">2I5B", width, height, 8, kind, 0, 0, 0)
        parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + name + data
            + struct.pack(">I", zlib.crc32(name + data) & 0xFFFFFFFF)
            for name, data in parts
        )  # fmt: skip

    def empty(width, height):
        """An RGB picture to be filled."""
        return pixbuf(b"\0" * (3 * width * height), width, height, False)

    def part(picture, x, y, width, height):
        """A part of a picture that shares its pixels."""
        find = getattr(picture, "subpixbuf", None) or picture.new_subpixbuf
        return find(x, y, width, height)

    def combo():
        """A list to choose from, still empty."""
        made = Gtk.combo_box_new_text()
        if not made.get_cells():  # where PyGObject stands in for PyGTK
            cell = Gtk.CellRendererText()
            made.pack_start(cell, True)
            made.add_attribute(cell, "text", 0)
        return made

    def same_width():
        """Makes what is added to it equally wide."""
        return Gtk.SizeGroup(Gtk.SIZE_GROUP_HORIZONTAL)

    def progress_text(bar, text):
        """The text on a progress bar."""
        bar.set_text(text)

    def set_color(button, color):
        """Gives a button a color of 0 to 255."""
        button.set_color(Gtk.gdk.Color(*[int(part) * 257 for part in color]))

    def color_of(button):
        """Its color."""
        chosen = button.get_color()
        return tuple(part // 257 for part in (chosen.red, chosen.green, chosen.blue))


def scaled(picture, width, height):
    """The picture in another size."""
    return picture.scale_simple(width, height, _BILINEAR)


def over_checks(picture):
    """The picture with transparency on a checkerboard as GIMP's."""
    width, height = picture.get_width(), picture.get_height()
    return picture.composite_color_simple(width, height, _NEAREST, 255, 8, 0x999999, 0x666666)


def blend(picture, below):
    """Draws a picture with transparency over another of the same size."""
    width, height = picture.get_width(), picture.get_height()
    picture.composite(below, 0, 0, width, height, 0, 0, 1, 1, _NEAREST, 255)


def data_of(picture):
    """Its bytes without what pads its rows."""
    data, stride = picture.get_pixels(), picture.get_rowstride()
    size = picture.get_width() * picture.get_n_channels()
    if stride == size:
        return bytes(data[: size * picture.get_height()])
    return b"".join(
        bytes(data[row * stride : row * stride + size]) for row in range(picture.get_height())
    )


def label(text, markup=False, width=0):
    """A text at the left, broken into lines of `width` characters where that is given."""
    made = Gtk.Label()
    (made.set_markup if markup else made.set_text)(text)
    made.set_alignment(0.0, 0.5)
    if width:
        made.set_line_wrap(True)
        made.set_width_chars(width)
        if hasattr(made, "set_max_width_chars"):
            made.set_max_width_chars(width)
    return made


def box(*widgets, **how):
    """Widgets beside each other, or below with `down`; `grow`: those that take what is left."""
    make = Gtk.VBox if how.get("down") else Gtk.HBox
    made = make(homogeneous=False, spacing=how.get("spacing", 6))
    for widget in widgets:
        add(made, widget, widget in how.get("grow", ()))
    return made


def add(holder, widget, grow=False):
    """One more widget at the end of a box."""
    holder.pack_start(widget, grow, grow, 0)


def hint(widget, text):
    """The widget's tool tip, "" for none."""
    widget.set_tooltip_text(text)
    widget.set_has_tooltip(bool(text))


def clickable(widget):
    """A widget around another that hears of the mouse."""
    made = Gtk.EventBox()
    made.add(widget)
    made.add_events(_EVENTS)
    return made


def folder(title, cancel, choose):
    """The folder that the user chooses, None for none. cancel, choose: the buttons' labels."""
    made = Gtk.FileChooserDialog(title=title)
    made.set_action(2)  # a folder, one that is there
    made.add_button(cancel, CANCEL)
    made.add_button(choose, OK)
    chosen = made.get_filename() if made.run() == OK else None
    made.destroy()
    return chosen


def message(title, text, buttons, detail=""):
    """A question or a message; returns the place of the pressed button, -1 when it was closed."""
    made = dialog(title)
    words = [label(text, width=60)]
    if detail:
        more = Gtk.Expander()
        more.set_label("...")
        more.add(label(detail, width=60))
        words.append(more)
    inside = box(*words, down=True, spacing=12)
    inside.set_border_width(12)
    add(made.get_content_area(), inside, True)
    for place, text in enumerate(buttons):
        made.add_button(text, place + 1)
    made.set_default_response(len(buttons))
    made.show_all()
    pressed = made.run()
    made.destroy()
    return pressed - 1 if pressed > 0 else -1

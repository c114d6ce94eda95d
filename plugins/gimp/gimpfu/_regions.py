# SPDX-License-Identifier: GPL-3.0-or-later
"""Pixel regions: bytes of a drawable, 8 bits each, in the layout that GIMP 2.10 gave them."""

from gi.repository import Gegl

from ._values import NotCovered


def format_of(drawable):
    """The 8-bit pixel format by which GIMP 2.10's plug-ins saw a libgimp drawable.

    Indexed layers are seen as their indices. Masks and channels are seen gamma-encoded, although
    their values are linear: so it was, and plug-ins of that time reckon with it.
    """
    if drawable.is_indexed():
        return None
    name = "R'G'B'" if drawable.is_rgb() else "Y'"
    return "%s%s u8" % (name, "A" if drawable.has_alpha() else "")


class PixelRgn(object):
    """A rectangle of a drawable's pixels: region[x, y] and region[x0:x1, y0:y1] are bytes."""

    def __init__(self, drawable, x=0, y=0, w=None, h=None, dirty=True, shadow=False):
        self.drawable = drawable
        self.x, self.y = x, y
        self.w = drawable.width - x if w is None else w
        self.h = drawable.height - y if h is None else h
        self.dirty, self.shadow = dirty, shadow
        self.bpp = drawable.bpp
        self._format = format_of(drawable.native)
        self._buffer = drawable._buffer(shadow)

    @property
    def rowstride(self):
        """Bytes from one row to the next."""
        return self.w * self.bpp

    def resize(self, x, y, w, h):
        """Moves the region."""
        self.x, self.y, self.w, self.h = x, y, w, h

    def __getitem__(self, where):
        rectangle = self._rectangle(where)
        data = self._buffer.get(rectangle, 1.0, self._format, Gegl.AbyssPolicy.NONE)
        return bytes(data)

    def __setitem__(self, where, data):
        rectangle = self._rectangle(where)
        data = bytes(bytearray(data)) if not isinstance(data, bytes) else data
        wanted = rectangle.width * rectangle.height * self.bpp
        if len(data) != wanted:
            raise TypeError("string is wrong length: %d bytes, %d wanted" % (len(data), wanted))
        self._buffer.set(rectangle, self._format, data)
        self.drawable._changed(self._buffer, self.shadow)

    def _rectangle(self, where):
        across, down = where
        x0, x1 = self._ends(across, self.x, self.w)
        y0, y1 = self._ends(down, self.y, self.h)
        return Gegl.Rectangle.new(x0, y0, x1 - x0, y1 - y0)

    @staticmethod
    def _ends(where, first, count):
        if isinstance(where, slice):
            start = first if where.start is None else where.start
            stop = first + count if where.stop is None else where.stop
        else:
            start, stop = where, where + 1
        if start < first or stop > first + count or start >= stop:
            raise IndexError("index out of range: %r" % (where,))
        return start, stop


class PixelFetcher(object):
    """Left out: single pixels are read with `drawable.get_pixel`."""

    def __init__(self, *args):
        raise NotCovered("gimp.PixelFetcher", "Use drawable.get_pixel.")


def get_pixel(drawable, x, y):
    """One pixel of one of our drawables as a tuple of 0 to 255."""
    native = drawable.native
    rectangle = Gegl.Rectangle.new(x, y, 1, 1)
    data = native.get_buffer().get(rectangle, 1.0, format_of(native), Gegl.AbyssPolicy.NONE)
    return tuple(bytearray(data))


def set_pixel(drawable, x, y, pixel):
    """Sets one pixel from a tuple of 0 to 255."""
    native = drawable.native
    data = pixel if isinstance(pixel, bytes) else bytes(bytearray(pixel))
    buffer = native.get_buffer()
    buffer.set(Gegl.Rectangle.new(x, y, 1, 1), format_of(native), data)
    buffer.flush()
    native.update(x, y, 1, 1)


def bytes_per_pixel(native):
    """How many bytes a pixel has in a region, whatever the image's precision."""
    if native.is_indexed():
        return 2 if native.has_alpha() else 1
    return (3 if native.is_rgb() else 1) + (1 if native.has_alpha() else 0)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Pixels of a drawable as GIMP 2.10 gave them, 8 bits each: regions, tiles and fetchers."""

from gi.repository import Babl, Gegl, Gimp

from . import gimpcolor
from ._errors import NotCovered
from ._python2 import Pixels, text_bytes

TILE = 128
"""The side of a tile in GIMP 2.10."""


def _is_linear(drawable):
    """Whether it is a mask or the selection, which are so in images of every precision."""
    return isinstance(drawable, (Gimp.LayerMask, Gimp.Selection))


def format_of(drawable):
    """The 8-bit pixel format in which a libgimp drawable is read and written.

    Indexed layers are seen as their indices. Masks and the selection are linear: see `_Access`.
    """
    if _is_linear(drawable):
        return "Y u8"
    if drawable.is_indexed():
        return Babl.get_name(drawable.get_format())
    name = "R'G'B'" if drawable.is_rgb() else "Y'"
    return "%s%s u8" % (name, "A" if drawable.has_alpha() else "")


def bytes_per_pixel(native):
    """How many bytes a pixel has in a region, whatever the image's precision."""
    if native.is_indexed():
        return 2 if native.has_alpha() else 1
    return (3 if native.is_rgb() else 1) + (1 if native.has_alpha() else 0)


def _encoded(value):
    """A linear value from 0 to 1 as sRGB encodes it."""
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def _linear(value):
    """What `_encoded` encoded."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


_ENCODE, _DECODE = (
    bytes(bytearray(int(curve(step / 255.0) * 255 + 0.5) for step in range(256)))
    for curve in (_encoded, _linear)
)


class _Access(object):
    """A drawable's pixels as GIMP 2.10 gave and took them.

    Masks and the selection are seen gamma-encoded, although their values are linear: so it was,
    and plug-ins of that time reckon with it.
    """

    def __init__(self, drawable, shadow):
        self.drawable, self.shadow = drawable, shadow
        self.format = format_of(drawable.native)
        self.mask = _is_linear(drawable.native)
        self.buffer = drawable._buffer(shadow)

    def read(self, rectangle):
        """The bytes in a rectangle."""
        data = bytes(self.buffer.get(rectangle, 1.0, self.format, Gegl.AbyssPolicy.NONE))
        return Pixels(data.translate(_ENCODE) if self.mask else data)

    def write(self, rectangle, data):
        """Sets them; `flush` of the drawable hands them to GIMP."""
        self.buffer.set(rectangle, self.format, data.translate(_DECODE) if self.mask else data)
        self.drawable._changed(self.buffer, self.shadow)


class PixelRgn(object):
    """A rectangle of a drawable's pixels: region[x, y] and region[x0:x1, y0:y1] are bytes."""

    def __init__(self, drawable, x=0, y=0, w=None, h=None, dirty=True, shadow=False):
        self.drawable = drawable
        self.x, self.y = int(x), int(y)
        self.w = drawable.width - self.x if w is None else int(w)
        self.h = drawable.height - self.y if h is None else int(h)
        self.dirty, self.shadow = bool(dirty), bool(shadow)
        self.bpp = drawable.bpp
        self._access = _Access(drawable, self.shadow)

    @property
    def rowstride(self):
        """0, as in GIMP 2.10 between calls: rows follow each other."""
        return 0

    def resize(self, x, y, w, h):
        """Moves the region."""
        self.x, self.y, self.w, self.h = int(x), int(y), int(w), int(h)

    def __getitem__(self, where):
        return self._access.read(self._rectangle(where))

    def __setitem__(self, where, data):
        rectangle = self._rectangle(where)
        data = text_bytes(data)
        wanted = rectangle.width * rectangle.height * self.bpp
        if len(data) != wanted:
            raise TypeError("string is wrong length: %d bytes, %d wanted" % (len(data), wanted))
        self._access.write(rectangle, data)

    def _rectangle(self, where):
        if not isinstance(where, tuple) or len(where) != 2:
            raise TypeError("subscript must be a 2-tuple")
        across, down = where
        x0, x1 = self._ends(across, self.x, self.w)
        y0, y1 = self._ends(down, self.y, self.h)
        return Gegl.Rectangle.new(x0, y0, x1 - x0, y1 - y0)

    @staticmethod
    def _ends(where, first, count):
        if isinstance(where, slice):
            start = first if where.start is None else int(where.start)
            stop = first + count if where.stop is None else int(where.stop)
        else:
            start, stop = int(where), int(where) + 1
        if start < first or stop > first + count or start >= stop:
            raise IndexError("index out of range: %r" % (where,))
        return start, stop


class Tile(object):
    """A square of a drawable's pixels, 128 wide: tile[n] and tile[x, y] are a pixel's bytes."""

    def __init__(self, drawable, shadow, row, column):
        x, y = column * TILE, row * TILE
        if not (0 <= x < drawable.width and 0 <= y < drawable.height):
            raise IndexError("no tile at row %d, column %d" % (row, column))
        self.drawable, self.shadow, self.dirty = drawable, bool(shadow), False
        self.ewidth = min(TILE, drawable.width - x)
        self.eheight = min(TILE, drawable.height - y)
        self.bpp = drawable.bpp
        self.tile_num = row * ((drawable.width + TILE - 1) // TILE) + column
        self._place = Gegl.Rectangle.new(x, y, self.ewidth, self.eheight)
        self._access = _Access(drawable, self.shadow)
        self._data = bytearray(self._access.read(self._place))

    def __repr__(self):
        return "<gimp.Tile for drawable '%s'>" % self.drawable.name

    def __len__(self):
        return self.ewidth * self.eheight

    def _at(self, where):
        if isinstance(where, tuple):
            x, y = where
            if not (0 <= x < self.ewidth and 0 <= y < self.eheight):
                raise IndexError("index out of range")
            where = y * self.ewidth + x
        if not 0 <= where < len(self):
            raise IndexError("index out of range")
        return slice(where * self.bpp, (where + 1) * self.bpp)

    def __getitem__(self, where):
        return Pixels(self._data[self._at(where)])

    def __setitem__(self, where, pixel):
        pixel = text_bytes(pixel)
        if len(pixel) != self.bpp:
            raise TypeError("string is wrong length")
        self._data[self._at(where)] = pixel
        self.dirty = True
        # At once, so that no changes are lost when the plug-in forgets to flush the tile.
        self._access.write(self._place, bytes(self._data))

    def flush(self):
        """Hands the changes on."""
        self.dirty = False


class PixelFetcher(object):
    """Single pixels of a drawable; `edge_mode` says what is outside of it."""

    def __init__(self, drawable, shadow=False, bg_color=None, edge_mode=0):
        self.drawable, self.shadow = drawable, bool(shadow)
        self.bg_color = gimpcolor.from_any(bg_color or (0.0, 0.0, 0.0))
        self.edge_mode = edge_mode
        self._access = _Access(drawable, self.shadow)

    def get_pixel(self, x, y):
        """A pixel's bytes."""
        width, height, bpp = self.drawable.width, self.drawable.height, self.drawable.bpp
        if not (0 <= x < width and 0 <= y < height):
            if self.edge_mode == 1:
                x, y = x % width, y % height
            elif self.edge_mode == 2:
                x, y = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
            elif self.edge_mode == 4:
                return Pixels(bytearray(list(self.bg_color)[:bpp]))
            else:
                return Pixels(bpp)
        return self._access.read(Gegl.Rectangle.new(int(x), int(y), 1, 1))

    def put_pixel(self, x, y, pixel):
        """Sets a pixel."""
        self._access.write(Gegl.Rectangle.new(int(x), int(y), 1, 1), text_bytes(pixel))

    def __getitem__(self, where):
        return self.get_pixel(*where)

    def __setitem__(self, where, pixel):
        self.put_pixel(where[0], where[1], pixel)


def get_pixel(drawable, x, y):
    """One pixel of one of our drawables as a tuple of 0 to 255."""
    place = Gegl.Rectangle.new(int(x), int(y), 1, 1)
    return tuple(bytearray(_Access(drawable, False).read(place)))


def set_pixel(drawable, x, y, pixel):
    """Sets one pixel from a tuple of 0 to 255, or a string of bytes."""
    x, y = int(x), int(y)
    _Access(drawable, False).write(Gegl.Rectangle.new(x, y, 1, 1), text_bytes(pixel))
    drawable.flush()
    drawable.native.update(x, y, 1, 1)


def floats(drawable):
    """All values of a drawable as floating-point numbers, row by row."""
    import array

    native = drawable.native
    if native.is_indexed():
        raise NotCovered("drawable.get_data for indexed layers", "Convert the image to RGB.")
    kind = "RGB" if native.is_rgb() else "Y"
    name = "%s%s float" % (kind, "A" if native.has_alpha() else "")
    whole = Gegl.Rectangle.new(0, 0, drawable.width, drawable.height)
    data = native.get_buffer().get(whole, 1.0, name, Gegl.AbyssPolicy.NONE)
    return array.array("f", bytes(data))

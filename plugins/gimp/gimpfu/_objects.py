# SPDX-License-Identifier: GPL-3.0-or-later
"""Images, layers, channels, paths, displays and parasites as GIMP 2.10's Python had them.

Each object holds the libgimp one as `native`. Attributes that only get and set are tables; methods
stand where GIMP 3 does it differently. Two objects are equal when they mean the same thing.
"""

from gi.repository import Gegl, Gimp

from . import _graph, _regions, _transforms, gimpcolor
from ._context import same_selection
from ._enums import native_enum
from ._errors import NotCovered, error
from ._python2 import Text, text, text_bytes, whole
from ._values import counterpart, file_of, from_native, native, unit, wrap

_FILENAME = "gimpfu-filename"
_OWN_FORMAT = (".xcf", ".xcf.gz", ".xcf.bz2", ".xcf.xz")


def _attribute(getter, setter=None, convert=None):
    """A property that calls libgimp; `convert` makes what is set fit for it."""

    def get(self):
        return from_native(getattr(self.native, getter)())

    def set(self, value):
        getattr(self.native, setter)(convert(value) if convert else native(value))

    return property(get, set if setter else None)


class _Object(object):
    """Equality and printing by what GIMP means by it."""

    @classmethod
    def _of(cls, value):
        made = cls.__new__(cls)
        made.native = value
        return made

    ID = property(lambda self: self.native.get_id())

    @classmethod
    def from_id(cls, number):
        """The object with that ID."""
        return wrap(Gimp.Item.get_by_id(number))

    def __eq__(self, other):
        return isinstance(other, _Object) and self._key() == other._key()

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(self._key())

    def _key(self):
        return self.native.get_id()

    def __repr__(self):
        return "<gimp.%s '%s'>" % (type(self).__name__, getattr(self, "name", self._key()))


class _Parasites(object):
    """Data that stays with an image or item."""

    def parasite_find(self, name):
        """The parasite of that name, or None."""
        return wrap(self.native.get_parasite(name))

    def parasite_attach(self, parasite):
        """Attaches a `Parasite`."""
        self.native.attach_parasite(parasite.native)

    def attach_new_parasite(self, name, flags, data):
        """Attaches a new one."""
        self.parasite_attach(Parasite(name, flags, data))

    def parasite_detach(self, name):
        """Removes the one of that name."""
        self.native.detach_parasite(name)

    def parasite_list(self):
        """The names of all."""
        names = self.native.get_parasite_list()
        return tuple(one for one in names if not one.startswith("gimpfu-"))


@counterpart(Gimp.Image)
class Image(_Object, _Parasites):
    """An image. Its layers, channels and vectors are lists, topmost first."""

    def __init__(self, width, height, type=0):
        self.native = Gimp.Image.new(int(width), int(height), Gimp.ImageBaseType(int(type)))

    width = _attribute("get_width")
    height = _attribute("get_height")
    base_type = _attribute("get_base_type")
    precision = _attribute("get_precision")
    name = _attribute("get_name")
    layers = property(lambda self: [wrap(one) for one in self.native.get_layers()])
    channels = property(lambda self: [wrap(one) for one in self.native.get_channels()])
    vectors = property(lambda self: [wrap(one) for one in self.native.get_paths()])
    selection = property(lambda self: wrap(self.native.get_selection()))
    floating_selection = property(lambda self: wrap(self.native.get_floating_sel()))
    dirty = property(lambda self: self.native.is_dirty())

    unit = property(
        lambda self: self.native.get_unit().get_id(),
        lambda self, number: self.native.set_unit(unit(number)),
    )
    tattoo_state = _attribute("get_tattoo_state", "set_tattoo_state")

    @classmethod
    def from_id(cls, number):
        """The image with that ID."""
        return wrap(Gimp.Image.get_by_id(number))

    @property
    def filename(self):
        """The path of its file, the one it was opened from too, or None."""
        parasite = self.native.get_parasite(_FILENAME)
        if parasite:
            return bytes(_unsigned(parasite.get_data())).decode("utf-8")
        file = self.native.get_file() or self.native.get_imported_file()
        return file.get_path() if file else None

    @filename.setter
    def filename(self, path):
        """GIMP 3 takes names of its own format only; the others are kept beside it."""
        self.native.detach_parasite(_FILENAME)
        if str(path).endswith(_OWN_FORMAT):
            self.native.set_file(file_of(path))
        else:
            self.native.attach_parasite(Parasite(_FILENAME, 0, str(path)).native)

    @property
    def uri(self):
        """The URI of its file, or None."""
        path = self.filename
        return file_of(path).get_uri() if path else None

    @property
    def resolution(self):
        """Pixels per inch, across and down."""
        return tuple(self.native.get_resolution()[1:])

    @resolution.setter
    def resolution(self, values):
        self.native.set_resolution(*values)

    @property
    def colormap(self):
        """The colours of an indexed image: red, green and blue bytes of each."""
        palette = self.native.get_palette()
        if palette is None:
            return b""
        colors = [gimpcolor.from_gegl(color) for color in palette.get_colors()]
        return bytes(bytearray(part for color in colors for part in color[:3]))

    @colormap.setter
    def colormap(self, data):
        palette = self.native.get_palette()
        colors = [gimpcolor.RGB(*bytearray(data[i : i + 3])) for i in range(0, len(data), 3)]
        for _ in range(palette.get_color_count()):
            palette.delete_entry(0)
        for color in colors:
            palette.add_entry(None, color.to_gegl())

    @staticmethod
    def _first(values):
        return wrap(values[0]) if values else None

    @property
    def active_layer(self):
        """The selected layer, the first of several, or None."""
        return self._first(self.native.get_selected_layers())

    @active_layer.setter
    def active_layer(self, layer):
        self.native.set_selected_layers([layer.native])

    @property
    def active_channel(self):
        """The selected channel, the first of several, or None."""
        return self._first(self.native.get_selected_channels())

    @active_channel.setter
    def active_channel(self, channel):
        self.native.set_selected_channels([channel.native])

    @property
    def active_vectors(self):
        """The selected path, the first of several, or None."""
        return self._first(self.native.get_selected_paths())

    @active_vectors.setter
    def active_vectors(self, vectors):
        self.native.set_selected_paths([vectors.native])

    @property
    def active_drawable(self):
        """The selected drawable, the first of several, or None."""
        return self._first(self.native.get_selected_drawables())

    def unset_active_channel(self):
        """Selects no channel."""
        self.native.set_selected_channels([])

    def add_layer(self, layer, position=-1):
        """Adds a layer; -1 puts it above the active one."""
        self.native.insert_layer(layer.native, None, int(position))

    def insert_layer(self, layer, parent=None, position=-1):
        """Adds a layer within the group `parent`."""
        self.native.insert_layer(layer.native, native(parent), int(position))

    def remove_layer(self, layer):
        """Removes a layer."""
        self.native.remove_layer(layer.native)

    def add_channel(self, channel, position=-1):
        """Adds a channel."""
        self.native.insert_channel(channel.native, None, position)

    insert_channel = add_channel

    def remove_channel(self, channel):
        """Removes a channel."""
        self.native.remove_channel(channel.native)

    def new_layer(self, name="Layer", width=None, height=None, offset_x=0, offset_y=0,
                  alpha=True, pos=-1, opacity=100.0, mode=28, fill_mode=None):  # fmt: skip
        """A new layer, added and filled."""
        kind = 2 * self.base_type + (1 if alpha else 0)
        layer = Layer(self, name, width or self.width, height or self.height, kind, opacity, mode)
        self.add_layer(layer, pos)
        layer.set_offsets(offset_x, offset_y)
        if fill_mode is not None:
            layer.fill(fill_mode)
        return layer

    def lower_layer(self, layer):
        """One down."""
        self.native.lower_item(layer.native)

    def raise_layer(self, layer):
        """One up."""
        self.native.raise_item(layer.native)

    def lower_layer_to_bottom(self, layer):
        """To the bottom."""
        self.native.lower_item_to_bottom(layer.native)

    def raise_layer_to_top(self, layer):
        """To the top."""
        self.native.raise_item_to_top(layer.native)

    lower_channel, raise_channel = lower_layer, raise_layer

    def flatten(self):
        """Merges all visible layers into one without alpha, and returns it."""
        with same_selection(self.native):
            return wrap(self.native.flatten())

    def merge_visible_layers(self, how):
        """Merges the visible layers and returns the result."""
        with same_selection(self.native):
            return wrap(self.native.merge_visible_layers(Gimp.MergeType(int(how))))

    def merge_down(self, layer, how):
        """Merges a layer with the one below and returns the result."""
        with same_selection(self.native):
            return wrap(self.native.merge_down(layer.native, Gimp.MergeType(int(how))))

    def duplicate(self):
        """A copy of the whole image."""
        return wrap(self.native.duplicate())

    def resize(self, width, height, offset_x=0, offset_y=0):
        """A canvas of another size."""
        self.native.resize(int(width), int(height), int(offset_x), int(offset_y))

    def resize_to_layers(self):
        """A canvas that holds all layers."""
        self.native.resize_to_layers()

    def scale(self, width, height):
        """Scales everything."""
        self.native.scale(int(width), int(height))

    def crop(self, width, height, offset_x=0, offset_y=0):
        """Crops everything."""
        self.native.crop(int(width), int(height), int(offset_x), int(offset_y))

    def undo_group_start(self):
        """What follows is one step to undo."""
        self.native.undo_group_start()

    def undo_group_end(self):
        """Ends what `undo_group_start` began."""
        self.native.undo_group_end()

    def disable_undo(self):
        """Keeps no undo from here on."""
        return self.native.undo_disable()

    def enable_undo(self):
        """Keeps undo again."""
        return self.native.undo_enable()

    def undo_is_enabled(self):
        """Whether undo is kept."""
        return self.native.undo_is_enabled()

    def undo_freeze(self):
        """Keeps the undo there is, adds none."""
        return self.native.undo_freeze()

    def undo_thaw(self):
        """Ends `undo_freeze`."""
        return self.native.undo_thaw()

    def clean_all(self):
        """Counts as saved."""
        self.native.clean_all()

    def add_hguide(self, position):
        """A horizontal guide; returns its ID."""
        return self.native.add_hguide(int(position))

    def add_vguide(self, position):
        """A vertical guide; returns its ID."""
        return self.native.add_vguide(int(position))

    def delete_guide(self, guide):
        """Removes a guide."""
        self.native.delete_guide(guide)

    def find_next_guide(self, guide):
        """The ID of the guide after that one, 0 after the last."""
        return self.native.find_next_guide(guide)

    def get_guide_position(self, guide):
        """Where a guide is."""
        return whole(self.native.get_guide_position(guide))

    def get_layer_by_tattoo(self, tattoo):
        """The layer of that tattoo."""
        return wrap(self.native.get_layer_by_tattoo(tattoo))

    def get_channel_by_tattoo(self, tattoo):
        """The channel of that tattoo."""
        return wrap(self.native.get_channel_by_tattoo(tattoo))

    def get_guide_orientation(self, guide):
        """Whether a guide is horizontal (0) or vertical (1)."""
        return int(self.native.get_guide_orientation(guide))

    def get_component_active(self, component):
        """Whether a colour channel is painted on."""
        return self.native.get_component_active(Gimp.ChannelType(component))

    def set_component_active(self, component, active):
        """Whether a colour channel is painted on."""
        self.native.set_component_active(Gimp.ChannelType(component), bool(active))

    def get_component_visible(self, component):
        """Whether a colour channel is shown."""
        return self.native.get_component_visible(Gimp.ChannelType(component))

    def set_component_visible(self, component, visible):
        """Whether a colour channel is shown."""
        self.native.set_component_visible(Gimp.ChannelType(component), bool(visible))

    def pick_correlate_layer(self, x, y):
        """The topmost layer that is seen at a point, or None."""
        return wrap(self.native.pick_correlate_layer(int(x), int(y)))

    @property
    def floating_sel_attached_to(self):
        """What the floating selection floats over, or None."""
        if self.native.get_floating_sel() is None:
            return None
        return wrap(self.native.floating_sel_attached_to())

    def free_shadow(self):
        """GIMP 3 frees it by itself."""


@counterpart(Gimp.Item)
class Item(_Object, _Parasites):
    """What is in an image's lists."""

    image = property(lambda self: wrap(self.native.get_image()))
    name = _attribute("get_name", "set_name", text)
    visible = _attribute("get_visible", "set_visible", bool)
    tattoo = _attribute("get_tattoo", "set_tattoo")
    parent = property(lambda self: wrap(self.native.get_parent()))

    def attach_new_parasite(self, name, flags, data):
        """Attaches a new one; for items GIMP 2.10 put a zero byte at its end."""
        self.parasite_attach(Parasite(name, flags, _bytes(data) + b"\0"))

    @property
    def children(self):
        """What is in a group, topmost first."""
        return [wrap(one) for one in self.native.get_children()]

    @property
    def linked(self):
        """GIMP 3 has no links between items."""
        return False

    @linked.setter
    def linked(self, value):
        if value:
            raise NotCovered("Item.linked", "Select several layers instead.")


@counterpart(Gimp.Drawable)
@_transforms.methods
class Drawable(Item):
    """Layers, masks and channels: what has pixels."""

    width = _attribute("get_width")
    height = _attribute("get_height")
    has_alpha = property(lambda self: self.native.has_alpha())
    is_rgb = property(lambda self: self.native.is_rgb())
    is_gray = is_grey = property(lambda self: self.native.is_gray())
    is_indexed = property(lambda self: self.native.is_indexed())
    is_layer_mask = property(lambda self: self.native.is_layer_mask())
    type = property(lambda self: whole(int(self.native.type())))
    type_with_alpha = property(lambda self: int(self.native.type_with_alpha()))
    bpp = property(lambda self: whole(_regions.bytes_per_pixel(self.native)))
    offsets = property(lambda self: whole(tuple(self.native.get_offsets()[1:])))

    @property
    def mask_bounds(self):
        """The part of it within the selection, as (x1, y1, x2, y2)."""
        return whole(tuple(self.native.mask_bounds()[-4:]))

    def mask_intersect(self):
        """The part of it within the selection, as (x, y, width, height), or None."""
        intersects, x, y, width, height = self.native.mask_intersect()
        return whole((x, y, width, height)) if intersects else None

    def _buffer(self, shadow=False):
        """The pixels: those that regions changed and `flush` has yet to write, else anew."""
        changed = getattr(self, "_shadow" if shadow else "_pixels", None)
        if changed is not None:
            return changed
        return self.native.get_shadow_buffer() if shadow else self.native.get_buffer()

    def _changed(self, buffer, shadow):
        """A region wrote to that buffer."""
        setattr(self, "_shadow" if shadow else "_pixels", buffer)

    def get_pixel_rgn(self, x, y, width, height, dirty=True, shadow=False):
        """Its pixels as bytes: see `PixelRgn`."""
        return _regions.PixelRgn(self, x, y, width, height, dirty, shadow)

    def get_pixel(self, x, y):
        """One pixel as a tuple of 0 to 255."""
        return _regions.get_pixel(self, x, y)

    def set_pixel(self, x, y, pixel):
        """Sets one pixel."""
        _regions.set_pixel(self, x, y, pixel)

    def get_tile(self, shadow, row, column):
        """The tile in that row and column: see `Tile`."""
        return _regions.Tile(self, shadow, row, column)

    def get_tile2(self, shadow, x, y):
        """The tile that holds that pixel."""
        return _regions.Tile(self, shadow, int(y) // _regions.TILE, int(x) // _regions.TILE)

    def get_data(self, format="RGBA float"):
        """All its values as an array of floating-point numbers."""
        return _regions.floats(self)

    def flush(self):
        """Hands what regions changed to GIMP."""
        for name in ("_pixels", "_shadow"):
            buffer = getattr(self, name, None)
            if buffer is not None:
                buffer.flush()
                setattr(self, name, None)

    def merge_shadow(self, undo=False):
        """Takes over what was written to the shadow, within the selection."""
        self.flush()
        self.native.merge_shadow(undo)

    def free_shadow(self):
        """Drops what was written to the shadow."""
        self._shadow = None
        self.native.free_shadow()

    def update(self, x, y, width, height):
        """Shows what was changed there."""
        self.flush()
        self.native.update(int(x), int(y), int(width), int(height))

    def fill(self, how):
        """Fills it with one of the FILL_ colours."""
        self.native.fill(native_enum(Gimp.FillType, how))

    def offset(self, wrap_around, fill_type, x, y):
        """Moves its pixels; within a selection, those in the rectangle around it."""
        kind = Gimp.OffsetType(int(fill_type))
        color = Gimp.context_get_background()
        args = bool(wrap_around), kind, color, int(x), int(y)
        if Gimp.Selection.is_empty(self.native.get_image()):
            self.native.offset(*args)
            return
        bounds = self.mask_intersect()
        if bounds is not None:
            _graph.put(self, bounds, *_part_moved(self.native, bounds, args))


def _part_moved(native, bounds, args):
    """(a format, the pixels in that format) of a rectangle of a drawable, moved by itself."""
    name = _graph.formats(native, False, "float")[0]
    base = Gimp.ImageBaseType.RGB if native.is_rgb() else Gimp.ImageBaseType.GRAY
    kind = Gimp.ImageType(2 * int(base) + int(native.has_alpha()))
    precision = Gimp.Precision.FLOAT_NON_LINEAR
    alone = Gimp.Image.new_with_precision(bounds[2], bounds[3], base, precision)
    try:
        alone.undo_disable()
        layer = Gimp.Layer.new(alone, "part", bounds[2], bounds[3], kind, 100.0, _NORMAL)
        alone.insert_layer(layer, None, 0)
        whole_part = Gegl.Rectangle.new(0, 0, bounds[2], bounds[3])
        buffer = layer.get_buffer()
        pixels = native.get_buffer().get(
            Gegl.Rectangle.new(*bounds), 1.0, name, Gegl.AbyssPolicy.NONE
        )
        buffer.set(whole_part, name, pixels)
        buffer.flush()
        layer.offset(*args)
        return name, layer.get_buffer().get(whole_part, 1.0, name, Gegl.AbyssPolicy.NONE)
    finally:
        alone.delete()


_NORMAL = Gimp.LayerMode.NORMAL


@counterpart(Gimp.Layer)
class Layer(Drawable):
    """A layer."""

    def __init__(self, image, name, width, height, type=0, opacity=100.0, mode=28):
        self.native = Gimp.Layer.new(
            image.native,
            text(name),
            int(width),
            int(height),
            Gimp.ImageType(int(type)),
            opacity,
            Gimp.LayerMode(int(mode)),
        )

    opacity = _attribute("get_opacity", "set_opacity", float)
    mode = _attribute("get_mode", "set_mode", Gimp.LayerMode)
    lock_alpha = preserve_trans = _attribute("get_lock_alpha", "set_lock_alpha", bool)
    apply_mask = _attribute("get_apply_mask", "set_apply_mask", bool)
    edit_mask = _attribute("get_edit_mask", "set_edit_mask", bool)
    show_mask = _attribute("get_show_mask", "set_show_mask", bool)
    mask = property(lambda self: wrap(self.native.get_mask()))
    is_floating_sel = property(lambda self: self.native.is_floating_sel())

    def add_alpha(self):
        """Gives it an alpha channel."""
        self.native.add_alpha()

    def create_mask(self, how):
        """A mask for it, not yet added."""
        return wrap(self.native.create_mask(Gimp.AddMaskType(how)))

    def add_mask(self, mask):
        """Adds a mask."""
        if not self.native.add_mask(mask.native):
            raise error("the layer has a mask already, or the mask is of another size")

    def remove_mask(self, how):
        """Applies or discards its mask."""
        self.native.remove_mask(Gimp.MaskApplyMode(how))

    def copy(self, add_alpha=False):
        """A copy, not yet added."""
        copied = self.native.copy()
        if add_alpha:
            copied.add_alpha()
        return wrap(copied)

    def resize(self, width, height, offset_x=0, offset_y=0):
        """Another size, pixels kept."""
        self.flush()
        self.native.resize(int(width), int(height), int(offset_x), int(offset_y))

    def resize_to_image_size(self):
        """The image's size."""
        self.native.resize_to_image_size()

    def scale(self, width, height, local_origin=False):
        """Scales it."""
        self.native.scale(int(width), int(height), bool(local_origin))

    def translate(self, x, y):
        """Moves it."""
        self.native.transform_translate(int(x), int(y))

    def set_offsets(self, x, y):
        """Puts its upper left corner there."""
        self.native.set_offsets(int(x), int(y))


@counterpart(Gimp.GroupLayer)
class GroupLayer(Layer):
    """A layer that holds layers."""

    def __init__(self, image, name=None, opacity=100.0, mode=28):
        self.native = Gimp.GroupLayer.new(image.native, name)
        self.opacity = opacity
        self.mode = mode

    layers = property(lambda self: self.children)


@counterpart(Gimp.Channel)
class Channel(Drawable):
    """A channel, a layer mask, or the selection."""

    def __init__(self, image, name, width, height, opacity=100.0, color=(0, 0, 0)):
        color = gimpcolor.from_any(color).to_gegl()
        self.native = Gimp.Channel.new(
            image.native, text(name), int(width), int(height), float(opacity), color
        )

    opacity = _attribute("get_opacity", "set_opacity", float)
    color = colour = _attribute(
        "get_color", "set_color", lambda value: gimpcolor.from_any(value).to_gegl()
    )
    show_masked = _attribute("get_show_masked", "set_show_masked", bool)

    def copy(self):
        """A copy, not yet added."""
        return wrap(self.native.copy())

    def combine_masks(self, other, operation, offset_x=0, offset_y=0):
        """Combines another channel into it."""
        kind = Gimp.ChannelOps(operation)
        self.native.combine_masks(other.native, kind, offset_x, offset_y)


@counterpart(Gimp.Path)
class Vectors(Item):
    """A path."""

    def __init__(self, image, name):
        self.native = Gimp.Path.new(image.native, name)

    @property
    def strokes(self):
        """Its strokes."""
        return [VectorsBezierStroke(self, number) for number in self.native.get_strokes()]

    def remove_stroke(self, stroke):
        """Removes one of its strokes."""
        self.native.remove_stroke(stroke.ID)

    def to_selection(self, operation=2, antialias=True, feather=False, rx=0.0, ry=0.0):
        """Selects what it encloses."""
        image = self.native.get_image()
        Gimp.context_push()
        Gimp.context_set_antialias(antialias)
        Gimp.context_set_feather(feather)
        Gimp.context_set_feather_radius(rx, ry)
        image.select_item(Gimp.ChannelOps(operation), self.native)
        Gimp.context_pop()


class VectorsBezierStroke(object):
    """One stroke of a path."""

    def __init__(self, vectors, ID_or_points, closed=False):
        self._path = vectors.native
        if isinstance(ID_or_points, int):
            self.ID = ID_or_points
        else:
            kind = Gimp.PathStrokeType.BEZIER
            self.ID = self._path.stroke_new_from_points(kind, list(ID_or_points), closed)

    vectors_ID = property(lambda self: self._path.get_id())

    @property
    def points(self):
        """(control points as x, y, x, y ..., whether it is closed)."""
        _, points, closed = self._path.stroke_get_points(self.ID)
        return list(points), closed

    def close(self):
        """Closes it."""
        self._path.stroke_close(self.ID)

    def __repr__(self):
        return "<gimp.VectorsBezierStroke %d of gimp.Vectors '%s'>" % (
            self.ID,
            self._path.get_name(),
        )

    @classmethod
    def _made(cls, vectors, number):
        return cls(vectors, int(number))

    @classmethod
    def new_moveto(cls, vectors, x0, y0):
        """A stroke that begins at a point."""
        return cls._made(vectors, vectors.native.bezier_stroke_new_moveto(x0, y0))

    @classmethod
    def new_ellipse(cls, vectors, x0, y0, radius_x, radius_y, angle):
        """A stroke that goes around an ellipse."""
        make = vectors.native.bezier_stroke_new_ellipse
        return cls._made(vectors, make(x0, y0, radius_x, radius_y, angle))

    def lineto(self, x0, y0):
        """Goes on with a straight line."""
        self._path.bezier_stroke_lineto(self.ID, x0, y0)

    def conicto(self, x0, y0, x1, y1):
        """Goes on with a curve of one control point."""
        self._path.bezier_stroke_conicto(self.ID, x0, y0, x1, y1)

    def cubicto(self, x0, y0, x1, y1, x2, y2):
        """Goes on with a curve of two control points."""
        self._path.bezier_stroke_cubicto(self.ID, x0, y0, x1, y1, x2, y2)

    def get_length(self, precision):
        """Its length in pixels."""
        return self._path.stroke_get_length(self.ID, precision)

    def get_point_at_dist(self, dist, precision):
        """(x, y, slope, whether there is one) so many pixels from its beginning."""
        valid, x, y, slope, _ = _five(self._path.stroke_get_point_at_dist(self.ID, dist, precision))
        return x, y, slope, valid

    def interpolate(self, precision):
        """(points of straight lines that follow it as x, y, x, y ..., whether it is closed)."""
        points, closed = self._path.stroke_interpolate(self.ID, precision)
        return list(points), closed

    def rotate(self, center_x, center_y, angle):
        """Turns it around a point, by degrees."""
        self._path.stroke_rotate(self.ID, center_x, center_y, angle)

    def flip(self, flip_type, axis):
        """Mirrors it at a horizontal or vertical line."""
        self._path.stroke_flip(self.ID, Gimp.OrientationType(int(flip_type)), axis)

    def flip_free(self, x1, y1, x2, y2):
        """Mirrors it at any line."""
        self._path.stroke_flip_free(self.ID, x1, y1, x2, y2)

    def translate(self, x, y):
        """Moves it."""
        self._path.stroke_translate(self.ID, x, y)

    def scale(self, x, y):
        """Scales it."""
        self._path.stroke_scale(self.ID, x, y)


@counterpart(Gimp.Display)
class Display(_Object):
    """A view of an image."""

    def __init__(self, image):
        try:
            self.native = Gimp.Display.new(image.native)
        except TypeError:
            raise error("could not create a display") from None


@counterpart(Gimp.Parasite)
class Parasite(_Object):
    """A named piece of data."""

    def __init__(self, name, flags, data):
        self.native = Gimp.Parasite.new(name, flags, _signed(data))

    name = property(lambda self: self.native.get_name())
    flags = property(lambda self: self.native.get_flags())
    data = property(lambda self: Text(_unsigned(self.native.get_data())))
    is_persistent = property(lambda self: self.native.is_persistent())
    is_undoable = property(lambda self: self.native.is_undoable())

    def has_flag(self, flag):
        """Whether a flag is set."""
        return self.native.has_flag(flag)

    def is_type(self, name):
        """Whether it has that name."""
        return self.native.is_type(name)

    def copy(self):
        """Another one like it."""
        return Parasite(self.name, self.flags, self.data)

    def __repr__(self):
        return "<parasite %s>" % self.name

    def __str__(self):
        return str(self.data)

    def _key(self):
        return (self.name, self.flags, bytes(self.data))


def _five(values):
    """What `stroke_get_point_at_dist` gave, with its validity in front."""
    values = tuple(values)
    if len(values) == 5:
        done, x, y, slope, valid = values
        return valid, x, y, slope, done
    x, y, slope, valid = values
    return valid, x, y, slope, True


def _signed(data):
    """Bytes as the numbers that libgimp takes for them through introspection."""
    return memoryview(_bytes(data)).cast("b").tolist()


def _bytes(data):
    return data.encode("utf-8") if isinstance(data, str) else text_bytes(data)


def _unsigned(data):
    """What `_signed` made, as bytes again."""
    return data if isinstance(data, bytes) else bytes(number & 255 for number in data)

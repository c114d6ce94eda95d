# SPDX-License-Identifier: GPL-3.0-or-later
"""Procedures of GIMP 2.10 whose arguments or results are different in GIMP 3.

`TABLE` has a function for each, which takes 2.10's arguments. Filters that GIMP 3 moved to GEGL
are in `_FILTERS`: the operation, and what each argument becomes.
"""

from gi.repository import Gimp

from . import (
    _color,
    _edges,
    _files,
    _filters,
    _kernels,
    _objects,
    _paths,
    _resources,
    _retired,
    _transforms,
    gimpcolor,
)
from ._context import settings
from ._enums import native_enum
from ._errors import NotCovered, error
from ._python2 import text
from ._values import from_native, native, resource, wrap


def _in_old_mode(make):
    """A function whose first argument is an image or a drawable, and which makes a layer.

    The layer gets the mode that GIMP 2.10 gave it: the old one where all layers have an old one.
    """

    def made(item, *args):
        image = item.native if isinstance(item, _objects.Image) else item.native.get_image()
        mode = image.get_default_new_layer_mode()
        layer = make(item, *args)
        layer.native.set_mode(mode)
        return layer

    return made


def _edit_fill(drawable, kind):
    """Neither opacity nor paint mode counted for the old name."""
    with settings(opacity=100.0, paint_mode=Gimp.LayerMode.NORMAL):
        drawable.native.edit_fill(native_enum(Gimp.FillType, kind))


def _first(values):
    return wrap(values[0]) if values else None


def _ids(items):
    """Lists of objects were counts and IDs in GIMP 2.10."""
    return len(items), tuple(item.get_id() for item in items)


def _layer_new(image, width, height, kind, name, opacity, mode):
    return _objects.Layer(image, name, width, height, kind, opacity, mode)


def _layer_copy(layer, add_alpha=False):
    return layer.copy(add_alpha)


@_in_old_mode
def _group_new(image):
    return _objects.GroupLayer(image)


def _edit(function):
    return lambda drawable: function([drawable.native])


@_in_old_mode
def _edit_paste(drawable, paste_into):
    return _pasted(Gimp.edit_paste(drawable.native, bool(paste_into)))


@_in_old_mode
def _edit_named_paste(drawable, name, paste_into):
    return _pasted(Gimp.edit_named_paste(drawable.native, name, bool(paste_into)))


def _done(layer):
    """The layer. Raises error, with GIMP's words, for none."""
    if layer is None:
        raise error(Gimp.get_pdb().get_last_error() or "the layers cannot be merged")
    return layer


def _pasted(layers):
    """The floating selection. Raises error when there is none."""
    if isinstance(layers, Gimp.Layer):
        layers = [layers]
    if not layers or layers[0] is None:
        raise error(Gimp.get_pdb().get_last_error() or "there is nothing to paste")
    return wrap(layers[0])


@_in_old_mode
def _new_from_visible(image, destination, name):
    return wrap(Gimp.Layer.new_from_visible(image.native, destination.native, text(name)))


def _edit_stroke(drawable):
    if Gimp.Selection.is_empty(drawable.native.get_image()):
        raise error("There is no selection to stroke.")
    drawable.native.edit_stroke_selection()


def _do(method, *more):
    """A method of the libgimp object, whose word that it succeeded 2.10 did not give."""

    def do(target, *args):
        getattr(target.native, method)(*(args + more))

    return do


def _get_pixel(drawable, x, y):
    pixel = drawable.get_pixel(x, y)
    return len(pixel), pixel


def _set_pixel(drawable, x, y, count, pixel):
    drawable.set_pixel(x, y, pixel)


def _edit_stroke_vectors(drawable, vectors):
    drawable.native.edit_stroke_item(vectors.native)


def _bucket_fill(drawable, fill_mode, paint_mode, opacity, threshold, sample_merged, x, y):
    """Without a selection the fill starts at (x, y); with one it fills the selection."""
    fills = (Gimp.FillType.FOREGROUND, Gimp.FillType.BACKGROUND, Gimp.FillType.PATTERN)
    with settings(
        paint_mode=paint_mode, opacity=opacity, threshold=threshold, sample_merged=sample_merged
    ):
        if Gimp.Selection.is_empty(drawable.native.get_image()):
            drawable.native.edit_bucket_fill(fills[int(fill_mode)], x, y)
        else:
            drawable.native.edit_fill(fills[int(fill_mode)])


def _bucket_fill_full(drawable, fill_mode, paint_mode, opacity, threshold, sample_merged,
                      transparent, criterion, x, y):  # fmt: skip
    with settings(transparent=transparent, criterion=criterion):
        _bucket_fill(drawable, fill_mode, paint_mode, opacity, threshold, sample_merged, x, y)


def _blend(drawable, blend_mode, paint_mode, gradient_type, opacity, offset, repeat, reverse,
           supersample, max_depth, threshold, dither, x1, y1, x2, y2):  # fmt: skip
    set_gradient = (
        Gimp.context_set_gradient_fg_bg_rgb,
        Gimp.context_set_gradient_fg_bg_hsv_cw,
        Gimp.context_set_gradient_fg_transparent,
    )
    with settings(paint_mode=paint_mode, opacity=opacity, repeat=repeat, reverse=reverse):
        if blend_mode < len(set_gradient):
            set_gradient[int(blend_mode)]()
        kind = Gimp.GradientType(int(gradient_type))
        args = (bool(supersample), max(int(max_depth), 1), float(threshold), bool(dither))
        drawable.native.edit_gradient_fill(kind, float(offset), *(args + (x1, y1, x2, y2)))


def _text_fontname(image, drawable, x, y, text, border, antialias, size, size_type, font):
    font = resource(font, Gimp.Font.__gtype__)
    made = Gimp.text_font(image.native, native(drawable), x, y, text, border, antialias, size, font)
    return wrap(made)


def _text_layer_new(image, text, font, size, unit=0):
    font = resource(font, Gimp.Font.__gtype__)
    return wrap(Gimp.TextLayer.new(image.native, text, font, size, Gimp.Unit.pixel()))


def _feathered(feather, *radii):
    """The context's values for 2.10's last arguments of selections."""
    return {"feather": feather, "feather_radius": tuple(float(one) for one in radii)}


def _rect_select(image, x, y, width, height, operation, feather=False, radius=0.0):
    with settings(**_feathered(feather, radius, radius)):
        image.native.select_rectangle(Gimp.ChannelOps(int(operation)), x, y, width, height)


def _ellipse_select(image, x, y, width, height, operation, antialias=True, feather=False, radius=0):
    with settings(antialias=antialias, **_feathered(feather, radius, radius)):
        image.native.select_ellipse(Gimp.ChannelOps(int(operation)), x, y, width, height)


def _round_rect_select(image, x, y, width, height, corner_x, corner_y, operation, antialias=True,
                       feather=False, radius_x=0, radius_y=0):  # fmt: skip
    kind = Gimp.ChannelOps(int(operation))
    with settings(antialias=antialias, **_feathered(feather, radius_x, radius_y)):
        image.native.select_round_rectangle(kind, x, y, width, height, corner_x, corner_y)


def _free_select(image, count, points, operation, antialias=True, feather=False, radius=0):
    with settings(antialias=antialias, **_feathered(feather, radius, radius)):
        kind = Gimp.ChannelOps(int(operation))
        image.native.select_polygon(kind, [float(one) for one in points])


def _by_color_select(drawable, color, threshold, operation, antialias=False, feather=False,
                     radius=0, sample_merged=False):  # fmt: skip
    _by_color_full(drawable, color, threshold, operation, antialias, feather, radius, radius,
                   sample_merged, False, 0)  # fmt: skip


def _by_color_full(drawable, color, threshold, operation, antialias, feather, radius_x, radius_y,
                   sample_merged, transparent, criterion):  # fmt: skip
    gegl = gimpcolor.from_any(color).to_gegl()
    image = drawable.native.get_image()
    with settings(threshold=threshold, antialias=antialias, sample_merged=sample_merged,
                  transparent=transparent, criterion=criterion,
                  **_feathered(feather, radius_x, radius_y)):  # fmt: skip
        image.select_color(Gimp.ChannelOps(int(operation)), drawable.native, gegl)


def _fuzzy_select(drawable, x, y, threshold, operation, antialias=False, feather=False, radius=0,
                  sample_merged=False):  # fmt: skip
    _fuzzy_full(drawable, x, y, threshold, operation, antialias, feather, radius, radius,
                sample_merged, False, 0)  # fmt: skip


def _fuzzy_full(drawable, x, y, threshold, operation, antialias, feather, radius_x, radius_y,
                sample_merged, transparent, criterion):  # fmt: skip
    image = drawable.native.get_image()
    with settings(threshold=threshold, antialias=antialias, sample_merged=sample_merged,
                  transparent=transparent, criterion=criterion,
                  **_feathered(feather, radius_x, radius_y)):  # fmt: skip
        kind = Gimp.ChannelOps(int(operation))
        image.select_contiguous_color(kind, drawable.native, float(x), float(y))


def _select_item(operation):
    def select(item):
        item.native.get_image().select_item(operation, item.native)

    return select


@_in_old_mode
def _selection_float(drawable, x, y):
    image = drawable.native.get_image()
    return _pasted([Gimp.Selection.float(image, [drawable.native], int(x), int(y))])


def _color_picker(image, drawable, x, y, merged, average, radius):
    result = image.native.pick_color([drawable.native], x, y, merged, average, radius)
    return from_native(result[1] if isinstance(result, tuple) else result)


def _set_attribute(name):
    def set_value(target, value):
        setattr(target, name, value)

    return set_value


def _get_attribute(name):
    return lambda target: getattr(target, name)


def _children(item):
    if not item.native.is_group():
        raise error("Item '%s' is not a group item" % item.name)
    return _ids(item.native.get_children())


def _position(image, item):
    return image.native.get_item_position(item.native)


def _image_list(getter):
    return lambda image: _ids(getattr(image.native, getter)())


def _get_cmap(image):
    colors = image.colormap
    return len(colors), tuple(bytearray(colors))


def _set_cmap(image, count, values):
    image.colormap = bytes(bytearray(values))


def _remove_mask(image, layer, how):
    layer.remove_mask(how)


def _scale_full(image, width, height, interpolation):
    with settings(interpolation=interpolation):
        image.scale(width, height)


def _layer_scale_full(layer, width, height, origin, interpolation):
    with settings(interpolation=interpolation):
        layer.scale(width, height, bool(origin))


def _translate(item, x, y):
    item.native.transform_translate(x, y)


def _filename(image):
    return image.filename


def _parasite(action):
    def act(owner, *args):
        return getattr(owner, action)(*args)

    return act


def _stroke_points(vectors, stroke):
    kind, points, closed = vectors.native.stroke_get_points(stroke)
    return int(kind), len(points), tuple(points), closed


def _strokes(vectors):
    strokes = vectors.native.get_strokes()
    return len(strokes), tuple(strokes)


def _quit(force=True):
    Gimp.quit()


def _uri(image):
    return image.uri


def _set_filename(image, path):
    image.filename = path


def _drawable_offset(drawable, around, fill, x, y):
    drawable.offset(bool(around), fill, x, y)


def _clone(drawable, source, kind, x, y, count, strokes):
    if int(kind) == 0:
        raise NotCovered("pdb.gimp_clone from an image", _NOTHING_PAINTED)
    kind, strokes = Gimp.CloneType(int(kind)), [float(one) for one in strokes]
    Gimp.clone(drawable.native, source.native, kind, float(x), float(y), strokes)


def _heal(drawable, *args):
    raise NotCovered("pdb.gimp_heal", _NOTHING_PAINTED)


_NOTHING_PAINTED = "GIMP 3's own paints nothing; copy and paste a selection instead."


def _channel_new(image, width, height, name, opacity, color):
    return _objects.Channel(image, name, width, height, opacity, color)


def _silent(function):
    """A function of libgimp whose word that it succeeded 2.10 did not give."""

    def call(*args):
        function(*args)

    return call


def _set_color(setter):
    return lambda color: setter(gimpcolor.from_any(color).to_gegl())


def _selection_clear(image):
    Gimp.Selection.none(image.native)


TABLE = {
    "gimp-channel-new": _channel_new,
    "gimp-clone": _clone,
    "gimp-heal": _heal,
    "gimp-layer-new": _layer_new,
    "gimp-layer-copy": _layer_copy,
    "gimp-layer-new-from-visible": _new_from_visible,
    "gimp-layer-group-new": _group_new,
    "gimp-edit-copy": _edit(Gimp.edit_copy),
    "gimp-edit-cut": _edit(Gimp.edit_cut),
    "gimp-edit-fill": _edit_fill,
    "gimp-edit-paste": _edit_paste,
    "gimp-edit-named-paste": _edit_named_paste,
    "gimp-edit-paste-as-new": lambda: wrap(Gimp.edit_paste_as_new_image()),
    "gimp-edit-stroke": _edit_stroke,
    "gimp-edit-stroke-vectors": _edit_stroke_vectors,
    "gimp-edit-bucket-fill": _bucket_fill,
    "gimp-edit-blend": _blend,
    "gimp-blend": _blend,
    "gimp-bucket-fill": _bucket_fill,
    "gimp-text-fontname": _text_fontname,
    "gimp-text-layer-new": _text_layer_new,
    "gimp-edit-bucket-fill-full": _bucket_fill_full,
    "gimp-round-rect-select": _round_rect_select,
    "gimp-free-select": _free_select,
    "gimp-by-color-select-full": _by_color_full,
    "gimp-fuzzy-select-full": _fuzzy_full,
    "gimp-rect-select": _rect_select,
    "gimp-ellipse-select": _ellipse_select,
    "gimp-by-color-select": _by_color_select,
    "gimp-fuzzy-select": _fuzzy_select,
    "gimp-selection-load": _select_item(Gimp.ChannelOps.REPLACE),
    "gimp-selection-layer-alpha": _select_item(Gimp.ChannelOps.REPLACE),
    "gimp-selection-clear": _selection_clear,
    "gimp-selection-float": _selection_float,
    "gimp-vectors-to-selection": lambda vectors, operation, *more: vectors.to_selection(
        operation, *more
    ),
    "gimp-color-picker": _color_picker,
    "gimp-image-pick-color": _color_picker,
    "gimp-image-get-active-layer": _get_attribute("active_layer"),
    "gimp-image-set-active-layer": _set_attribute("active_layer"),
    "gimp-image-get-active-drawable": _get_attribute("active_drawable"),
    "gimp-image-active-drawable": _get_attribute("active_drawable"),
    "gimp-image-get-active-channel": _get_attribute("active_channel"),
    "gimp-image-set-active-channel": _set_attribute("active_channel"),
    "gimp-image-get-active-vectors": _get_attribute("active_vectors"),
    "gimp-image-set-active-vectors": _set_attribute("active_vectors"),
    "gimp-image-get-filename": _filename,
    "gimp-image-set-filename": _set_filename,
    "gimp-image-get-uri": _uri,
    "gimp-image-get-layers": _image_list("get_layers"),
    "gimp-image-get-channels": _image_list("get_channels"),
    "gimp-image-get-vectors": _image_list("get_paths"),
    "gimp-image-list": lambda: _ids(Gimp.get_images()),
    "gimp-item-get-children": _children,
    "gimp-image-add-layer": lambda image, layer, position: image.add_layer(layer, position),
    "gimp-image-add-channel": lambda image, channel, position: image.add_channel(channel, position),
    "gimp-image-add-vectors": lambda image, vectors, position: image.native.insert_path(
        vectors.native, None, position
    ),
    "gimp-image-add-layer-mask": lambda image, layer, mask: layer.add_mask(mask),
    "gimp-image-remove-layer-mask": _remove_mask,
    "gimp-image-flatten": lambda image: _done(image.flatten()),
    "gimp-image-merge-down": lambda image, layer, how: _done(image.merge_down(layer, how)),
    "gimp-image-merge-visible-layers": lambda image, how: _done(image.merge_visible_layers(how)),
    "gimp-image-get-layer-position": _position,
    "gimp-image-get-channel-position": _position,
    "gimp-image-get-vectors-position": _position,
    "gimp-image-raise-layer": lambda image, item: image.raise_layer(item),
    "gimp-image-lower-layer": lambda image, item: image.lower_layer(item),
    "gimp-image-raise-layer-to-top": lambda image, item: image.raise_layer_to_top(item),
    "gimp-image-lower-layer-to-bottom": lambda image, item: image.lower_layer_to_bottom(item),
    "gimp-image-floating-selection": _get_attribute("floating_selection"),
    "gimp-image-get-cmap": _get_cmap,
    "gimp-image-get-colormap": _get_cmap,
    "gimp-image-set-cmap": _set_cmap,
    "gimp-image-set-colormap": _set_cmap,
    "gimp-image-scale-full": _scale_full,
    "gimp-layer-scale-full": _layer_scale_full,
    "gimp-image-is-valid": lambda image: image is not None and image.native.is_valid(),
    "gimp-item-is-valid": lambda item: item is not None and item.native.is_valid(),
    "gimp-drawable-is-valid": lambda item: item is not None and item.native.is_valid(),
    "gimp-item-is-layer": lambda item: item.native.is_layer(),
    "gimp-item-is-text-layer": lambda item: item.native.is_text_layer(),
    "gimp-item-is-channel": lambda item: item.native.is_channel(),
    "gimp-item-is-layer-mask": lambda item: item.native.is_layer_mask(),
    "gimp-item-is-vectors": lambda item: item.native.is_path(),
    "gimp-drawable-is-layer": lambda item: item.native.is_layer(),
    "gimp-drawable-is-text-layer": lambda item: item.native.is_text_layer(),
    "gimp-drawable-is-channel": lambda item: item.native.is_channel(),
    "gimp-drawable-is-layer-mask": lambda item: item.native.is_layer_mask(),
    "gimp-item-get-linked": lambda item: False,
    "gimp-item-set-linked": _set_attribute("linked"),
    "gimp-layer-set-linked": _set_attribute("linked"),
    "gimp-layer-get-preserve-trans": _get_attribute("lock_alpha"),
    "gimp-layer-set-preserve-trans": _set_attribute("lock_alpha"),
    "gimp-layer-delete": _do("delete"),
    "gimp-drawable-delete": _do("delete"),
    "gimp-channel-delete": _do("delete"),
    "gimp-layer-translate": _translate,
    "gimp-channel-ops-offset": _drawable_offset,
    "gimp-drawable-offset": _drawable_offset,
    "gimp-drawable-get-pixel": _get_pixel,
    "gimp-drawable-set-pixel": _set_pixel,
    "gimp-drawable-bytes": _get_attribute("bpp"),
    "gimp-drawable-bpp": _get_attribute("bpp"),
    "gimp-image-parasite-find": _parasite("parasite_find"),
    "gimp-image-parasite-attach": _parasite("parasite_attach"),
    "gimp-image-parasite-detach": _parasite("parasite_detach"),
    "gimp-drawable-parasite-find": _parasite("parasite_find"),
    "gimp-drawable-parasite-attach": _parasite("parasite_attach"),
    "gimp-drawable-parasite-detach": _parasite("parasite_detach"),
    "gimp-item-get-parasite": _parasite("parasite_find"),
    "gimp-vectors-get-strokes": _strokes,
    "gimp-vectors-stroke-get-points": _stroke_points,
    "gimp-quit": _quit,
    "gimp-progress-init": _silent(lambda text, display=None: Gimp.progress_init(text)),
    "gimp-progress-update": _silent(Gimp.progress_update),
    "gimp-palette-set-background": _silent(_set_color(Gimp.context_set_background)),
    "gimp-palette-set-foreground": _silent(_set_color(Gimp.context_set_foreground)),
    "gimp-palette-set-default-colors": _silent(Gimp.context_set_default_colors),
    "gimp-palette-swap-colors": _silent(Gimp.context_swap_colors),
    "gimp-undo-push-group-start": lambda image: image.undo_group_start(),
    "gimp-undo-push-group-end": lambda image: image.undo_group_end(),
    "gimp-image-freeze-vectors": _do("freeze_paths"),
    "gimp-image-thaw-vectors": _do("thaw_paths"),
}


def _autocrop(image, drawable):
    image.native.autocrop(drawable.native)


def _autocrop_layer(image, layer):
    image.native.autocrop_selected_layers(layer.native)


TABLE.update(
    {
        "plug-in-autocrop": _autocrop,
        "plug-in-autocrop-layer": _autocrop_layer,
    }
)

for _module in (
    _color,
    _edges,
    _files,
    _filters,
    _kernels,
    _paths,
    _resources,
    _retired,
    _transforms,
):
    TABLE.update(_module.TABLE)

_GEGL_HINT = "Many filters are GEGL operations now: Gimp.DrawableFilter.new(drawable, 'gegl:...')."


def instead(name):
    """What to tell the author of a plug-in about a procedure that is gone."""
    return _GEGL_HINT if name.startswith("plug-in-") else ""

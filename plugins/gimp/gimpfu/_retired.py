# SPDX-License-Identifier: GPL-3.0-or-later
"""Procedures of GIMP 2.10 that GIMP 3 has only in other words: conversions, thumbnails, profiles,
and what plug-ins asked the procedure database itself.
"""

import os
import tempfile

from gi.repository import Babl, Gimp

from . import _handlers, _objects, gimpcolor
from ._enums import native_enum
from ._errors import error
from ._values import file_of, native, resource, wrap


def _convert_indexed(image, dither, palette_type, colors, alpha_dither, unused, palette):
    done = image.native.convert_indexed(
        Gimp.ConvertDitherType(int(dither)),
        native_enum(Gimp.ConvertPaletteType, palette_type),
        int(colors),
        bool(alpha_dither),
        bool(unused),
        palette or "",
    )
    if not done:
        raise error(Gimp.get_pdb().get_last_error() or "the image cannot be converted")


def _convert_grayscale(image):
    if not image.native.convert_grayscale():
        raise error(Gimp.get_pdb().get_last_error() or "the image is gray already")


def _convert_rgb(image):
    if not image.native.convert_rgb():
        raise error(Gimp.get_pdb().get_last_error() or "the image is RGB already")


def _moved(method):
    """Raises or lowers an item in its list."""

    def move(image, item):
        if not getattr(image.native, method)(item.native):
            raise error(Gimp.get_pdb().get_last_error() or "the item cannot be moved")

    return move


def _thumbnail(source, width, height):
    """(width, height, bytes a pixel, how many, the bytes) of a small picture of it."""
    made = source.native.get_thumbnail(int(width), int(height), _KEEP_ALPHA)
    return _pixbuf(made, _is_gray(source.native))


def _sub_thumbnail(drawable, x, y, width, height, to_width, to_height):
    make = drawable.native.get_sub_thumbnail
    made = make(x, y, width, height, int(to_width), int(to_height), _KEEP_ALPHA)
    return _pixbuf(made, _is_gray(drawable.native))


def _is_gray(native):
    if isinstance(native, Gimp.Image):
        return native.get_base_type() == Gimp.ImageBaseType.GRAY
    return native.is_gray()


_KEEP_ALPHA = Gimp.PixbufTransparency.KEEP_ALPHA


def _pixbuf(made, is_gray):
    """GIMP 3 makes them in color; 2.10 had one byte for gray, and alpha behind it."""
    if made is None:
        raise error(Gimp.get_pdb().get_last_error() or "there is no thumbnail")
    width, height, bpp = made.get_width(), made.get_height(), made.get_n_channels()
    stride, pixels = made.get_rowstride(), made.get_pixels()
    rows = [pixels[y * stride : y * stride + width * bpp] for y in range(height)]
    data = bytearray(b"".join(rows))
    if is_gray:
        channels = [data[channel::bpp] for channel in ((0, 3) if bpp == 4 else (0,))]
        bpp, data = len(channels), [value for pixel in zip(*channels) for value in pixel]
    return width, height, bpp, len(data), tuple(data)


def _format(drawable):
    return Babl.get_name(drawable.native.get_format())


def _profile(get):
    def profile(image):
        result = getattr(image.native, get)()
        data = tuple(bytearray(result.get_icc_profile())) if result else ()
        return len(data), data

    return profile


def _profile_of(data):
    return Gimp.ColorProfile.new_from_icc_profile(bytes(bytearray(data)))


def _set_profile(image, count, data):
    image.native.set_color_profile(_profile_of(data) if count else None)


def _convert_profile(image, count, data, intent, bpc):
    kind = Gimp.ColorRenderingIntent(int(intent))
    image.native.convert_color_profile(_profile_of(data), kind, bool(bpc))


def _profile_info(profile):
    return profile.get_model(), profile.get_description(), profile.get_summary()


def _icc_info(image):
    return _profile_info(image.native.get_effective_color_profile())


def _icc_file_info(filename):
    return _profile_info(Gimp.ColorProfile.new_from_file(file_of(filename)))


def _icc_set(image, filename=None):
    made = Gimp.ColorProfile.new_from_file(file_of(filename)) if filename else None
    image.native.set_color_profile(made)


def _icc_apply(image, filename, intent=0, bpc=False):
    if filename:
        made = Gimp.ColorProfile.new_from_file(file_of(filename))
    else:
        made = Gimp.ColorProfile.new_rgb_srgb()
    image.native.convert_color_profile(made, Gimp.ColorRenderingIntent(int(intent)), bool(bpc))


def _uri(getter):
    def uri(image):
        file = getattr(image.native, getter)()
        return file.get_uri() if file else None

    return uri


def _temp_name(extension):
    """A name for a file that is not there yet."""
    handle, name = tempfile.mkstemp("." + extension.lstrip("."), "gimpfu-")
    os.close(handle)
    os.remove(name)
    return name


def _get_data(name):
    parasite = _data(name)
    return len(parasite), tuple(bytearray(parasite))


def _data(name):
    parasite = wrap(Gimp.get_parasite("gimpfu-data-" + name))
    if parasite is None:
        raise error("Data for '%s' not found" % name)
    return parasite.data


def _set_data(name, count, data):
    one = _objects.Parasite("gimpfu-data-" + name, 0, bytes(bytearray(data))[: int(count)])
    Gimp.attach_parasite(one.native)


def _query(*patterns):
    names = Gimp.get_pdb().query_procedures(*(list(patterns) + [".*"] * (8 - len(patterns))))
    return len(names), tuple(names)


def _proc_info(name):
    procedure = Gimp.get_pdb().lookup_procedure(name)
    if procedure is None:
        raise error("Procedure '%s' not found" % name)
    return (
        procedure.get_blurb(), procedure.get_help(), procedure.get_authors(),
        procedure.get_copyright(), procedure.get_date(), int(procedure.get_proc_type()),
        len(procedure.get_arguments()), len(procedure.get_return_values()),
    )  # fmt: skip


def _text_old(image, drawable, x, y, text, border, antialias, size, size_type, foundry, family,
              *more):  # fmt: skip
    font = resource(family, Gimp.Font.__gtype__)
    made = Gimp.text_font(image.native, native(drawable), x, y, text, border, antialias, size, font)
    return wrap(made)


def _combine(channel, operation):
    image = channel.native.get_image()
    image.select_item(Gimp.ChannelOps(int(operation)), channel.native)


def _merge_group(image, group):
    return wrap(group.native.merge() if hasattr(group.native, "merge") else None)


def _linked(item, linked=False):
    item.linked = linked


def _component(image, component, name):
    native_ = Gimp.Channel.new_from_component(
        image.native, Gimp.ChannelType(int(component)), str(name)
    )
    return wrap(native_)


def _parasites(owner):
    names = owner.parasite_list()
    return len(names), names


def _global_parasites():
    names = tuple(one for one in Gimp.get_parasite_list() if not one.startswith("gimpfu-"))
    return len(names), names


def _points(path, stroke, precision):
    result = path.native.stroke_interpolate(int(stroke), float(precision))
    coordinates, closed = result[-2], result[-1]
    if not isinstance(coordinates, (list, tuple)):
        coordinates, closed = result[-1], result[-2]
    values = tuple(coordinates)
    return len(values), values, int(bool(closed))


def _nothing(*args):
    """GIMP 3 does it by itself, or has nothing of the kind."""


def _is(method):
    return lambda item: int(item is not None and getattr(item.native, method)())


def _metadata(image):
    metadata = image.native.get_metadata()
    return metadata.serialize() if metadata else None


def _set_metadata(image, text):
    image.native.set_metadata(Gimp.Metadata.deserialize(text))


def _buffers_list(pattern=""):
    names = tuple(Gimp.buffers_get_name_list(pattern or ""))
    return len(names), names


def _temp_procedure_name():
    return Gimp.PDB.temp_procedure_name(Gimp.get_pdb())


TABLE = {
    "gimp-buffers-get-list": _buffers_list,
    "gimp-channel-new-from-component": _component,
    "gimp-channel-ops-duplicate": lambda image: image.duplicate(),
    "gimp-context-get-transform-recursion": lambda: 3,
    "gimp-context-set-transform-recursion": _nothing,
    "gimp-convert-grayscale": _convert_grayscale,
    "gimp-convert-indexed": _convert_indexed,
    "gimp-convert-rgb": _convert_rgb,
    "gimp-crop": lambda image, *args: image.crop(*args),
    "gimp-display-is-valid": lambda display: int(display is not None and display.native.is_valid()),
    "gimp-drawable-get-format": _format,
    "gimp-drawable-get-thumbnail-format": _format,
    "gimp-drawable-get-linked": lambda item: 0,
    "gimp-drawable-set-linked": _linked,
    "gimp-drawable-sub-thumbnail": _sub_thumbnail,
    "gimp-drawable-thumbnail": _thumbnail,
    "gimp-edit-named-paste-as-new": lambda name: wrap(
        Gimp.edit_named_paste_as_new_image(str(name))
    ),
    "gimp-file-save-thumbnail": lambda image, filename: Gimp.file_create_thumbnail(
        image.native, file_of(filename)
    ),
    "gimp-floating-sel-relax": _nothing,
    "gimp-floating-sel-rigor": _nothing,
    "gimp-get-parasite-list": _global_parasites,
    "gimp-image-convert-color-profile": _convert_profile,
    "gimp-image-convert-grayscale": _convert_grayscale,
    "gimp-image-convert-indexed": _convert_indexed,
    "gimp-image-convert-rgb": _convert_rgb,
    "gimp-image-free-shadow": _nothing,
    "gimp-image-get-color-profile": _profile("get_color_profile"),
    "gimp-image-get-effective-color-profile": _profile("get_effective_color_profile"),
    "gimp-image-get-exported-uri": _uri("get_exported_file"),
    "gimp-image-get-imported-uri": _uri("get_imported_file"),
    "gimp-image-get-metadata": _metadata,
    "gimp-image-get-parasite-list": _parasites,
    "gimp-image-get-xcf-uri": _uri("get_xcf_file"),
    "gimp-image-lower-channel": _moved("lower_item"),
    "gimp-image-lower-vectors": _moved("lower_item"),
    "gimp-image-lower-vectors-to-bottom": _moved("lower_item_to_bottom"),
    "gimp-image-merge-layer-group": _merge_group,
    "gimp-image-parasite-list": _parasites,
    "gimp-image-raise-channel": _moved("raise_item"),
    "gimp-image-raise-vectors": _moved("raise_item"),
    "gimp-image-raise-vectors-to-top": _moved("raise_item_to_top"),
    "gimp-image-set-color-profile": _set_profile,
    "gimp-image-set-metadata": _set_metadata,
    "gimp-image-thumbnail": _thumbnail,
    "gimp-item-get-parasite-list": _parasites,
    "gimp-item-is-drawable": _is("is_drawable"),
    "gimp-item-is-group": _is("is_group"),
    "gimp-item-is-selection": _is("is_selection"),
    "gimp-drawable-parasite-list": _parasites,
    "gimp-vectors-parasite-list": _parasites,
    "gimp-layer-get-linked": lambda item: 0,
    "gimp-palette-get-background": lambda: gimpcolor.from_gegl(Gimp.context_get_background()),
    "gimp-palette-get-foreground": lambda: gimpcolor.from_gegl(Gimp.context_get_foreground()),
    "gimp-parasite-attach": lambda parasite: Gimp.attach_parasite(parasite.native),
    "gimp-parasite-detach": Gimp.detach_parasite,
    "gimp-parasite-find": lambda name: wrap(Gimp.get_parasite(name)),
    "gimp-parasite-list": _global_parasites,
    "gimp-plugin-domain-register": _nothing,
    "gimp-plugin-enable-precision": _nothing,
    "gimp-plugin-help-register": _nothing,
    "gimp-plugin-icon-register": _nothing,
    "gimp-plugin-menu-branch-register": _nothing,
    "gimp-plugin-precision-enabled": lambda: 0,
    "gimp-procedural-db-get-data": _get_data,
    "gimp-procedural-db-get-data-size": lambda name: len(_data(name)),
    "gimp-procedural-db-proc-info": _proc_info,
    "gimp-procedural-db-query": _query,
    "gimp-procedural-db-set-data": _set_data,
    "gimp-procedural-db-temp-name": _temp_procedure_name,
    "gimp-register-file-handler-mime": _handlers.register_mime_types,
    "gimp-register-file-handler-priority": _nothing,
    "gimp-register-file-handler-raw": _nothing,
    "gimp-register-file-handler-uri": _nothing,
    "gimp-register-load-handler": _handlers.register_load_handler,
    "gimp-register-magic-load-handler": _handlers.register_magic_load_handler,
    "gimp-register-save-handler": _handlers.register_save_handler,
    "gimp-register-thumbnail-loader": _nothing,
    "gimp-selection-combine": _combine,
    "gimp-temp-PDB-name": _temp_procedure_name,
    "gimp-temp-name": _temp_name,
    "gimp-text": _text_old,
    "gimp-vectors-get-linked": lambda item: 0,
    "gimp-vectors-is-valid": lambda item: int(item is not None and item.native.is_valid()),
    "gimp-vectors-parasite-attach": lambda item, parasite: item.parasite_attach(parasite),
    "gimp-vectors-parasite-detach": lambda item, name: item.parasite_detach(name),
    "gimp-vectors-parasite-find": lambda item, name: item.parasite_find(name),
    "gimp-vectors-set-linked": _linked,
    "gimp-vectors-stroke-interpolate": _points,
    "plug-in-icc-profile-apply": _icc_apply,
    "plug-in-icc-profile-apply-rgb": lambda image, intent=0, bpc=False: _icc_apply(
        image, None, intent, bpc
    ),
    "plug-in-icc-profile-file-info": _icc_file_info,
    "plug-in-icc-profile-info": _icc_info,
    "plug-in-icc-profile-set": _icc_set,
    "plug-in-icc-profile-set-rgb": _icc_set,
    "script-fu-copy-visible": lambda image, drawable=None: Gimp.edit_copy_visible(image.native),
}

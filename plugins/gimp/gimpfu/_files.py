# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening and saving by GIMP 2.10's names: `gimp-file-save`, `file-png-save`, `file-jpeg-load`.

GIMP 3 exports what an image looks like. 2.10 wrote the pixels of the drawable that it was given,
in all formats that hold one picture: so here that drawable is exported in an image of its own.
"""

import contextlib
import os

from gi.repository import Gegl, Gimp

from ._errors import NotCovered, error
from ._values import file_of, wrap

_NONINTERACTIVE = Gimp.RunMode.NONINTERACTIVE
DROP = None

# Endings of formats that hold all layers: the image goes there as it is.
_LAYERED = (".xcf", ".xcf.gz", ".xcf.bz2", ".xcf.xz", ".xcfgz", ".xcfbz2", ".xcfxz", ".psd",
            ".gif", ".pdf", ".ora", ".mng", ".ico", ".fli", ".flc", ".xmc", ".gih",
            ".webp")  # fmt: skip
# Endings of formats without transparency: 2.10 wrote the colours and left the rest away.
_OPAQUE = (".jpg", ".jpeg", ".jpe", ".ppm", ".pgm", ".pbm", ".pnm", ".pcx", ".xbm", ".ras",
           ".im8", ".im1", ".eps", ".ps")  # fmt: skip

# 2.10's format in `file-...-save`: GIMP 3's, and what its arguments after the file's name are now.
_SAVERS = {
    "aa": ("aa", ("file-type",)),
    "bmp": ("bmp", ()),
    "bz2": ("bz2", ()),
    "cel": ("cel", (DROP,)),
    "csource": ("csource", ()),
    "dds": ("dds", ("compression-format", "mipmaps", "save-type", "format", "transparent-index",
                    "mipmap-filter", "mipmap-wrap", "gamma-correct", "srgb", "gamma",
                    "perceptual-metric", "preserve-alpha-coverage", "alpha-test-threshold")),
    "dicom": ("dicom", ()),
    "eps": ("eps", ("width", "height", "x-offset", "y-offset", "unit", "keep-ratio", "rotation",
                    "eps-flag", "preview", "level")),
    "exr": ("exr", ()),
    "fits": ("fits", ()),
    "fli": ("fli", ("from-frame", "to-frame")),
    "gbr": ("gbr", ("spacing", "description")),
    "gif": ("gif", ("interlace", "loop", "default-delay", "default-dispose", "as-animation",
                    "force-delay", "force-dispose")),
    "gtm": ("html-table", ()),
    "gz": ("gz", ()),
    "header": ("header", ()),
    "ico": ("ico", ()),
    "jpeg": ("jpeg", ("quality", "smoothing", "optimize", "progressive", "comment",
                      "sub-sampling", "baseline", "restart", "dct")),
    "pat": ("pat", ("description",)),
    "pbm": ("pbm", ("raw",)),
    "pcx": ("pcx", ()),
    "pdf": ("pdf", ("vectorize", "ignore-hidden", "apply-masks", "layers-as-pages",
                    "reverse-order")),
    "pfm": ("pfm", ()),
    "pgm": ("pgm", ("raw",)),
    "pix": ("pix", ()),
    "png": ("png", ("interlaced", "compression", "bkgd", DROP, "offs", "phys", "time",
                    "include-comment", "save-transparent")),
    "pnm": ("pnm", ("raw",)),
    "ppm": ("ppm", ("raw",)),
    "ps": ("ps", ("width", "height", "x-offset", "y-offset", "unit", "keep-ratio", "rotation",
                  "eps-flag", "preview", "level")),
    "psd": ("psd", (DROP, DROP)),
    "raw": ("raw", ("planar-configuration", "palette-type")),
    "sgi": ("sgi", ("compression",)),
    "sunras": ("sunras", ("rle",)),
    "tga": ("tga", ("rle", "origin")),
    "tiff": ("tiff", ("compression", "save-transparent-pixels")),
    "webp": ("webp", ("preset", "lossless", "quality", "alpha-quality", "animation",
                      "animation-loop", "minimize-size", "keyframe-distance", "include-exif",
                      "include-iptc", "include-xmp", "default-delay", "force-delay")),
    "xbm": ("xbm", ("gimp-comment", "x10-format", "hot-spot-x", "hot-spot-y", "prefix",
                    "write-mask", "mask-suffix")),
    "xmc": ("xmc", ("hot-spot-x", "hot-spot-y", "crop", "size", "size-replace", "delay",
                    "delay-replace", "xmc-copyright", "xmc-license", "gimp-comment")),
    "xpm": ("xpm", ("threshold",)),
    "xwd": ("xwd", ()),
    "xz": ("xz", ()),
}  # fmt: skip
_WHOLE = ("gif", "pdf", "psd", "ico", "fli", "xmc", "webp", "mng")


def load(filename, raw_filename=None):
    """`gimp-file-load`: the image in a file."""
    return _named(
        wrap(_done(Gimp.file_load(_NONINTERACTIVE, file_of(filename)), filename)), filename
    )


def load_layer(image, filename):
    """`gimp-file-load-layer`."""
    layer = Gimp.file_load_layer(_NONINTERACTIVE, image.native, file_of(filename))
    return wrap(_done(layer, filename))


def load_layers(image, filename):
    """`gimp-file-load-layers`: how many, and their IDs."""
    layers = Gimp.file_load_layers(_NONINTERACTIVE, image.native, file_of(filename))
    return len(layers), tuple(one.get_id() for one in layers)


def _done(result, filename):
    """The result, unless libgimp gave none. Raises error with GIMP's own words."""
    if not result:
        raise error(Gimp.get_pdb().get_last_error() or "%s: not possible" % filename)
    return result


def save(image, drawable, filename, raw_filename=None, *more):
    """`gimp-file-save`: the format follows from the name's ending."""
    with _to_save(image, drawable, filename) as native:
        _done(Gimp.file_save(_NONINTERACTIVE, native, file_of(filename), None), filename)


@contextlib.contextmanager
def _to_save(image, drawable, filename, whole=None):
    """The libgimp image that stands for what 2.10 wrote."""
    name = os.fspath(filename).lower()
    if whole is None:
        whole = name.endswith(_LAYERED)
    if whole or drawable is None or drawable.native.is_group():
        yield image.native
        return
    alone = _alone(image.native, drawable.native, opaque=name.endswith(_OPAQUE))
    try:
        yield alone
    finally:
        alone.delete()


def _alone(native, drawable, opaque):
    """A copy of the image in which the drawable is all that there is, without its mask."""
    made = native.duplicate()
    made.undo_disable()
    before = made.get_layers()
    layer = Gimp.Layer.new_from_drawable(drawable, made)
    made.insert_layer(layer, None, 0)
    if layer.get_mask():
        layer.remove_mask(Gimp.MaskApplyMode.DISCARD)
    for one in before:
        made.remove_layer(one)
    layer.set_visible(True)
    layer.set_opacity(100.0)
    layer.set_mode(Gimp.LayerMode.NORMAL)
    layer.set_offsets(0, 0)
    made.resize(drawable.get_width(), drawable.get_height(), 0, 0)
    if opaque and layer.has_alpha() and not layer.is_indexed():
        _drop_alpha(made, layer)
    return made


def _drop_alpha(native, layer):
    """Puts an opaque layer with the same colours in a layer's place."""
    base = native.get_base_type()
    kind = Gimp.ImageType.RGB_IMAGE if base == Gimp.ImageBaseType.RGB else Gimp.ImageType.GRAY_IMAGE
    width, height = layer.get_width(), layer.get_height()
    plain = Gimp.Layer.new(native, "opaque", width, height, kind, 100.0, Gimp.LayerMode.NORMAL)
    native.insert_layer(plain, None, 0)
    name = "R'G'B' float" if base == Gimp.ImageBaseType.RGB else "Y' float"
    whole = Gegl.Rectangle.new(0, 0, width, height)
    buffer = plain.get_buffer()
    buffer.set(whole, name, layer.get_buffer().get(whole, 1.0, name, Gegl.AbyssPolicy.NONE))
    buffer.flush()
    native.remove_layer(layer)


def saver(format_, call):
    """`file-FORMAT-save`; `call` is what sets a procedure's arguments by their names."""
    new, names = _SAVERS[format_]
    procedure = "file-%s-export" % new

    def save_as(image, drawable, filename, raw_filename=None, *args):
        values = {name: value for name, value in zip(names, args) if name is not DROP}
        _old_meanings(new, values)
        with _to_save(image, drawable, "x." + new, whole=new in _WHOLE) as native:
            comment = values.pop("comment", None)
            if comment:
                data = memoryview(str(comment).encode("utf-8") + b"\0").cast("b").tolist()
                native.attach_parasite(Gimp.Parasite.new("gimp-comment", 1, data))
                values["include-comment"] = True
            call(procedure, dict(values, image=wrap(native), file=filename))

    return save_as


def _old_meanings(format_, values):
    """Numbers that say something else now."""
    if format_ == "raw" and "planar-configuration" in values:
        values["planar-configuration"] = 1 if values["planar-configuration"] else 0
    if format_ == "gif":
        values["number-of-repeats"] = 0
    if format_ in ("ps", "eps"):
        values["show-preview"] = bool(values.get("preview"))
        if not values.get("preview"):
            values.pop("preview", None)
    if format_ == "xbm" and "gimp-comment" in values:
        values["include-comment"] = bool(values["gimp-comment"])
        values["use-hot-spot"] = bool(values.get("hot-spot-x") or values.get("hot-spot-y"))
    if format_ == "xmc" and values.get("size") == -1:
        values.pop("size")


def _named(image, filename):
    """The image, which knows its file."""
    if image.filename is None:
        image.filename = file_of(filename).get_path() or filename
        image.native.clean_all()
    return image


def find(name, exists, call):
    """The function for a `file-...-save` or `file-...-load` of 2.10; None if there is none."""
    if name.startswith("file-") and name.endswith("-load"):
        if not exists(name):
            return None
        return lambda filename, raw_filename=None, *more: _named(
            call(name, {"file": filename}), filename
        )
    format_ = name[len("file-") :].replace("-save-defaults", "-save")
    if not name.startswith("file-") or "-save" not in format_:
        return None
    format_ = format_.rpartition("-save")[0]
    if format_ not in _SAVERS or not exists("file-%s-export" % _SAVERS[format_][0]):
        return None
    return saver(format_, call)


def png_defaults(*args):
    """`file-png-get-defaults`: what `file-png-save-defaults` writes with."""
    if args:
        raise NotCovered("pdb.file_png_set_defaults")
    return 0, 9, 0, 0, 0, 1, 1, 1, 0


TABLE = {
    "gimp-file-load": load,
    "gimp-file-load-layer": load_layer,
    "gimp-file-load-layers": load_layers,
    "gimp-file-save": save,
    "gimp-xcf-save": lambda dummy, *args: save(*args),
    "gimp-xcf-load": lambda dummy, *args: load(*args),
    "file-png-get-defaults": png_defaults,
}

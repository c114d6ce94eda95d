# SPDX-License-Identifier: GPL-3.0-or-later
"""GIMP 2.10's `plug_in_` filters as the GEGL operations that they became.

`FILTERS` has one line for each: the operation, what each argument is called there, and how the
operation sees the pixels. `_graph` is what runs it.
"""

import collections
import random

from gi.repository import Gimp

from . import _graph, gimpcolor
from ._errors import NotCovered, error

Filter = collections.namedtuple("Filter", "operation properties options")
Aux = collections.namedtuple("Aux", "pad")
"""Stands for an argument that is a drawable: which of the operation's inputs it goes to."""

DROP = None
"""Stands for an argument that the operation has no use for."""


def _filter(operation, *names, **options):
    """A filter whose arguments are, in this order, the operation's properties of these names.

    A name may be a pair of name and a function that makes the value. Keywords: `encoded`: the
    operation takes the encoded values for linear ones; `shifted`: GIMP 2.10 shifted the selected
    part to the corner a second time; `painted`: the operation paints that part alone; `fixed`:
    more properties, or a function of drawable and arguments that gives them; `needs_alpha`: refuse
    drawables without.
    """
    return Filter(operation, names, options)


def run(filter_, name, image, drawable, *args):
    """Runs one of `FILTERS` with the arguments that followed image and drawable in 2.10."""
    options = filter_.options
    if options.get("needs_alpha") and not drawable.has_alpha:
        raise error("%s: the layer has no alpha channel" % name)
    if len(args) < len(filter_.properties):
        text = "%s takes %d arguments after image and drawable"
        raise TypeError(text % (name, len(filter_.properties)))
    properties, inputs = {}, {}
    for wanted, value in zip(filter_.properties, args):
        if wanted is DROP:
            continue
        if isinstance(wanted, Aux):
            if value is not None:
                inputs[wanted.pad] = value
        elif isinstance(wanted, tuple):
            properties[wanted[0]] = wanted[1](value)
        else:
            properties[wanted] = value
    fixed = options.get("fixed", {})
    properties.update(fixed(drawable, *args) if callable(fixed) else fixed)
    step = _graph.Step(filter_.operation, properties, inputs)
    if filter_.operation.startswith("gimp:"):
        _graph.apply_in_core(drawable, step)
    else:
        steps = _twice_shifted(drawable, step) if options.get("shifted") else [step]
        painted = _part_as_painted(drawable) if options.get("painted") else None
        encoded, opaque = options.get("encoded", False), options.get("opaque", False)
        clipped = options.get("clipped", False)
        _graph.apply(drawable, steps, encoded, painted=painted, opaque=opaque, clipped=clipped)


def _twice_shifted(drawable, step):
    """The operation between two more shifts, as GIMP 2.10 put it: the same with no selection."""
    x, y, width, height = drawable.mask_intersect() or (0, 0, 0, 0)
    if not (x or y):
        return [step]
    there, back = {"x": float(-x), "y": float(-y)}, {"x": float(x), "y": float(y)}
    return [
        _graph.Step("gegl:translate", there, {}),
        _graph.Step("gegl:crop", {"width": float(width), "height": float(height)}, {}),
        step,
        _graph.Step("gegl:translate", back, {}),
    ]


def _color(value):
    return gimpcolor.from_any(value).to_gegl()


def _context_color(background, alpha=1.0):
    native = Gimp.context_get_background() if background else Gimp.context_get_foreground()
    color = gimpcolor.from_gegl(native)
    color.a = alpha
    return color.to_gegl()


def _transparent():
    return gimpcolor.RGB(0.0, 0.0, 0.0, 0.0).to_gegl()


def _part_size(drawable, *args):
    """The size of what is selected."""
    width, height = (drawable.mask_intersect() or (0, 0, 1, 1))[2:]
    return {"width": width, "height": height}


def _part(drawable, *args):
    x, y, width, height = drawable.mask_intersect() or (0, 0, 1, 1)
    return {"x": x, "y": y, "width": width, "height": height}


def _part_as_painted(drawable):
    """The selected part once more, from its own corner: GIMP 2.10 added its place twice."""
    return drawable.mask_intersect() or (0, 0, 1, 1)


def _seed(number):
    return int(number) % 2**32


def _random_seed(drawable=None, *args):
    return {"seed": random.getrandbits(31)}


def _whole(number):
    return int(number)


_EDGES = {"none": 0, "clamp": 1, "loop": 2, "black": 3}  # of GeglAbyssPolicy
_BORDERS = {0: "none", 1: "loop", 2: "clamp", 3: "black"}


def _abyss(value):
    return _EDGES[_BORDERS[int(value)]]


def _to_unit(value):
    return value / 255.0


def _not(value):
    return not value


def _lens(drawable, refraction, keep, background, transparent):
    color = _context_color(True) if background else _transparent()
    return {"background-color": color}


def _distortion(drawable, *args):
    return {"background": _context_color(True, 0.0 if drawable.has_alpha else 1.0)}


def _exchange(drawable, *args):
    return {"from-color": _color(tuple(args[:3])), "to-color": _color(tuple(args[3:6]))}


def _flare(drawable, x, y):
    return {"pos-x": x / float(drawable.width), "pos-y": y / float(drawable.height)}


def _nova(drawable, x, y, *args):
    center = {"center-x": x / float(drawable.width), "center-y": y / float(drawable.height)}
    return dict(center, **_random_seed())


def _maze(drawable, *args):
    return {"fg-color": _context_color(False), "bg-color": _context_color(True)}


def _mosaic(drawable, *args):
    if args[-1]:
        return {"light-color": _context_color(False), "joints-color": _context_color(True)}
    return {"light-color": _color("white"), "joints-color": _color("black")}


def _matrix(drawable, count, matrix, alpha, divisor, offset, channel_count, channels, border):
    if len(matrix) != 25 or len(channels) != 5:
        raise error("plug_in_convmatrix: the matrix has 25 members, the channels are 5")
    cells = [row + column for row in "abcde" for column in "12345"]
    values = dict(zip(cells, (float(one) for one in matrix)))
    colors = channels[:1] * 3 if drawable.is_gray else channels[1:4]
    values.update(zip(("red", "green", "blue"), (bool(one) for one in colors)))
    policy = {0: "clamp", 1: "loop", 2: "none"}[int(border)]
    return dict(values, alpha=bool(channels[4]), normalize=False, border=_EDGES[policy])


def _newsprint(drawable, cell, kind, *args):
    model = {0: 1, 1: 2, 2: 3}.get(int(kind), 1)
    periods = dict.fromkeys(("period", "period2", "period3", "period4"), float(cell))
    return dict(periods, **{"color-model": model})


def _spot(number):
    """The pattern: dots, lines, diamonds, Euclidean dots, PostScript's diamonds."""
    return {0: 1, 1: 0}.get(int(number), int(number))


def _within_90(angle):
    """The same screen's angle between -90 and 90 degrees."""
    angle = (angle + 180.0) % 360.0 - 180.0
    return angle + 180.0 if angle < -90.0 else angle - 180.0 if angle > 90.0 else angle


def _paper(drawable, *args):
    kind, color = int(args[5]), args[6]
    chosen = {3: lambda: _context_color(False), 4: lambda: _context_color(True)}
    gegl = chosen.get(kind, lambda: _color(color))() if kind >= 3 else _color((0, 0, 255))
    return {"background-type": min(kind, 3), "bg-color": gegl, "tile-height": args[0]}


def _ripple(drawable, period, amplitude, orientation, edges, wave, antialias, tile):
    phase = 0.0 if wave else 0.75
    if not orientation and wave == 1:
        phase = 0.5
    return {
        "phi": phase,
        "angle": 0.0 if orientation else 90.0,
        "sampler-type": 2 if antialias else 0,
        "wave-type": 0 if wave else 1,
        "abyss-policy": _EDGES[{0: "clamp", 1: "loop"}.get(int(edges), "none")],
    }


def _sinus(drawable, *args):
    mode, one, other, alpha, other_alpha = args[6:11]
    if mode == 0:
        one, other = (0, 0, 0), (255, 255, 255)
    elif mode == 1:
        one = gimpcolor.from_gegl(Gimp.context_get_foreground())
        other = gimpcolor.from_gegl(Gimp.context_get_background())
    colors = [gimpcolor.from_any(each).copy() for each in (one, other)]
    colors[0].a, colors[1].a = alpha, other_alpha
    values = {"color1": colors[0].to_gegl(), "color2": colors[1].to_gegl()}
    return dict(values, **_part_size(drawable))


def _propagate(drawable, mode, channels, rate, directions, low, high):
    gegl_modes = {3: 4, 4: 4, 5: 4, 6: 5, 7: 6}
    values = {"mode": gegl_modes.get(int(mode), int(mode))}
    if mode in (3, 4, 5):
        values["color"] = _context_color(mode == 3)  # the two are the wrong way round in 2.10
    for bit, side in enumerate(("left", "top", "right", "bottom")):
        values[side] = bool(int(directions) >> bit & 1)
    values["value"], values["alpha"] = bool(int(channels) & 1), bool(int(channels) & 2)
    return values


def _grow(mode):
    sides = dict.fromkeys(("top", "left", "right", "bottom", "value"), True)
    return dict(sides, mode=mode, alpha=False, rate=1.0)


def _waves(drawable, amplitude, phase, length, kind, *more):
    aspect = min(max(drawable.width / float(drawable.height), 0.1), 10.0)
    return {
        "phi": (phase % 360.0 - 180.0) / 180.0,
        "period": length * 2.0,
        "aspect": aspect,
        "clamp": not kind,
    }


def _gray_aware(drawable, values):
    """Amounts for red, green, blue and alpha: gray drawables have theirs in the first two."""
    one, two, three, four = values
    if drawable.is_gray:
        one, two, three, four = one, one, one, two
    return {"red": one, "green": two, "blue": three, "alpha": four}


def _noise(first):
    def values(drawable, *args):
        return dict(_gray_aware(drawable, args[first : first + 4]), **_random_seed())

    return values


def _hurl_seed(drawable, percent, repeat, randomize, seed):
    return _random_seed() if randomize else {"seed": _seed(seed)}


def _noise_filter(operation):
    return _filter(operation, "pct-random", ("repeat", _whole), DROP, DROP, fixed=_hurl_seed)


def _displace(mode):
    def displace(image, drawable, x, y, do_x, do_y, map_x, map_y, kind):
        policy = {1: "loop", 2: "clamp", 3: "black"}.get(int(kind), "none")
        values = {"displace-mode": mode, "sampler-type": 2, "abyss-policy": _EDGES[policy]}
        maps = {pad: one for pad, one, on in (("aux", map_x, do_x), ("aux2", map_y, do_y)) if on}
        if maps:
            values.update({"amount-x": x, "amount-y": y})
            _graph.apply(drawable, [_graph.Step("gegl:displace", values, maps)])

    return displace


def _bump(tiled):
    return _filter(
        "gegl:bump-map", Aux("aux"), "azimuth", "elevation", "depth", "offset-x", "offset-y",
        "waterlevel", "ambient", ("compensate", bool), ("invert", bool), "type",
        fixed={"tiled": tiled})  # fmt: skip


def _mixer(image, drawable, monochrome, *gains):
    """Nine gains, or the first three of them for a picture without colour."""
    if monochrome:
        values = dict(zip(("red", "green", "blue"), gains))
        step = _graph.Step("gegl:mono-mixer", values, {})
    else:
        names = [out + into + "-gain" for out in "rgb" for into in "rgb"]
        step = _graph.Step("gegl:channel-mixer", dict(zip(names, gains)), {})
    _graph.apply(drawable, [step])


def _motion_blur(inward):
    def blur(image, drawable, kind, length, angle, x=0.0, y=0.0):
        center = {"center-x": x / float(drawable.width), "center-y": y / float(drawable.height)}
        angle = angle - 360.0 if angle > 180.0 else angle
        if kind == 0:
            values = {"length": length, "angle": angle}
            step = _graph.Step("gegl:motion-blur-linear", values, {})
        elif kind == 1:
            step = _graph.Step("gegl:motion-blur-circular", dict(center, angle=angle), {})
        else:
            factor = min(max(length / 256.0, 0.0), 1.0)
            if inward:
                factor = min(max(-length / (256.0 - length), -10.0), 0.0)
            step = _graph.Step("gegl:motion-blur-zoom", dict(center, factor=factor), {})
        _graph.apply(drawable, [step])

    return blur


def _gauss(image, drawable, across, down, method=0):
    """2.10 took the blur's radius; the deviation follows from it as it did there."""
    deviations = {"std-dev-x": 0.32 * max(across, 0.0), "std-dev-y": 0.32 * max(down, 0.0)}
    step = _graph.Step("gegl:gaussian-blur", dict(deviations, **{"abyss-policy": 1}), {})
    _graph.apply(drawable, [step], encoded=True)


def _gauss_one(image, drawable, radius, across, down):
    _gauss(image, drawable, radius if across else 0, radius if down else 0)


def _nl_filter(image, drawable, alpha, radius, kind):
    """GIMP 3 refuses what is outside of its ranges, where 2.10 took the nearest."""
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-nl-filter")
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_property("image", image.native)
    config.set_core_object_array("drawables", [drawable.native])
    config.set_property("alpha", min(max(float(alpha), 0.0), 1.0))
    config.set_property("radius", min(max(float(radius), 1 / 3.0), 1.0))
    config.set_property("filter", _NL_FILTERS[int(kind)])
    if procedure.run(config).index(0) != Gimp.PDBStatusType.SUCCESS:
        raise error(Gimp.get_pdb().get_last_error() or "plug_in_nlfilt failed")


_NL_FILTERS = ("alpha-trim", "optimal-estimation", "edge-enhancement")


def _sharpen(image, drawable, percent):
    """A 3 by 3 kernel whose weights sum up to one; the outermost pixels stay as they are."""
    center = 100.0 / max(100 - percent, 1)
    kernel = dict.fromkeys(("b2", "b3", "b4", "c2", "c4", "d2", "d3", "d4"), (1.0 - center) / 8)
    values = dict(kernel, c3=center, divisor=1.0, offset=0.0, normalize=False, alpha=False)
    values["alpha-weight"] = False
    _graph.apply(drawable, [_graph.Step("gegl:convolution-matrix", values, {})], encoded=True,
                 keep_border=1, clipped=True)  # fmt: skip


def _color_to_alpha(image, drawable, color):
    if not drawable.has_alpha:
        if not Gimp.Selection.is_empty(image.native):
            name = "pdb.plug_in_colortoalpha within a selection on a layer without alpha"
            raise NotCovered(name, "Add an alpha channel first.")  # 2.10 emptied the rest
        drawable.native.add_alpha()
    _graph.apply(drawable, [_graph.Step("gegl:color-to-alpha", {"color": _color(color)}, {})])


def _rotate(image, drawable, angle, everything):
    kind = Gimp.RotationType(int(angle) - 1)
    if everything:
        image.native.rotate(kind)
        return
    x, y = drawable.offsets
    center = x + drawable.width / 2.0, y + drawable.height / 2.0
    with _graph.everything_selected(drawable.native):  # all of the layer turns
        drawable.native.transform_rotate_simple(kind, False, *center)


FILTERS = {
    "plug-in-alienmap2": _filter(
        "gegl:alien-map", "cpn-1-frequency", "cpn-1-phaseshift", "cpn-2-frequency",
        "cpn-2-phaseshift", "cpn-3-frequency", "cpn-3-phaseshift", "color-model",
        ("cpn-1-keep", _not), ("cpn-2-keep", _not), ("cpn-3-keep", _not)),
    "plug-in-antialias": _filter("gegl:antialias"),
    "plug-in-apply-canvas": _filter("gegl:texturize-canvas", "direction", "depth"),
    "plug-in-applylens": _filter(
        "gegl:apply-lens", "refraction-index", ("keep-surroundings", bool), DROP, DROP,
        fixed=_lens, shifted=True),
    "plug-in-autostretch-hsv": _filter("gegl:stretch-contrast-hsv"),
    "plug-in-bump-map": _bump(False),
    "plug-in-bump-map-tiled": _bump(True),
    "plug-in-c-astretch": _filter("gegl:stretch-contrast", fixed={"keep-colors": False}),
    "plug-in-convmatrix": _filter(
        "gegl:convolution-matrix", DROP, DROP, ("alpha-weight", bool), "divisor", "offset",
        DROP, DROP, DROP, fixed=_matrix, encoded=True, clipped=True),
    "plug-in-cubism": _filter(
        "gegl:cubism", "tile-size", "tile-saturation",
        ("bg-color", lambda back: _context_color(True, 0.0) if back else _transparent())),
    "plug-in-deinterlace": _filter(
        "gegl:deinterlace", ("keep", lambda even: 0 if even else 1),
        fixed={"orientation": 0, "size": 1}, encoded=True),
    "plug-in-diffraction": _filter(
        "gegl:diffraction-patterns", "red-frequency", "green-frequency", "blue-frequency",
        "red-contours", "green-contours", "blue-contours", "red-sedges", "green-sedges",
        "blue-sedges", "brightness", "scattering", "polarization", fixed=_part_size),
    "plug-in-dilate": _filter("gegl:value-propagate", fixed=_grow(0)),
    "plug-in-edge": _filter(
        "gegl:edge", "amount", ("border-behavior", _abyss), "algorithm"),
    "plug-in-engrave": _filter("gegl:engrave", "row-height", ("limit", bool)),
    "plug-in-erode": _filter("gegl:value-propagate", fixed=_grow(1)),
    "plug-in-exchange": _filter(
        "gegl:color-exchange", DROP, DROP, DROP, DROP, DROP, DROP, ("red-threshold", _to_unit),
        ("green-threshold", _to_unit), ("blue-threshold", _to_unit), fixed=_exchange),
    "plug-in-flarefx": _filter("gegl:lens-flare", DROP, DROP, fixed=_flare),
    "plug-in-glasstile": _filter("gegl:tile-glass", "tile-width", "tile-height"),
    "plug-in-hsv-noise": _filter(
        "gegl:noise-hsv", "holdness", "hue-distance", ("saturation-distance", _to_unit),
        ("value-distance", _to_unit), fixed=_random_seed),
    "plug-in-illusion": _filter("gegl:illusion", "division", "illusion-type"),
    "plug-in-laplace": _filter("gegl:edge-laplace"),
    "plug-in-lens-distortion": _filter(
        "gegl:lens-distortion", "x-shift", "y-shift", "main", "edge", "zoom", "brighten",
        fixed=_distortion, shifted=True),
    "plug-in-make-seamless": _filter("gegl:tile-seamless", shifted=True),
    "plug-in-maze": _filter(
        "gegl:maze", "x", "y", ("tileable", bool), "algorithm-type", ("seed", _seed), DROP, DROP,
        fixed=_maze),
    "plug-in-mosaic": _filter(
        "gegl:mosaic", "tile-size", "tile-height", "tile-spacing", "tile-neatness",
        ("tile-allow-split", bool), "light-dir", "color-variation", ("antialiasing", bool),
        ("color-averaging", bool), "tile-type", ("tile-surface", bool), DROP, fixed=_mosaic),
    "plug-in-neon": _filter("gegl:edge-neon", "radius", "amount"),
    "plug-in-newsprint": _filter(
        "gegl:newsprint", DROP, DROP, ("black-pullout", lambda percent: percent / 100.0),
        ("angle", _within_90), ("pattern", _spot), ("angle2", _within_90), ("pattern2", _spot),
        ("angle3", _within_90), ("pattern3", _spot), ("angle4", _within_90), ("pattern4", _spot),
        ("aa-samples", _whole), fixed=_newsprint, encoded=_graph.RESULT, opaque=True),
    "plug-in-noisify": _filter(
        "gegl:noise-rgb", ("independent", bool), DROP, DROP, DROP, DROP,
        fixed=_noise(1), encoded=True),
    "plug-in-normalize": _filter(
        "gegl:stretch-contrast", fixed={"keep-colors": True, "perceptual": True}),
    "plug-in-nova": _filter(
        "gegl:supernova", DROP, DROP, ("color", _color), "radius", "spokes-count", "random-hue",
        fixed=_nova),
    "plug-in-oilify": _filter(
        "gegl:oilify", ("mask-radius", lambda size: max(1, int(size) // 2)), ("use-inten", bool)),
    "plug-in-oilify-enhanced": _filter(
        "gegl:oilify", ("use-inten", bool), ("mask-radius", lambda size: max(1, int(size) // 2)),
        Aux("aux"), "exponent", Aux("aux2")),
    "plug-in-papertile": _filter(
        "gegl:tile-paper", "tile-width", "move-rate", "fractional-type", ("wrap-around", bool),
        ("centering", bool), DROP, DROP, DROP, fixed=_paper),
    "plug-in-pixelize": _filter("gegl:pixelize", "size-x",
                                fixed=lambda drawable, size: {"size-y": size}),
    "plug-in-pixelize2": _filter("gegl:pixelize", "size-x", "size-y"),
    "plug-in-plasma": _filter(
        "gegl:plasma", ("seed", _seed), "turbulence", fixed=_part, painted=True),
    "plug-in-polar-coords": _filter(
        "gegl:polar-coordinates", "depth", "angle", ("bw", bool), ("top", bool), ("polar", bool),
        shifted=True),
    "plug-in-randomize-hurl": _noise_filter("gegl:noise-hurl"),
    "plug-in-randomize-pick": _noise_filter("gegl:noise-pick"),
    "plug-in-randomize-slur": _noise_filter("gegl:noise-slur"),
    "plug-in-red-eye-removal": _filter(
        "gegl:red-eye-removal", ("threshold", lambda part: (part - 50) / 50.0 * 0.2 + 0.4)),
    "plug-in-rgb-noise": _filter(
        "gegl:noise-rgb", ("independent", bool), ("correlated", bool), DROP, DROP, DROP, DROP,
        fixed=_noise(2), encoded=True),
    "plug-in-ripple": _filter(
        "gegl:ripple", ("period", float), ("amplitude", float), DROP, DROP, DROP, DROP,
        ("tileable", bool), fixed=_ripple, encoded=True),
    "plug-in-sel-gauss": _filter(
        "gegl:gaussian-blur-selective", "blur-radius", ("max-delta", _to_unit)),
    "plug-in-semiflatten": _filter(
        "gimp:semi-flatten", needs_alpha=True,
        fixed=lambda drawable: {"color": _context_color(True)}),
    "plug-in-shift": _filter(
        "gegl:shift", ("shift", lambda amount: int(amount) // 2),
        ("direction", lambda vertical: 0 if vertical else 1), fixed=_random_seed),
    "plug-in-sinus": _filter(
        "gegl:sinus", "x-scale", "y-scale", "complexity", ("seed", _seed), ("tiling", bool),
        ("perturbation", bool), DROP, DROP, DROP, DROP, DROP, "blend-mode", "blend-power",
        fixed=_sinus),
    "plug-in-sobel": _filter(
        "gegl:edge-sobel", ("horizontal", bool), ("vertical", bool), ("keep-sign", bool),
        encoded=True),
    "plug-in-solid-noise": _filter(
        "gegl:noise-solid", ("tileable", bool), ("turbulent", bool), ("seed", _seed), "detail",
        "x-size", "y-size", fixed=_part_size),
    "plug-in-spread": _filter(
        "gegl:noise-spread", ("amount-x", _whole), ("amount-y", _whole), fixed=_random_seed),
    "plug-in-threshold-alpha": _filter(
        "gimp:threshold-alpha", ("value", _to_unit), needs_alpha=True),
    "plug-in-unsharp-mask": _filter(
        "gegl:unsharp-mask", "std-dev", "scale", ("threshold", lambda value: int(value) // 255)),
    "plug-in-video": _filter(
        "gegl:video-degradation", "pattern", ("additive", bool), ("rotated", bool)),
    "plug-in-vinvert": _filter("gegl:value-invert"),
    "plug-in-vpropagate": _filter(
        "gegl:value-propagate", DROP, DROP, "rate", DROP, ("lower-threshold", _to_unit),
        ("upper-threshold", _to_unit), fixed=_propagate),
    "plug-in-waves": _filter("gegl:waves", "amplitude", DROP, DROP, DROP, DROP, fixed=_waves),
    "plug-in-whirl-pinch": _filter(
        "gegl:whirl-pinch", "whirl", "pinch", "radius", shifted=True),
    "plug-in-wind": _filter(
        "gegl:wind", "threshold", "direction", "strength", "style", "edge"),
}  # fmt: skip


def _runner(name, filter_):
    return lambda image, drawable, *args: run(filter_, name, image, drawable, *args)


TABLE = {name: _runner(name, filter_) for name, filter_ in FILTERS.items()}
TABLE.update(
    {
        "plug-in-colors-channel-mixer": _mixer,
        "plug-in-colortoalpha": _color_to_alpha,
        "plug-in-displace": _displace(0),
        "plug-in-displace-polar": _displace(1),
        "plug-in-gauss": _gauss,
        "plug-in-gauss-iir": _gauss_one,
        "plug-in-gauss-iir2": _gauss,
        "plug-in-gauss-rle": _gauss_one,
        "plug-in-gauss-rle2": _gauss,
        "plug-in-mblur": _motion_blur(False),
        "plug-in-mblur-inward": _motion_blur(True),
        "plug-in-nlfilt": _nl_filter,
        "plug-in-rotate": _rotate,
        "plug-in-sharpen": _sharpen,
    }
)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths: 2.10's `gimp-vectors-` that GIMP 3 has not under another name, and `gimp-path-` of 2.4."""

from gi.repository import Gimp

from ._errors import error
from ._values import file_of, wrap


def _import_file(image, filename, merge, scale):
    paths = image.native.import_paths_from_file(file_of(filename), bool(merge), bool(scale))
    return _listed(paths)


def _import_string(image, text, length, merge, scale):
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    size = len(text.encode("utf-8")) if length is None or length < 0 else int(length)
    return _listed(image.native.import_paths_from_string(text, size, bool(merge), bool(scale)))


def _listed(paths):
    if isinstance(paths, tuple):
        if not paths[0]:
            raise error(Gimp.get_pdb().get_last_error() or "there is no path in it")
        paths = paths[-1]
    return len(paths), tuple(one.get_id() for one in paths)


def _export_file(image, filename, vectors=None):
    chosen = vectors.native if vectors is not None else None
    if not image.native.export_path_to_file(file_of(filename), chosen):
        raise error(Gimp.get_pdb().get_last_error() or "%s cannot be written" % filename)


def _export_string(image, vectors=None):
    return image.native.export_path_to_string(vectors.native if vectors is not None else None)


def _named(image, name):
    """The path of that name. Raises error."""
    for one in image.native.get_paths():
        if one.get_name() == name:
            return one
    raise error("the image has no path named %r" % name)


def _chosen(image):
    paths = image.native.get_selected_paths()
    if not paths:
        raise error("the image has no selected path")
    return paths[0]


def _names(image):
    names = tuple(one.get_name() for one in image.native.get_paths())
    return len(names), names


def _to_selection(image, name, operation, antialias, feather, rx, ry):
    wrap(_named(image, name)).to_selection(operation, antialias, feather, rx, ry)


def _stroke_current(image):
    drawables = image.native.get_selected_drawables()
    drawables[0].edit_stroke_item(_chosen(image))


def _point_at(image, distance):
    path = _chosen(image)
    for stroke in wrap(path).strokes:
        length = stroke.get_length(0.5)
        if distance <= length:
            x, y, slope, _ = stroke.get_point_at_dist(distance, 0.5)
            return int(x), int(y), slope
        distance -= length
    raise error("the path is shorter than that")


def _get_points(image, name):
    """(1, closed, count, x, y, kind of point ...): as 2.4 had Bezier paths."""
    path = _named(image, name)
    details, closed = [], False
    for number, stroke in enumerate(path.get_strokes()):
        _, points, closed = path.stroke_get_points(stroke)
        pairs = list(zip(points[::2], points[1::2]))[1:]
        if not closed:
            pairs = pairs[:-1]
        else:
            pairs.append((points[0], points[1]))
        for index, (x, y) in enumerate(pairs):
            kind = 1.0 if index % 3 == 0 else 2.0
            details += [x, y, 3.0 if number and not index else kind]
    return 1, int(closed), len(details), tuple(details)


def _set_points(image, name, kind, count, details):
    """A new path from triples of x, y and kind of point."""
    path = Gimp.Path.new(image.native, name)
    strokes = []
    for x, y, point in zip(details[::3], details[1::3], details[2::3]):
        if int(point) == 3 or not strokes:
            strokes.append([])
        strokes[-1].append((x, y))
    for points in strokes:
        closed = len(points) % 3 == 0
        around = [points[-1], *points[:-1]] if closed else [points[0], *points, points[-1]]
        flat = [part for point in around for part in point]
        path.stroke_new_from_points(Gimp.PathStrokeType.BEZIER, flat, closed)
    image.native.insert_path(path, None, 0)


def _delete(image, name):
    image.native.remove_path(_named(image, name))


TABLE = {
    "gimp-vectors-import-from-file": _import_file,
    "gimp-vectors-import-from-string": _import_string,
    "gimp-vectors-export-to-file": _export_file,
    "gimp-vectors-export-to-string": _export_string,
    "gimp-path-import": lambda *args: _import_file(*args) and None,
    "gimp-path-list": _names,
    "gimp-path-delete": _delete,
    "gimp-path-get-current": lambda image: _chosen(image).get_name(),
    "gimp-path-set-current": lambda image, name: image.native.set_selected_paths(
        [_named(image, name)]
    ),
    "gimp-path-get-points": _get_points,
    "gimp-path-set-points": _set_points,
    "gimp-path-get-point-at-dist": _point_at,
    "gimp-path-get-locked": lambda image, name: 0,
    "gimp-path-get-tattoo": lambda image, name: _named(image, name).get_tattoo(),
    "gimp-path-set-tattoo": lambda image, name, tattoo: _named(image, name).set_tattoo(tattoo),
    "gimp-get-path-by-tattoo": lambda image, tattoo: image.native.get_path_by_tattoo(
        tattoo
    ).get_name(),
    "gimp-path-stroke-current": _stroke_current,
    "gimp-path-to-selection": _to_selection,
}

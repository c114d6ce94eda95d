# SPDX-License-Identifier: GPL-3.0-or-later
"""`pdb`: GIMP's procedures by their 2.10 names, with 2.10's order of arguments and of results.

A name is looked up as it is, then among the adapted ones (a function each, where arguments
changed), then by the renamings that GIMP 3 made throughout. Arrays lost their count in GIMP 3:
here a count before an array is dropped on the way in and added on the way out.
"""

from gi.repository import Gimp, GObject

from . import _adapted, _objects
from ._values import CancelError, NotCovered, error, from_native, to_native

_FAMILIES = (
    ("gimp-vectors-", "gimp-path-"),
    ("gimp-drawable-transform-", "gimp-item-transform-"),
    ("gimp-edit-", "gimp-drawable-edit-"),
    ("gimp-layer-", "gimp-item-"),
    ("gimp-channel-", "gimp-item-"),
    ("gimp-drawable-", "gimp-item-"),
    ("gimp-vectors-", "gimp-item-"),
    ("gimp-item-is-", "gimp-item-id-is-"),
)
_ARRAYS = (
    "GimpInt32Array",
    "GimpDoubleArray",
    "GimpCoreObjectArray",
    "GimpColorArray",
    "GBytes",
    "GStrv",
)
_SUCCESS, _CANCEL = Gimp.PDBStatusType.SUCCESS, Gimp.PDBStatusType.CANCEL


class Pdb(object):
    """Procedures as attributes (dashes as underscores) or by name: pdb["gimp-message"]."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Procedure(name.replace("_", "-"))

    def __getitem__(self, name):
        return Procedure(name.replace("_", "-"))

    def has_key(self, name):
        """Whether a procedure of that name can be called."""
        name = name.replace("_", "-")
        return name in _adapted.TABLE or _present_name(name) is not None

    __contains__ = has_key

    def query(self, *patterns):
        """The names of GIMP 3's procedures that fit the patterns (name first)."""
        return Gimp.get_pdb().query_procedures(*(list(patterns) + [".*"] * (8 - len(patterns))))


def _exists(name):
    return Gimp.get_pdb().procedure_exists(name)


def _present_name(name):
    """The name by which GIMP 3 knows a procedure of GIMP 2.10; None when it does not."""
    candidates = [name]
    candidates += [new + name[len(old) :] for old, new in _FAMILIES if name.startswith(old)]
    candidates.append(name.replace("-vectors", "-path"))
    for candidate in list(candidates):
        words = candidate.split("-")
        candidates += ["-".join(words[:i] + ["get"] + words[i:]) for i in range(2, len(words))]
    for candidate in candidates:
        if _exists(candidate):
            return candidate
    return None


class Procedure(object):
    """One procedure, to be called with 2.10's arguments."""

    def __init__(self, name):
        self.proc_name = name

    def __repr__(self):
        return "<pdb function %s>" % self.proc_name

    def __call__(self, *args, **kwargs):
        if self.proc_name in _adapted.TABLE:
            return _adapted.TABLE[self.proc_name](*args)
        name = _present_name(self.proc_name)
        if name is None:
            raise NotCovered(
                "pdb." + self.proc_name.replace("-", "_"), _adapted.instead(self.proc_name)
            )
        return call(name, args, kwargs.get("run_mode", int(Gimp.RunMode.NONINTERACTIVE)))

    @property
    def params(self):
        """(type name, name, description) of each argument, as GIMP 3 has them."""
        return tuple(_described(spec) for spec in self._native().get_arguments())

    @property
    def return_vals(self):
        """(type name, name, description) of each result, as GIMP 3 has them."""
        return tuple(_described(spec) for spec in self._native().get_return_values())

    def _native(self):
        name = _present_name(self.proc_name)
        if name is None:
            raise NotCovered("pdb." + self.proc_name.replace("-", "_"))
        return Gimp.get_pdb().lookup_procedure(name)


def _described(spec):
    return (spec.value_type.name, spec.name, spec.blurb)


def call(name, args, run_mode=int(Gimp.RunMode.NONINTERACTIVE)):
    """Calls GIMP 3's procedure `name` and returns None, one value, or a tuple.

    Raises error with GIMP's own message, CancelError when the user cancelled.
    """
    procedure = Gimp.get_pdb().lookup_procedure(name)
    config = procedure.create_config()
    specs = procedure.get_arguments()
    if specs and specs[0].name == "run-mode":
        config.set_property("run-mode", Gimp.RunMode(run_mode))
        specs = specs[1:]
    for spec, value in _paired(name, specs, list(args)):
        _set(config, spec, value)
    result = procedure.run(config)
    status = result.index(0)
    if status == _CANCEL:
        raise CancelError("cancelled")
    if status != _SUCCESS:
        raise error(Gimp.get_pdb().get_last_error() or "%s failed" % name)
    return _results(result, procedure.get_return_values())


def _paired(name, specs, args):
    """Each parameter with its value; counts before arrays are left out."""
    pairs = []
    for spec in specs:
        if _drawables_are_missing(spec, args):
            # GIMP 3 wants drawables with every image, where this procedure of 2.10 took none.
            pairs.append((spec, pairs[-1][1].native.get_selected_drawables()))
            continue
        if not args:
            break  # what GIMP 3 has more keeps its default
        if _is_array(spec) and isinstance(args[0], int) and len(args) > 1:
            args.pop(0)
        pairs.append((spec, args.pop(0)))
    if args:
        raise TypeError("%s takes %d arguments in GIMP 3" % (name, len(specs)))
    return pairs


def _drawables_are_missing(spec, args):
    if spec.name != "drawables" or spec.value_type.name != "GimpCoreObjectArray":
        return False
    return not args or not isinstance(args[0], (_objects.Drawable, list, tuple))


def _is_array(spec):
    return spec.value_type.name in _ARRAYS


def _set(config, spec, value):
    value = to_native(value, spec)
    if value == []:
        return  # what it is without
    kind = spec.value_type.name
    if kind == "GimpCoreObjectArray":
        config.set_core_object_array(spec.name, value)
    elif kind == "GimpColorArray":
        config.set_color_array(spec.name, value)
    elif kind in ("GimpDoubleArray", "GimpInt32Array"):
        holder = GObject.Value(spec.value_type)
        setter = Gimp.value_set_double_array if "Double" in kind else Gimp.value_set_int32_array
        setter(holder, list(value))
        config.set_property(spec.name, holder.get_boxed())
    else:
        config.set_property(spec.name, value)


def _results(result, specs):
    values = []
    for position, spec in enumerate(specs, 1):
        kind = spec.value_type.name
        if kind == "GimpCoreObjectArray":
            value = result.get_core_object_array(position)
        elif kind == "GimpColorArray":
            value = result.get_color_array(position)
        else:
            value = result.index(position)
        value = from_native(value)
        if kind in _ARRAYS:
            value = tuple(value or ())
            values.append(len(value))
        values.append(value)
    if not values:
        return None
    return values[0] if len(values) == 1 else tuple(values)


pdb = Pdb()

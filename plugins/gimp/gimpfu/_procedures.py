# SPDX-License-Identifier: GPL-3.0-or-later
"""`pdb`: GIMP's procedures by their 2.10 names, with 2.10's order of arguments and of results.

A name is looked up as it is, then among the adapted ones (a function each, where arguments
changed), then by the renamings that GIMP 3 made throughout. Arrays lost their count in GIMP 3:
here a count before an array is dropped on the way in and added on the way out.
"""

from gi.repository import Gimp, GObject

from . import _adapted, _files, _objects, _types
from ._errors import CancelError, NotCovered, error
from ._python2 import whole
from ._values import from_native, to_native

_FAMILIES = (
    ("gimp-vectors-", "gimp-path-"),
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


class MissingProcedure(NotCovered, AttributeError):
    """A procedure that GIMP 3 has not: `hasattr(pdb, name)` says so too."""


class Pdb(object):
    """Procedures as attributes (dashes as underscores) or by name: pdb["gimp-message"]."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _procedure(name)

    def __getitem__(self, name):
        return _procedure(name)

    def has_key(self, name):
        """Whether a procedure of that name can be called."""
        return _implementation(_dashed(name)) is not None

    __contains__ = has_key

    def query(self, *patterns):
        """The names of GIMP 3's procedures that fit the patterns (name first)."""
        names = Gimp.get_pdb().query_procedures(*(list(patterns) + [".*"] * (8 - len(patterns))))
        return list(names)


def _dashed(name):
    return name.replace("_", "-")


def _procedure(name):
    """The procedure of that name. Raises MissingProcedure, once GIMP can be asked."""
    name = _dashed(name)
    if _hears() and _implementation(name) is None:
        raise MissingProcedure("pdb." + name.replace("-", "_"), _adapted.instead(name))
    return Procedure(name)


def _hears():
    """Whether GIMP can be asked: not before `main()`."""
    return Gimp.get_plug_in() is not None


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


_implementations = {}  # procedures asked for before: asking GIMP again and again takes time


def _implementation(name):
    """What does it: one of our functions, or the name of GIMP 3's procedure; None for nothing."""
    if name in _adapted.TABLE:
        return _adapted.TABLE[name]
    if name not in _implementations:
        implementation = _files.find(name, _exists, call_named) or _present_name(name)
        if implementation is None:
            return None  # it may be there later, when it is a plug-in's
        _implementations[name] = implementation
    return _implementations[name]


class Procedure(object):
    """One procedure, to be called with 2.10's arguments."""

    def __init__(self, name):
        self._name = name

    proc_name = property(lambda self: self._name)

    @property
    def _called(self):
        """The name as Python writes it."""
        return self._name.replace("-", "_")

    def __repr__(self):
        return "<pdb function %s>" % self._called

    def __call__(self, *args, **kwargs):
        if not _hears():
            raise error("pdb.%s was called before main(): GIMP cannot hear yet." % self._called)
        implementation = _implementation(self._name)
        if implementation is None:
            raise MissingProcedure("pdb." + self._called, _adapted.instead(self._name))
        args = [_plain(one) for one in args]
        if callable(implementation):
            return _as_before(implementation(*args))
        return call(implementation, args, kwargs.get("run_mode", int(Gimp.RunMode.NONINTERACTIVE)))

    @property
    def params(self):
        """(type, name, description) of each argument; types are 2.10's numbers."""
        return tuple(_types.described(spec) for spec in self._specs("get_arguments"))

    @property
    def return_vals(self):
        """(type, name, description) of each result; types are 2.10's numbers."""
        return tuple(_types.described(spec) for spec in self._specs("get_return_values"))

    nparams = property(lambda self: len(self.params))
    nreturn_vals = property(lambda self: len(self.return_vals))
    proc_type = property(lambda self: int(self._native().get_proc_type()))
    proc_blurb = property(lambda self: self._native().get_blurb())
    proc_help = property(lambda self: self._native().get_help())
    proc_author = property(lambda self: self._native().get_authors())
    proc_copyright = property(lambda self: self._native().get_copyright())
    proc_date = property(lambda self: self._native().get_date())

    def _specs(self, getter):
        return getattr(self._native(), getter)()

    def _native(self):
        """GIMP 3's procedure. Raises NotCovered where a function of ours stands for it."""
        name = self._name if _exists(self._name) else _present_name(self._name)
        if name is None:
            raise NotCovered("the description of pdb." + self._called)
        return Gimp.get_pdb().lookup_procedure(name)


def _plain(value):
    """An argument without what it does not mean: -1 stood for no object in GIMP 2.10's lists."""
    return value.decode("utf-8", "replace") if type(value) is bytes else value


def _as_before(value):
    """Yes and no were 1 and 0 in GIMP 2.10."""
    if isinstance(value, bool):
        return int(value)
    return tuple(_as_before(one) for one in value) if type(value) is tuple else whole(value)


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
        _set(name, config, spec, value)
    return _run(name, procedure, config)


def call_named(name, values):
    """Calls GIMP 3's procedure `name` with arguments by their names there."""
    procedure = Gimp.get_pdb().lookup_procedure(name)
    config = procedure.create_config()
    specs = {spec.name: spec for spec in procedure.get_arguments()}
    if "run-mode" in specs:
        config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    for argument, value in values.items():
        _set(name, config, specs[argument], value)
    return _run(name, procedure, config)


def _run(name, procedure, config):
    result = procedure.run(config)
    status = result.index(0)
    if status == _CANCEL:
        raise CancelError("cancelled")
    if status != _SUCCESS:
        raise error(Gimp.get_pdb().get_last_error() or "%s failed" % name)
    return _results(result, procedure.get_return_values())


def _paired(name, specs, args):
    """Each parameter with its value; counts before arrays are left out."""
    pairs, count = [], len(args)
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
        text = "wrong number of parameters: %s takes %d arguments in GIMP 3, %d were given"
        raise TypeError(text % (name, len(specs), count))
    return pairs


def _drawables_are_missing(spec, args):
    if spec.name != "drawables" or spec.value_type.name != "GimpCoreObjectArray":
        return False
    return not args or not isinstance(args[0], (_objects.Drawable, list, tuple))


def _is_array(spec):
    return spec.value_type.name in _ARRAYS


def _set(name, config, spec, value):
    value = to_native(value, spec)
    if value == []:
        return  # what it is without
    _check_range(name, spec, value)
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


def _check_range(name, spec, value):
    """Raises error for a number that GIMP would leave out with no more than a warning."""
    low, high = getattr(spec, "minimum", None), getattr(spec, "maximum", None)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return
    if isinstance(low, (int, float)) and not low <= value <= high:
        text = "Procedure '%s' has been called with value '%s' for argument '%s'. "
        raise error((text + "This value is out of range.") % (name, value, spec.name))


def _results(result, specs):
    values = []
    for position, spec in enumerate(specs, 1):
        kind = spec.value_type.name
        if kind == "GimpCoreObjectArray":
            out = result.get_core_object_array(position)
            # Lists of objects were counts and IDs in GIMP 2.10.
            values += [len(out), tuple(one.get_id() for one in out)]
            continue
        if kind == "GimpColorArray":
            value = result.get_color_array(position)
        else:
            value = result.index(position)
        value = from_native(value)
        if kind in _ARRAYS:
            value = tuple(value or ())
            values.append(len(value))
        values.append(_as_before(value))
    if not values:
        return None
    return values[0] if len(values) == 1 else tuple(values)


pdb = Pdb()


def _described(kind):
    """`gimp-procedural-db-proc-arg` and `-val`: one argument's or result's type, name and text."""

    def describe(name, number):
        specs = getattr(_procedure(name), kind)
        if not 0 <= number < len(specs):
            raise error("Procedure '%s' has no such argument: %d" % (name, number))
        return specs[number]

    return describe


_adapted.TABLE["gimp-procedural-db-proc-arg"] = _described("params")
_adapted.TABLE["gimp-procedural-db-proc-val"] = _described("return_vals")
_adapted.TABLE["gimp-procedural-db-proc-exists"] = lambda name: int(pdb.has_key(name))

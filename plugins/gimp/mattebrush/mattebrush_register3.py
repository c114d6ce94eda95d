# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries as procedures of GIMP 3."""

from gimpfu import CancelError, error, gimp, gimpcolor  # isort: skip - first: versions of libgimp
import sys
import traceback

from gi.repository import Babl, Gegl, Gimp, GLib, GObject
from mattebrush_host import pixels
from mattebrush_run import SIGNED, Failed, RunMode, procedure_name, run

_FLAGS = GObject.ParamFlags.READWRITE
_STATUS = Gimp.PDBStatusType
_MODES = {
    Gimp.RunMode.INTERACTIVE: RunMode.INTERACTIVE,
    Gimp.RunMode.WITH_LAST_VALS: RunMode.AGAIN,
    Gimp.RunMode.NONINTERACTIVE: RunMode.SCRIPT,
}
_SENSITIVE = Gimp.ProcedureSensitivityMask
_entries = {}


def main(entries):
    """Hands over to GIMP."""
    _entries.update((procedure_name(entry), (place, entry)) for place, entry in enumerate(entries))
    Gimp.main(Mattebrush.__gtype__, sys.argv)


class Mattebrush(Gimp.PlugIn):
    """What GIMP sees."""

    def do_set_i18n(self, name):
        """The texts are translated already."""
        return False

    def do_query_procedures(self):
        """Their names."""
        return list(_entries)

    def do_create_procedure(self, name):
        """One of them."""
        Gegl.init(None)  # for colors among the arguments
        place, entry = _entries[name]
        kind = Gimp.PDBProcType.PLUGIN
        if entry.check:
            made = Gimp.ImageProcedure.new(self, name, kind, _run_image, entry)
            made.set_image_types("*")
            # Always: an entry says why it cannot, where a gray one keeps silent.
            made.set_sensitivity_mask(
                _SENSITIVE.DRAWABLE | _SENSITIVE.DRAWABLES | _SENSITIVE.NO_DRAWABLES
            )
        else:
            made = Gimp.Procedure.new(self, name, kind, _run_plain, entry)
            made.add_enum_argument(
                "run-mode", "Run mode", "The run mode", Gimp.RunMode,
                Gimp.RunMode.NONINTERACTIVE, _FLAGS)  # fmt: skip
        made.set_documentation(entry.tip, entry.tip, name)
        made.set_attribution(*SIGNED)
        made.set_menu_label(entry.label)
        for row in entry.rows:
            _DECLARE[row.kind](made, row, row.name.replace("_", "-"))
        for menu in entry.menus:
            # GIMP sorts by the whole path, and drops the name of a section that is not there: so
            # the entries stand in the order of the table.
            made.add_menu_path("%s/[Mattebrush %d]" % (menu, place))
        return made


def _choice(procedure, row, name):
    choice = Gimp.Choice.new()
    for number, (word, label) in enumerate(row.choices):
        choice.add(word, number, label, "")
    procedure.add_choice_argument(name, row.title, row.tip, choice, row.default, _FLAGS)


def _color(procedure, row, name):
    color = gimpcolor.from_any(row.default).to_gegl()
    procedure.add_color_argument(name, row.title, row.tip, False, color, _FLAGS)


def _number(procedure, row, name):
    low, high, default = float(row.low), float(row.high), float(row.default)
    procedure.add_double_argument(name, row.title, row.tip, low, high, default, _FLAGS)


def _switch(procedure, row, name):
    procedure.add_boolean_argument(name, row.title, row.tip, row.default, _FLAGS)


def _text(procedure, row, name):
    procedure.add_string_argument(name, row.title, row.tip, row.default, _FLAGS)


_DECLARE = {
    "choice": _choice,
    "color": _color,
    "number": _number,
    "switch": _switch,
    "text": _text,
    "model": _text,
    "hidden": _text,
}


def _run_image(procedure, run_mode, image, drawables, config, entry):
    image = gimp._id2image(image.get_id())
    layers = pixels.layers_of(image, drawables)
    return _run(procedure, run_mode, entry, image, layers, config)


def _run_plain(procedure, config, entry):
    return _run(procedure, config.get_property("run-mode"), entry, None, [], config)


def _run(procedure, run_mode, entry, image, layers, config):
    values = {row.name: _value(config, row) for row in entry.rows}
    try:
        run(entry, _MODES[run_mode], image, layers, values)
    except CancelError:
        return procedure.new_return_values(_STATUS.CANCEL, None)
    except (error, Failed) as why:
        return _failed(procedure, str(why))
    except Exception as why:  # GIMP shows it; the traceback is for us
        traceback.print_exc()
        return _failed(procedure, "%s: %s" % (type(why).__name__, why))
    return procedure.new_return_values(_STATUS.SUCCESS, None)


def _failed(procedure, text):
    failure = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), text, 0)
    return procedure.new_return_values(_STATUS.EXECUTION_ERROR, failure)


def _value(config, row):
    value = config.get_property(row.name.replace("_", "-"))
    if row.kind == "color":
        return tuple(value.get_bytes(Babl.format("R'G'B' u8")).get_data())
    return value or "" if row.kind in ("text", "model", "hidden") else value

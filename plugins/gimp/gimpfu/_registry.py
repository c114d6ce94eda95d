# SPDX-License-Identifier: GPL-3.0-or-later
"""`register` and `main`: a plug-in's functions become GIMP 3's procedures, with menu and dialog."""

import contextlib
import sys
import traceback

from gi.repository import Gegl, Gimp, GLib, GObject

from . import _handlers, _menus
from ._errors import CancelError, error
from ._parameters import (
    OBJECTS,
    PF_CHANNEL,
    PF_DRAWABLE,
    PF_IMAGE,
    PF_STRING,
    PF_VECTORS,
    canonical,
    parameters,
)
from ._values import wrap

_PREFIXES = ("python-", "python_", "extension-", "extension_", "plug-in-", "plug_in_",
             "file-", "file_")  # fmt: skip
_DRAWABLES = Gimp.ProcedureSensitivityMask.DRAWABLE | Gimp.ProcedureSensitivityMask.DRAWABLES
_FLAGS = GObject.ParamFlags.READWRITE
_NONINTERACTIVE = Gimp.RunMode.NONINTERACTIVE

_registered = {}


def register(proc_name, blurb, help, author, copyright, date, label, imagetypes,
             params, results, function, menu=None, domain=None,
             on_query=None, on_run=None, run_mode_param=True):  # fmt: skip
    """Declares a procedure: the arguments are those of GIMP 2.10's gimpfu.

    params: tuples (PF_ type, name, description, default, range or list). Where `menu` is in an
    image's menus and the image is missing from `params`, image and drawable are put before them.
    """
    _check(proc_name, params, results)
    if not proc_name.startswith(_PREFIXES):
        proc_name = "python-fu-" + proc_name
    name = canonical(proc_name.replace("_", "-"))
    if menu is None and label and "/" in label:
        menu, _, label = label.rpartition("/")
        params = _menu_parameters(menu) + list(params)
    _registered[name] = _Plugin(
        name, (blurb, help, author, copyright, date), label, imagetypes, params, results,
        function, menu, on_query, on_run)  # fmt: skip


def _check(name, params, results):
    """Raises error for what 2.10 refused, too."""
    allowed = set("-_")
    if not all(c in allowed or (c.isascii() and c.isalnum()) for c in name):
        raise error("procedure name contains illegal characters")
    for described in params:
        if len(described) < 4:
            text = "parameter definition must contain at least 4 elements (%s given: %s)"
            raise error(text % (len(described), described))
    for described in results:
        if len(described) < 3:
            text = "result definition must contain at least 3 elements (%s given: %s)"
            raise error(text % (len(described), described))
    for described in list(params) + list(results):
        if not isinstance(described[0], int):
            raise error("parameter types must be integers")


def _menu_parameters(menu):
    """The parameters that a label with its whole path brought along."""
    if menu.startswith(("<Image>", "<Save>")):
        parameters = [(PF_IMAGE, "image", "Input image", None)]
        parameters.append((PF_DRAWABLE, "drawable", "Input drawable", None))
        if menu.startswith("<Save>"):
            parameters += _FILE_NAMES
        return parameters
    return list(_FILE_NAMES) if menu.startswith("<Load>") else []


_FILE_NAMES = (
    (PF_STRING, "filename", "The name of the file", None),
    (PF_STRING, "raw-filename", "The name of the file", None),
)


class _Plugin(object):
    """What `register` was told about one procedure."""

    def __init__(self, name, texts, label, imagetypes, params, results, function, menu,
                 on_query, on_run):  # fmt: skip
        self.name = name
        self.blurb, self.help, self.author, self.copyright, self.date = texts
        self.label, self.imagetypes = label, imagetypes or ""
        self.menus = [menu] if menu else []
        self.function, self.on_query, self.on_run = function, on_query, on_run
        kinds = [one[0] for one in params]
        # GIMP hands image and drawables over by itself, before all other arguments.
        self.takes_image = kinds[:1] == [PF_IMAGE]
        self.parameters = parameters(params, leading=2)
        second = self.parameters[1:2]
        self.takes_drawable = self.takes_image and bool(second) and second[0].is_drawable
        self.leading = int(self.takes_image) + int(self.takes_drawable)
        if self.leading < 2:
            self.parameters = parameters(params, leading=self.leading)
        self.results = parameters(results)

    def declare(self, plugin):
        """The libgimp procedure."""
        if self.on_query:
            self.on_query()
        handler = _handlers.of(self.name, self.menus)
        make = {"load": self._loader, "save": self._saver}.get(handler and handler.kind)
        made = make(plugin, handler) if make else self._plain_or_image(plugin)
        made.set_documentation(self.blurb or "", self.help or "", self.name)
        made.set_attribution(self.author or "", self.copyright or "", str(self.date or ""))
        if self.label:
            made.set_menu_label(self.label)
        for path in filter(None, (_menus.path(menu) for menu in self.menus)):
            made.add_menu_path(path)
        return made

    def _plain_or_image(self, plugin):
        kind = Gimp.PDBProcType.PLUGIN
        if self.takes_image:
            made = Gimp.ImageProcedure.new(plugin, self.name, kind, self._run_image, None)
            made.set_image_types(self.imagetypes or "*")
            always = Gimp.ProcedureSensitivityMask.NO_DRAWABLES
            made.set_sensitivity_mask(_DRAWABLES if self.takes_drawable else _DRAWABLES | always)
        else:
            made = Gimp.Procedure.new(plugin, self.name, kind, self._run_plain, None)
            texts = "run-mode", "Run mode", "The run mode"
            made.add_enum_argument(*(texts + (Gimp.RunMode, _NONINTERACTIVE, _FLAGS)))
        for parameter in self.parameters[self.leading :]:
            parameter.declare(made)
        for result in self.results:
            result.declare_result(made)
        return made

    def _loader(self, plugin, handler):
        """A procedure that opens files: the function gets the file's name twice, as in 2.10."""
        kind = Gimp.PDBProcType.PLUGIN
        made = Gimp.LoadProcedure.new(plugin, self.name, kind, self._run_load, None)
        self.leading = min(2, len(self.parameters))
        handler.declare(made)
        for parameter in self.parameters[self.leading :]:
            parameter.declare(made)
        return made

    def _saver(self, plugin, handler):
        """A procedure that exports: image, drawable, and the file's name twice, as in 2.10."""
        kind = Gimp.PDBProcType.PLUGIN
        made = Gimp.ExportProcedure.new(plugin, self.name, kind, False, self._run_save, None)
        made.set_image_types(self.imagetypes or "*")
        self.leading = min(4, len(self.parameters))
        handler.declare(made)
        for parameter in self.parameters[self.leading :]:
            parameter.declare(made)
        return made

    def _run_image(self, procedure, run_mode, image, drawables, config, data):
        args = [wrap(image)]
        if self.takes_drawable:
            chosen = wrap(drawables[0]) if drawables else args[0].active_drawable
            if chosen is None:
                text = "%s needs a layer; the image has none selected."
                text %= (self.label or self.name).replace("_", "")
                return _failed(procedure, text, Gimp.PDBStatusType.CALLING_ERROR)
            args.append(chosen)
            return self._run(procedure, run_mode, args, config)
        with _selected(image, drawables):
            return self._run(procedure, run_mode, args, config)

    def _run_plain(self, procedure, config, data):
        return self._run(procedure, config.get_property("run-mode"), [], config)

    def _run_load(self, procedure, run_mode, file, metadata, flags, config, data):
        name = file.get_path() or file.get_uri()
        result = self._run(procedure, run_mode, [name, name][: self.leading], config)
        return result, flags

    def _run_save(self, procedure, run_mode, image, file, options, metadata, config, data):
        ours, name = wrap(image), file.get_path() or file.get_uri()
        chosen = ours.active_drawable or (ours.layers or [None])[0]
        args = [ours, chosen, name, name][: self.leading]
        return self._run(procedure, run_mode, args, config)

    def _run(self, procedure, run_mode, args, config):
        try:
            returned = self._call(procedure, run_mode, args, config)
            if run_mode != _NONINTERACTIVE:
                Gimp.displays_flush()
            return self._succeeded(procedure, returned)
        except CancelError:
            return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
        except error as why:
            return _failed(procedure, str(why))
        except Exception as why:  # GIMP shows it; the traceback is for the author
            traceback.print_exc()
            return _failed(procedure, "%s: %s" % (type(why).__name__, why))

    def _call(self, procedure, run_mode, args, config):
        """Calls the plug-in's function, after its dialog if there is something to ask."""
        if self.on_run:
            self.on_run()
        menu_gave = self._active(args, run_mode)
        remaining = self.parameters[self.leading + len(menu_gave) :]
        if run_mode == Gimp.RunMode.INTERACTIVE and remaining:
            from . import _dialog  # only here: it needs a screen

            keeps = isinstance(procedure, Gimp.ImageProcedure)
            memory = None if keeps else _Memory(self.name)
            return _dialog.run(self, remaining, config, args + menu_gave, memory)
        values = [parameter.value(config) for parameter in remaining]
        return self.function(*(args + menu_gave + values))

    def _active(self, args, run_mode):
        """The channel or path that 2.10's menus handed over with the image."""
        rest = self.parameters[self.leading :][:1]
        if run_mode == _NONINTERACTIVE or len(args) != 1 or not rest or not self.takes_image:
            return []
        image = args[0]
        if rest[0].kind == PF_VECTORS and image.active_vectors is not None:
            return [image.active_vectors]
        if rest[0].kind == PF_CHANNEL and image.active_channel is not None:
            return [image.active_channel]
        return []

    def _succeeded(self, procedure, returned):
        made = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
        if len(self.results) == 1 and not isinstance(returned, (list, tuple)):
            returned = (returned,)
        for position, result in enumerate(self.results[: made.length() - 1]):
            value = result.result(returned[position])
            made.remove(position + 1)
            made.insert(position + 1, _boxed(procedure, position, value))
        return made


class _Memory(object):
    """What a dialog was left with, until GIMP ends, where GIMP itself keeps nothing."""

    def __init__(self, name):
        self.key = "python-fu-save--" + name

    def load(self, parameters, config):
        """Puts what was kept into the procedure's configuration."""
        from . import gimpshelf

        Gimp.config_reset_properties(config)
        if not gimpshelf.shelf.has_key(self.key):
            return
        kept = gimpshelf.shelf[self.key]
        for parameter in parameters:
            if parameter.name in kept:
                parameter.store(config, kept[parameter.name])

    def save(self, parameters, values):
        """Keeps what was chosen; things that are open in GIMP may be gone by then."""
        from . import gimpshelf

        pairs = zip(parameters, values)
        gimpshelf.shelf[self.key] = {
            one.name: tuple(value) if hasattr(value, "to_gegl") else value
            for one, value in pairs
            if one.kind not in OBJECTS
        }


@contextlib.contextmanager
def _selected(image, drawables):
    """The layers that a script hands over are selected meanwhile.

    GIMP 3 wants drawables for every image; a plug-in of 2.10 that takes none asks the image.
    """
    before = image.get_selected_layers()
    layers = [one for one in drawables if isinstance(one, Gimp.Layer)]
    if not layers or set(layers) == set(before):
        yield
        return
    image.set_selected_layers(layers)
    try:
        yield
    finally:
        if image.is_valid() and all(one.is_valid() for one in before):
            image.set_selected_layers(before)


def _boxed(procedure, position, value):
    """A GValue of the type that the procedure declared for this result."""
    box = GObject.Value(procedure.get_return_values()[position].value_type)
    box.set_value(value)
    return box


def _failed(procedure, text, status=Gimp.PDBStatusType.EXECUTION_ERROR):
    return procedure.new_return_values(
        status, GLib.Error.new_literal(Gimp.PlugIn.error_quark(), text, 0)
    )


class GimpfuPlugin(Gimp.PlugIn):
    """The plug-in that GIMP sees."""

    def do_set_i18n(self, name):
        """Plug-ins for 2.10 look after their translations themselves."""
        return False

    query = None
    """What declares procedures beside `register`: see `_lowlevel`."""

    def _ask(self):
        """Has the procedures declared, once."""
        query, type(self).query = self.query, None
        if query:
            query()

    def do_query_procedures(self):
        """Their names."""
        self._ask()
        return list(_registered)

    def do_create_procedure(self, name):
        """One of them."""
        self._ask()
        Gegl.init(None)  # for colours among the parameters; not earlier: GIMP does it too
        return _registered[name].declare(self)


def menu_register(name, path):
    """Puts a registered procedure into one more menu: gimp.menu_register of GIMP 2.10."""
    name = canonical(name.replace("_", "-"))
    if name in _registered and path not in _registered[name].menus:
        _registered[name].menus.append(path)


def main():
    """The last line of a plug-in: hands over to GIMP."""
    Gimp.main(GimpfuPlugin.__gtype__, sys.argv)


def fail(text):
    """Ends the plug-in with a message for the user."""
    raise error(text)


def N_(text):
    """Marks a text for translation."""
    return text

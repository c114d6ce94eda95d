# SPDX-License-Identifier: GPL-3.0-or-later
"""`register` and `main`: a plug-in's functions become GIMP 3's procedures, with menu and dialog."""

import contextlib
import os
import sys
import traceback

from gi.repository import Gegl, Gimp, GLib, GObject

from ._objects import wrap
from ._parameters import PF_DRAWABLE, PF_IMAGE, PF_STRING, Parameter, canonical
from ._values import CancelError, error

_PREFIXES = ("python-", "python_", "extension-", "extension_", "plug-in-", "plug_in_",
             "file-", "file_")  # fmt: skip
_DRAWABLES = Gimp.ProcedureSensitivityMask.DRAWABLE | Gimp.ProcedureSensitivityMask.DRAWABLES
_FLAGS = GObject.ParamFlags.READWRITE

_registered = {}


def register(proc_name, blurb, help, author, copyright, date, label, imagetypes,
             params, results, function, menu=None, domain=None,
             on_query=None, on_run=None):  # fmt: skip
    """Declares a procedure: the arguments are those of GIMP 2.10's gimpfu.

    params: tuples (PF_ type, name, description, default, range or list). Where `menu` is in an
    image's menus and the image is missing from `params`, image and drawable are put before them.
    """
    if not proc_name.startswith(_PREFIXES):
        proc_name = "python-fu-" + proc_name
    name = canonical(proc_name.replace("_", "-"))
    if menu is None and "/" in label:
        menu, _, label = label.rpartition("/")
        params = _given_by_menu(menu) + list(params)
    _registered[name] = _Plugin(
        name, (blurb, help, author, copyright, date), label, imagetypes, params, results,
        function, menu, on_query, on_run)  # fmt: skip


def _given_by_menu(menu):
    """The parameters that a label with its whole path brought along."""
    if menu.startswith(("<Image>", "<Save>")):
        given = [(PF_IMAGE, "image", "Input image", None)]
        given.append((PF_DRAWABLE, "drawable", "Input drawable", None))
        if menu.startswith("<Save>"):
            given += _FILE_NAMES
        return given
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
        self.parameters = [Parameter(one) for one in params]
        self.results = [Parameter(tuple(one) + (None,)) for one in results]
        # GIMP hands image and drawables over by itself, before all other arguments.
        self.takes_image = bool(self.parameters) and self.parameters[0].is_image
        second = self.parameters[1:2]
        self.takes_drawable = self.takes_image and bool(second) and second[0].is_drawable
        self.given = int(self.takes_image) + int(self.takes_drawable)

    def declare(self, plugin):
        """The libgimp procedure."""
        kind = Gimp.PDBProcType.PLUGIN
        if self.takes_image:
            made = Gimp.ImageProcedure.new(plugin, self.name, kind, self._run_image, None)
            made.set_image_types(self.imagetypes or "*")
            always = Gimp.ProcedureSensitivityMask.NO_DRAWABLES
            made.set_sensitivity_mask(_DRAWABLES if self.takes_drawable else _DRAWABLES | always)
        else:
            made = Gimp.Procedure.new(plugin, self.name, kind, self._run_plain, None)
            made.add_enum_argument(
                "run-mode", "Run mode", "The run mode", Gimp.RunMode,
                Gimp.RunMode.NONINTERACTIVE, _FLAGS)  # fmt: skip
        made.set_documentation(self.blurb or "", self.help or "", self.name)
        made.set_attribution(self.author or "", self.copyright or "", self.date or "")
        if self.label:
            made.set_menu_label(self.label)
        for parameter in self.parameters[self.given :]:
            parameter.declare(made)
        for result in self.results:
            result.declare_result(made)
        if self.on_query:
            self.on_query()
        for menu in self.menus:
            made.add_menu_path(menu)
        return made

    def _run_image(self, procedure, run_mode, image, drawables, config, data):
        given = [wrap(image)]
        if self.takes_drawable:
            chosen = wrap(drawables[0]) if drawables else given[0].active_drawable
            if chosen is None:
                text = "%s needs a layer; the image has none selected."
                text %= self.label.replace("_", "")
                return _failed(procedure, text, Gimp.PDBStatusType.CALLING_ERROR)
            given.append(chosen)
            return self._run(procedure, run_mode, given, config)
        with _selected(image, drawables):
            return self._run(procedure, run_mode, given, config)

    def _run_plain(self, procedure, config, data):
        run_mode = config.get_property("run-mode")
        if run_mode == Gimp.RunMode.INTERACTIVE:
            # GIMP has noted the defaults of its last query, the plug-in may have others by now.
            Gimp.config_reset_properties(config)
        return self._run(procedure, run_mode, [], config)

    def _run(self, procedure, run_mode, given, config):
        if self.on_run:
            self.on_run()
        asked = self.parameters[self.given :]
        try:
            if run_mode == Gimp.RunMode.INTERACTIVE and asked:
                _ask(procedure, config, self.label, [parameter.name for parameter in asked])
            values = [parameter.value(config) for parameter in asked]
            returned = self.function(*(given + values))
            if run_mode != Gimp.RunMode.NONINTERACTIVE:
                Gimp.displays_flush()
        except CancelError:
            return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
        except error as why:
            return _failed(procedure, str(why))
        except Exception as why:  # GIMP shows it; the traceback is for the author
            traceback.print_exc()
            return _failed(procedure, "%s: %s" % (type(why).__name__, why))
        return self._succeeded(procedure, returned)

    def _succeeded(self, procedure, returned):
        made = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
        if len(self.results) == 1:
            returned = (returned,)
        for position, result in enumerate(self.results):
            made.remove(position + 1)
            made.insert(
                position + 1, _boxed(procedure, position, result.result(returned[position]))
            )
        return made


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
        if all(one.is_valid() for one in before):
            image.set_selected_layers(before)


def _boxed(procedure, position, value):
    """A GValue of the type that the procedure declared for this result."""
    box = GObject.Value(procedure.get_return_values()[position].value_type)
    box.set_value(value)
    return box


def _ask(procedure, config, label, names):
    """The dialog for the parameters of these names. Raises CancelError when it is closed."""
    import gi

    gi.require_version("GimpUi", "3.0")
    from gi.repository import GimpUi  # only here: it needs a screen

    GimpUi.init(os.path.basename(sys.argv[0]))
    title = label.replace("_", "").rstrip(".…")
    dialog = GimpUi.ProcedureDialog.new(procedure, config, title)
    dialog.fill(names)
    agreed = dialog.run()
    dialog.destroy()
    if not agreed:
        raise CancelError("cancelled")


def _failed(procedure, text, status=Gimp.PDBStatusType.EXECUTION_ERROR):
    return procedure.new_return_values(
        status, GLib.Error.new_literal(Gimp.PlugIn.error_quark(), text, 0)
    )


class GimpfuPlugin(Gimp.PlugIn):
    """The plug-in that GIMP sees."""

    def do_set_i18n(self, name):
        """Plug-ins for 2.10 look after their translations themselves."""
        return False

    def do_query_procedures(self):
        """Their names."""
        return list(_registered)

    def do_create_procedure(self, name):
        """One of them."""
        Gegl.init(None)  # for colours among the parameters; not earlier: GIMP does it too
        return _registered[name].declare(self)


def menu_register(name, path):
    """Puts a registered procedure into one more menu: gimp.menu_register of GIMP 2.10."""
    _registered[canonical(name.replace("_", "-"))].menus.append(path)


def main():
    """The last line of a plug-in: hands over to GIMP."""
    Gimp.main(GimpfuPlugin.__gtype__, sys.argv)


def fail(text):
    """Ends the plug-in with a message for the user."""
    raise error(text)


def N_(text):
    """Marks a text for translation."""
    return text

# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog that asks for a plug-in's parameters, with the widgets that GIMP 2.10 had for them."""

import math
import os
import traceback

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("GimpUi", "3.0")
from gi.repository import Gimp, GimpUi, Gtk, Pango  # noqa: E402

from . import _parameters as pf  # noqa: E402
from . import gimpcolor  # noqa: E402
from ._errors import CancelError  # noqa: E402
from ._values import wrap  # noqa: E402

_RESET = 1


class _Invalid(ValueError):
    """What stands in a widget is no value of its type."""


class _Field(object):
    """A widget with its two functions: what it shows now, and how to show something else."""

    def __init__(self, widget, get, set, tip=None):
        self.widget, self.get, self.set = widget, get, set
        self.tip = tip or widget


def run(plugin, parameters, config, leading, memory):
    """Shows the dialog for a registered plug-in, and calls its function with what was chosen.

    Returns what the function returned. Raises CancelError when the user closed the dialog, and
    what the function raised. memory: where to keep what was chosen, if not in `config`.
    """
    GimpUi.init(plugin.name)
    if memory:
        memory.load(parameters, config)
    dialog = _Dialog(plugin, parameters, config)
    try:
        values = dialog.ask()
        for parameter, value in zip(parameters, values):
            parameter.store(config, value)
        if memory:
            memory.save(parameters, values)
        return dialog.work(lambda: plugin.function(*(leading + values)))
    finally:
        dialog.window.destroy()


class _Dialog(object):
    """The window: a line for each parameter, the progress bar, Reset, Cancel and OK."""

    def __init__(self, plugin, parameters, config):
        title = (plugin.label or plugin.name).replace("_", "").rstrip(".…")
        self.title = title
        self.window = GimpUi.Dialog(title=title, role="python-fu")
        self.window.add_button("_Reset", _RESET)
        self.window.add_button("_Cancel", Gtk.ResponseType.CANCEL)
        self.window.add_button("_OK", Gtk.ResponseType.OK)
        self.window.set_default_response(Gtk.ResponseType.OK)
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=12, border_width=12)
        self.window.get_content_area().pack_start(box, True, True, 0)
        if plugin.blurb:
            box.pack_start(GimpUi.HintBox.new(plugin.blurb), False, False, 0)
        self.parameters = parameters
        self.grid = Gtk.Grid(row_spacing=6, column_spacing=6)
        self.fields = [self._row(row, one, config) for row, one in enumerate(parameters)]
        box.pack_start(_scrolled(self.grid, len(parameters)), True, True, 0)
        box.pack_end(GimpUi.ProgressBar.new(), False, False, 0)
        box.show_all()

    def _row(self, row, parameter, config):
        field = _MAKERS[parameter.kind](parameter, _start(parameter, config))
        label = Gtk.Label(label=parameter.text, use_underline=True, xalign=0.0)
        label.set_mnemonic_widget(field.tip)
        field.tip.set_tooltip_text(parameter.blurb)
        if field.tip.get_accessible():
            field.tip.get_accessible().set_name(parameter.blurb)
        field.widget.set_hexpand(True)
        self.grid.attach(label, 0, row, 1, 1)
        self.grid.attach(field.widget, 1, row, 1, 1)
        return field

    def ask(self):
        """The values that were chosen. Raises CancelError."""
        while True:
            answer = self.window.run()
            if answer == _RESET:
                for parameter, field in zip(self.parameters, self.fields):
                    field.set(_default(parameter))
            elif answer != Gtk.ResponseType.OK:
                raise CancelError("cancelled")
            else:
                values = self._values()
                if values is not None:
                    return values

    def _values(self):
        values = []
        for parameter, field in zip(self.parameters, self.fields):
            try:
                values.append(field.get())
            except _Invalid:
                self._show_message("Invalid input for '%s'" % parameter.blurb)
                field.widget.grab_focus()
                return None
        return values

    def work(self, function):
        """Calls the plug-in's function while the dialog shows its progress."""
        for answer in (_RESET, Gtk.ResponseType.CANCEL, Gtk.ResponseType.OK):
            self.window.set_response_sensitive(answer, False)
        self.grid.set_sensitive(False)
        try:
            return function()
        except CancelError:
            raise
        except Exception as why:
            text = "An error occurred running %s" % self.title
            self._show_message(text, "%s: %s" % (type(why).__name__, why), traceback.format_exc())
            raise

    def _show_message(self, text, more=None, details=None):
        kind = Gtk.MessageType.ERROR if details else Gtk.MessageType.WARNING
        message = Gtk.MessageDialog(
            transient_for=self.window, modal=True, message_type=kind,
            buttons=Gtk.ButtonsType.CLOSE, text=text, title=text)  # fmt: skip
        if more:
            message.format_secondary_text(more)
        if details:
            expander = Gtk.Expander(label="_More Information", use_underline=True)
            label = Gtk.Label(label=details, selectable=True, xalign=0.0)
            label.modify_font(Pango.FontDescription("monospace"))
            scrolled = Gtk.ScrolledWindow(min_content_height=160, min_content_width=480)
            scrolled.add(label)
            expander.add(scrolled)
            message.get_message_area().pack_start(expander, True, True, 0)
            expander.show_all()
        message.run()
        message.destroy()


def _scrolled(grid, rows):
    """Many parameters get a scroll bar rather than a window higher than the screen."""
    if rows < 16:
        return grid
    scrolled = Gtk.ScrolledWindow(min_content_height=480, propagate_natural_width=True)
    scrolled.set_policy(Gtk.PolicyType.NEVER, Gtk.PolicyType.AUTOMATIC)
    scrolled.add(grid)
    return scrolled


def _start(parameter, config):
    """What the widget shows first: what was chosen last, or the default."""
    value = config.get_property(parameter.name)
    if parameter.kind == pf.PF_COLOR:
        return gimpcolor.from_gegl(value) if value else gimpcolor.RGB(0, 0, 0)
    if parameter.kind == pf.PF_RADIO:
        return parameter._radio(value)
    return wrap(value) if parameter.kind in pf.OBJECTS else value


def _default(parameter):
    if parameter.kind in pf.OBJECTS:
        return None
    if parameter.kind == pf.PF_COLOR:
        return pf._safe_color(parameter.default)
    if parameter.kind == pf.PF_RADIO:
        return parameter.default
    if parameter.kind in (pf.PF_FLOAT, pf.PF_SLIDER, pf.PF_SPINNER) or isinstance(
        parameter.default, (int, float)
    ):
        return parameter.number()
    return pf._text(parameter.default)


def _digits(step):
    """As many decimals as a step of that size needs."""
    step = abs(step)
    if step == 0 or step >= 1:
        return 0
    digits = 0
    while digits < 20 and abs(step * 10**digits - round(step * 10**digits)) > 1e-9:
        digits += 1
    return digits


def _entry(parameter, value, convert=str):
    entry = Gtk.Entry(text=_entry_text(value), activates_default=True)

    def get():
        try:
            return convert(entry.get_text())
        except ValueError as why:
            raise _Invalid(str(why)) from why

    return _Field(entry, get, lambda new: entry.set_text(_entry_text(new)))


def _entry_text(value):
    if isinstance(value, float):
        return repr(value) if not value.is_integer() else str(value)
    return pf._text(value)


def _integer(text):
    return int(float(text)) if "." in text and float(text).is_integer() else int(text)


def _real(text):
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _adjustment(parameter, value):
    low, high, step = parameter.range
    return Gtk.Adjustment(
        value=value, lower=low, upper=high, step_increment=step, page_increment=10 * step
    )


def _slider(parameter, value):
    adjustment = _adjustment(parameter, value)
    scale = Gtk.Scale(
        orientation=Gtk.Orientation.HORIZONTAL,
        adjustment=adjustment,
        digits=_digits(parameter.range.step),
        value_pos=Gtk.PositionType.TOP,
    )
    scale.set_size_request(200, -1)
    return _Field(scale, adjustment.get_value, adjustment.set_value)


def _spinner(parameter, value):
    adjustment = _adjustment(parameter, value)
    digits = max(_digits(parameter.range.step), _digits(parameter.number() % 1))
    spin = Gtk.SpinButton(adjustment=adjustment, climb_rate=parameter.range.step, digits=digits)
    spin.set_numeric(True)
    spin.set_activates_default(True)

    def get():
        spin.update()
        chosen = round(adjustment.get_value(), digits)
        return int(chosen) if parameter.is_whole else chosen

    return _Field(spin, get, adjustment.set_value)


def _toggle(parameter, value):
    button = Gtk.ToggleButton(label="No")
    button.connect("toggled", lambda it: it.set_label("Yes" if it.get_active() else "No"))
    button.set_active(bool(value))
    return _Field(button, button.get_active, lambda new: button.set_active(bool(new)))


def _radio(parameter, value):
    box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=2)
    buttons, first = [], None
    for one, text in parameter.options():
        button = Gtk.RadioButton.new_with_mnemonic_from_widget(first, text)
        first = first or button
        box.pack_start(button, False, False, 0)
        buttons.append((one, button))

    def get():
        return next(one for one, button in buttons if button.get_active())

    def set(new):
        for one, button in buttons:
            if one == new:
                button.set_active(True)

    set(value)
    return _Field(box, get, set, first)


def _option(parameter, value):
    combo = Gtk.ComboBoxText()
    for _, text in parameter.options():
        combo.append_text(text)
    combo.set_active(int(value))
    return _Field(combo, combo.get_active, lambda new: combo.set_active(int(new)))


def _text_view(parameter, value):
    view = Gtk.TextView(accepts_tab=False)
    content = view.get_buffer()
    content.set_text(pf._text(value))
    scrolled = Gtk.ScrolledWindow(shadow_type=Gtk.ShadowType.IN)
    scrolled.add(view)
    scrolled.set_size_request(240, 90)

    def get():
        return content.get_text(content.get_start_iter(), content.get_end_iter(), True)

    return _Field(scrolled, get, lambda new: content.set_text(pf._text(new)), view)


def _color(parameter, value):
    kind = GimpUi.ColorAreaType.SMALL_CHECKS if value.a < 1 else GimpUi.ColorAreaType.FLAT
    button = GimpUi.ColorButton.new(parameter.blurb, 60, 20, value.to_gegl(), kind)
    return _Field(
        button,
        lambda: gimpcolor.from_gegl(button.get_color()),
        lambda new: button.set_color(new.to_gegl()),
    )


def _file_entry(save):
    def make(parameter, value):
        entry = Gtk.Entry(text=pf._text(value), activates_default=True, hexpand=True)
        button = Gtk.Button.new_from_icon_name("document-open", Gtk.IconSize.BUTTON)
        button.set_tooltip_text("Choose a file")
        box = Gtk.Box(spacing=2)
        box.pack_start(entry, True, True, 0)
        box.pack_start(button, False, False, 0)
        action = Gtk.FileChooserAction.SAVE if save else Gtk.FileChooserAction.OPEN
        button.connect("clicked", lambda it: _choose(it.get_toplevel(), entry, action, parameter))
        return _Field(box, entry.get_text, lambda new: entry.set_text(pf._text(new)), entry)

    return make


def _choose(parent, entry, action, parameter):
    saves = action == Gtk.FileChooserAction.SAVE
    chooser = Gtk.FileChooserDialog(title=parameter.blurb, transient_for=parent, action=action)
    chooser.add_button("_Cancel", Gtk.ResponseType.CANCEL)
    chooser.add_button("_Save" if saves else "_Open", Gtk.ResponseType.OK)
    chooser.set_default_response(Gtk.ResponseType.OK)
    path = entry.get_text()
    if os.path.isabs(path) and os.path.exists(path):
        chooser.set_filename(path)
    elif os.path.isdir(os.path.dirname(path)):
        chooser.set_current_folder(os.path.dirname(path))
        if saves:
            chooser.set_current_name(os.path.basename(path))
    if chooser.run() == Gtk.ResponseType.OK:
        entry.set_text(chooser.get_filename())
    chooser.destroy()


def _folder(parameter, value):
    button = Gtk.FileChooserButton(
        title=parameter.blurb, action=Gtk.FileChooserAction.SELECT_FOLDER
    )

    def set(new):
        if pf._text(new):
            button.set_filename(os.path.abspath(os.path.expanduser(pf._text(new))))

    set(value)
    # A folder that is not there yet cannot be shown, but it may be what the plug-in makes.
    return _Field(button, lambda: button.get_filename() or pf._text(value), set)


def _file(parameter, value):
    """A folder where the default ends as folders do, else a file that is there."""
    folder = pf._text(parameter.default).endswith(("/", os.sep))
    return _folder(parameter, value) if folder else _file_entry(False)(parameter, value)


def _resource(kind, chooser):
    def make(parameter, value):
        now = _named(kind, value) or getattr(Gimp, _CONTEXT[kind])()
        widget = chooser.new(parameter.blurb, None, now)

        def get():
            chosen = widget.get_resource()
            return chosen.get_name() if chosen else pf._text(value)

        def set(new):
            resource = _named(kind, new)
            if resource:
                widget.set_resource(resource)

        return _Field(widget, get, set)

    return make


def _named(kind, name):
    """The font, brush or the like of that name; None for no name or one that is not there."""
    return kind.get_by_name(pf._text(name)) if pf._text(name) else None


_CONTEXT = {
    Gimp.Font: "context_get_font",
    Gimp.Brush: "context_get_brush",
    Gimp.Pattern: "context_get_pattern",
    Gimp.Gradient: "context_get_gradient",
    Gimp.Palette: "context_get_palette",
}


def _open_objects(combo_class, find):
    """A combo box of what is open: the first is chosen unless another was."""

    def make(parameter, value):
        combo = combo_class.new(None)
        if value is not None:
            combo.set_active(value.ID)

        def get():
            there, number = combo.get_active()
            return wrap(find(number)) if there and number >= 0 else None

        return _Field(combo, get, lambda new: new is not None and combo.set_active(new.ID))

    return make


def _number_of_display(parameter, value):
    return _entry(parameter, 0, lambda text: wrap(Gimp.Display.get_by_id(int(text))))


def _number_of_item(parameter, value):
    return _entry(parameter, 0, lambda text: wrap(Gimp.Item.get_by_id(int(text))))


_MAKERS = {
    pf.PF_INT8: lambda it, value: _entry(it, value, _integer),
    pf.PF_INT16: lambda it, value: _entry(it, value, _integer),
    pf.PF_INT32: lambda it, value: _entry(it, value, _integer),
    pf.PF_FLOAT: lambda it, value: _entry(it, value, _real),
    pf.PF_STRING: _entry,
    pf.PF_COLOR: _color,
    pf.PF_ITEM: _number_of_item,
    pf.PF_DISPLAY: _number_of_display,
    pf.PF_IMAGE: _open_objects(GimpUi.ImageComboBox, Gimp.Image.get_by_id),
    pf.PF_LAYER: _open_objects(GimpUi.LayerComboBox, Gimp.Item.get_by_id),
    pf.PF_CHANNEL: _open_objects(GimpUi.ChannelComboBox, Gimp.Item.get_by_id),
    pf.PF_DRAWABLE: _open_objects(GimpUi.DrawableComboBox, Gimp.Item.get_by_id),
    pf.PF_VECTORS: _open_objects(GimpUi.PathComboBox, Gimp.Item.get_by_id),
    pf.PF_TOGGLE: _toggle,
    pf.PF_SLIDER: _slider,
    pf.PF_SPINNER: _spinner,
    pf.PF_RADIO: _radio,
    pf.PF_OPTION: _option,
    pf.PF_TEXT: _text_view,
    pf.PF_FONT: _resource(Gimp.Font, GimpUi.FontChooser),
    pf.PF_BRUSH: _resource(Gimp.Brush, GimpUi.BrushChooser),
    pf.PF_PATTERN: _resource(Gimp.Pattern, GimpUi.PatternChooser),
    pf.PF_GRADIENT: _resource(Gimp.Gradient, GimpUi.GradientChooser),
    pf.PF_PALETTE: _resource(Gimp.Palette, GimpUi.PaletteChooser),
    pf.PF_FILE: _file,
    pf.PF_FILENAME: _file_entry(True),
    pf.PF_DIRNAME: _folder,
}

# SPDX-License-Identifier: GPL-3.0-or-later
"""A dialog's choices: a widget for each row of an entry, whatever its kind."""

import threading

import mattebrush_client as client
import mattebrush_kit as kit
import mattebrush_toolkit as toolkit
from mattebrush_text import _
from mattebrush_toolkit import Gtk, box, label

_POLL_MS = 100
_WORDS = 34  # characters in a line of explanation


class Form(object):
    """The widgets in `widget`; `changed` is called after each change by the user. left_out: names
    of rows that make no difference now."""

    def __init__(self, entry, values, changed, left_out=()):
        self._rows = [
            row for row in entry.rows if row.kind != "hidden" and row.name not in left_out
        ]
        self._kinds = ("prompt",) if entry.prompt else ("salient",)
        self._changed, self._quiet = changed, False
        self._widgets, self._timers = {}, []
        self._models, self._suitable, self._built_in, self._for_words = [], None, None, []
        names = toolkit.same_width()
        lines = []
        for row in self._rows:
            made = _MAKE[row.kind](self, row, values[row.name])
            toolkit.hint(made, row.tip)
            if row.kind == "switch":
                lines.append(made)
                continue
            title = label(row.title + (" (%s)" % row.unit if row.unit else ""))
            names.add_widget(title)
            lines.append(box(title, made, grow=(made,), spacing=12))
            if row.kind == "model":
                lines.append(self._facts)
        self.widget = box(*lines, down=True)

    def values(self):
        """What is chosen now, by the rows' names."""
        return {row.name: self._value(row) for row in self._rows}

    def reset(self):
        """The defaults."""
        self._quiet = True
        for row in self._rows:
            _SET[row.kind](self, row, row.default)
        self._quiet = False
        self._changed()

    def start(self):
        """Asks the engine which models there are, without waiting for it."""
        if any(row.kind == "model" for row in self._rows):
            self._suitable = None
            worker = threading.Thread(target=self._list)
            worker.daemon = True
            worker.start()
            self._timers.append(toolkit.after(_POLL_MS, self._listed))

    def stop(self):
        """The dialog is closed."""
        for timer in self._timers:
            toolkit.stop(timer)
        self._timers = []

    def _value(self, row):
        return _GET[row.kind](self, row)

    def _touched(self, *ignored):
        if not self._quiet:
            self._changed()

    # ------------------------------------------------------------------------------ the models

    def _list(self):
        try:
            models = kit.list_models()
        except client.ClientError:
            models = []  # the preview says why
        built_in = [model for model in kit.suitable(models) if model.embedded]
        self._built_in = built_in[0] if built_in else None
        self._for_words = kit.suitable(models, kit.WORD_KINDS)
        self._suitable = kit.suitable(models, self._kinds)

    def _listed(self):
        if self._suitable is None:
            return True
        self._timers = []
        (row,) = [row for row in self._rows if row.kind == "model"]
        chosen = self._value(row)
        listed = max(1, len(self._models))
        # The first stands for the built-in ones: which is a matter of the job.
        self._models = [None] + [model for model in self._suitable if not model.embedded]
        self._quiet = True
        combo = self._widgets[row.name]
        for _number in range(listed):
            (combo.remove_text if hasattr(combo, "remove_text") else combo.remove)(0)
        for model in self._models:
            combo.append_text(_("Built in") if model is None else self._named(model))
        self._choose_model(row, chosen)
        self._quiet = False
        return False

    @staticmethod
    def _named(model):
        return model.id if model.installed else _("%s (to be downloaded)") % model.id

    def _choose_model(self, row, name):
        combo = self._widgets[row.name]
        ids = ["" if model is None else model.id for model in self._models]
        if not self._models:
            self._waiting = name
            return
        combo.set_active(ids.index(name) if name in ids else 0)
        self._show_facts(combo)

    def _chosen_model(self, row):
        if not self._models:
            return self._waiting
        model = self._models[self._widgets[row.name].get_active()]
        return "" if model is None else str(model.id)

    def _show_facts(self, combo, *ignored):
        model = self._models[combo.get_active()] if self._models else None
        if model is None:
            text = kit.model_facts(self._built_in)[0] if self._built_in else ""
        else:
            text = "\n".join(part for part in kit.model_facts(model) if part)
        self._facts.set_text(text)

    def get_model(self):
        """Downloads the chosen model by consent; returns whether it is there now."""
        import mattebrush_fetch

        chosen = [self._value(row) for row in self._rows if row.kind == "model"]
        if any(row.name == "text" and self._value(row).strip() for row in self._rows):
            wanted = [model for model in self._for_words if not model.installed]
            return bool(wanted) and mattebrush_fetch.get_model(wanted[0])
        for model in self._models:
            if model is not None and [model.id] == chosen:
                return mattebrush_fetch.get_model(model)
        # Nothing was chosen, so the job itself needs one: the first that can be had.
        wanted = [model for model in self._models if model is not None and not model.installed]
        return bool(wanted) and mattebrush_fetch.get_model(wanted[0])

    def _make_model(self, row, value):
        combo = toolkit.combo()
        self._facts = label("", width=_WORDS)
        self._waiting = value
        combo.append_text(value or _("Built in"))
        combo.set_active(0)
        combo.connect("changed", self._model_touched)
        self._widgets[row.name] = combo
        return combo

    def _model_touched(self, combo):
        if not self._quiet:
            self._show_facts(combo)
            self._changed()

    # -------------------------------------------------------------------------- the other kinds

    def _make_switch(self, row, value):
        made = Gtk.CheckButton()
        made.set_label(row.title)
        made.set_active(value)
        made.connect("toggled", self._touched)
        self._widgets[row.name] = made
        return made

    def _make_choice(self, row, value):
        made = toolkit.combo()
        words = [word for word, _text in row.choices]
        for _word, text in row.choices:
            made.append_text(text)
        made.set_active(words.index(value))
        made.connect("changed", self._touched)
        self._widgets[row.name] = made
        return made

    def _make_number(self, row, value):
        spin = Gtk.SpinButton()
        spin.set_range(row.low, row.high)
        spin.set_increments(row.step, row.step * 10)
        spin.set_digits(0 if row.step == int(row.step) else 1)
        spin.set_value(value)
        spin.set_width_chars(6)
        spin.set_activates_default(True)
        scale = Gtk.HScale()
        scale.set_adjustment(spin.get_adjustment())
        scale.set_draw_value(False)
        scale.set_size_request(140, -1)
        spin.connect("value-changed", self._touched)
        self._widgets[row.name] = spin
        return box(scale, spin, grow=(scale,))

    def _make_text(self, row, value):
        made = Gtk.Entry()
        made.set_text(value)
        made.set_visibility(row.name != "token")
        made.set_activates_default(True)
        made.connect("changed", self._touched)
        self._widgets[row.name] = made
        return made

    def _make_color(self, row, value):
        made = Gtk.ColorButton()
        toolkit.set_color(made, value)
        self._widgets[row.name] = made
        return made


def _choice_value(form, row):
    return row.choices[form._widgets[row.name].get_active()][0]


def _set_choice(form, row, value):
    form._widgets[row.name].set_active([word for word, _text in row.choices].index(value))


_MAKE = {
    "switch": Form._make_switch,
    "choice": Form._make_choice,
    "number": Form._make_number,
    "text": Form._make_text,
    "color": Form._make_color,
    "model": Form._make_model,
}
_GET = {
    "switch": lambda form, row: form._widgets[row.name].get_active(),
    "choice": _choice_value,
    "number": lambda form, row: form._widgets[row.name].get_value(),
    "text": lambda form, row: form._widgets[row.name].get_text(),
    "color": lambda form, row: toolkit.color_of(form._widgets[row.name]),
    "model": Form._chosen_model,
}
_SET = {
    "switch": lambda form, row, value: form._widgets[row.name].set_active(value),
    "choice": _set_choice,
    "number": lambda form, row, value: form._widgets[row.name].set_value(value),
    "text": lambda form, row, value: form._widgets[row.name].set_text(value),
    "color": lambda form, row, value: toolkit.set_color(form._widgets[row.name], value),
    "model": Form._choose_model,
}

# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes onto the machine by the user's consent: the engine itself, and models.

First a question that says what, how much, from where and under which terms; then a bar with the
time left, which can be cancelled at any time.
"""

import mattebrush_client as client
import mattebrush_kit as kit
import mattebrush_setup as setup
import mattebrush_toolkit as toolkit
from mattebrush_text import _
from mattebrush_toolkit import CANCEL, Gtk, add, box, label

_POLL_MS = 80
_DONE = 1


def set_up():
    """Sets the engine up, or goes on with it; returns whether there is one now."""
    return _with_consent(_set_up)


def repair():
    """Builds the engine anew; returns whether that went well."""
    return _with_consent(_repair)


def get_model(model):
    """Downloads a model, the kit's `Model`; returns whether it is there now."""
    return _agreed(kit.model_question(model), _("Download")) and _watched(
        "download", lambda: kit.download(model.id)
    )


def panel():
    """A widget that says what was set up here, with what can be done about it."""
    status, buttons = label("", width=46), box()

    def show():
        state = setup.status().state
        text, action = kit.SETUP_STATES[state]
        if state == "absent" and _engine_elsewhere():
            text, action = "", ""
        status.set_text(kit.tr(text) if text else "")
        (status.show if text else status.hide)()
        for button in buttons.get_children():
            buttons.remove(button)
        actions = [action] if action else []
        actions += ["verify"] if state == "ready" else []
        actions += ["remove"] if state != "absent" else []
        for name in actions:
            button = Gtk.Button()
            button.set_label(kit.tr(kit.SETUP_ACTIONS[name]))
            button.connect("clicked", pressed, name)
            add(buttons, button)
        buttons.show_all()

    def pressed(button, name):
        _ACTIONS[name]()
        show()

    status.set_no_show_all(True)
    show()
    return box(status, buttons, down=True)


def _engine_elsewhere():
    """Whether there is an engine that was installed in another way."""
    try:
        client.connect()
    except client.ClientError:
        return False
    return True


def _with_consent(start):
    """Asks, where from as well, and starts; whether that went well."""
    source, pressed = setup.Source(), 1
    buttons = [kit.tr("Cancel"), _("From a Folder..."), _("Set Up")]
    while pressed == 1:
        try:
            question = kit.setup_question(setup.plan(source))
        except client.ClientError as why:
            _show_error(why)
            return False
        pressed = toolkit.message("Mattebrush", question, buttons)
        if pressed == 1:
            title = _("Takes an offline bundle, unpacked")
            folder = toolkit.folder(title, kit.tr("Cancel"), _("Choose"))
            source = setup.Source(folder=folder) if folder else source
    return pressed == 2 and _watched("setup", lambda: start(source))


def _remove():
    return _agreed(kit.removal_question(), _("Remove")) and _watched("setup-remove", setup.remove)


def _verify():
    return _watched("setup", setup.verify)


def _set_up(source):
    return setup.run(True, source)


def _repair(source):
    return setup.repair(True, source)


def _agreed(question, button):
    return toolkit.message("Mattebrush", question, [kit.tr("Cancel"), button]) == 1


def _watched(op, start):
    """Runs a job with a bar of its own, as often as the user tries again; whether it succeeded."""
    while True:
        try:
            job = start()
            _Bar(op, job).run()
            job.result()
            return True
        except client.Cancelled:
            return False
        except client.ClientError as why:
            if not _show_error(why):
                return False


def _show_error(why):
    """Shows the error; whether to try again."""
    cure = kit.cure(why)
    again = cure.action == "try-again"
    buttons = [kit.tr("Cancel")] + ([cure.label] if again else [])
    return toolkit.message("Mattebrush", cure.text, buttons, cure.detail) == 1


class _Bar(object):
    """A small window with a job's progress."""

    def __init__(self, op, job):
        self._job, self._progress = job, kit.Progress(op)
        self._window = toolkit.dialog("Mattebrush")
        self._status, self._bar = label("", width=50), Gtk.ProgressBar()
        inside = box(self._status, self._bar, down=True)
        inside.set_border_width(12)
        add(self._window.get_content_area(), inside, True)
        self._window.add_button(kit.tr("Cancel"), CANCEL)

    def run(self):
        """Shows it until the job has ended, by itself or by the user's Cancel."""
        self._window.show_all()
        timer = toolkit.after(_POLL_MS, self._look)
        if self._window.run() != _DONE:
            self._job.cancel()
        toolkit.stop(timer)
        self._window.destroy()

    def _look(self):
        if self._job.poll():
            self._window.response(_DONE)
            return True
        now = self._progress.update(self._job.stage, self._job.fraction)
        self._status.set_text(now.text)
        self._bar.set_fraction(now.fraction)
        toolkit.progress_text(self._bar, now.time_left)
        return True


_ACTIONS = {
    "set-up": set_up,
    "continue": set_up,
    "upgrade": set_up,
    "repair": repair,
    "verify": _verify,
    "remove": _remove,
}
"""What each of the kit's `SETUP_ACTIONS` does here."""

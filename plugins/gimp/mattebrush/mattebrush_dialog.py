# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialogs: an entry's choices beside a preview, a failure with what helps, a page to read."""

import json

import mattebrush_client as client
import mattebrush_help
import mattebrush_kit as kit
import mattebrush_preview
import mattebrush_rows
import mattebrush_toolkit as toolkit
from gimpfu import error
from mattebrush_actions import Failed, Work, prompt_of
from mattebrush_text import _
from mattebrush_toolkit import CANCEL, CLOSED, HELP, OK, Gtk, add, box, label

_RESET, _CURE = 1, 2
_PREVIEW_FRAME = 440, 340  # the preview's frame, in pixels of the screen
_POLL_MS, _PATIENCE_MS = 60, 350
_FAR = 6  # pixels of the screen: a longer drag draws a box, a shorter one is a click
_GREEN, _PINK = 0x20C040FF, 0xE02060FF


def ask(entry, image, layers, values):
    """What the user chose, by the rows' names; None when the dialog was closed without OK."""
    toolkit.start()
    dialog = _Dialog(entry, image, layers, values)
    try:
        return dialog.run()
    finally:
        dialog.close()


def show_failure(cure):
    """Says what failed; returns whether the user did what helps and wants to go on."""
    toolkit.start()
    buttons = [kit.tr("Cancel")]
    helps = cure.action in _CURES
    if helps:
        buttons.append(cure.label)
    pressed = toolkit.message("Mattebrush", cure.text, buttons, cure.detail)
    return helps and pressed == 1 and _CURES[cure.action]()


def show_page(title, sections):
    """A page of (title, paragraphs) to read, in a window of its own."""
    toolkit.start()
    dialog = toolkit.dialog(title)
    words = []
    for heading, paragraphs in sections:
        words.append(label("<b>%s</b>" % _escaped(heading), markup=True))
        words += [label(text, width=72) for text in paragraphs]
    page = box(*words, down=True, spacing=8)
    page.set_border_width(12)
    add(dialog.get_content_area(), page, True)
    dialog.add_button(_("Close"), CANCEL)
    dialog.show_all()
    dialog.run()
    dialog.destroy()


def _escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


class _Dialog(object):
    """One dialog: on the left the preview, on the right the choices."""

    def __init__(self, entry, image, layers, values):
        self._entry, self._image, self._layer = entry, image, (layers or [None])[0]
        self._prompt, self._dragged_from = None, None
        self._timers = []
        self._wanted = None
        self._cure = None
        self._preview = None
        self._window = toolkit.dialog("Mattebrush: " + entry.label.replace("_", "").rstrip("."))
        left_out = () if any(layer.mask is not None for layer in layers) else ("existing",)
        self._form = mattebrush_rows.Form(entry, values, self._changed, left_out)
        right = [self._form.widget]
        if entry.legend:
            right.append(_legend())
        if entry.panel:
            right.insert(0, entry.panel())
        right = box(*right, down=True, spacing=18)
        inside = [right]
        if isinstance(entry.work, Work):
            self._preview = mattebrush_preview.Preview(entry, image, self._layer)
            inside.insert(0, self._left())
            if entry.prompt:
                self._prompt = prompt_of(image)
        inside = box(*inside, spacing=18)
        inside.set_border_width(12)
        add(self._window.get_content_area(), inside, True)
        self._buttons()

    def _buttons(self):
        for text, response in (
            (kit.tr("Help"), HELP),
            (_("Reset"), _RESET),
            (kit.tr("Cancel"), CANCEL),
            (_("OK"), OK),
        ):
            self._window.add_button(text, response)
        self._window.set_default_response(OK)

    def _left(self):
        self._picture = Gtk.Image()
        self._picture.set_size_request(*_PREVIEW_FRAME)
        self._mouse = toolkit.clickable(self._picture)
        self._mouse.connect("button-press-event", self._pressed)
        self._mouse.connect("button-release-event", self._released)
        self._on = Gtk.CheckButton()
        self._on.set_label(_("Preview"))
        self._on.set_active(True)
        self._on.connect("toggled", lambda widget: self._changed())
        self._view = toolkit.combo()
        for _name, text in mattebrush_preview.VIEWS:
            self._view.append_text(text)
        self._view.set_active(0)
        self._view.connect("changed", lambda widget: self._draw())
        self._bar = Gtk.ProgressBar()
        self._status = label("", width=56)
        self._helps = Gtk.Button()
        self._helps.connect("clicked", lambda widget: self._window.response(_CURE))
        self._helps.set_no_show_all(True)
        words = []
        if self._entry.prompt:
            words.append(
                label(
                    _(
                        "Click on the object, right-click on what does not belong to it, or draw a"
                        " box around it."
                    ),
                    width=56,
                )
            )
        words += [
            self._mouse,
            box(self._on, self._view),
            self._bar,
            box(self._status, self._helps, grow=(self._status,)),
        ]
        return box(*words, down=True)

    # ------------------------------------------------------------------------------ the preview

    def run(self):
        """Shows it until the user is done; returns the values, or None."""
        self._window.show_all()
        self._form.start()
        if self._preview is not None:
            self._timers.append(toolkit.after(_POLL_MS, self._look))
            self._draw()
            self._changed(at_once=True)
        while True:
            response = self._window.run()
            if response == HELP:
                show_page(*mattebrush_help.page())
            elif response == _RESET:
                self._prompt = prompt_of(self._image) if self._entry.prompt else None
                self._form.reset()
            elif response == _CURE:
                self._help_out()
            elif response == OK:
                if self._entry.prompt and not self._has_prompt():
                    self._show_status(_("Click on the object first."))
                    continue
                return self._values()
            elif response in (CANCEL, CLOSED):
                return None

    def _help_out(self):
        """Does what helps against the failure that is shown."""
        if self._cure.action == "download-model":
            done = self._form.get_model()
        else:
            done = _CURES[self._cure.action]()
        if done:
            self._form.start()
            self._changed(at_once=True)

    def close(self):
        """Ends what is under way."""
        for timer in self._timers:
            toolkit.stop(timer)
        self._form.stop()
        if self._preview is not None:
            self._preview.cancel()
        self._window.destroy()

    def _values(self):
        values = self._form.values()
        if self._prompt is not None:
            values["prompt"] = json.dumps(self._prompt)
        return values

    def _has_prompt(self):
        return bool(self._prompt["points"] or self._prompt["boxes"])

    def _changed(self, at_once=False):
        """Other choices: the preview follows when the hand rests."""
        if self._preview is None:
            return
        self._wanted = 0 if at_once else _PATIENCE_MS

    def _look(self):
        """Called all the time: starts what is wanted, shows what is there."""
        try:
            if self._wanted is not None:
                self._wanted -= _POLL_MS
                if self._wanted < 0:
                    self._wanted = None
                    self._begin()
            elif self._preview.poll():
                self._show_status(", ".join(part.name for part in self._preview.parts))
                self._draw()
        except client.ClientError as why:
            self._fail(kit.cure(why))
        except error as why:
            self._show_status(str(why))
        now = self._preview.progress
        self._bar.set_fraction(now.fraction if now else 0.0)
        text = ""
        if now:
            text = now.text + (", " + now.time_left if now.time_left else "")
        toolkit.progress_text(self._bar, text)
        return True

    def _begin(self):
        self._show_status("")
        if not self._on.get_active():
            self._preview.cancel()
            return
        if self._entry.prompt and not self._has_prompt():
            return
        self._preview.start(self._values())

    def _fail(self, cure):
        self._show_status(cure.text, cure.detail)
        self._cure = cure
        if cure.action in _CURES or cure.action == "download-model":
            self._helps.set_label(cure.label)
            self._helps.show()

    def _show_status(self, text, detail=""):
        self._status.set_text(text)
        toolkit.hint(self._status, detail)
        self._helps.hide()

    def _draw(self):
        view = mattebrush_preview.VIEWS[self._view.get_active()][0]
        picture = self._preview.picture(view)
        width, height = self._preview.size
        self._shrink = min(1.0, float(_PREVIEW_FRAME[0]) / width, float(_PREVIEW_FRAME[1]) / height)
        size = max(1, int(width * self._shrink)), max(1, int(height * self._shrink))
        picture = toolkit.scaled(picture, *size)
        if self._prompt is not None:
            self._mark(picture)
        self._picture.set_from_pixbuf(picture)

    # ------------------------------------------------------------------------------- the prompt

    def _mark(self, picture):
        """Shows the points and boxes on the picture."""
        x, y = self._layer.offsets
        scale = self._shrink * self._preview.factor
        for px, py, keep in self._prompt["points"]:
            at = int((px - x) * scale), int((py - y) * scale)
            _square(picture, at, 5, 0xFFFFFFFF)
            _square(picture, at, 3, _GREEN if keep else _PINK)
        for a, b, c, d in self._prompt["boxes"]:
            corners = [int((v - o) * scale) for v, o in ((a, x), (b, y), (c, x), (d, y))]
            _frame(picture, corners, _GREEN)

    def _place(self, event):
        """Where the mouse is, in pixels of the image."""
        allocation = self._mouse.get_allocation()
        width, height = (side * self._shrink for side in self._preview.size)
        left, top = (allocation.width - width) / 2.0, (allocation.height - height) / 2.0
        scale = self._shrink * self._preview.factor
        x, y = self._layer.offsets
        inside = 0 <= event.x - left < width and 0 <= event.y - top < height
        return (event.x - left) / scale + x, (event.y - top) / scale + y, inside

    def _pressed(self, widget, event):
        if self._prompt is not None:
            self._dragged_from = event.x, event.y, self._place(event)
        return False

    def _released(self, widget, event):
        if self._dragged_from is None:
            return False
        x, y, (from_x, from_y, inside) = self._dragged_from
        self._dragged_from = None
        to_x, to_y, _inside = self._place(event)
        if max(abs(event.x - x), abs(event.y - y)) > _FAR:
            box = [min(from_x, to_x), min(from_y, to_y), max(from_x, to_x), max(from_y, to_y)]
            self._prompt["boxes"] = [[int(side) for side in box]]
        elif inside:
            self._prompt["points"].append([int(from_x), int(from_y), int(event.button == 1)])
        self._draw()
        self._changed(at_once=True)
        return False


def _square(picture, at, half, color):
    x, y = at
    left, top = max(0, x - half), max(0, y - half)
    right = min(picture.get_width(), x + half + 1)
    bottom = min(picture.get_height(), y + half + 1)
    if right > left and bottom > top:
        toolkit.part(picture, left, top, right - left, bottom - top).fill(color)


def _frame(picture, corners, color):
    left, top, right, bottom = corners
    for x in range(left, right, 2):
        _square(picture, (x, top), 1, color)
        _square(picture, (x, bottom), 1, color)
    for y in range(top, bottom, 2):
        _square(picture, (left, y), 1, color)
        _square(picture, (right, y), 1, color)


def _legend():
    """What strokes on the mask mean."""
    words = [label("<b>%s</b>" % _escaped(_("Strokes on the mask")), markup=True)]
    for stroke in kit.LEGEND:
        swatch = toolkit.empty(26, 26)
        swatch.fill(0x000000FF)
        value = int(stroke.value * 255)
        toolkit.part(swatch, 1, 1, 24, 24).fill(value << 24 | value << 16 | value << 8 | 0xFF)
        picture = Gtk.Image()
        picture.set_from_pixbuf(swatch)
        words.append(box(picture, label(kit.tr(stroke.tip), width=38), spacing=12))
    return box(*words, down=True)


# ---------------------------------------------------------------------------------------- cures


def _open_settings():
    from mattebrush_entries import ENTRIES
    from mattebrush_settings import change, values

    (entry,) = [one for one in ENTRIES if one.name == "settings"]
    chosen = ask(entry, None, [], values())
    if chosen is None:
        return False
    try:
        change(None, [], chosen)
    except Failed as why:
        return show_failure(why.cure)
    return True


def _show_help():
    show_page(*mattebrush_help.page())
    return False


def _set_up():
    import mattebrush_fetch

    return mattebrush_fetch.set_up()


def _repair():
    import mattebrush_fetch

    return mattebrush_fetch.repair()


_CURES = {
    "set-up": _set_up,
    "repair": _repair,
    "open-settings": _open_settings,
    "open-help": _show_help,
    "try-again": lambda: True,
}
"""What is done for an action of the kit's cures; returns whether to try again."""

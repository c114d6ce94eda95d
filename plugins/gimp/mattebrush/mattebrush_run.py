# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of an entry, from the check to the end, in either GIMP."""

import mattebrush_actions as actions
import mattebrush_settings as settings
from gimpfu import CancelError
from mattebrush_actions import Failed

__all__ = ["SIGNED", "Failed", "RunMode", "procedure_name", "run"]

SIGNED = ("The Mattebrush authors", "GPL-3.0-or-later", "2026")


class RunMode(object):
    """How an entry was called: from a menu, once more with the last values, or by a script."""

    INTERACTIVE, AGAIN, SCRIPT = range(3)


def procedure_name(entry):
    """GIMP's name for it."""
    return "plug-in-mattebrush-" + entry.name


def run(entry, run_mode, image, layers, scripted):
    """Checks, asks the user where that is wanted, works, remembers.

    scripted: the values of a script. Raises gimpfu's error with a sentence, CancelError, and
    `Failed` where nobody can press a button.
    """
    if entry.check:
        entry.check(image, layers)
    if run_mode == RunMode.SCRIPT:
        _work(entry, image, layers, _complete(entry, scripted))
        return
    values = _complete(
        entry, entry.now() if entry.now else settings.remembered(entry.kept or entry.name)
    )
    while True:
        if entry.ask and run_mode == RunMode.INTERACTIVE:
            values = _ask(entry, image, layers, values)
        try:
            _work(entry, image, layers, values)
        except Failed as why:
            if not _cured(why):
                raise CancelError("cancelled")
            continue
        break
    if not entry.now and entry.rows:
        visible = [row.name for row in entry.rows if row.kind != "hidden"]
        settings.remember(entry.kept or entry.name, {name: values[name] for name in visible})


def _complete(entry, values):
    """A value for every row: the given one where it makes sense, else the default."""
    return {row.name: _fitting(row, values.get(row.name, row.default)) for row in entry.rows}


def _fitting(row, value):
    if row.kind == "number":
        try:
            return min(max(float(value), row.low), row.high)
        except (TypeError, ValueError):
            return row.default
    if row.kind == "switch":
        return bool(value)
    if row.kind == "choice":
        return value if value in [word for word, _label in row.choices] else row.default
    if row.kind == "color":
        return tuple(value)[:3]
    return value or ""


def _work(entry, image, layers, values):
    if entry.page is not None:
        import mattebrush_dialog

        mattebrush_dialog.show_page(*entry.page())
    elif isinstance(entry.work, actions.Work):
        actions.run(entry.work, image, layers, values)
    else:
        entry.work(image, layers, values)


def _ask(entry, image, layers, values):
    """What the user chose in the dialog. Raises CancelError."""
    try:
        import mattebrush_dialog  # only here: it needs a screen, and in GIMP 2.10 PyGTK
    except ImportError as why:
        if "gtk" not in str(why).lower():
            raise
        return values
    chosen = mattebrush_dialog.ask(entry, image, layers, values)
    if chosen is None:
        raise CancelError("cancelled")
    return dict(values, **chosen)


def _cured(failed):
    """Shows the failure with what helps against it; returns whether to try again."""
    try:
        import mattebrush_dialog
    except ImportError:
        raise failed
    return mattebrush_dialog.show_failure(failed.cure)

# SPDX-License-Identifier: Apache-2.0
"""A plug-in for the tests: when Krita's window is there, runs the script that the test names.

The script's `main` is a generator that yields how many milliseconds to wait, so that it runs in
Krita's own event loop, as a user's clicks do. What it returns goes into a file as JSON. Krita is as
users have it: nothing suppresses its questions and warnings, and any dialog that stops the work
until it is answered is closed and fails the test.
"""

import faulthandler
import importlib
import json
import os
import sys
import traceback
from pathlib import Path

from krita import Extension, Krita

if "PyQt6.QtCore" in sys.modules:
    from PyQt6.QtCore import QTimer
    from PyQt6.QtWidgets import QApplication, QLabel
else:
    from PyQt5.QtCore import QTimer
    from PyQt5.QtWidgets import QApplication, QLabel

HANGING = 100  # seconds after which every thread tells where it is


class Check(Extension):
    def setup(self):
        faulthandler.enable()
        notifier = Krita.instance().notifier()
        notifier.setActive(True)
        self.timer = QTimer()
        self.timer.setSingleShot(True)
        self.timer.timeout.connect(self.advance)
        self.work = self.script()
        self.modal = []
        self.expected = []
        self.guard = QTimer()
        self.guard.timeout.connect(self.look_for_dialogs)
        self.guard.start(50)
        notifier.windowCreated.connect(lambda: self.timer.start(500))

    def createActions(self, window):  # noqa: N802 - Krita's name
        pass

    def script(self):
        faulthandler.dump_traceback_later(HANGING)
        arguments = json.loads(os.environ["CHECK_ARGUMENTS"])
        script = importlib.import_module(os.environ["CHECK_SCRIPT"])
        self.expected = getattr(script, "EXPECTED", [])
        return (yield from script.main(*arguments))

    def look_for_dialogs(self):
        """Timers go on inside a dialog's own event loop."""
        dialog = QApplication.activeModalWidget()
        if dialog is not None:
            output = [label.text() for label in dialog.findChildren(QLabel) if label.text()]
            if output == self.expected:
                return
            stack = [f"{at.name} in {Path(at.filename).name}" for at in traceback.extract_stack()]
            self.modal.append(
                f"{type(dialog).__name__} {dialog.windowTitle()!r}: {output}, {stack[:-1]}"
            )
            dialog.close()

    def advance(self):
        try:
            pause = next(self.work)
        except StopIteration as end:
            self.leave({"result": end.value})
        except BaseException:
            self.leave({"failure": traceback.format_exc()})
        else:
            self.timer.start(pause)

    def leave(self, values):
        if self.modal:
            values = {"failure": "Modal dialogs:\n" + "\n".join(self.modal) + f"\n{values}"}
        path = Path(os.environ["CHECK_RESULT"])
        new = path.with_suffix(".new")
        new.write_text(json.dumps(values))
        new.rename(path)
        for document in Krita.instance().documents():
            document.setModified(False)
        Krita.instance().action("file_quit").trigger()


Krita.instance().addExtension(Check(Krita.instance()))

# SPDX-License-Identifier: Apache-2.0
"""What kritarunner runs: `main` of the script named, its result or failure into a file as JSON."""

import faulthandler
import importlib
import json
import time
import traceback
from pathlib import Path

from krita import Krita
from toolkit import QtWidgets


def __main__(arguments):  # noqa: N807 - kritarunner's name
    script, path, *rest = arguments
    faulthandler.enable()  # a crash inside Krita tells which line of ours led there
    Krita.instance().setBatchmode(True)
    try:
        values = {"result": importlib.import_module(script).main(*rest)}
    except BaseException:
        values = {"failure": traceback.format_exc()}
    new = Path(path + ".new")
    new.write_text(json.dumps(values))
    new.rename(path)


def done(work):
    """The result of the plug-in's work; there is no event loop here that would run it."""
    while True:
        try:
            pause = next(work)
        except StopIteration as end:
            return end.value
        QtWidgets.QApplication.processEvents()
        time.sleep(pause / 1000)

# SPDX-License-Identifier: Apache-2.0
"""The plug-in's docker, dialog, steps, jobs and pixels with PyQt6, outside Krita.

    qt6.py FOLDER PICTURE

What it found goes into FOLDER/told.json, the engine's alpha into FOLDER/alpha.
"""

import json
import sys
import time
from pathlib import Path

from krita import Krita
from mattebrush.mattebrush_client import Array
from PyQt6.QtCore import QByteArray
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QPushButton,
)

from mattebrush import jobs, pixels, steps


def main(folder, picture):
    program = QApplication([])
    program.setQuitOnLastWindowClosed(False)
    krita = Krita.instance()
    krita.extension.createActions(krita)
    docker = krita.factory.docker()
    docker.resize(330, 640)
    docker.show()
    until(program, lambda: "ready" in label(docker, "State of the engine"))
    docker.findChildren(QDoubleSpinBox)[0].setValue(2.5)
    docker.findChildren(QCheckBox)[0].click()
    device = docker.findChildren(QComboBox)[2]
    device.setCurrentIndex(1)
    device.activated.emit(1)
    button(docker, "Remove Background").click()
    told = {
        "report": label(docker, "What the last run did"),
        "engine": label(docker, "State of the engine"),
        "settings": {name: value for (_, name), value in krita.settings.items()},
        "alpha": engine_job(program, folder, picture),
        "orders": orders(),
    }
    docker.grab().save(str(folder / "docker.png"))
    told["dialog"] = dialog(program, docker)
    told["PyQt5"] = [name for name in sys.modules if name.startswith("PyQt5")]
    (folder / "told.json").write_text(json.dumps(told))


def engine_job(program, folder, picture):
    """The way of a picture as `actions` goes it, but for Krita's layer."""
    image = QImage(picture).convertToFormat(QImage.Format.Format_ARGB32)
    width, height = image.width(), image.height()
    pointer = image.constBits()
    pointer.setsize(4 * width * height)
    given = pixels._given(QByteArray(bytes(pointer)), pixels.Space("RGBA", "U8", ""), width, height)
    array = Array([given], (height, width, 4), "uint8")
    work = steps.Steps(jobs.run(lambda *_: None, {"op": "remove", "depth": 8}, image=array))
    ended = []
    work.ended.connect(ended.append)
    work.failed.connect(ended.append)
    until(program, lambda: ended)
    (folder / "alpha").write_bytes(ended[0].alpha.data)
    return ended[0].alpha.shape


def orders():
    """One pixel of 8 and one of 16 bits from Krita's blue, green, red to red, green, blue."""
    eight = pixels._given(QByteArray(bytes([1, 2, 3, 4])), pixels.Space("RGBA", "U8", ""), 1, 1)
    wide = QByteArray(bytes([1, 0, 2, 0, 3, 0, 4, 0]))
    sixteen = pixels._given(wide, pixels.Space("RGBA", "U16", ""), 1, 1)
    return [list(eight), list(sixteen)]


def dialog(program, docker):
    """Engine… opened, an address entered, accepted; what the settings file says then."""
    button(docker, "Engine").click()
    (asked,) = docker.findChildren(QDialog)
    asked.findChildren(QLineEdit)[1].setText("http://127.0.0.1:9")
    asked.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok).click()
    until(program, lambda: not asked.isVisible())
    return json.loads((Path.home() / ".config/mattebrush/plugins.json").read_text())


def until(program, ready):
    end = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < end
        program.processEvents()
        time.sleep(0.01)


def label(docker, name):
    (found,) = [each for each in docker.findChildren(QLabel) if each.accessibleName() == name]
    return found.text()


def button(docker, text):
    found = docker.findChildren(QPushButton)
    return next(each for each in found if each.text().replace("&", "").rstrip("…") == text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

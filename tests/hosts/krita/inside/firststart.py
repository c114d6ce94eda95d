# SPDX-License-Identifier: Apache-2.0
"""From the zip to the first mask by mouse alone: what is clicked, and how long it takes."""

import time
from pathlib import Path

from toolkit import QtWidgets
from window import User, xdotool

from mattebrush import layers


def main(folder, picture):
    user = User(Path(folder), picture)
    clicks = []

    def click(button):
        middle = button.mapToGlobal(button.rect().center())
        clicks.append(button.text().replace("&", ""))
        yield from xdotool("mousemove", middle.x(), middle.y())
        yield 200
        yield from xdotool("click", 1)

    yield from user.until(user.docker.isVisible, 60)
    yield from user.open()
    yield from user.until(lambda: user.cure() == "Set Up...", 60)
    yield from user.shot("no-engine")
    began = time.monotonic()
    yield from click(user.docker.findChild(QtWidgets.QPushButton, "cure"))
    yield from user.until(lambda: user.docker.findChildren(QtWidgets.QDialog), 20)
    (dialog,) = user.docker.findChildren(QtWidgets.QDialog)
    action = dialog.findChild(QtWidgets.QPushButton, "do")
    yield from user.until(action.isVisible, 60)
    yield 500
    yield from user.shot("asked")
    yield from click(action)
    yield from user.until(lambda: "ready" in user.engine_text(), 400)
    yield from user.shot("ready")
    dialog.reject()
    yield 300
    yield from click(user.button("Remove Background"))
    yield from user.until(lambda: layers.masks(user.layer()), 200)
    yield from user.until(user.session_done, 300)
    yield from user.shot("mask")
    seconds = time.monotonic() - began
    return {"clicks": clicks, "seconds": seconds, "mask": user.mask().name(), "on": user.shown()}

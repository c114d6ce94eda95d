# SPDX-License-Identifier: Apache-2.0
"""The docker in another language: what its buttons say, and whether all of it can be seen."""

from pathlib import Path

from toolkit import QtWidgets
from window import User, whole


def main(folder, picture):
    user = User(Path(folder), picture)
    docker = user.docker
    yield from user.until(docker.isVisible, 60)
    yield from user.until(lambda: "0." in user.state(), 90)
    buttons = [b for b in docker.findChildren(QtWidgets.QAbstractButton) if b.isVisible()]
    yield from user.shot("language")
    return {
        "texts": [button.text() for button in buttons if button.text()],
        "cut": [button.text() for button in buttons if not whole(button)],
        "needs": docker.widget().widget().minimumSizeHint().width(),
        "engine": user.state(),
    }

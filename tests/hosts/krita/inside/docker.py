# SPDX-License-Identifier: Apache-2.0
"""The docker at Krita's next start: what it remembers, by keyboard alone, in another theme."""

from pathlib import Path

from toolkit import QAction, QtWidgets, takes_tab
from window import User, xdotool

QAbstractButton, QApplication = QtWidgets.QAbstractButton, QtWidgets.QApplication
QComboBox, QDoubleSpinBox = QtWidgets.QComboBox, QtWidgets.QDoubleSpinBox
QLabel, QWidget = QtWidgets.QLabel, QtWidgets.QWidget


def main(folder, picture):
    user = User(Path(folder), picture)
    yield from user.float_docker()
    docker = user.docker
    told = {
        "feather": docker.findChildren(QDoubleSpinBox)[0].value(),
        "keep": user.checkbox("Keep the replaced mask, hidden").isChecked(),
    }
    yield from user.open()
    told["tab"], told["reached"] = yield from tab_through(docker)
    told["letters"] = letters(docker)
    told["menus"] = [letter(each.text()) for each in user.window.menuBar().actions()]
    box = user.checkbox("Clean colors on a new layer")
    yield from xdotool("key", "alt+y")
    yield from user.until(box.isChecked, 10)
    yield from xdotool("key", "alt+y")
    yield from user.until(lambda: not box.isChecked(), 10)
    yield from user.shot("plain")
    user.button("Select Subject").setFocus()
    yield from xdotool("key", "space")
    yield from user.until(user.report, 10)
    yield from user.until(user.session_done, 60)
    told["report"] = user.report()
    told["selected"] = user.document.selection() is not None
    yield 1500
    yield from user.shot("selected")
    told["themes"] = yield from themes(user)
    return told


def tab_through(docker):
    """The controls that can be used, and those that Tab reaches from the first."""
    wanted = [
        name(each)
        for each in docker.widget().findChildren(QWidget)
        if each.isEnabled() and takes_tab(each) and name(each)
    ]
    docker.activateWindow()
    docker.findChildren(QComboBox)[0].setFocus()
    reached = []
    for _ in range(2 * len(wanted)):
        focused = QApplication.focusWidget()
        reached.append(name(focused) if focused else "")
        yield from xdotool("key", "Tab")
    return wanted, reached


def letters(docker):
    """The letters that the docker's controls go by."""
    shown = docker.findChildren(QLabel) + docker.findChildren(QAbstractButton)
    return [letter(each.text()) for each in shown if letter(each.text())]


def letter(text):
    return text.partition("&")[2][:1].lower()


def name(widget):
    """What a screen reader says; the fields inside spin boxes stand for these."""
    said = widget.accessibleName() or (widget.text() if hasattr(widget, "text") else "")
    return said.replace("&", "") if "QLineEdit" not in type(widget).__name__ else ""


def themes(user):
    """How bright the docker is in a dark and in a bright theme."""
    found = {}
    for theme in ("Krita dark", "Krita bright"):
        actions = user.window.findChildren(QAction)
        next(each for each in actions if each.text().replace("&", "") == theme).trigger()
        yield 1000
        image = user.docker.widget().grab().toImage().scaled(1, 1)
        yield from user.shot(theme.replace(" ", "-"))
        found[theme] = image.pixelColor(0, 0).lightness()
    return found

# SPDX-License-Identifier: Apache-2.0
"""The docker at Krita's next start: what it remembers, by keyboard alone, in another theme."""

from pathlib import Path

from toolkit import QAction, QtWidgets, takes_tab
from window import User, xdotool

from mattebrush import choices

QAbstractButton, QApplication = QtWidgets.QAbstractButton, QtWidgets.QApplication
QComboBox, QDoubleSpinBox = QtWidgets.QComboBox, QtWidgets.QDoubleSpinBox
QLabel, QWidget = QtWidgets.QLabel, QtWidgets.QWidget


def main(folder, picture):
    user = User(Path(folder), picture)
    docker = user.docker
    yield from user.until(docker.isVisible, 60)
    user.fold().click()
    yield 300
    observed = {
        "feather": docker.findChild(QDoubleSpinBox, "feather").value(),
        "preview": user.checkbox("Preview before it is a mask").isChecked(),
        "options": user.checkbox("Preview before it is a mask").isVisible(),
    }
    yield from user.open()
    observed["tab"], observed["reached"] = yield from tab_through(docker)
    yield from user.shot("plain")
    user.button("Select Subject").setFocus()
    yield from xdotool("key", "space")
    yield from user.until(user.report, 10)
    yield from user.until(user.session_done, 300)
    observed["report"] = user.report()
    observed["selected"] = user.document.selection() is not None
    yield 1500
    yield from user.shot("selected")
    observed["themes"] = yield from themes(user)
    docker.close()
    yield 300
    observed["shown"] = choices.load().shown
    return observed


def tab_through(docker):
    """The controls that can be used, and those that Tab reaches from the first."""
    wanted = [
        name(each)
        for each in docker.widget().findChildren(QWidget)
        if each.isEnabled() and each.isVisible() and takes_tab(each) and name(each)
    ]
    wanted = [each for each in wanted if each]
    docker.findChildren(QAbstractButton)[0].window().activateWindow()
    first = next(b for b in docker.findChildren(QAbstractButton) if b.text() == wanted[0])
    first.setFocus()
    reached = []
    for _ in range(2 * len(wanted)):
        focused = QApplication.focusWidget()
        reached.append(name(focused) if focused else "")
        yield from xdotool("key", "Tab")
    return wanted, reached


def name(widget):
    """What a screen reader says; the fields inside spin boxes stand for these."""
    message = widget.accessibleName() or (widget.text() if hasattr(widget, "text") else "")
    return message.replace("&", "") if "QLineEdit" not in type(widget).__name__ else ""


def themes(user):
    """How bright the docker is in a dark and in a bright theme."""
    results = {}
    for theme in ("Krita dark", "Krita bright"):
        actions = user.window.findChildren(QAction)
        next(each for each in actions if each.text().replace("&", "") == theme).trigger()
        yield 1000
        image = user.docker.widget().grab().toImage().scaled(1, 1)
        yield from user.shot(theme.replace(" ", "-"))
        results[theme] = image.pixelColor(0, 0).lightness()
    return results

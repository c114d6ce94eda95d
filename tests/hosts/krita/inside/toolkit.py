# SPDX-License-Identifier: Apache-2.0
"""Qt for the scripts of the tests, as Krita brings it: PyQt5 in Krita 5, PyQt6 in Krita 6."""

import sys

import krita  # noqa: F401 - it loads PyQt

if "PyQt6.QtCore" in sys.modules:
    from PyQt6 import QtCore, QtGui, QtWidgets

    QAction = QtGui.QAction
else:
    from PyQt5 import QtCore, QtGui, QtWidgets

    QAction = QtWidgets.QAction

QByteArray, QPoint, QTimer = QtCore.QByteArray, QtCore.QPoint, QtCore.QTimer
QImage = QtGui.QImage
TAB = QtCore.Qt.FocusPolicy.TabFocus


def takes_tab(widget):
    """Whether the Tab key can reach it."""
    policy = widget.focusPolicy()
    return bool(int(getattr(policy, "value", policy)) & int(getattr(TAB, "value", TAB)))


__all__ = ["QAction", "QByteArray", "QImage", "QPoint", "QTimer", "QtCore", "QtGui", "QtWidgets"]

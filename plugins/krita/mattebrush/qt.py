# SPDX-License-Identifier: GPL-3.0-or-later
"""Qt as Krita brings it: PyQt5 in Krita 5, PyQt6 in Krita 6.

The rest of the plug-in imports Qt from here and writes enumerations in full
(`Qt.AlignmentFlag.AlignLeft`), which both understand. Both may be installed, and the wrong one
would load a second Qt into Krita; so the one counts that Krita's own module has loaded.
"""

import sys

import krita  # noqa: F401 - it loads PyQt

if "PyQt6.QtCore" in sys.modules:
    from PyQt6 import QtCore, QtGui, QtWidgets
else:
    from PyQt5 import QtCore, QtGui, QtWidgets

QByteArray, QRect, QTimer = QtCore.QByteArray, QtCore.QRect, QtCore.QTimer
QImage = QtGui.QImage

__all__ = [
    "QByteArray",
    "QImage",
    "QRect",
    "QTimer",
    "QtCore",
    "QtGui",
    "QtWidgets",
]

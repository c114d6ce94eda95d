# SPDX-License-Identifier: Apache-2.0
"""As much of Krita 6's module as the docker asks for: no Krita 6 is to be had here.

Qt and PyQt6 are the real ones, and so is all of the plug-in. There is never a picture open.
"""

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QDockWidget


class Extension(QObject):
    pass


class DockWidget(QDockWidget):
    pass


class DockWidgetFactoryBase:
    DockRight = 1


class DockWidgetFactory:
    def __init__(self, _name, _area, docker):
        self.docker = docker


class Selection:
    pass


class Krita(QObject):
    def __init__(self):
        super().__init__()
        self.settings = {}
        self.actions = {}

    @staticmethod
    def instance():
        return _it

    def readSetting(self, group, name, default):  # noqa: N802 - Krita's names
        return self.settings.get((group, name), default)

    def writeSetting(self, group, name, value):  # noqa: N802
        self.settings[group, name] = value

    def addExtension(self, extension):  # noqa: N802
        self.extension = extension

    def addDockWidgetFactory(self, factory):  # noqa: N802
        self.factory = factory

    def createAction(self, name, text, _menu):  # noqa: N802 - here the window's, too
        return self.actions.setdefault(name, QAction(text, self))

    def action(self, name):
        return self.actions[name]

    def activeDocument(self):  # noqa: N802
        return None

    def activeWindow(self):  # noqa: N802
        return None


_it = Krita()

# SPDX-License-Identifier: GPL-3.0-or-later
"""Hooks the plug-in into Krita: menu entries and the docker."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, NamedTuple

from krita import DockWidgetFactory, DockWidgetFactoryBase, Extension, Krita

from . import actions
from .docker import Docker
from .session import Session
from .steps import Work
from .task import Task
from .texts import _


class Entry(NamedTuple):
    """A menu entry. name: what Krita keeps its shortcut under, as in mattebrush.action."""

    name: str
    title: str
    menu: str
    action: Callable[[Task], Work]


ENTRIES = (
    Entry("remove_background", _("Remove Background"), "layer", actions.remove_background),
    Entry("refine_mask", _("Refine Mask"), "layer", actions.refine_mask),
    Entry("mask_from_points", _("Mask from Points"), "layer", actions.mask_from_points),
    Entry("clean_edge_colors", _("Clean Edge Colors"), "filter", actions.clean_edge_colors),
    Entry("select_subject", _("Select Subject"), "tools/scripts", actions.select_subject),
)


class Mattebrush(Extension):
    """Krita asks this for the entries of each window."""

    def __init__(self, parent: Any, session: Session) -> None:
        super().__init__(parent)
        self._session = session
        self._actions: list[Any] = []  # Krita does not keep them alive

    def setup(self) -> None:
        """Part of Krita's interface; there is nothing to do before the first window."""

    def createActions(self, window: Any) -> None:  # noqa: N802 - Krita's name
        """Called once for each window."""
        for entry in ENTRIES:
            made = window.createAction("mattebrush_" + entry.name, entry.title, entry.menu)
            made.triggered.connect(partial(self._run, entry))
            self._actions.append(made)

    def _run(self, entry: Entry, _checked: bool = False) -> None:
        self._session.run(entry.title, entry.action)


def hook_in() -> None:
    """Registers the entries and the docker with the running Krita."""
    application = Krita.instance()
    session = Session()
    application.addExtension(Mattebrush(application, session))
    docker = type("MattebrushDocker", (Docker,), {"session": session, "entries": ENTRIES})
    # An enumeration of its own in Krita 6, as all are in PyQt6.
    positions = getattr(DockWidgetFactoryBase, "DockPosition", DockWidgetFactoryBase)
    application.addDockWidgetFactory(DockWidgetFactory("mattebrush", positions.DockRight, docker))

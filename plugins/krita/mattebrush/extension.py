# SPDX-License-Identifier: GPL-3.0-or-later
"""Hooks the plug-in into Krita: menu entries and the docker."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, NamedTuple

from krita import DockWidgetFactory, DockWidgetFactoryBase, Extension, Krita

from . import actions, objects
from . import mattebrush_kit as kit
from .docker import Docker
from .pointing import Pointing
from .session import Session
from .steps import Work
from .task import Task
from .texts import _


class Entry(NamedTuple):
    """A menu entry. name: what Krita keeps its shortcut under, as in mattebrush.action. action:
    what it runs; None for the object tool. op: of its job.
    """

    name: str
    title: str
    tip: str
    menu: str
    op: str
    action: Callable[[Task], Work] | None


def _entry(name: str, row: str, menu: str, action: Callable[[Task], Work] | None) -> Entry:
    """One whose words are the kit's."""
    words = kit.action(row)
    return Entry(name, kit.tr(words.title), kit.tr(words.tip), menu, words.op, action)


ENTRIES = (
    _entry("remove_background", "remove-background", "layer", actions.remove_background),
    _entry("mask_from_points", "select-object", "layer", None),
    _entry("refine_mask", "refine-mask", "layer", actions.refine_mask),
    _entry("clean_edge_colors", "clean-edge-colors", "filter", actions.clean_edge_colors),
    _entry("split_into_objects", "split-into-objects", "layer", objects.split_into_objects),
    Entry(
        "select_subject",
        _("Select Subject"),
        _("Selects the subject, soft edges included."),
        "tools/scripts",
        "remove",
        actions.select_subject,
    ),
)
"""The docker shows the first on its own, the next two side by side, the rest below its fold."""


class Mattebrush(Extension):
    """Krita asks this for the entries of each window."""

    def __init__(self, parent: Any, session: Session, pointing: Pointing) -> None:
        super().__init__(parent)
        self._session, self._pointing = session, pointing
        self._actions: list[Any] = []  # Krita does not keep them alive

    def setup(self) -> None:
        """Part of Krita's interface; there is nothing to do before the first window."""

    def createActions(self, window: Any) -> None:  # noqa: N802 - Krita's name
        """Called once for each window."""
        for entry in ENTRIES:
            made = window.createAction("mattebrush_" + entry.name, entry.title, entry.menu)
            made.setToolTip(entry.tip)
            made.triggered.connect(partial(self._run, entry))
            self._actions.append(made)

    def _run(self, entry: Entry, _checked: bool = False) -> None:
        tool = self._pointing.active
        self._pointing.end()
        if entry.action is not None:
            self._session.run(entry.title, entry.action, op=entry.op)
        elif not tool:  # once more puts it away
            self._pointing.start()


def hook_in() -> None:
    """Registers the entries and the docker with the running Krita."""
    application = Krita.instance()
    session = Session()
    pointing = Pointing(session)
    application.addExtension(Mattebrush(application, session, pointing))
    parts = {"session": session, "pointing": pointing, "entries": ENTRIES}
    docker = type("MattebrushDocker", (Docker,), parts)
    # An enumeration of its own in Krita 6, as all are in PyQt6.
    positions = getattr(DockWidgetFactoryBase, "DockPosition", DockWidgetFactoryBase)
    application.addDockWidgetFactory(DockWidgetFactory("mattebrush", positions.DockRight, docker))

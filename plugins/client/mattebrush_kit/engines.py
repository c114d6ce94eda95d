# SPDX-License-Identifier: Apache-2.0
"""Choosing, setting up and feeding the engine: the settings' rows, states and questions."""

import collections

from .languages import _native, tr
from .models import model_facts
from .stages import N_


class Setting(collections.namedtuple("Setting", "name kind title tip choices")):
    """One row of the engine's settings, shared by all hosts (`mattebrush_client.Settings`).

    kind: "choice", "file", "text" or "password". title, tip: English. choices: (value, English).
    """

    __slots__ = ()


ENGINE_SETTINGS = (
    Setting(
        "engine",
        "choice",
        N_("Engine"),
        N_("A server answers sooner; a process of its own needs nothing to be running."),
        (
            ("auto", N_("Server if one runs, else own process")),
            ("server", N_("Server only")),
            ("process", N_("Own process only")),
        ),
    ),
    Setting(
        "python",
        "file",
        N_("Python with the engine"),
        N_("The interpreter that has Mattebrush; empty: as it was installed."),
        (),
    ),
    Setting(
        "server",
        "text",
        N_("Server address"),
        N_("Such as http://127.0.0.1:8080; empty: look for one on this machine."),
        (),
    ),
    Setting(
        "token",
        "password",
        N_("Server token"),
        N_("It is in the folder that the server names when it is started."),
        (),
    ),
)
"""Rows by the names of the client's `Settings`."""

SETUP_STATES = {
    "absent": (N_("The engine is not set up yet."), "set-up"),
    "partial": (N_("Setting up was interrupted."), "continue"),
    "ready": (N_("The engine is ready."), ""),
    "outdated": (N_("The engine is of another version than this plug-in."), "upgrade"),
    "damaged": (N_("The engine's files are incomplete or were changed."), "repair"),
}
"""(English sentence, key of `SETUP_ACTIONS`) by the state of `mattebrush_setup.status()`."""

SETUP_ACTIONS = {
    "set-up": N_("Set Up..."),
    "continue": N_("Continue Setting Up..."),
    "upgrade": N_("Upgrade..."),
    "repair": N_("Repair..."),
    "verify": N_("Verify"),
    "remove": N_("Remove the Engine..."),
}
"""English labels. `run` does the first three."""


def setup_question(plan):
    """What to ask before `mattebrush_setup.run`, from its `plan()`, in the user's language."""
    if plan.source.folder:
        text = tr("Set the engine up in %s, from the files in %s?") % (
            _native(plan.folder),
            _native(plan.source.folder),
        )
    else:
        text = tr("Download about %d MB from %s and set the engine up in %s?") % (
            _megabytes(plan.download),
            _native(str(plan.source)),
            _native(plan.folder),
        )
    rest = tr(
        "It takes about %d MB there, needs no administrator, changes nothing else on this machine,"
        " and can be removed again at any time."
    )
    return "%s\n\n%s" % (text, rest % _megabytes(plan.disk))


def removal_question():
    """What to ask before `mattebrush_setup.remove`."""
    return tr("Remove the engine that was set up here? Your pictures, masks and settings stay.")


def model_question(model):
    """What to ask before a download: license first."""
    best_at, size, terms = model_facts(model)
    lines = [
        tr("Download %s (%s)?") % (_native(model.name), size),
        best_at,
        tr("License: %s") % terms,
        _native(model.license_note),
        _native(model.page),
    ]
    return "\n".join(line for line in lines if line)


def _megabytes(size):
    return int(round(size / 1e6))

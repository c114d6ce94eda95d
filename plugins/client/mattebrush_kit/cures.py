# SPDX-License-Identifier: Apache-2.0
"""What to tell about an error, and which button helps: by the code of the client or the engine."""

import collections

from .languages import tr
from .stages import N_

CURE_ACTIONS = {
    "": "",
    "set-up": N_("Set Up..."),
    "repair": N_("Repair..."),
    "open-settings": N_("Engine Settings..."),
    "download-model": N_("Get the Model..."),
    "choose-model": N_("Choose Another Model"),
    "choose-device": N_("Use the Fastest That Works"),
    "try-again": N_("Try Again"),
    "open-help": N_("Help"),
}
"""English label by the name of an action. A host binds each name to what it does there; one that
it does not have is left out."""


class Cure(collections.namedtuple("Cure", "text detail action label")):
    """text: what went wrong and what to do, in the user's language. detail: the engine's own words
    (English; has the facts). action: a key of `CURE_ACTIONS`. label: of its button."""

    __slots__ = ()


CURES = {
    "engine-not-found": (
        N_("Mattebrush's engine is not on this machine yet, or was not found."),
        "set-up",
    ),
    "engine-died": (
        N_("The engine stopped in the middle of the run. The picture is as it was."),
        "try-again",
    ),
    "engine-damaged": (N_("The engine's files are incomplete or were changed."), "repair"),
    "answer-invalid": (N_("The plug-in and the engine are of different versions."), "repair"),
    "unauthorized": (N_("The server does not accept the token."), "open-settings"),
    "timed-out": (
        N_("The run took too long. Try a smaller selection or another model."),
        "try-again",
    ),
    "cancelled": (N_("Cancelled. The picture is as it was."), ""),
    "no-subject": (
        N_("No subject was found. Select the part that shows it, or choose another model."),
        "choose-model",
    ),
    "model-unavailable": (
        N_("The model that this needs is not on this machine yet."),
        "download-model",
    ),
    "model-invalid": (
        N_("The chosen model's file is damaged. Download it again."),
        "download-model",
    ),
    "device-unavailable": (N_("The chosen device could not run the network."), "choose-device"),
    "download-failed": (
        N_("The download did not arrive whole. What has arrived is kept; try again to go on."),
        "try-again",
    ),
    "option-invalid": (N_("A setting has a value that makes no sense."), "open-help"),
    "input-invalid": (N_("The picture cannot be used."), ""),
    "input-too-large": (N_("The picture is too large. Select a part of it first."), ""),
    "job-invalid": (N_("The plug-in and the engine are of different versions."), "repair"),
    "output-unwritable": (N_("The result cannot be written there."), ""),
    "output-exists": (N_("There is a file of that name already."), ""),
    "consent-missing": (N_("Nothing was downloaded: you did not agree to it."), ""),
    "setup-unreachable": (
        N_("The engine could not be downloaded. See whether this machine is online."),
        "try-again",
    ),
    "setup-no-space": (N_("The disk is too full for the engine."), "try-again"),
    "setup-busy": (N_("Another program is setting the engine up just now."), "try-again"),
    "setup-failed": (N_("The engine could not be set up."), "try-again"),
    "internal": (
        N_("Something went wrong inside the engine. The picture is as it was."),
        "try-again",
    ),
    # of a server only
    "busy": (N_("The server has too much to do. Try again in a moment."), "try-again"),
    "not-allowed": (N_("The server does not accept the token."), "open-settings"),
    "origin-refused": (N_("The server does not accept requests from here."), "open-settings"),
    "not-found": (N_("The server no longer has the result."), "try-again"),
    "not-finished": (N_("The server has not finished yet."), "try-again"),
    "method-not-allowed": (N_("The plug-in and the engine are of different versions."), "repair"),
    "media-type-unknown": (N_("The plug-in and the engine are of different versions."), "repair"),
    "upload-too-large": (N_("The picture is too large. Select a part of it first."), ""),
    "upload-too-slow": (N_("The picture did not reach the server in time."), "try-again"),
    "engine-crashed": (
        N_("The engine stopped in the middle of the run. The picture is as it was."),
        "try-again",
    ),
    "took-too-long": (
        N_("The run took too long. Try a smaller selection or another model."),
        "try-again",
    ),
    # sentences of their own
    "client-error": ("", ""),
    "not-here": ("", ""),
}
"""(English sentence, action) by code. Without a sentence the error's own is shown: it is the
host's, translated already."""


def cure(error):
    """The `Cure` for an error of the client, or any other with `code`, `message` and `fix`."""
    sentence, action = CURES.get(getattr(error, "code", "internal"), ("", ""))
    own = str(error)
    text = tr(sentence) if sentence else own
    label = tr(CURE_ACTIONS[action]) if action else ""
    return Cure(text, own if own != text else "", action, label)

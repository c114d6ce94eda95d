# SPDX-License-Identifier: Apache-2.0
"""What a run is doing, by the names that the engine, the client and the hosts give it."""

from .languages import tr


def N_(text):
    """Marks a text for the catalogues; `tr` translates it where it is shown."""
    return text


STAGES = {
    # the engine's
    "segmentation": N_("Finding the subject"),
    "matting": N_("Refining the edge"),
    "retouch": N_("Finishing the mask"),
    "decontamination": N_("Cleaning the edge colors"),
    "download": N_("Downloading the model"),
    # the client's
    "start": N_("Starting the engine"),
    "waiting for the server": N_("Waiting for the server"),
    # the hosts'
    "reading": N_("Reading the picture"),
    "writing": N_("Writing the mask"),
    # the set-up's
    "setup-fetch": N_("Downloading the installer"),
    "setup-environment": N_("Making a private environment"),
    "setup-install": N_("Installing the engine"),
    "setup-verify": N_("Testing the engine"),
    "setup-remove": N_("Removing the engine"),
}
"""English text by stage."""


def stage_text(stage):
    """What to show for a stage, in the user's language; those of later engines are "Working"."""
    return tr(STAGES.get(stage, N_("Working")))

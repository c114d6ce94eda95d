# SPDX-License-Identifier: Apache-2.0
"""What a stroke on a mask means, by its color."""

import collections

from .stages import N_


class Stroke(collections.namedtuple("Stroke", "name value color title tip")):
    """value: of the mask there, 0 to 1. color, title, tip: English words for the user."""

    __slots__ = ()


LEGEND = (
    Stroke(
        "keep", 1.0, N_("White"), N_("Keep"), N_("Paint white over what belongs to the subject.")
    ),
    Stroke("drop", 0.0, N_("Black"), N_("Drop"), N_("Paint black over what shall be transparent.")),
    Stroke(
        "decide",
        0.5,
        N_("Gray"),
        N_("Decide here"),
        N_("Paint gray over hair, fur and blur: Refine Mask decides each pixel there."),
    ),
)
"""Strokes in the order in which they are offered."""

# SPDX-License-Identifier: Apache-2.0
"""Steadiness without lag: the mask of a frame as it and its neighbors in time agree on.

The neighbors' masks are moved along the motion before they are asked, later ones as well as
earlier ones, so that nothing lags; where a neighbor shows something else, the frame's own mask
speaks for it. The comparison is over blocks, never per pixel. Of what remains the middle three
are averaged: one frame that fails is outvoted. A window of frames and nothing else goes in, so it
doesn't matter how a range was cut.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from ..imaging.resize import resize
from . import motion

REACH = 2
"""Frames on either side."""

_MATCH = 0.06
"""A mismatch of colors above which a neighbor shows something else."""


@dataclasses.dataclass(frozen=True)
class Moment:
    """One frame of the window. seen: float32 (h, w, 3), small. mask: float32 (h, w)."""

    seen: np.ndarray
    mask: np.ndarray


def steadied(moment: Moment, before: Sequence[Moment], after: Sequence[Moment]) -> np.ndarray:
    """The mask that the window agrees on.

    Parameters
    ----------
    moment
        The frame itself.
    before, after
        Its neighbors, the nearest first, at most `REACH` of each; fewer where the shot begins
        or ends.

    Returns
    -------
    numpy.ndarray
        (h, w) float32, the size of the moment's mask.
    """
    agreed = [moment.mask]
    for side in (before, after):
        flow, last = None, moment
        for neighbor in side:
            step = motion.displacement(last.seen, neighbor.seen)
            flow = step if flow is None else motion.composed(flow, step)
            apart = motion.mismatch(moment.seen, neighbor.seen, flow)
            trust = resize((apart < _MATCH).astype(np.float32), moment.mask.shape)
            moved = motion.warp(neighbor.mask, flow)
            agreed.append(moment.mask + trust * (moved - moment.mask))
            last = neighbor
    if len(agreed) < 3:
        return moment.mask
    ordered = np.sort(np.stack(agreed), axis=0)
    middle = len(agreed) // 2
    low, high = max(0, middle - 1), min(len(agreed), middle + 2)
    mean: np.ndarray = ordered[low:high].mean(axis=0)
    return mean.astype(np.float32)

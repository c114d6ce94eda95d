# SPDX-License-Identifier: GPL-3.0-or-later
"""Where one shot ends and the next begins. Pure numpy.

Models that remember the frames before are shown those of the same shot only.
"""

import itertools

import numpy as np

_CUT = 0.08
"""Mean difference in colour between two frames below which there is never a cut."""

_CUT_PEAK = 3.0
"""How many times the difference of the steps before and after a cut's own must be."""

_THUMB = 32


def earlier(pictures):
    """Those before the last of `pictures` that are of its shot, as one array, or None.

    pictures: (H, W, 3 | 4) uint8 or uint16 each, in order of time.
    """
    now = pictures[-1]
    thumbs = [_thumb(picture) for picture in pictures]
    shot = _shot(thumbs, len(pictures) - 1)
    before = [pictures[i] for i in shot[:-1]]
    before = [each for each in before if (each.shape, each.dtype) == (now.shape, now.dtype)]
    return np.stack(before) if before else None


def _shot(thumbs, index):
    """Indices of the frames of the same shot as that at `index`, those before and after."""
    steps = [
        float(np.abs(a - b).mean()) if a.shape == b.shape else 1.0
        for a, b in itertools.pairwise(thumbs)
    ]
    first = last = index
    while first > 0 and not is_cut(steps, first - 1):
        first -= 1
    while last < len(thumbs) - 1 and not is_cut(steps, last):
        last += 1
    return range(first, last + 1)


def is_cut(steps, at):
    """Whether there is a cut at step `at`. steps: mean differences between following frames.

    A pan or a fade has many large steps in a row, a flash two; a cut stands alone.
    """
    around = [steps[i] for i in (at - 1, at + 1) if 0 <= i < len(steps)]
    return steps[at] > _CUT and steps[at] > _CUT_PEAK * max(around, default=0.0)


def _thumb(picture):
    """float32 (h, w, 3) in 0..1: a picture in at most 32 x 32."""
    height, width = picture.shape[:2]
    rows = np.linspace(0, height, min(_THUMB, height) + 1).astype(int)[:-1]
    columns = np.linspace(0, width, min(_THUMB, width) + 1).astype(int)[:-1]
    sums = np.add.reduceat(picture[..., :3], columns, axis=1, dtype=np.float32)
    sums = np.add.reduceat(sums, rows, axis=0)
    areas = np.diff([*rows, height])[:, None] * np.diff([*columns, width])
    return sums / areas[..., None] / np.float32(np.iinfo(picture.dtype).max)

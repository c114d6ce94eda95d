# SPDX-License-Identifier: GPL-3.0-or-later
"""Steady masks: flicker taken out over time, without lag. Pure numpy.

Each value becomes the median of itself and its neighbours two frames to either side. A neighbour
counts only as far as the picture is the same there, so what moves is left alone; the window is
symmetric, so nothing trails behind; and it ends at a cut.
"""

import dataclasses
import itertools

import numpy as np

RADIUS = 2
"""Frames looked at to either side."""

_SAME, _OTHER = 0.04, 0.10
"""Differences in colour (0..1) up to which a pixel shows the same, and from which another thing."""

_CUT = 0.08
"""Mean difference in colour between two frames below which there is never a cut."""

_CUT_PEAK = 3.0
"""How many times the difference of the steps before and after a cut's own must be."""

_THUMB = 32


@dataclasses.dataclass
class Frame:
    """number: of the scene. alpha: float32 (H, W). guide: float32 (h, w, 3), the picture in half
    size. thumb: the same in at most 32 x 32."""

    number: int
    alpha: np.ndarray
    guide: np.ndarray
    thumb: np.ndarray


def frame(number, alpha, picture):
    """A `Frame`. picture: (H, W, 3 | 4) uint8 or uint16."""
    guide = _guide(picture)
    return Frame(number, alpha, guide, _thumb(guide))


def earlier(pictures):
    """Those before the last of `pictures` that are of its shot, as one array, or None."""
    now = pictures[-1]
    thumbs = [_thumb(_guide(picture)) for picture in pictures]
    shot = _shot(thumbs, len(pictures) - 1)
    before = [pictures[i] for i in shot[:-1]]
    before = [each for each in before if (each.shape, each.dtype) == (now.shape, now.dtype)]
    return np.stack(before) if before else None


def smoothed(window, index):
    """The steady alpha, float32 (H, W), of `window[index]`; window: `Frame`s in order of time."""
    now = window[index]
    shot = _shot([each.thumb for each in window], index)
    near = [window[i] for i in shot if i != index and abs(i - index) <= RADIUS]
    near = [other for other in near if other.alpha.shape == now.alpha.shape]
    if not near:
        return now.alpha
    differs = np.max([np.abs(other.alpha - now.alpha) for other in near], axis=0) > 1e-3
    rows, columns = np.nonzero(differs)
    if not rows.size:
        return now.alpha
    values = [now.alpha[rows, columns]]
    for other in near:
        share = _sameness(now.guide, other.guide, rows // 2, columns // 2)
        values.append(values[0] + share * (other.alpha[rows, columns] - values[0]))
    if len(values) % 2 == 0:
        values.append(values[0])  # at the ends of a shot the frame itself counts twice
    out = now.alpha.copy()
    out[rows, columns] = np.median(values, axis=0)
    return out


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


def _sameness(a, b, rows, columns):
    """float32 in 0..1 for the pixels at `rows`, `columns` of two guides: 1 shows the same."""
    difference = np.abs(a[rows, columns] - b[rows, columns]).max(axis=1)
    return np.clip((_OTHER - difference) / (_OTHER - _SAME), 0, 1)


def _guide(picture):
    """float32 (h, w, 3) in 0..1: a picture in half size."""
    return _halved(picture[..., :3]) / np.float32(np.iinfo(picture.dtype).max)


def _halved(picture):
    """float32 means of 2 x 2 pixels; an odd last row or column is repeated."""
    height, width = picture.shape[:2]
    if height % 2 or width % 2:
        picture = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    wide = picture[0::2].astype(np.float32) + picture[1::2]
    return (wide[:, 0::2] + wide[:, 1::2]) / 4


def _thumb(guide):
    height, width = guide.shape[:2]
    rows = np.linspace(0, height, min(_THUMB, height) + 1).astype(int)[:-1]
    columns = np.linspace(0, width, min(_THUMB, width) + 1).astype(int)[:-1]
    sums = np.add.reduceat(np.add.reduceat(guide, rows, axis=0), columns, axis=1)
    areas = np.diff([*rows, height])[:, None] * np.diff([*columns, width])
    return sums / areas[..., None]

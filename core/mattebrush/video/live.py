# SPDX-License-Identifier: Apache-2.0
"""A cut-out while the camera runs: no frame waits for a later one, and each has its time.

A small look of the subject network, with the last mask carried to it; between looks the mask is
moved along the motion. The edge is decided at a small size and brought up by the linear function of
color that explains it there (He and Sun, "Fast Guided Filter", 2015). How large and how often the
network looks follows from the time that is left (`Ladder`).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from ..imaging import gaussian
from ..imaging.depth import to_unit
from ..imaging.morphology import block_maximum, dilated, label
from ..imaging.rect import Rect
from ..imaging.resize import Upsampled, resize, shrink
from ..matting.linear import LocalLinearModel, on_window, stretch
from ..models import catalog
from ..options import EMBEDDED_MODEL, Point, Prompt
from ..segmentation import guided
from . import motion

_SEEN = 64
"""Longest side at which motion is found."""

_EDGE = 288
"""Longest side at which the edge is decided. Network and motion look at the same small copy."""

_RADIUS, _REGULARIZATION = 3, 1e-4
"""Of the windows that explain it."""

_SHRUNK = np.float32(0.12)
"""What the windows' means take off its contrast."""

_NEW = np.float32(0.7)
"""The share that a new look has where the motion is believed; the rest is what was carried."""

_MATCH = np.float32(0.08)
"""A mismatch of colors at which motion is no longer believed."""

_LEAST = 0.002
"""A smaller share of the picture is no subject: then the network looks without a mask."""

_AFRESH = 24
"""So many looks, and one is without the carried mask, so that no mistake lasts."""

_SAME = 0.5
"""Overlap of the two from which on they are one subject."""

_BLOCK = 4
"""Cells across a block, in which is looked which parts hang together."""

_NEAR = 2
"""Blocks beyond what was carried in which a chosen subject may go on."""

_CLEAR, _FULL = np.float32(1 / 255), np.float32(254 / 255)

_BACKDROP = 96
"""Longest side at which the ground behind the edge is guessed."""


@dataclasses.dataclass(frozen=True)
class Step:
    """One step of quality: how large the network sees the frame, and every how many frames."""

    side: int
    every: int


STEPS = (Step(256, 1), Step(224, 1), Step(192, 1), Step(192, 2), Step(160, 2), Step(160, 4))
"""From the best to the cheapest."""


class Ladder:
    """Which step of `STEPS` the time allows: down soon, up again late.

    Parameters
    ----------
    budget
        Seconds that a frame may take.
    at
        The step to begin with.
    """

    _DOWN, _UP = 0.9, 0.5
    _PATIENCE = 30
    """Frames between two steps up; a third of it between two down."""

    def __init__(self, budget: float, at: int = 1) -> None:
        self._budget, self._at = budget, at
        self._usual, self._since = 0.0, 0

    @property
    def step(self) -> Step:
        """The one to work with now."""
        return STEPS[self._at]

    def took(self, seconds: float) -> None:
        """Tells how long a frame took.

        Parameters
        ----------
        seconds
            Of work; not what was waited for the next frame.
        """
        self._usual += (seconds - self._usual) * (0.15 if self._since else 1.0)
        self._since += 1
        if self._usual > self._DOWN * self._budget and self._since > self._PATIENCE // 3:
            self._move(1)
        elif self._usual < self._UP * self._budget and self._since > self._PATIENCE:
            self._move(-1)

    def _move(self, by: int) -> None:
        self._at = min(max(self._at + by, 0), len(STEPS) - 1)
        self._since = 0


class LiveCutout:
    """The mattes of frames of one size, as they come.

    Parameters
    ----------
    device, threads
        See `models.runtime.open_session`.
    """

    def __init__(self, device: str = "auto", threads: int | None = None) -> None:
        self._row = catalog.get(EMBEDDED_MODEL)
        self._where = (device, threads)
        self._mask: np.ndarray | None = None
        self._seen: np.ndarray | None = None
        self._count = self._looks = 0
        self._clicked: tuple[float, float] | None = None
        self._chosen = False

    @property
    def chosen(self) -> bool:
        """Whether a person said which subject it is, and it is still in sight."""
        return self._chosen

    def choose(self, x: float, y: float) -> None:
        """Follows what is at a place of the next frame, and nothing else, until it is lost.

        Parameters
        ----------
        x, y
            Shares of the frame's width and height, 0 to 1.
        """
        self._clicked = (x, y)

    def choose_nothing(self) -> None:
        """Follows what stands out again."""
        self._clicked, self._chosen, self._mask = None, False, None

    def matte(self, image: np.ndarray, step: Step) -> np.ndarray:
        """How opaque each pixel of the next frame is.

        Parameters
        ----------
        image
            (H, W, 3) uint8, of the same size as those before.
        step
            How much the network may take.

        Returns
        -------
        numpy.ndarray
            (H, W) float32 in [0, 1].
        """
        small = shrink(image, _fitted(image.shape, _EDGE), "area")
        seen = resize(small, _fitted(image.shape, _SEEN), "area")
        clicked, self._clicked = self._clicked, None
        carried, trust = self._carried(seen)
        named = None if clicked is None else self._named(small, *clicked)
        if named is not None:
            mask = named
        elif carried is None or self._count % step.every == 0:
            mask = self._looked(small, carried, trust, step.side)
        else:
            mask = carried
        self._count += 1
        self._mask, self._seen = mask, seen
        return refined(image, mask, small)

    def _named(self, image: np.ndarray, x: float, y: float) -> np.ndarray | None:
        """What a click on a frame means; None where there is nothing."""
        point = Point(x * (image.shape[1] - 1), y * (image.shape[0] - 1))
        probability = guided.segment(image, Prompt((point,)), self._row, *self._where).probability
        if probability.max() < 0.5:
            return None
        self._chosen = True
        return probability

    def _carried(self, seen: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
        """The last mask moved to this frame, and how far it is to be believed."""
        if self._mask is None or self._seen is None:
            return None, None
        flow = motion.displacement(seen, self._seen)
        carried = motion.warp(self._mask, flow)
        apart = motion.mismatch(seen, self._seen, flow)
        trust = resize(np.exp(-((apart / _MATCH) ** 2)), carried.shape)
        return carried, trust

    def _looked(
        self, image: np.ndarray, carried: np.ndarray | None, trust: np.ndarray | None, side: int
    ) -> np.ndarray:
        self._looks += 1
        if carried is None or trust is None or carried.mean() < _LEAST:
            self._chosen = False
            return self._network(image, None, side)
        if self._looks % _AFRESH == 0 and not self._chosen:
            afresh = self._network(image, None, side)
            if _overlap(afresh, resize(carried, afresh.shape)) < _SAME:
                return afresh
        answer = self._network(image, carried, side)
        if answer.shape != carried.shape:
            carried, trust = resize(carried, answer.shape), resize(trust, answer.shape)
        steady: np.ndarray = answer + (1 - _NEW) * trust * (carried - answer)
        return _near_the_subject(steady, carried) if self._chosen else steady

    def _network(self, image: np.ndarray, previous: np.ndarray | None, side: int) -> np.ndarray:
        if previous is None:
            previous = np.zeros((1, 1), np.float32)
        whole = Rect(0, 0, image.shape[1], image.shape[0])
        segmentation, _ = guided.carry(
            image, whole, previous, Prompt(), self._row, *self._where, side=side
        )
        return segmentation.probability


def _near_the_subject(mask: np.ndarray, carried: np.ndarray) -> np.ndarray:
    """A chosen subject's mask without what does not hang together with what was carried."""
    there = block_maximum(mask > 0.3, _BLOCK)
    before = dilated(block_maximum(carried > 0.5, _BLOCK), _NEAR)
    labels = label(there & before)
    sizes = np.bincount(labels.ravel(), minlength=2)
    sizes[0] = 0
    if not sizes.any():
        return np.zeros_like(mask)
    kept = dilated(np.isin(labels, np.flatnonzero(sizes * 8 >= sizes.max())), 1)
    fine = np.kron(kept, np.ones((_BLOCK, _BLOCK), bool))[: mask.shape[0], : mask.shape[1]]
    return np.where(fine, mask, np.float32(0))


def refined(image: np.ndarray, mask: np.ndarray, small: np.ndarray | None = None) -> np.ndarray:
    """A coarse mask at the frame's size, its edge where the colors have one.

    Parameters
    ----------
    image
        (H, W, 3) uint8.
    mask
        (h, w) float32 in [0, 1].
    small
        The frame at the size at which the edge is decided, (h', w', 3) float32 in 0..1, where it
        is there already.

    Returns
    -------
    numpy.ndarray
        (H, W) float32 in [0, 1].
    """
    height, width = image.shape[:2]
    if small is None:
        small = shrink(image, _fitted(image.shape, _EDGE), "area")
    size = (small.shape[0], small.shape[1])
    alpha = np.zeros((height, width), np.float32)
    coarse = resize(mask, size)
    at = _window(coarse, image.shape)
    if at is None:
        return alpha
    color = np.ascontiguousarray(np.moveaxis(small, 2, 0))
    planes = LocalLinearModel(color, _RADIUS, _REGULARIZATION).fit(coarse)
    fine = on_window([Upsampled(plane, height, width) for plane in planes], at, image[at])
    alpha[at] = stretch(fine, _SHRUNK)
    return alpha


def clean(image: np.ndarray, alpha: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """The frame's colors without what shines through its edge from behind.

    Parameters
    ----------
    image
        (H, W, 3) uint8.
    alpha
        (H, W) float32 in [0, 1].
    ground
        (h, w, 3) float32 in 0..1, as from `ground_behind`.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) uint8.
    """
    rows, columns = np.nonzero((alpha > _CLEAR) & (alpha < _FULL))
    if not rows.size:
        return image
    cells = (
        rows * ground.shape[0] // image.shape[0],
        columns * ground.shape[1] // image.shape[1],
    )
    share = alpha[rows, columns, None]
    behind = (1 - share) * ground[cells]
    # Where hardly anything is seen, a guess of the ground says nothing about the subject.
    own = (to_unit(image[rows, columns]) - behind) / np.maximum(share, np.float32(0.25))
    out = image.copy()
    out[rows, columns] = (np.clip(own, 0, 1) * 255 + 0.5).astype(np.uint8)
    return out


def ground_behind(image: np.ndarray, alpha: np.ndarray, spread: float = 3.0) -> np.ndarray:
    """What lies behind the subject, as soft as a lens out of focus shows it.

    Parameters
    ----------
    image
        (H, W, 3) uint8.
    alpha
        (H, W) float32 in [0, 1].
    spread
        Of the blur, in hundredths of the longer side.

    Returns
    -------
    numpy.ndarray
        (h, w, 3) float32 in 0..1, small; of the ground's colors alone, the subject does not glow
        into it.
    """
    size = _fitted(image.shape, _BACKDROP)
    weight = 1 - resize(alpha, size, "area")
    color = shrink(image, size, "area") * weight[..., None]
    planes = np.concatenate([color, weight[..., None]], axis=2)
    sigma = spread * max(size) / 100
    near = np.stack([gaussian.blurred(p, sigma) for p in np.moveaxis(planes, 2, 0)], axis=2)
    # What no ground is near to takes the mean of it all.
    sums = near + np.float32(1e-3) * planes.mean(axis=(0, 1))
    return np.clip(sums[..., :3] / np.maximum(sums[..., 3:], 1e-6), 0, 1)


def _window(coarse: np.ndarray, shape: tuple[int, ...]) -> tuple[slice, slice] | None:
    """The part of the picture in which there is any subject; None where there is none."""
    there = coarse > 0.02
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    if not rows.size:
        return None
    return (
        _reach(rows, coarse.shape[0], shape[0]),
        _reach(columns, coarse.shape[1], shape[1]),
    )


def _reach(cells: np.ndarray, count: int, side: int) -> slice:
    first, last = max(0, int(cells[0]) - _RADIUS), min(count, int(cells[-1]) + 1 + _RADIUS)
    return slice(first * side // count, -(-last * side // count))


def _fitted(shape: tuple[int, ...], longest: int) -> tuple[int, int]:
    ratio = min(1.0, longest / max(shape[:2]))
    return max(2, round(shape[0] * ratio)), max(2, round(shape[1] * ratio))


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    a, b = one > 0.5, other > 0.5
    return float((a & b).sum()) / max(float((a | b).sum()), 1.0)

# SPDX-License-Identifier: Apache-2.0
"""Which pixels are the subject, frame after frame: one subject a shot, carried from the frame
before.

Each step moves the last mask along the motion, lets the network of strokes mend it (it takes the
mask as its previous one), and holds the answer to what the subject looks like: what was not there
and does not look like it is not taken in, so that passers-by stay out; behind something it may
shrink, and it is known again when it comes out. The state is small and goes wherever the next
frame is worked on, so that it doesn't matter how a range is cut.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from ..imaging.gaussian import blurred
from ..imaging.morphology import dilated, label
from ..imaging.rect import Rect
from ..imaging.resize import resize, shrink
from ..models import catalog
from ..models.catalog import ModelRow
from ..options import EMBEDDED_MODEL, Point, Prompt
from ..segmentation import guided, salient
from ..segmentation.result import Segmentation
from . import memory, motion
from .appearance import Appearance
from .memory import Memory

SIDE = 854
"""Longest side of what the tracker looks at: it needs no more, and so costs the same at 4K."""

_GRID = 480
"""Longest side of a mask that is carried."""

_SEEN = 192
"""Longest side at which colors are compared."""

_MARGIN = 0.35
"""How much of the subject's own size is seen around it."""

_AROUND_BOX = 0.15
"""How much is seen around a box, of its longer side. On the pasted clips (`bench.video_clips`) the
box's answer is nearer to the truth so than with more around it, and much nearer than after a look
at the whole picture first, which sometimes takes another thing for it."""

_CLOSEST = 0.25
"""The least share of the picture's side that is looked at."""

_REACH = 0.2
"""How far the subject may grow in a step beyond where motion carried it, as a share of the square
root of its area: an arm that comes out."""

_MATTER, _COLOR, _LOOKS = 4.0, 0.5, 1.0
"""Log odds with which speak: that a piece of the picture was subject or ground a frame ago; each
unit that its color, and what the network sees there, is more like the one than the other."""

_SLACK = 2.0
"""Cells near the contour over which what was carried says less and less: there it may be wrong."""

_MATCH = 0.08
"""A mismatch of colors at which motion is no longer believed."""

_BOX_SLACK = 0.03
"""How far beyond a box its subject may reach, as a share of the box's longer side."""

_LIKE = 0.55
"""What returns must look like the subject at least this much."""

_NEAR = 1.0
"""How far around its last place it is looked for first, of its own size."""

_KNOWN = 1.0
"""Log odds by which the memory must know what returns, in the mean."""

_CUT = 0.16
"""A mean mismatch of colors, after motion, that only a cut makes."""

_PARTLY = 0.9
"""Below this share of its usual area, part of the subject is behind something: where it would be
is looked at, and what the memory knows of it there need not touch the rest."""

_GONE = 0.12
"""The subject is lost where less than this share of its usual area is left."""

_AREA_MEMORY, _COLOR_MEMORY, _GROUND_MEMORY = 0.1, 0.05, 0.3
"""How fast its usual area, its colors and those around it follow what is seen."""

_SHRINKING = 0.4
"""How much slower its usual area follows where less is seen: part of it may be hidden."""

DOUBT = 0.5
"""Frames below this certainty are listed."""


@dataclasses.dataclass(frozen=True)
class Look:
    """What a step saw.

    probability: float32 (h, w) over the whole picture. certainty: 0 to 1. lost: whether the
    subject is out of sight. device, warnings: as in `Segmentation`.
    """

    probability: np.ndarray
    certainty: float
    lost: bool = False
    device: str = "cpu"
    warnings: tuple[str, ...] = ()

    @property
    def doubtful(self) -> bool:
        """Whether a person should look at this frame."""
        return self.lost or self.certainty < DOUBT


@dataclasses.dataclass(frozen=True)
class Track:
    """What a step needs of the frames before.

    seen: float32 (h, w, 3), the last frame, small. mask: float32, the last probability.
    last_good: the last before it was lost. appearance: its colors. area: its usual share of the
    picture. extent: its usual longer side, in cells. memory: what the network saw of it.
    """

    seen: np.ndarray
    mask: np.ndarray
    last_good: np.ndarray
    appearance: Appearance
    area: float
    extent: float
    memory: Memory = dataclasses.field(default_factory=Memory)

    def arrays(self) -> dict[str, np.ndarray]:
        """By name, for a file or a pipe.

        Returns
        -------
        dict of str to numpy.ndarray
            For `of_arrays`.
        """
        return {
            "seen": self.seen,
            "mask": self.mask,
            "last_good": self.last_good,
            "subject": self.appearance.subject,
            "ground": self.appearance.ground,
            "area": np.array(self.area),
            "extent": np.array(self.extent),
            **self.memory.arrays(),
        }

    @classmethod
    def of_arrays(cls, arrays: dict[str, np.ndarray]) -> Track:
        """The track again.

        Parameters
        ----------
        arrays
            What `arrays` gave.

        Returns
        -------
        Track
        """
        appearance = Appearance(arrays["subject"], arrays["ground"])
        return cls(
            arrays["seen"],
            arrays["mask"],
            arrays["last_good"],
            appearance,
            float(arrays["area"]),
            float(arrays["extent"]),
            Memory.of_arrays(arrays),
        )


def small(frame: np.ndarray) -> np.ndarray:
    """A frame as the tracker looks at it.

    Parameters
    ----------
    frame
        (H, W, 1|3), of any depth.

    Returns
    -------
    numpy.ndarray
        (h, w, 3) uint8.
    """
    height, width = frame.shape[:2]
    ratio = min(1.0, SIDE / max(height, width))
    size = (max(1, round(height * ratio)), max(1, round(width * ratio)))
    color = shrink(frame, size, "bilinear")
    rgb = color if color.shape[2] == 3 else np.repeat(color, 3, axis=2)
    return (rgb * 255 + 0.5).astype(np.uint8)


def grid_size(image: np.ndarray) -> tuple[int, int]:
    """How large masks are that are carried.

    Parameters
    ----------
    image
        A frame of `small`.

    Returns
    -------
    tuple of int and int
        Height and width.
    """
    height, width = image.shape[:2]
    ratio = min(1.0, _GRID / max(height, width))
    return max(1, round(height * ratio)), max(1, round(width * ratio))


def seen(image: np.ndarray) -> np.ndarray:
    """A frame at the size at which colors and motion are compared.

    Parameters
    ----------
    image
        A frame of `small`.

    Returns
    -------
    numpy.ndarray
        (h, w, 3) float32 in 0..1.
    """
    height, width = image.shape[:2]
    ratio = min(1.0, _SEEN / max(height, width))
    return shrink(image, (max(2, round(height * ratio)), max(2, round(width * ratio))), "area")


def inside_boxes(probability: np.ndarray, prompt: Prompt, shape: tuple[int, ...]) -> np.ndarray:
    """A probability without what lies outside the prompt's boxes: who draws a box says that the
    subject is in it.

    Parameters
    ----------
    probability
        (h, w), over the whole picture.
    prompt
        In the picture's pixels.
    shape
        The picture's, height first.

    Returns
    -------
    numpy.ndarray
        (h, w) float32; as it is where there are no boxes.
    """
    if not prompt.boxes:
        return probability
    height, width = probability.shape
    inside = np.zeros((height, width), bool)
    for x0, y0, x1, y1 in prompt.boxes:
        slack = _BOX_SLACK * max(x1 - x0, y1 - y0)
        rows = _cells_between(y0 - slack, y1 + slack, height / shape[0])
        columns = _cells_between(x0 - slack, x1 + slack, width / shape[1])
        inside[rows, columns] = True
    return np.where(inside, probability, 0).astype(np.float32)


def _cells_between(low: float, high: float, scale: float) -> slice:
    return slice(max(0, int(low * scale)), max(0, int(np.ceil(high * scale))))


def is_cut(before: np.ndarray, now: np.ndarray) -> bool:
    """Whether two frames belong to different shots.

    Parameters
    ----------
    before, now
        As from `seen`.

    Returns
    -------
    bool
    """
    if before.shape != now.shape:
        return True
    flow = motion.displacement(now, before)
    return float(motion.mismatch(now, before, flow).mean()) > _CUT


class Tracker:
    """Carries one subject. Holds no state but the network: `Track` goes in and comes out.

    row: the embedded network's, or one for what stands out, which is then held to what was
    carried. device, threads: see `models.runtime.open_session`.
    """

    def __init__(self, row: ModelRow, device: str = "auto", threads: int | None = None) -> None:
        self.row = row
        self._device, self._threads = device, threads

    def begin(self, image: np.ndarray, probability: np.ndarray) -> Track:
        """The state after a frame whose subject is known, at a key frame or a shot's first.

        Parameters
        ----------
        image
            A frame of `small`.
        probability
            (h, w) in [0, 1], over the whole frame.

        Returns
        -------
        Track
        """
        colors = seen(image)
        mask = resize(probability.astype(np.float32), grid_size(image))
        appearance = Appearance.learnt(colors, resize(mask, colors.shape[:2]))
        track = Track(colors, mask, mask, appearance, float(mask.mean()), _extent(mask > 0.5))
        if mask.max() < 0.5 or not self._remembers:
            return track
        view = self._looked(image, mask, Prompt())
        return dataclasses.replace(track, memory=view.remembered(Memory(), mask))

    def named(self, image: np.ndarray, prompt: Prompt) -> Segmentation:
        """What a prompt says is the subject, of the embedded network whichever row is carried.

        Parameters
        ----------
        image
            A frame of `small`.
        prompt
            In its pixels. What boxes say ends at the boxes.

        Returns
        -------
        Segmentation
            Over the whole frame.
        """
        row = catalog.get(EMBEDDED_MODEL)
        if not prompt.boxes or prompt.points:
            segmentation = guided.segment(image, prompt, row, self._device, self._threads)
            segmentation.probability = inside_boxes(segmentation.probability, prompt, image.shape)
            return segmentation
        whole = Rect(0, 0, image.shape[1], image.shape[0])
        answer = np.zeros(image.shape[:2], np.float32)
        for box in prompt.boxes:
            margin = _AROUND_BOX * max(box[2] - box[0], box[3] - box[1])
            window = Rect(
                int(box[0] - margin),
                int(box[1] - margin),
                int(box[2] + margin) + 1,
                int(box[3] + margin) + 1,
            ).within(whole)
            one = Prompt(boxes=(box,))
            segmentation, _ = guided.carry(
                image, window, np.zeros_like(answer), one, row, self._device, self._threads
            )
            view = np.zeros_like(answer)
            view[window.slices] = segmentation.at(window.height, window.width)
            answer = np.maximum(answer, inside_boxes(view, one, image.shape))
        return dataclasses.replace(segmentation, probability=answer)

    def step(self, track: Track, image: np.ndarray, prompt: Prompt) -> tuple[Look, Track]:
        """The next frame, later or earlier.

        Parameters
        ----------
        track
            The state after the frame before.
        image
            A frame of `small`.
        prompt
            Points in its pixels that correct what was carried; may be empty.

        Returns
        -------
        tuple of Look and Track
            What was seen, and the state after it.
        """
        colors = seen(image)
        flow = motion.displacement(colors, track.seen)
        carried = motion.warp(track.mask, flow)
        if carried.max() < 0.5:  # lost before: it may come back near where it was
            return self._searched(track, image, colors, prompt)
        missing = 1 - float(carried.mean()) / max(track.area, 1e-6)
        partly = missing > 1 - _PARTLY and not prompt
        view = self._looked(image, carried, prompt, track.extent if partly else 0.0)
        mask = view.answer
        known = np.zeros_like(carried)
        if not prompt:
            likeness = resize(track.appearance.likeness(colors), carried.shape)
            apart = motion.mismatch(colors, track.seen, flow)
            trust = resize(np.exp(-((apart / _MATCH) ** 2)).astype(np.float32), carried.shape)
            odds = _log_odds(mask) + _COLOR * np.clip(_log_odds(likeness), -2, 2)
            odds += _MATTER * trust * (2 * blurred(carried, _SLACK) - 1)
            known = view.odds(track.memory)
            odds += _LOOKS * known
            mask = (1 / (1 + np.exp(-odds))).astype(np.float32)
        mask = _near_the_subject(mask, carried, prompt, image.shape)
        area = float(mask.mean())
        # Nothing is left where a point says of all of it that it is not the subject.
        if mask.max() < 0.5 or (area < _GONE * track.area and not prompt):
            mask = np.zeros_like(mask)
            after = dataclasses.replace(track, seen=colors, mask=mask)
            return Look(mask, 0.0, True, view.device, view.warnings), after
        certainty = _certainty(mask, carried, area / max(track.area, 1e-6))
        share = _COLOR_MEMORY * certainty
        follows = 1.0 if prompt else _AREA_MEMORY
        if area < track.area:
            follows = 1.0 if prompt else _SHRINKING * _AREA_MEMORY
        learnt = Appearance.learnt(colors, resize(mask, colors.shape[:2]))
        after = Track(
            colors,
            mask,
            mask,
            track.appearance.mixed(learnt, share, _GROUND_MEMORY),
            track.area + (area - track.area) * follows,
            track.extent + (_extent(mask > 0.5) - track.extent) * follows,
            view.remembered(track.memory, mask),
        )
        return Look(mask, certainty, False, view.device, view.warnings), after

    @property
    def _remembers(self) -> bool:
        """Whether it is the embedded network, which can be looked into."""
        return self.row.interface.id == self.row.id or self.row.kind != "salient"

    def _looked(
        self, image: np.ndarray, carried: np.ndarray, prompt: Prompt, extent: float = 0.0
    ) -> _View:
        """What the network says of where the subject was carried; extent: how large it is, in
        cells, if not all of it was in sight."""
        whole = Rect(0, 0, image.shape[1], image.shape[0])
        if not self._remembers:
            segmentation = salient.segment(image, self.row, self._device, self._threads)
            answer = segmentation.at(*carried.shape)
            return _View(
                answer, None, (0, 0, 0, 0), segmentation.device, tuple(segmentation.warnings)
            )
        return self._looked_at(
            image, _window(carried > 0.5, whole, prompt, _MARGIN), carried, prompt
        )

    def _looked_at(
        self, image: np.ndarray, window: Rect, carried: np.ndarray, prompt: Prompt
    ) -> _View:
        whole = Rect(0, 0, image.shape[1], image.shape[0])
        segmentation, values = guided.carry(
            image, window, carried, prompt, self.row, self._device, self._threads, taps=memory.TAPS
        )
        answer = np.zeros_like(carried)
        box = guided.in_cells(window, whole, carried.shape)
        x0, y0, x1, y1 = (round(v) for v in box)
        answer[y0:y1, x0:x1] = segmentation.at(y1 - y0, x1 - x0)
        cells = memory.described(values)
        return _View(
            answer, cells, (x0, y0, x1, y1), segmentation.device, tuple(segmentation.warnings)
        )

    def _searched(
        self, track: Track, image: np.ndarray, colors: np.ndarray, prompt: Prompt
    ) -> tuple[Look, Track]:
        """Looks for a subject that is out of sight: what stands out and looks like it."""
        if not prompt and track.memory.frames:
            view = self._near_last(track, image)
            if view.answer.max() > 0.5:
                after = dataclasses.replace(
                    track, seen=colors, mask=view.answer, last_good=view.answer
                )
                return Look(view.answer, 0.5, False, view.device, view.warnings), after
        if any(point.label for point in prompt.points):
            segmentation = guided.segment(image, prompt, self.row, self._device, self._threads)
        else:
            segmentation = salient.segment(image, self.row, self._device, self._threads)
        mask = segmentation.at(*track.mask.shape)
        if not prompt:
            likeness = resize(track.appearance.likeness(colors), mask.shape)
            mask = _known_again(mask, likeness, track)
        warnings = tuple(segmentation.warnings)
        if mask.max() < 0.5:
            mask = np.zeros_like(mask)
            after = dataclasses.replace(track, seen=colors, mask=mask)
            return Look(mask, 0.0, True, segmentation.device, warnings), after
        after = dataclasses.replace(track, seen=colors, mask=mask, last_good=mask)
        return Look(mask, 0.5, False, segmentation.device, warnings), after

    def _near_last(self, track: Track, image: np.ndarray) -> _View:
        """What the memory knows again around where the subject was last."""
        whole = Rect(0, 0, image.shape[1], image.shape[0])
        nothing = np.zeros_like(track.mask)
        window = _window(track.last_good > 0.5, whole, Prompt(), _NEAR)
        view = self._looked_at(image, window, nothing, Prompt())
        known = view.odds(track.memory)
        answer = 1 / (1 + np.exp(-(_log_odds(view.answer) + _LOOKS * known)))
        inside = answer > 0.5
        labels = label(inside)
        kept = np.zeros_like(inside)
        for part in np.unique(labels[inside]):
            here = labels == part
            if known[here].mean() > _KNOWN and float(here.mean()) > _GONE * track.area:
                kept |= here
        mask = np.where(dilated(kept, 2), answer, 0).astype(np.float32)
        return dataclasses.replace(view, answer=mask)


@dataclasses.dataclass(frozen=True)
class _View:
    """What the network says. answer: float32 on the grid, 0 where it didn't look. cells: what it
    saw in its window, described, or None. box: the window on the grid, x0, y0, x1, y1."""

    answer: np.ndarray
    cells: np.ndarray | None
    box: tuple[int, int, int, int]
    device: str
    warnings: tuple[str, ...]

    def odds(self, known: Memory) -> np.ndarray:
        """What a memory says of it, log odds on the grid, 0 where it says nothing."""
        spread = np.zeros_like(self.answer)
        odds = None if self.cells is None else known.odds(self.cells)
        if odds is not None:
            x0, y0, x1, y1 = self.box
            spread[y0:y1, x0:x1] = resize(odds, (y1 - y0, x1 - x0))
        return spread

    def remembered(self, known: Memory, mask: np.ndarray) -> Memory:
        """A memory with this view, whose subject is `mask`, on the grid."""
        if self.cells is None:
            return known
        x0, y0, x1, y1 = self.box
        return known.with_frame(self.cells, mask[y0:y1, x0:x1])


def _extent(cells: np.ndarray) -> float:
    """The longer side of what is in, in cells."""
    y, x = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
    return float(max(y[-1] - y[0], x[-1] - x[0]) + 1) if y.size else 0.0


def _window(
    cells: np.ndarray, whole: Rect, prompt: Prompt, margin_share: float, extent: float = 0.0
) -> Rect:
    """The part of the picture that is looked at: around what was carried and the points."""
    y, x = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
    down, across = whole.height / cells.shape[0], whole.width / cells.shape[1]
    xs = [float(x[0] * across), float((x[-1] + 1) * across), *(p.x for p in prompt.points)]
    ys = [float(y[0] * down), float((y[-1] + 1) * down), *(p.y for p in prompt.points)]
    x0, x1, y0, y1 = min(xs), max(xs), min(ys), max(ys)
    margin = margin_share * max(x1 - x0, y1 - y0)
    least = _CLOSEST * max(whole.width, whole.height)
    least = max(least, (1 + 2 * margin_share) * extent * max(down, across))
    grow_x, grow_y = (max(margin, (least - side) / 2) for side in (x1 - x0, y1 - y0))
    rect = Rect(
        int(x0 - grow_x), int(y0 - grow_y), int(x1 + grow_x) + 1, int(y1 + grow_y) + 1
    ).within(whole)
    # On whole cells of the grid, so that the answer lies on it.
    return Rect(
        int(rect.x0 / across) * round(across) if across == round(across) else rect.x0,
        int(rect.y0 / down) * round(down) if down == round(down) else rect.y0,
        rect.x1,
        rect.y1,
    )


def _log_odds(share: np.ndarray) -> np.ndarray:
    inside = np.clip(share, 0.03, 0.97)
    odds: np.ndarray = np.log(inside / (1 - inside))
    return odds


def _near_the_subject(
    answer: np.ndarray, carried: np.ndarray, prompt: Prompt, shape: tuple[int, ...]
) -> np.ndarray:
    """An answer without what cannot be the subject: parts that don't hang together with what was
    carried, and what lies further from it than anything moves."""
    body = carried > 0.5
    allowed = dilated(body, max(3, round(_REACH * float(body.sum()) ** 0.5)))
    seeds = body.copy()
    for point in prompt.points:
        if point.label:
            allowed |= _disc(answer.shape, point, shape)
            seeds |= _disc(answer.shape, point, shape)
    inside = (answer > 0.5) & allowed
    labels = label(inside)
    kept = np.unique(labels[seeds & inside])
    subject = np.isin(labels, kept[kept > 0])
    # The soft rim stays with what it belongs to.
    return np.where(dilated(subject, 2), answer, 0).astype(np.float32)


def _disc(size: tuple[int, ...], point: Point, shape: tuple[int, ...]) -> np.ndarray:
    y, x = np.arange(size[0])[:, None] + 0.5, np.arange(size[1])[None] + 0.5
    at_y, at_x = point.y * size[0] / shape[0], point.x * size[1] / shape[1]
    radius = 0.05 * max(size)
    inside: np.ndarray = (y - at_y) ** 2 + (x - at_x) ** 2 <= radius**2
    return inside


def _known_again(mask: np.ndarray, likeness: np.ndarray, track: Track) -> np.ndarray:
    """The part of what stands out that is the subject lost before, or nothing."""
    inside = mask > 0.5
    labels = label(inside)
    kept = np.zeros_like(inside)
    for part in np.unique(labels[labels > 0]):
        here = labels == part
        size = float(here.mean())
        if likeness[here].mean() > _LIKE and 0.25 < size / max(track.area, 1e-6) < 4:
            kept |= here
    return np.where(dilated(kept, 2), mask, 0).astype(np.float32)


def _certainty(mask: np.ndarray, carried: np.ndarray, growth: float) -> float:
    """How likely it is still the same subject, whole: how decided the network is, how well its
    answer agrees with what was carried, and how far its area is from the usual."""
    inside, before = mask > 0.5, carried > 0.5
    total = max(float(inside.sum()), 1.0)
    doubt = float((4 * mask * (1 - mask)).sum()) / max(float(mask.sum()), 1.0)
    agreement = float((inside & before).sum()) / max(float((inside | before).sum()), 1.0)
    usual = min(growth, 1 / growth) if growth > 0 and total > 1 else 0.0
    decided = max(0.0, 1 - doubt)
    return round(float((decided * agreement * min(1.0, usual**0.5)) ** (1 / 2)), 3)

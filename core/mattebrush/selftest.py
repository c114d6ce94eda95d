# SPDX-License-Identifier: Apache-2.0
"""Does a model's file do what its kind of model does? A drawn figure whose place is known.

Checksums say that a file is the published one, its row that it has the right inputs; this says that
the answer lies where it should. It goes the product's own path, so that a row that feeds a file
wrongly (order of the colors, scale, turned output) is seen as well. It says nothing of quality.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from . import engine
from .imaging import gaussian
from .imaging.depth import to_depth
from .imaging.morphology import dilated
from .models import catalog, store
from .models.catalog import ModelRow
from .options import Options, Point, Prompt
from .segmentation import text, video

WORD = "person"
"""What the drawn figure is called where words are asked for."""

_HEIGHT, _WIDTH = 480, 420

_IN, _OUT = 0.6, 0.4
"""The mean answer inside is at least the one, outside at most the other."""

_BOX = 1 / 3
"""A box found by words overlaps the figure's by at least this (IoU): rough maps give rough ones."""

_MARGIN = 12
"""Pixels on either side of the outline that are not looked at: models cut edges differently."""

_CLICK = 18
"""Pixels around a click that must answer: a click alone may mean a part or the whole."""

_CURE = (
    "The file may be damaged or another model's: compare it with `mattebrush models verify`, or "
    "fetch it again."
)

_BAND = 6
"""Half the width of the unknown band that matting decides."""


@dataclasses.dataclass(frozen=True)
class Figure:
    """The known picture, (H, W, 3) uint8, and where things are in it, bool (H, W) each.

    figure: all of it. clothes: the part that is clothed.
    """

    image: np.ndarray
    figure: np.ndarray
    clothes: np.ndarray

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Around the figure, in pixels, the last two exclusive."""
        y, x = np.nonzero(self.figure)
        return float(x.min()), float(y.min()), float(x.max() + 1), float(y.max() + 1)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a model answered to the known picture.

    inside, outside: the mean answer, 0 to 1, where it must be high and where low; of models that
    find boxes, the overlap of theirs with the true one, and 0. device: where it ran.
    message: sentences for a person.
    """

    row: ModelRow
    passed: bool
    inside: float
    outside: float
    device: str
    message: str

    def to_json(self) -> dict[str, object]:
        """Plain values for JSON, without the row.

        Returns
        -------
        dict[str, object]
        """
        names = ("passed", "inside", "outside", "device", "message")
        values = {name: getattr(self, name) for name in names}
        if not self.passed:
            values["fix"] = _CURE
        return values


def drawn() -> Figure:
    """A half figure with a bright shirt and fair hair before a dark ground.

    Returns
    -------
    Figure
        The same on every machine.
    """
    y, x = np.mgrid[:_HEIGHT, :_WIDTH].astype(np.float32)

    def ellipse(across: float, down: float, width: float, height: float) -> np.ndarray:
        return np.asarray(((x - across) / width) ** 2 + ((y - down) / height) ** 2 < 1)

    middle = _WIDTH / 2
    head = ellipse(middle, 165, 62, 80)
    hair = ellipse(middle, 135, 78, 82) & ~(head & (y > 128))
    neck = (np.abs(x - middle) < 28) & (y > 220) & (y < 300)
    shirt = ellipse(middle, 440, 150, 165) & (y > 270)
    shade = 1 - 0.12 * (x - middle) / middle
    image = np.stack([38 + y / 16, 48 + y / 20, 70 - y / 24], axis=-1)
    for part, color in (
        (hair, (222, 188, 120)),
        (neck, (226, 178, 150)),
        (head, (240, 196, 168)),
        (shirt, (238, 226, 214)),
    ):
        image[part] = (np.array(color, np.float32) * shade[..., None])[part]
    for part, color in (
        (ellipse(middle - 24, 158, 9, 6) | ellipse(middle + 24, 158, 9, 6), (70, 50, 40)),
        (ellipse(middle, 205, 22, 7), (190, 90, 90)),
        (ellipse(middle, 182, 5, 10), (222, 170, 142)),
    ):
        image[part] = color
    planes = (image[..., channel].astype(np.float32) / 255 for channel in range(3))
    soft = np.stack([gaussian.blurred(plane, 1.0) for plane in planes], axis=-1)
    figure = hair | head | neck | shirt
    return Figure(to_depth(soft, np.uint8), figure, shirt)


def check(row: ModelRow, device: str = "auto", word: str = WORD) -> Outcome:
    """Runs an installed model on the known picture.

    Parameters
    ----------
    row
        Of the catalog; of any kind.
    device
        Where it runs.
    word
        What models that take words are asked for.

    Returns
    -------
    Outcome

    Raises
    ------
    ModelUnavailable, ModelInvalid, DeviceUnavailable, OptionInvalid
        Where the model is not here, its file is damaged or another's, or the device does not work.
    """
    store.resolve(row)
    options = Options(
        model=row.id if row.kind not in ("trimap", "prior") else Options.model,
        matting=row.id if row.kind in ("trimap", "prior") else Options.matting,
        text=word if row.kind in text.KINDS else "",
        device=device,
    )
    return _CHECKS[row.kind](row, drawn(), options)


def _segmented(row: ModelRow, known: Figure, options: Options) -> Outcome:
    """Of models that find the subject themselves, and of video models, at its first frame."""
    with video.sequence():
        cutout = engine.segment(known.image, options)
    inside = known.clothes if "clothes" in row.tags else known.figure
    return _judged(row, cutout.alpha, _eroded(inside), _outside(known), cutout.report.device)


def _prompted(row: ModelRow, known: Figure, options: Options) -> Outcome:
    y, x = (float(np.median(axis)) for axis in np.nonzero(known.clothes))
    prompted = dataclasses.replace(options, prompt=Prompt(points=(Point(x, y, 1),)))
    cutout = engine.segment(known.image, prompted)
    down, across = np.mgrid[: known.image.shape[0], : known.image.shape[1]]
    near = np.hypot(across - x, down - y) < _CLICK
    return _judged(row, cutout.alpha, near, _outside(known), cutout.report.device)


def _matted(row: ModelRow, known: Figure, options: Options) -> Outcome:
    """Of matting: the unknown band on either side of the outline."""
    grown, shrunk = dilated(known.figure, _BAND), _eroded(known.figure, _BAND)
    trimap = np.where(shrunk, 255, np.where(grown, 128, 0)).astype(np.uint8)
    cutout = engine.matte(known.image, trimap, options)
    inside = _eroded(known.figure, 2) & ~shrunk
    outside = grown & ~dilated(known.figure, 2)
    return _judged(row, cutout.matte, inside, outside, cutout.report.device)


def _worded(row: ModelRow, known: Figure, options: Options) -> Outcome:
    spotted, _, sessions = text.spot(known.image, options)
    device = sessions[-1].device
    best = max(spotted, key=lambda one: one.score, default=None)
    if best is None:
        return Outcome(row, False, 0.0, 0.0, device, f'It does not find "{options.text}".')
    if best.probability is not None:
        answer = engine.segment(known.image, options).alpha
        return _judged(row, answer, _eroded(known.figure), _outside(known), device)
    overlap = _overlap(best.box, known.box)
    passed = overlap >= _BOX
    message = f'Its box for "{options.text}" overlaps the true one by {overlap:.2f} (IoU).'
    return Outcome(row, passed, overlap, 0.0, device, message)


_CHECKS: dict[str, Callable[[ModelRow, Figure, Options], Outcome]] = {
    "salient": _segmented,
    "video": _segmented,
    "prompt": _prompted,
    "trimap": _matted,
    "prior": _matted,
    **dict.fromkeys(text.KINDS, _worded),
}
assert set(_CHECKS) == set(catalog.KINDS)


def _judged(
    row: ModelRow, answer: np.ndarray, inside: np.ndarray, outside: np.ndarray, device: str
) -> Outcome:
    high, low = float(answer[inside].mean()), float(answer[outside].mean())
    passed = high >= _IN and low <= _OUT
    message = f"Its mean answer is {high:.2f} inside the figure and {low:.2f} outside."
    return Outcome(row, passed, high, low, device, message)


def _eroded(where: np.ndarray, radius: int = _MARGIN) -> np.ndarray:
    """What is so far inside; the picture's rim is no outline."""
    padded = np.pad(where, radius + 1, mode="edge")
    rim = radius + 1
    return ~dilated(~padded, radius)[rim:-rim, rim:-rim]


def _outside(known: Figure) -> np.ndarray:
    return ~dilated(known.figure, _MARGIN)


def _overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(width, 0.0) * max(height, 0.0)
    area = sum((b[2] - b[0]) * (b[3] - b[1]) for b in (one, other))
    return common / (area - common)

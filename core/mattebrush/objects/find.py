# SPDX-License-Identifier: Apache-2.0
"""The pipeline for several objects: which there are, then each one's soft edge and clean color.

As `engine` for one subject, whose stages these are: the coarse probability comes from what stands
out, split into its parts, from the points and boxes of the prompt, or from words.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from .. import decontamination, engine, picture
from ..cutout import Progress, Report, no_progress
from ..imaging.depth import FULL
from ..imaging.morphology import nearest
from ..imaging.rect import Rect
from ..imaging.resize import resize
from ..models import catalog
from ..options import EMBEDDED_MODEL, Options, Prompt
from ..picture import Focus, Picture
from ..segmentation import text
from ..segmentation.result import Segmentation
from . import parts
from .result import Object, Objects, bounds, exclusive, unique_names

_UNNAMED = "object"

_ROOM = 0.06
"""How much of an object's size its window holds around it, for the brush."""


_DECISION = 8
"""How steeply the greater claim wins where the answers for two objects overlap."""


@dataclasses.dataclass(frozen=True)
class _Detection:
    """An object before its edge is decided."""

    name: str
    certainty: float
    coarse: Segmentation


def find(
    image: np.ndarray,
    options: Options = engine.DEFAULT,
    progress: Progress = no_progress,
    *,
    selection: np.ndarray | None = None,
    display: np.ndarray | None = None,
) -> Objects:
    """The objects of a picture, each with a soft mask of its own.

    Parameters
    ----------
    image
        (H, W) or (H, W, 1..4) uint8, uint16 or float32 in 0..1, as for
        `engine.remove_background`.
    options
        With a text, each thing that it names is an object. With a prompt, each box (with the
        points in it), or each point that says yes where there is no box. Without both, the objects
        are the parts of what stands out.
    progress
        See `cutout.Progress`.
    selection
        (H, W) uint8, what the user selected: only there is anything looked for.
    display
        As for `engine.remove_background`.

    Returns
    -------
    Objects
        Empty where nothing was found; the report says so too.

    Raises
    ------
    InputInvalid, OptionInvalid, ModelUnavailable, DeviceUnavailable
        As `engine.remove_background` does.
    """
    whole = picture.checked(image, display)
    report = engine.new_report("objects", whole)
    focus = picture.focus(whole, options, selection)
    if not options.text and not focus.prompt:
        focus = _without_margin(focus, whole)
    view = whole.view(focus.window)
    own_alpha = None if whole.alpha is None else whole.alpha[focus.window.slices]
    detections = _detections(view, own_alpha, focus, options, report, progress)
    masks = []
    owners = _owners([one.coarse.probability for one in detections])
    for number, (one, owner) in enumerate(zip(detections, owners, strict=True)):
        share = _share(progress, number, len(detections))
        alpha = engine.soft_edge(view, one.coarse, options, report, share)
        alpha = engine.retouched(alpha, options, report, share)
        if len(detections) > 1:
            alpha = alpha * resize(owner, (alpha.shape[0], alpha.shape[1]))
        masks.append(_in_window(focus.placed(alpha, whole), whole.box))
    seen = [(one, place) for one, place in zip(detections, masks, strict=True) if place is not None]
    made = exclusive([place for _, place in seen], view_shape(whole))
    names = unique_names([one.name for one, _ in seen])
    objects = []
    for number, ((one, (window, _)), mask) in enumerate(zip(seen, made, strict=True)):
        share = _share(progress, number, len(seen))
        foreground = _clean(whole, window, mask, options, report, share)
        name = names[number] if one.name != _UNNAMED else f"{_UNNAMED} {number + 1}"
        objects.append(Object(name, round(one.certainty, 3), window, mask, foreground))
    result = Objects(view_shape(whole), tuple(objects), report)
    report.warnings[:] = dict.fromkeys(report.warnings)  # each object's stages said theirs
    alpha = result.alpha()
    engine.look_for_subject(alpha, report)
    report.foreground_share = float(alpha.mean(dtype=np.float64))
    return result


_FILLS = 0.98
"""A picture fills its rectangle if this share of it is opaque."""


def _without_margin(focus: Focus, whole: Picture) -> Focus:
    """Not looking at the transparent margin of a picture that is a rectangle on a larger canvas:
    there the picture itself would be what stands out. A cut-out keeps the room around it."""
    if whole.alpha is None:
        return focus
    seen = bounds(whole.alpha > 0)
    if seen is None or seen == whole.box:
        return focus
    limits, window = focus.limits.within(seen), focus.window.within(seen)
    opaque = np.count_nonzero(whole.alpha[seen.slices] == FULL[whole.alpha.dtype])
    if opaque < _FILLS * seen.width * seen.height or min(limits.width, limits.height) <= 0:
        return focus
    return dataclasses.replace(focus, limits=limits, window=window)


def view_shape(whole: Picture) -> tuple[int, int]:
    """(height, width) of a picture.

    Parameters
    ----------
    whole
        All of it.

    Returns
    -------
    tuple[int, int]
    """
    return whole.box.height, whole.box.width


def _detections(
    view: np.ndarray,
    own_alpha: np.ndarray | None,
    focus: Focus,
    options: Options,
    report: Report,
    progress: Progress,
) -> list[_Detection]:
    """Which objects there are in the window, and in the report what said so."""
    if options.text:
        return _named(view, options, report, progress)
    prompts = _prompts(focus.prompt)
    if prompts:
        answers = []
        for prompt in prompts:
            prompted = dataclasses.replace(focus, prompt=prompt)
            answers.append(engine.segmented(view, prompted, options, report, progress))
        planes = _apart([one.probability for one in answers], prompts, view.shape[:2])
        return [
            _Detection(
                _UNNAMED,
                parts.certainty_of(plane),
                dataclasses.replace(one, probability=plane),
            )
            for one, plane in zip(answers, planes, strict=True)
        ]
    coarse = engine.segmented(view, focus, options, report, progress)
    with report.stage("segmentation"):
        row = catalog.get(EMBEDDED_MODEL)
        return [
            _Detection(
                _UNNAMED,
                part.certainty,
                dataclasses.replace(coarse, probability=part.probability),
            )
            for part in parts.split(view, coarse.probability, row, options, own_alpha)
        ]


def _named(
    view: np.ndarray, options: Options, report: Report, progress: Progress
) -> list[_Detection]:
    """What was asked for in words, and in the report what understood them."""
    with report.stage("segmentation"):
        progress("segmentation", 0.0)
        named, row, device, warnings = text.find(view, options)
        progress("segmentation", 1.0)
    report.model, report.license, report.device = row.id, row.license, device
    report.warnings += warnings
    report.certainty = min((one.score for one in named), default=0.0)
    return [
        _Detection(
            one.name,
            one.score * parts.certainty_of(one.segmentation.probability),
            one.segmentation,
        )
        for one in named
    ]


def _owners(planes: list[np.ndarray]) -> list[np.ndarray]:
    """Whose each cell is, float32 (h, w) each: by what the network says, and where it says nothing
    of any, whose is nearest. An object's soft edge looks beyond its outline, where the next object
    may stand out just as well."""
    if len(planes) < 2:
        return planes
    answers = _at_one_size(planes)
    peaks = answers.max(axis=(1, 2), keepdims=True)
    near = nearest(answers >= np.minimum(peaks, _SEED))
    claims = answers**_DECISION + 1e-12
    shares = claims / claims.sum(axis=0)
    return list(np.where(answers.max(axis=0) >= _SEED, shares, near).astype(np.float32))


_SEED = 0.5
"""What the network answers where it says that a cell is an object's."""


def _at_one_size(planes: list[np.ndarray]) -> np.ndarray:
    """Answers over the same view, (N, h, w)."""
    size = (max(p.shape[0] for p in planes), max(p.shape[1] for p in planes))
    return np.stack([resize(plane, size) for plane in planes])


def _prompts(prompt: Prompt) -> list[Prompt]:
    """One prompt for each object that the user pointed at."""
    no = tuple(point for point in prompt.points if not point.label)
    yes = [point for point in prompt.points if point.label]
    out = []
    for box in prompt.boxes:
        inside = [p for p in yes if box[0] <= p.x <= box[2] and box[1] <= p.y <= box[3]]
        yes = [p for p in yes if p not in inside]
        out.append(Prompt((*inside, *no), (box,)))
    for point in yes:
        # A click on one object says of the others that they are not it.
        others = tuple(dataclasses.replace(p, label=0) for p in yes if p != point)
        out.append(Prompt((point, *others, *no)))
    return out


def _apart(
    planes: list[np.ndarray], prompts: list[Prompt], shape: tuple[int, ...]
) -> list[np.ndarray]:
    """The answers to several prompts, shared out where they overlap: by what the network says,
    and where it says the same of several, by which was pointed at nearer by."""
    if len(planes) < 2:
        return planes
    answers = _at_one_size(planes)
    size = answers.shape[1:]
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    down, across = size[0] / shape[0], size[1] / shape[1]
    near = []
    for prompt in prompts:
        xs, ys = zip(*_pointed_at(prompt), strict=True)
        from_middle = np.hypot(x - np.mean(xs) * across, y - np.mean(ys) * down)
        near.append(1 / (1 + from_middle / (1 + _extent(prompt) * across)))
    claims = (answers * np.stack(near)) ** _DECISION + 1e-12
    shared = answers.max(axis=0) * claims / claims.sum(axis=0)
    return list(np.minimum(answers, shared).astype(np.float32))


def _pointed_at(prompt: Prompt) -> list[tuple[float, float]]:
    """The middle of a prompt's box, or its points."""
    boxes = [((b[0] + b[2]) / 2, (b[1] + b[3]) / 2) for b in prompt.boxes]
    return boxes or [(point.x, point.y) for point in prompt.points if point.label]


def _extent(prompt: Prompt) -> float:
    """How large a prompt's box is, in pixels; 0 for points."""
    return max((max(b[2] - b[0], b[3] - b[1]) / 2 for b in prompt.boxes), default=0.0)


def _in_window(alpha: np.ndarray, whole: Rect) -> tuple[Rect, np.ndarray] | None:
    """A plane cut to what is in it, with room around; None where nothing is."""
    box = bounds(alpha > 1 / 510)
    if box is None:
        return None
    window = box.grown(2 + round(_ROOM * max(box.width, box.height))).within(whole)
    return window, alpha[window.slices].copy()


def _clean(
    whole: Picture,
    window: Rect,
    mask: np.ndarray,
    options: Options,
    report: Report,
    progress: Progress,
) -> np.ndarray | None:
    if not options.decontaminate:
        return None
    with report.stage("decontamination"):
        color = whole.color[window.slices]
        return decontamination.estimate_foreground(color, mask, progress, options.threads)


def _share(progress: Progress, number: int, count: int) -> Progress:
    """Progress of one object as a part of all."""

    def report(stage: str, fraction: float) -> None:
        progress(stage, (number + fraction) / count)

    return report

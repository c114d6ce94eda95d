# SPDX-License-Identifier: Apache-2.0
"""What each operation of the job contract does with the engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from .. import engine, inputs, subject
from ..cutout import Cutout, Progress, no_progress
from ..errors import OptionInvalid
from ..imaging.depth import BITS, to_depth
from ..models import catalog
from ..objects.find import find
from ..segmentation import video
from .contract import Answer, Request


def run(
    request: Request, progress: Progress = no_progress, *, display: np.ndarray | None = None
) -> Answer:
    """Runs the operation that the request names.

    Parameters
    ----------
    request : Request
        A checked request.
    progress : Progress, optional
        Called as progress(stage, fraction); may raise to stop.
    display : numpy.ndarray or None, optional
        (H, W, 3), the colors of the request's image as a screen shows them, where it was read from
        a file in linear light, PQ or HLG (`raster.display_referred`); None where it is so itself.

    Returns
    -------
    Answer

    Raises
    ------
    MattebrushError, NoSubject
        MattebrushError subclasses: NoSubject where the result shows none and `force` is not set;
        whatever `progress` raises to stop the work.
    """
    return _RUN[request.op](request, progress, display)


def _remove(request: Request, progress: Progress, display: np.ndarray | None) -> Answer:
    with video.sequence():
        _feed_earlier(request)
        cutout = engine.remove_background(
            request.arrays["image"],
            request.options,
            progress,
            selection=request.arrays.get("region"),
            display=display,
        )
    if not request.force:
        subject.required(cutout.report, request.options, subject.FOR_HOSTS)
    return answer_of(cutout, request, "matte")


def _segment(request: Request, progress: Progress, display: np.ndarray | None) -> Answer:
    with video.sequence():
        _feed_earlier(request)
        cutout = engine.segment(request.arrays["image"], request.options, progress, display=display)
    return answer_of(cutout, request, "probability")


def _objects(request: Request, progress: Progress, display: np.ndarray | None) -> Answer:
    image = request.arrays["image"]
    selection = request.arrays.get("region")
    objects = find(image, request.options, progress, selection=selection, display=display)
    if not request.force:
        subject.required(objects.report, request.options, subject.FOR_HOSTS)
    dtype = BITS[request.depth]
    masks = np.zeros((len(objects), *objects.shape), dtype)
    # Rounded together, so that the whole numbers, too, sum to full at most.
    for plane, (one, mask) in zip(masks, objects.integer_masks(dtype), strict=True):
        plane[one.window.slices] = mask
    together = dataclasses.replace(objects, source=inputs.picture(image)).cutout()
    report = {**objects.report.to_json(), "objects": objects.to_json(), "alpha_is": "matte"}
    foreground = together.foreground if request.options.decontaminate else None
    whole = request.depth != 32
    alpha = masks.sum(axis=0, dtype=dtype) if whole else together.matte
    return Answer(alpha, foreground, report, masks=masks)


def _feed_earlier(request: Request) -> None:
    """Lets a video model see the frames before: a job keeps no state, so the client sends them."""
    frames = request.arrays.get("earlier")
    if frames is None:
        return
    row = catalog.get(request.options.model)
    if row.kind != "video":
        raise OptionInvalid(
            f"{row.id} remembers no earlier frames.", "Leave them out, or choose a video model."
        )
    for frame in frames:
        engine.segment(frame, request.options)


def _matte(request: Request, progress: Progress, display: np.ndarray | None) -> Answer:
    image, trimap = request.arrays["image"], request.arrays["mask"]
    cutout = engine.matte(image, trimap, request.options, progress, display=display)
    return answer_of(cutout, request, "matte")


def _decontaminate(request: Request, progress: Progress, display: np.ndarray | None) -> Answer:
    image, mask = request.arrays["image"], request.arrays["mask"]
    cutout = engine.decontaminate(image, mask, request.options, progress)
    return answer_of(cutout, request, "mask")


def _refine(request: Request, progress: Progress, display: np.ndarray | None) -> Answer:
    arrays = request.arrays
    cutout = engine.refine(
        arrays["image"],
        arrays["mask"],
        arrays.get("previous"),
        arrays.get("region"),
        request.options,
        progress,
        display=display,
    )
    return answer_of(cutout, request, "mask")


def _status(request: Request, progress: Progress, display: np.ndarray | None) -> Answer:
    from ..doctor import examine

    return Answer(None, None, examine())


_RUN: dict[str, Callable[[Request, Progress, np.ndarray | None], Answer]] = {
    "remove": _remove,
    "segment": _segment,
    "objects": _objects,
    "matte": _matte,
    "decontaminate": _decontaminate,
    "refine": _refine,
    "status": _status,
}


def answer_of(cutout: Cutout, request: Request, holds: str) -> Answer:
    """The answer to a request.

    Parameters
    ----------
    cutout : Cutout
        What was cut out.
    request : Request
        A checked request.
    holds : str
        What its `alpha` is, which the report says as `alpha_is`: "matte", what the engine decided,
        without the picture's own alpha, since the host's layer keeps that and its mask must not
        hold it a second time; "probability"; or "mask", the request's own, made better or as it
        came.

    Returns
    -------
    Answer
    """
    alpha = to_depth(cutout.matte, BITS[request.depth])
    report = {**cutout.report.to_json(), "alpha_is": holds}
    return Answer(alpha, cutout.foreground, report)

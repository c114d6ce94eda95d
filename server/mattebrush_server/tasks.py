# SPDX-License-Identifier: Apache-2.0
"""What a worker process can do. Everything that decodes or computes pixels happens here.

A task gets blobs and plain parameters and gives bytes, or an answer of the engine's still to be
written down, and plain facts. `job` answers a request of the job contract; `picture` makes one of
picture files; `render` (in `rendering`) turns an answer into a file; `shown` turns any picture into
a PNG; `live` cuts out a camera's frame, and `movie` a movie (in `live` and `movies`); `status`
examines the machine.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from mattebrush import engine, masks, raster
from mattebrush.cutout import Progress
from mattebrush.imaging.depth import to_depth
from mattebrush.imaging.morphology import dilated
from mattebrush.jobs import contract, operations
from mattebrush.matting.trimap import BACKGROUND, FOREGROUND, UNKNOWN

from . import live, movies, rendering
from .blobs import Blob
from .errors import RegionEmpty, RegionOutside

Outcome = tuple[bytes | contract.Answer, dict[str, Any]]


def _job(inputs: dict[str, Blob], params: dict[str, Any], progress: Progress) -> Outcome:
    body = inputs["request"]
    # In place: these are the pixels that the server received, uncopied.
    request = contract.decode(body.reader(), params["max_pixels"], body.view)
    return _answered(request, progress)


def _picture(inputs: dict[str, Blob], params: dict[str, Any], progress: Progress) -> Outcome:
    progress("reading", 0.0)
    most = params["max_pixels"]
    photo = raster.read(inputs["image"].reader(), most)
    arrays: dict[str, np.ndarray] = {}
    remarks = [*photo.warnings]  # an animation's further frames, say
    for name, kind in (("mask", "mask"), ("previous", "mask"), ("region", "region")):
        if name in inputs:
            arrays[name], more = _plane(inputs[name], kind, f"The {name}", most)
            remarks += more
    if "region" in arrays:
        arrays["region"] = to_depth(arrays["region"], np.uint8)
    options = {**params["options"], **_region_of_interest(photo, params.get("roi"))}
    arrays["image"] = photo.image()
    request, display = contract.request_of(options, arrays), raster.display_referred(photo)
    if params.get("thresholds"):
        return _matted(request, params["thresholds"], progress, display)
    answer = operations.run(request, progress, display=display)
    answer.report["warnings"][:0] = remarks
    if "previous" in arrays:
        changed = _changed(answer.alpha, arrays["previous"])
        return answer, {**answer.report, "changed": changed}
    return answer, answer.report


def _plane(file: Blob, kind: str, name: str, most: int) -> tuple[np.ndarray, list[str]]:
    """The mask in a file as its painter meant it, and remarks."""
    read = raster.read(file.reader(), most)
    values, remarks = masks.understood(read.plane(name), kind, name, read.is_lossy)
    return values, [*read.warnings, *remarks]


def _changed(alpha: np.ndarray | None, previous: np.ndarray) -> list[int] | None:
    """x, y, width and height of where a correction has changed anything; None where nothing."""
    if alpha is None:
        return None
    differs = alpha != to_depth(previous, alpha.dtype)
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not rows.size:
        return None
    x, y = int(columns[0]), int(rows[0])
    return [x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y]


def _preview(inputs: dict[str, Blob], params: dict[str, Any], progress: Progress) -> Outcome:
    """The picture as a PNG of 8 bits, its color and transparency as they are."""
    photo = raster.read(inputs["image"].reader(), params["max_pixels"])
    alpha = None if photo.alpha is None else to_depth(photo.alpha, np.uint8)
    pixels = to_depth(photo.pixels, np.uint8)
    return raster.encode(dataclasses.replace(photo, pixels=pixels, alpha=alpha), "PNG"), {}


def _matted(
    request: contract.Request,
    thresholds: dict[str, int],
    progress: Progress,
    display: np.ndarray | None,
) -> Outcome:
    """As rembg mattes: its trimap, `af`, `ab` and `ae`, in place of the one that suits the edge."""
    image, options = request.arrays["image"], request.options
    unmatted = dataclasses.replace(options, matting="none", decontaminate=False)
    coarse = engine.remove_background(image, unmatted, progress, display=display)
    trimap = _thresholded(coarse.matte, thresholds["af"], thresholds["ab"], thresholds["ae"])
    if (trimap == 0).any() and (trimap == 255).any():
        fine = engine.matte(image, trimap, options, progress, display=display)
    else:  # nothing to tell the undecided from: the mask as it is, as there
        fine = coarse
    if options.decontaminate:
        clean = engine.decontaminate(image, fine.matte, options, progress)
        fine = dataclasses.replace(fine, foreground=clean.foreground)
    answer = operations.answer_of(fine, request, "matte")
    # Its own report knows the matting alone; the subject was found before.
    answer.report.update(model=coarse.report.model, license=coarse.report.license)
    return answer, answer.report


def _thresholded(mask: np.ndarray, above: int, below: int, erosion: int) -> np.ndarray:
    """A trimap of what is surely in and surely out, each eroded by a square of that side."""
    erosion = min(erosion, 2 * max(mask.shape))
    inside, outside = mask * 255 > above, mask * 255 < below
    trimap = np.full(mask.shape, UNKNOWN, np.uint8)
    trimap[~dilated(~inside, erosion // 2)] = FOREGROUND
    trimap[~dilated(~outside, erosion // 2)] = BACKGROUND
    return trimap


def _region_of_interest(
    photo: raster.Raster, lengths: list[tuple[float, str]] | None
) -> dict[str, Any]:
    """x1, y1, x2, y2 in px or % as the option `region`, now that the picture's size is known."""
    if lengths is None:
        return {}
    sides = (photo.width, photo.height) * 2
    values = [
        number if unit == "px" else number / 100 * side
        for (number, unit), side in zip(lengths, sides, strict=True)
    ]
    if any(not 0 <= value <= side for value, side in zip(values, sides, strict=True)):
        raise RegionOutside(
            "The given roi parameter defines a region that exceeds the image bounds.",
            f"The picture has {photo.width} x {photo.height} pixels.",
        )
    (left, right), (top, bottom) = sorted(values[::2]), sorted(values[1::2])
    if right - left < 1 or bottom - top < 1:
        raise RegionEmpty("The given roi parameter defines an empty region.")
    return {"region": [left, top, right, bottom]}


def _answered(request: contract.Request, progress: Progress) -> Outcome:
    answer = operations.run(request, progress)
    return answer, answer.report


def _status(inputs: dict[str, Blob], params: dict[str, Any], progress: Progress) -> Outcome:
    from mattebrush.doctor import examine

    return json.dumps(examine()).encode(), {}


TASKS: dict[str, Callable[[dict[str, Blob], dict[str, Any], Progress], Outcome]] = {
    "job": _job,
    "live": live.frame,
    "movie": movies.cut_out,
    "picture": _picture,
    "render": rendering.render,
    "shown": _preview,
    "status": _status,
}

# SPDX-License-Identifier: Apache-2.0
"""Turns an answer and its source into the file a client asks for. Runs in a worker process.

Size and place first (`layout`), then the edge, then what is behind (the engine's `render`),
then the file format (the engine's `raster`).
"""

from __future__ import annotations

import dataclasses
import io
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

from mattebrush import composition, raster, retouch
from mattebrush.cutout import Progress
from mattebrush.errors import JobInvalid
from mattebrush.imaging.depth import to_depth, to_unit
from mattebrush.raster import Raster
from mattebrush.render import Scene, composed, subject_rect

from . import layout
from .blobs import Blob

_WHITE = (1.0, 1.0, 1.0)

_Writer = Callable[[Raster, Scene], bytes]


def render(
    inputs: dict[str, Blob], params: dict[str, Any], progress: Progress
) -> tuple[bytes, dict[str, Any]]:
    """A cut-out as a file.

    Parameters
    ----------
    inputs
        `answer`, the job's own (`request`, or `image`), perhaps `background`.
    params
        `format`, `kind` (the job's), `max_pixels`, and what else there is in
        `jobs_api._rendering_of` and `removebg_api._render_params`.
    progress
        See `mattebrush.cutout.Progress`.

    Returns
    -------
    tuple of (bytes, dict)
        The file, and facts about it: its size, the full size, where the subject is.
    """
    progress("rendering", 0.0)
    source = _source(inputs, params)
    whole = _cutout(source, inputs, params)
    cutout, shadow = _laid_out(whole, source.alpha, params)
    box = subject_rect(_alpha(cutout))
    facts = {
        "width": cutout.width,
        "height": cutout.height,
        "full_width": whole.width,
        "full_height": whole.height,
        "foreground": {
            "top": box.y0,
            "left": box.x0,
            "width": box.width,
            "height": box.height,
        },
    }
    return _WRITERS[params["format"]](cutout, _scene(inputs, params, shadow)), facts


def _cutout(source: Raster, inputs: dict[str, Blob], params: dict[str, Any]) -> Raster:
    """The source's picture with the answer's alpha and, if there is one, its clean color."""
    with np.load(inputs["answer"].reader(), allow_pickle=False) as answer:
        if "alpha" not in answer:
            raise JobInvalid("This job's result is no picture.", "Ask for format=report.")
        alpha = answer["alpha"]
        foreground = answer.get("foreground")
    color = source.pixels
    if foreground is not None:
        color = foreground[:, :, : color.shape[2]]
    if params.get("opaque_inside"):
        filled = retouch.opaque_inside(to_unit(alpha))
        # What is behind the glass is seen again, so the color is the picture's own there.
        color = np.where((filled > to_unit(alpha))[:, :, None], source.pixels, color)
        alpha = to_depth(filled, alpha.dtype)
    return dataclasses.replace(source, pixels=color, alpha=alpha)


def _source(inputs: dict[str, Blob], params: dict[str, Any]) -> Raster:
    if params["kind"] == "picture":
        return raster.read(inputs["image"].reader(), params["max_pixels"])
    with np.load(inputs["request"].reader(), allow_pickle=False) as request:
        image = request["image"]
    image = image if image.ndim == 3 else image[:, :, None]
    colors = 1 if image.shape[2] < 3 else 3
    alpha = image[:, :, colors] if image.shape[2] > colors else None
    return Raster(image[:, :, :colors], alpha)


def _laid_out(
    cutout: Raster, own: np.ndarray | None, params: dict[str, Any]
) -> tuple[Raster, composition.Shadow | None]:
    """The subject where and as large as it is wanted, and the shadow that suits this size.

    own: the transparency the picture itself had; a mask goes beside it, a cut-out holds it.
    """
    factor = 1.0
    if params.get("longest_side"):
        if own is not None:
            layer = dataclasses.replace(cutout, alpha=own)
            own = layout.preview(layer, params["longest_side"])[0].alpha
        cutout, factor = layout.preview(cutout, params["longest_side"])
    shift, feather = params.get("shift_edge", 0) * factor, params.get("feather", 0) * factor
    if shift or feather:
        alpha = to_unit(_alpha(cutout))
        alpha = retouch.shift_edge(alpha, shift) if shift else alpha
        alpha = retouch.feather(alpha, feather) if feather else alpha
        cutout = dataclasses.replace(cutout, alpha=to_depth(alpha, _alpha(cutout).dtype))
    if own is not None and params["format"] != "mask":
        alpha = to_unit(_alpha(cutout)) * to_unit(own)
        cutout = dataclasses.replace(cutout, alpha=to_depth(alpha, _alpha(cutout).dtype))
    if params.get("most_pixels"):
        cutout = layout.shrunk(cutout, params["most_pixels"])
    shadow = None
    if params.get("shadow"):
        natural = composition.shadow_for(cutout.height, cutout.width)
        shadow = dataclasses.replace(natural, opacity=params["shadow"]["opacity"])
    if params.get("crop"):
        cutout = layout.cropped(cutout, params["crop"], shadow)
    if params.get("box"):
        cutout = layout.part(cutout, params["box"])
    if params.get("scale") or params.get("position"):
        cutout = layout.placed(cutout, params.get("scale"), params.get("position"))
    return cutout, shadow


def _scene(
    inputs: dict[str, Blob], params: dict[str, Any], shadow: composition.Shadow | None
) -> Scene:
    if "background" in inputs:
        picture = raster.read(inputs["background"].reader(), params["max_pixels"])
        return Scene(picture, shadow=shadow)
    if not params.get("background"):
        return Scene(shadow=shadow)
    red, green, blue, opacity = (value / 255 for value in (*params["background"], 255)[:4])
    return Scene((red, green, blue), opacity, shadow)


def _alpha(picture: Raster) -> np.ndarray:
    assert picture.alpha is not None
    return picture.alpha


def _flat(cutout: Raster, scene: Scene) -> bytes:
    """JPEG has no transparency: white where nothing else was asked for."""
    background = _WHITE if scene.background is None else scene.background
    opaque = dataclasses.replace(scene, background=background, opacity=1.0)
    return raster.encode(composed(cutout, opaque), "JPEG")


def _mask(cutout: Raster, scene: Scene) -> bytes:
    return raster.encode(Raster(np.ascontiguousarray(_alpha(cutout)[:, :, None])), "PNG")


def _foreground(cutout: Raster, scene: Scene) -> bytes:
    return raster.encode(dataclasses.replace(cutout, alpha=None), "PNG")


def _zip(files: dict[str, _Writer]) -> _Writer:
    def write(cutout: Raster, scene: Scene) -> bytes:
        out = io.BytesIO()
        # Stored: what is in it is compressed already.
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            for name, writer in files.items():
                archive.writestr(name, writer(cutout, scene))
        return out.getvalue()

    return write


def _composed_as(format: str) -> _Writer:
    return lambda cutout, scene: raster.encode(composed(cutout, scene), format)


def _color_jpeg(cutout: Raster, scene: Scene) -> bytes:
    return raster.encode(dataclasses.replace(cutout, alpha=None), "JPEG")


_png = _composed_as("PNG")

_WRITERS: dict[str, _Writer] = {
    "png": _png,
    "webp": _composed_as("WEBP"),
    "tiff": _composed_as("TIFF"),
    "jpg": _flat,
    "mask": _mask,
    "alpha": _mask,
    "foreground": _foreground,
    "zip": _zip(
        {"cutout.png": _composed_as("PNG"), "mask.png": _mask, "foreground.png": _foreground}
    ),
    "zip-color-alpha": _zip({"color.jpg": _color_jpeg, "alpha.png": _mask}),
}

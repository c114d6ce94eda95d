# SPDX-License-Identifier: Apache-2.0
"""Turns an answer and its source into the file a client asks for. Runs in a worker process.

Size and place first (`layout`), then the edge, then what is behind (the engine's `composition`),
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

from . import layout
from .blobs import Blob

_WHITE = (1.0, 1.0, 1.0)

_Writer = Callable[[Raster, "_Scene"], bytes]


def render(
    inputs: dict[str, Blob], params: dict[str, Any], progress: Progress
) -> tuple[bytes, dict[str, Any]]:
    """The file asked for, and facts about it: its size, the full size, where the subject is.

    inputs: `answer`, the job's own (`request`, or `image`), perhaps `background`. params: `format`,
    `kind` (the job's), `max_pixels`, and what else is asked for, see `jobs_api._rendering_of` and
    `removebg_api._render_params`.
    """
    progress("rendering", 0.0)
    source = _source(inputs, params)
    whole = _cutout(source, inputs, params)
    cutout, shadow = _laid_out(whole, source.alpha, params)
    box = layout.subject_box(_alpha(cutout))
    facts = {
        "width": cutout.width,
        "height": cutout.height,
        "full_width": whole.width,
        "full_height": whole.height,
        "foreground": {
            "top": box.top,
            "left": box.left,
            "width": box.width,
            "height": box.height,
        },
    }
    return _WRITERS[params["format"]](cutout, _Scene.of(inputs, params, shadow)), facts


def _cutout(source: Raster, inputs: dict[str, Blob], params: dict[str, Any]) -> Raster:
    """The source's picture with the answer's alpha and, if there is one, its clean colour."""
    with np.load(inputs["answer"].reader(), allow_pickle=False) as answer:
        if "alpha" not in answer:
            raise JobInvalid("This job's result is no picture.", "Ask for format=report.")
        alpha = answer["alpha"]
        foreground = answer.get("foreground")
    colour = source.pixels
    if foreground is not None:
        colour = foreground[:, :, : colour.shape[2]]
    if params.get("opaque_inside"):
        filled = retouch.opaque_inside(to_unit(alpha))
        # What is behind the glass is seen again, so the colour is the picture's own there.
        colour = np.where((filled > to_unit(alpha))[:, :, None], source.pixels, colour)
        alpha = to_depth(filled, alpha.dtype)
    return dataclasses.replace(source, pixels=colour, alpha=alpha)


def _source(inputs: dict[str, Blob], params: dict[str, Any]) -> Raster:
    if params["kind"] == "picture":
        return raster.read(inputs["image"].reader(), params["max_pixels"])
    with np.load(inputs["request"].reader(), allow_pickle=False) as request:
        image = request["image"]
    image = image if image.ndim == 3 else image[:, :, None]
    colours = 1 if image.shape[2] < 3 else 3
    alpha = image[:, :, colours] if image.shape[2] > colours else None
    return Raster(image[:, :, :colours], alpha)


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


@dataclasses.dataclass(frozen=True)
class _Scene:
    """What goes behind the subject.

    background: a colour, a picture, or None for transparent. veil: opacity of that colour.
    """

    background: composition.Colour | Raster | None
    veil: float
    shadow: composition.Shadow | None

    @classmethod
    def of(
        cls, inputs: dict[str, Blob], params: dict[str, Any], shadow: composition.Shadow | None
    ) -> _Scene:
        if "background" in inputs:
            picture = raster.read(inputs["background"].reader(), params["max_pixels"])
            return cls(picture, 1.0, shadow)
        if not params.get("background"):
            return cls(None, 1.0, shadow)
        red, green, blue, opacity = (value / 255 for value in (*params["background"], 255)[:4])
        return cls((red, green, blue), opacity, shadow)


def _composed(cutout: Raster, scene: _Scene) -> Raster:
    """The subject on the scene; still transparent where that is."""
    alpha = to_unit(_alpha(cutout))
    pixels, behind, shadow = cutout.pixels, None, None
    if scene.shadow is not None:
        shadow = composition.drop_shadow(alpha, scene.shadow)
    if scene.background is not None:
        behind = composition.backdrop(scene.background, cutout)
    if behind is not None and scene.veil == 1:
        flat = composition.flatten(pixels, alpha, behind, shadow)
        return dataclasses.replace(cutout, pixels=flat, alpha=None, icc=cutout.icc_for(3))
    if shadow is not None:
        pixels, alpha = composition.over_veil(pixels, alpha, shadow)
        cutout = dataclasses.replace(cutout, pixels=pixels, alpha=alpha)
    if behind is not None and scene.veil > 0:
        assert isinstance(behind, tuple)
        veil = np.full_like(alpha, scene.veil)
        pixels, alpha = composition.over_veil(pixels, alpha, veil, behind)
        icc = cutout.icc_for(3 if pixels.shape[2] == 3 else 1)
        cutout = dataclasses.replace(cutout, pixels=pixels, alpha=alpha, icc=icc)
    return cutout


def _alpha(picture: Raster) -> np.ndarray:
    assert picture.alpha is not None
    return picture.alpha


def _flat(cutout: Raster, scene: _Scene) -> bytes:
    """JPEG has no transparency: white where nothing else was asked for."""
    behind = (
        scene if scene.background is not None else dataclasses.replace(scene, background=_WHITE)
    )
    return raster.encode(_composed(cutout, dataclasses.replace(behind, veil=1.0)), "JPEG")


def _mask(cutout: Raster, scene: _Scene) -> bytes:
    return raster.encode(Raster(np.ascontiguousarray(_alpha(cutout)[:, :, None])), "PNG")


def _foreground(cutout: Raster, scene: _Scene) -> bytes:
    return raster.encode(dataclasses.replace(cutout, alpha=None), "PNG")


def _zip(files: dict[str, _Writer]) -> _Writer:
    def write(cutout: Raster, scene: _Scene) -> bytes:
        out = io.BytesIO()
        # Stored: what is in it is compressed already.
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            for name, writer in files.items():
                archive.writestr(name, writer(cutout, scene))
        return out.getvalue()

    return write


def _composed_as(format: str) -> _Writer:
    return lambda cutout, scene: raster.encode(_composed(cutout, scene), format)


def _colour_jpeg(cutout: Raster, scene: _Scene) -> bytes:
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
    "zip-colour-alpha": _zip({"color.jpg": _colour_jpeg, "alpha.png": _mask}),
}

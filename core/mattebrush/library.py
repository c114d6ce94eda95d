# SPDX-License-Identifier: Apache-2.0
"""The functions of `import mattebrush`: the engine's, for pictures of any kind (`inputs`), and
`remove`, which gives back the kind that it got. docs/python.md is their manual.

`engine` does the work on arrays; the command line and jobs call it without this.
"""

from __future__ import annotations

import dataclasses
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import engine, inputs, subject
from .cutout import Cutout, Progress, no_progress
from .errors import OptionInvalid
from .options import Options
from .raster import display_referred

if TYPE_CHECKING:
    from .inputs import Picture
    from .raster import Raster


def remove(
    image: Any,
    options: Options | None = None,
    progress: Progress | None = None,
    *,
    only_mask: bool = False,
    force: bool = False,
    output: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> Any:
    """Removes the background, and gives back the kind of thing that it got.

    Parameters
    ----------
    image : str, Path, bytes, PIL.Image.Image or numpy.ndarray
        A picture file's path or bytes, or a picture; see `remove_background`.
    options : Options, optional
        What is asked of the engine.
    progress : callable, optional
        Called as progress(stage, fraction).
    only_mask : bool
        Give the mask (gray) rather than the cut-out.
    force : bool
        Give a result even where no subject was found.
    output : str or Path, optional
        Of a path: where the result goes; by default NAME-cutout.png (NAME-mask.png) beside it.
    overwrite : bool
        Of a path: whether a file that is there may be replaced. The picture itself never is.

    Returns
    -------
    str, Path, bytes, PIL.Image.Image or numpy.ndarray
        Of a path, the path of the file that was written; of bytes, a PNG file's bytes; of a PIL
        image, one (LA or RGBA; L for a mask); of an array, one of its dtype (H, W, 2 or 4; H, W
        for a mask). What the report warns of is told by `warnings.warn`, before NoSubject too.

    Raises
    ------
    NoSubject
        Where nothing stands out and `force` is not set.
    InputInvalid, OptionInvalid, ModelUnavailable, DeviceUnavailable
        As for `remove_background`.
    OutputExists, OutputUnwritable
        Of a path, where the result cannot be written.
    """
    target = _target(image, _path(output), only_mask)
    cutout = remove_background(image, options, progress)
    for warning in cutout.report.warnings:  # first: one may say why nothing was found
        if force or warning != subject.NO_SUBJECT:
            warnings.warn(warning, stacklevel=2)
    if not force:
        subject.required(cutout.report, options or engine.DEFAULT, subject.FOR_LIBRARY)
    if target is not None:
        cutout.save(target, only_mask=only_mask, overwrite=overwrite)
        return type(image)(target) if isinstance(image, (str, Path)) else target
    return inputs.Likeness(image).result(cutout.mask_raster() if only_mask else cutout.raster())


def _target(image: Any, output: str | os.PathLike[str] | None, only_mask: bool) -> Path | None:
    """Where the result of a path goes; None for what comes back in memory."""
    if not isinstance(image, (str, os.PathLike)):
        if output is not None:
            raise OptionInvalid(
                "output is for pictures given by path.",
                "Save what comes back, or use remove_background(...).save(path).",
            )
        return None
    source = Path(os.fsdecode(image))
    if output is None:
        return source.with_name(f"{source.stem}-{'mask' if only_mask else 'cutout'}.png")
    if os.path.realpath(output) == os.path.realpath(source):
        raise OptionInvalid(f"{output} is the picture itself.", "Originals are never written to.")
    return Path(output)


def _path(output: Any) -> Any:
    """A path as text; None for none."""
    if output is None or isinstance(output, (str, bytes, os.PathLike)):
        return None if output is None else os.fsdecode(output)
    raise OptionInvalid(f"output is of the type {type(output).__name__}.", "Give a path.")


def remove_background(
    image: Picture,
    options: Options | None = None,
    progress: Progress | None = None,
    *,
    selection: Picture | None = None,
) -> Cutout:
    """Cuts the subject out of a picture.

    Parameters
    ----------
    image : str, Path, bytes, PIL.Image.Image or numpy.ndarray
        A picture file's path or bytes, an image of Pillow, or an array (H, W) or (H, W, 1 to 4):
        uint8, uint16, or floats from 0 to 1; gray or RGB in its own encoding, with straight alpha
        as second or fourth channel, which the result keeps (the new alpha multiplies it).
    options : Options, optional
        What is asked of the engine; the defaults are what one click gives.
    progress : callable, optional
        Called as progress(stage, fraction); raise `Cancelled` in it to stop.
    selection : as `image`, or (H, W), optional
        Gray: only what is selected is kept, and it is what promptable models are asked for.

    Returns
    -------
    Cutout
        Its report's `subject_found` says whether anything stood out; if not, alpha is what the
        network gave all the same.

    Raises
    ------
    InputInvalid
        For what is no picture, named by its kind.
    OptionInvalid
        For options that do not fit the picture.
    ModelUnavailable, DeviceUnavailable
        Where what the options name cannot run here.
    """
    source = inputs.picture(image)
    selected, remarks = _plane(selection, "region", "selection")
    cutout = engine.remove_background(
        source.image(),
        _options(options),
        _progress(progress),
        selection=selected,
        display=display_referred(source),
    )
    return _finished(cutout, source, remarks)


def segment(
    image: Picture, options: Options | None = None, progress: Progress | None = None
) -> Cutout:
    """The coarse probability alone, as `Cutout.alpha` at the picture's size: no matting.

    Parameters, returns and raises as for `remove_background`.

    Parameters
    ----------
    image : Picture
        (H, W, 1 to 4), alpha last where there is one.
    options : Options or None, optional
        What is asked for.
    progress : Progress or None, optional
        Called as progress(stage, fraction); may raise to stop.

    Returns
    -------
    Cutout
    """
    source = inputs.picture(image)
    cutout = engine.segment(
        source.image(), _options(options), _progress(progress), display=display_referred(source)
    )
    return _finished(cutout, source)


def matte(
    image: Picture,
    trimap: Picture,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Cutout:
    """Soft alpha where a trimap is unknown.

    Parameters
    ----------
    image : as for `remove_background`
        The picture.
    trimap : as `image`, or (H, W)
        Black is background, white is subject, everything between is unknown. Values within 10 of
        255 of black and white count as such, and so do 0 and 1, and 0, 1 and 2 (`masks`).
    options, progress : as for `remove_background`

    Returns
    -------
    Cutout
        With `alpha` alone.

    Raises
    ------
    InputInvalid
        For a trimap that is none, or not of the picture's size.
    """
    source = inputs.picture(image)
    known, remarks = inputs.plane(trimap, "trimap", "trimap")
    cutout = engine.matte(
        source.image(),
        known,
        _options(options),
        _progress(progress),
        display=display_referred(source),
    )
    return _finished(cutout, source, remarks)


def decontaminate(
    image: Picture,
    alpha: Picture,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Cutout:
    """The foreground's colors under a finished alpha.

    Parameters
    ----------
    image : as for `remove_background`
        The picture.
    alpha : as `image`, or (H, W)
        How opaque each pixel is.
    options, progress : as for `remove_background`

    Returns
    -------
    Cutout
        With `foreground`, and `alpha` as float32.

    Raises
    ------
    InputInvalid
        For an alpha that is none, or not of the picture's size.
    """
    source = inputs.picture(image)
    opacity, remarks = inputs.plane(alpha, "alpha", "alpha")
    cutout = engine.decontaminate(source.image(), opacity, _options(options), _progress(progress))
    return _finished(cutout, source, remarks)


def refine(
    image: Picture,
    mask: Picture,
    previous: Picture | None = None,
    region: Picture | None = None,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Cutout:
    """A mask made better around what was painted, and nowhere else.

    Parameters
    ----------
    image : as for `remove_background`
        The picture.
    mask : as `image`, or (H, W)
        The mask with strokes in it: pure black and white are certain, gray means "decide here".
    previous : as `mask`, optional
        The mask before the strokes; what differs from it is the user's word.
    region : as `mask`, optional
        Not black where matting shall decide anew.
    options, progress : as for `remove_background`

    Returns
    -------
    Cutout
        `alpha` has the dtype of `mask`, so that untouched values stay the same to the bit.

    Raises
    ------
    InputInvalid
        For planes that are none, or not of the picture's size.
    """
    source = inputs.picture(image)
    strokes, remarks = inputs.plane(mask, "mask", "mask")
    before, more = _plane(previous, "mask", "previous mask")
    inside, still_more = _plane(region, "region", "region")
    cutout = engine.refine(
        source.image(),
        strokes,
        before,
        inside,
        _options(options),
        _progress(progress),
        display=display_referred(source),
    )
    return _finished(cutout, source, remarks + more + still_more)


def _plane(source: Any, kind: str, name: str) -> Any:
    return (None, []) if source is None else inputs.plane(source, kind, name)


def _options(options: Options | None) -> Options:
    if options is None:
        return engine.DEFAULT
    if not isinstance(options, Options):
        raise OptionInvalid(
            f"options is a {type(options).__name__}.", "Give mattebrush.Options(...)."
        )
    return options


def _progress(progress: Progress | None) -> Progress:
    if progress is None:
        return no_progress
    if not callable(progress):
        raise OptionInvalid(
            f"progress is a {type(progress).__name__}.", "Give a function (stage, fraction)."
        )
    return progress


def _finished(cutout: Cutout, source: Raster, remarks: list[str] | None = None) -> Cutout:
    cutout.report.warnings[:0] = [*source.warnings, *(remarks or [])]
    return dataclasses.replace(cutout, source=source)

# SPDX-License-Identifier: Apache-2.0
"""The pipeline. Segmentation finds the subject, matting decides how opaque each edge pixel is,
decontamination finds the color it would have without the old background.

This module strings the stages together and keeps the report; how each stage works is in its own
module. It knows no files (`raster`), no command line (`cli`) and no transport (`jobs`).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from . import decontamination, picture, retouch, subject
from .cutout import Cutout, Progress, Report, no_progress
from .imaging.depth import FULL, to_unit
from .imaging.resize import Upsampled, resize
from .matting import methods
from .matting.refine import refine_mask
from .matting.trimap import adaptive_trimap, from_plane
from .matting.unknown import matte_unknown
from .models import catalog
from .options import EMBEDDED_MODEL, Options, Prompt
from .picture import Focus, Picture
from .segmentation import guided, select
from .segmentation.certainty import certainty
from .segmentation.result import Segmentation
from .segmentation.strokes import Strokes, find_strokes

DEFAULT = Options()


def remove_background(
    image: np.ndarray,
    options: Options = DEFAULT,
    progress: Progress = no_progress,
    *,
    selection: np.ndarray | None = None,
    display: np.ndarray | None = None,
) -> Cutout:
    """Cuts the subject out of `image`.

    The report's `subject_found` says whether anything stood out; if not, alpha is what the network
    gave all the same.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W) or (H, W, 1..4) uint8, uint16 or float32 in 0..1; gray or RGB in its own encoding; a
        second or fourth channel is straight alpha, which the result keeps (the new alpha multiplies
        it).
    options : Options, optional
        What is asked for.
    progress : Progress, optional
        See `cutout.Progress`.
    selection : numpy.ndarray or None, optional
        (H, W) uint8, what the user selected: only there is anything kept, and it is what promptable
        models are asked for.
    display : numpy.ndarray or None, optional
        (H, W, 1|3), the colors as a screen shows them, which is what networks are to see; None
        where the image is so itself (`raster.display_referred`).

    Returns
    -------
    Cutout

    Raises
    ------
    InputInvalid, OptionInvalid, ModelUnavailable, DeviceUnavailable
        InputInvalid, OptionInvalid, ModelUnavailable, DeviceUnavailable, and whatever `progress`
        raises.
    """
    whole = picture.checked(image, display)
    report = new_report("remove", whole)
    focus = picture.focus(whole, options, selection)
    view = whole.view(focus.window)

    coarse = segmented(view, focus, options, report, progress)
    return _delivered(whole, focus, view, coarse, options, report, progress)


def cut_out(
    image: np.ndarray,
    coarse: Segmentation,
    options: Options = DEFAULT,
    progress: Progress = no_progress,
) -> Cutout:
    """The subject out of `image` where its probability is known: a frame of a video.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 1 to 4), alpha last where there is one.
    coarse : Segmentation
        Over the whole picture. Other arguments, result and errors as for `remove_background`.
    options : Options, optional
        What is asked for.
    progress : Progress, optional
        Called as progress(stage, fraction); may raise to stop.

    Returns
    -------
    Cutout
    """
    whole = picture.checked(image)
    report = new_report("remove", whole)
    focus = picture.focus(whole, dataclasses.replace(options, prompt=Prompt()), None)
    report.model, report.license = coarse.model.id, coarse.model.license
    report.device = coarse.device
    report.warnings += coarse.warnings
    if focus.window != whole.box:
        cells = guided.in_cells(focus.window, whole.box, coarse.probability.shape)
        size = (max(1, round(cells[3] - cells[1])), max(1, round(cells[2] - cells[0])))
        part = resize(coarse.probability, size, box=cells)
        coarse = dataclasses.replace(coarse, probability=part)
    view = whole.view(focus.window)
    return _delivered(whole, focus, view, coarse, options, report, progress)


def _delivered(
    whole: Picture,
    focus: Focus,
    view: np.ndarray,
    coarse: Segmentation,
    options: Options,
    report: Report,
    progress: Progress,
) -> Cutout:
    """All that comes after the coarse mask of a window."""
    alpha = soft_edge(view, coarse, options, report, progress)
    alpha = retouched(alpha, options, report, progress)
    alpha = focus.placed(alpha, whole)
    foreground = clean_color(whole, alpha, options, report, progress)
    matte = alpha
    if whole.alpha is not None:
        alpha = matte * to_unit(whole.alpha)
    look_for_subject(matte if whole.alpha is None else matte * (whole.alpha > 0), report)
    return dataclasses.replace(_finished(alpha, foreground, report), matte=matte)


def segment(
    image: np.ndarray,
    options: Options = DEFAULT,
    progress: Progress = no_progress,
    *,
    display: np.ndarray | None = None,
) -> Cutout:
    """The coarse probability alone, as `Cutout.alpha` at the image's size: no matting.

    Arguments and errors as for `remove_background`.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 1 to 4), alpha last where there is one.
    options : Options, optional
        What is asked for.
    progress : Progress, optional
        Called as progress(stage, fraction); may raise to stop.
    display : numpy.ndarray or None, optional
        The colors as a screen shows them; None where the image is so itself.

    Returns
    -------
    Cutout
    """
    whole = picture.checked(image, display)
    report = new_report("segment", whole)
    focus = picture.focus(whole, options, None)
    coarse = segmented(whole.view(focus.window), focus, options, report, progress)
    alpha = focus.placed(coarse.at(focus.window.height, focus.window.width), whole)
    look_for_subject(alpha, report)
    return _finished(alpha, None, report)


def matte(
    image: np.ndarray,
    trimap: np.ndarray,
    options: Options = DEFAULT,
    progress: Progress = no_progress,
    *,
    display: np.ndarray | None = None,
) -> Cutout:
    """Soft alpha where `trimap` is unknown.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 1 to 4), alpha last where there is one.
    trimap : numpy.ndarray
        (H, W) uint8, uint16 or float32: exactly 0 is background, exactly full is foreground,
        everything between is unknown.
    options : Options, optional
        What is asked for.
    progress : Progress, optional
        Called as progress(stage, fraction); may raise to stop.
    display : numpy.ndarray or None, optional
        The colors as a screen shows them; None where the image is so itself.

    Returns
    -------
    Cutout

    Raises
    ------
    InputInvalid
        For a trimap that is not of this form or the image's size.
    """
    whole = picture.checked(image, display)
    report = new_report("matte", whole)
    picture.check_plane(trimap, "trimap", whole)
    known = from_plane(trimap)
    method = methods.select(options, report)
    with report.stage("matting"):
        view = whole.view(whole.box)
        alpha = matte_unknown(view, known, None, method, progress, options.threads)
    return _finished(alpha, None, report)


def decontaminate(
    image: np.ndarray,
    alpha: np.ndarray,
    options: Options = DEFAULT,
    progress: Progress = no_progress,
) -> Cutout:
    """The foreground color under `alpha` (H, W), which comes back as float32 beside it.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 1 to 4), alpha last where there is one.
    alpha : numpy.ndarray
        How opaque each pixel is, (H, W).
    options : Options, optional
        What is asked for.
    progress : Progress, optional
        Called as progress(stage, fraction); may raise to stop.

    Returns
    -------
    Cutout

    Raises
    ------
    InputInvalid
        For an alpha that is not of the image's size.
    """
    whole = picture.checked(image)
    report = new_report("decontaminate", whole)
    picture.check_plane(alpha, "alpha", whole)
    unit = to_unit(alpha)
    foreground = clean_color(whole, unit, options, report, progress)
    return _finished(unit, foreground, report)


def refine(
    image: np.ndarray,
    mask: np.ndarray,
    previous: np.ndarray | None = None,
    region: np.ndarray | None = None,
    options: Options = DEFAULT,
    progress: Progress = no_progress,
    *,
    display: np.ndarray | None = None,
) -> Cutout:
    """A mask made better where the user painted on it, and nowhere else.

    Strokes are where `mask` differs from `previous`. Pure white and black are certain and stay;
    anything between says "decide here". The guided network says what the strokes mean, as far as
    it hangs together with them: a keep stroke lowers nothing outside itself, a drop stroke raises
    nothing. Only the new edge goes through matting; all else keeps its value to the bit. Without
    strokes nothing changes, and refining twice changes nothing more.

    Parameters
    ----------
    image
        As for `remove_background`.
    mask
        (H, W) uint8, uint16 or float32, strokes included.
    previous
        The mask before the strokes. None where it is not known: then there are no strokes, and
        without `region` every edge is decided anew, a few pixels wide.
    region
        (H, W), nonzero where anything may change. With strokes it limits what they do; without,
        the network and matting decide anew inside it, so that a crude mask is pulled to the
        subject.
    options
        `guided` False leaves the network out: matting alone.
    progress
        See `cutout.Progress`.
    display
        As for `remove_background`.

    Returns
    -------
    Cutout
        Its `alpha` has the dtype of `mask`.

    Raises
    ------
    InputInvalid
        For planes that are not of the image's size.
    """
    whole = picture.checked(image, display)
    report = new_report("refine", whole)
    planes = {"mask": mask, "previous": previous, "region": region}
    for name, values in planes.items():
        if values is not None:
            picture.check_plane(values, name, whole)
    strokes = find_strokes(mask, previous)
    method = methods.select(options, report)
    view = whole.view(whole.box)
    change = None
    certain = strokes.keep.any() or strokes.drop.any()
    if options.guided and (certain or (region is not None and not strokes)):
        change = _understood(view, mask, previous, strokes, region, options, report, progress)
    with report.stage("matting"):
        better = mask.copy()
        if strokes or region is not None or previous is None:
            better = refine_mask(
                view,
                mask,
                strokes,
                region,
                change,
                method=method,
                progress=progress,
                threads=options.threads,
            )
    foreground = clean_color(whole, to_unit(better), options, report, progress)
    return _finished(better, foreground, report)


def _understood(
    view: np.ndarray,
    mask: np.ndarray,
    previous: np.ndarray | None,
    strokes: Strokes,
    region: np.ndarray | None,
    options: Options,
    report: Report,
    progress: Progress,
) -> guided.Change:
    """What the strokes mean, and in the report what said so: always the embedded network."""
    row = catalog.get(EMBEDDED_MODEL)
    with report.stage("segmentation"):
        progress("segmentation", 0.0)
        before = mask if previous is None else previous
        change = guided.correct(view, before, strokes, region, row, options.device, options.threads)
        progress("segmentation", 1.0)
    report.model, report.license, report.device = row.id, row.license, change.device
    report.warnings += change.warnings
    return change


def new_report(op: str, whole: Picture) -> Report:
    """The report of an operation that begins, with what is to be said of the picture.

    Parameters
    ----------
    op : str
        Which operation.
    whole : Picture
        The picture.

    Returns
    -------
    Report
    """
    report = Report(op, whole.box.width, whole.box.height)
    report.warnings += picture.remarks(whole)
    return report


def segmented(
    view: np.ndarray, focus: Focus, options: Options, report: Report, progress: Progress
) -> Segmentation:
    """The coarse probability of the window, and in the report what gave it.

    Parameters
    ----------
    view : numpy.ndarray
        The window as networks see it.
    focus : Focus
        Where in the picture to look.
    options : Options
        What is asked for.
    report : Report
        What is known of the run; completed here.
    progress : Progress
        Called as progress(stage, fraction); may raise to stop.

    Returns
    -------
    Segmentation
    """
    with report.stage("segmentation"):
        progress("segmentation", 0.0)
        coarse = select.segment(view, focus, options)
        progress("segmentation", 1.0)
    report.model, report.license = coarse.model.id, coarse.model.license
    report.device = coarse.device
    report.certainty = certainty(coarse.undecided)
    report.warnings += coarse.warnings
    return coarse


def soft_edge(
    view: np.ndarray, coarse: Segmentation, options: Options, report: Report, progress: Progress
) -> np.ndarray:
    """Full-size alpha (h, w) float32: the coarse mask, its unknown region decided by matting.

    Parameters
    ----------
    view : numpy.ndarray
        The window as networks see it.
    coarse : Segmentation
        What the network said.
    options : Options
        What is asked for.
    report : Report
        What is known of the run; completed here.
    progress : Progress
        Called as progress(stage, fraction); may raise to stop.

    Returns
    -------
    numpy.ndarray
    """
    height, width = view.shape[:2]
    method = methods.select(options, report)
    progress("matting", 0.0)  # told early, and twice, so that a cancel need not wait
    guess = Upsampled(coarse.probability, height, width)
    with report.stage("trimap"):
        trimap = adaptive_trimap(coarse.probability, height, width, first_look=coarse.first_look)
    progress("matting", 0.0)
    with report.stage("matting"):
        return matte_unknown(view, trimap, guess, method, progress, options.threads)


def retouched(
    alpha: np.ndarray, options: Options, report: Report, progress: Progress
) -> np.ndarray:
    """What the user asked to be done to the finished mask.

    Parameters
    ----------
    alpha : numpy.ndarray
        How opaque each pixel is, (H, W).
    options : Options
        What is asked for.
    report : Report
        What is known of the run; completed here.
    progress : Progress
        Called as progress(stage, fraction); may raise to stop.

    Returns
    -------
    numpy.ndarray
    """
    with report.stage("retouch"):
        progress("retouch", 0.0)
        if options.keep == "largest":
            alpha = retouch.keep_largest(alpha)
        if options.shift_edge:
            alpha = retouch.shift_edge(alpha, options.shift_edge)
        if options.feather:
            alpha = retouch.feather(alpha, options.feather)
        if options.hard:
            alpha = retouch.harden(alpha)
        progress("retouch", 1.0)
    return alpha


def clean_color(
    whole: Picture, alpha: np.ndarray, options: Options, report: Report, progress: Progress
) -> np.ndarray | None:
    """The picture's colors without the old background, None where they were not asked for.

    Parameters
    ----------
    whole : Picture
        The picture.
    alpha : numpy.ndarray
        The matte, float32 (H, W).
    options : Options
        What is asked for.
    report : Report
        What is known of the run; completed here.
    progress : Progress
        Called as progress(stage, fraction); may raise to stop.

    Returns
    -------
    numpy.ndarray or None
    """
    if not options.decontaminate:
        return None
    with report.stage("decontamination"):
        return decontamination.estimate_foreground(whole.color, alpha, progress, options.threads)


def look_for_subject(alpha: np.ndarray, report: Report) -> None:
    """In what is delivered: a region, a selection or the edge's work may have left nothing.

    Parameters
    ----------
    alpha : numpy.ndarray
        How opaque each pixel is, (H, W).
    report : Report
        What is known of the run; completed here.
    """
    report.subject_found = subject.has_subject(alpha)
    if not report.subject_found:
        report.certainty = 0.0
        report.warnings.append(subject.NO_SUBJECT)


def _finished(alpha: np.ndarray, foreground: np.ndarray | None, report: Report) -> Cutout:
    report.foreground_share = float(alpha.mean(dtype=np.float64)) / FULL[alpha.dtype]
    return Cutout(alpha, alpha, foreground, report)

# SPDX-License-Identifier: Apache-2.0
"""Which kind of model finds the subject: one for what stands out, for a prompt, or for video."""

from __future__ import annotations

import numpy as np

from ..errors import OptionInvalid
from ..models import catalog
from ..options import EMBEDDED_MODEL, Options, Prompt
from ..picture import Focus
from . import guided, salient, text, video
from .result import Segmentation


def segment(view: np.ndarray, focus: Focus, options: Options) -> Segmentation:
    """The coarse probability of a window (h, w, 1|3), by the model that `options` ask for.

    A prompt goes to the embedded network, or to the promptable model asked for. A host's selection
    is a prompt for promptable models.

    Parameters
    ----------
    view : numpy.ndarray
        (H, W, 1|3), the window as networks see it.
    focus : Focus
        Where in the picture the window is, and what points into it.
    options : Options
        What is asked for.

    Returns
    -------
    Segmentation
        Over the window.

    Raises
    ------
    OptionInvalid
        For a prompt and a model that takes none, or a model that needs one.
    """
    row = catalog.get(options.model)
    if options.text:
        return text.segment(view, options)
    if row.kind in text.KINDS:
        raise OptionInvalid(f"{row.id} must be told in words what to find.", "Give a text.")
    prompt = focus.prompt
    if prompt and row.id == EMBEDDED_MODEL:
        return guided.segment(view, prompt, row, options.device, options.threads)
    if prompt and row.kind != "prompt":
        raise OptionInvalid(
            f"{row.id} takes no points or boxes.",
            f"Leave the model out ({EMBEDDED_MODEL} takes them), or choose a promptable one.",
        )
    if row.kind == "video":
        return video.segment(view, row, options.device, options.threads)
    if row.kind != "prompt":
        return salient.segment(view, row, options.device, options.threads)
    from . import promptable

    return promptable.segment(
        view, prompt or _selected(focus), row, options.device, options.threads
    )


def _selected(focus: Focus) -> Prompt:
    """The user's region or selection as a box."""
    box = focus.limits.seen_from(focus.window)
    if box == (0, 0, focus.window.width, focus.window.height):
        raise OptionInvalid(
            "This model must be shown the subject.", "Give points or a box, or select the subject."
        )
    return Prompt(boxes=((float(box.x0), float(box.y0), float(box.x1), float(box.y1)),))

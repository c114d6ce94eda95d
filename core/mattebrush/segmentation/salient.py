# SPDX-License-Identifier: Apache-2.0
"""Where is the subject of a whole picture, as a network sees it: probabilities, nothing more.

Every salient-object network goes through here; what differs between them stands in the catalog.
Trimap, matting and resizing to the picture are for others.
"""

from __future__ import annotations

import numpy as np

from ..errors import OptionInvalid
from ..models.catalog import ModelRow, get
from ..models.runtime import open_session
from . import guided, preprocess
from .result import Segmentation, probabilities

_INSTEAD = {
    "prompt": "Give it points or boxes.",
    "trimap": "Use it as the matting model.",
    "prior": "Use it as the matting model.",
    "video": "Give it frames.",
    "text-boxes": "Give it words.",
    "text-map": "Give it words.",
    "text": "Give it words.",
}


def segment(
    image: np.ndarray, model: str | ModelRow, device: str = "auto", threads: int | None = None
) -> Segmentation:
    """Runs a salient-object network on a picture.

    Parameters
    ----------
    image
        (H, W, 1|3) uint8, uint16, or float32 in 0..1; RGB or gray.
    model
        Catalog id or row of kind "salient".
    device, threads
        See `models.runtime.open_session`.

    Returns
    -------
    Segmentation
        At the network's own resolution; its `at` resizes.

    Raises
    ------
    OptionInvalid
        For a model of another kind.
    InputInvalid
        For an array that is no picture.
    ModelUnavailable, ModelInvalid, DeviceUnavailable
        As `models.runtime.open_session` does.
    """
    row = get(model)
    if row.kind != "salient":
        raise OptionInvalid(f"{row.id} does not find subjects on its own.", _INSTEAD[row.kind])
    session = open_session(row, device, threads)
    how = preprocess.recommended(row.interface.preprocessing, session)
    size = preprocess.fixed_size(session, how.layout)
    placement = preprocess.place(image.shape[:2], how, size)
    seen = preprocess.network_input(image, placement, how)
    post = row.interface.postprocessing
    output = session.outputs[post.output].name
    first = None
    if guided.takes_guidance(session):
        plane, first = guided.unprompted(session, seen, output)
        first = preprocess.restore(first, placement)
    else:
        plane = probabilities(session.run({session.inputs[0].name: seen})[output], post, how.layout)
    return Segmentation(
        preprocess.restore(plane, placement), row, session.device, list(session.warnings), first
    )

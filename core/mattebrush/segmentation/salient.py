# SPDX-License-Identifier: Apache-2.0
"""Where is the subject of a whole picture, as a network sees it: probabilities, nothing more.

Every salient-object network goes through here; what differs between them stands in the catalogue.
Trimap, matting and resizing to the picture are for others.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from ..errors import OptionInvalid
from ..models.catalog import ModelRow, Prepare, Read, get
from ..models.runtime import Session, open_session
from . import pixels


@dataclasses.dataclass
class Segmentation:
    """What a network saw.

    probability: float32 (h, w) in [0, 1] at the network's own resolution; covers the picture
        exactly, without filling. Not stretched: a picture without a subject stays near 0.
    model: the catalogue row. device: what really ran. warnings: sentences a person should read.
    """

    probability: np.ndarray
    model: ModelRow
    device: str
    warnings: list[str] = dataclasses.field(default_factory=list)

    def at(self, height: int, width: int) -> np.ndarray:
        """The probability resized to (height, width), in float, bilinear."""
        return pixels.resize(self.probability, (height, width))


def segment(
    image: np.ndarray,
    model: str | ModelRow,
    device: str = "auto",
    threads: int | None = None,
    *,
    fallback: bool = False,
) -> Segmentation:
    """Runs a salient-object network on a picture.

    image: (H, W, 1|3) uint8, uint16, or float32 in 0..1; RGB or grey.
    model: catalogue id or row of kind "salient", or "video", which is then run on one frame.
    device, threads, fallback: see `models.runtime.open_session`.

    Raises ModelUnavailable, ModelInvalid, DeviceUnavailable; OptionInvalid for a model of another
    kind; InputInvalid for an array that is no picture.
    """
    row = get(model)
    if row.kind == "video":
        from .recurrent import still

        return still(image, row, device, threads, fallback=fallback)
    if row.kind != "salient":
        raise OptionInvalid(f"{row.id} does not find subjects on its own.", _HOW[row.kind])
    session = open_session(row, device, threads, fallback=fallback)
    prepare = _recommended(row.contract.prepare, session)
    where = pixels.frame(image.shape[:2], prepare, fixed_size(session, prepare.layout))
    outputs = session.run_gathered({session.inputs[0].name: pixels.load(image, where, prepare)})
    values = outputs[session.outputs[row.contract.read.output].name]
    plane = read(values, row.contract.read, prepare.layout)
    return Segmentation(pixels.restore(plane, where), row, session.device, list(session.warnings))


def read(values: np.ndarray, how: Read, layout: str) -> np.ndarray:
    """A network's output as one float32 map (h, w) in [0, 1], as the catalogue's `Read` says."""
    planes = np.asarray(values, np.float32)
    planes = planes.reshape(planes.shape[-3:])
    if layout != "NCHW":
        planes = planes.transpose(2, 0, 1)
    if how.activation == "softmax" or (
        how.activation == "softmax-if-logits" and not _probabilities(planes)
    ):
        planes = np.exp(planes - planes.max(axis=0))
        planes /= planes.sum(axis=0)
    chosen = planes[list(how.channels)].sum(axis=0)
    if how.activation == "sigmoid" or (
        how.activation == "sigmoid-if-logits" and (chosen.min() < 0 or chosen.max() > 1)
    ):
        chosen = sigmoid(chosen)
    probability: np.ndarray = np.clip(np.nan_to_num(chosen, copy=False), 0, 1)
    return probability


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Logits as probabilities, in place of overflow the exact 0 and 1 they round to."""
    probability: np.ndarray = 1 / (1 + np.exp(-np.clip(logits, -60, 60)))
    return probability


def _probabilities(planes: np.ndarray) -> bool:
    """Whether channels (c, h, w) are shares of one already, up to rounding."""
    return bool(planes.min() >= 0 and np.allclose(planes.sum(axis=0), 1, atol=0.01))


_HOW = {
    "prompt": "Give it points or boxes.",
    "trimap": "Use it as the matting model.",
    "prior": "Use it as the matting model.",
}


def fixed_size(session: Session, layout: str) -> tuple[int, int] | None:
    """(height, width) of a network's first input where the file fixes them, else None."""
    shape = session.inputs[0].shape
    height, width = shape[2:4] if layout == "NCHW" else shape[-3:-1]
    return (height, width) if height is not None and width is not None else None


def _recommended(prepare: Prepare, session: Session) -> Prepare:
    """Our own networks take any size and say in their metadata at which they do best."""
    side = session.metadata.get("size", "")
    return dataclasses.replace(prepare, size=(int(side),) * 2) if side.isdigit() else prepare

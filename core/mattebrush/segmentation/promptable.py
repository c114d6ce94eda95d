# SPDX-License-Identifier: Apache-2.0
"""Which object did the user point at: points and boxes in image pixels -> probabilities.

A picture is encoded once; what the encoder saw is kept by the picture's content, so that the next
click only costs the small decoder. Each family of models (SAM, SAM 2, EfficientSAM) has its
conventions for the decoder's inputs, as one function in `_DECODERS`; all else is shared. When a
prompt is an earlier one and more points, the mask answered then is fed back, as the models want.

Method: Kirillov et al., "Segment Anything", ICCV 2023; Ravi et al., "SAM 2", 2024; Xiong et al.,
"EfficientSAM", CVPR 2024.
"""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import threading

import numpy as np

from ..errors import OptionInvalid
from ..imaging.resize import resize
from ..models.catalog import ModelRow, get
from ..models.runtime import Session, open_session
from ..options import Prompt
from . import preprocess
from .preprocess import Placement, fixed_size
from .result import Segmentation, sigmoid

_SIDE = 1024
"""All these families look at a square of this side, whatever shape their masks have."""

_LOWRES = (1, 1, 256, 256)

Arrays = dict[str, np.ndarray]


@dataclasses.dataclass
class PromptedSegmentation(Segmentation):
    """As `Segmentation`, and what the next click starts from.

    quality: the model's own guess of the mask's overlap with the truth, 0 to 1.
    lowres: float32 (n, 1, 256, 256) logits, one for each box of the prompt (one if there was
        none), which are fed back with the next click. None where the model cannot take them.
    """

    quality: float = 0.0
    lowres: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class _Group:
    """One object of the prompt: coords (n, 2) as x, y in the network's input; labels (n,): 1 and 0
    for points in and out, 2 and 3 for a box's corners."""

    coords: np.ndarray
    labels: np.ndarray
    lowres: np.ndarray | None


@dataclasses.dataclass(frozen=True)
class _Answer:
    """Logits (h, w) that cover the picture exactly, their predicted quality, and for the next."""

    logits: np.ndarray
    quality: float
    lowres: np.ndarray | None


def segment(
    image: np.ndarray,
    prompt: Prompt,
    model: str | ModelRow,
    device: str = "auto",
    threads: int | None = None,
) -> PromptedSegmentation:
    """What belongs to the object that `prompt` points at.

    What this process answered when the last points had not been set is fed back, so that a click
    mends rather than starts over.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 1|3) uint8, uint16, or float32 in 0..1.
    prompt : Prompt
        Points and boxes in its pixels; each box asks for an object of its own, the points go with
        every one of them, and the answer is all objects together. Of the masks a model offers, the
        one it rates best.
    model : str or ModelRow
        Catalog id or row of kind "prompt".
    device : str, optional
        See `models.runtime.open_session`.
    threads : int or None, optional
        See `models.runtime.open_session`.

    Returns
    -------
    PromptedSegmentation

    Raises
    ------
    OptionInvalid
        For an empty prompt, one outside the picture, or more points than the model takes.
    ModelUnavailable, ModelInvalid, DeviceUnavailable
        As `models.runtime.open_session` does.
    """
    row = get(model)
    if row.kind != "prompt":
        raise OptionInvalid(f"{row.id} takes no points or boxes.", "Choose a promptable model.")
    roles = {file.role: open_session(row, device, threads, role=file.role) for file in row.files}
    decoder = roles.get("decoder") or roles["model"]
    picture = _encoded(image, row, roles.get("encoder") or decoder)
    decode = _DECODERS[row.interface.protocol]
    answers = [
        decode(decoder, picture.seen, picture.placement, group)
        for group in _groups(prompt, picture.placement, picture.answer_before(prompt))
    ]
    lowres = [answer.lowres for answer in answers if answer.lowres is not None]
    if lowres:
        picture.remember(prompt, np.concatenate(lowres))
    return PromptedSegmentation(
        probability=sigmoid(np.max([answer.logits for answer in answers], axis=0)),
        model=row,
        device=decoder.device,
        warnings=sorted({text for session in roles.values() for text in session.warnings}),
        quality=min(answer.quality for answer in answers),
        lowres=np.concatenate(lowres) if lowres else None,
    )


# ---------------------------------------------------------------- what the encoder saw, kept

_MOST_PICTURES = 4
_MOST_ANSWERS = 16


@dataclasses.dataclass
class _Picture:
    """What an encoder saw of one picture, and what was answered to the clicks so far.

    seen: the encoder's outputs by name; models in one file have no encoder of their own, for them
    it is the input itself. placement: how the picture lay in the input. answers: lowres by prompt.
    """

    seen: Arrays
    placement: Placement
    answers: dict[Prompt, np.ndarray] = dataclasses.field(default_factory=dict)

    def answer_before(self, prompt: Prompt) -> np.ndarray | None:
        """The logits answered when the last points of `prompt` had not been set yet."""
        for count in range(len(prompt.points) - 1, -1, -1):
            before = Prompt(prompt.points[:count], prompt.boxes)
            if before in self.answers:
                return self.answers[before]
        return None

    def remember(self, prompt: Prompt, lowres: np.ndarray) -> None:
        """Keeps an answer for the next click; the oldest go first."""
        with _lock:
            self.answers[prompt] = lowres
            while len(self.answers) > _MOST_ANSWERS:
                self.answers.pop(next(iter(self.answers)))


_pictures: collections.OrderedDict[tuple[object, ...], _Picture] = collections.OrderedDict()
_lock = threading.Lock()


def forget() -> None:
    """Drops all that is kept of pictures."""
    with _lock:
        _pictures.clear()


def _encoded(image: np.ndarray, row: ModelRow, encoder: Session) -> _Picture:
    network = (str(encoder.path), encoder.version, encoder.device)
    key = (*network, image.shape, image.dtype.str, _digest(image))
    with _lock:
        if key in _pictures:
            _pictures.move_to_end(key)
            return _pictures[key]
    how = row.interface.preprocessing
    placement = preprocess.place(image.shape[:2], how, fixed_size(encoder, how.layout))
    inputs = {encoder.inputs[0].name: preprocess.network_input(image, placement, how)}
    seen = encoder.run(inputs) if "encoder" in row.interface.graphs else inputs
    with _lock:
        picture = _pictures.setdefault(key, _Picture(seen, placement))
        while len(_pictures) > _MOST_PICTURES:
            _pictures.popitem(last=False)
    return picture


def _digest(image: np.ndarray) -> bytes:
    # SHA-256 runs at 1.5 GB/s where processors have instructions for it, faster than the others.
    return hashlib.sha256(np.ascontiguousarray(image).data.cast("B")).digest()


# ---------------------------------------------------------------- points and boxes


def _groups(prompt: Prompt, placement: Placement, lowres: np.ndarray | None) -> list[_Group]:
    height, width = placement.picture
    points = [(point.x, point.y) for point in prompt.points]
    for x, y in points:
        if not (0 <= x < width and 0 <= y < height):
            raise OptionInvalid(
                f"The point {x:g},{y:g} lies outside the picture of {width} x {height} pixels.",
                "Give x from the left and y from the top, in pixels.",
            )
    labels = [point.label for point in prompt.points]
    corners = [_inside(box, width, height) for box in prompt.boxes]
    if not points and not corners:
        raise OptionInvalid("Nothing was pointed at.", "Give a point or a box.")
    scale = np.array([placement.content[1] / width, placement.content[0] / height], np.float32)
    objects = [([*box, *points], [2, 3, *labels]) for box in corners] or [(points, labels)]
    return [
        _Group(
            np.array(coords, np.float32) * scale,
            np.array(marks, np.float32),
            None if lowres is None else lowres[i : i + 1].astype(np.float32),
        )
        for i, (coords, marks) in enumerate(objects)
    ]


def _inside(
    box: tuple[float, float, float, float], width: int, height: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    x0, y0 = max(box[0], 0.0), max(box[1], 0.0)
    x1, y1 = min(box[2], float(width)), min(box[3], float(height))
    if x0 >= x1 or y0 >= y1:
        raise OptionInvalid(
            f"The box {','.join(f'{side:g}' for side in box)} lies outside the picture of "
            f"{width} x {height} pixels."
        )
    return (x0, y0), (x1, y1)


# ---------------------------------------------------------------- the families' conventions


def _sam(decoder: Session, seen: Arrays, placement: Placement, group: _Group) -> _Answer:
    """SAM and MobileSAM. The exports' "masks" are cut for one shape of picture only, so we take
    the low-resolution ones, which cover the padded square, and cut them ourselves."""
    coords, labels = group.coords, group.labels
    if 2 not in labels:  # without a box the decoder wants one more point that is none
        coords = np.concatenate([coords, np.zeros((1, 2), np.float32)])
        labels = np.concatenate([labels, np.array([-1], np.float32)])
    outputs = decoder.run(
        {
            "image_embeddings": next(iter(seen.values())),
            "point_coords": coords[None],
            "point_labels": labels[None],
            **_fed_back(group),
            "orig_im_size": np.array(placement.canvas, np.float32),
        }
    )
    lowres, quality = _best(outputs["low_res_masks"], outputs["iou_predictions"])
    square = dataclasses.replace(placement, canvas=(_SIDE, _SIDE))
    return _Answer(
        preprocess.restore(lowres, square, placement.content), quality, lowres[None, None]
    )


def _sam2(decoder: Session, seen: Arrays, placement: Placement, group: _Group) -> _Answer:
    inputs = {
        **{name: seen[name] for name in ("image_embed", "high_res_feats_0", "high_res_feats_1")},
        "point_coords": group.coords[None],
        "point_labels": group.labels[None],
        **_fed_back(group),
    }
    if any(tensor.name == "orig_im_size" for tensor in decoder.inputs):
        # Such exports enlarge all masks inside; at the picture's size that could be gigabytes.
        inputs["orig_im_size"] = np.array([_SIDE, _SIDE], np.int32)
    outputs = decoder.run(inputs)
    logits, quality = _best(outputs["masks"], outputs["iou_predictions"])
    lowres = logits[None, None] if logits.shape == _LOWRES[2:] else None
    return _Answer(resize(logits, (_SIDE, _SIDE)), quality, lowres)


def _sam2_boxes(decoder: Session, seen: Arrays, placement: Placement, group: _Group) -> _Answer:
    """SAM 2 and its like as exported for transformers.js: points in groups, boxes apart. A box
    goes in as its two corners, which is what the graph makes of one; nothing is fed back."""
    outputs = decoder.run(
        {
            **seen,
            "input_points": group.coords[None, None],
            "input_labels": group.labels[None, None].astype(np.int64),
            "input_boxes": np.zeros((1, 0, 4), np.float32),
        }
    )
    logits, quality = _best(outputs["pred_masks"][:, 0], outputs["iou_scores"][:, 0])
    return _Answer(resize(logits, (_SIDE, _SIDE)), quality, None)


def _efficientsam(model: Session, seen: Arrays, placement: Placement, group: _Group) -> _Answer:
    """It knows no negative points: among its masks, the best one that leaves them out."""
    names = ("batched_point_coords", "batched_point_labels")
    shapes = {tensor.name: tensor.shape for tensor in model.inputs}
    positive = group.labels != 0
    count = int(positive.sum())
    most = shapes[names[0]][2] or count
    if count > most:
        raise OptionInvalid(
            f"This model takes at most {most} points, boxes count as two; these are {count}.",
            "Give fewer, or choose another promptable model.",
        )
    if not count:
        raise OptionInvalid(
            "This model must be shown what belongs to the object.", "Add a point in it or a box."
        )
    coords = np.zeros((1, 1, most, 2), np.float32)
    labels = np.full((1, 1, most), -1, np.float32)
    coords[0, 0, :count] = group.coords[positive]
    labels[0, 0, :count] = group.labels[positive]
    if len(shapes[names[1]]) == 4:
        labels = labels[..., None]
    outputs = model.run({**seen, names[0]: coords, names[1]: labels})
    masks = outputs["output_masks"].reshape(-1, *outputs["output_masks"].shape[-2:])
    quality = outputs["iou_predictions"].ravel()
    columns, rows = group.coords[~positive].astype(int).T
    good = [i for i in range(len(masks)) if not (masks[i, rows, columns] > 0).any()]
    best = max(good or range(len(masks)), key=lambda i: quality[i])
    return _Answer(np.asarray(masks[best], np.float32), float(quality[best]), None)


def _fed_back(group: _Group) -> Arrays:
    """The mask of the click before, in the inputs SAM and SAM 2 have for it."""
    none = group.lowres is None
    mask = np.zeros(_LOWRES, np.float32) if group.lowres is None else group.lowres
    return {"mask_input": mask, "has_mask_input": np.array([0 if none else 1], np.float32)}


def _best(masks: np.ndarray, quality: np.ndarray) -> tuple[np.ndarray, float]:
    """Of masks (1, n, h, w), the one of the highest predicted quality (1, n)."""
    best = int(quality[0].argmax())
    return np.asarray(masks[0, best], np.float32), float(quality[0, best])


_DECODERS = {
    "sam": _sam,
    "sam2": _sam2,
    "sam2-boxes": _sam2_boxes,
    "efficientsam": _efficientsam,
}

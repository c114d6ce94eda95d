# SPDX-License-Identifier: Apache-2.0
"""What a user names in words: phrases -> where each is, as a box, a map or a mask.

Boxes (Grounding DINO) and maps (CLIPSeg) are rough: what is inside them is segmented by the
embedded network, or by a promptable model if one was asked for. SAM 3 gives masks itself; it is
used only by name, for its license.

Method: Liu et al., "Grounding DINO", ECCV 2024; Lueddecke & Ecker, "Image Segmentation Using Text
and Image Prompts", CVPR 2022; Carion et al., "SAM 3: Segment Anything with Concepts", 2025.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ..errors import ModelUnavailable, OptionInvalid
from ..imaging.morphology import label
from ..imaging.resize import resize
from ..models import catalog, store, tokenizers
from ..models.catalog import ModelRow
from ..models.runtime import Session, open_session
from ..options import EMBEDDED_MODEL, Box, Options, Prompt
from . import guided, preprocess
from .result import Segmentation, probabilities, sigmoid

KINDS = ("text-boxes", "text-map", "text")
"""Kinds of models that take words."""

PREFERRED = ("grounding-dino-tiny", "clipseg-rd64-refined")
"""Which model understands words where none is asked for: the first of these that is installed."""

_SURE = 0.25
"""Grounding DINO's authors take boxes and words from this score on."""

_SAME = 0.7
"""Two boxes or masks of one phrase that overlap by this much (IoU) are one thing."""

_SAME_OF_ANOTHER = 0.9
"""So are two of different phrases that overlap by this much."""

_MAP = 0.5
"""Where a map of a phrase shows it."""

_LEAST_OF_MAP = 0.001
"""Islands of a map smaller than this share of it are noise."""

_MASK_SCORE = 0.5
"""SAM 3's masks count from this score on."""

_MASK_SIDE = 1008
"""Longest side of the masks that SAM 3 is asked for: what it sees itself."""

_CLIP_TOKENS = 77
_SAM3_TOKENS = 32
_BERT_TOKENS = 256

_ARTICLES = re.compile(r"^(?:the|an?|my|this|that|these|those)\s+", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Spotted:
    """Where a phrase was spotted.

    score: the network's, 0 to 1. box: (x0, y0, x1, y1) in pixels of the view. probability:
    float32 (h, w) over all of the view, where the model gives a mask itself; else None.
    """

    phrase: str
    score: float
    box: Box
    probability: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Named:
    """An object that was named: what it is called, the words' score, and where it is."""

    name: str
    score: float
    segmentation: Segmentation


def phrases(text: str) -> list[str]:
    """The things that a text names: "the dog, the red bag" are two.

    Parameters
    ----------
    text : str
        As the user typed it; commas, semicolons, full stops and line ends part things.

    Returns
    -------
    list of str
        Each once, in the text's order, spaces tidied.

    Raises
    ------
    OptionInvalid
        Where it names nothing.
    """
    parts = (" ".join(part.split()) for part in re.split(r"[,;.\n]", text))
    phrases = list(dict.fromkeys(part for part in parts if part))
    if not phrases:
        raise OptionInvalid(
            f"The text {text!r} names nothing.", 'Name what you want: "the dog, the red bag".'
        )
    return phrases


def name_of(phrase: str) -> str:
    """What an object is called: the phrase without its article.

    Parameters
    ----------
    phrase : str
        One of `phrases`.

    Returns
    -------
    str
    """
    return _ARTICLES.sub("", phrase) or phrase


def model_for(options: Options) -> ModelRow:
    """The model that understands the words.

    Parameters
    ----------
    options : Options
        Their `model` counts where it is one for words; else the best that is installed.

    Returns
    -------
    ModelRow

    Raises
    ------
    ModelUnavailable
        Where none is installed, with the way to get one.
    """
    chosen = catalog.get(options.model)
    if chosen.kind in KINDS:
        return chosen
    for name in PREFERRED:
        row = catalog.get(name)
        if store.installed(row) is not None:
            return row
    row = catalog.get(PREFERRED[0])
    raise ModelUnavailable(
        "Finding things by words needs a further model.",
        f"Get one with `mattebrush models pull {row.id}` ({row.license}, "
        f"{row.size >> 20} MB); or point at the things.",
    )


def spot(view: np.ndarray, options: Options) -> tuple[list[Spotted], ModelRow, list[Session]]:
    """Where the things that `options.text` names are.

    Parameters
    ----------
    view
        (H, W, 1|3) uint8, uint16, or float32 in 0..1.
    options
        Their `text`, `model`, `device` and `threads` count.

    Returns
    -------
    list of Spotted
        In the order of the phrases, and from left to right.
    ModelRow
        The model that understood the words.
    list of Session
        Its networks, for where they ran and what they warn of.

    Raises
    ------
    OptionInvalid
        For words that say nothing, or too many.
    ModelUnavailable, ModelInvalid, DeviceUnavailable
        As `models.runtime.open_session` does.
    """
    row = model_for(options)
    queries = phrases(options.text)
    sessions = {
        file.role: open_session(row, options.device, options.threads, role=file.role)
        for file in row.files
        if file.role in row.interface.graphs
    }
    words = tokenizer(row)
    spotted = _distinct(_SPOT[row.kind](view, queries, row, sessions, words))
    spotted.sort(key=lambda one: (queries.index(one.phrase), one.box[0]))
    return spotted, row, list(sessions.values())


def find(view: np.ndarray, options: Options) -> tuple[list[Named], ModelRow, str, list[str]]:
    """The things that `options.text` names, each segmented.

    Parameters
    ----------
    view, options
        As for `spot`. A promptable `model` segments inside the boxes; else the embedded network.

    Returns
    -------
    list of Named
        May be empty.
    ModelRow
        The model that understood the words.
    str
        The device that it ran on.
    list of str
        Warnings, such as phrases that were not found.

    Raises
    ------
    OptionInvalid, ModelUnavailable, ModelInvalid, DeviceUnavailable
        As `spot` does.
    """
    spotted, row, sessions = spot(view, options)
    device = sessions[-1].device
    warnings = sorted({text for session in sessions for text in session.warnings})
    missing = [p for p in phrases(options.text) if p not in {one.phrase for one in spotted}]
    if missing:
        listed = ", ".join(f'"{phrase}"' for phrase in missing)
        warnings.append(f"Nothing was found for {listed}. Try other words, or point at it.")
    named = [
        Named(name_of(one.phrase), one.score, _segmented(view, one, row, device, options))
        for one in spotted
    ]
    for one in named:
        warnings += [text for text in one.segmentation.warnings if text not in warnings]
    return named, row, device, warnings


def segment(view: np.ndarray, options: Options) -> Segmentation:
    """All that `options.text` names, as one. Arguments and errors as for `find`.

    Parameters
    ----------
    view : numpy.ndarray
        (H, W, 1|3) uint8, uint16, or float32 in 0..1.
    options : Options
        As for `find`.

    Returns
    -------
    Segmentation
        Everywhere 0 where nothing was found.
    """
    named, row, device, warnings = find(view, options)
    if not named:
        return Segmentation(np.zeros((1, 1), np.float32), row, device, warnings)
    planes = [one.segmentation.probability for one in named]
    size = (max(p.shape[0] for p in planes), max(p.shape[1] for p in planes))
    joined = np.max([resize(plane, size) for plane in planes], axis=0)
    return Segmentation(joined, row, device, warnings)


def tokenizer(row: ModelRow) -> tokenizers.Tokenizer:
    """A text model's tokenizer.

    Parameters
    ----------
    row : ModelRow
        A row of one of `KINDS`.

    Returns
    -------
    tokenizers.Tokenizer

    Raises
    ------
    ModelUnavailable
        When the model is not installed.
    ModelInvalid
        When its file cannot be read.
    """
    path = store.resolve(row).paths[catalog.TOKENIZER]
    return _read(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=4)
def _read(path: Path, version: int) -> tokenizers.Tokenizer:
    return tokenizers.read(path)


def _segmented(
    view: np.ndarray, one: Spotted, row: ModelRow, device: str, options: Options
) -> Segmentation:
    if one.probability is not None:
        return Segmentation(one.probability, row, device)
    chosen = catalog.get(options.model)
    if chosen.kind == "prompt":
        from . import promptable

        prompt = Prompt(boxes=(one.box,))
        return promptable.segment(view, prompt, chosen, options.device, options.threads)
    prompt = Prompt(boxes=(one.box,))
    embedded = catalog.get(EMBEDDED_MODEL)
    return guided.segment(view, prompt, embedded, options.device, options.threads)


# ---------------------------------------------------------------- one after the other


def _boxes(
    view: np.ndarray,
    queries: list[str],
    row: ModelRow,
    sessions: dict[str, Session],
    words: tokenizers.Tokenizer,
) -> list[Spotted]:
    """Grounding DINO: all phrases at once; each of 900 boxes has a score a word."""
    numbers, spans = bert_prompt(queries, words)
    session = sessions["model"]
    how = row.interface.preprocessing
    placement = preprocess.place(view.shape[:2], how, _fixed_size(session))
    seen = preprocess.network_input(view, placement, how)
    tokens = np.array([numbers], np.int64)
    answers = session.run(
        {
            "input_ids": tokens,
            "token_type_ids": np.zeros_like(tokens),
            "attention_mask": np.ones_like(tokens),
            "pixel_values": seen,
            "pixel_mask": np.ones((1, *placement.canvas), np.int64),
        }
    )
    scores = sigmoid(answers["logits"][0].astype(np.float32))
    by_phrase = np.stack([scores[:, begin:end].max(axis=1) for begin, end in spans], axis=1)
    height, width = view.shape[:2]
    detections = []
    for index in np.flatnonzero(by_phrase.max(axis=1) > _SURE):
        which = int(by_phrase[index].argmax())
        cx, cy, w, h = (float(value) for value in answers["pred_boxes"][0, index])
        box = _inside((cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2), width, height)
        if box is not None:
            detections.append(Spotted(queries[which], float(by_phrase[index, which]), box))
    return detections


def bert_prompt(
    queries: Sequence[str], words: tokenizers.Tokenizer
) -> tuple[list[int], list[tuple[int, int]]]:
    """The phrases as Grounding DINO reads them, "dog. red bag.", and where each stands in it.

    Parameters
    ----------
    queries : Sequence[str]
        The phrases.
    words : tokenizers.Tokenizer
        The network's tokenizer.

    Returns
    -------
    tuple[list[int], list[tuple[int, int]]]
        The tokens; and for each phrase its first token and the one after its last.

    Raises
    ------
    OptionInvalid
        For more words than it takes, and for a phrase of none.
    """
    stop = words.numbers(".")
    numbers, spans = [words.first], []
    for phrase in queries:
        begin = len(numbers)
        numbers += words.numbers(phrase.lower())
        spans.append((begin, len(numbers)))
        numbers += stop
    numbers.append(words.last)
    if len(numbers) > _BERT_TOKENS:
        raise OptionInvalid("The text has too many words.", "Name fewer things.")
    if any(begin == end for begin, end in spans):
        raise OptionInvalid("A part of the text has no words.", "Name things in words.")
    return numbers, spans


def _maps(
    view: np.ndarray,
    queries: list[str],
    row: ModelRow,
    sessions: dict[str, Session],
    words: tokenizers.Tokenizer,
) -> list[Spotted]:
    """CLIPSeg: a map for each phrase, whose islands are boxes."""
    detections = []
    height, width = view.shape[:2]
    for phrase, plane in zip(
        queries, maps(view, queries, row, sessions["model"], words), strict=True
    ):
        islands = label(plane > _MAP)
        down, across = height / plane.shape[0], width / plane.shape[1]
        for number in range(1, int(islands.max()) + 1):
            y, x = np.nonzero(islands == number)
            if y.size < _LEAST_OF_MAP * plane.size:
                continue
            score = float(plane[y, x].max())
            box = (
                float(x.min() * across),
                float(y.min() * down),
                float((x.max() + 1) * across),
                float((y.max() + 1) * down),
            )
            detections.append(Spotted(phrase, score, box))
    return detections


def maps(
    view: np.ndarray,
    queries: Sequence[str],
    row: ModelRow,
    session: Session,
    words: tokenizers.Tokenizer,
) -> list[np.ndarray]:
    """How likely each phrase is where, by CLIPSeg.

    Parameters
    ----------
    view : numpy.ndarray
        (H, W, 1|3) uint8, uint16, or float32 in 0..1.
    queries : Sequence[str]
        The phrases.
    row : ModelRow
        CLIPSeg's row of the catalog.
    session : Session
        An open network.
    words : tokenizers.Tokenizer
        The network's tokenizer.

    Returns
    -------
    list[numpy.ndarray]
        float32 (352, 352) in [0, 1] over all of the view, one a phrase.
    """
    how = row.interface.preprocessing
    placement = preprocess.place(view.shape[:2], how, None)
    seen = preprocess.network_input(view, placement, how)
    out = []
    for phrase in queries:
        tokens = np.array([clip_prompt(phrase, words, _CLIP_TOKENS)], np.int64)
        answers = session.run(
            {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "pixel_values": seen}
        )
        plane = answers["logits"].reshape(1, *answers["logits"].shape[-2:])
        out.append(probabilities(plane, row.interface.postprocessing, "NCHW"))
    return out


def clip_prompt(phrase: str, words: tokenizers.Tokenizer, most: int) -> list[int]:
    """A phrase as CLIP reads it.

    Parameters
    ----------
    phrase : str
        One of `phrases`.
    words : tokenizers.Tokenizer
        The network's tokenizer.
    most : int
        How many tokens the network takes; further ones are cut off.

    Returns
    -------
    list[int]
        The tokens, with the one that begins a text and the one that ends it.
    """
    return [words.first, *words.numbers(phrase)[: most - 2], words.last]


def _masks(
    view: np.ndarray,
    queries: list[str],
    row: ModelRow,
    sessions: dict[str, Session],
    words: tokenizers.Tokenizer,
) -> list[Spotted]:
    """SAM 3: the picture is encoded once, each phrase for itself; masks are yes or no."""
    seen = _sam3_picture(view, sessions["encoder"])
    height, width = view.shape[:2]
    ratio = min(1.0, _MASK_SIDE / max(height, width))
    size = max(1, round(height * ratio)), max(1, round(width * ratio))
    detections = []
    for phrase in queries:
        numbers = clip_prompt(phrase, words, _SAM3_TOKENS)
        tokens = np.zeros((1, _SAM3_TOKENS), np.int64)
        tokens[0, : len(numbers)] = numbers
        language = list(sessions["language"].run({"tokens": tokens}).values())
        inputs = {
            **seen,
            "original_height": np.array(size[0], np.int64),
            "original_width": np.array(size[1], np.int64),
            "language_mask": language[0],
            "language_features": language[1],
            "language_embeds": language[2],
            "box_coords": np.zeros((1, 1, 4), np.float32),
            "box_labels": np.ones((1, 1), np.int64),
            "box_masks": np.ones((1, 1), bool),  # true where there is no box
        }
        # Exporters drop what the graph does not use.
        taken = {tensor.name for tensor in sessions["decoder"].inputs}
        answers = sessions["decoder"].run({k: v for k, v in inputs.items() if k in taken})
        masks = answers["masks"].reshape(-1, *answers["masks"].shape[-2:])
        for score, mask in zip(answers["scores"].ravel(), masks, strict=True):
            if score > _MASK_SCORE and mask.any():
                detections.append(_of_mask(phrase, float(score), mask, (height, width)))
    return detections


def _sam3_picture(view: np.ndarray, encoder: Session) -> dict[str, np.ndarray]:
    """What the encoder saw, by the decoder's names for it."""
    tensor = encoder.inputs[0]
    side = tensor.shape[-2] or _MASK_SIDE, tensor.shape[-1] or _MASK_SIDE
    small = preprocess.to_rgb(view, side, "bilinear")
    pixels = np.rint(small.transpose(2, 0, 1) * 255).astype(np.uint8)
    answers = encoder.run({tensor.name: pixels})
    names = [f"{part}_{level}" for part in ("vision_pos_enc", "backbone_fpn") for level in range(3)]
    if set(names) <= set(answers):
        return {name: answers[name] for name in names}
    return dict(zip(names, answers.values(), strict=False))


def _of_mask(phrase: str, score: float, mask: np.ndarray, size: tuple[int, int]) -> Spotted:
    y, x = np.nonzero(mask)
    down, across = size[0] / mask.shape[0], size[1] / mask.shape[1]
    box = (
        float(x.min() * across),
        float(y.min() * down),
        float((x.max() + 1) * across),
        float((y.max() + 1) * down),
    )
    # Half the size, so that the outline has a doubt for matting to decide.
    half = (max(1, mask.shape[0] // 2), max(1, mask.shape[1] // 2))
    return Spotted(phrase, score, box, resize(mask.astype(np.float32), half, "area"))


# ---------------------------------------------------------------- boxes


def _fixed_size(session: Session) -> tuple[int, int] | None:
    """(height, width) of the pictures that a network takes where its file fixes them."""
    shape = next(tensor.shape for tensor in session.inputs if tensor.name == "pixel_values")
    height, width = shape[2:4]
    return (height, width) if height is not None and width is not None else None


def _inside(shares: Box, width: int, height: int) -> Box | None:
    """A box in shares of the picture as one in its pixels; None where nothing of it is inside."""
    x0, x1 = (min(max(value, 0.0), 1.0) * width for value in shares[::2])
    y0, y1 = (min(max(value, 0.0), 1.0) * height for value in shares[1::2])
    return (x0, y0, x1, y1) if x1 - x0 >= 1 and y1 - y0 >= 1 else None


def _distinct(detections: list[Spotted]) -> list[Spotted]:
    """Without what is a second answer for the same thing; the surer one stays."""
    kept: list[Spotted] = []
    for one in sorted(detections, key=lambda one: -one.score):
        limits = (_SAME if one.phrase == other.phrase else _SAME_OF_ANOTHER for other in kept)
        if all(
            overlap(one.box, other.box) <= limit for other, limit in zip(kept, limits, strict=True)
        ):
            kept.append(one)
    return kept


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes.

    Parameters
    ----------
    one : Box
        x0, y0, x1, y1.
    other : Box
        Another one.

    Returns
    -------
    float
        0 to 1.
    """
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / (areas - width * height)


_Spot = Callable[
    [np.ndarray, list[str], ModelRow, dict[str, Session], tokenizers.Tokenizer], list[Spotted]
]
_SPOT: dict[str, _Spot] = {"text-boxes": _boxes, "text-map": _maps, "text": _masks}

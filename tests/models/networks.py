# SPDX-License-Identifier: Apache-2.0
"""Tiny ONNX networks with the names, shapes, types and layouts of the published ones.

Each undoes the normalization *published* for its kind (written here by hand, not taken from the
catalog) and gives a known mixture of red, green and blue. So any mistake on the way in (channel
order, mean, deviation, scale, layout) or out (activation, channel, padding) changes the answer.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MIX = (0.6, 0.3, 0.1)
"""What the networks answer: so much of red, green and blue."""

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
NONE = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
CENTERED = ((0.5, 0.5, 0.5), (1.0, 1.0, 1.0))


@dataclasses.dataclass(frozen=True)
class Facts:
    """What is published of one kind of network that finds the subject of a picture.

    shape: of the input, letters where open. size: (height, width) it is fed, where open.
    out: (height, width) of the output when not those of the input. ends: "probability", "logit",
    or what its channels hold. names: of input and output, where they matter.
    """

    shape: tuple[int | str, ...]
    norm: tuple[tuple[float, ...], tuple[float, ...]]
    ends: str = "probability"
    scale: float = 1.0
    bgr: bool = False
    size: tuple[int, int] | None = None
    out: tuple[int, int] | None = None
    further_outputs: int = 0
    names: tuple[str, str] = ("the.input", "the.output")

    @property
    def nhwc(self) -> bool:
        return self.shape[1] != 3

    @property
    def fed(self) -> tuple[int, int]:
        """(height, width) that goes in."""
        height, width = self.shape[1:3] if self.nhwc else self.shape[2:4]
        if isinstance(height, int) and isinstance(width, int):
            return height, width
        assert self.size is not None
        return self.size


SALIENT = {
    "mattebrush-subject": Facts(
        ("N", 3, "H", "W"), NONE, size=(288, 288), names=("image", "probability")
    ),
    "u2net": Facts((1, 3, 320, 320), IMAGENET, further_outputs=6),
    "u2net-cloth": Facts((1, 3, 768, 768), IMAGENET, ends="four logits", further_outputs=6),
    "isnet": Facts((1, 3, 1024, 1024), CENTERED),
    "isnet-anime": Facts((1, 3, 1024, 1024), (IMAGENET[0], (1.0, 1.0, 1.0))),
    "birefnet": Facts((1, 3, 1024, 1024), IMAGENET, ends="logit"),
    "birefnet-hr": Facts((1, 3, "H", "W"), IMAGENET, ends="logit", size=(2048, 2048)),
    "rmbg-1": Facts((1, 3, 1024, 1024), CENTERED),
    "rmbg-2": Facts((1, 3, 1024, 1024), IMAGENET),
    "ben2": Facts((1, 3, 1024, 1024), IMAGENET),
    "mvanet": Facts(("N", 3, "H", "W"), IMAGENET, ends="logit", size=(1024, 1024)),
    "withoutbg": Facts((1, 3, 1024, 1024), NONE, out=(768, 768)),
    "inspyrenet": Facts(("N", 3, "H", "W"), IMAGENET, size=(1024, 1024)),
    "modnet": Facts(("N", 3, "H", "W"), HALF, size=(512, 512)),
    "mediapipe-selfie": Facts((1, 256, 256, 3), NONE),
    "mediapipe-meet": Facts((1, 144, 256, 3), NONE, ends="two logits"),
    "sinet": Facts(
        (1, 3, 320, 320),
        # Written for red, green, blue; the network itself wants blue first.
        ((126.91212, 111.25247, 102.890434), (66.355705 * 255, 62.82138 * 255, 62.93292 * 255)),
        ends="two probabilities",
        scale=255.0,
        bgr=True,
    ),
    "pphumanseg": Facts((1, 3, 192, 192), HALF, ends="two probabilities"),
    "ppmatting": Facts((1, 3, 480, 640), NONE),
    "birefnet-512": Facts(
        (1, 3, 512, 512), IMAGENET, ends="logit", names=("input_image", "output_image")
    ),
    "birefnet-dynamic": Facts((1, 3, "H", "W"), IMAGENET, ends="logit", size=(1024, 1024)),
    "lucida": Facts((1, 3, 1024, 1024), IMAGENET, names=("pixel_values", "alpha")),
    "feynobg": Facts((1, 3, 1024, 1024), IMAGENET, ends="logit", names=("pixel_values", "o")),
}

_KINDS = {
    "float32": TensorProto.FLOAT,
    "float16": TensorProto.FLOAT16,
    "int64": TensorProto.INT64,
    "uint8": TensorProto.UINT8,
    "bool": TensorProto.BOOL,
}


def tiny(
    contract: str, path: Path, mix: Sequence[float] = MIX, role: str = "model", **changes: Any
) -> Path:
    """Writes a tiny network of this contract to `path` and returns it.

    changes: other `Facts` than published, to see them refused or their size respected.
    """
    if contract in SALIENT:
        _salient(dataclasses.replace(SALIENT[contract], **changes), path, mix)
    else:
        _OTHERS[contract, role](path, mix, **changes)
    return path


class Graph:
    """Collects nodes and constants; every method gives the name of what it made."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []

    def input(self, name: str, shape: Sequence[Any], kind: str = "float32") -> str:
        self.inputs.append(helper.make_tensor_value_info(name, _KINDS[kind], shape))
        return name

    def output(self, source: str, name: str, shape: Sequence[Any], kind: str = "float32") -> None:
        self.nodes.append(helper.make_node("Identity", [source], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, _KINDS[kind], shape))

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def ints(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def __call__(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def save(self, path: Path, metadata: dict[str, str] | None = None) -> None:
        graph = helper.make_graph(self.nodes, "tiny", self.inputs, self.outputs, self.constants)
        opsets = [helper.make_opsetid("", 17)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        helper.set_model_props(model, metadata or {})
        onnx.checker.check_model(model)
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, path)


def _mixture(graph: Graph, x: str, facts: Facts, mix: Sequence[float]) -> str:
    """(N, 3, H, W) as it was fed -> (N, 1, H, W): the mixture of the picture's own colors."""
    mean, std = (np.array(values) for values in facts.norm)
    weights = np.array(mix) * std / facts.scale
    bias = float((np.array(mix) * mean / facts.scale).sum())
    if facts.bgr:
        weights = weights[::-1]
    return graph("Conv", x, graph.constant(weights.reshape(1, 3, 1, 1)), graph.constant([bias]))


def _logit(graph: Graph, p: str) -> str:
    p = graph("Clip", p, graph.constant(1e-6), graph.constant(1 - 1e-6))
    return graph("Log", graph("Div", p, graph("Sub", graph.constant(1.0), p)))


def _salient(facts: Facts, path: Path, mix: Sequence[float]) -> None:
    graph = Graph()
    x = graph.input(facts.names[0], facts.shape)
    if facts.nhwc:
        x = graph("Transpose", x, perm=[0, 3, 1, 2])
    p = _mixture(graph, x, facts, mix)
    if facts.out:
        p = graph("Resize", p, "", "", graph.ints(1, 1, *facts.out), mode="linear")
    rest = graph("Sub", graph.constant(1.0), p)
    nothing = graph("Mul", p, graph.constant(0.0))
    if facts.ends == "logit":
        p = _logit(graph, p)
    elif facts.ends == "two logits":
        p = graph("Concat", nothing, _logit(graph, p), axis=1)
    elif facts.ends == "two probabilities":
        p = graph("Concat", rest, p, axis=1)
    elif facts.ends == "four logits":
        part = graph("Clip", graph("Mul", p, graph.constant(1 / 3)), graph.constant(1e-6))
        parts = [graph("Log", graph("Clip", rest, graph.constant(1e-6)))] + [graph("Log", part)] * 3
        p = graph("Concat", *parts, axis=1)
    if facts.nhwc:
        p = graph("Transpose", p, perm=[0, 2, 3, 1])
    graph.output(p, facts.names[1], _output_shape(facts))
    for number in range(facts.further_outputs):
        graph.output(nothing, f"side.{number}", ("N", 1, "H", "W"))
    graph.save(path)


def _output_shape(facts: Facts) -> tuple[int | str, ...]:
    channels = {"two logits": 2, "two probabilities": 2, "four logits": 4}.get(facts.ends, 1)
    if facts.nhwc:
        return (*facts.shape[:3], channels)
    return (facts.shape[0], channels, *(facts.out or facts.shape[2:4]))


def _trimap(path: Path, mix: Sequence[float], shape: Sequence[Any], norm: Any) -> None:
    """alpha = half the mixture of the picture, half the trimap."""
    graph = Graph()
    x = graph.input("pixel_values", shape)
    picture = graph("Slice", x, graph.ints(0), graph.ints(3), graph.ints(1))
    trimap = graph("Slice", x, graph.ints(3), graph.ints(4), graph.ints(1))
    mixed = _mixture(graph, picture, Facts((1, 3, "H", "W"), norm), mix)
    alpha = graph("Mul", graph("Add", mixed, trimap), graph.constant(0.5))
    graph.output(alpha, "alphas", [shape[0], 1, *shape[2:]])
    graph.save(path)


def _vitmatte(path: Path, mix: Sequence[float], norm: Any = IMAGENET) -> None:
    _trimap(path, mix, (1, 4, 1024, 1024), norm)


def _vitmatte_open(path: Path, mix: Sequence[float], norm: Any = IMAGENET) -> None:
    _trimap(path, mix, ("batch", 4, "height", "width"), norm)


def _indexnet(path: Path, mix: Sequence[float]) -> None:
    _trimap(path, mix, (1, 4, "H", "W"), NONE)


def _prior(path: Path, mix: Sequence[float]) -> None:
    """alpha = half the mixture of the picture, a quarter of each channel of the prior."""
    graph = Graph()
    mixed = _mixture(
        graph, graph.input("image", ("N", 3, "H", "W")), Facts(("N", 3, "H", "W"), NONE), mix
    )
    prior = graph.input("prior", ("N", 2, "H", "W"))
    quarter = graph.constant(np.full((1, 2, 1, 1), 0.25))
    inputs = graph("Conv", prior, quarter)
    half = graph("Mul", mixed, graph.constant(0.5))
    graph.output(graph("Add", half, inputs), "alpha", ("N", 1, "H", "W"))
    graph.save(path)


def _sam_encoder(path: Path, mix: Sequence[float]) -> None:
    """Embedding: the mixture in 64 x 64, padded to 1024 x 1024 at the right and bottom first."""
    graph = Graph()
    x = graph.input("input_image", (684, 1024, 3))
    x = graph("Unsqueeze", graph("Transpose", x, perm=[2, 0, 1]), graph.ints(0))
    x = graph("Pad", x, graph.ints(0, 0, 0, 0, 0, 0, 1024 - 684, 0))
    mixed = _mixture(graph, x, Facts((1, 3, "H", "W"), NONE, scale=255.0), mix)
    small = graph("AveragePool", mixed, kernel_shape=[16, 16], strides=[16, 16])
    graph.output(
        graph("Tile", small, graph.ints(1, 256, 1, 1)), "image_embeddings", (1, 256, 64, 64)
    )
    graph.save(path)


def _disc(graph: Graph, coords: str, labels: str, side: int) -> str:
    """Logits (L, 1, side, side): 8 at the mean of all points that count (labels 1, 2, 3), less
    around it by the squared distance in 64ths of the frame; negative points (label 0) shift
    everything down by their number."""
    counts = graph("Cast", graph("Greater", labels, graph.constant(0.5)), to=TensorProto.FLOAT)
    total = graph("Max", graph("ReduceSum", counts, graph.ints(1), keepdims=1), graph.constant(1.0))
    weighted = graph("Mul", coords, graph("Unsqueeze", counts, graph.ints(2)))
    center = graph("Div", graph("ReduceSum", weighted, graph.ints(1), keepdims=0), total)
    grid = (np.arange(side) + 0.5) * 1024 / side - 0.5
    squares = []
    for axis, shape in ((0, (1, 1, 1, side)), (1, (1, 1, side, 1))):
        at = graph("Slice", center, graph.ints(axis), graph.ints(axis + 1), graph.ints(1))
        at = graph("Reshape", at, graph.ints(-1, 1, 1, 1))
        off = graph("Sub", graph.constant(grid.reshape(shape)), at)
        off = graph("Div", off, graph.constant(16.0))
        squares.append(graph("Mul", off, off))
    negative = graph("Cast", graph("Equal", labels, graph.constant(0.0)), to=TensorProto.FLOAT)
    fewer = graph("ReduceSum", negative, graph.ints(1), keepdims=1)
    fewer = graph("Reshape", fewer, graph.ints(-1, 1, 1, 1))
    height = graph("Sub", graph.constant(8.0), fewer)
    return graph("Sub", height, graph("Add", *squares))


def _candidates(graph: Graph, disc: str) -> tuple[str, str]:
    """Three masks, of which the middle one is best, and their predicted qualities."""
    low = graph("Sub", graph("Mul", disc, graph.constant(0.0)), graph.constant(20.0))
    high = graph("Neg", low)
    return graph("Concat", high, disc, low, axis=1), graph.constant([[0.2, 0.9, 0.4]])


def _sam_decoder(path: Path, mix: Sequence[float]) -> None:
    """A disc at the points, plus the embedding (0..1), plus the mask fed back."""
    graph = Graph()
    embedding = graph.input("image_embeddings", (1, 256, 64, 64))
    coords = graph.input("point_coords", (1, "num_points", 2))
    labels = graph.input("point_labels", (1, "num_points"))
    fed_back = graph.input("mask_input", (1, 1, 256, 256))
    has = graph.input("has_mask_input", (1,))
    frame = graph.input("orig_im_size", (2,))
    disc = _disc(graph, coords, labels, 256)
    first = graph("Slice", embedding, graph.ints(0), graph.ints(1), graph.ints(1))
    seen = graph("Resize", first, "", "", graph.ints(1, 1, 256, 256), mode="nearest")
    disc = graph("Add", disc, graph("Add", seen, graph("Mul", fed_back, has)))
    masks, quality = _candidates(graph, disc)
    # As in the published exports, "masks" is only right for the picture shape of the exporter.
    wrong = graph("Mul", graph("ReduceSum", frame, keepdims=1), graph.constant(0.0))
    graph.output(graph("Mul", masks, wrong), "masks", (1, 3, "H", "W"))
    graph.output(quality, "iou_predictions", (1, 3))
    graph.output(masks, "low_res_masks", (1, 3, 256, 256))
    graph.save(path)


def _sam2_encoder(path: Path, mix: Sequence[float]) -> None:
    graph = Graph()
    x = graph.input("image", (1, 3, 1024, 1024))
    mixed = _mixture(graph, x, Facts((1, 3, 1024, 1024), IMAGENET), mix)
    for name, stride, channels in (("high_res_feats_0", 4, 32), ("high_res_feats_1", 8, 64)):
        small = graph("AveragePool", mixed, kernel_shape=[stride] * 2, strides=[stride] * 2)
        side = 1024 // stride
        tiled = graph("Tile", small, graph.ints(1, channels, 1, 1))
        graph.output(tiled, name, (1, channels, side, side))
    small = graph("AveragePool", mixed, kernel_shape=[16, 16], strides=[16, 16])
    graph.output(graph("Tile", small, graph.ints(1, 256, 1, 1)), "image_embed", (1, 256, 64, 64))
    graph.save(path)


def _sam2_decoder(path: Path, mix: Sequence[float]) -> None:
    """As SAM's, at 256 x 256, seeing the fine features."""
    graph = Graph()
    graph.input("image_embed", (1, 256, 64, 64))
    fine = graph.input("high_res_feats_0", (1, 32, 256, 256))
    graph.input("high_res_feats_1", (1, 64, 128, 128))
    coords = graph.input("point_coords", ("num_labels", "num_points", 2))
    labels = graph.input("point_labels", ("num_labels", "num_points"))
    fed_back = graph.input("mask_input", ("num_labels", 1, 256, 256))
    has = graph.input("has_mask_input", ("num_labels",))
    disc = _disc(graph, coords, labels, 256)
    seen = graph("Slice", fine, graph.ints(0), graph.ints(1), graph.ints(1))
    back = graph("Mul", fed_back, graph("Reshape", has, graph.ints(-1, 1, 1, 1)))
    disc = graph("Add", disc, graph("Add", seen, back))
    masks, quality = _candidates(graph, disc)
    graph.output(masks, "masks", ("num_labels", 3, 256, 256))
    graph.output(quality, "iou_predictions", ("num_labels", 3))
    graph.save(path)


def _efficientsam(path: Path, mix: Sequence[float]) -> None:
    graph = Graph()
    x = graph.input("batched_images", (1, 3, 1024, 1024))
    coords = graph.input("batched_point_coords", (1, 1, 6, 2))
    labels = graph.input("batched_point_labels", (1, 1, 6, 1))
    seen = _mixture(graph, x, Facts((1, 3, 1024, 1024), NONE), mix)
    disc = _disc(
        graph,
        graph("Reshape", coords, graph.ints(1, 6, 2)),
        graph("Reshape", labels, graph.ints(1, 6)),
        1024,
    )
    masks, quality = _candidates(graph, graph("Add", disc, seen))
    graph.output(graph("Unsqueeze", masks, graph.ints(0)), "output_masks", (1, 1, 3, 1024, 1024))
    graph.output(graph("Unsqueeze", quality, graph.ints(0)), "iou_predictions", (1, 1, 3))
    graph.save(path)


def _edgetam_encoder(path: Path, mix: Sequence[float]) -> None:
    graph = Graph()
    x = graph.input("pixel_values", ("batch", 3, 1024, 1024))
    mixed = _mixture(graph, x, Facts((1, 3, 1024, 1024), IMAGENET), mix)
    for number, (stride, channels) in enumerate(((4, 32), (8, 64), (16, 256))):
        small = graph("AveragePool", mixed, kernel_shape=[stride] * 2, strides=[stride] * 2)
        side = 1024 // stride
        tiled = graph("Tile", small, graph.ints(1, channels, 1, 1))
        graph.output(tiled, f"image_embeddings.{number}", ("batch", channels, side, side))
    graph.save(path)


def _edgetam_decoder(path: Path, mix: Sequence[float]) -> None:
    """As SAM 2's, with points in groups; boxes count as none were given."""
    graph = Graph()
    points = graph.input("input_points", ("batch", "objects", "points", 2))
    labels = graph.input("input_labels", ("batch", "objects", "points"), "int64")
    graph.input("input_boxes", ("batch", "boxes", 4))
    fine = graph.input("image_embeddings.0", ("batch", 32, 256, 256))
    graph.input("image_embeddings.1", ("batch", 64, 128, 128))
    graph.input("image_embeddings.2", ("batch", 256, 64, 64))
    coords = graph("Squeeze", points, graph.ints(0))
    marks = graph("Cast", graph("Squeeze", labels, graph.ints(0)), to=TensorProto.FLOAT)
    disc = _disc(graph, coords, marks, 256)
    seen = graph("Slice", fine, graph.ints(0), graph.ints(1), graph.ints(1))
    masks, quality = _candidates(graph, graph("Add", disc, seen))
    one = graph.ints(1)
    graph.output(graph("Unsqueeze", quality, one), "iou_scores", ("batch", "objects", 3))
    shape = ("batch", "objects", 3, 256, 256)
    graph.output(graph("Unsqueeze", masks, one), "pred_masks", shape)
    sure = graph.constant(np.full((1, 1, 1), 9.0))
    graph.output(sure, "object_score_logits", ("batch", "objects", 1))
    graph.save(path)


WORDS = ("cyclist", "dog", "bag")
"""What the tiny text networks know, in this order: the first word is at the left, and so on."""


def vocabulary() -> dict[str, int]:
    """BERT's marks and the words."""
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", ".", "the", "red", *WORDS, "##s"]
    return {name: number for number, name in enumerate(names)}


def wordpiece(path: Path) -> Path:
    """Writes a tokenizer.json of WordPiece."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = {"model": {"type": "WordPiece", "vocab": vocabulary()}}
    path.write_text(json.dumps(table), "utf-8")
    return path


def byte_pairs(path: Path) -> Path:
    """Writes a tokenizer.json of CLIP's kind that spells `WORDS` as one piece each."""
    pieces = [chr(code) for code in range(33, 127)]
    pieces += [f"{piece}</w>" for piece in pieces]
    merges = []
    for word in WORDS:
        for length in range(2, len(word) + 1):
            end = "</w>" if length == len(word) else ""
            merges.append(f"{word[: length - 1]} {word[length - 1]}{end}")
            pieces.append(f"{word[:length]}{end}")
    vocab = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    marks = ("<|startoftext|>", "<|endoftext|>")
    added = [{"content": mark, "id": len(vocab) + number} for number, mark in enumerate(marks)]
    path.parent.mkdir(parents=True, exist_ok=True)
    table = {"model": {"type": "BPE", "vocab": vocab, "merges": merges}, "added_tokens": added}
    path.write_text(json.dumps(table), "utf-8")
    return path


BOXES = np.array([[0.2, 0.5, 0.3, 0.8], [0.5, 0.5, 0.3, 0.8], [0.8, 0.5, 0.3, 0.8]])
"""Where each word is, cx, cy, w, h in shares of the picture: one of the tiny networks' answers."""


def _grounding_dino(path: Path, mix: Sequence[float]) -> None:
    """Box i of the first three is where word i is; its logit at a token is high where that token
    is the word and the picture is bright in the mixture; box 3 is word 0 again, less surely."""
    graph = Graph()
    ids = graph.input("input_ids", ("batch", "tokens"), "int64")
    types = graph.input("token_type_ids", ("batch", "tokens"), "int64")
    attended = graph.input("attention_mask", ("batch", "tokens"), "int64")
    pixels = graph.input("pixel_values", ("batch", 3, "height", "width"))
    seen = graph.input("pixel_mask", ("batch", "height", "width"), "int64")
    mixed = _mixture(graph, pixels, Facts((1, 3, "H", "W"), IMAGENET), mix)
    bright = graph("ReduceMax", mixed, keepdims=0)
    # All of the picture must be said to be seen, all tokens to be read, of the first kind.
    whole = graph("ReduceMean", graph("Cast", seen, to=TensorProto.FLOAT), keepdims=0)
    read = graph("ReduceMean", graph("Cast", attended, to=TensorProto.FLOAT), keepdims=0)
    kind = graph("ReduceMax", graph("Cast", types, to=TensorProto.FLOAT), keepdims=0)
    factor = graph("Sub", graph("Mul", graph("Mul", bright, whole), read), kind)
    rows = []
    numbers = vocabulary()
    for word, height in (*((word, 8.0) for word in WORDS), (WORDS[0], 4.0)):
        hit = graph("Equal", ids, graph.constant([[numbers[word]]], np.int64))
        value = graph("Mul", graph("Cast", hit, to=TensorProto.FLOAT), graph.constant(height))
        rows.append(graph("Sub", graph("Mul", value, factor), graph.constant(4.0)))
    logits = graph("Concat", *(graph("Unsqueeze", row, graph.ints(1)) for row in rows), axis=1)
    length = graph("Shape", ids, start=1, end=2)
    rest = graph("Sub", graph.ints(256), length)
    after = graph("Concat", graph.ints(0, 0, 0, 0, 900 - len(rows)), rest, axis=0)
    padded = graph("Pad", logits, after, graph.constant(-50.0))
    graph.output(padded, "logits", ("batch", 900, 256))
    boxes = np.full((1, 900, 4), 0.5, np.float32)
    boxes[0, : len(rows)] = [*BOXES, BOXES[0]]
    graph.output(graph.constant(boxes), "pred_boxes", ("batch", 900, 4))
    graph.save(path)


def _clipseg(path: Path, mix: Sequence[float]) -> None:
    """The logit of the mixture, minus eight outside the third of the picture where the word is.

    Which word it is the last number but one says; `byte_pairs` spells each as one.
    """
    graph = Graph()
    ids = graph.input("input_ids", ("batch", "tokens"), "int64")
    graph.input("attention_mask", ("batch", "tokens"), "int64")
    pixels = graph.input("pixel_values", ("batch", 3, "height", "width"))
    mixed = _mixture(graph, pixels, Facts((1, 3, "H", "W"), IMAGENET), mix)
    p = graph("Squeeze", _logit(graph, mixed), graph.ints(1))
    last = graph("Slice", ids, graph.ints(-2), graph.ints(-1), graph.ints(1))
    planes = [graph.constant(np.full((1, 352, 352), -8.0))]
    for position, number in enumerate(_numbers_of_words()):
        off = np.zeros((1, 352, 352))
        off[:, :, position * 117 : position * 117 + 117] = 8
        hit = graph("Equal", last, graph.constant([[number]], np.int64))
        share = graph("Unsqueeze", graph("Cast", hit, to=TensorProto.FLOAT), graph.ints(2))
        planes.append(graph("Mul", share, graph.constant(off)))
    graph.output(graph("Add", p, graph("Sum", *planes)), "logits", ("batch", 352, 352))
    graph.save(path)


def _numbers_of_words() -> list[int]:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = byte_pairs(Path(folder) / "tokenizer.json")
        table = json.loads(path.read_text("utf-8"))["model"]["vocab"]
    return [table[f"{word}</w>"] for word in WORDS]


def _sam3_encoder(path: Path, mix: Sequence[float]) -> None:
    """fpn_0: the mixture of the picture's values 0..255, in 36 x 36; the rest are constants."""
    graph = Graph()
    x = graph.input("image", (3, 1008, 1008), "uint8")
    floats = graph("Unsqueeze", graph("Cast", x, to=TensorProto.FLOAT), graph.ints(0))
    mixed = _mixture(graph, floats, Facts((1, 3, 1008, 1008), NONE, scale=255.0), mix)
    small = graph("AveragePool", mixed, kernel_shape=[28, 28], strides=[28, 28])
    for level in range(3):
        graph.output(graph.constant([float(level)]), f"vision_pos_enc_{level}", (1,))
    for level in range(3):
        scaled = graph("Mul", small, graph.constant(1.0 if level == 0 else 0.0))
        graph.output(scaled, f"backbone_fpn_{level}", (1, 1, 36, 36))
    graph.save(path)


def _sam3_language(path: Path, mix: Sequence[float]) -> None:
    """text_memory and text_embeds: the third number from the left, the word after the first."""
    graph = Graph()
    tokens = graph.input("tokens", (1, 32), "int64")
    zero = graph.constant([[0]], np.int64)
    graph.output(graph("Greater", tokens, zero), "text_attention_mask", (1, 32), "bool")
    floats = graph("Cast", tokens, to=TensorProto.FLOAT)
    column = graph("Reshape", floats, graph.ints(32, 1, 1))
    graph.output(graph("Tile", column, graph.ints(1, 1, 256)), "text_memory", (32, 1, 256))
    graph.output(graph("Tile", column, graph.ints(1, 1, 1024)), "text_embeds", (32, 1, 1024))
    graph.save(path)


def _sam3_decoder(path: Path, mix: Sequence[float]) -> None:
    """Two masks at the size asked for: where the mixture is over a half in the word's third of the
    picture (score .9), and everywhere (score .1). Zeros where a box is said to be given."""
    graph = Graph()
    height = graph.input("original_height", (), "int64")
    width = graph.input("original_width", (), "int64")
    for level in range(3):
        graph.input(f"vision_pos_enc_{level}", (1,))
    fine = graph.input("backbone_fpn_0", (1, 1, 36, 36))
    graph.input("backbone_fpn_1", (1, 1, 36, 36))
    graph.input("backbone_fpn_2", (1, 1, 36, 36))
    graph.input("language_mask", (1, 32), "bool")
    memory = graph.input("language_features", (32, 1, 256))
    graph.input("language_embeds", (32, 1, 1024))
    graph.input("box_coords", (1, 1, 4))
    graph.input("box_labels", (1, 1), "int64")
    none = graph.input("box_masks", (1, 1), "bool")
    word = graph("Slice", memory, graph.ints(1, 0, 0), graph.ints(2, 1, 1), graph.ints(0, 1, 2))
    thirds = []
    for position, number in enumerate(_numbers_of_words()):
        inside = np.zeros((1, 1, 36, 36))
        inside[..., position * 12 : position * 12 + 12] = 1
        hit = graph("Equal", word, graph.constant(float(number)))
        share = graph("Unsqueeze", graph("Cast", hit, to=TensorProto.FLOAT), graph.ints(3))
        thirds.append(graph("Mul", share, graph.constant(inside)))
    third = graph("Sum", *thirds)
    free = graph("Cast", graph("Reshape", none, graph.ints(1, 1, 1, 1)), to=TensorProto.FLOAT)
    mask = graph("Mul", graph("Mul", fine, third), free)
    both = graph("Concat", mask, graph("Add", mask, graph.constant(1.0)), axis=0)
    sides = [graph("Reshape", side, graph.ints(1)) for side in (height, width)]
    size = graph("Concat", graph.ints(2, 1), *sides, axis=0)
    full = graph("Resize", both, "", "", size, mode="nearest")
    graph.output(graph.constant(np.zeros((2, 4))), "boxes", (2, 4))
    graph.output(graph.constant([0.9, 0.1]), "scores", (2,))
    graph.output(graph("Greater", full, graph.constant(0.5)), "masks", (2, 1, "H", "W"), "bool")
    graph.save(path)


def _rvm(path: Path, mix: Sequence[float], kind: str = "float32") -> None:
    """pha: half the mixture, and a tenth for every frame seen so far; fgr: src times the ratio.

    The states grow from (1, 1, 1, 1) to the size of the picture, as the real ones do.
    """
    graph = Graph()
    number = np.dtype(kind)
    src = graph.input("src", ("B", 3, "H", "W"), kind)
    states = [graph.input(f"r{i}i", ("B", f"c{i}", f"h{i}", f"w{i}"), kind) for i in range(1, 5)]
    ratio = graph.input("downsample_ratio", (1,))
    weights = graph.constant(np.array(mix).reshape(1, 3, 1, 1), number)
    mixed = graph("Conv", src, weights)
    nothing = graph("Mul", mixed, graph.constant(0.0, number))
    tenth = graph("Mul", states[0], graph.constant(0.1, number))
    pha = graph("Add", graph("Mul", mixed, graph.constant(0.5, number)), tenth)
    ratio = graph("Cast", ratio, to=_KINDS[kind])
    graph.output(graph("Mul", src, ratio), "fgr", ("B", 3, "H", "W"), kind)
    graph.output(pha, "pha", ("B", 1, "H", "W"), kind)
    for i, state in enumerate(states, 1):
        grown = graph("Add", graph("Add", nothing, state), graph.constant(1.0, number))
        graph.output(grown, f"r{i}o", ("B", 1, "H", "W"), kind)
    graph.save(path)


def _rvm_half(path: Path, mix: Sequence[float]) -> None:
    _rvm(path, mix, "float16")


_OTHERS = {
    ("mattebrush-matting", "model"): _prior,
    ("vitmatte", "model"): _vitmatte,
    ("vitmatte-open", "model"): _vitmatte_open,
    ("indexnet", "model"): _indexnet,
    ("sam", "encoder"): _sam_encoder,
    ("sam", "decoder"): _sam_decoder,
    ("sam2", "encoder"): _sam2_encoder,
    ("sam2", "decoder"): _sam2_decoder,
    ("efficientsam", "model"): _efficientsam,
    ("edgetam", "encoder"): _edgetam_encoder,
    ("edgetam", "decoder"): _edgetam_decoder,
    ("grounding-dino", "model"): _grounding_dino,
    ("clipseg", "model"): _clipseg,
    ("sam3", "encoder"): _sam3_encoder,
    ("sam3", "language"): _sam3_language,
    ("sam3", "decoder"): _sam3_decoder,
    ("rvm", "model"): _rvm,
    ("rvm-half", "model"): _rvm_half,
}

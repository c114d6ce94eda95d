# SPDX-License-Identifier: Apache-2.0
"""Tiny ONNX networks with the names, shapes, types and layouts of the published ones.

Each undoes the normalization *published* for its kind (written here by hand, not taken from the
catalog) and gives a known mixture of red, green and blue. So any mistake on the way in (channel
order, mean, deviation, scale, layout) or out (activation, channel, padding) changes the answer.
"""

from __future__ import annotations

import dataclasses
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
}

_KINDS = {
    "float32": TensorProto.FLOAT,
    "float16": TensorProto.FLOAT16,
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
    given = graph("Conv", prior, quarter)
    half = graph("Mul", mixed, graph.constant(0.5))
    graph.output(graph("Add", half, given), "alpha", ("N", 1, "H", "W"))
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
    ("rvm", "model"): _rvm,
    ("rvm-half", "model"): _rvm_half,
}

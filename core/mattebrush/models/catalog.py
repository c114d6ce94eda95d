# SPDX-License-Identifier: Apache-2.0
"""The catalog: what is known of every model, read from catalog.toml into data classes.

Knows nothing of where files lie (store.py) or how they run (runtime.py). The table has two parts:
a *interface* says what a file must look like and how pictures go in and maps come out; a *model* is
one published set of weights under an interface. A new model of a known kind is a new row.
"""

from __future__ import annotations

import dataclasses
import functools
import sys
from pathlib import Path
from typing import Any

from ..errors import ModelUnavailable

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CATALOG = Path(__file__).with_name("catalog.toml")
NETWORKS = Path(__file__).parent.parent / "networks"
"""Where the networks lie that ship with the engine."""

KINDS = ("salient", "trimap", "prior", "prompt", "video", "text-boxes", "text-map", "text")
"""salient: picture -> map. trimap: picture + trimap -> alpha. prior: picture + coarse map -> alpha.
prompt: picture + points and boxes -> map. video: frames with a carried state -> alpha.
text-boxes, text-map, text: picture + words -> boxes, a map, or masks."""

TOKENIZER = "tokenizer"
"""The role of a text model's vocabulary, which is no network."""

DATA = "-data"
"""What the role of a file ends in that holds the weights of the network of the rest's role."""

Triple = tuple[float, float, float]

COMMERCIAL = ("yes", "no", "caveat", "unknown")


@dataclasses.dataclass(frozen=True)
class Tensor:
    """One input or output that a file must have.

    name: "" where the file may call it as it likes; else the name that tells its role.
    shape: None for a side the file may leave open or fix as it likes.
    dtype: numpy's name.
    optional: exports exist with and without it.
    """

    name: str = ""
    shape: tuple[int | None, ...] = ()
    dtype: str = "float32"
    optional: bool = False


@dataclasses.dataclass(frozen=True)
class Graph:
    """What one file of a model takes and gives. Outputs beyond those listed are ignored."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


@dataclasses.dataclass(frozen=True)
class Preprocessing:
    """From a picture (RGB, 0..1) to a network's input: x = (picture * scale - mean) / std.

    resize: "stretch" to the network's size; "letterbox", longest side to the size, rest filled
        with `fill` at the right and bottom; "short_side", short side to `size`, both sides down
        to multiples of `multiple`; "shortest_edge", short side to the first of `size` unless the
        long one would be more than the second, aspect kept; "area", the picture's shape at about
        `size` x `size` pixels, sides to multiples of `multiple`; "pad", no resizing, grown to
        `multiple` or to `size`.
    size: (height, width) where the file leaves it open; a size fixed in the file wins.
    color: order of the channels. layout: order of the axes, "NCHW", "NHWC" or "HWC".
    """

    resize: str = "stretch"
    size: tuple[int, int] | None = None
    interpolation: str = "bilinear"
    scale: float = 1.0
    mean: Triple = (0.0, 0.0, 0.0)
    std: Triple = (1.0, 1.0, 1.0)
    color: str = "RGB"
    layout: str = "NCHW"
    multiple: int = 1
    fill: float = 0.0


@dataclasses.dataclass(frozen=True)
class Postprocessing:
    """From a network's output to a map in 0..1.

    output: which output, by position. channels: those that mean foreground; they are added up.
    activation: "none" (the graph ends in 0..1), "sigmoid", "softmax" over the channels; or
        "sigmoid-if-logits" and "softmax-if-logits" where we have not seen how the graph ends:
        applied when the values are no probabilities. Never a min-max: it would turn a picture
        without a subject into noise.
    """

    activation: str = "none"
    channels: tuple[int, ...] = (0,)
    output: int = 0


@dataclasses.dataclass(frozen=True)
class Interface:
    """What files of one kind of model look like, and how pictures go in and maps come out.

    graphs: by the role of the file: "model", or "encoder" and "decoder".
    protocol: for promptable models, which of the families' conventions ("sam", "sam2", ...).
    normalizations: other (mean, std) in public use for the same weights, by who uses them.
    """

    id: str
    kind: str
    graphs: dict[str, Graph]
    preprocessing: Preprocessing
    postprocessing: Postprocessing
    protocol: str = ""
    normalizations: dict[str, tuple[Triple, Triple]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class ModelFile:
    """One file of a model.

    role: which graph of the interface it is. url: "" when nobody publishes it for download.
    size: bytes, about. sha256, md5: "" where not published.
    rembg: names under which rembg keeps the same file. optional: exports exist without it.
    """

    role: str
    name: str
    url: str = ""
    size: int = 0
    sha256: str = ""
    md5: str = ""
    rembg: tuple[str, ...] = ()
    optional: bool = False


@dataclasses.dataclass(frozen=True, eq=False)
class ModelRow:
    """One model of the catalog.

    commercial: "yes", "no", "caveat" (allowed by the license, but read `license_note`), "unknown".
    best_at: one sentence. tags: what it is a choice for, see docs/models.md.
    embedded: ships with the engine. gated: its page must be visited and terms agreed to first.
    evidence, verified: what the interface rests on, and how sure it is.
    """

    id: str
    name: str
    interface: Interface
    files: tuple[ModelFile, ...]
    license: str
    commercial: str
    best_at: str
    license_note: str = ""
    tags: tuple[str, ...] = ()
    embedded: bool = False
    gated: bool = False
    page: str = ""
    note: str = ""
    evidence: str = ""
    verified: str = ""

    @property
    def kind(self) -> str:
        """One of `KINDS`."""
        return self.interface.kind

    @property
    def size(self) -> int:
        """Bytes of all its files, about."""
        return sum(file.size for file in self.files)


@functools.cache
def rows() -> dict[str, ModelRow]:
    """Every model by id, in the catalog's order.

    Returns
    -------
    dict[str, ModelRow]
    """
    with CATALOG.open("rb") as stream:
        table = tomllib.load(stream)
    interfaces = {name: _interface(name, values) for name, values in table["interface"].items()}
    models = [_row(values, interfaces) for values in table["model"]]
    return {row.id: row for row in models}


def get(model: str | ModelRow) -> ModelRow:
    """The row of this id; a row is passed through.

    Parameters
    ----------
    model : str or ModelRow
        An id of the catalog, or a row of it.

    Returns
    -------
    ModelRow

    Raises
    ------
    ModelUnavailable
        For an id that is not in the catalog; its fix names ids that look like it.
    """
    if isinstance(model, ModelRow):
        return model
    try:
        return rows()[model]
    except KeyError:
        import difflib

        near = difflib.get_close_matches(model, rows(), n=3, cutoff=0.5)
        guess = f"Did you mean {' or '.join(near)}? " if near else ""
        raise ModelUnavailable(
            f"There is no model called {model!r}.", f"{guess}See `mattebrush models list`."
        ) from None


def _interface(name: str, values: dict[str, Any]) -> Interface:
    values = dict(values)
    graphs = {role: _graph(graph) for role, graph in values.pop("graph").items()}
    preprocessing = Preprocessing(**_tuples(values.pop("preprocessing", {})))
    postprocessing = Postprocessing(**_tuples(values.pop("postprocessing", {})))
    others = {
        who: (tuple(pair["mean"]), tuple(pair["std"]))
        for who, pair in values.pop("normalizations", {}).items()
    }
    return Interface(
        id=name,
        graphs=graphs,
        preprocessing=preprocessing,
        postprocessing=postprocessing,
        normalizations=others,
        **values,
    )


def _graph(values: dict[str, Any]) -> Graph:
    return Graph(
        inputs=tuple(_tensor(tensor) for tensor in values["inputs"]),
        outputs=tuple(_tensor(tensor) for tensor in values["outputs"]),
    )


def _tensor(values: dict[str, Any]) -> Tensor:
    # TOML has no null: an open side is written as a name, as ONNX itself does ("H", "batch").
    shape = tuple(side if isinstance(side, int) else None for side in values.get("shape", ()))
    return Tensor(**{**values, "shape": shape})


def _row(values: dict[str, Any], interfaces: dict[str, Interface]) -> ModelRow:
    values = _tuples(values)
    files = tuple(_file(file) for file in values.pop("files"))
    return ModelRow(**{**values, "interface": interfaces[values["interface"]], "files": files})


def _file(values: dict[str, Any]) -> ModelFile:
    values = {"role": "model", **_tuples(values)}
    values.setdefault("name", values.get("url", "").rpartition("/")[2])
    return ModelFile(**values)


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}

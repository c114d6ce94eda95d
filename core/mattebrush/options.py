# SPDX-License-Identifier: Apache-2.0
"""What a user can ask of the engine: one checked data class for library, command line and jobs."""

from __future__ import annotations

import dataclasses
import math
import numbers
from typing import Any

from .errors import OptionInvalid

EMBEDDED_MODEL = "mattebrush-subject"
"""Catalog id of the subject network that ships with the engine."""

MATTING_METHODS = ("auto", "network", "guided", "none")
KEEP = ("all", "largest")
DEVICES = ("auto", "cpu", "cuda", "directml", "coreml", "openvino")

LONGEST_TEXT = 1000
"""Characters of `Options.text` at most."""

Box = tuple[float, float, float, float]


@dataclasses.dataclass(frozen=True)
class Point:
    """A click in image pixels; `label` 1 says "this belongs to it", 0 says "this does not".

    Raises OptionInvalid from the constructor for other labels, NaN and infinity.
    """

    x: float
    y: float
    label: int = 1

    def __post_init__(self) -> None:
        for name in ("x", "y"):
            number = _number("A prompt point's coordinate", getattr(self, name), -1e9, 1e9)
            object.__setattr__(self, name, number)
        if not isinstance(self.label, numbers.Real) or self.label not in (0, 1):
            raise OptionInvalid(
                f"A prompt point has label {self.label!r}.", "Labels are 1 (in) or 0 (out)."
            )
        object.__setattr__(self, "label", int(self.label))


@dataclasses.dataclass(frozen=True)
class Prompt:
    """What the user pointed at, in image pixels: points, and boxes (x0, y0, x1, y1).

    Raises OptionInvalid from the constructor for boxes that hold nothing.
    """

    points: tuple[Point, ...] = ()
    boxes: tuple[Box, ...] = ()

    def __post_init__(self) -> None:
        points = tuple(_point(point) for point in _several("points", self.points))
        boxes = tuple(_box("A prompt box", box) for box in _several("boxes", self.boxes))
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "boxes", boxes)

    def __bool__(self) -> bool:
        return bool(self.points or self.boxes)


@dataclasses.dataclass(frozen=True)
class Options:
    """Choices for one run. The defaults are what one click gives.

    model: catalog id of the segmentation model.
    matting: "auto" (the best installed), "network", "guided", "none", or the catalog id of a
        trimap matting model such as "vitmatte-small-composition-1k".
    device: one of `DEVICES`. "auto" takes the fastest that passes a real inference.
    threads: CPU threads; None follows the machine.
    decontaminate: also compute the foreground color.
    feather: blur of the edge, sigma in pixels, >= 0.
    shift_edge: moves the edge outward (> 0) or inward (< 0), in pixels, fractions allowed.
    keep: "all" regions, or only the "largest" connected one.
    hard: threshold the result at one half.
    region: only work inside this box (x0, y0, x1, y1) in pixels, with context around it.
    prompt: which object.
    text: what is wanted, in words: "the dog, the red bag". Needs a model that takes words.
    guided: whether `refine` asks the network what strokes mean; False for matting alone.

    Raises OptionInvalid from the constructor when a value is outside these.
    """

    model: str = EMBEDDED_MODEL
    matting: str = "auto"
    device: str = "auto"
    threads: int | None = None
    decontaminate: bool = True
    feather: float = 0.0
    shift_edge: float = 0.0
    keep: str = "all"
    hard: bool = False
    region: Box | None = None
    prompt: Prompt = dataclasses.field(default_factory=Prompt)
    text: str = ""
    guided: bool = True

    def __post_init__(self) -> None:
        _one_of("keep", self.keep, KEEP)
        _one_of("device", self.device, DEVICES)
        checked: dict[str, object] = {
            "feather": _number("feather", self.feather, 0.0, 1000.0),
            "shift_edge": _number("shift_edge", self.shift_edge, -1000.0, 1000.0),
        }
        if self.threads is not None:
            checked["threads"] = _whole_number("threads", self.threads, 1, 1024)
        if self.region is not None:
            checked["region"] = _box("region", self.region)
        for name in ("model", "matting"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name):
                raise OptionInvalid(f"{name} must be a name.", "See `mattebrush models list`.")
        for name in ("decontaminate", "hard", "guided"):
            checked[name] = _truth(name, getattr(self, name))
        if not isinstance(self.prompt, Prompt):
            kind = type(self.prompt).__name__
            raise OptionInvalid(f"prompt is a {kind}.", "Give Prompt(points, boxes).")
        if not isinstance(self.text, str) or len(self.text) > LONGEST_TEXT:
            raise OptionInvalid(
                f"text must be words, at most {LONGEST_TEXT} characters.", "Name fewer things."
            )
        if self.text and self.prompt:
            raise OptionInvalid(
                "Words and points or boxes are two ways to say which object.", "Give one of both."
            )
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Options:
        """Options from the job contract's JSON object.

        Parameters
        ----------
        values : dict[str, Any]
            By the names of the fields; "prompt" is an object with "points" and "boxes".

        Returns
        -------
        Options

        Raises
        ------
        OptionInvalid
            For unknown names, wrong types and values out of range.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - names)
        if unknown:
            raise OptionInvalid(
                f"Unknown option {', '.join(unknown)}.", f"Known are {', '.join(sorted(names))}."
            )
        values = dict(values)
        if values.get("prompt") is not None:
            values["prompt"] = _prompt(values["prompt"])
        else:
            values.pop("prompt", None)
        return cls(**values)


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in allowed:
        raise OptionInvalid(f"{name} is {value!r}.", f"Choose one of {', '.join(allowed)}.")


def _number(name: str, value: object, low: float, high: float) -> float:
    """A number of any kind that Python or numpy has, as Python's own."""
    right_kind = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not right_kind or not math.isfinite(value) or not low <= value <= high:  # type: ignore[arg-type,operator]
        raise OptionInvalid(f"{name} is {value!r}.", f"Give a number from {low:g} to {high:g}.")
    return int(value) if isinstance(value, numbers.Integral) else float(value)  # type: ignore[arg-type]


def _whole_number(name: str, value: object, low: int, high: int) -> int:
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or not low <= int(value) <= high:  # type: ignore[call-overload]
        raise OptionInvalid(f"{name} is {value!r}.", f"Give a whole number from {low} to {high}.")
    return int(value)  # type: ignore[call-overload]


def _truth(name: str, value: object) -> bool:
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):  # numpy's
        return bool(value)
    raise OptionInvalid(f"{name} is {value!r}.", "It must be true or false.")


def _listed(value: object) -> object:
    """An array of numpy as lists; anything else as it is."""
    return value.tolist() if hasattr(value, "tolist") and hasattr(value, "ndim") else value


def _box(name: str, value: object) -> Box:
    value = _listed(value)
    if not isinstance(value, (list, tuple)) or len(value) != 4:
        raise OptionInvalid(f"{name} is {value!r}.", "Give four numbers x0,y0,x1,y1 in pixels.")
    x0, y0, x1, y1 = (float(_number(name, number, -1e9, 1e9)) for number in value)
    if x0 >= x1 or y0 >= y1:
        raise OptionInvalid(f"{name} is empty: {value!r}.", "x0 < x1 and y0 < y1 are needed.")
    return x0, y0, x1, y1


def _prompt(value: object) -> Prompt:
    if isinstance(value, Prompt):
        return value
    if not isinstance(value, dict) or set(value) - {"points", "boxes"}:
        raise OptionInvalid("prompt must be an object with points and boxes.")
    points, boxes = value.get("points", []), value.get("boxes", [])
    if not isinstance(points, list) or not isinstance(boxes, list):
        raise OptionInvalid("prompt.points and prompt.boxes must be lists.")
    return Prompt(tuple(_point(p) for p in points), tuple(boxes))


def _several(name: str, value: object) -> list[object]:
    value = _listed(value)
    if not isinstance(value, (list, tuple)):
        raise OptionInvalid(f"A prompt's {name} are {value!r}.", f"Give a list of {name}.")
    return list(value)


def _point(value: object) -> Point:
    if isinstance(value, Point):
        return value
    value = _listed(value)
    if not isinstance(value, (list, tuple)) or len(value) not in (2, 3):
        raise OptionInvalid(f"A prompt point is {value!r}.", "Give [x, y] or [x, y, label].")
    return Point(*value)

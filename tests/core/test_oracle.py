# SPDX-License-Identifier: Apache-2.0
"""What ships by default, held to answers that are not its own.

fur and bicycle are drawn (examples/draw.py), so their alpha is known; the lemur's answer was drawn
up from several networks and looked at, gray where nothing is judged: its rim, and the log that it
sits on. The tolerances let a better network pass and a broken one fail, which the second half of
this file tries.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from mattebrush import Options, engine
from mattebrush.matting.trimap import adaptive_trimap
from mattebrush.models import runtime
from mattebrush.models.catalog import get
from mattebrush.options import EMBEDDED_MODEL
from mattebrush.segmentation import select

ROOT = Path(__file__).parents[2]
ANSWERS = Path(__file__).parent / "answers"


class Limits(NamedTuple):
    """Mean absolute error at most, intersection over union at least, of the small pictures."""

    error: float
    overlap: float


PICTURES = {
    "lemur": Limits(0.01, 0.97),
    "fur": Limits(0.034, 0.93),
    "bicycle": Limits(0.012, 0.9),
}


COARSE = Limits(0.06, 0.43)
"""Of the network's own answer for the bicycle, whose tubes are a few of its pixels wide."""

PLAIN = Options(decontaminate=False)


class Score(NamedTuple):
    """As `Limits`, measured."""

    error: float
    overlap: float

    def within(self, limits: Limits) -> bool:
        """Whether it passes."""
        return self.error <= limits.error and self.overlap >= limits.overlap


def picture(name: str) -> np.ndarray:
    """A picture of examples/."""
    return np.asarray(Image.open(ROOT / "examples" / f"{name}.jpg").convert("RGB"))


def score(name: str) -> Score:
    """How the default does."""
    return compared(name, engine.remove_background(picture(name), PLAIN).alpha)


def coarse_score(name: str) -> Score:
    """How the network alone does: what it blurs, matting may mend."""
    return compared(name, engine.segment(picture(name), PLAIN).alpha)


def compared(name: str, alpha: np.ndarray) -> Score:
    """An answer beside the stored one."""
    answer = np.asarray(Image.open(ANSWERS / f"{name}.png")) / 255
    size = (answer.shape[1], answer.shape[0])
    small = np.asarray(Image.fromarray(alpha).resize(size, Image.Resampling.BOX))
    judged = np.ones(answer.shape, bool)
    if name == "lemur":
        judged = (answer == 0) | (answer == 1)
    predicted, true = (small > 0.5)[judged], (answer > 0.5)[judged]
    error = np.abs(small - answer)[judged].mean()
    return Score(float(error), float((predicted & true).sum() / (predicted | true).sum()))


@pytest.mark.parametrize("name", PICTURES)
def test_the_default_finds_what_is_there(name: str) -> None:
    measured = score(name)
    assert measured.within(PICTURES[name]), measured


def test_the_network_sees_thin_things() -> None:
    measured = coarse_score("bicycle")
    assert measured.within(COARSE), measured


def inverse(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that answers the opposite."""
    right = select.segment

    def wrong(*arguments: object) -> object:
        answer = right(*arguments)  # type: ignore[arg-type]
        return dataclasses.replace(answer, probability=1 - answer.probability)

    monkeypatch.setattr(select, "segment", wrong)


def half_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that sees the picture half as large as it should."""
    session = runtime.open_session(get(EMBEDDED_MODEL), "auto", None)
    side = int(session.metadata.get("size", 352)) // 64 * 32
    monkeypatch.setitem(session.metadata, "size", str(side))


def no_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trimap that leaves nothing to matting."""
    right = adaptive_trimap

    def wrong(probability: np.ndarray, height: int, width: int, **rest: Any) -> np.ndarray:
        right(probability, height, width, **rest)
        plane = Image.fromarray(probability).resize((width, height), Image.Resampling.BICUBIC)
        return np.where(np.asarray(plane) > 0.5, 255, 0).astype(np.uint8)

    monkeypatch.setattr(engine, "adaptive_trimap", wrong)


def all_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trimap that leaves everything to matting."""
    monkeypatch.setattr(
        engine,
        "adaptive_trimap",
        lambda _, height, width, **rest: np.full((height, width), 128, np.uint8),
    )


def test_half_the_size_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    half_size(monkeypatch)
    assert not coarse_score("bicycle").within(COARSE)


@pytest.mark.parametrize(
    ("broken", "name"), ((inverse, "bicycle"), (no_unknown, "fur"), (all_unknown, "lemur"))
)
def test_what_is_broken_does_not_pass(
    broken: Callable[[pytest.MonkeyPatch], None], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch)
    assert not score(name).within(PICTURES[name])

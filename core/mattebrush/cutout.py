# SPDX-License-Identifier: Apache-2.0
"""What the engine gives back (`Cutout`, `Report`), and how it tells how far it is (`Progress`)."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

Progress = Callable[[str, float], None]
"""Called as progress(stage, fraction): the stage's name and how much of it is done, 0 to 1.

Raise `errors.Cancelled` from it to stop the work; nothing has been written by then.
"""


def no_progress(stage: str, fraction: float) -> None:
    """The progress callback of those who do not care."""


@dataclasses.dataclass
class Report:
    """What was done, by what, where, and how long it took.

    model, license: the segmentation model that ran ("" where none did).
    matting: the method or model that decided the soft edge.
    device: the device that really ran the networks, such as "cpu" or "cuda".
    seconds: wall-clock time by stage.
    foreground_share: mean alpha, 0 to 1.
    subject_found: False when what is delivered shows no subject (`subject`).
    warnings: sentences a person should read.
    """

    op: str
    width: int
    height: int
    model: str = ""
    license: str = ""
    matting: str = ""
    matting_license: str = ""
    device: str = "cpu"
    seconds: dict[str, float] = dataclasses.field(default_factory=dict)
    foreground_share: float = 0.0
    subject_found: bool = True
    warnings: list[str] = dataclasses.field(default_factory=list)

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time spent inside the `with` block to `seconds[name]`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self.seconds[name] = round(self.seconds.get(name, 0.0) + spent, 4)

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return dataclasses.asdict(self)


@dataclasses.dataclass
class Cutout:
    """The result of a run, at the image's own size.

    alpha: float32 (H, W) in [0, 1]; from `refine` in the depth of the mask given, so that
        untouched values stay the same to the bit.
    matte: the same without the transparency the picture itself had, which `alpha` includes: what
        a layer mask needs, since the layer keeps its own. The same array for opaque pictures.
    foreground: the decontaminated color, straight (never premultiplied), in the image's own
        shape (H, W, C) and dtype; None when it was not asked for.
    report: see `Report`.
    """

    alpha: np.ndarray
    matte: np.ndarray
    foreground: np.ndarray | None
    report: Report

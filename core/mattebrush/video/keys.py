# SPDX-License-Identifier: Apache-2.0
"""Key frames: where a person says which subject it is."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..errors import OptionInvalid
from ..options import Prompt


@dataclasses.dataclass(frozen=True, eq=False)
class Key:
    """What was said of one frame.

    Parameters
    ----------
    frame
        Its number, 0 or more.
    prompt
        Points and boxes in the frame's pixels. Boxes name the subject anew; points alone correct
        what was carried here, or name it where nothing was.
    mask
        (H, W) uint8, uint16 or float32: the mask as painted. It is delivered as it is, and carried
        to the other frames.
    previous
        (H, W): the mask before it was painted on, so that the strokes are the difference. What
        they mean is decided as `engine.refine` does.
    """

    frame: int
    prompt: Prompt = dataclasses.field(default_factory=Prompt)
    mask: np.ndarray | None = None
    previous: np.ndarray | None = None

    def __post_init__(self) -> None:
        if isinstance(self.frame, bool) or not isinstance(self.frame, int) or self.frame < 0:
            raise OptionInvalid(f"A key's frame is {self.frame!r}.", "Give its number, from 0.")
        if not self.prompt and self.mask is None:
            raise OptionInvalid(
                f"The key of frame {self.frame} says nothing.", "Give points, boxes or a mask."
            )
        if self.previous is not None and self.mask is None:
            raise OptionInvalid("A key has a previous mask and no mask.", "Give the painted mask.")

    @property
    def names_anew(self) -> bool:
        """Whether it says which subject it is, whatever was carried here."""
        return self.mask is not None or bool(self.prompt.boxes)

# SPDX-License-Identifier: Apache-2.0
"""Matting by a published network that takes picture and trimap together: ViTMatte and its like.

Gives a function for one tile; cutting the unknown region into tiles and keeping the certain areas
is the work of `unknown`.

Method: Yao et al., "ViTMatte: Boosting image matting with pre-trained plain vision transformers",
Information Fusion 2024. Four normalizations are in public use for its weights; the catalog holds
them all, this takes the authors' own, and bench/vitmatte_normalization.py measures which is right.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from ..errors import OptionInvalid
from ..models.catalog import ModelRow, Preprocessing, get
from ..models.runtime import Session, open_session
from ..segmentation.preprocess import fixed_size
from .trimap import BACKGROUND, FOREGROUND

_OPEN_SIDE = 1024
"""Longest side given to networks of free size: as far as ViTMatte's positions were trained."""


@dataclasses.dataclass(frozen=True)
class TrimapMatting:
    """A matting network on one device, called as `alpha = matting(image, trimap)`.

    side: (height, width), the most it takes at once. multiple: sides it wants, padded to if not.
    """

    row: ModelRow
    session: Session
    preprocessing: Preprocessing
    side: tuple[int, int]

    @property
    def multiple(self) -> int:
        """Sides that are multiples of this need no padding."""
        return self.preprocessing.multiple

    @property
    def device(self) -> str:
        """What really runs, such as "cpu"."""
        return self.session.device

    @property
    def warnings(self) -> list[str]:
        """Sentences a person should read."""
        return list(self.session.warnings)

    def __call__(
        self, image: np.ndarray, trimap: np.ndarray, coarse: np.ndarray | None = None
    ) -> np.ndarray:
        """Alpha of one tile, float32 (h, w) in [0, 1]; exactly 0 and 1 where the trimap is certain.

        image: float32 (h, w, 3) in 0..1. trimap: uint8 (h, w), 0, 128 or 255. coarse is not
            used: these networks take no prior.

        Raises ValueError for a tile larger than `side`.
        """
        height, width = trimap.shape
        if height > self.side[0] or width > self.side[1]:
            raise ValueError(f"a tile of {height} x {width} is larger than {self.side}")
        mean, std = (
            np.array(v, np.float32) for v in (self.preprocessing.mean, self.preprocessing.std)
        )
        color = (image - mean) / std
        stack = np.concatenate([color, trimap[:, :, None] * np.float32(1 / 255)], axis=2)
        padded = np.pad(stack, (*self._margins(height, width), (0, 0)), mode="symmetric")
        inputs = {self.session.inputs[0].name: padded.transpose(2, 0, 1)[None].astype(np.float32)}
        output = self.session.run(inputs)[
            self.session.outputs[self.row.interface.postprocessing.output].name
        ]
        alpha = np.clip(output[0, 0, :height, :width].astype(np.float32), 0, 1)
        alpha[trimap == BACKGROUND] = 0
        alpha[trimap == FOREGROUND] = 1
        return alpha

    def _margins(self, height: int, width: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """How much to add below and at the right: mirrored picture, which looks like no edge."""
        if fixed_size(self.session, "NCHW"):
            return (0, self.side[0] - height), (0, self.side[1] - width)
        return (0, -height % self.multiple), (0, -width % self.multiple)


def open_matting(
    model: str | ModelRow,
    device: str = "auto",
    threads: int | None = None,
    *,
    normalization: str = "",
) -> TrimapMatting:
    """Opens a matting network of kind "trimap".

    Parameters
    ----------
    model : str or ModelRow
        An id, or a row.
    device : str, optional
        See `models.runtime.open_session`.
    threads : int or None, optional
        See `models.runtime.open_session`.
    normalization : str, optional
        The name of another one of the catalog's for this model; "" the right one.

    Returns
    -------
    TrimapMatting

    Raises
    ------
    OptionInvalid, ModelUnavailable, ModelInvalid, DeviceUnavailable
        OptionInvalid for another kind of model or an unknown normalization, ModelUnavailable,
        ModelInvalid, DeviceUnavailable.
    """
    row = get(model)
    if row.kind != "trimap":
        raise OptionInvalid(f"{row.id} takes no trimap.", "Choose a model of kind trimap.")
    preprocessing = row.interface.preprocessing
    if normalization:
        known = row.interface.normalizations
        if normalization not in known:
            raise OptionInvalid(
                f"There is no normalization {normalization!r} for {row.id}.",
                f"Known are {', '.join(known)}.",
            )
        mean, std = known[normalization]
        preprocessing = dataclasses.replace(preprocessing, mean=mean, std=std)
    session = open_session(row, device, threads)
    side = fixed_size(session, "NCHW") or (_OPEN_SIDE, _OPEN_SIDE)
    return TrimapMatting(row, session, preprocessing, side)

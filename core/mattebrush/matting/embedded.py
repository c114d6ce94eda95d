# SPDX-License-Identifier: Apache-2.0
"""Matting by the embedded network: picture and what is known of alpha in, alpha out, for one tile.

Cutting the unknown region into tiles is the work of `unknown`; how the network is made, of
`training`.
"""

from __future__ import annotations

import numpy as np

from ..models.runtime import Session
from .trimap import FOREGROUND, unknown_region


def matte(
    image: np.ndarray, trimap: np.ndarray, coarse: np.ndarray | None, session: Session
) -> np.ndarray:
    """Alpha of one tile, float32 (h, w) in [0, 1]; exactly 0 and 1 where the trimap is certain.

    Parameters
    ----------
    image : numpy.ndarray
        Float32 (h, w, 3) in 0..1.
    trimap : numpy.ndarray
        Uint8 (h, w), 0, 128 or 255.
    coarse : numpy.ndarray or None
        Float32 (h, w) in [0, 1], or None where there is no first guess.
    session : Session
        Of the network; its metadata `multiple` says what sides it takes, to which the tile is grown
        by repeating its border.

    Returns
    -------
    numpy.ndarray
    """
    height, width = trimap.shape
    unknown = unknown_region(trimap)
    guess = np.float32(0.5) if coarse is None else coarse
    known = np.where(unknown, guess, (trimap == FOREGROUND).astype(np.float32))
    planes = np.concatenate(
        [np.moveaxis(image, 2, 0), known[None], unknown[None].astype(np.float32)]
    )
    multiple = int(session.metadata.get("multiple", "32"))
    padding = ((0, 0), (0, -height % multiple), (0, -width % multiple))
    planes = np.pad(planes, padding, mode="edge")[None]
    outputs = session.run({"image": planes[:, :3], "prior": planes[:, 3:]})
    alpha = np.clip(outputs["alpha"][0, 0, :height, :width], 0, 1)
    return np.where(unknown, alpha, known)

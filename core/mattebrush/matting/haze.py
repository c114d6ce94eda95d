# SPDX-License-Identifier: Apache-2.0
"""Takes away haze: a smooth veil where the segmentation is sure, left by colors that look alike.

Hair, which segmentation does not see, is fine: between strands alpha falls to zero. So what of
alpha is left when everything finer than a few hairs is taken away (a morphological opening, Serra,
"Image Analysis and Mathematical Morphology", 1982) is no hair, and where the coarse mask says
background it is no subject either.
"""

from __future__ import annotations

import numpy as np

from ..imaging.morphology import block_maximum, neighborhood
from ..imaging.resize import Upsampled, of_blocks, resize

_SURE = 0.1
"""A coarse alpha below this is background, the surer the lower."""

_BLOCK = 0.006
"""Side of a block, as a share of the longer side: what is wider than three of them is no strand."""


def without_haze(alpha: np.ndarray, unknown: np.ndarray, coarse: Upsampled) -> np.ndarray:
    """Alpha without its smooth part where the coarse one is sure that there is nothing.

    Parameters
    ----------
    alpha : numpy.ndarray
        Float32 (H, W) in [0, 1].
    unknown : numpy.ndarray
        Bool (H, W), where alpha was decided by matting; the rest stays.
    coarse : Upsampled
        The coarse alpha.

    Returns
    -------
    numpy.ndarray
        Float32 (H, W) in [0, 1].
    """
    step = max(1, round(_BLOCK * max(alpha.shape)))
    least = 1 - block_maximum(1 - alpha, step)
    opened = neighborhood(neighborhood(least, np.minimum), np.maximum)
    sure = np.clip(1 - resize(coarse.values, opened.shape) / np.float32(_SURE), 0, 1)
    haze = of_blocks(opened * sure, step).window(
        (slice(0, alpha.shape[0]), slice(0, alpha.shape[1]))
    )
    haze = np.minimum(haze, alpha, out=haze)
    return np.where(unknown, (alpha - haze) / np.maximum(1 - haze, np.float32(1e-3)), alpha)

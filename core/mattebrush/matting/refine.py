# SPDX-License-Identifier: Apache-2.0
"""Makes a mask better where its user asked for it, and nowhere else.

What the user painted is the difference between the mask and the one last answered. Pure black and
white are the user's word; everything in between, and the region named, is for matting to decide
from the picture and its surroundings.
"""

from __future__ import annotations

import numpy as np

from ..cutout import Progress
from ..imaging.depth import FULL, to_depth
from ..imaging.morphology import dilated
from ..imaging.resize import Upsampled, box_means
from .methods import Method
from .trimap import UNKNOWN, from_plane
from .unknown import matte_unknown

_NEAR = 0.01
"""Inside a region, how far from an edge of the mask pure black and white are doubted, as a share
of the picture's longer side: as far as hair sticks out of what a coarse mask shows."""

_EDGE = 3
"""With neither strokes nor region, how many pixels beside each edge are decided anew."""

_GUESS_SIDE = 1024


def refine_mask(
    image: np.ndarray,
    mask: np.ndarray,
    previous: np.ndarray | None,
    region: np.ndarray | None,
    *,
    method: Method,
    progress: Progress,
    threads: int | None,
) -> np.ndarray:
    """The better mask, (H, W) in the dtype of `mask`.

    image: (H, W, 1|3). mask: uint8, uint16 or float32, strokes included. previous: the mask
        before the strokes, or None when unknown. region: nonzero where to decide anew, or None.

    Promises: a pixel painted pure black or white stays so. A pixel that is neither painted nor in
    the region keeps its value to the bit. Without `previous` and `region` every soft or hard edge
    of the mask is decided anew, a few pixels wide.
    """
    decide = _region_to_decide(mask, previous, region)
    if not decide.any():
        return mask.copy()
    trimap = _trimap(mask, decide)
    guess = Upsampled(_guess(mask), *mask.shape)
    alpha = matte_unknown(image, trimap, guess, method, progress, threads)
    return np.where(decide, to_depth(alpha, mask.dtype), mask)


def _region_to_decide(
    mask: np.ndarray, previous: np.ndarray | None, region: np.ndarray | None
) -> np.ndarray:
    """bool (H, W): the pixels that matting shall decide."""
    pure = (mask == 0) | (mask == FULL[mask.dtype])
    if previous is None and region is None:
        return _edges(mask, pure, _EDGE)
    decide = np.zeros(mask.shape, bool)
    painted = np.zeros(mask.shape, bool)
    if previous is not None:
        painted = mask != to_depth(previous, mask.dtype)
        decide |= painted & ~pure
    if region is not None:
        near = max(_EDGE, round(_NEAR * max(mask.shape)))
        decide |= (region > 0) & _edges(mask, pure, near) & ~(painted & pure)
    return decide


def _edges(mask: np.ndarray, pure: np.ndarray, pixels: int) -> np.ndarray:
    """What is soft, or within `pixels` of soft pixels or of a jump between black and white."""
    edge = ~pure
    vertical, horizontal = mask[1:] != mask[:-1], mask[:, 1:] != mask[:, :-1]
    edge[1:] |= vertical
    edge[:, 1:] |= horizontal
    return dilated(edge, pixels)


def _trimap(mask: np.ndarray, decide: np.ndarray) -> np.ndarray:
    """Black and white as the mask has them; soft pixels lend their surroundings no certainty."""
    trimap = from_plane(mask)
    trimap[decide] = UNKNOWN
    return trimap


def _guess(mask: np.ndarray) -> np.ndarray:
    """The mask itself, small, as matting's first guess."""
    return box_means(mask, max(1, max(mask.shape) // _GUESS_SIDE))

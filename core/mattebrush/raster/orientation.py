# SPDX-License-Identifier: Apache-2.0
"""The eight EXIF orientations as array views."""

from __future__ import annotations

import re

import numpy as np

_INVERSE = {6: 8, 8: 6}


def turned(array: np.ndarray, orientation: int) -> np.ndarray:
    """A view of `array` (H, W, ...) as a viewer shows a file with this orientation, 1 to 8.

    Parameters
    ----------
    array : numpy.ndarray
        Samples.
    orientation : int
        EXIF's number, 1 to 8.

    Returns
    -------
    numpy.ndarray
    """
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    return array


def upright_shape(shape: tuple[int, int], orientation: int) -> tuple[int, int]:
    """(H, W) of the upright picture, from (H, W) as stored.

    Parameters
    ----------
    shape : tuple[int, int]
        (H, W).
    orientation : int
        EXIF's number, 1 to 8.

    Returns
    -------
    tuple[int, int]
    """
    return (shape[1], shape[0]) if orientation >= 5 else shape


def as_stored(upright: np.ndarray, orientation: int) -> np.ndarray:
    """The reverse: a view of the upright picture as the file stores it. To fill it is to turn.

    Parameters
    ----------
    upright : numpy.ndarray
        (H, W, ...).
    orientation : int
        EXIF's number, 1 to 8.

    Returns
    -------
    numpy.ndarray
    """
    return turned(upright, _INVERSE.get(orientation, orientation))


def upright_xmp(packet: bytes) -> bytes:
    """An XMP packet that no longer asks for the picture to be turned.

    Parameters
    ----------
    packet : bytes
        An XMP packet.

    Returns
    -------
    bytes
    """
    return re.sub(rb"(tiff:Orientation(?:\s*=\s*[\"']|>))[2-8]", rb"\g<1>1", packet)

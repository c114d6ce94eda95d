# SPDX-License-Identifier: Apache-2.0
"""Masks, trimaps and other (H, W) planes as files."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from . import pictures

if TYPE_CHECKING:
    import numpy as np

    from ..raster import Raster


def read_plane(path: str, kind: str) -> tuple[np.ndarray, list[str]]:
    """The mask in a file as its painter meant it, and remarks.

    Parameters
    ----------
    path : str
        A picture file.
    kind : str
        One of `masks.KINDS`.

    Returns
    -------
    tuple[numpy.ndarray, list[str]]
        (H, W) in the depth of the file, and what to say about how it was read.

    Raises
    ------
    InputInvalid
        Where it cannot be read or is a color picture.
    """
    from .. import masks, raster

    read = raster.read(path)
    values, remarks = masks.understood(read.plane(path), kind, path, lossy=read.is_lossy)
    return values, [*read.warnings, *remarks]


def write_plane(
    task: pictures.Task,
    source: Raster,
    alpha: np.ndarray,
    depth: np.dtype[np.generic],
    arguments: argparse.Namespace,
) -> None:
    """A (H, W) plane as a gray picture with the source's metadata; its profile is for color.

    Parameters
    ----------
    task : pictures.Task
        Where it goes.
    source : Raster
        The picture that it belongs to.
    alpha : numpy.ndarray
        The plane, (H, W), in any depth.
    depth : numpy.dtype[numpy.generic]
        What to write: uint8, uint16 or float32.
    arguments : argparse.Namespace
        The command's, as argparse read them.
    """
    pictures.write_result(task, source.masking(alpha, depth), arguments, lossless=True)

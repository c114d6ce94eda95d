# SPDX-License-Identifier: Apache-2.0
"""Cryptomatte: which object a pixel shows and how much of it, in channels of an OpenEXR file.

Friedman & Jones, "Fully automatic ID mattes with support for motion blur and transparency",
SIGGRAPH 2015 posters, and the specification 1.2.0 that Psyop publishes with it. Objects are ranked
at each pixel by their coverage; two ranks to a layer, as (id, coverage, id, coverage).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

NAME = "CryptoObject"
"""What the layers begin with, and their metadata name."""

Places = Sequence[tuple[tuple[slice, slice], np.ndarray]]
"""Of each object its window and its mask (h, w), float32 in [0, 1]."""


def channels(shape: tuple[int, int], names: Sequence[str], masks: Places) -> dict[str, np.ndarray]:
    """The ranked ids and coverages, float32 (H, W) by channel name.

    Parameters
    ----------
    shape : tuple[int, int]
        (H, W) of the picture.
    names : Sequence[str]
        Of the objects.
    masks : Places
        Of each object its window and its mask (h, w).

    Returns
    -------
    dict[str, numpy.ndarray]
    """
    ranks = max(1, min(len(names), _most_at_a_pixel(shape, masks)))
    ids = np.zeros((ranks, *shape), np.float32)
    coverages = np.zeros((ranks, *shape), np.float32)
    for name, (window, mask) in zip(names, masks, strict=True):
        carried_id = np.full(mask.shape, identity(name), np.float32)
        carried = np.asarray(mask, np.float32).copy()
        carried_id[carried <= 0] = 0
        # Into its rank; what it displaces goes on to the next.
        for rank in range(ranks):
            there_id, there = ids[rank][window], coverages[rank][window]
            wins = carried > there
            there_id[wins], carried_id[wins] = carried_id[wins], there_id[wins]
            there[wins], carried[wins] = carried[wins], there[wins]
    out = {}
    for layer in range(-(-ranks // 2)):
        for key, planes, rank in (
            ("R", ids, 2 * layer),
            ("G", coverages, 2 * layer),
            ("B", ids, 2 * layer + 1),
            ("A", coverages, 2 * layer + 1),
        ):
            plane = planes[rank] if rank < ranks else np.zeros(shape, np.float32)
            out[f"{NAME}{layer:02d}.{key}"] = plane
    return out


def header(names: Sequence[str]) -> dict[str, str]:
    """The file's attributes that say what is where.

    Parameters
    ----------
    names : Sequence[str]
        Of the objects.

    Returns
    -------
    dict[str, str]
    """
    key = f"cryptomatte/{_bits(NAME):08x}"[: len("cryptomatte/") + 7]
    manifest = {name: f"{_bits(name):08x}" for name in names}
    return {
        f"{key}/name": NAME,
        f"{key}/hash": "MurmurHash3_32",
        f"{key}/conversion": "uint32_to_float32",
        f"{key}/manifest": json.dumps(manifest),
    }


def identity(name: str) -> float:
    """A name's number: its hash, read as a float.

    Parameters
    ----------
    name : str
        Of an object.

    Returns
    -------
    float
    """
    return float(np.array([_bits(name)], np.uint32).view(np.float32)[0])


def _bits(name: str) -> int:
    """The hash, without the exponents that would be no number, or too small a one."""
    bits = murmur3(name.encode())
    exponent = bits >> 23 & 0xFF
    return bits ^ (1 << 23) if exponent in (0, 255) else bits


def murmur3(data: bytes) -> int:
    """MurmurHash3 of 32 bits, seed 0 (Appleby, 2011).

    Parameters
    ----------
    data : bytes
        What is hashed.

    Returns
    -------
    int
    """
    mask, value = 0xFFFFFFFF, 0
    blocks = len(data) // 4 * 4
    for start in range(0, blocks, 4):
        value ^= _mixed(int.from_bytes(data[start : start + 4], "little"))
        value = (value << 13 | value >> 19) & mask
        value = (value * 5 + 0xE6546B64) & mask
    if blocks < len(data):
        value ^= _mixed(int.from_bytes(data[blocks:], "little"))
    value ^= len(data)
    value = (value ^ value >> 16) * 0x85EBCA6B & mask
    value = (value ^ value >> 13) * 0xC2B2AE35 & mask
    return value ^ value >> 16


def _mixed(block: int) -> int:
    block = block * 0xCC9E2D51 & 0xFFFFFFFF
    block = (block << 15 | block >> 17) & 0xFFFFFFFF
    return block * 0x1B873593 & 0xFFFFFFFF


def _most_at_a_pixel(shape: tuple[int, int], masks: Places) -> int:
    count = np.zeros(shape, np.int16)
    for window, mask in masks:
        count[window] += mask > 0
    return int(count.max(initial=0))

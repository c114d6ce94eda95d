# SPDX-License-Identifier: Apache-2.0
"""What stands in a picture, object by object: N soft masks that sum to at most one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..cutout import Cutout, Report
from ..errors import OptionInvalid
from ..imaging.depth import FULL, to_depth, to_unit
from ..imaging.rect import Rect
from ..raster import Raster

Which = int | str
"""An object's number, from 1 in the order found, or its name in any case."""


@dataclasses.dataclass(frozen=True)
class Object:
    """One object.

    Parameters
    ----------
    name
        What it is called, once in a picture: what was asked for, or "object 1".
    certainty
        0 to 1: how sure the network is of it; with words, also that it is what was asked for.
    window
        The rectangle of the picture that `mask` covers; there is nothing of it outside.
    mask
        float32 (h, w) in [0, 1], of the window.
    foreground
        (h, w, C), the clean color in the picture's dtype, of the window; None if not asked for.
    """

    name: str
    certainty: float
    window: Rect
    mask: np.ndarray = dataclasses.field(repr=False)
    foreground: np.ndarray | None = dataclasses.field(default=None, repr=False)

    @property
    def box(self) -> Rect:
        """The smallest rectangle around what is more of it than not; around all where nothing is.

        In pixels of the picture, x1 and y1 exclusive.
        """
        rect = bounds(self.mask >= 0.5) or bounds(self.mask > 0)
        if rect is None:
            return self.window
        x, y = self.window.x0, self.window.y0
        return Rect(rect.x0 + x, rect.y0 + y, rect.x1 + x, rect.y1 + y)


@dataclasses.dataclass(frozen=True)
class Objects:
    """The objects of one picture, in the order found.

    shape: the picture's (height, width). report: as of a cut-out. source: the picture, where it
    is known. At every pixel the masks sum to at most one.
    """

    shape: tuple[int, int]
    objects: tuple[Object, ...]
    report: Report
    source: Raster | None = dataclasses.field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.objects)

    def __iter__(self) -> Iterator[Object]:
        return iter(self.objects)

    def __getitem__(self, which: Which) -> Object:
        return self.objects[self.place(which)]

    @property
    def names(self) -> tuple[str, ...]:
        """The objects' names, in order."""
        return tuple(one.name for one in self.objects)

    def mask(self, which: Which) -> np.ndarray:
        """One object's mask over the whole picture.

        Parameters
        ----------
        which
            Its number or name.

        Returns
        -------
        numpy.ndarray
            float32 (H, W) in [0, 1].
        """
        one = self[which]
        plane = np.zeros(self.shape, np.float32)
        plane[one.window.slices] = one.mask
        return plane

    def masks(self) -> np.ndarray:
        """All masks, a whole plane each: for pictures of moderate size.

        Returns
        -------
        numpy.ndarray
            float32 (N, H, W) in [0, 1].
        """
        planes = [self.mask(number) for number in range(1, len(self) + 1)]
        return np.stack(planes) if planes else np.zeros((0, *self.shape), np.float32)

    def integer_masks(self, dtype: Any) -> Iterator[tuple[Object, np.ndarray]]:
        """Each object with its mask of its window, in a file's depth.

        Rounded together: at no pixel do the integers sum to more than full.

        Parameters
        ----------
        dtype
            uint8 or uint16; float32 gives the masks as they are.

        Yields
        ------
        tuple[Object, numpy.ndarray]
        """
        before = np.zeros(self.shape, np.float32)
        for one in self.objects:
            under = before[one.window.slices]
            above = under + one.mask
            full = FULL[np.dtype(dtype)]
            if full == 1:
                yield one, one.mask
            else:
                steps = np.rint(above * full) - np.rint(under * full)
                yield one, np.clip(steps, 0, full).astype(dtype)
            before[one.window.slices] = above

    def alpha(self) -> np.ndarray:
        """All of them together.

        Returns
        -------
        numpy.ndarray
            float32 (H, W) in [0, 1].
        """
        total = np.zeros(self.shape, np.float32)
        for one in self.objects:
            total[one.window.slices] += one.mask
        return np.minimum(total, 1, out=total)

    def cutout(self) -> Cutout:
        """All of them as one cut-out, with clean colors where each object has them.

        Returns
        -------
        Cutout
        """
        alpha = self.alpha()
        foreground = self._foreground()
        report = dataclasses.replace(
            self.report, foreground_share=float(alpha.mean(dtype=np.float64))
        )
        opacity = alpha
        if self.source is not None and self.source.alpha is not None:
            opacity = alpha * to_unit(self.source.alpha)
        return Cutout(opacity, alpha, foreground, report, self.source)

    def _foreground(self) -> np.ndarray | None:
        """The clean colors of all, mixed by their masks where two meet."""
        if self.source is None or any(one.foreground is None for one in self.objects):
            return None
        pixels = self.source.pixels
        total = np.zeros(self.shape, np.float32)
        out = pixels.copy()
        for one in self.objects:
            where = one.window.slices
            assert one.foreground is not None
            weight = one.mask / np.maximum(total[where] + one.mask, 1e-6)
            total[where] += one.mask
            mine, here = one.mask > 0, out[where]
            share = weight[mine][:, None]
            old, new = (to_unit(part[mine]) for part in (here, one.foreground))
            here[mine] = to_depth(old + share * (new - old), out.dtype)
        return out

    # ------------------------------------------------------------ choose, drop, merge

    def choose(self, *which: Which) -> Objects:
        """Only these objects, in the order given.

        Parameters
        ----------
        *which
            Their numbers or names.

        Returns
        -------
        Objects

        Raises
        ------
        OptionInvalid
            For a number or name that is none of theirs.
        """
        places = list(dict.fromkeys(self.place(one) for one in which))
        return dataclasses.replace(self, objects=tuple(self.objects[i] for i in places))

    def drop(self, *which: Which) -> Objects:
        """All but these objects.

        Parameters
        ----------
        *which
            The numbers or names of those that go.

        Returns
        -------
        Objects

        Raises
        ------
        OptionInvalid
            As `choose` does.
        """
        gone = {self.place(one) for one in which}
        left = tuple(one for i, one in enumerate(self.objects) if i not in gone)
        return dataclasses.replace(self, objects=left)

    def merge(self, *which: Which, name: str = "") -> Objects:
        """Several objects as one, in the place of the first.

        Parameters
        ----------
        *which
            Two or more numbers or names.
        name
            Of the whole; by default that of the first.

        Returns
        -------
        Objects

        Raises
        ------
        OptionInvalid
            As `choose` does, and for fewer than two, or a name that another object has.
        """
        places = sorted({self.place(one) for one in which})
        if len(places) < 2:
            raise OptionInvalid("Merging needs two objects.", f"There are {self._listed()}.")
        name = name or self.objects[self.place(which[0])].name
        merged = _merged([self.objects[i] for i in places], name)
        if merged.name.lower() in {
            one.name.lower() for i, one in enumerate(self.objects) if i not in places
        }:
            raise OptionInvalid(f"Another object is called {name!r}.", "Give another name.")
        out = [one for i, one in enumerate(self.objects) if i not in places[1:]]
        out[places[0]] = merged
        return dataclasses.replace(self, objects=tuple(out))

    def rename(self, which: Which, name: str) -> Objects:
        """One object under another name.

        Parameters
        ----------
        which
            Its number or name.
        name
            What it is called from now on.

        Returns
        -------
        Objects

        Raises
        ------
        OptionInvalid
            For a name that another object has, or that says nothing.
        """
        place = self.place(which)
        others = [one.name.lower() for i, one in enumerate(self.objects) if i != place]
        if not name.strip() or name.lower() in others:
            raise OptionInvalid(f"No object can be called {name!r}.", "Give another name.")
        out = list(self.objects)
        out[place] = dataclasses.replace(out[place], name=name.strip())
        return dataclasses.replace(self, objects=tuple(out))

    def to_json(self) -> list[dict[str, Any]]:
        """Name, box and certainty of each, as plain values.

        Returns
        -------
        list[dict[str, Any]]
        """
        return [
            {"name": one.name, "box": list(one.box), "certainty": round(one.certainty, 3)}
            for one in self.objects
        ]

    def place(self, which: Which) -> int:
        """The position of an object, from 0.

        Parameters
        ----------
        which
            Its number, from 1, or its name.

        Returns
        -------
        int

        Raises
        ------
        OptionInvalid
            For a number or name that is none of theirs.
        """
        text = str(which).strip().lower()
        for position, one in enumerate(self.objects):
            if one.name.lower() == text:
                return position
        if text.isdecimal() and 1 <= int(text) <= len(self.objects):
            return int(text) - 1
        raise OptionInvalid(f"There is no object {which!r}.", f"There are {self._listed()}.")

    def _listed(self) -> str:
        named = [f"{number} ({one.name})" for number, one in enumerate(self.objects, 1)]
        return ", ".join(named) or "none"


def bounds(where: np.ndarray) -> Rect | None:
    """The smallest rectangle around what is True.

    Parameters
    ----------
    where
        bool (H, W).

    Returns
    -------
    Rect or None
        None where nothing is.
    """
    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    if not rows.size:
        return None
    return Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def unique_names(names: Sequence[str]) -> list[str]:
    """Names that tell apart: of those that stand twice each gets a number.

    Parameters
    ----------
    names
        In the objects' order.

    Returns
    -------
    list[str]
        As many, in the same order.
    """
    out: list[str] = []
    for name in names:
        same = [other for other in names if other.lower() == name.lower()]
        number = sum(other.lower().startswith(f"{name.lower()} ") for other in out) + 1
        candidate = name if len(same) == 1 else f"{name} {number}"
        while candidate.lower() in {other.lower() for other in out}:
            number += 1
            candidate = f"{name} {number}"
        out.append(candidate)
    return out


def exclusive(masks: Sequence[tuple[Rect, np.ndarray]], shape: tuple[int, int]) -> list[np.ndarray]:
    """Masks in their windows, made to sum to at most one: where they claim more, each gets its
    share of the claims.

    Parameters
    ----------
    masks
        Of each object its window and its mask there, float32.
    shape
        The picture's (height, width).

    Returns
    -------
    list[numpy.ndarray]
        A mask for each window.
    """
    claims = np.zeros(shape, np.float32)
    for window, mask in masks:
        claims[window.slices] += mask
    np.maximum(claims, 1, out=claims)
    claimed = np.zeros(shape, np.float32)
    out = []
    for window, mask in masks:
        share = mask / claims[window.slices]
        # What rounding would put over one goes to nobody.
        np.minimum(share, 1 - claimed[window.slices], out=share)
        claimed[window.slices] += share
        out.append(share)
    return out


def _merged(parts: list[Object], name: str) -> Object:
    window = Rect(
        min(one.window.x0 for one in parts),
        min(one.window.y0 for one in parts),
        max(one.window.x1 for one in parts),
        max(one.window.y1 for one in parts),
    )
    mask = np.zeros((window.height, window.width), np.float32)
    foreground: np.ndarray | None = None
    first = parts[0].foreground
    if first is not None and all(one.foreground is not None for one in parts):
        foreground = np.zeros((window.height, window.width, first.shape[2]), first.dtype)
    for one in parts:
        here = one.window.seen_from(window).slices
        if foreground is not None and one.foreground is not None:
            stronger = one.mask >= mask[here]
            foreground[here][stronger] = one.foreground[stronger]
        mask[here] += one.mask
    certainty = max(one.certainty for one in parts)
    return Object(name, certainty, window, np.minimum(mask, 1, out=mask), foreground)

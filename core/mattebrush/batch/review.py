# SPDX-License-Identifier: Apache-2.0
"""The pictures of a batch that a person looks at, worst first; what is mended is written in place.

A decision is a further line of the manifest, `review` in it: "accepted" or "rejected".
"""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import threading
from pathlib import Path
from typing import Any

import numpy as np

from .. import engine, raster, render
from ..atomic import whole_file
from ..cutout import Cutout
from ..errors import InputInvalid
from ..imaging.depth import to_depth, to_unit
from ..imaging.resize import resize
from ..raster import Raster
from . import manifest, settings
from .sources import Item

PREVIEW = 1600
"""The longest side of what is shown and painted on."""

_OPEN = 3
"""Pictures that are kept decoded, with their masks."""


@dataclasses.dataclass
class _Open:
    """A picture at work: its masks one after the other, the last being the one in use."""

    source: Raster
    masks: list[np.ndarray]


class Queue:
    """The queue of one destination folder. Safe for threads: one picture is worked on at a time.

    Raises InputInvalid where the folder holds no batch.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._options, self._recipe = settings.load(folder)
        self._open: collections.OrderedDict[str, _Open] = collections.OrderedDict()
        self._lock = threading.Lock()
        if not (folder / manifest.NAME).exists():
            raise InputInvalid(
                f"{folder} holds no batch.", "Give the folder that `mattebrush batch` wrote into."
            )

    def rows(self) -> list[dict[str, Any]]:
        """Lines of the manifest, failures and the least certain first, each with an `id`.

        Returns
        -------
        list[dict[str, Any]]
        """
        rows = manifest.doubtful(manifest.read(self.folder / manifest.NAME))
        return [{**row, "id": _id(row["key"])} for row in rows]

    def original(self, number: str) -> bytes:
        """The photograph as a PNG of at most `PREVIEW` pixels.

        Parameters
        ----------
        number : str
            Which picture of the queue.

        Returns
        -------
        bytes
        """
        return _preview(raster.read(_item(self._row(number)).read()))

    def result(self, number: str) -> bytes:
        """What the batch wrote, likewise.

        Parameters
        ----------
        number : str
            Which picture of the queue.

        Returns
        -------
        bytes
        """
        row = self._row(number)
        if not row.get("output"):
            raise InputInvalid(f"{row['key']} has no result: {row.get('error', '')}")
        return _preview(raster.read(self._target(row).read_bytes()))

    def mask(self, number: str) -> bytes:
        """The mask in use as a gray PNG, likewise; found now, where it was not before.

        Parameters
        ----------
        number : str
            Which picture of the queue.

        Returns
        -------
        bytes
        """
        with self._lock:
            return _png(self._opened(number).masks[-1])

    def paint(self, number: str, strokes: bytes) -> bytes:
        """Refines the mask by strokes, and gives the new one.

        Parameters
        ----------
        number : str
            Which picture of the queue.
        strokes : bytes
            A picture of the preview's size: opaque white belongs to the subject, opaque black does
            not.

        Returns
        -------
        bytes
        """
        layer = raster.read(strokes)
        if layer.alpha is None:
            raise InputInvalid("These strokes are no layer.", "Send white and black on nothing.")
        with self._lock:
            opened = self._opened(number)
            before = opened.masks[-1]
            size = before.shape
            painted = resize(to_depth(layer.alpha, np.uint8), size, "nearest") > 127
            value = resize(to_depth(layer.pixels[..., 0], np.uint8), size, "nearest")
            mask = np.where(painted, np.where(value > 127, np.float32(1), np.float32(0)), before)
            refined = engine.refine(opened.source.image(), mask, before, options=self._options)
            opened.masks.append(to_unit(refined.matte))
            return _png(opened.masks[-1])

    def undo(self, number: str) -> bytes:
        """Takes the last strokes back, and gives the mask before.

        Parameters
        ----------
        number : str
            Which picture of the queue.

        Returns
        -------
        bytes
        """
        with self._lock:
            opened = self._opened(number)
            if len(opened.masks) > 1:
                opened.masks.pop()
            return _png(opened.masks[-1])

    def accept(self, number: str) -> dict[str, Any]:
        """Notes that a result is good; one that was mended is written in place of the old one.

        Parameters
        ----------
        number : str
            Which picture of the queue.

        Returns
        -------
        dict[str, Any]
        """
        with self._lock:
            row = self._row(number)
            opened = self._open.get(row["key"])
            if opened is not None and len(opened.masks) > 1:
                row = {**row, **self._write(row, opened)}
                opened.masks = opened.masks[-1:]
            elif not row.get("output"):
                raise InputInvalid(
                    f"{row['key']} has no result to accept.", "Paint one, or reject it."
                )
            return self._decide(row, "accepted")

    def reject(self, number: str) -> dict[str, Any]:
        """Notes that a result will not do. Its file stays.

        Parameters
        ----------
        number : str
            Which picture of the queue.

        Returns
        -------
        dict[str, Any]
        """
        with self._lock:
            return self._decide(self._row(number), "rejected")

    def _write(self, row: dict[str, Any], opened: _Open) -> dict[str, Any]:
        source, matte = opened.source, opened.masks[-1]
        alpha = matte if source.alpha is None else matte * to_unit(source.alpha)
        options = dataclasses.replace(self._options, region=None)
        cleaned = engine.decontaminate(source.image(), alpha, options)
        foreground = cleaned.foreground if options.decontaminate else None
        if foreground is not None:
            foreground = foreground[..., : source.pixels.shape[2]]
        cutout = Cutout(alpha, matte, foreground, cleaned.report)
        data, remarks = render.encoded(source, cutout, self._recipe)
        box = render.subject_rect(alpha)
        changed = {
            "output": row["output"],
            "share": round(float(alpha.mean()), 4),
            "box": list(box),
            "warnings": [*source.warnings, *remarks],
        }
        with whole_file(self._target(row), overwrite=True) as file:
            file.write(data)
        return changed

    def _decide(self, row: dict[str, Any], decision: str) -> dict[str, Any]:
        row = {**row, "review": decision}
        record = manifest.Manifest(self.folder)
        try:
            record.add(row)
        finally:
            record.close()
        return {**row, "id": _id(row["key"])}

    def _row(self, number: str) -> dict[str, Any]:
        for row in manifest.read(self.folder / manifest.NAME).values():
            if _id(row["key"]) == number:
                return row
        raise InputInvalid("There is no such picture in this batch.")

    def _target(self, row: dict[str, Any]) -> Path:
        target = self.folder / str(row.get("output") or "")
        if not target.resolve().is_relative_to(self.folder.resolve()) or not row.get("output"):
            raise InputInvalid(f"{row['key']} has no result in {self.folder}.")
        return target

    def _opened(self, number: str) -> _Open:
        row = self._row(number)
        key = row["key"]
        if key not in self._open:
            source = raster.read(_item(row).read())
            cutout = engine.remove_background(source.image(), self._options)
            self._open[key] = _Open(source, [to_unit(cutout.matte)])
        self._open.move_to_end(key)
        while len(self._open) > _OPEN:
            self._open.popitem(last=False)
        return self._open[key]


def _id(key: str) -> str:
    """A name for addresses."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _item(row: dict[str, Any]) -> Item:
    if not row.get("source"):
        raise InputInvalid(
            f"The manifest does not say where {row['key']} lies.",
            "Run the batch again with --resume --overwrite.",
        )
    return Item(row["key"], row["source"], row.get("member", ""))


def _preview(picture: Raster) -> bytes:
    size = _size(picture.height, picture.width)
    if size != (picture.height, picture.width):
        pixels = resize(picture.pixels, size, "area")
        alpha = None if picture.alpha is None else resize(picture.alpha, size, "area")
        picture = dataclasses.replace(picture, pixels=pixels, alpha=alpha)
    pixels = to_depth(picture.pixels, np.uint8)
    return raster.encode(dataclasses.replace(picture, pixels=pixels), "PNG", strip=True)


def _png(mask: np.ndarray) -> bytes:
    size = _size(*mask.shape)
    small = mask if size == mask.shape else resize(mask, size, "area")
    return raster.encode(Raster(to_depth(small, np.uint8)[..., None]), "PNG")


def _size(height: int, width: int) -> tuple[int, int]:
    factor = min(1.0, PREVIEW / max(height, width))
    return max(1, round(height * factor)), max(1, round(width * factor))

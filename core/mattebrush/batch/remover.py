# SPDX-License-Identifier: Apache-2.0
"""The worker of a batch: pictures' bytes in, cut-outs' bytes and reports out, no exception."""

from __future__ import annotations

import dataclasses
import json
import traceback
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import MattebrushError
from ..options import Options

if TYPE_CHECKING:
    from ..render import Recipe


@dataclasses.dataclass(frozen=True)
class Result:
    """What became of one picture.

    data: the file's bytes; empty where it failed. report: plain values, as the manifest has them;
    `error` in it where it failed.
    """

    data: bytes
    report: dict[str, Any]


class Remover:
    """Removes backgrounds of encoded pictures; a class for workers that live long.

    Models are opened at the first picture, in the process that works, so that an instance can be
    sent to it.

    Parameters
    ----------
    options
        For the engine.
    recipe
        What to make of each cut-out; None for a PNG with alpha.

    Examples
    --------
    With Ray Data (``pip install mattebrush[ray]``)::

        pictures = ray.data.read_binary_files(folder, include_paths=True)
        done = pictures.map_batches(Remover, batch_size=4, compute=ActorPoolStrategy(size=2))
    """

    def __init__(self, options: Options | None = None, recipe: Recipe | None = None) -> None:
        self._options = options or Options()
        self._recipe = recipe

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        """Works on a batch of columns.

        Parameters
        ----------
        batch
            Columns `path` (text) and `bytes`, as `read_binary_files(include_paths=True)` gives.

        Returns
        -------
        dict
            Columns `path`, `bytes` (empty where a picture failed), `report` (JSON) and `error`
            ("" where none).
        """
        results = [self.one(bytes(data)) for data in batch["bytes"]]
        return {
            "path": list(batch["path"]),
            "bytes": [result.data for result in results],
            "report": [json.dumps(result.report) for result in results],
            "error": [result.report.get("error", "") for result in results],
        }

    def one(self, data: bytes) -> Result:
        """Works on one encoded picture.

        Parameters
        ----------
        data : bytes
            A file's bytes.

        Returns
        -------
        Result
        """
        try:
            return self._removed(data)
        except MattebrushError as error:
            return Result(b"", {"error": str(error), "code": error.code})
        except MemoryError:
            return Result(b"", {"error": "Not enough memory for this picture.", "code": "memory"})
        except Exception as failure:  # a batch goes on, whatever a picture does to a library
            where = traceback.extract_tb(failure.__traceback__)[-1]
            text = f"{type(failure).__name__} in {where.name}: {failure}"
            return Result(b"", {"error": text, "code": "internal"})

    def _removed(self, data: bytes) -> Result:
        from .. import engine, raster, render

        recipe = self._recipe or render.Recipe()
        source = raster.read(data)
        cutout = engine.remove_background(
            source.image(), self._options, display=raster.display_referred(source)
        )
        report = cutout.report
        with report.stage("writing"):
            encoded, remarks = render.encoded(source, cutout, recipe)
        warnings = [*source.warnings, *report.warnings, *remarks]
        box = render.subject_rect(cutout.alpha) if report.subject_found else None
        return Result(
            encoded,
            {
                "certainty": report.certainty if report.subject_found else 0.0,
                "share": round(report.foreground_share, 4),
                "box": list(box) if box else None,
                "size": [report.width, report.height],
                "model": report.model,
                "matting": report.matting,
                "device": report.device,
                "seconds": round(sum(report.seconds.values()), 3),
                "warnings": list(dict.fromkeys(warnings)),
            },
        )

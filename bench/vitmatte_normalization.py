# SPDX-License-Identifier: Apache-2.0
"""Which normalization is right for a matting network, decided by measurement.

Four are in public use for the same ViTMatte weights; a wrong one costs accuracy in silence. This
runs every installed model that has several under each of them, on pictures with known alpha, and
says which comes nearest and whether it is the one the catalog takes.

    python -m bench.vitmatte_normalization [MODEL...] [--data FOLDER]

FOLDER holds image/, alpha/ and trimap1/ with files of the same names, as alphamatting.com's do.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from mattebrush.errors import MattebrushError, ModelUnavailable
from mattebrush.imaging import tiles
from mattebrush.matting import vitmatte
from mattebrush.models import catalog, store
from mattebrush.models.catalog import ModelRow

DATA = Path(__file__).parents[2] / "shared" / "data" / "matting-dev" / "alphamatting"
_HALO = 64


@dataclasses.dataclass(frozen=True)
class Picture:
    """image float32 (H, W, 3) 0..1; alpha float32 (H, W) 0..1; trimap uint8 (H, W)."""

    image: np.ndarray
    alpha: np.ndarray
    trimap: np.ndarray


@dataclasses.dataclass(frozen=True)
class Score:
    """sad: sum of errors over the unknown pixels / 1000, mean of the pictures. mse: over them."""

    normalization: str
    sad: float
    mse: float


def pictures(folder: Path) -> list[Picture]:
    """The pictures of a folder of alphamatting.com's form. Raises MattebrushError without any."""
    names = sorted(path.name for path in (folder / "image").glob("*.png"))
    if not names:
        raise MattebrushError(f"There are no pictures in {folder / 'image'}.", "Say --data FOLDER.")
    return [
        Picture(
            _opened(folder / "image" / name, "RGB").astype(np.float32) / 255,
            _opened(folder / "alpha" / name, "L").astype(np.float32) / 255,
            _three_values(_opened(folder / "trimap1" / name, "L")),
        )
        for name in names
    ]


def measure(row: ModelRow, samples: list[Picture]) -> list[Score]:
    """The scores of every different normalization of a model, best first."""
    scores, seen = [], set()
    for name, values in row.interface.normalizations.items():
        if values in seen:
            continue
        seen.add(values)
        matting = vitmatte.open_matting(row, normalization=name)
        errors = [_errors(matting, picture) for picture in samples]
        sad = float(np.mean([np.abs(error).sum() / 1000 for error in errors]))
        mse = float(np.mean([np.square(error).mean() for error in errors]))
        scores.append(Score(name, sad, mse))
    return sorted(scores, key=lambda score: score.sad)


def _errors(matting: vitmatte.TrimapMatting, picture: Picture) -> np.ndarray:
    """Predicted minus true alpha of the unknown pixels."""
    unknown = picture.trimap == 128
    alpha = np.zeros(unknown.shape, np.float32)
    inner = min(matting.side) - 2 * _HALO - matting.multiple
    for tile in tiles.plan(unknown, inner, _HALO, matting.multiple):
        matte = matting(picture.image[tile.outer], picture.trimap[tile.outer])
        alpha[tile.inner] = matte[tile.crop]
    error: np.ndarray = (alpha - picture.alpha)[unknown]
    return error


def _opened(path: Path, mode: str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert(mode))


def _three_values(trimap: np.ndarray) -> np.ndarray:
    certain = np.where(trimap == 255, np.uint8(255), np.uint8(128))
    values: np.ndarray = np.where(trimap == 0, np.uint8(0), certain)
    return values


def _candidates(names: list[str]) -> Iterator[ModelRow]:
    if names:
        yield from (store.resolve(catalog.get(name)).row for name in names)
        return
    candidates = [
        entry.row
        for entry in store.all_installed()
        if entry.row.kind == "trimap" and len(set(entry.row.interface.normalizations.values())) > 1
    ]
    if not candidates:
        raise ModelUnavailable(
            "No model with several normalizations is installed.",
            "Get one with `mattebrush models pull vitmatte-small-composition-1k`.",
        )
    yield from candidates


def _report(row: ModelRow, samples: list[Picture]) -> bool:
    """Prints one model's table; whether the catalog takes the best normalization."""
    scores = measure(row, samples)
    known = row.interface.normalizations
    own = (row.interface.preprocessing.mean, row.interface.preprocessing.std)
    right = known[scores[0].normalization] == own
    print(f"{row.id}, {len(samples)} pictures")
    for score in scores:
        same = [name for name, values in known.items() if values == known[score.normalization]]
        print(f"  SAD {score.sad:8.3f}  MSE {score.mse:.5f}  {', '.join(same)}")
    print(f"  the catalog takes {'the best' if right else 'ANOTHER one: change it'}")
    return right


def main() -> int:
    """Prints a table for each model; 1 when the catalog's normalization is not the best."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", metavar="MODEL", nargs="*", help="default: all installed")
    parser.add_argument("--data", type=Path, default=DATA)
    arguments = parser.parse_args()
    try:
        samples = pictures(arguments.data)
        results = [_report(row, samples) for row in _candidates(arguments.model)]
    except MattebrushError as error:
        print(f"vitmatte_normalization: {error}", file=sys.stderr)
        return error.exit_status
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())

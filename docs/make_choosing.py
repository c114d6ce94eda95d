# SPDX-License-Identifier: Apache-2.0
"""Draws docs/pictures/choosing.jpg for docs/choosing.md.

    python docs/make_choosing.py [--u2netp FILE]

A row an example, a column a way to cut it out; each by `mattebrush.remove_background`, as anybody's
program would. A published model is drawn from the file given, which is not in the repository.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import mattebrush
from mattebrush import Options

DOCS = Path(__file__).resolve().parent
EXAMPLES = DOCS.parent / "examples"
WIDTH = 300
TITLE = 26
BACKDROP = (46, 174, 96)


@dataclass(frozen=True)
class Column:
    """A way to cut out: its heading, its options."""

    title: str
    options: Options


def grid(examples: list[str], columns: list[Column], out: Path) -> None:
    """Draws the pictures and each column's cut-outs of them."""
    titles = ["the photograph", *(column.title for column in columns)]
    rows = [_row(EXAMPLES / name, columns) for name in examples]
    size = (WIDTH * len(titles), TITLE + sum(row[0].height for row in rows))
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    for number, title in enumerate(titles):
        draw.text((WIDTH * number + 6, 4), title, "black", font)
    top = TITLE
    for row in rows:
        for number, cell in enumerate(row):
            sheet.paste(cell, (WIDTH * number, top))
        top += row[0].height
    sheet.save(out, quality=88, optimize=True)


def _row(path: Path, columns: list[Column]) -> list[Image.Image]:
    with Image.open(path) as opened:
        photo = opened.convert("RGB")
    cells = [photo]
    for column in columns:
        cut = mattebrush.remove(photo, column.options, force=True)
        backdrop = Image.new("RGBA", photo.size, (*BACKDROP, 255))
        cells.append(Image.alpha_composite(backdrop, cut).convert("RGB"))
    height = round(photo.height * WIDTH / photo.width)
    return [cell.resize((WIDTH, height), Image.Resampling.LANCZOS) for cell in cells]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--u2netp", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["MATTEBRUSH_HOME"] = home
        columns = [
            Column("the default", Options()),
            Column("without matting", Options(matting="none")),
        ]
        if args.u2netp:
            from mattebrush.models import install

            install.add(args.u2netp)
            columns.append(Column("U2-Netp (a download)", Options(model="u2netp")))
        grid(
            ["lemur.jpg", "fur.jpg", "vase.jpg", "bicycle.jpg"],
            columns,
            DOCS / "pictures/choosing.jpg",
        )


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Writes docs/models.md from the catalog, so that the page cannot say otherwise than the program.

PYTHONPATH=core python docs/make_models.py
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mattebrush.cli.models import megabytes
from mattebrush.models import catalog
from mattebrush.models.catalog import ModelRow

PAGE = Path(__file__).with_name("models.md")

PURPOSES = {
    "general": "Any clear subject",
    "portrait": "Portraits and people",
    "product": "Products and fine structures",
    "animal": "Animals",
    "hair": "Hair, fur, veils",
    "prompt": "The object you click on or box",
    "text": "What you name in words",
    "video": "Video",
    "anime": "Drawn figures",
    "clothes": "Clothes",
    "camouflage": "Camouflage",
    "speed": "Speed, small files",
}
"""Heading of each tag of the catalog, in the order in which people ask."""

USE = {"yes": "yes", "caveat": "with a caveat", "unknown": "unknown", "no": "**no**"}

KINDS = {
    "salient": "finds the subject",
    "prompt": "takes clicks and boxes",
    "text-boxes": "takes words",
    "text-map": "takes words",
    "text": "takes words",
    "trimap": "decides soft edges",
    "prior": "decides soft edges",
    "video": "frames of a video",
}

HEAD = """\
<!-- Written by docs/make_models.py from core/mattebrush/models/catalog.toml; do not edit. -->

# Models

Mattebrush works right after installing, with networks of its own that ship with it. Every other
model is your choice: nothing is downloaded unless you ask for it by name and agree to its license.

```
mattebrush models list                      # what there is, what is here
mattebrush models info birefnet-general     # everything known about one
mattebrush models pull birefnet-general     # shows license and size, asks, downloads, verifies
mattebrush models add isnet-anime.onnx      # takes a file you have
mattebrush models verify                    # compares what is here with its checksums
mattebrush models selftest isnet-anime      # runs it on a drawn figure whose place is known
mattebrush models remove birefnet-general
mattebrush remove photo.jpg --model birefnet-general
mattebrush remove photo.jpg --model mobile-sam --point 420,310
mattebrush remove photo.jpg --matting vitmatte-small-composition-1k
```

Files lie in Mattebrush's data folder (`mattebrush doctor` shows it; `MATTEBRUSH_HOME` moves it).
What rembg has downloaded to `~/.u2net` or `~/.rembg/models` is used where it lies. A download that
was interrupted goes on where it stopped, and pulling again replaces a file that has been damaged;
proxies are taken from the environment; `--mirror URL` takes the files from a folder on another
server, under the names that `info` shows. On a machine without network, carry the files there and
use `add`.

`selftest` draws a half figure before a dark ground and runs the model on it, the whole way that a
picture of yours goes: the answer must be high inside the figure and low outside (of matting: on
either side of its outline; of a click: around it; of words: its box must be the figure's). The exit
status is 0 where all pass, else that of the first failure ("model invalid" where the answer lies
elsewhere). It tells a damaged file, another model's file, or one that is fed wrongly from a good
one; it says nothing of quality. Real files that were tried pass: both networks of ours, MediaPipe's
two, SINet, and of U²-Netp another export than the one that is downloaded. Those of the other rows
could not be had here: should one that `verify` calls good fail, please report it.

Commercial use: **yes** is what the license of the weights says. *With a caveat*: the license allows
it, but something should be read first, most often that the training pictures were collected for
research; `info` says what. *Unknown*: nobody states a license, or two statements of it contradict
each other. None of this is legal advice.
"""

TAIL = """\
*Known from*: `run`, our tests run the real file (of U²-Netp another export of it); `parsed`, read
out of the file; `code`, read in a public program that runs this very file; `export`, read in the
script that makes it; `partial`, some of it. Whatever it is, a file that does not fit what we expect
is refused with what differs.
"""


def page() -> str:
    """The whole page."""
    rows = list(catalog.rows().values())
    parts = [HEAD, "## Which one to choose\n"]
    for tag, heading in PURPOSES.items():
        parts += [f"### {heading}\n", _choice(row for row in rows if tag in row.tags)]
    free = [row for row in rows if row.commercial == "yes"]
    parts += ["### Commercial use without a caveat\n", _choice(free)]
    return "\n".join([*parts, "## All of them\n", _everything(rows), TAIL])


def _choice(rows: Iterable[ModelRow]) -> str:
    order = list(USE)
    ranked = sorted(
        rows,  # a size nobody publishes is taken for large
        key=lambda row: (not row.embedded, order.index(row.commercial), row.size or 1 << 40),
    )
    lines = ["| model | best at | download | commercial use |", "| --- | --- | --- | --- |"]
    for row in ranked:
        size = "none" if row.embedded else megabytes(row.size)
        lines.append(f"| `{row.id}` | {row.best_at} | {size} | {USE[row.commercial]} |")
    return "\n".join(lines) + "\n"


def _everything(rows: Iterable[ModelRow]) -> str:
    lines = [
        "| model | name | what it does | license | note on the license | known from |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        name = f"[{row.name}]({row.page})" if row.page else row.name
        cells = (f"`{row.id}`", name, KINDS[row.kind], row.license, row.license_note, row.verified)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")

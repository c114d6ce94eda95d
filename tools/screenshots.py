# SPDX-License-Identifier: Apache-2.0
"""`python -m tools.screenshots [HOST ...]`: pictures of the hosts' pages, by the hosts' own tests.

Each test of the table drives the real program by mouse and keyboard and takes pictures on the way;
the one that a page shows is cut to the window and copied to docs/pictures.
"""

from __future__ import annotations

import argparse
import dataclasses
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageChops

from .lock import ROOT

PICTURES = ROOT / "docs" / "pictures"
COLORS = 256
"""Of a palette: a window has few, and the file a third of the bytes."""


@dataclasses.dataclass(frozen=True)
class Shot:
    """A picture of a page.

    test: pytest's words for the one that takes it. name: of the picture in the test's folder.
    """

    test: tuple[str, ...]
    name: str


SHOTS = {
    "gimp": Shot(
        ("tests/hosts/gimp/test_window.py", "-k", "from_menu_to_undo"), "screen/removed.png"
    ),
    "krita": Shot(("tests/hosts/test_fresh.py", "-m", "slow", "-k", "krita_offline"), "mask.png"),
}
"""By host; docs/pictures/HOST.png is what its page shows."""


def main(words: list[str] | None = None) -> int:
    """Takes the pictures of the hosts named, or of all; returns the exit status."""
    parser = argparse.ArgumentParser(prog="tools.screenshots", description=__doc__)
    parser.add_argument("hosts", nargs="*", metavar="HOST", help=f"of {', '.join(SHOTS)}")
    hosts = parser.parse_args(words).hosts or list(SHOTS)
    unknown = sorted(set(hosts) - set(SHOTS))
    if unknown:
        parser.error(f"there is no picture of {unknown[0]}")
    for host in hosts:
        with tempfile.TemporaryDirectory() as folder:
            take(host, Path(folder) / "tests")
        print(PICTURES / f"{host}.png")
    return 0


def take(host: str, folder: Path) -> None:
    """Runs a host's test in `folder` and copies its picture.

    Parameters
    ----------
    host : str
        One of `SHOTS`.
    folder : Path
        Where the test may work; it is emptied.
    """
    shot = SHOTS[host]
    command = [sys.executable, "-m", "pytest", *shot.test, f"--basetemp={folder}"]
    subprocess.run(command, cwd=ROOT, check=True)
    (path,) = [path for path in folder.rglob(Path(shot.name).name) if path.match(shot.name)]
    with Image.open(path) as picture:
        cut(picture.convert("RGB")).save(PICTURES / f"{host}.png", optimize=True)


def cut(picture: Image.Image) -> Image.Image:
    """The picture without the screen's empty margin, in a palette.

    Parameters
    ----------
    picture : Image.Image
        Of a whole screen, black where no window is.

    Returns
    -------
    Image.Image
        The part with windows.
    """
    empty = Image.new("RGB", picture.size)
    box = (
        ImageChops.difference(picture, empty).convert("L").point(lambda v: 255 * (v > 8)).getbbox()
    )
    return picture.crop(box).quantize(COLORS, dither=Image.Dither.NONE)


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""What the manual and the README show can be typed as it stands there."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebrush import raster
from mattebrush.cli import command_line
from tests.video import movies

ROOT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "training/README.md",
    *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
]
RUN = ("README.md", *(f"docs/{name}.md" for name in ("cli", "batch", "objects", "shops", "video")))
"""Pages whose commands are run; those of the others are parsed."""

ELSEWHERE = re.compile(
    r"://|--ray|--watch|--text|mattebrush (models (pull|add|info)|live|review|desktop)"
    r"|\.(xcf|kra)\b"
)
"""What wants a network, a cluster, a model that is not shipped, a camera, GIMP, Krita or a
person."""

VALUES = {
    "NAME": "u2netp",
    "ID": "u2netp",
    "URL": "http://127.0.0.1/x",
    "ADDRESS": "0.0.0.0",
    "P": "linux-x64",
    "I/N": "1/2",
    "SECONDS": "9",
    "MP": "9",
    "PERCENT": "9",
    "S": "9",
    "MB": "9",
    "N": "2",
    "X,Y": "1,2",
    "X,Y,0": "1,2,0",
    "X0,Y0,X1,Y1": "1,2,3,4",
    "PATTERN": "*.jpg",
}
"""What stands for a value in the manual, and a value; other words may be names of files."""


def _blocks(text: str) -> str:
    return "".join(re.findall(r"```\w*\n(.*?)```", text, re.DOTALL))


def _prose(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def _examples(page: str) -> list[str]:
    """Every `mattebrush ...` of a page: in a code block up to what explains it, or in backticks in
    a table."""
    text = (ROOT / page).read_text("utf-8")
    lines = re.findall(r"^(?: {4})?(mattebrush \S.*?)(?=  |$)", _blocks(text), re.MULTILINE)
    table = [line for line in _prose(text).splitlines() if line.startswith("| ")]
    return lines + re.findall(r"`(mattebrush \S[^`]*)`", "\n".join(table))


def _named(page: str) -> list[str]:
    """Those, and the ones in backticks in a sentence or indented as code."""
    text = (ROOT / page).read_text("utf-8")
    indented = re.findall(r"^ {4}(mattebrush \S.*?)(?=  |$)", text, re.MULTILINE)
    return _examples(page) + indented + re.findall(r"`(mattebrush \S[^`]*)`", _prose(text))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the examples name."""
    with Image.open(ROOT / "examples" / "vase.jpg") as example:
        photo = example.convert("RGB").resize((320, 240))
    photo.save(tmp_path / "photo.jpg", quality=95)
    (tmp_path / "photos" / "a").mkdir(parents=True)
    photo.save(tmp_path / "photos" / "a" / "b.jpg", quality=95)
    pixels = np.asarray(photo)
    raster.write(tmp_path / "scan.tif", raster.Raster(pixels.astype(np.uint16) * 257))
    mask = np.zeros((240, 320), np.uint8)
    mask[40:220, 100:220] = 255
    trimap = mask.copy()
    trimap[60:200, 90:120] = 128
    painted = mask.copy()
    painted[5:15, 5:15] = 255
    for name, plane in (("mask", mask), ("alpha", mask), ("trimap", trimap), ("painted", painted)):
        Image.fromarray(plane).save(tmp_path / f"{name}.png")
    movies.write(tmp_path / "clip.mp4", [pixels] * 2)
    Image.new("RGB", (640, 480), (200, 205, 210)).save(tmp_path / "farm.jpg")
    with Image.open(tmp_path / "farm.jpg") as farm:
        for place in range(3):
            farm.paste(photo.crop((90, 20, 230, 235)).resize((170, 260)), (25 + 210 * place, 120))
        farm.save(tmp_path / "farm.jpg", quality=95)
    photo.save(tmp_path / "DSC_0042.jpg", quality=95)
    (tmp_path / "masks").mkdir()
    for number in range(2):
        (tmp_path / "frames").mkdir(exist_ok=True)
        photo.save(tmp_path / "frames" / f"{number:06d}.png")
    (table,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/shops.md").read_text(), re.DOTALL)
    (tmp_path / "shop.toml").write_text(table)
    return tmp_path


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX")
@pytest.mark.parametrize(
    "page", [*RUN[:2], *(pytest.param(page, marks=pytest.mark.slow) for page in RUN[2:])]
)
def test_examples_run(page: str, folder: Path) -> None:
    inputs = _files(folder)
    examples = [
        displayed for displayed in dict.fromkeys(_examples(page)) if not ELSEWHERE.search(displayed)
    ]
    assert len(examples) > 2
    interpreter = f"{shlex.quote(sys.executable)} -m "
    for example in examples:
        done = subprocess.run(
            ["sh", "-c", interpreter + _fitting(example)],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        # What `check` was asked of, another shop's pictures, need not pass.
        expected = (0, 4) if " check " in example else (0,)
        assert done.returncode in expected, f"{example}\n{done.stderr}"
        made = _files(folder) - inputs
        assert made or done.stdout, f"{example} gave nothing"
        if "photos shop" in example:
            continue
        for path in made:  # the next one finds the folder as it was
            path.unlink()


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def _fitting(example: str) -> str:
    """The example, held to files that are small: frames that a clip of two has, names that are
    not those of an input."""
    example = re.sub(r"(?<=-o )alpha\.png", "new-alpha.png", example)
    return example.replace("-o frames", "-o made").replace("@12", "@0").replace("@40", "@1")


@pytest.mark.parametrize("page", PAGES)
def test_commands_are_understood(page: str) -> None:
    """Whatever a page names as a command is one, with these options."""
    parser = command_line.parser()
    for command in _named(page):
        words = shlex.split(command, comments=True)[1:]
        words = [VALUES.get(word.strip("[]"), word.strip("[]")) for word in words]
        if words in (["COMMAND", "--help"], ["--version"], ["--help"]):
            continue
        if _is_name(words):
            assert words[0] in _commands(parser), f"{page}: {command}"
            continue
        try:
            parser.parse_args([word for word in words if word != "|"])
        except SystemExit:
            pytest.fail(f"{page}: {command}")


def _is_name(words: list[str]) -> bool:
    """Whether a sentence only names the command, without what it needs."""
    return len(words) == 1 or (len(words) == 2 and words[0] in ("models", "plugin", "gimpfu"))


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (choices,) = [
        action.choices
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    return dict(choices)


def _parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from _parsers(inner)


OTHER_PROGRAMS = {"docs/benchmarks.md", "docs/release.md", "docs/gimpfu.md", "training/README.md"}
"""Pages on programs of the repository, whose options are their own."""

OTHER_OPTIONS = {
    "--slow": "run.py",
    "--index": "mattebrush_setup",
    "--folder": "mattebrush_setup",
    "--remove": "install.sh",
    "--upgrade": "pip",
    "--env": "docker",
    "--command": "blender",
    "--gbit": "bench.growth",
    "--frame-by-frame": "bench.video",
    "--enable-media-stream": "obs",
    "--use-fake-ui-for-media-stream": "obs",
    "--u2netp": "docs/make_choosing.py",
    "--strict": "mkdocs",
}


@pytest.mark.parametrize("page", [page for page in PAGES if page not in OTHER_PROGRAMS])
def test_options_are_there(page: str) -> None:
    """Whatever a sentence calls an option, a command has."""
    known = {
        option
        for parser in _parsers(command_line.parser())
        for action in parser._actions
        for option in action.option_strings
    }
    quoted = " ".join(re.findall(r"`([^`\n]+)`", _prose((ROOT / page).read_text("utf-8"))))
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", quoted))
    assert named - known - set(OTHER_OPTIONS) == set()


@pytest.mark.parametrize("page", PAGES)
def test_programs_of_the_repository_are_there(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for module in re.findall(r"python3? -m ((?:bench|training|tools|docs|tests)[\w.]*)", text):
        path = ROOT / module.rstrip(".").replace(".", "/")
        if not (path / "__main__.py").exists():
            # Without this line the module is loaded, does nothing, and ends with a zero.
            source = path.with_suffix(".py").read_text("utf-8")
            assert 'if __name__ == "__main__":' in source, module
    for path in re.findall(r"(?:python3?|bash) ((?:docs|tests|\.ci)/[\w./-]+)", text):
        assert (ROOT / path).exists(), path

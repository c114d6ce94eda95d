# SPDX-License-Identifier: Apache-2.0
"""From the zip to the first mask on a fresh Debian, as a new account, by mouse alone.

Nothing is there but the host, its own Python and a file manager: no compiler, no pip, no engine;
the network leads to the package registries, or there is none. Clicks are counted and printed with
the seconds (`-s`). The pictures taken on the way stay in the test's folder.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebrush.plugins import packages
from tests.hosts.fresh import HOME, Fresh
from tests.hosts.krita import kritahost
from tests.hosts.krita.kritahost import HOSTS, REPOSITORY
from tests.hosts.mouse import Mouse
from tools import release
from tools.platforms import PLATFORMS

pytestmark = [pytest.mark.hosts, pytest.mark.slow]

BUILDER = "tests/hosts/build_fresh.sh"
PICTURE = REPOSITORY / "examples" / "lemur.jpg"
PYTHON = "3.13"
"""Debian 13's own."""

_LONG = 900
_BUS = "unix:path=/run/user/1000/bus"
_GIMP = "lemur.*GIMP$"
_MENUS = {"File": 19, "Edit": 59, "Layer": 267, "Filters": 427}
_MENU_Y = 13


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return release.build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def bundle(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The offline bundle, for Debian's own Python alone."""
    platform = dataclasses.replace(PLATFORMS["linux-x86_64"], pythons=(PYTHON,))
    return release.bundle(platform, tmp_path_factory.mktemp("bundle"), wheel)


@dataclasses.dataclass
class Desk:
    """A fresh Debian with a session on a screen."""

    fresh: Fresh
    mouse: Mouse
    folder: Path
    variables: dict[str, str]

    @contextlib.contextmanager
    def program(self, *command: str) -> Iterator[None]:
        log = self.folder / f"{Path(command[0]).name}.log"
        with self.fresh.started(*command, log=log, **self.variables):
            yield


@contextlib.contextmanager
def desk(host: str, folder: Path, network: bool) -> Iterator[Desk]:
    """The host's Debian, logged in."""
    layers = (HOSTS / f"{host}-desktop", HOSTS / host)
    for layer in layers:
        if not (layer / ".complete").exists():
            reason = f"{layer} is not here: {BUILDER} makes it"
            if os.environ.get("MATTEBRUSH_CI"):
                pytest.fail(reason)
            pytest.skip(reason)
    with (
        kritahost.screen("1200x860") as display,
        Fresh(layers, folder / "debian", network).running() as fresh,
    ):
        fresh.bare()
        variables = {"DISPLAY": display, "DBUS_SESSION_BUS_ADDRESS": _BUS}
        made = Desk(fresh, Mouse(display, folder), folder, variables)
        with made.program("dbus-daemon", "--session", "--nofork", f"--address={_BUS}"):
            made.mouse.wait((fresh.root.parent / "upper/run/user/1000/bus").exists, "the bus")
            yield made


def gimp_zip(wheel: Path, folder: Path) -> Path:
    """GIMP 3's zip with the engine in it, as a release has it."""
    return next(path for path in packages.build("gimp", folder, wheel) if "gimp3" in path.name)


def cut_out(picture: Image.Image) -> float:
    """The share of GIMP's canvas that shows the checks of what is transparent."""
    canvas = np.asarray(picture, int)[120:530, 240:880]
    gray = np.ptp(canvas, axis=2) == 0
    checks = gray & ((canvas[..., 0] == 0x66) | (canvas[..., 0] == 0x99))
    return float(checks.mean())


def into_gimps_folder(desk: Desk) -> None:
    """GIMP's own button shows its folder for plug-ins; the zip is dragged there and unpacked."""
    mouse, plugins = desk.mouse, desk.fresh.home / ".config/GIMP/3.0/plug-ins"
    with desk.program("thunar", "Downloads"), desk.program("gimp-3.0", "Downloads/lemur.jpg"):
        mouse.window("Welcome to GIMP")
        mouse.clicks.append("Open With GIMP")
        mouse.window(_GIMP)
        mouse.click("Close", "Welcome to GIMP", -55, -30)
        mouse.gone("Welcome to GIMP")
        mouse.click("Edit", _GIMP, _MENUS["Edit"], _MENU_Y)
        mouse.click("Preferences", _GIMP, 107, 491)
        mouse.scroll("^Preferences$", 119, 305, 15)
        mouse.click("Folders", "^Preferences$", 24, 419)
        mouse.scroll("^Preferences$", 119, 305, 15)
        mouse.click("Plug-ins", "^Preferences$", 94, 282)
        mouse.click("the first folder", "^Preferences$", 356, 216)
        mouse.click("Show in the file manager", "^Preferences$", -29, 147)
        mouse.window("3.0 - Thunar")
        mouse.picture("gimp-folder")
        mouse.click("Cancel", "^Preferences$", -148, -30)
        mouse.gone("^Preferences$")
        mouse.click("plug-ins, twice", "3.0 - Thunar", 510, 410, times=2)
        mouse.window("plug-ins - Thunar")
        mouse.close(_GIMP)
        mouse.gone(_GIMP)
        mouse.drag("the zip", ("Downloads - Thunar", 375, 103), ("plug-ins - Thunar", 500, 265))
        mouse.wait(lambda: any(plugins.glob("*.zip")), "the zip in GIMP's folder")
        mouse.click("GIMP's folder", "plug-ins - Thunar", 500, 325)
        mouse.click("the zip, right", "plug-ins - Thunar", 238, 105, button=3)
        mouse.picture("unpack")
        mouse.click("Extract Here", "plug-ins - Thunar", 310, 329)
        mouse.wait((plugins / "mattebrush" / "mattebrush.py").exists, "the plug-in")


def to_the_first_mask(desk: Desk, engine: bool) -> None:
    """Remove Background from GIMP's menu; sets the engine up first where there is none."""
    mouse = desk.mouse
    mouse.clicks.append("Open With GIMP")
    mouse.window(_GIMP)
    mouse.click("Close", "Welcome to GIMP", -55, -30)
    assert cut_out(mouse.picture("before")) < 0.02
    mouse.click("Layer", _GIMP, _MENUS["Layer"], _MENU_Y)
    mouse.hover(_GIMP, 289, 214)  # Mask
    mouse.click("Remove Background...", _GIMP, 599, 467)
    dialog = "Mattebrush: Remove"
    mouse.window(dialog)
    if not engine:
        mouse.wait(lambda: set_up_offered(mouse, dialog), "Set Up")
        mouse.click("Set Up...", dialog, 509, 440)
        mouse.window("^Mattebrush$")
        mouse.picture("question")
        mouse.click("Set Up", "^Mattebrush$", -56, -29)
        mouse.picture("setting-up")
        mouse.gone("^Mattebrush$", _LONG)
    mouse.picture("dialog")
    mouse.click("OK", dialog, -56, -31)
    mouse.wait(lambda: cut_out(mouse.picture("mask")) > 0.3, "the mask")
    assert cut_out(mouse.picture("mask")) < 0.8


def set_up_offered(mouse: Mouse, dialog: str) -> bool:
    """Whether the button is there: its light label on a dark ground."""
    window, x, y = mouse.place(dialog, 509, 440)
    words = mouse.do("mousemove", "--window", window, str(x), str(y + 60), "getmouselocation")
    left, top = (int(part.split(":")[1]) for part in words.split()[:2])
    shown = mouse.picture("dialog").crop((left - 30, top - 68, left + 30, top - 52)).convert("L")
    return shown.getextrema()[1] > 200


def test_gimp_from_the_zip_to_a_mask(wheel: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    with desk("gimp3", tmp_path, network=True) as here:
        here.fresh.give(gimp_zip(wheel, tmp_path / "zip"))
        here.fresh.give(PICTURE)
        into_gimps_folder(here)
        with here.program("gimp-3.0", "Downloads/lemur.jpg"):
            to_the_first_mask(here, engine=False)
            seconds = time.monotonic() - began
            print(f"\nGIMP: {len(here.mouse.clicks)} clicks, {seconds:.0f} s: {here.mouse.clicks}")

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
import shlex
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebrush.plugins import packages
from tests.client.test_setup import kept_wheels
from tests.hosts.fresh import Fresh, until
from tests.hosts.krita import kritahost
from tests.hosts.krita.kritahost import HOSTS, REPOSITORY
from tests.hosts.mouse import Mouse
from tools import release
from tools.platforms import PLATFORMS

pytestmark = pytest.mark.hosts

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
            made.mouse.wait((fresh.home.parents[1] / "run/user/1000/bus").exists, "the bus")
            yield made


def gimp_zip(wheel: Path | None, folder: Path) -> Path:
    """GIMP 3's zip, as a release has it where there is a wheel: with the engine in it."""
    return next(path for path in packages.build("gimp", folder, wheel) if "gimp3" in path.name)


_CANVAS = {"gimp3": (240, 120, 880, 530), "krita52": (290, 380, 700, 650)}
_CHECKS = {"gimp3": (0x66, 0x99), "krita52": (220, 255)}


def cut_out(host: str, picture: Image.Image) -> float:
    """The share of the host's canvas that shows the checks of what is transparent."""
    canvas = np.asarray(picture.crop(_CANVAS[host]), int)
    checks = (np.ptp(canvas, axis=2) == 0) & np.isin(canvas[..., 0], _CHECKS[host])
    return float(checks.mean())


def told(host: str, desk: Desk, began: float) -> None:
    """Prints what it took."""
    clicks = desk.mouse.clicks
    print(f"\n{host}: {len(clicks)} clicks, {time.monotonic() - began:.0f} s: {clicks}")


def into_gimps_folder(desk: Desk, zipped: tuple[str, int, int]) -> None:
    """GIMP's own button shows its folder for plug-ins; the zip is dragged there and unpacked.

    zipped: window and place of the zip in the file manager.
    """
    mouse, plugins = desk.mouse, desk.fresh.home / ".config/GIMP/3.0/plug-ins"
    with desk.program("gimp-3.0", "Downloads/lemur.jpg"):
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
        mouse.drag("the zip", zipped, ("plug-ins - Thunar", 500, 265))
        mouse.wait(lambda: any(plugins.glob("*.zip")), "the zip in GIMP's folder")
        mouse.click("GIMP's folder", "plug-ins - Thunar", 500, 325)
        mouse.click("the zip, right", "plug-ins - Thunar", 238, 105, button=3)
        mouse.picture("unpack")
        mouse.click("Extract Here", "plug-ins - Thunar", 310, 329)
        mouse.wait(lambda: unpacked(next(plugins.glob("*.zip"))), "the plug-in")


def unpacked(zipped: Path) -> bool:
    """Whether all that is in a zip lies beside it."""
    with zipfile.ZipFile(zipped) as archive:
        files = [entry for entry in archive.infolist() if not entry.is_dir()]
    places = [(zipped.parent / entry.filename, entry.file_size) for entry in files]
    return all(place.exists() and place.stat().st_size == size for place, size in places)


def gimps_first_mask(desk: Desk, offline: bool) -> None:
    """Remove Background from GIMP's menu, which sets the engine up first.

    offline: from the unpacked bundle, by "From a Folder...".
    """
    mouse = desk.mouse
    mouse.clicks.append("Open With GIMP")
    mouse.window(_GIMP)
    mouse.click("Close", "Welcome to GIMP", -55, -30)
    assert cut_out("gimp3", mouse.picture("before")) < 0.02
    mouse.click("Layer", _GIMP, _MENUS["Layer"], _MENU_Y)
    mouse.hover(_GIMP, (289, 214), (599, 467))  # Mask
    mouse.click("Remove Background...", _GIMP, 599, 467)
    dialog = "Mattebrush: Remove"
    mouse.window(dialog)
    mouse.wait(lambda: set_up_offered(mouse, dialog), "Set Up")
    mouse.click("Set Up...", dialog, 509, 440)
    mouse.window("^Mattebrush$")
    if offline:
        mouse.click("From a Folder...", "^Mattebrush$", -190, -29)
        chooser = "Takes an offline bundle"
        mouse.click("Home", chooser, 57, 60)
        mouse.click("Downloads, twice", chooser, 223, 97, times=2)
        mouse.click("the bundle's folder", chooser, 289, 120)
        mouse.picture("chosen")
        mouse.click("Choose", chooser, -51, -31)
        mouse.gone(chooser)
    mouse.picture("question")
    mouse.click("Set Up", "^Mattebrush$", -56, -29)
    mouse.picture("setting-up")
    mouse.gone("^Mattebrush$", _LONG)
    mouse.picture("dialog")
    mouse.click("OK", dialog, -56, -31)
    mouse.wait(lambda: cut_out("gimp3", mouse.picture("mask")) > 0.3, "the mask")
    assert cut_out("gimp3", mouse.picture("mask")) < 0.8


def set_up_offered(mouse: Mouse, dialog: str) -> bool:
    """Whether the button is there: its light label on a dark ground."""
    window, x, y = mouse.place(dialog, 509, 440)
    words = mouse.do("mousemove", "--window", window, str(x), str(y + 60), "getmouselocation")
    left, top = (int(part.split(":")[1]) for part in words.split()[:2])
    shown = mouse.picture("dialog").crop((left - 30, top - 68, left + 30, top - 52)).convert("L")
    return bool(np.asarray(shown).max() > 200)


@pytest.mark.slow
def test_gimp_from_the_zip_to_a_mask(wheel: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    with desk("gimp3", tmp_path, network=True) as here:
        here.fresh.give(gimp_zip(wheel, tmp_path / "zip"))
        here.fresh.give(PICTURE)
        with here.program("thunar", "Downloads"):
            into_gimps_folder(here, ("Downloads - Thunar", 375, 103))
        with here.program("gimp-3.0", "Downloads/lemur.jpg"):
            gimps_first_mask(here, offline=False)
            told("GIMP", here, began)
            removed_in_gimp(here)


@pytest.mark.slow
def test_gimp_offline_from_the_bundle_to_a_mask(bundle: Path, tmp_path: Path) -> None:
    """All from the bundle: unpacked in the file manager, the plug-in's zip in it dragged out."""
    began = time.monotonic()
    with desk("gimp3", tmp_path, network=False) as here:
        here.fresh.give(bundle)
        here.fresh.give(PICTURE)
        mouse = here.mouse
        unpacked_by_mouse(here, bundle)
        with here.program("thunar", "Downloads"):
            mouse.click("the bundle's folder, twice", "Downloads - Thunar", 238, 103, times=2)
            mouse.click("plugins, twice", "mattebrush-.* - Thunar", 238, 103, times=2)
            mouse.window("plugins - Thunar")
            mouse.picture("bundle")
            into_gimps_folder(here, ("plugins - Thunar", 238, 234))
        with here.program("gimp-3.0", "Downloads/lemur.jpg"):
            gimps_first_mask(here, offline=True)
            told("GIMP, offline", here, began)
            removed_in_gimp(here)


def removed_in_gimp(desk: Desk) -> None:
    """Remove in GIMP's own dialog: what is left is the plug-in and the choices made in it."""
    mouse = desk.mouse
    mouse.click("Filters", _GIMP, _MENUS["Filters"], _MENU_Y)
    mouse.hover(_GIMP, (469, 515), (839, 690))  # Mattebrush
    mouse.click("Engine Settings...", _GIMP, 839, 690)
    settings = "Mattebrush: Engine Settings"
    mouse.click("Remove the Engine...", settings, 175, 52)
    mouse.picture("removal")
    mouse.click("Remove", "^Mattebrush$", -56, -30)
    mouse.gone("^Mattebrush$")
    assert not (desk.fresh.home / ".local/share/mattebrush").exists()
    ours = {path for path in desk.fresh.files() if "mattebrush" in path.lower()}
    theirs = ("Downloads/", ".config/GIMP/3.0/plug-in")  # the zip, and where it was put
    ours = {path for path in ours if not path.startswith(theirs)}
    assert ours <= {".config/mattebrush/plugins.json"}


_KRITA = "class:krita"
_SET_UP = "Mattebrush: Set Up"


def imported_into_krita(desk: Desk, folders: tuple[str, ...], row: int) -> None:
    """Krita's own importer takes the zip, and switches it on.

    folders: to be opened on the way from the home, each the first one there. row: the zip's.
    """
    mouse = desk.mouse
    with desk.program("krita", "--nosplash", "Downloads/lemur.jpg"):
        mouse.clicks.append("Open With Krita")
        mouse.window(_KRITA)
        krita_is_open(mouse)
        mouse.click("Tools", _KRITA, 335, 10)
        mouse.click("Scripts", _KRITA, 370, 32)
        mouse.click("Import Python Plugin from File...", _KRITA, 560, 124)
        for name in folders:
            mouse.click(f"{name}, twice", "Import Plugin", 163, 72, times=2)
        mouse.picture("import")
        mouse.click("the zip, twice", "Import Plugin", 163, 72 + 18 * row, times=2)
        mouse.click("Yes", "Activate Plugins", 205, 104)
        mouse.close(_KRITA)
        mouse.gone(_KRITA)


def krita_is_open(mouse: Mouse) -> None:
    """Waits for the picture in the middle of Krita's window: its greens."""

    def greens() -> bool:
        canvas = np.asarray(mouse.picture("opened").crop(_CANVAS["krita52"]), int)
        return bool((canvas[..., 1] > canvas[..., 2] + 40).mean() > 0.2)

    mouse.wait(greens, "the picture in Krita")


def kritas_first_mask(desk: Desk, offline: bool) -> None:
    """Set Up in the docker, then Remove Background.

    offline: from the unpacked bundle, by "From a Folder...".
    """
    mouse = desk.mouse
    mouse.clicks.append("Open With Krita")
    mouse.window(_KRITA)
    krita_is_open(mouse)
    assert cut_out("krita52", mouse.picture("before")) < 0.02
    mouse.click("Set Up...", _KRITA, 668, 603)
    mouse.window(_SET_UP)
    mouse.still()
    if offline:
        mouse.click("From a Folder...", _SET_UP, 147, -28)
        mouse.click("Downloads, twice", "Find Directory", 163, 72, times=2)
        mouse.click("the bundle's folder", "Find Directory", 163, 72)
        mouse.click("Choose", "Find Directory", 573, 359)
        mouse.gone("Find Directory")
        mouse.still()
    mouse.picture("question")
    mouse.click("Set Up...", _SET_UP, 51, -28)
    ready = desk.fresh.home / ".local/share/mattebrush/engine/state.json"
    mouse.wait(lambda: ready.exists() and b'"ready"' in ready.read_bytes(), "it", _LONG)
    mouse.still()
    mouse.picture("ready")
    mouse.click("Close", _SET_UP, -52, 50)
    mouse.gone(_SET_UP)
    mouse.click("Remove Background", _KRITA, 668, 473)
    mouse.wait(lambda: cut_out("krita52", mouse.picture("mask")) > 0.2, "the mask")
    assert cut_out("krita52", mouse.picture("mask")) < 0.8


@pytest.mark.slow
def test_krita_from_the_zip_to_a_mask(wheel: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    (zipped,) = packages.build("krita", tmp_path / "zip", wheel)
    with desk("krita52", tmp_path, network=True) as here:
        here.fresh.give(zipped)
        here.fresh.give(PICTURE)
        imported_into_krita(here, ("Downloads",), 0)
        with here.program("krita", "--nosplash", "Downloads/lemur.jpg"):
            kritas_first_mask(here, offline=False)
            told("Krita", here, began)


@pytest.mark.slow
def test_krita_offline_from_the_bundle_to_a_mask(bundle: Path, tmp_path: Path) -> None:
    """All from the bundle: unpacked in the file manager, the plug-in's zip in it imported."""
    began = time.monotonic()
    with desk("krita52", tmp_path, network=False) as here:
        here.fresh.give(bundle)
        here.fresh.give(PICTURE)
        unpacked_by_mouse(here, bundle)
        imported_into_krita(here, ("Downloads", "the bundle's folder", "plugins"), 4)
        with here.program("krita", "--nosplash", "Downloads/lemur.jpg"):
            kritas_first_mask(here, offline=True)
            told("Krita, offline", here, began)


def unpacked_by_mouse(desk: Desk, bundle: Path) -> None:
    """The file manager unpacks the bundle where it lies."""
    mouse, downloads = desk.mouse, "Downloads - Thunar"
    with desk.program("thunar", "Downloads"):
        mouse.click("the bundle, right", downloads, 375, 103, button=3)
        mouse.click("Extract Here", downloads, 375 + 72, 103 + 224)
        zipped = desk.fresh.home / "Downloads" / bundle.name
        mouse.wait(lambda: unpacked(zipped), "the bundle's folder")
    mouse.gone(downloads)  # a window may outlive its program by a moment


def client(fresh: Fresh, zipped: Path, folder: str) -> str:
    """GIMP's zip, unpacked in the account; returns the plug-in's folder there."""
    inside = fresh.give(zipped)
    fresh.run("python3", "-m", "zipfile", "-e", inside, folder)
    return f"{folder}/mattebrush"


def set_up(fresh: Fresh, plugin: str, *words: str, **variables: str) -> str:
    """The set-up of a plug-in, run by the host's own Python; returns its last word."""
    command = f"cd {plugin} && exec python3 -B -m mattebrush_setup {' '.join(words)}"
    return fresh.run("sh", "-c", command, **variables).strip()


def cuts_out(fresh: Fresh, plugin: str) -> str:
    """Has the engine that the plug-in finds remove a background; returns the engine's version."""
    probe = (
        "import mattebrush_client as c; e = c.connect();"
        "print(e.python, c.run({'op': 'status'}).report['version'])"
    )
    command = f"cd {plugin} && exec python3 -B -c {shlex.quote(probe)}"
    python, version = fresh.run("sh", "-c", command).split()
    picture = fresh.give(PICTURE)
    fresh.run(python, "-m", "mattebrush", "remove", picture, "-o", "cut.png")
    with Image.open(fresh.home / "cut.png") as cut:
        assert 0.1 < (np.asarray(cut)[..., 3] > 250).mean() < 0.9
    (fresh.home / "cut.png").unlink()
    return version


def test_offline_killed_repaired_and_removed(wheel: Path, tmp_path: Path) -> None:
    """The set-up from a folder, without a network, as any host's button runs it."""
    files = tmp_path / "files"
    shutil.copytree(kept_wheels(PYTHON), files, copy_function=os.link)
    os.link(wheel, files / wheel.name)
    (files / "engine.json").write_bytes(packages.engine_note(wheel))
    with Fresh((kritahost.HOSTS / "gimp3",), tmp_path / "debian", network=False).running() as fresh:
        fresh.bare()
        plugin = client(fresh, gimp_zip(None, tmp_path / "zip"), "plug-ins")
        source = fresh.give(files)
        before = fresh.files()
        engine = fresh.home / ".local/share/mattebrush/engine"
        words = ("sh", "-c", f"cd {plugin} && exec python3 -B -m mattebrush_setup run --yes "
                 f"--folder {source}")  # fmt: skip
        with fresh.started(*words, log=tmp_path / "killed.log") as process:
            until(lambda: any(engine.glob("env-*/lib")), 300, "the environment")
            assert process.poll() is None
        assert set_up(fresh, plugin, "status") == "partial"
        assert set_up(fresh, plugin, "run", "--yes", "--folder", source) == "ready"
        assert len(list(engine.glob("env-*"))) == 1
        assert cuts_out(fresh, plugin) == release.VERSION
        next(engine.glob("env-*/lib/*/site-packages/mattebrush/engine.py")).unlink()
        with pytest.raises(AssertionError, match="missing or were changed, such as mattebrush/eng"):
            set_up(fresh, plugin, "verify")
        assert set_up(fresh, plugin, "status") == "damaged"
        assert set_up(fresh, plugin, "repair", "--yes", "--folder", source) == "ready"
        assert set_up(fresh, plugin, "remove") == "absent"
        assert fresh.files() - {"Downloads/lemur.jpg"} == before


@pytest.mark.slow
def test_upgraded_from_the_version_before(wheel: Path, tmp_path: Path) -> None:
    """The one before is built from the repository's history, with its own sources and lock."""
    old = release_of("705af6b", "0.0.9", tmp_path / "old")
    layers = (HOSTS / "gimp3-desktop", HOSTS / "gimp3")
    with Fresh(layers, tmp_path / "debian", network=True).running() as fresh:
        before = client(fresh, old, "before")
        # That one did not ask the system which certificates to trust.
        assert set_up(fresh, before, "run", "--yes", UV_SYSTEM_CERTS="1") == "ready"
        assert cuts_out(fresh, before) == "0.0.9"
        plugin = client(fresh, gimp_zip(wheel, tmp_path / "zip"), "plug-ins")
        assert set_up(fresh, plugin, "status") == "outdated"
        assert set_up(fresh, plugin, "run", "--yes") == "ready"
        assert cuts_out(fresh, plugin) == release.VERSION
        assert len(list((fresh.home / ".local/share/mattebrush/engine").glob("env-*"))) == 1
        assert set_up(fresh, plugin, "remove") == "absent"
        assert not (fresh.home / ".local/share/mattebrush").exists()


def release_of(commit: str, version: str, folder: Path) -> Path:
    """GIMP 3's full zip as it was at a commit, under a version of its own."""
    folder.mkdir()
    parts = ["core", "server", "plugins", "pyproject.toml", "README.md", "LICENSE", "tools", "docs"]
    archive = folder / "old.tar"
    command = ["git", "archive", f"--output={archive}", commit, *parts]
    subprocess.run(command, cwd=REPOSITORY, check=True)
    subprocess.run(["tar", "-xf", archive], cwd=folder, check=True)
    for name in (
        "core/mattebrush/_version.py",
        "plugins/client/mattebrush_client.py",
        "plugins/blender/mattebrush/blender_manifest.toml",
    ):
        path = folder / name
        path.write_text(path.read_text("utf-8").replace("0.1.0", version, 1), "utf-8")
    script = (
        "from pathlib import Path; from tools import release; out = Path('out'); out.mkdir();"
        "release.plugin_zips(out, release.build_wheel(out))"
    )
    environment = {**os.environ, "PYTHONPATH": f"{folder}:{folder}/core:{folder}/server"}
    subprocess.run([sys.executable, "-c", script], cwd=folder, env=environment, check=True)
    return folder / "out" / f"mattebrush-gimp3-{version}.zip"

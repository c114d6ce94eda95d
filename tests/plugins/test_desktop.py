# SPDX-License-Identifier: Apache-2.0
"""The actions of file managers: written, started as file managers do, removed."""

import plistlib
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mattebrush import cli
from mattebrush.plugins import desktop
from mattebrush.plugins.places import Machine

ROOT = Path(__file__).parents[2]
ENGINE = {"python": "/opt/a b/python", "python_path": ""}


def machine(system: str, home: Path) -> Machine:
    return Machine(system, home, {})


def everything(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="the scripts of Linux's file managers")
def test_the_script_cuts_out_what_is_selected(home: Path) -> None:
    assert cli.main(["desktop", "install"]) == 0
    script = home / ".local/share/nautilus/scripts/Remove Background"
    picture = home / "my picture.jpg"
    shutil.copy(ROOT / "examples" / "lemur.jpg", picture)
    subprocess.run([str(script), str(picture)], check=True, timeout=300)
    assert picture.with_name("my picture-cutout.png").stat().st_size > 1000


def test_every_menu_starts_the_script(tmp_path: Path) -> None:
    made = desktop.files(machine("linux", tmp_path), ENGINE)
    own = tmp_path / ".local/share/mattebrush/remove-background.sh"
    menus = [path for path in made if path.name == "mattebrush.desktop"]
    requested = {path.parent.name for path in menus if path.parent.name != "applications"}
    assert requested == {"servicemenus", "sendto", "actions"}
    for path in menus:
        if path.parent.name != "applications":
            assert f'\nExec="{own}" %F\n' in made[path].decode()
            assert b"image/heif;" in made[path]


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_installed_twice_and_removed_without_a_trace(system: str, tmp_path: Path) -> None:
    here = machine(system, tmp_path)
    written = desktop.install(here)
    assert desktop.install(here) == written == [*desktop.files(here, ENGINE)]
    assert everything(tmp_path) == sorted(written)
    assert all(path.stat().st_mode & stat.S_IXUSR for path in written)
    assert sorted(desktop.uninstall(here)) == sorted(written)
    assert everything(tmp_path) == []
    assert desktop.uninstall(here) == []


def test_a_script_of_the_users_own_stays(tmp_path: Path) -> None:
    here = machine("linux", tmp_path)
    own = tmp_path / ".local/share/nautilus/scripts/Remove Background"
    own.parent.mkdir(parents=True)
    own.write_text("#!/bin/sh\nrembg i $1\n")
    assert own not in desktop.install(here)
    desktop.uninstall(here)
    assert own.read_text() == "#!/bin/sh\nrembg i $1\n"


def test_desktop_files_are_by_the_standard(tmp_path: Path) -> None:
    engine = {"python": '/opt/a b/$x"y/100%/python', "python_path": "/src/core"}
    for path, content in desktop.files(machine("linux", tmp_path), engine).items():
        if path.suffix != ".desktop":
            continue
        text = content.decode()
        assert text.startswith("[Desktop Entry]\nType=")
        if path.parent.name == "applications":
            assert r'"/opt/a b/\\$x\\"y/100%%/python" "-m" "mattebrush" "page"' in text
            validate = shutil.which("desktop-file-validate")
            if validate:
                file = tmp_path / path.name
                file.write_bytes(content)
                subprocess.run([validate, str(file)], check=True)


def test_finders_service(tmp_path: Path) -> None:
    made = desktop.files(machine("darwin", tmp_path), ENGINE)
    (info, workflow) = (plistlib.loads(content) for content in made.values())
    assert info["NSServices"][0]["NSSendFileTypes"] == ["public.image"]
    (action,) = workflow["actions"]
    command = action["action"]["ActionParameters"]["COMMAND_STRING"]
    assert command == """'/opt/a b/python' -m mattebrush remove "$@\""""


def test_explorers_send_to(tmp_path: Path) -> None:
    ((path, content),) = desktop.files(machine("win32", tmp_path), ENGINE).items()
    assert path.parent.name == "SendTo" and path.suffix == ".cmd"
    assert b'"/opt/a b/python" -m mattebrush remove %*\r\n' in content

# SPDX-License-Identifier: Apache-2.0
"""Installing, replacing and removing plug-ins, and building their zips, in temporary folders."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

import mattebrush
from mattebrush import cli
from mattebrush.errors import InputInvalid, OutputUnwritable
from mattebrush.plugins import packages
from mattebrush.plugins.places import Place


@pytest.fixture
def gimp3(tmp_path: Path) -> Place:
    folder = tmp_path / "GIMP" / "3.0"
    folder.mkdir(parents=True)
    return Place("gimp", "3.0", "native", folder)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_gimp_3_gets_plugin_client_bindings_and_engine(gimp3: Place) -> None:
    folder = packages.install(gimp3)
    assert folder == gimp3.folder / "plug-ins" / "mattebrush"
    assert {
        "mattebrush.py",
        "mattebrush_client.py",
        "mattebrush_engine.json",
        "gimpfu/__init__.py",
    } <= files(folder)
    assert os.access(folder / "mattebrush.py", os.X_OK)
    assert not os.access(folder / "mattebrush_client.py", os.X_OK)
    engine = json.loads((folder / "mattebrush_engine.json").read_text("utf-8"))
    assert engine["python"] == sys.executable
    assert packages.installed_version(gimp3) == engine["version"]


def test_gimp_210_keeps_its_own_gimpfu(tmp_path: Path) -> None:
    folder = packages.install(Place("gimp", "2.10", "native", tmp_path))
    assert "mattebrush.py" in files(folder)
    assert not (folder / "gimpfu").exists()
    assert not (tmp_path / "interpreters").exists()


def test_the_engine_written_down_really_starts(gimp3: Place) -> None:
    engine = packages.engine_location()
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    if "python_path" in engine:
        env["PYTHONPATH"] = engine["python_path"]
    probe = "import mattebrush; print(mattebrush.__version__)"
    done = subprocess.run(
        [engine["python"], "-c", probe],
        env=env,
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == engine["version"]


@pytest.mark.parametrize(
    ("packaging", "expected"),
    [
        (
            ".var/app/org.gimp.GIMP/config",
            "flatpak override --user --filesystem=xdg-run/mattebrush",
        ),
        ("snap/gimp/current/.config", 'start "mattebrush serve" and enter the address'),
    ],
)
def test_in_a_sandbox_no_interpreter_is_named_but_the_server(
    packaging: str,
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    place = tmp_path / packaging / "GIMP" / "3.0"
    place.mkdir(parents=True)
    assert cli.main(["plugin", "install", "gimp"]) == 0
    printed = capsys.readouterr().out
    assert "mattebrush serve" in printed
    assert expected in printed
    engine = json.loads((place / "plug-ins/mattebrush" / packages.ENGINE_FILE).read_text("utf-8"))
    assert "python" not in engine
    assert packages.installed_version(Place("gimp", "3.0", "native", place)) == engine["version"]


def test_a_new_version_replaces_the_old_one_whole(gimp3: Place) -> None:
    folder = packages.install(gimp3)
    (folder / "left_over.py").write_text("old")
    (gimp3.folder / "plug-ins" / "other.py").write_text("somebody else's")
    packages.install(gimp3)
    assert "left_over.py" not in files(folder)
    assert (gimp3.folder / "plug-ins" / "other.py").exists()
    assert [path.name for path in gimp3.folder.glob(".*")] == []


def test_removing_takes_ours_only(gimp3: Place) -> None:
    assert packages.remove(gimp3) is False
    packages.install(gimp3)
    (gimp3.folder / "plug-ins" / "other.py").write_text("somebody else's")
    assert packages.remove(gimp3) is True
    assert files(gimp3.folder) == {"plug-ins/other.py"}
    assert packages.installed_version(gimp3) == ""


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(OutputUnwritable, match="cannot be put into"):
        packages.install(Place("gimp", "3.0", "native", blocked))


def test_zips_are_the_same_each_time_and_hold_no_path_of_this_machine(tmp_path: Path) -> None:
    for host in ("gimp", "krita", "blender"):
        first = packages.build(host, tmp_path / "a")
        second = packages.build(host, tmp_path / "b")
        assert first
        for one, other in zip(first, second, strict=True):
            assert one.read_bytes() == other.read_bytes()
            with zipfile.ZipFile(one) as archive:
                names = archive.namelist()
                assert any(name.endswith("mattebrush_client.py") for name in names)
                assert not any(name.endswith(packages.ENGINE_FILE) for name in names)


def test_gimp_zip_keeps_the_execute_bit(tmp_path: Path) -> None:
    for path in packages.build("gimp", tmp_path):
        with zipfile.ZipFile(path) as archive:
            mode = archive.getinfo("mattebrush/mattebrush.py").external_attr >> 16
            assert mode & 0o111
            assert ("mattebrush/gimpfu/__init__.py" in archive.namelist()) == ("gimp3" in path.name)


def test_krita_zip_spells_out_its_folders(tmp_path: Path) -> None:
    (path,) = packages.build("krita", tmp_path)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    for name in names:
        assert all(f"{folder}/" in names for folder in list(PurePosixPath(name).parents)[:-1])
    assert "mattebrush/" in names


def test_a_zip_may_bring_the_engine_along(tmp_path: Path) -> None:
    wheel = tmp_path / f"mattebrush-{mattebrush.__version__}-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    (zipped,) = packages.build("krita", tmp_path / "out", wheel)
    with zipfile.ZipFile(zipped) as archive:
        folder = f"mattebrush/{packages.PACKED_ENGINE}"
        about = json.loads(archive.read(f"{folder}/engine.json"))
        assert about["version"] == mattebrush.__version__
        assert (
            hashlib.sha256(archive.read(f"{folder}/{about['wheel']}")).hexdigest()
            == (about["sha256"])
        )
    other = tmp_path / "mattebrush-0.0.1-py3-none-any.whl"
    other.write_bytes(b"an older wheel")
    for wrong in (other, tmp_path / f"mattebrush-{mattebrush.__version__}-missing.whl"):
        with pytest.raises(InputInvalid):
            packages.build("krita", tmp_path / "out", wrong)


def test_every_zip_has_the_kit_the_set_up_and_the_translations(tmp_path: Path) -> None:
    for host in ("gimp", "krita", "blender"):
        for path in packages.build(host, tmp_path):
            with zipfile.ZipFile(path) as archive:
                names = "\n".join(archive.namelist())
            for part in ("kit/__init__.py", "kit/locale/de.po", "setup/pins.json"):
                assert f"mattebrush_{part}" in names, path

# SPDX-License-Identifier: Apache-2.0
"""A folder in, a folder out: names, order, bad files, going on after a kill, watching."""

from __future__ import annotations

import io
import json
import os
import pickle
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebrush.batch import Remover, manifest, processes, settings, sources
from mattebrush.batch.remover import Result
from mattebrush.cli.command_line import main
from mattebrush.errors import InputInvalid, OptionInvalid
from mattebrush.options import Options


def picture(number: int, side: int = 48) -> bytes:
    """A disc on a ground, told apart by `number`."""
    draws = np.random.default_rng(number)
    y, x = np.mgrid[:side, :side]
    disc = (y - side / 2) ** 2 + (x - side / 2) ** 2 < (side * 0.3) ** 2
    image = draws.integers(0, 60, (side, side, 3)) + disc[..., None] * draws.integers(90, 190, 3)
    buffer = io.BytesIO()
    Image.fromarray(image.astype(np.uint8)).save(buffer, "png")
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight pictures in two folders, and a file that is none."""
    source = tmp_path / "in"
    for number in range(8):
        path = source / ("a" if number % 2 else "b/c") / f"photo {number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
    (source / "broken.jpg").write_bytes(b"no picture")
    (source / "notes.doc").write_bytes(b"left alone")
    return source


def rows(destination: Path) -> dict[str, dict[str, object]]:
    return manifest.read(destination / manifest.NAME)


def outputs(destination: Path) -> dict[str, bytes]:
    return {
        p.relative_to(destination).as_posix(): p.read_bytes()
        for p in destination.rglob("*")
        if p.is_file() and p.name not in (manifest.NAME, settings.NAME)
    }


def test_a_tree_comes_out_as_it_went_in_and_a_bad_file_is_a_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    status = main(["batch", str(folder), str(out)])
    assert status == InputInvalid.exit_status
    assert "1 failed" in capsys.readouterr().err
    recorded = rows(out)
    assert len(recorded) == 9
    assert "not a picture" in str(recorded["broken.jpg"]["error"])
    good = recorded["a/photo 1.png"]
    assert good["output"] == "a/photo 1.png"
    assert 0 <= float(str(good["certainty"])) <= 1
    assert {"share", "box", "model", "seconds", "sha256", "warnings"} <= set(good)
    assert sorted(outputs(out)) == sorted(key for key in recorded if key != "broken.jpg")
    assert Image.open(out / "b/c/photo 0.png").mode == "RGBA"
    assert manifest.doubtful(recorded)[0]["key"] == "broken.jpg"


def test_a_listed_file_that_is_gone_is_a_line_with_its_code(folder: Path, tmp_path: Path) -> None:
    (folder / "list.txt").write_text("a/photo 1.png\na/gone.png\n")
    out = tmp_path / "out"
    assert main(["batch", str(folder / "list.txt"), str(out)]) == InputInvalid.exit_status
    recorded = rows(out)
    assert "cannot be read" in str(recorded["gone.png"]["error"])
    assert recorded["gone.png"]["code"] == InputInvalid.code
    assert recorded["photo 1.png"]["output"] == "photo 1.png"


def test_a_second_run_asks_and_a_resumed_one_does_what_is_left(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    (folder / "broken.jpg").unlink()
    command = ["batch", str(folder), str(out), "--quiet"]
    assert main(command) == 0
    assert main(command) != 0
    assert "--resume" in capsys.readouterr().err
    times = {p: p.stat().st_mtime_ns for p in out.rglob("*.png")}
    (folder / "a/photo 1.png").write_bytes(picture(99))
    (out / "a/photo 3.png").unlink()
    assert main([*command, "--resume"]) == 0
    changed = {p.name for p, t in times.items() if p.stat().st_mtime_ns != t}
    assert changed == {"photo 1.png", "photo 3.png"}
    assert main([*command, "--resume", "--hard"]) == 0  # other options: all of them
    assert all(p.stat().st_mtime_ns != t for p, t in times.items())


def test_files_of_somebody_else_are_not_replaced(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = tmp_path / "out" / "a" / "photo 1.png"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"mine")
    assert main(["batch", str(folder), str(tmp_path / "out")]) != 0
    assert "--overwrite" in capsys.readouterr().err
    assert theirs.read_bytes() == b"mine"


def test_a_destination_within_the_source_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["batch", str(folder), str(folder / "cut")]) == OptionInvalid.exit_status
    assert "outside" in capsys.readouterr().err


def test_a_line_cut_by_a_kill_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / manifest.NAME
    path.write_text('{"key": "one", "sha256": "x"}\n{"key": "two", "sha')
    record = manifest.Manifest(tmp_path)
    record.add({"key": "three"})
    record.close()
    assert list(manifest.read(path)) == ["one", "three"]
    assert path.read_text().count("\n") == 2


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_killed_anywhere_and_resumed_every_key_is_done_once(folder: Path, tmp_path: Path) -> None:
    (folder / "broken.jpg").unlink()
    clean, out = tmp_path / "clean", tmp_path / "out"
    assert main(["batch", str(folder), str(clean), "--quiet", "--threads", "1"]) == 0
    command = [sys.executable, "-m", "mattebrush", "batch", str(folder), str(out), "--resume"]
    command += ["--workers", "2", "--threads", "1", "--quiet"]
    for lines in (1, 3, 5):
        with subprocess.Popen(command, start_new_session=True) as process:
            wait_for(lambda n=lines: len(rows(out)) >= n or process.poll() is not None)  # type: ignore[misc]
            os.killpg(process.pid, signal.SIGKILL)
    assert subprocess.run(command, check=False).returncode == 0
    assert outputs(out) == outputs(clean)
    keys = [json.loads(line)["key"] for line in (out / manifest.NAME).read_text().splitlines()]
    assert sorted(keys) == sorted(rows(clean))
    assert not [p for p in outputs(out) if p.endswith(".part")]


def test_what_a_kill_left_half_written_goes_with_the_next_run(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["batch", str(folder / "a"), str(out), "--quiet", "--shard", "1/2", "--resume"]
    assert main(command) == 0
    left = out / ".photo 1.png.7f32f5f1.part"
    kept = [out / ".photo 3.png.7f32f5f1.part", out / ".mine.part"]  # another shard's, and mine
    for path in (left, *kept):
        path.write_bytes(b"half")
    assert main(command) == 0
    assert not left.exists()
    assert all(path.exists() for path in kept)


def wait_for(happens: Callable[[], bool], seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


@pytest.mark.skipif(os.name != "posix", reason="SIGTERM")
def test_a_watched_folder_takes_what_comes_and_waits_for_what_is_written(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    command = [sys.executable, "-m", "mattebrush", "batch", str(source), str(out), "--watch"]
    with subprocess.Popen([*command, "--quiet", "--threads", "1"]) as process:
        try:
            data = picture(1)
            with (source / "slow.png").open("wb") as file:
                for start in range(0, len(data), 1 + len(data) // 8):
                    file.write(data[start : start + 1 + len(data) // 8])
                    file.flush()
                    time.sleep(0.3)
            for number in range(5):
                (source / f"burst {number}.png").write_bytes(picture(number))
            wait_for(lambda: len(rows(out)) == 6)
        finally:
            process.terminate()
    assert process.returncode == 0
    assert not any(row.get("error") for row in rows(out).values())
    assert len((out / manifest.NAME).read_text().splitlines()) == 6


def test_sources_of_every_kind(folder: Path, tmp_path: Path) -> None:
    shard = tmp_path / "shard.tar"
    with tarfile.open(shard, "w") as tar:
        tar.add(folder / "a", "set/a")
    listing = tmp_path / "list.txt"
    listing.write_text("# two\nin/a/photo 1.png\nin/b/c/photo 0.png\n")
    keys = {
        "folder": [item.key for item in sources.find(str(folder))],
        "tar": [item.key for item in sources.find(str(shard))],
        "list": [item.key for item in sources.find(str(listing))],
        "wildcard": [item.key for item in sources.find(str(folder / "**" / "*.png"))],
        "one": [item.key for item in sources.find(str(folder / "a" / "photo 1.png"))],
    }
    assert "b/c/photo 0.png" in keys["folder"]
    assert "notes.doc" not in keys["folder"]
    assert keys["tar"] == [f"set/a/photo {n}.png" for n in (1, 3, 5, 7)]
    assert keys["list"] == ["a/photo 1.png", "b/c/photo 0.png"]
    assert len(keys["wildcard"]) == 8
    assert keys["one"] == ["photo 1.png"]
    (item,) = [i for i in sources.find(str(shard)) if i.key.endswith("photo 3.png")]
    assert item.read() == (folder / "a" / "photo 3.png").read_bytes()
    with pytest.raises(InputInvalid, match="holds no pictures"):
        sources.find(str(tmp_path / "nowhere"))


def test_natural_order_and_collisions() -> None:
    names = ["photo10.png", "photo2.png", "Photo1.png"]
    assert sorted(names, key=sources.natural) == ["Photo1.png", "photo2.png", "photo10.png"]
    items = [sources.Item("a/x.png", ""), sources.Item("a/X.jpg", "")]
    with pytest.raises(OptionInvalid, match=r"a/x\.png and a/X\.jpg"):
        sources.targets(items, ".png")


def test_shards_share_the_work(folder: Path, tmp_path: Path) -> None:
    (folder / "broken.jpg").unlink()
    done = []
    for number in (1, 2, 3):
        out = tmp_path / f"out{number}"
        assert main(["batch", str(folder), str(out), "--quiet", "--shard", f"{number}/3"]) == 0
        done += list(rows(out))
    assert len(done) == len(set(done)) == 8


def test_a_remover_takes_columns_and_never_raises() -> None:
    remover = pickle.loads(pickle.dumps(Remover(Options(threads=1))))
    columns = remover({"path": ["a", "b"], "bytes": [picture(1), b"no"]})
    assert columns["path"] == ["a", "b"]
    assert Image.open(io.BytesIO(columns["bytes"][0])).mode == "RGBA"
    assert columns["bytes"][1] == b""
    assert columns["error"][0] == "" and columns["error"][1]
    assert json.loads(columns["report"][0])["model"] == "mattebrush-subject"


class _Deadly(Remover):
    def one(self, data: bytes) -> Result:
        if data == b"deadly":
            os._exit(9)
        return Result(data, {})


def test_a_worker_that_dies_takes_only_its_own_picture_with_it() -> None:
    pictures = [(n, b"deadly" if n == 3 else b"%d" % n) for n in range(8)]
    results = dict(processes.each(_Deadly(), pictures, 2))
    assert sorted(results) == list(range(8))
    assert results[3].report["code"] == "worker-lost"
    assert all(results[n].data for n in range(8) if n != 3)

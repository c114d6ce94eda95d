# SPDX-License-Identifier: Apache-2.0
"""A batch over Ray: every key once, whatever a picture or a worker does; without Ray, its cure."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mattebrush.batch import Remover, cluster, manifest, sources
from mattebrush.batch.places import LocalFolder
from mattebrush.cli.command_line import main
from mattebrush.errors import InputInvalid, OptionInvalid
from mattebrush.options import Options

from .test_batch import folder, picture, rows

__all__ = ["folder"]


def test_without_ray_the_cure_is_named_and_nothing_begun(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    command = ["batch", str(folder), str(tmp_path / "out"), "--ray", "local"]
    assert main(command) == OptionInvalid.exit_status
    assert "mattebrush[ray]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_worker_reads_cuts_out_writes_and_never_raises(folder: Path, tmp_path: Path) -> None:
    """What Ray's actors run, here without Ray."""
    out = tmp_path / "out"
    worker = cluster.Worker(Remover(Options(threads=1)), LocalFolder(out))
    items = [*sources.find(str(folder)), sources.Item("gone.png", str(tmp_path / "gone.png"))]
    results = sources.targets(items, ".png")
    tasks = [cluster.Task(item, results[item.key]).row() for item in items]
    columns = worker({name: [task[name] for task in tasks] for name in tasks[0]})
    recorded = dict(zip(columns["key"], map(json.loads, columns["row"]), strict=True))
    assert len(recorded) == 10
    assert "cannot be read" in recorded["gone.png"]["error"]
    assert "not a picture" in recorded["broken.jpg"]["error"]
    good = recorded["a/photo 1.png"]
    assert Image.open(out / good["output"]).mode == "RGBA"
    (item,) = [item for item in items if item.key == "a/photo 1.png"]
    again = cluster.Task(item, good["output"], good["sha256"]).row()
    assert worker({n: [v] for n, v in again.items()})["row"] == ['{"skipped": true}']
    (out / good["output"]).unlink()
    assert "output" in worker({n: [v] for n, v in again.items()})["row"][0]
    (tmp_path / "file").write_bytes(b"")
    barred = cluster.Worker(Remover(Options(threads=1)), LocalFolder(tmp_path / "file"))
    assert "error" in json.loads(barred({n: [v] for n, v in again.items()})["row"][0])


class _Deadly(Remover):
    """Ends its process at one picture."""

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        if "photo 3" in batch["path"][0]:
            os._exit(9)
        return super().__call__(batch)


@pytest.fixture
def ray() -> Iterator[Any]:
    """A Ray of this machine with two cores, which reports to nobody."""
    pytest.importorskip("ray.data", reason="Ray is not here")
    module = cluster.require()
    # The workers' pythons know no test modules.
    module.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    module.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield module
    module.shutdown()


@pytest.mark.slow
def test_every_key_once_over_a_local_ray(ray: Any, folder: Path, tmp_path: Path) -> None:
    out, clean = tmp_path / "out", tmp_path / "clean"
    command = ["batch", str(folder), str(out), "--quiet", "--ray", "local"]
    assert main(command) == InputInvalid.exit_status
    recorded = rows(out)
    lines = (out / manifest.NAME).read_text().splitlines()
    assert len(lines) == len(recorded) == 9
    assert [key for key, row in recorded.items() if row.get("error")] == ["broken.jpg"]
    assert main(["batch", str(folder), str(clean), "--quiet", "--threads", "1"]) != 0
    for key, row in rows(clean).items():
        if output := row.get("output"):
            assert (out / str(output)).read_bytes() == (clean / str(output)).read_bytes(), key
    (folder / "broken.jpg").unlink()
    (folder / "a/photo 1.png").write_bytes(picture(99))
    (out / "a/photo 3.png").unlink()
    assert main([*command, "--resume"]) == 0
    more = (out / manifest.NAME).read_text().splitlines()[9:]
    assert sorted(json.loads(line)["key"] for line in more) == ["a/photo 1.png", "a/photo 3.png"]
    # And without Ray: the same record, nothing left to do.
    assert main(["batch", str(folder), str(out), "--quiet", "--resume"]) == 0
    assert len((out / manifest.NAME).read_text().splitlines()) == 11


@pytest.mark.slow
def test_a_picture_that_ends_its_actor_is_a_row(ray: Any, folder: Path, tmp_path: Path) -> None:
    worker = cluster.Worker(_Deadly(Options(threads=1)), LocalFolder(tmp_path / "out"))
    items = sources.find(str(folder))
    results = sources.targets(items, ".png")
    tasks = [cluster.Task(item, results[item.key]) for item in items]
    done = list(cluster.each(worker, tasks, "local", 1, 1))
    assert sorted(item.key for item, _ in done) == sorted(item.key for item in items)
    loaded = {item.key: row for item, row in done}
    assert loaded["a/photo 3.png"]["code"] == "worker-lost"
    assert sum("output" in row for row in loaded.values()) == 7


@pytest.mark.slow
def test_a_remover_alone_in_ray_data(ray: Any, folder: Path) -> None:
    """As its docstring shows."""
    done = (
        ray.data.read_binary_files(str(folder), include_paths=True)
        .map_batches(Remover, batch_size=4, num_cpus=1, compute=ray.data.ActorPoolStrategy(size=1))
        .take_all()
    )
    assert len(done) == 10
    for row in done:
        if "photo" in row["path"]:
            assert row["error"] == ""
            assert Image.open(io.BytesIO(row["bytes"])).mode == "RGBA"
        else:
            assert row["error"] and row["bytes"] == b""

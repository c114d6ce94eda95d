# SPDX-License-Identifier: Apache-2.0
"""Pictures and results by URL, and the manifest as a table.

fsspec's own memory is a store that cannot add to a file; S3 is spoken where moto and s3fs are
there.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mattebrush.batch import manifest, places, sources
from mattebrush.cli.command_line import main
from mattebrush.errors import InputInvalid, OptionInvalid, OutputUnwritable

from .test_batch import folder, picture, rows

fsspec = pytest.importorskip("fsspec")

__all__ = ["folder"]


@pytest.fixture
def store() -> Iterator[Any]:
    """fsspec's memory, with pictures in `in`, one of them broken."""
    memory = fsspec.filesystem("memory")
    memory.rm("/", recursive=True)
    for number in range(4):
        memory.pipe_file(f"/in/{'a' if number % 2 else 'b/c'}/photo {number}.png", picture(number))
    memory.pipe_file("/in/broken.jpg", b"no picture")
    memory.pipe_file("/in/notes.doc", b"left alone")
    yield memory
    memory.rm("/", recursive=True)


def remote_rows(url: str) -> dict[str, dict[str, Any]]:
    record = manifest.PartedManifest(places.RemoteFolder(url))
    return record.rows


def lines(url: str) -> int:
    folder = places.RemoteFolder(url)
    return sum(folder.read(name).count(b"\n") for name in folder.names(manifest.PARTS))


def test_from_a_store_into_a_store_and_gone_on_with(
    store: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["batch", "memory://in", "memory://out", "--quiet"]
    assert main(command) == InputInvalid.exit_status
    recorded = remote_rows("memory://out")
    assert sorted(recorded) == [
        "a/photo 1.png",
        "a/photo 3.png",
        "b/c/photo 0.png",
        "b/c/photo 2.png",
        "broken.jpg",
    ]
    assert "not a picture" in recorded["broken.jpg"]["error"]
    assert recorded["a/photo 1.png"]["source"] == "memory:///in/a/photo 1.png"
    result = Image.open(io.BytesIO(store.cat_file("/out/a/photo 1.png")))
    assert result.mode == "RGBA"
    assert store.exists("/out/batch.json")
    assert main(command) != 0
    assert "--resume" in capsys.readouterr().err
    store.rm("/in/broken.jpg")
    store.rm("/out/a/photo 3.png")
    made = store.created("/out/a/photo 1.png")
    assert main([*command, "--resume", "--threads", "1"]) == 0
    assert store.created("/out/a/photo 1.png") == made
    assert store.exists("/out/a/photo 3.png")
    assert lines("memory://out") == 5 + 1


def test_from_a_store_into_a_folder_of_this_machine(store: Any, tmp_path: Path) -> None:
    store.rm("/in/broken.jpg")
    out = tmp_path / "out"
    assert main(["batch", "memory://in", out.as_uri(), "--quiet"]) == 0
    assert len(rows(out)) == 4
    assert Image.open(out / "b/c/photo 2.png").mode == "RGBA"


def test_urls_of_every_kind(store: Any, folder: Path, tmp_path: Path) -> None:
    shard = io.BytesIO()
    with tarfile.open(fileobj=shard, mode="w") as tar:
        tar.add(folder / "a", "set/a")
    store.pipe_file("/shard.tar", shard.getvalue())
    store.pipe_file("/list.txt", b"# two\nin/a/photo 1.png\nmemory://in/b/c/photo 0.png\n")
    listing = tmp_path / "list.txt"
    listing.write_text("memory://in/a/photo 1.png\nmemory://in/b/c/photo 0.png\n")

    def keys(source: str) -> list[str]:
        return [item.key for item in sources.find(source)]

    assert keys("memory://in/a/photo 1.png") == ["photo 1.png"]
    assert keys("memory://in/**/*.png")[0] == "a/photo 1.png"
    assert len(keys("memory://in/**/*.png")) == 4
    assert keys("memory://list.txt") == ["a/photo 1.png", "b/c/photo 0.png"]
    assert keys(str(listing)) == keys("memory://list.txt")
    assert keys("memory://shard.tar") == [f"set/a/photo {n}.png" for n in (1, 3, 5, 7)]
    assert sources.find("memory://shard.tar")[1].read() == (folder / "a/photo 3.png").read_bytes()
    assert keys(folder.as_uri()) == keys(str(folder))
    with pytest.raises(InputInvalid, match="holds no pictures"):
        keys("memory://nowhere")
    listing.write_text("memory://in/a/photo 1.png\nhere.png\n")
    with pytest.raises(InputInvalid, match="a list of each"):
        keys(str(listing))


def test_a_name_in_a_store_does_not_lead_out_of_the_destination(store: Any) -> None:
    store.store["/in/../../evil.png"] = store.store["/in/a/photo 1.png"]
    store.store["/in/a\\..\\..\\evil.png"] = store.store["/in/a/photo 1.png"]
    assert not [item.key for item in sources.find("memory://in") if "evil" in item.key]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["s3://me:secret@bucket/in", "OUT"], "password"),
        (["nonsense://in", "OUT"], "no URL that fsspec knows"),
        (["memory://in", "memory://in/cut"], "outside"),
        (["memory://in", "OUT", "--watch"], "watches a folder"),
        (["memory://in", "OUT", "--manifest", "rows.csv"], "no .parquet file"),
        (["zip://x.png::memory://in/a.zip", "OUT"], "chain"),
    ],
)
def test_what_cannot_be_is_said_before_any_work(
    store: Any,
    tmp_path: Path,
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = [str(tmp_path / "out") if word == "OUT" else word for word in arguments]
    assert main(["batch", *command]) == OptionInvalid.exit_status
    err = capsys.readouterr().err
    assert words in err
    assert "secret" not in err


@pytest.mark.parametrize(
    ("package", "arguments"),
    [
        ("fsspec", ["s3://bucket/in", "OUT"]),
        ("s3fs", ["s3://bucket/in", "OUT"]),
        ("pyarrow", ["IN", "OUT", "--manifest", "OUT.parquet"]),
    ],
)
def test_a_missing_package_is_named_with_its_cure(
    folder: Path,
    tmp_path: Path,
    package: str,
    arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    command = [
        w.replace("IN", str(folder)).replace("OUT", str(tmp_path / "out")) for w in arguments
    ]
    assert main(["batch", *command]) == OptionInvalid.exit_status
    err = capsys.readouterr().err
    assert "pip install" in err and ("[cloud]" in err or "[parquet]" in err)
    assert not (tmp_path / "out" / manifest.NAME).exists()


def test_a_store_that_the_extra_does_not_bring_is_named_without_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    assert main(["batch", str(folder), "gs://bucket/out"]) == OptionInvalid.exit_status
    err = capsys.readouterr().err
    assert "gcsfs" in err and "[cloud]" not in err


def test_without_a_url_fsspec_is_not_even_loaded(folder: Path, tmp_path: Path) -> None:
    code = "import sys; from mattebrush.cli.command_line import main; main(sys.argv[1:]); "
    code += "sys.exit(sorted({'fsspec', 'pyarrow', 'ray'} & set(sys.modules)) or 0)"
    words = ["batch", str(folder / "a"), str(tmp_path / "out"), "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(rows(tmp_path / "out")) == 4


def test_a_store_that_refuses_is_an_error_with_the_way_out(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Access Denied")

    monkeypatch.setattr(type(store), "pipe_file", refuse)
    with pytest.raises(OutputUnwritable, match=r"Access Denied.*--resume"):
        places.RemoteFolder("memory://out").write("a.png", b"x")


def test_the_manifest_as_a_table(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    out, table = tmp_path / "out", tmp_path / "rows.parquet"
    command = ["batch", str(folder), str(out), "--quiet", "--manifest", str(table)]
    assert main(command) == InputInvalid.exit_status
    recorded = {row["key"]: row for row in parquet.read_table(table).to_pylist()}
    written = rows(out)
    assert recorded.keys() == written.keys()
    for key, row in written.items():
        assert {n: v for n, v in recorded[key].items() if v is not None} == {
            n: v for n, v in row.items() if v is not None
        }
    # Everything done before is in the table of a run that goes on; the types stay.
    before = parquet.read_schema(table)
    (folder / "broken.jpg").unlink()
    assert main(command) != 0  # another run, whatever the table's state
    assert main([*command, "--resume"]) == 0
    assert parquet.read_table(table).num_rows == 9
    assert parquet.read_schema(table) == before
    table.with_name("other.parquet").write_bytes(b"mine")
    again = ["batch", str(folder), str(tmp_path / "again"), "--manifest"]
    assert main([*again, str(table.with_name("other.parquet"))]) != 0
    assert "exists already" in capsys.readouterr().err


def test_against_an_s3_server_on_loopback(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("s3fs", reason="s3fs and moto are not here")
    server = pytest.importorskip("moto.server", reason="s3fs and moto are not here")
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "no_proxy": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    try:
        host, port = running.get_host_and_port()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        system = fsspec.filesystem("s3", skip_instance_cache=True)
        system.mkdir("shop")
        for path in folder.rglob("*"):
            if path.is_file():
                system.pipe_file(f"shop/in/{path.relative_to(folder)}", path.read_bytes())
        url = "s3://shop/out"
        command = [sys.executable, "-m", "mattebrush", "batch", "s3://shop/in", url, "--quiet"]
        command += ["--threads", "1", "--resume"]
        first = subprocess.run([*command, "--shard", "1/2"], env=os.environ, check=False)
        second = subprocess.run([*command, "--shard", "2/2"], env=os.environ, check=False)
        assert {first.returncode, second.returncode} == {0, InputInvalid.exit_status}
        fsspec.filesystem("s3").invalidate_cache()
        recorded = remote_rows(url)
        assert len(recorded) == lines(url) == 9
        assert [key for key, row in recorded.items() if row.get("error")] == ["broken.jpg"]
        assert system.cat_file("shop/out/a/photo 1.png").startswith(b"\x89PNG")
        system.rm("shop/in/broken.jpg")
        assert subprocess.run(command, env=os.environ, check=False).returncode == 0
        assert lines(url) == 9
        bad = subprocess.run(
            [*command[:4], "s3://shop/in", "s3://nobucket/out"],
            env=os.environ,
            check=False,
            capture_output=True,
            text=True,
        )
        assert bad.returncode == OutputUnwritable.exit_status
        assert "Traceback" not in bad.stderr and "nobucket" in bad.stderr
    finally:
        running.stop()

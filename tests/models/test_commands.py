# SPDX-License-Identifier: Apache-2.0
"""`mattebrush models ...` as a user types it."""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from mattebrush.cli import models as commands
from mattebrush.errors import ModelUnavailable, OptionInvalid
from mattebrush.models import catalog, store
from tests.models.networks import tiny
from tests.models.webserver import File, serving


def models(*words: str) -> int:
    """Runs `mattebrush models` with these words; returns the exit status."""
    parser = argparse.ArgumentParser()
    commands.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["models", *words])
    status: int = arguments.func(arguments)
    return status


def test_list_shows_every_model_with_license_size_and_use(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert models("list") == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.split()[0] for line in lines] == list(catalog.rows())
    bria = next(line for line in lines if line.startswith("bria-rmbg-2.0"))
    assert bria.split()[1:8] == ["-", "salient", "1024.5", "MB", "no", "CC", "BY-NC"]


def test_list_as_json_tells_what_is_installed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    models("add", str(tiny("u2net", tmp_path / "u2netp.onnx")))
    capsys.readouterr()
    models("list", "--json", "--installed")
    entries = {entry["id"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert entries["u2netp"]["installed"] == "store"
    assert Path(entries["u2netp"]["files"][0]["path"]).is_file()
    assert "u2net" not in entries
    networks = catalog.NETWORKS.glob("*.onnx")
    ours = [entries[f"mattebrush-{path.stem}"]["size"] == path.stat().st_size for path in networks]
    assert ours == [True, True]


def test_info_tells_everything(capsys: pytest.CaptureFixture[str]) -> None:
    models("info", "birefnet-hr-matting")
    text = " ".join(capsys.readouterr().out.split())
    for fact in ("MIT", "read the note", "non-commercial", "1095.2 MB", "installed no", "2048"):
        assert fact in text
    models("info", "birefnet-hr-matting", "--json")
    assert json.loads(capsys.readouterr().out)["commercial"] == "caveat"


def test_addresses_in_info_can_be_copied(capsys: pytest.CaptureFixture[str]) -> None:
    row = catalog.get("sam2.1-hiera-tiny")
    models("info", row.id)
    words = capsys.readouterr().out.split()
    assert all(file.url in words for file in row.files)


def test_info_shows_the_name_a_mirror_must_give_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    models("info", "bria-rmbg-1.4")
    assert "bria-rmbg-1.4.onnx" in capsys.readouterr().out.split()


def test_unknown_models_are_answered_with_near_ones() -> None:
    with pytest.raises(ModelUnavailable, match="birefnet-general"):
        models("info", "birefnet-genral")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "agreed"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_pull_shows_license_and_size_and_asks(
    answer: str,
    agreed: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    row = catalog.get("rvm-mobilenetv3-fp32")  # no checksum published: any fitting file will do
    content = tiny("rvm", tmp_path / "x.onnx").read_bytes()
    monkeypatch.setattr(sys, "stdin", _Terminal(answer))
    with serving({f"/{row.files[0].name}": File(content)}) as site:
        if agreed:
            assert models("pull", row.id, "--mirror", site.url) == 0
        else:
            with pytest.raises(ModelUnavailable, match="not agreed"):
                models("pull", row.id, "--mirror", site.url)
    assert (store.installed(row) is not None) == agreed
    assert bool(site.log) == agreed  # not a byte before the answer
    assert "GPL-3.0" in capsys.readouterr().out


def test_pull_does_nothing_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with serving({}) as site, pytest.raises(OptionInvalid, match="--accept-license"):
        models("pull", "u2netp", "--mirror", site.url)
    assert site.log == []


def test_pull_with_the_license_accepted_asks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row = catalog.get("modnet-photographic")
    content = tiny("modnet", tmp_path / "x.onnx").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with serving({f"/{row.files[0].name}": File(content)}) as site:
        assert models("pull", row.id, "--accept-license", "--mirror", site.url) == 0
        assert models("pull", row.id, "--accept-license", "--mirror", site.url) == 0
    assert len(site.log) == 1
    assert "here already" in capsys.readouterr().out


def test_pull_mends_what_has_been_damaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = catalog.get("modnet-photographic")
    content = tiny("modnet", tmp_path / "x.onnx").read_bytes()
    with serving({f"/{row.files[0].name}": File(content)}) as site:
        for damaged in (content[:-1], content + b"x"):
            assert models("pull", row.id, "--accept-license", "--mirror", site.url) == 0
            path = store.resolve(row).paths["model"]
            assert path.read_bytes() == content
            path.write_bytes(damaged)
    assert len(site.log) == 2
    # The size is that of the download, not of the rest that lies here.
    assert capsys.readouterr().out.count(f"{row.name}, {row.size / 1e6:.1f} MB") == 2


def test_add_warns_on_stderr_about_a_checksum_and_verify_says_it_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert models("add", str(tiny("u2net", tmp_path / "u2netp.onnx"))) == 0
    assert "warning: u2netp.onnx" in capsys.readouterr().err
    assert models("verify", "u2netp") == 0
    assert "not the published file" in capsys.readouterr().out


def test_add_tells_what_a_pair_still_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models("add", str(tiny("sam", tmp_path / "e.onnx", role="encoder")), "--id", "mobile-sam")
    assert "Still missing: decoder (sam_vit_b_01ec64.decoder.onnx)" in capsys.readouterr().out


def test_verify_ends_with_a_status_when_a_file_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models("add", str(tiny("u2net", tmp_path / "u2netp.onnx")))
    path = store.resolve(catalog.get("u2netp")).paths["model"]
    path.write_bytes(path.read_bytes() + b"\0")
    assert models("verify") == ModelUnavailable.exit_status
    assert "BAD u2netp" in capsys.readouterr().out


def test_remove_says_what_went(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models("add", str(tiny("u2net", tmp_path / "u2netp.onnx")))
    assert models("remove", "u2netp") == 0
    assert "Deleted" in capsys.readouterr().out
    assert store.installed(catalog.get("u2netp")) is None


def test_the_catalog_and_the_parser_load_nothing_heavy() -> None:
    code = (
        "import sys; from mattebrush.cli import models; from mattebrush.models import catalog;"
        "catalog.rows();"
        "print(sorted({'numpy', 'PIL', 'onnxruntime', 'urllib.request'} & set(sys.modules)))"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == "[]"

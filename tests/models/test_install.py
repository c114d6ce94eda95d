# SPDX-License-Identifier: Apache-2.0
"""pull, add, verify, remove: only whole, right and fitting files get into the store."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import pytest

from mattebrush.errors import (
    DownloadFailed,
    InputInvalid,
    ModelInvalid,
    ModelUnavailable,
    OptionInvalid,
    OutputUnwritable,
)
from mattebrush.models import catalog, install, runtime, store
from mattebrush.models.catalog import ModelFile, ModelRow
from tests.models.networks import tiny
from tests.models.webserver import File, serving


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A network that fits U²-Net's contract."""
    return tiny("u2net", tmp_path / "u2netp.onnx")


def row_with(**changes: object) -> ModelRow:
    """U²-Netp's row with other facts about its file."""
    row = catalog.get("u2netp")
    return dataclasses.replace(row, files=(dataclasses.replace(row.files[0], **changes),))  # type: ignore[arg-type]


def digest(path: Path, kind: str) -> str:
    return hashlib.new(kind, path.read_bytes()).hexdigest()


def test_pull_verifies_the_published_sha256(weights: Path, home: Path) -> None:
    content = weights.read_bytes()
    with serving({"/u2netp.onnx": File(content)}) as site:
        row = row_with(url=f"{site.url}/u2netp.onnx", sha256=digest(weights, "sha256"), md5="")
        (added,) = install.pull(row)
    assert added.path.read_bytes() == content
    assert added.receipt.published is True
    assert sorted(path.name for path in store.folder(row).iterdir()) == [
        store.RECEIPT,
        "u2netp.onnx",
    ]
    assert install.verify(row)[0].good


def test_where_only_md5_is_published_the_sha256_seen_is_pinned(weights: Path) -> None:
    with serving({"/u2netp.onnx": File(weights.read_bytes())}) as site:
        row = row_with(url=f"{site.url}/u2netp.onnx", sha256="", md5=digest(weights, "md5"))
        (added,) = install.pull(row)
    assert added.receipt.published is True
    assert store.receipts(row)["model"].sha256 == digest(weights, "sha256")


def test_where_nothing_is_published_the_sha256_seen_is_pinned(weights: Path) -> None:
    with serving({"/u2netp.onnx": File(weights.read_bytes())}) as site:
        row = row_with(url=f"{site.url}/u2netp.onnx", sha256="", md5="")
        (added,) = install.pull(row)
    assert "Nobody published" in added.note
    added.path.write_bytes(
        tiny("u2net", weights.with_name("other.onnx"), (0.1, 0.2, 0.7)).read_bytes()
    )
    (verdict,) = install.verify(row)
    assert not verdict.good and "has changed" in verdict.detail


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_a_wrong_checksum_leaves_nothing_behind(weights: Path, kind: str) -> None:
    with serving({"/u2netp.onnx": File(weights.read_bytes())}) as site:
        facts = {"sha256": "", "md5": "", kind: "0" * 32}
        row = row_with(url=f"{site.url}/u2netp.onnx", **facts)
        with pytest.raises(DownloadFailed, match="not the published file"):
            install.pull(row)
    assert list(store.folder(row).iterdir()) == []
    assert store.installed(row) is None


def test_a_file_that_is_no_network_leaves_nothing_behind() -> None:
    with serving({"/u2netp.onnx": File(b"<html>sign in first</html>")}) as site:
        row = row_with(url=f"{site.url}/u2netp.onnx", sha256="", md5="")
        with pytest.raises(ModelInvalid, match="ONNX"):
            install.pull(row)
    assert list(store.folder(row).iterdir()) == []


def test_a_corrupt_resume_is_found_out(weights: Path) -> None:
    content = weights.read_bytes()
    with serving({"/u2netp.onnx": File(content)}) as site:
        row = row_with(url=f"{site.url}/u2netp.onnx", sha256=digest(weights, "sha256"), md5="")
        place = store.folder(row)
        place.mkdir(parents=True)
        part = place / "u2netp.onnx.part"
        part.write_bytes(b"x" * 10)
        part.with_name(part.name + ".json").write_text(
            json.dumps({"url": f"{site.url}/u2netp.onnx", "tag": '"one"'})
        )
        with pytest.raises(DownloadFailed, match="not the published file"):
            install.pull(row)
        install.pull(row)  # and the next attempt starts clean
    assert (place / "u2netp.onnx").read_bytes() == content


def test_an_interrupted_pull_installs_nothing_and_goes_on_next_time(weights: Path) -> None:
    content = weights.read_bytes()
    half = len(content) // 2
    files = {"/u2netp.onnx": File(content, cut_after=half, cuts=1)}

    def stop(name: str, fraction: float) -> None:
        raise KeyboardInterrupt

    with serving(files) as site:
        row = row_with(url=f"{site.url}/u2netp.onnx", sha256=digest(weights, "sha256"), md5="")
        with pytest.raises(KeyboardInterrupt):
            install.pull(row, progress=stop)
        assert store.installed(row) is None
        install.pull(row)
    assert site.log[-1][1]["Range"] == f"bytes={half}-"
    assert store.installed(row) is not None


def test_a_mirror_serves_files_by_their_catalog_names(weights: Path) -> None:
    with serving({"/models/u2netp.onnx": File(weights.read_bytes())}) as site:
        row = row_with(url="http://nowhere.invalid/x.onnx", sha256="", md5="")
        (added,) = install.pull(row, mirror=f"{site.url}/models/")
    assert added.receipt.source == f"{site.url}/models/u2netp.onnx"


def test_what_nobody_publishes_is_said_so() -> None:
    with pytest.raises(ModelUnavailable, match=r"No address is known.*ckpt_base\.pth.*models add"):
        install.pull(catalog.get("inspyrenet-transparent-background"))


def test_both_files_of_a_pair_are_pulled(tmp_path: Path) -> None:
    row = catalog.get("mobile-sam")
    files = {
        f"/{file.name}": File(tiny("sam", tmp_path / file.name, role=file.role).read_bytes())
        for file in row.files
    }
    with serving(files) as site:
        added = install.pull(row, mirror=site.url)
    assert [entry.file.role for entry in added] == ["encoder", "decoder"]
    assert set(store.resolve(row).paths) == {"encoder", "decoder"}


def test_what_rembg_has_of_a_pair_is_not_pulled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = catalog.get("mobile-sam")
    encoder, decoder = row.files
    tiny("sam", tmp_path / "u2net" / decoder.name, role="decoder")
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "u2net"))
    content = tiny("sam", tmp_path / "e.onnx", role="encoder").read_bytes()
    with serving({f"/{encoder.name}": File(content)}) as site:
        install.pull(row, mirror=site.url)
    assert [path for path, _ in site.log] == [f"/{encoder.name}"]
    assert store.resolve(row).paths["decoder"] == tmp_path / "u2net" / decoder.name
    assert all(verdict.good for verdict in install.verify(row))


@pytest.mark.parametrize("name", ["u2netp.onnx", "U2NETP-copy.onnx"])
def test_add_takes_the_id_from_the_name_or_from_the_user(tmp_path: Path, name: str) -> None:
    source = tiny("u2net", tmp_path / name)
    added = install.add(source, None if name == "u2netp.onnx" else "u2netp")
    assert added.row.id == "u2netp"
    assert added.path.read_bytes() == source.read_bytes()
    assert source.exists()


def test_add_says_when_the_checksum_is_not_the_published_one(weights: Path) -> None:
    assert "NOT the published one" in install.add(weights).note
    assert "not the published file" in install.verify(catalog.get("u2netp"))[0].detail


def test_add_finds_a_row_by_the_published_file_name(tmp_path: Path) -> None:
    source = tiny("birefnet", tmp_path / "BiRefNet-portrait-epoch_150.onnx")
    assert install.add(source).row.id == "birefnet-portrait"


def test_add_refuses_what_does_not_fit_and_says_what_differs(tmp_path: Path) -> None:
    source = tiny("isnet", tmp_path / "u2netp.onnx")
    with pytest.raises(ModelInvalid, match=r"input 0 is 1x3x1024x1024, expected 1x3x320x320"):
        install.add(source)
    assert store.installed(catalog.get("u2netp")) is None


def test_add_tells_encoder_from_decoder_by_what_fits(tmp_path: Path) -> None:
    for role in ("decoder", "encoder"):
        source = tiny("sam", tmp_path / f"mine-{role}.onnx", role=role)
        assert install.add(source, "sam-vit-b").file.role == role
    assert store.installed(catalog.get("sam-vit-b")) is not None


def test_add_asks_when_a_file_belongs_to_several_models(tmp_path: Path) -> None:
    source = tiny("sam", tmp_path / "sam_vit_b_01ec64.decoder.onnx", role="decoder")
    with pytest.raises(OptionInvalid, match="sam-vit-b and to mobile-sam"):
        install.add(source)


def test_add_refuses_names_that_say_nothing_and_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(OptionInvalid, match="--id"):
        install.add(tiny("u2net", tmp_path / "best.onnx"))
    with pytest.raises(InputInvalid, match="no file"):
        install.add(tmp_path / "nothing.onnx")


def test_a_store_that_cannot_be_made_is_a_clear_error(weights: Path, home: Path) -> None:
    home.write_text("a file where the folder should be")
    with pytest.raises(OutputUnwritable, match="MATTEBRUSH_HOME"):
        install.add(weights)


def test_weights_of_rembg_are_used_in_place(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = catalog.get("u2netp")
    for variable, place in (
        ("U2NET_HOME", tmp_path / "old" / "u2netp.onnx"),
        ("REMBG_HOME", tmp_path / "new" / "models" / "u2netp" / "u2netp.onnx"),
    ):
        with monkeypatch.context() as patch:
            place.parent.mkdir(parents=True)
            place.write_bytes(weights.read_bytes())
            patch.setenv(variable, str(tmp_path / place.relative_to(tmp_path).parts[0]))
            entry = store.installed(row)
            assert entry is not None
            assert entry.source == "rembg" and entry.paths["model"] == place
            assert runtime.open_session(row, "cpu").path == place
            with pytest.raises(ModelUnavailable, match="used in place"):
                install.remove(row)
            assert place.exists()


def test_rembg_is_looked_for_in_the_home_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("U2NET_HOME", "REMBG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert list(store.rembg_folders()) == [tmp_path / ".u2net", tmp_path / ".rembg" / "models"]


def test_a_damaged_file_is_found_by_verify(weights: Path) -> None:
    added = install.add(weights)
    added.path.write_bytes(weights.read_bytes()[:-7])
    (verdict,) = install.verify(added.row)
    assert not verdict.good


def test_remove_deletes_everything_of_a_model(weights: Path) -> None:
    row = install.add(weights).row
    (store.folder(row) / "u2netp.onnx.part").write_bytes(b"half")
    runtime.open_session(row, "cpu")
    install.remove(row)
    assert not store.folder(row).exists()
    assert runtime._sessions == {}
    with pytest.raises(ModelUnavailable, match="models pull u2netp"):
        runtime.open_session(row, "cpu")
    with pytest.raises(ModelUnavailable, match="nothing of u2netp"):
        install.remove(row)


def test_embedded_networks_are_neither_pulled_nor_removed() -> None:
    row = catalog.get("mattebrush-subject")
    for work in (install.pull, install.remove):
        with pytest.raises(OptionInvalid, match="ships with Mattebrush"):
            work(row)


def test_a_note_that_was_damaged_does_not_break_the_store(weights: Path) -> None:
    row = install.add(weights).row
    (store.folder(row) / store.RECEIPT).write_text("{")
    assert store.receipts(row) == {}
    assert store.installed(row) is not None


def test_files_say_where_they_come_from() -> None:
    for row in catalog.rows().values():
        for file in row.files:
            assert isinstance(file, ModelFile) and file.name
            assert row.embedded or file.url.startswith("https://") or row.note

# SPDX-License-Identifier: Apache-2.0
"""The catalog is a table that holds together, and agrees with the facts it was made from."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from mattebrush.errors import ModelUnavailable
from mattebrush.models import catalog, runtime
from tests.models import networks

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROWS = list(catalog.rows().values())
FACTS = Path(__file__).with_name("facts.toml")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_is_whole(row: catalog.ModelRow) -> None:
    assert row.kind in catalog.KINDS
    assert row.commercial in catalog.COMMERCIAL
    assert row.license and row.best_at and row.tags and row.verified
    assert row.commercial == "yes" or row.license_note, "why not simply yes?"
    networks_of = {file.role for file in row.files if file.role in row.interface.graphs}
    assert networks_of == set(row.interface.graphs)
    beside = {file.role for file in row.files} - networks_of
    assert all(role == catalog.TOKENIZER or role.endswith(catalog.DATA) for role in beside)
    assert (catalog.TOKENIZER in beside) == row.kind.startswith("text")
    for file in row.files:
        assert re.fullmatch(r"[\w.-]+\.(onnx|onnx\.data|tokenizer\.json)", file.name)
        assert re.fullmatch(r"([0-9a-f]{64})?", file.sha256)
        assert re.fullmatch(r"([0-9a-f]{32})?", file.md5)
        assert row.embedded or file.url.startswith("https://") or row.note


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_contract_is_one_the_tests_have_a_network_for(row: catalog.ModelRow) -> None:
    """So that no row can come in whose contract nothing exercises."""
    if row.kind == "salient":
        assert row.interface.id in networks.SALIENT
    else:
        assert all((row.interface.id, role) in networks._OTHERS for role in row.interface.graphs)


def test_names_of_files_tell_models_apart() -> None:
    """A mirror and `models add` know files by their names alone."""
    owners: dict[str, set[str]] = {}
    for row in ROWS:
        for file in row.files:
            owners.setdefault(file.name, set()).add(file.url)
    assert [name for name, urls in owners.items() if len(urls) > 1] == []


def test_nothing_non_commercial_is_the_default_or_unmarked() -> None:
    assert {row.id for row in ROWS if row.commercial == "no"} == {"bria-rmbg-1.4", "bria-rmbg-2.0"}
    assert all(row.commercial != "no" for row in ROWS if row.embedded)


@pytest.mark.parametrize("row", [row for row in ROWS if row.embedded], ids=lambda row: row.id)
def test_what_ships_is_what_its_row_says(row: catalog.ModelRow) -> None:
    """The files are made anew now and then, and say themselves what they are."""
    metadata = runtime.open_session(row, "cpu").metadata
    assert metadata["licence"] == row.license
    assert metadata["mattebrush_kind"] == row.kind
    for data in ("ImageNet", "DUTS-TR", "Clothing Co-Parsing"):
        assert (data in metadata["trained_on"]) == (data in row.license_note)
    if side := metadata.get("size"):
        assert row.interface.preprocessing.size == (int(side), int(side))


def test_unknown_names_are_answered_with_near_ones() -> None:
    with pytest.raises(ModelUnavailable, match="u2netp"):
        catalog.get("u2nettp")


# ---------------------------------------------------------------- against the collected facts


def _facts() -> list[dict[str, Any]]:
    with FACTS.open("rb") as stream:
        table: list[dict[str, Any]] = tomllib.load(stream)["model"]
    by_id = {facts["id"]: facts for facts in table}
    return [{**by_id.get(facts.get("same_contract_as", ""), {}), **facts} for facts in table]


PUBLISHED = [pytest.param(facts, id=facts["id"]) for facts in _facts() if "source" not in facts]
LATER = [pytest.param(facts, id=facts["id"]) for facts in _facts() if "source" in facts]
"""Those of November 2026, of which less is known: a source, and names by role."""


@pytest.mark.parametrize("facts", LATER)
def test_later_models_are_as_their_facts_say(facts: dict[str, Any]) -> None:
    row = catalog.get(facts["id"])
    assert row.license == facts["license"]
    assert row.verified == facts["verified"]
    assert not facts.get("license_note") or row.license_note
    pages = [row.page, *(file.url for file in row.files if file.url)]
    owner = re.search(r"([\w.-]+/[\w.-]+)", facts["source"].removeprefix("Hugging Face "))
    assert owner is not None
    assert all(owner[1] in page for page in pages) or row.id == "lucida"
    named: set[str] = set()
    for part in ("input", "output"):
        published = facts.get(part, {})
        named |= set(published.get("names", [published.get("name", "?")])) - {"?"}
    tensors = [t for g in row.interface.graphs.values() for t in (*g.inputs, *g.outputs)]
    assert named <= {tensor.name for tensor in tensors}
    before, prepare = facts.get("preprocess", {}), row.interface.preprocessing
    if "mean" in before:
        assert (list(prepare.mean), list(prepare.std)) == (before["mean"], before["std"])
    if activation := facts.get("postprocess", {}).get("activation"):
        assert row.interface.postprocessing.activation == activation


# Where the catalog says something else than the facts, knowingly.
ACTIVATIONS = {  # never a min-max; thresholds and argmax are left to those who want a hard mask
    "minmax": {"none", "sigmoid-if-logits"},
    "sigmoid+minmax": {"sigmoid", "sigmoid-if-logits"},
    "none": {"none", "sigmoid-if-logits"},
    "argmax": {"softmax-if-logits"},
    "threshold0": {"none"},
}
RESIZES = {"short_side_32": "short_side", "pad_32": "pad", "multiple_of_32": "pad"}
LICENSES_ELSEWHERE = {"sinet": "MIT upstream"}
LOGITS_IN_THE_GRAPH = {"mediapipe-meet"}  # so that "none" would be no probability


def _own(facts: dict[str, Any]) -> dict[str, Any]:
    """What the facts say of this very model, without what it shares with another."""
    return next(entry for entry in _facts() if entry.get("id") == facts["id"])


@pytest.mark.parametrize("facts", PUBLISHED)
def test_checksums_addresses_and_sizes_are_those_published(facts: dict[str, Any]) -> None:
    row, own = catalog.get(facts["id"]), _own(facts)
    if own.get("format") == "pytorch":
        assert own["url"] in row.note and own["md5"] in row.note
        return
    for prefix, file in ((f"{file.role}_", file) for file in row.files):
        prefix = "" if prefix == "model_" else prefix
        assert file.sha256 == own.get(f"{prefix}sha256", "")
        assert file.md5 == own.get(f"{prefix}md5", "")
        if address := own.get(f"{prefix}url", ""):
            # "https://github.com/owner/name (path/in/it.onnx)" or the address itself
            base, path = re.fullmatch(r"(\S+)(?: \(([^,)]+).*)?", address).groups()  # type: ignore[union-attr]
            assert file.url.startswith(base) and file.url.endswith(path or "")
        else:
            assert file.url == ""
        if f"{prefix}size_bytes" in own:
            assert file.size == own[f"{prefix}size_bytes"]
        elif megabytes := own.get(f"{prefix}size_mb"):
            assert file.size / megabytes == pytest.approx(1 << 20, rel=0.05)  # 10^6 for some


@pytest.mark.parametrize("facts", PUBLISHED)
def test_licenses_are_those_published(facts: dict[str, Any]) -> None:
    row, own = catalog.get(facts["id"]), _own(facts)
    published = LICENSES_ELSEWHERE.get(row.id) or own["license"].replace("?", "unknown")
    published = published.partition(" code /")[0]
    ours, theirs = (re.sub(r" \([^)]*\)", "", text).lower() for text in (row.license, published))
    assert ours == theirs
    assert (row.commercial == "no") == (own.get("commercial") is False)
    assert (row.commercial == "unknown") == (row.license == "unknown")
    assert row.gated == own.get("gated", False)
    words = ("restrict", "non-commercial", "not checked", "osi license", "gpl-3", "academic")
    if any(word in own.get("license_note", "").lower() for word in words):
        assert row.commercial != "yes"


@pytest.mark.parametrize("facts", PUBLISHED)
def test_pictures_are_prepared_as_published(facts: dict[str, Any]) -> None:
    """Except for ViTMatte, where the authors' normalization is taken, and tiles at full size."""
    row, expected = catalog.get(facts["id"]), facts.get("preprocess", {})
    prepare, published = row.interface.preprocessing, dict(expected)
    if facts["task"] == "matting-trimap":
        published = {key: expected[key] for key in expected if key not in ("mean", "std", "resize")}
        assert prepare.resize == "pad"
    if "mean" in published:
        assert (list(prepare.mean), list(prepare.std)) == (published["mean"], published["std"])
    # "255" and "image_max" give 0..1, as pictures come; "1" keeps 0..255.
    assert prepare.scale == (255.0 if expected.get("scale") == "1" else 1.0) or row.kind == "prompt"
    assert prepare.color == ("BGR" if row.id == "sinet" else "RGB")
    if published.get("resize", "none") != "none":
        assert prepare.resize == RESIZES.get(published["resize"], published["resize"])
    assert prepare.multiple == (32 if "32" in expected.get("resize", "") else 1)
    if "ref" in published:
        assert prepare.size == (published["ref"], published["ref"])
    if row.kind == "prompt":
        shape = facts.get("encoder", {}).get("shape") or [1, 3, *published["size"][::-1]]
        sides = shape[:2] if prepare.layout == "HWC" else shape[2:]
        assert prepare.size is None or list(prepare.size) == sides
    if row.kind == "salient":
        assert prepare.interpolation == published.get("interpolation", "bilinear")
        assert prepare.layout == facts.get("input", {}).get("layout", "NCHW")
        if isinstance(published.get("size"), list):
            width, height = published["size"]
            (tensor,) = row.interface.graphs["model"].inputs
            sides = tensor.shape[1:3] if prepare.layout == "NHWC" else tensor.shape[2:4]
            assert (prepare.size if None in sides else sides) == (height, width)


@pytest.mark.parametrize("facts", PUBLISHED)
def test_shapes_and_readings_are_those_published(facts: dict[str, Any]) -> None:
    row, contract = catalog.get(facts["id"]), catalog.get(facts["id"]).interface
    for name, tensors in (("input", "inputs"), ("output", "outputs")):
        published = facts.get(name, {})
        shape = published.get("shape")
        if isinstance(shape, list) and "2048" not in published.get("note", ""):
            tensor = getattr(contract.graphs["model"], tensors)[published.get("index", 0)]
            assert tensor.shape == tuple(s if isinstance(s, int) else None for s in shape)
            assert tensor.dtype == published.get("dtype", "float32")
    after = facts["postprocess"]
    if row.id in LOGITS_IN_THE_GRAPH:
        assert contract.postprocessing.activation == "softmax"
    else:
        assert contract.postprocessing.activation in ACTIVATIONS[after["activation"]]
    if "channel" in after:
        assert contract.postprocessing.channels == (after["channel"],)
    if "classes" in facts.get("output", {}):
        background, *clothes = range(len(facts["output"]["classes"]))
        assert background not in contract.postprocessing.channels
        assert list(contract.postprocessing.channels) == clothes


@pytest.mark.parametrize("facts", PUBLISHED)
def test_tensors_with_a_role_have_the_names_published(facts: dict[str, Any]) -> None:
    """Those by which points, states and features are told apart."""
    graphs = catalog.get(facts["id"]).interface.graphs
    parts: dict[str, Any] = {r: facts[r] for r in ("encoder", "decoder") if r in facts}
    if isinstance(facts.get("inputs"), list):
        parts["model"] = facts
    for role, expected in parts.items():
        for side, tensors in (("inputs", graphs[role].inputs), ("outputs", graphs[role].outputs)):
            published = [n if isinstance(n, dict) else {"name": n} for n in expected.get(side, [])]
            ours = [tensor for tensor in tensors if not tensor.optional]
            if published:
                assert [tensor.name for tensor in ours] == [
                    reported["name"] for reported in published
                ]
            for tensor, reported in zip(ours, published, strict=False):
                if tensor.shape and "shape" in reported:
                    shape = tuple(s if isinstance(s, int) else None for s in reported["shape"])
                    assert tensor.shape == shape


def test_further_sizes_and_halves_the_facts_name_are_here_too() -> None:
    named = {
        "sam-vit-b-quant",
        "sam-vit-l",
        "sam2.1-hiera-small",
        "sam2.1-hiera-base-plus",
        "sam2.1-hiera-large",
        "rvm-mobilenetv3-fp16",
        "rvm-resnet50-fp32",
        "rvm-resnet50-fp16",
        "vitmatte-base-composition-1k-xenova",
        "vitmatte-small-composition-1k-xenova-quantized",
    }
    ours = {row.id for row in ROWS if row.embedded}
    published = {facts["id"] for facts in _facts()}
    assert set(catalog.rows()) == published | named | ours

# SPDX-License-Identifier: Apache-2.0
"""The catalogue is a table that holds together, and agrees with the facts it was made from."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from mattebrush.errors import ModelUnavailable
from mattebrush.models import catalog
from tests.models import networks

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROWS = list(catalog.rows().values())
FACTS = Path(__file__).parents[3] / "shared" / "models.toml"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_is_whole(row: catalog.ModelRow) -> None:
    assert row.kind in catalog.KINDS
    assert row.commercial in catalog.COMMERCIAL
    assert row.license and row.best_at and row.tags and row.verified
    assert row.commercial == "yes" or row.license_note, "why not simply yes?"
    assert {file.role for file in row.files} == set(row.contract.graphs)
    for file in row.files:
        assert re.fullmatch(r"[\w.-]+\.onnx", file.name)
        assert re.fullmatch(r"([0-9a-f]{64})?", file.sha256)
        assert re.fullmatch(r"([0-9a-f]{32})?", file.md5)
        assert row.embedded or file.url.startswith("https://") or row.note


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_contract_is_one_the_tests_have_a_network_for(row: catalog.ModelRow) -> None:
    """So that no row can come in whose contract nothing exercises."""
    if row.kind == "salient":
        assert row.contract.id in networks.SALIENT
    else:
        assert all((row.contract.id, file.role) in networks._OTHERS for file in row.files)


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


def test_unknown_names_are_answered_with_near_ones() -> None:
    with pytest.raises(ModelUnavailable, match="u2netp"):
        catalog.get("u2nettp")


# ---------------------------------------------------------------- against the collected facts


def _facts() -> list[dict[str, Any]]:
    if not FACTS.exists():
        return []
    with FACTS.open("rb") as stream:
        table: list[dict[str, Any]] = tomllib.load(stream)["model"]
    by_id = {facts["id"]: facts for facts in table}
    return [{**by_id.get(facts.get("same_contract_as", ""), {}), **facts} for facts in table]


PUBLISHED = [pytest.param(facts, id=facts["id"]) for facts in _facts()] or [
    pytest.param({}, marks=pytest.mark.skip(reason="../shared/models.toml is not here"))
]


@pytest.mark.parametrize("facts", PUBLISHED)
def test_checksums_and_addresses_are_those_published(facts: dict[str, Any]) -> None:
    row = catalog.get(facts["id"])
    main = row.files[0]
    own = next(entry for entry in _facts() if entry["id"] == facts["id"])
    inherited = own.get("same_contract_as") and "md5" not in own
    if main.url:
        assert main.sha256 == own.get("sha256", "") or inherited
        assert main.md5 in (own.get("md5", ""), "")
    for key, role in (("encoder_url", "encoder"), ("decoder_url", "decoder"), ("url", "model")):
        file = next((file for file in row.files if file.role == role), None)
        if file and file.url and own.get(key, "").startswith("https://") and "(" not in own[key]:
            assert file.url.startswith(own[key])


@pytest.mark.parametrize("facts", PUBLISHED)
def test_normalisation_is_the_one_published(facts: dict[str, Any]) -> None:
    """Except for ViTMatte, where the authors' own configuration is taken (see the catalogue)."""
    row, given = catalog.get(facts["id"]), facts.get("preprocess")
    if not given or "mean" not in given or facts["task"] == "matting-trimap":
        return
    prepare = row.contract.prepare
    mean, std = list(prepare.mean), list(prepare.std)
    if prepare.colour == "BGR":
        assert row.id == "sinet"
    assert (mean, std) == (given["mean"], given["std"])
    # "255" and "image_max" give 0..1, as pictures come; "1" keeps 0..255.
    assert prepare.scale == (255.0 if given["scale"] == "1" else 1.0)


@pytest.mark.parametrize("facts", PUBLISHED)
def test_shapes_are_those_published(facts: dict[str, Any]) -> None:
    row, given = catalog.get(facts["id"]), facts.get("input", {})
    shape = given.get("shape")
    if not isinstance(shape, list) or "2048" in given.get("note", ""):
        return
    (tensor, *_) = row.contract.graphs["model"].inputs
    expected = tuple(side if isinstance(side, int) else None for side in shape)
    assert tensor.shape == expected

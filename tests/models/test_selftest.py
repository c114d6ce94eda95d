# SPDX-License-Identifier: Apache-2.0
"""`models selftest`: good files pass, files that answer elsewhere or nothing do not."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from mattebrush import selftest
from mattebrush.cli.command_line import main
from mattebrush.errors import ModelInvalid, ModelUnavailable
from mattebrush.models import catalog, install, store
from mattebrush.segmentation import promptable
from tests import needs
from tests.models.networks import byte_pairs, tiny, wordpiece
from tests.models.test_real_files import WEIGHTS

INVERTED = (-0.6, -0.3, -0.1)
"""What a network mixes that answers nothing where it is bright."""

MODELS: dict[str, dict[str, Any]] = {
    "u2netp": {},
    "u2net_cloth_seg": {},
    "mediapipe-selfie": {},
    "vitmatte-small-composition-1k-xenova": {},
    "rvm-mobilenetv3-fp32": {"mix": (1.2, 0.6, 0.2)},  # it halves what it mixes
    "efficientsam-ti": {},
    "mobile-sam": {},
    "grounding-dino-tiny": {},
    "clipseg-rd64-refined": {},
    "sam3": {},
}
"""One of each kind, and how its tiny network is made so that it answers well."""


@pytest.fixture(autouse=True)
def _forget() -> None:
    promptable.forget()


def installed(model: str, **changes: Any) -> catalog.ModelRow:
    """Puts tiny networks where the files of this model belong."""
    row = catalog.get(model)
    for file in row.files:
        path = store.folder(row) / file.name
        if file.role == catalog.TOKENIZER:
            path.parent.mkdir(parents=True, exist_ok=True)
            (wordpiece if model == "grounding-dino-tiny" else byte_pairs)(path)
        elif file.role in row.interface.graphs:
            tiny(row.interface.id, path, role=file.role, **changes)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"weights that the tiny networks do not need")
    return row


def test_the_kinds_tried_are_all_there_are() -> None:
    embedded = {"prior"}
    assert {catalog.get(name).kind for name in MODELS} | embedded == set(catalog.KINDS)


@pytest.mark.parametrize("model", MODELS)
def test_a_good_file_of_each_kind_passes(model: str) -> None:
    row = installed(model, **MODELS[model])
    outcome = selftest.check(row, "cpu", word="dog")  # which the tiny ones see in the middle
    assert outcome.passed, outcome.message
    assert outcome.inside > outcome.outside and outcome.device == "cpu"
    assert "fix" not in outcome.to_json()


@pytest.mark.parametrize(
    "model", ["u2netp", "vitmatte-small-composition-1k-xenova", "rvm-mobilenetv3-fp32"]
)
def test_a_file_that_answers_nothing_fails(model: str) -> None:
    outcome = selftest.check(installed(model, mix=INVERTED), "cpu")
    assert not outcome.passed and outcome.inside < 0.6


def test_a_file_that_answers_everywhere_fails() -> None:
    outcome = selftest.check(installed("u2netp", mix=(9.0, 9.0, 9.0)), "cpu")
    assert not outcome.passed and outcome.outside > 0.4


@pytest.mark.parametrize("model", ["grounding-dino-tiny", "clipseg-rd64-refined", "sam3"])
@pytest.mark.parametrize("word", ["cyclist", "cat"])  # elsewhere; nowhere
def test_words_found_elsewhere_or_nowhere_fail(model: str, word: str) -> None:
    outcome = selftest.check(installed(model), "cpu", word=word)
    assert not outcome.passed


def test_another_models_file_is_named() -> None:
    row = catalog.get("isnet-general-use")
    tiny("u2net", store.folder(row) / row.files[0].name)
    with pytest.raises(ModelInvalid, match="does not fit"):
        selftest.check(row)


def test_a_model_that_is_not_here_is_named() -> None:
    with pytest.raises(ModelUnavailable, match="not installed"):
        selftest.check(catalog.get("u2net"))


@pytest.mark.parametrize("model", ["mattebrush-subject", "mattebrush-matting"])
def test_what_ships_passes(model: str) -> None:
    outcome = selftest.check(catalog.get(model), "cpu")
    assert outcome.inside > 0.95 and outcome.outside < 0.05


@pytest.mark.parametrize("model", WEIGHTS)
def test_real_files_pass(model: str) -> None:
    install.add(needs.shared(f"weights/{WEIGHTS[model]}"), model)
    outcome = selftest.check(catalog.get(model), "cpu")
    assert outcome.inside > 0.9 and outcome.outside < 0.1


def test_the_command_says_how_each_went(capsys: pytest.CaptureFixture[str]) -> None:
    installed("u2netp", mix=INVERTED)
    command = ["models", "selftest", "mattebrush-subject", "u2netp", "u2net"]
    assert main([*command, "--device", "cpu"]) == ModelInvalid.exit_status
    good, bad, missing = capsys.readouterr().out.splitlines()
    assert good.startswith("ok  mattebrush-subject: Its mean answer is 1.00 inside")
    assert bad.startswith("BAD u2netp: ") and "models verify" in bad
    assert missing.startswith("BAD u2net: ") and "models pull u2net" in missing
    assert main([*command, "--device", "cpu", "--json"]) == ModelInvalid.exit_status
    output = json.loads(capsys.readouterr().out)
    assert [one["passed"] for one in output] == [True, False, False]
    assert output[1]["fix"] and output[2]["code"] == ModelUnavailable.code


def test_without_names_all_that_can_run_are_tried(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "selftest", "--device", "cpu"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "ok  mattebrush-subject",
        "ok  mattebrush-matting",
    ]


def test_the_figure_is_the_same_everywhere() -> None:
    known = selftest.drawn()
    assert known.image.dtype == np.uint8 and known.image.shape[:2] == known.figure.shape
    assert (known.clothes & ~known.figure).sum() == 0
    mixture = known.image @ np.array([0.6, 0.3, 0.1])
    assert mixture[known.figure].mean() > 3 * mixture[~known.figure].mean()

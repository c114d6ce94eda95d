# SPDX-License-Identifier: Apache-2.0
"""The plug-in kit: its cases under each Python, and its tables against the engine's own."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mattebrush
import mattebrush.errors
import mattebrush_server
from mattebrush import engine, options
from mattebrush.jobs import contract
from tests.client.test_client import PYTHONS, interpreter

CASES = Path(__file__).with_name("kit_cases.py")
CLIENT = Path(__file__).parents[2] / "plugins" / "client"
CORE = Path(mattebrush.__file__).parent


@pytest.fixture(scope="module")
def kit() -> Iterator[Any]:
    sys.path.insert(0, str(CLIENT))
    import mattebrush_kit  # type: ignore[import-not-found]

    yield mattebrush_kit
    sys.path.remove(str(CLIENT))


@pytest.mark.parametrize("version", ["", *PYTHONS])
def test_cases(version: str) -> None:
    python = interpreter(version) if version else sys.executable
    if python is None:
        pytest.skip(f"Python {version} is not here; test_client.py says how to get it")
    done = subprocess.run([python, str(CASES)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-6000:]


def test_every_combination_is_an_option_of_the_engine(kit: Any) -> None:
    for op in contract.OPERATIONS:
        for row in kit.options_for(op):
            values = [value for value, _text in row.choices] or [row.default, row.low, row.high]
            for value in values:
                request = kit.job_options(op, {row.name: value})
                del request["op"]
                options.Options.from_json(request)


def test_choices_are_the_engines(kit: Any) -> None:
    assert [name for name, _text in kit.DEVICES] == list(options.DEVICES)
    assert {value for value, _text in kit.option("keep").choices} == set(options.KEEP)
    assert {value for value, _text in kit.option("matting").choices} <= {*options.MATTING_METHODS}


def test_every_stage_that_the_engine_tells_has_a_text(kit: Any) -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image[16:48, 16:48] = 255
    reported: set[str] = set()
    engine.remove_background(
        image, options.Options(feather=1.0), lambda stage, fraction: reported.add(stage)
    )
    assert reported == {"segmentation", "matting", "retouch", "decontamination"}
    assert reported <= set(kit.STAGES)


def test_every_error_of_the_engine_has_a_cure(kit: Any) -> None:
    codes = {
        kind.code
        for kind in vars(mattebrush.errors).values()
        if isinstance(kind, type) and issubclass(kind, mattebrush.errors.MattebrushError)
    }
    # Of the server's, those that a plug-in's job can meet.
    codes |= {"busy", "not-allowed", "origin-refused", "engine-crashed", "took-too-long"}
    codes |= {"upload-too-large", "upload-too-slow", "not-found", "not-finished"}
    assert codes <= set(kit.CURES)
    assert {action for _text, action in kit.CURES.values()} <= set(kit.CURE_ACTIONS)


def test_the_engine_lists_its_models(kit: Any, tmp_path: Path) -> None:
    import mattebrush_client as client  # type: ignore[import-not-found]

    settings = client.Settings(
        {"engine": "process", "python": sys.executable, "python_path": str(CORE.parent)}
    )
    models = kit.list_models(settings)
    assert models[0].id == options.EMBEDDED_MODEL and models[0].embedded and models[0].installed
    best, size, terms = kit.model_facts(models[0])
    assert best == models[0].best_at and size == "built in" and models[0].license in terms
    listed = kit.suitable(models)
    assert listed[0].id == options.EMBEDDED_MODEL
    assert {model.kind for model in listed} == {"salient", "prompt"}


def test_a_download_that_nobody_agreed_to_or_cannot_arrive(
    kit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mattebrush_client as client

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    settings = client.Settings({"python": sys.executable, "python_path": str(CORE.parent)})
    nowhere = kit.download("u2netp", settings, mirror=tmp_path.as_uri())
    with pytest.raises(client.EngineRefused) as refused:
        nowhere.result()
    assert refused.value.code == "download-failed"
    assert kit.cure(refused.value).action == "try-again"
    with pytest.raises(client.EngineRefused) as unknown:
        kit.download("no-such-model", settings).result()
    assert unknown.value.code == "model-unavailable"


def test_the_page_tells_stages_in_the_same_words(kit: Any) -> None:
    words = (Path(mattebrush_server.__file__).parent / "page" / "words.js").read_text("utf-8")
    table = re.search(r"const STAGES = \{(.*?)\};", words, re.DOTALL)
    assert table is not None
    matches = dict(re.findall(r'^  (\w+): "(.*)",$', table.group(1), re.MULTILINE))
    shared = {stage: text for stage, text in matches.items() if stage in kit.STAGES}
    assert {"segmentation", "matting", "retouch", "decontamination"} <= set(shared)
    assert shared == {stage: kit.STAGES[stage] for stage in shared}

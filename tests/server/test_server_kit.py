# SPDX-License-Identifier: Apache-2.0
"""What the plug-ins' kit asks of a server: its models, and a download by consent."""

from __future__ import annotations

import dataclasses
import functools
import http.server
import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from mattebrush.models import catalog, store
from mattebrush.options import EMBEDDED_MODEL
from tests.needs import shared
from tests.server.server_client import TOKEN

Serving = Callable[..., AbstractContextManager[Any]]
CLIENT = Path(__file__).parents[2] / "plugins" / "client"


@pytest.fixture
def kit(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(CLIENT))
    return importlib.import_module("mattebrush_kit")


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A loopback address that has mediapipe-selfie, and an empty store for models."""
    monkeypatch.setenv("MATTEBRUSH_HOME", str(tmp_path / "home"))
    folder = shared("weights/selfie_segmentation.onnx").parent

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def settings(kit: Any, **values: str) -> Any:
    return sys.modules["mattebrush_client"].Settings(values)


def test_an_engine_of_its_own_downloads_a_model(kit: Any, mirror: str) -> None:
    core = Path(catalog.__file__).parents[2]
    own = settings(kit, engine="process", python=sys.executable, python_path=str(core))
    job = kit.download("mediapipe-selfie", own, mirror)
    state = [(job.stage, job.fraction)]
    while not job.wait(0.01):
        state.append((job.stage, job.fraction))
    (path,) = job.result()["mediapipe-selfie"]
    assert Path(path).stat().st_size == shared("weights/selfie_segmentation.onnx").stat().st_size
    assert "download" in {stage for stage, _fraction in [*state, (job.stage, job.fraction)]}
    assert job.fraction == 1.0
    listed = {model.id: model for model in kit.list_models(own)}
    assert listed["mediapipe-selfie"].installed and not listed["u2net"].installed


def test_a_server_downloads_a_model_for_itself(
    kit: Any, mirror: str, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = dict(catalog.rows())
    (file,) = rows["mediapipe-selfie"].files
    near = dataclasses.replace(file, url=f"{mirror}/selfie_segmentation.onnx")
    (file,) = rows["mediapipe-meet"].files
    lost = dataclasses.replace(file, url=f"{mirror}/is-not-there.onnx")
    rows["mediapipe-meet"] = dataclasses.replace(rows["mediapipe-meet"], files=(lost,))
    rows["mediapipe-selfie"] = dataclasses.replace(rows["mediapipe-selfie"], files=(near,))
    monkeypatch.setattr(catalog, "rows", lambda: rows)
    with serving() as client:
        there = settings(kit, engine="server", server=client.server.url, token=TOKEN)
        before = {model.id: model for model in kit.list_models(there)}
        assert before["mediapipe-selfie"].size and not before["mediapipe-selfie"].installed
        assert kit.model_facts(before[EMBEDDED_MODEL])[1] == "built in"
        kit.download("mediapipe-selfie", there).result()
        assert store.installed(catalog.get("mediapipe-selfie"))
        assert {model.id for model in kit.list_models(there) if model.installed} >= {
            "mediapipe-selfie"
        }
        gone = kit.download("mediapipe-meet", there)
        with pytest.raises(sys.modules["mattebrush_client"].EngineRefused) as failed:
            gone.result()
        assert failed.value.code == "download-failed"
        refused = kit.download("no-such-model", there)
        with pytest.raises(sys.modules["mattebrush_client"].EngineRefused) as why:
            refused.result()
        assert why.value.code == "model-unavailable"

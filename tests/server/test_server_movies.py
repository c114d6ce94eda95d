# SPDX-License-Identifier: Apache-2.0
"""A short movie through the server and the page: there with its progress, back with alpha."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mattebrush_server import movies
from tests.server.server_client import Client
from tests.server.test_server_page import browser, opened_page  # noqa: F401 - a fixture
from tests.video.scenes import frames, overlap

av = pytest.importorskip("av")

CLIP = frames(6)


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("movie") / "ball.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=5)
        stream.width, stream.height = CLIP[0][0].shape[1], CLIP[0][0].shape[0]
        stream.pix_fmt = "bgr0"
        for picture, _ in CLIP:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path.read_bytes()


def send(client: Client, movie: bytes, query: str = "") -> Any:
    return client.ask("POST", f"/v1/movies?{query}", movie, Content_Type="video/x-matroska")


def alphas(data: bytes) -> list[np.ndarray]:
    with av.open(io.BytesIO(data)) as container:
        return [f.to_ndarray(format="rgba")[..., 3] for f in container.decode(video=0)]


def left_behind() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob("mattebrush-movie-*"))


def test_there_and_back(client: Client, movie: bytes) -> None:
    before = left_behind()
    answer = send(client, movie)
    assert answer.status == 202, answer.body
    job = answer.json()["id"]
    assert client.wait(job, 300)["state"] == "done"
    result = client.ask("GET", f"/v1/jobs/{job}/result")
    assert result.headers["content-type"] == "video/quicktime"
    value = alphas(result.body)
    assert len(value) == len(CLIP)
    assert min(overlap(a, truth) for a, (_, truth) in zip(value, CLIP, strict=True)) > 0.7
    report = client.ask("GET", f"/v1/jobs/{job}/result?format=report").json()
    assert report["frames"] == len(CLIP) and report["shots"] == [0]
    assert left_behind() == before


def test_what_is_not_taken(client: Client, movie: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert send(client, movie, "format=mp4").status == 400
    assert send(client, movie, "format=gif").status == 400
    assert client.ask("POST", "/v1/movies", movie, Content_Type="image/png").status == 415
    job = send(client, b"no movie at all").json()["id"]
    failed = client.wait(job, 300)
    assert failed["state"] == "failed" and failed["error"]["code"] == "input-invalid"
    assert failed["error"]["message"].startswith("The file is no movie")
    folder = str(Path(tempfile.gettempdir()) / "mattebrush-movie-test")
    params: dict[str, Any] = {"folder": folder, "format": "mov", "background": None, "options": {}}
    monkeypatch.setattr(movies, "MOST_FRAMES", 2)
    from mattebrush.errors import InputTooLarge
    from mattebrush_server.blobs import Blob

    with pytest.raises(InputTooLarge, match="too long"):
        movies.cut_out({"movie": Blob.of(movie)}, params, lambda stage, fraction: None)
    assert not Path(folder).exists()


@pytest.mark.hosts
def test_the_page_takes_one(browser: Any, client: Client, movie: bytes) -> None:  # noqa: F811
    with opened_page(browser, client) as page:
        page.set_default_timeout(240_000)
        file = {"name": "ball.mkv", "mimeType": "video/x-matroska", "buffer": movie}
        page.set_input_files("#files", files=[file])
        with page.expect_download(timeout=240_000) as download:
            page.get_by_role("button", name="Cut out").click()
        assert download.value.suggested_filename == "ball-cutout.mov"
        result = alphas(Path(download.value.path()).read_bytes())
        assert overlap(result[3], CLIP[3][1]) > 0.7
        page.get_by_role("button", name="Close").click()
        page.wait_for_selector("#movie", state="detached")

# SPDX-License-Identifier: Apache-2.0
"""The page of `mattebrush live`: a camera's frames there and back, in a real Chromium with its fake
camera, which shows a drawn clip.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattebrush_server import live_command
from tests.server.server_client import TOKEN
from tests.server.test_server_page import CHROMIUM, FLAGS, look, require_browser
from tests.video.scenes import BLUE, HEIGHT, RED, WIDTH, disc, ground, overlap, with_ball
from tests.video.scenes import frames as drawn

RAW = {"Content_Type": "application/octet-stream"}
SIZE = f"width={WIDTH}&height={HEIGHT}"
SECONDS = 120_000
CAMERA_RATE = 5


def two_balls() -> np.ndarray:
    """(H, W, 3) uint8: a red ball on the left, a blue one on the right, which stands out less."""
    picture = with_ball(ground(), 45, HEIGHT / 2, RED)
    return with_ball(picture, 120, HEIGHT / 2, BLUE)


def frame(picture: np.ndarray) -> bytes:
    return np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)]).tobytes()


def post(client: Any, picture: np.ndarray, more: str = "", name: str = "page") -> Any:
    return client.ask("POST", f"/v1/live/{name}?{SIZE}&step=1{more}", frame(picture), **RAW)


def alpha_of(answer: Any) -> np.ndarray:
    assert answer.status == 200, answer.body
    return np.frombuffer(answer.body, np.uint8).reshape(HEIGHT, WIDTH, 4)[..., 3]


# ---------------------------------------------------------------- the server


def test_frames_there_and_back(client: Any) -> None:
    for picture, truth in drawn(3):
        answer = post(client, picture)
        assert overlap(alpha_of(answer), truth) > 0.8
        assert "step;desc=1" in answer.headers["server-timing"]
        rgba = np.frombuffer(answer.body, np.uint8).reshape(HEIGHT, WIDTH, 4)
        assert not rgba[rgba[..., 3] == 0].any()
    blurred = alpha_of(post(client, drawn(1)[0][0], "&background=blur"))
    assert (blurred == 255).all()


def test_a_click_chooses_and_holds(client: Any) -> None:
    picture = two_balls()
    right, left = disc(120, HEIGHT / 2), disc(45, HEIGHT / 2)
    answer = post(client, picture, "&choose=0.75,0.5", "chooser")
    for _ in range(30):  # longer than a look afresh takes to come
        assert "subject;desc=chosen" in answer.headers["server-timing"]
        alpha = alpha_of(answer)
        assert overlap(alpha, right) > 0.75 and alpha[left].mean() < 10
        answer = post(client, picture, "", "chooser")
    answer = post(client, picture, "&choose=nothing", "chooser")
    assert "subject;desc=standing-out" in answer.headers["server-timing"]


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        (SIZE, frame(ground())[:-1], 400),
        ("width=4000&height=4000", b"", 400),
        ("width=1&height=1", b"1234", 400),
        (f"{SIZE}&background=red", b"", 400),
        (f"{SIZE}&choose=2,1", b"", 400),
        (f"{SIZE}&choose=a%0a", b"", 400),
        ("", b"", 400),
    ],
)
def test_what_makes_no_sense(client: Any, query: str, body: bytes, status: int) -> None:
    assert client.ask("POST", f"/v1/live/page?{query}", body, **RAW).status == status


def test_foreign_pages_and_machines_stay_out(client: Any, serving: Any) -> None:
    path, body = f"/v1/live/page?{SIZE}", frame(ground())
    assert client.ask("POST", path, body, token=None, **RAW).status == 401
    assert client.ask("POST", path, body, Origin="http://evil.example", **RAW).status == 403
    assert client.ask("POST", path, body, Host="evil.example", **RAW).status == 403
    with serving(host="0.0.0.0") as open_to_others:
        assert open_to_others.ask("POST", path, body, **RAW).status == 404


def test_the_engine_s_process_may_die(client: Any) -> None:
    """The next frame starts it anew."""
    picture, truth = drawn(1)[0]
    alpha_of(post(client, picture))
    pid = client.server.service.live.pid
    os.kill(pid, signal.SIGKILL)
    answer = post(client, picture)
    if answer.status != 200:  # it was sent while the old one died
        assert answer.json()["code"] == "engine-crashed"
        answer = post(client, picture)
    assert overlap(alpha_of(answer), truth) > 0.8
    assert client.server.service.live.pid != pid


# ---------------------------------------------------------------- the page


def written(path: Path, pictures: list[np.ndarray], rate: int = CAMERA_RATE) -> Path:
    """A clip for the fake camera: YUV4MPEG2, full range."""
    with path.open("wb") as file:
        height, width = pictures[0].shape[:2]
        file.write(f"YUV4MPEG2 W{width} H{height} F{rate}:1 Ip A1:1 C420jpeg\n".encode())
        for picture in pictures:
            planes = np.asarray(Image.fromarray(picture).convert("YCbCr"))
            small = planes.reshape(height // 2, 2, width // 2, 2, 3).mean(axis=(1, 3))
            file.write(b"FRAME\n" + planes[..., 0].tobytes())
            for chroma in (1, 2):
                file.write(np.ascontiguousarray(small[..., chroma]).astype(np.uint8).tobytes())
    return path


Camera = Callable[[list[np.ndarray]], Any]


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    """To open a Chromium whose camera shows these pictures; gives a context of it."""
    require_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = []

        def open_browser(pictures: list[np.ndarray]) -> Any:
            clip = written(tmp_path / "camera.y4m", pictures)
            flags = [
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-video-capture={clip}",
            ]
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
            opened.append(browser)
            context = browser.new_context(viewport={"width": 800, "height": 600})
            context.set_default_timeout(SECONDS)
            return context

        yield open_browser
        for browser in opened:
            browser.close()


ALPHA = """() => {
  const out = document.getElementById("out");
  const { width, height } = out;
  const { data } = out.getContext("2d").getImageData(0, 0, width, height);
  return [width, height, Array.from(data)];
}"""


PIXEL = '((x, y) => document.getElementById("out").getContext("2d").getImageData(x, y, 1, 1).data)'


def picture_on(page: Any) -> np.ndarray:
    width, height, data = page.evaluate(ALPHA)
    return np.array(data, np.uint8).reshape(height, width, 4)


def until(page: Any, test: str) -> None:
    page.wait_for_function(f"() => {test}")


def test_the_page_shows_the_camera_cut_out(camera: Camera, client: Any) -> None:
    page = camera([two_balls()]).new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    link = client.server.page_link().replace("/#", f"{live_command.PAGE}?width={WIDTH}&rate=5#")
    page.goto(link)
    until(page, "document.body.dataset.rate > 0 && document.body.dataset.delay > 0")
    rgba = picture_on(page)
    # Chromium's fake camera does not keep to a clip's size; what it shows is the same.
    scale = rgba.shape[1] / WIDTH
    both = picture_at_scale(disc(45, HEIGHT / 2) | disc(120, HEIGHT / 2), rgba.shape[:2])
    assert rgba[..., 3].max() == 255 and (rgba[..., 3] == 0).mean() > 0.3
    assert rgba[..., 3][~both].mean() < 60, scale
    look(page, "live")
    box = page.locator("#out").bounding_box()
    displayed = min(box["width"] / rgba.shape[1], box["height"] / rgba.shape[0])
    page.mouse.click(
        box["x"] + box["width"] / 2 + (120 - WIDTH / 2) * scale * displayed,
        box["y"] + box["height"] / 2,
    )
    until(page, '!document.getElementById("anew").hidden')
    until(page, f"{PIXEL}({round(45 * scale)}, {round(48 * scale)})[3] < 20")
    assert picture_on(page)[..., 3][picture_at_scale(disc(45, 48), rgba.shape[:2])].mean() < 20
    page.keyboard.press("Escape")
    until(page, 'document.getElementById("anew").hidden')
    page.get_by_label("Blur").check()
    until(page, f"{PIXEL}(0, 0)[3] === 255")
    look(page, "live-blur")
    page.reload()  # what was chosen is so again; the session lives in the tab
    until(page, "document.body.dataset.rate > 0")
    assert page.get_by_label("Blur").is_checked()
    assert problems == []


def picture_at_scale(mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    rows = np.arange(shape[0]) * mask.shape[0] // shape[0]
    columns = np.arange(shape[1]) * mask.shape[1] // shape[1]
    return mask[rows[:, None], columns]


def test_a_browser_source_is_the_picture_alone_on_nothing(camera: Camera, client: Any) -> None:
    page = camera([two_balls()]).new_page()
    address = f"{client.server.url}{live_command.PAGE}"
    page.goto(f"{address}?bare=1&width={WIDTH}&rate=5#token={TOKEN}")
    until(page, "document.body.dataset.rate > 0")
    assert not page.locator("#controls").is_visible()
    shot = np.asarray(Image.open(io.BytesIO(page.screenshot(omit_background=True))))
    assert shot.shape[2] == 4 and shot[5, 5, 3] == 0 and shot[..., 3].max() == 255
    page.goto(f"{address}?bare=1&width={WIDTH}&rate=5&background=%23ff00ff#token={TOKEN}")
    page.reload()
    until(page, "document.body.dataset.rate > 0")
    shot = np.asarray(Image.open(io.BytesIO(page.screenshot(omit_background=True))))
    assert (shot[..., :3] == [255, 0, 255]).all(axis=2).mean() > 0.3


def test_without_a_session_the_page_says_how(camera: Camera, client: Any) -> None:
    page = camera([two_balls()]).new_page()
    page.goto(f"{client.server.url}{live_command.PAGE}")
    until(page, 'document.getElementById("problem").textContent.includes("mattebrush live")')


# ---------------------------------------------------------------- the command


def test_the_link_for_obs_stays(tmp_path: Path) -> None:
    environment = {**os.environ, "MATTEBRUSH_HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}

    def start(*more: str) -> dict[str, Any]:
        words = [sys.executable, "-m", "mattebrush", "live", "--page", "--print", *more]
        with subprocess.Popen(words, stdout=subprocess.PIPE, env=environment, text=True) as process:
            assert process.stdout
            output = process.stdout.readline()
            known = json.loads((tmp_path / "live.json").read_text("utf-8"))
            assert f":{known['port']}{live_command.PAGE}#key=" in output
            assert known["token"] not in output
            process.terminate()
            process.wait(60)
        return dict(known)

    first = start()
    assert start() == first
    assert start("--new-link")["token"] != first["token"]
    if os.name == "posix":
        assert (tmp_path / "live.json").stat().st_mode & 0o77 == 0

# SPDX-License-Identifier: Apache-2.0
"""`mattebrush review`: the queue, worst first; decisions; what is brushed is written in place."""

from __future__ import annotations

import contextlib
import io
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattebrush.batch import manifest
from mattebrush.batch.review import Queue
from mattebrush.cli.command_line import main
from mattebrush.errors import InputInvalid
from tests.server.server_client import TOKEN, Client, png, running, scene
from tests.server.test_server_page import SECONDS, browser, look  # noqa: F401 - a fixture


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A batch of three, one of them broken, with a shop's frame."""
    root = tmp_path_factory.mktemp("review")
    source = root / "in" / "sub"
    source.mkdir(parents=True)
    (source / "one.png").write_bytes(png(scene(320, 240)))
    noise = np.random.default_rng(2).integers(90, 130, (240, 320, 3)).astype(np.uint8)
    (source / "two.png").write_bytes(png(noise))
    (source / "broken.jpg").write_bytes(b"no picture")
    main(["batch", str(root / "in"), str(root / "out"), "--preset", "square", "-q"])
    return root / "out"


@pytest.fixture
def batch(made: Path, tmp_path: Path) -> Path:
    """The same, in a folder of its own."""
    import shutil

    shutil.copytree(made, tmp_path / "out")
    return tmp_path / "out"


def rows(folder: Path) -> dict[str, dict[str, Any]]:
    return manifest.read(folder / manifest.NAME)


def test_the_worst_come_first_and_decisions_are_lines(batch: Path) -> None:
    queue = Queue(batch)
    order = [row["key"] for row in queue.rows()]
    assert order == ["sub/broken.jpg", "sub/two.png", "sub/one.png"]
    before = (batch / "sub/one.png").read_bytes()
    number = queue.rows()[2]["id"]
    queue.accept(number)
    assert rows(batch)["sub/one.png"]["review"] == "accepted"
    assert (batch / "sub/one.png").read_bytes() == before
    queue.reject(number)
    assert rows(batch)["sub/one.png"]["review"] == "rejected"
    with pytest.raises(InputInvalid, match="no result"):
        queue.accept(queue.rows()[0]["id"])
    with pytest.raises(InputInvalid, match="no batch"):
        Queue(batch.parent)


def test_what_is_painted_is_written_in_place_as_the_batch_makes_it(batch: Path) -> None:
    queue = Queue(batch)
    number = next(row["id"] for row in queue.rows() if row["key"] == "sub/one.png")
    first = np.asarray(Image.open(io.BytesIO(queue.mask(number))))
    strokes = np.zeros((240, 320, 4), np.uint8)
    strokes[100:140, 140:180] = (0, 0, 0, 255)  # out of the middle
    painted = np.asarray(Image.open(io.BytesIO(queue.paint(number, png(strokes)))))
    assert first[120, 160] == 255 and painted[120, 160] == 0
    undone = np.asarray(Image.open(io.BytesIO(queue.undo(number))))
    assert (undone == first).all()
    queue.paint(number, png(strokes))
    before = Image.open(batch / "sub/one.png")
    queue.accept(number)
    after = Image.open(batch / "sub/one.png")
    assert after.mode == before.mode and after.width == after.height  # the square frame again
    assert np.asarray(after)[..., 3].mean() < np.asarray(before)[..., 3].mean()
    assert rows(batch)["sub/one.png"]["review"] == "accepted"
    # The batch takes it for done.
    assert main(["batch", str(batch.parent / "nowhere"), str(batch), "--resume", "-q"]) != 0


def test_a_result_outside_the_folder_is_not_touched(batch: Path) -> None:
    row = rows(batch)["sub/one.png"]
    record = manifest.Manifest(batch)
    record.add({**row, "output": "../../victim.png"})
    record.close()
    queue = Queue(batch)
    number = next(row["id"] for row in queue.rows() if row["key"] == "sub/one.png")
    with pytest.raises(InputInvalid):
        queue.result(number)


def test_the_routes_need_a_review_and_a_token(batch: Path) -> None:
    with running() as client:
        assert client.ask("GET", "/v1/review").status == 404
    with running(review=batch) as client:
        assert client.ask("GET", "/v1/review", token=None).status == 401
        reported = client.ask("GET", "/v1/review").json()
        assert len(reported["pictures"]) == 3 and TOKEN not in str(reported)
        assert client.ask("GET", "/v1/review/0123456789abcdef/result").status in (400, 404)


@contextlib.contextmanager
def review_page(browser: Any, client: Client) -> Iterator[Any]:  # noqa: F811 - the fixture
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    page.set_default_timeout(SECONDS)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(client.server.page_link().replace("/#", "/page/review.html#"))
    yield page
    context.close()
    assert problems == []


def wait_for_picture(page: Any, key: str) -> None:
    page.wait_for_function("key => document.body.dataset.shown === key", arg=key)
    page.wait_for_function("() => !document.body.classList.contains('busy')")


@pytest.mark.hosts
def test_the_page_goes_through_the_queue_by_keyboard(batch: Path, browser: Any) -> None:  # noqa: F811
    with running(review=batch) as client, review_page(browser, client) as page:
        wait_for_picture(page, "sub/broken.jpg")
        assert "not a picture" in page.locator("#problem").inner_text()
        page.keyboard.press("r")
        wait_for_picture(page, "sub/two.png")
        page.keyboard.press("ArrowRight")
        wait_for_picture(page, "sub/one.png")
        assert page.locator("#count").inner_text() == "3 of 3"
        page.keyboard.press("d")
        page.wait_for_function("() => document.querySelector('#drop').ariaPressed === 'true'")
        before = (batch / "sub/one.png").read_bytes()
        box = page.locator("#result").bounding_box()
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.move(middle[0] - 20, middle[1])
        page.mouse.down()
        page.mouse.move(middle[0] + 20, middle[1], steps=4)
        page.mouse.up()
        page.wait_for_function("() => !document.querySelector('#undo').disabled")
        look(page, "review")
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelector('#decision').textContent !== ''")
        assert page.locator("#problem").inner_text() == ""
        page.keyboard.press("ArrowLeft")
        wait_for_picture(page, "sub/two.png")
    assert rows(batch)["sub/broken.jpg"]["review"] == "rejected"
    assert rows(batch)["sub/one.png"]["review"] == "accepted"
    assert "review" not in rows(batch)["sub/two.png"]
    assert (batch / "sub/one.png").read_bytes() != before


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT")
def test_the_command_prints_a_link_and_ends(batch: Path) -> None:
    command = [sys.executable, "-m", "mattebrush", "review", str(batch), "--print"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "/page/review.html#key=" in line
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert main(["review", str(batch.parent / "nothing")]) == InputInvalid.exit_status

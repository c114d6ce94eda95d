# SPDX-License-Identifier: Apache-2.0
"""The page's work is safe: kept in the tab when the server goes, asked for before it is left, its
jobs ended when it is; strokes that lower the error; what one drops that is no picture; memory.
"""

from __future__ import annotations

import base64
import io
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image, ImageDraw

from mattebrush_server import addresses
from tests.server.server_client import Client, png, scene, until
from tests.server.test_server_page import (
    DESK,
    DROP,
    SECONDS,
    done,
    drop,
    idle,
    look,
    mask_of,
    opened_page,
    pixels,
    saved,
    stroke,
)

pytestmark = pytest.mark.hosts

# pytest finds fixtures by the name in the module.
from tests.server.test_server_page import browser, page  # noqa: E402, F401


def blob_job(client: Client) -> list[Any]:
    return client.server.service.store.select(lambda job: not job.finished)


def test_finished_work_is_saved_and_painted_without_a_server(
    browser: Any,  # noqa: F811
    serving: Any,
) -> None:
    with serving() as client:
        context = browser.new_context(**DESK, accept_downloads=True)
        page = context.new_page()
        page.set_default_timeout(SECONDS)
        page.goto(client.server.page_link())
        page.wait_for_selector("#empty", state="visible")
        drop(page, png(scene(480, 320)))
        done(page)
        until(lambda: client.server.service.store.select(lambda job: True) == [])  # all is here
    before = mask_of(page)
    assert before[160, 240] == 255
    cut = pixels(saved(page, "png")[1])
    assert (cut[:, :, 3] == before).all()
    page.locator("#feather").fill("3")
    assert len(np.unique(mask_of(page))) > len(np.unique(before))
    page.locator("#feather").fill("0")
    page.keyboard.press("d")
    stroke(page, (0.45, 0.5), (0.55, 0.5))
    page.wait_for_selector("#toast", state="visible")
    idle(page)
    look(page, "server-gone")
    message = page.inner_text("#toast")
    assert "does not answer" in message and "as you painted" in message
    painted = mask_of(page)
    assert painted[160, 240] == 0 and (painted[:100] == before[:100]).all()
    page.keyboard.press("k")
    stroke(page, (0.05, 0.1), (0.1, 0.1))
    page.wait_for_function("() => document.querySelectorAll('#busy:not([hidden])').length === 0")
    idle(page)
    cut = pixels(saved(page, "png")[1])
    assert cut[32, 36, 3] == 255 and (cut[32, 36, :3] == scene(480, 320)[32, 36]).all()
    with page.expect_download():
        page.click("#save-all")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert (mask_of(page) == before).all()
    context.close()


def test_it_is_asked_before_work_is_left(page: Any) -> None:  # noqa: F811
    requested: list[str] = []

    def answer(dialog: Any) -> None:
        requested.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    page.reload()
    page.wait_for_selector("#empty", state="visible")
    assert requested == []  # nothing is lost
    drop(page, png(scene(480, 320)))
    done(page)
    page.mouse.click(300, 300)  # browsers ask only those who have used a page
    page.reload()
    page.wait_for_selector("#empty", state="visible")
    assert requested == ["beforeunload"]
    drop(page, png(scene(480, 320)))
    done(page)
    page.mouse.click(300, 300)
    saved(page, "png")
    page.reload()
    page.wait_for_selector("#empty", state="visible")
    assert requested == ["beforeunload"]  # it had been saved


def test_the_jobs_of_a_page_end_with_it(browser: Any, serving: Any) -> None:  # noqa: F811
    with serving() as client:
        context = browser.new_context(**DESK)
        page = context.new_page()
        page.goto(client.server.page_link())
        page.wait_for_selector("#empty", state="visible")
        with client.held():
            for number in range(2):
                drop(page, png(scene(600, 400)), f"{number}.png")
            until(lambda: len(blob_job(client)) == 2)
            other = client.send({"op": "remove"}, image=scene(600, 400))  # another program's
            page.close(run_before_unload=False)
            page.wait_for_timeout(0) if not page.is_closed() else None
            until(lambda: [job.id for job in blob_job(client)] == [other])
        assert client.wait(other)["state"] == "done"
        context.close()


def test_a_server_stays_while_a_page_is_open(browser: Any, serving: Any) -> None:  # noqa: F811
    with serving(idle_exit=1.0) as client:
        context = browser.new_context(**DESK)
        page = context.new_page()
        page.goto(client.server.page_link())
        page.wait_for_selector("#empty", state="visible")
        until(lambda: client.server.service.pages.any_open())
        end = time.monotonic() + 4
        while time.monotonic() < end:
            assert client.server.service.idle_seconds() == 0
            time.sleep(0.2)
        context.close()
        until(lambda: client.server.service.idle_seconds() > 1)


def test_a_page_that_was_not_heard_of_has_gone(
    serving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mattebrush_server import pages

    with serving() as client:
        client.ask("PUT", "/v1/pages/here", X_Page="here")
        sent = png(scene(3000, 2000))
        answer = client.ask("POST", "/v1/jobs", sent, Content_Type="image/png", X_Page="here")
        assert answer.status == 202 and client.server.service.pages.any_open()
        monkeypatch.setattr(pages, "AWAY_SECONDS", 0.0)
        until(lambda: client.ask("GET", f"/v1/jobs/{answer.json()['id']}").status == 404)


# ------------------------------------------------------------------ strokes


def furry(width: int = 640, height: int = 480) -> tuple[np.ndarray, np.ndarray]:
    """A picture with a hairy subject, and its true alpha."""
    noise = np.random.default_rng(3)
    large = Image.new("L", (2 * width, 2 * height))
    draw = ImageDraw.Draw(large)
    draw.ellipse((width * 0.5, height * 0.5, width * 1.5, height * 1.6), fill=255)
    for angle in np.linspace(0, 2 * np.pi, 260):
        x, y = width + 0.5 * width * np.cos(angle), 1.05 * height + 0.55 * height * np.sin(angle)
        length = noise.uniform(10, 60)
        bend = angle + noise.normal(0, 0.4)
        draw.line((x, y, x + length * np.cos(bend), y + length * np.sin(bend)), fill=255, width=3)
    alpha = np.asarray(large.resize((width, height), Image.Resampling.BOX)) / 255
    subject = np.array([190, 120, 60]) + noise.normal(0, 12, (height, width, 1))
    ground = np.array([40, 90, 150]) + noise.normal(0, 12, (height, width, 1))
    picture = subject * alpha[..., None] + ground * (1 - alpha[..., None])
    return np.clip(picture, 0, 255).astype(np.uint8), alpha


def test_strokes_lower_the_error(page: Any) -> None:  # noqa: F811
    """A bite is taken out of the mask, then two strokes put back what was there, and the brush for
    hair has its rim decided."""
    picture, truth = furry()
    drop(page, png(picture), "furry.png")
    done(page)

    def error() -> float:
        return float(np.abs(mask_of(page) / 255 - truth).mean())

    box = page.locator("#picture").bounding_box()
    width, height = truth.shape[1], truth.shape[0]
    scale = min(box["width"] / width, box["height"] / height, 1)
    left = box["x"] + (box["width"] - width * scale) / 2
    top = box["y"] + (box["height"] - height * scale) / 2

    def paint(key: str, size: int, *points: tuple[float, float]) -> None:
        page.keyboard.press(key)
        page.locator("#brush").fill(str(size))
        page.focus("#picture")
        page.mouse.move(left + points[0][0] * scale, top + points[0][1] * scale)
        page.mouse.down()
        for x, y in points[1:]:
            page.mouse.move(left + x * scale, top + y * scale, steps=6)
        page.mouse.up()
        idle(page)

    start = error()
    paint("d", 120, (230, 170), (410, 170))
    damaged = error()
    assert damaged > start + 0.02
    look(page, "strokes-damaged")
    paint("k", 60, (240, 160), (400, 160))
    paint("k", 60, (240, 205), (400, 205))
    repaired = error()
    look(page, "strokes-repaired")
    paint("g", 60, (180, 150), (250, 105), (320, 92), (390, 105), (460, 150))
    look(page, "strokes-hair")
    decided = error()
    assert repaired - start < 0.5 * (damaged - start)
    assert decided <= repaired + 0.002
    for _ in range(4):
        page.click("#undo")
    assert error() == start


def test_a_pen_presses_and_its_other_end_drops(page: Any) -> None:  # noqa: F811
    drop(page, png(scene(480, 320)))
    done(page)
    page.keyboard.press("k")
    page.evaluate(
        """() => {
          const canvas = document.getElementById("picture");
          const box = canvas.getBoundingClientRect();
          const [left, top] = [box.left + (box.width - 480) / 2, box.top + (box.height - 320) / 2];
          canvas.setPointerCapture = () => {};
          const send = (type, x, y, more) => canvas.dispatchEvent(new PointerEvent(type, {
            pointerId: 7, pointerType: "pen", clientX: left + x, clientY: top + y, bubbles: true,
            pressure: 1, ...more }));
          send("pointerdown", 200, 160, { button: 5, buttons: 32 });
          send("pointermove", 280, 160, { button: -1, buttons: 32 });
          send("pointerup", 280, 160, { button: 5, buttons: 0 });
        }"""
    )
    idle(page)
    page.wait_for_selector("#undo:enabled")
    mask = mask_of(page)
    assert mask[160, 240] == 0


# ------------------------------------------------------------------ in and out


DROP_LINK = """() => {
  const transfer = new DataTransfer();
  transfer.setData("text/uri-list", "https://example.com/cat.jpg");
  window.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer }));
}"""


def test_a_link_that_is_dropped_is_answered(page: Any) -> None:  # noqa: F811
    page.evaluate(DROP_LINK)
    page.wait_for_selector("#toast", state="visible")
    assert "link" in page.inner_text("#toast") and "save the picture" in page.inner_text("#toast")


def test_the_link_may_be_pasted_into_the_open_tab(
    browser: Any,  # noqa: F811
    client: Any,
) -> None:
    context = browser.new_context()
    page = context.new_page()  # noqa: F811
    page.goto(client.server.url)
    page.wait_for_selector("#sign-in", state="visible")
    page.evaluate("link => { location.hash = link.split('#')[1]; }", client.server.page_link())
    page.wait_for_selector("#empty", state="visible")
    assert "key" not in page.url
    context.close()
    context = browser.new_context()
    page = context.new_page()
    page.goto(client.server.url)
    for text in ("wrong", f"{client.server.url}/#key=wrong"):
        page.fill("#token", text)
        page.press("#token", "Enter")
        page.wait_for_function("() => document.getElementById('sign-in-error').textContent")
        message = page.inner_text("#sign-in-error")
        assert "mattebrush page" in message and "Bearer" not in message
    page.fill("#token", client.server.page_link())
    page.press("#token", "Enter")
    page.wait_for_selector("#empty", state="visible")
    context.close()


def test_a_session_that_ends_loses_nothing(page: Any, client: Any) -> None:  # noqa: F811
    drop(page, png(scene(480, 320)))
    done(page)
    sessions = dict(client.server.guard._sessions)
    client.server.guard._sessions.clear()
    page.keyboard.press("d")
    stroke(page, (0.45, 0.5), (0.55, 0.5))
    page.wait_for_selector("#sign-in", state="visible")
    page.fill("#token", client.server.page_link())
    page.press("#token", "Enter")
    page.wait_for_selector("#sign-in", state="hidden")
    assert page.locator("#strip .done").count() == 1 and mask_of(page)[160, 240] == 0
    client.server.guard._sessions.update(sessions)


def test_a_copy_goes_to_the_clipboard(browser: Any, client: Any) -> None:  # noqa: F811
    context = browser.new_context(**DESK)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()  # noqa: F811
    page.goto(client.server.page_link())
    page.wait_for_selector("#empty", state="visible")
    drop(page, png(scene(480, 320)))
    done(page)
    page.click("#copy")
    page.wait_for_function("() => /Copied/.test(document.getElementById('status').textContent)")
    data = page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          const bytes = new Uint8Array(await (await item.getType("image/png")).arrayBuffer());
          return btoa(String.fromCharCode(...bytes));
        }"""
    )
    assert pixels(base64.b64decode(data)).shape == (320, 480, 4)
    context.close()


def test_one_background_for_all_or_for_one(page: Any) -> None:  # noqa: F811
    for name in ("a.png", "b.png"):
        drop(page, png(scene(240, 160)), name)
    done(page, 2)
    page.get_by_label("Blue").check(force=True)
    import zipfile

    def corners() -> list[tuple[int, ...]]:
        with zipfile.ZipFile(io.BytesIO(saved(page, "all")[1])) as archive:
            return [tuple(pixels(archive.read(name))[2, 2]) for name in sorted(archive.namelist())]

    assert corners() == [(0x19, 0x71, 0xC2)] * 2 or corners() == [(0x19, 0x71, 0xC2, 255)] * 2
    page.uncheck("#for-all")
    page.get_by_label("b, done").click()
    page.get_by_label("Transparent", exact=True).check(force=True)
    blue, clear = corners()
    assert blue[:3] == (0x19, 0x71, 0xC2) and clear[3] == 0


def test_a_model_is_downloaded_by_consent_only(
    browser: Any,  # noqa: F811
    serving: Any,
    install: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mattebrush.models import catalog
    from mattebrush.models import install as installing

    fetched = threading.Event()

    def pull(row: Any, mirror: str = "", progress: Any = None) -> list[Any]:
        progress("file", 0.5)
        install(row.id)  # the network itself, without the network
        fetched.set()
        return []

    monkeypatch.setattr(installing, "pull", pull)
    monkeypatch.setenv("MATTEBRUSH_HOME", os.environ.get("MATTEBRUSH_HOME", "/nowhere"))
    row = catalog.get("u2netp")
    with serving() as client:
        wrong = json.dumps({"accept_license": "mine"})
        kind = {"Content_Type": "application/json"}
        assert client.ask("POST", "/v1/models/u2netp", wrong, **kind).status == 400
        assert not fetched.is_set()
        with opened_page(browser, client) as page:
            drop(page, png(scene(480, 320)))
            done(page)
            page.select_option("#model", "u2netp")
            page.wait_for_selector("#consent[open]")
            look(page, "consent")
            text = page.inner_text("#consent")
            assert row.license in text and row.name in text and "MB" in text
            page.click("#consent button[value=no]")
            page.wait_for_selector("#consent:not([open])", state="attached")
            assert not fetched.is_set() and page.locator("#model").input_value() == ""
            page.select_option("#model", "u2netp")
            page.click("#agree")
            page.wait_for_selector("#undo:enabled")
            assert fetched.is_set() and page.locator("#model").input_value() == "u2netp"
    with serving(downloads=False) as client:
        consent = json.dumps({"accept_license": row.license})
        answer = client.ask("POST", "/v1/models/silueta", consent, **kind)
        assert answer.status == 422 and "models pull silueta" in answer.json()["fix"]


def test_clicks_go_to_the_promptable_model_that_was_chosen(
    browser: Any,  # noqa: F811
    serving: Any,
    install: Callable[[str], None],
) -> None:
    install("mobile-sam")
    with serving() as client, opened_page(browser, client) as page:  # noqa: F811
        drop(page, png(scene(480, 320)))
        done(page)
        assert page.locator("#prompt-model").is_hidden()
        page.keyboard.press("c")
        here = page.locator("#prompt-model optgroup").first.locator("option")
        assert here.all_inner_texts() == ["Built in", "MobileSAM"]
        models = []
        submit = client.server.service.submit

        def noting(job: Any, device: str = "auto") -> None:
            models.append(job.params["options"].get("model"))
            submit(job, device)

        client.server.service.submit = noting
        for place, name in enumerate(("MobileSAM", "Built in")):
            page.select_option("#prompt-model", label=name)
            page.locator("#picture").click()
            until(lambda: len(models) > place)  # noqa: B023
            idle(page)
            assert page.locator("#failure").is_hidden() and page.locator("#toast").is_hidden()
        assert models == ["mobile-sam", None]


def test_a_phone_gets_a_link_where_the_server_is_for_others(
    browser: Any,  # noqa: F811
    serving: Any,
) -> None:
    with serving(host="0.0.0.0") as client:
        if not addresses.for_others("0.0.0.0", client.port):
            pytest.skip("this machine has no address for others")
        with opened_page(browser, client) as page:
            page.click("#phone")
            page.wait_for_selector("#phone-dialog[open]")
            look(page, "phone-link")
            link = page.inner_text("#phone-link")
            assert link.startswith("http://") and "127.0.0.1" not in link and "#key=" in link
            assert page.evaluate("() => document.querySelector('#qr path').getTotalLength()") > 100
        phone = browser.new_context().new_page()
        phone.goto(link)
        phone.wait_for_selector("#empty", state="visible")
        phone.context.close()


def test_nobody_else_gets_a_link(page: Any) -> None:  # noqa: F811
    assert page.locator("#phone").is_hidden()


def test_it_can_be_installed(page: Any, client: Any) -> None:  # noqa: F811
    state = page.context.new_cdp_session(page).send("Page.getAppManifest")
    assert state["errors"] == [] and state["url"].endswith("/page/app.webmanifest")
    manifest = json.loads(state["data"])
    assert manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        kind = client.ask("GET", icon["src"], token=None).headers["content-type"]
        assert kind.partition(";")[0] == icon["type"]


@pytest.mark.parametrize("language", ("de", "ja"))
def test_it_speaks_other_languages(
    browser: Any,  # noqa: F811
    client: Any,
    language: str,
) -> None:
    context = browser.new_context(**DESK, locale=language)
    page = context.new_page()  # noqa: F811
    page.set_default_timeout(SECONDS)
    page.goto(client.server.page_link())
    page.wait_for_selector("#empty", state="visible")
    drop(page, png(scene(480, 320)))
    done(page)
    look(page, f"language-{language}")
    english = page.evaluate(
        """() => [...document.querySelectorAll("[data-t]")]
          .filter((e) => e.dataset.t && e.textContent === e.dataset.t).map((e) => e.dataset.t)"""
    )
    assert page.evaluate("() => document.documentElement.lang") == language
    same = {"Hand", "Model", "Download", "Feather", "Story 9:16", "Zoom", "Modell"}
    assert not [text for text in english if text not in same and "×" not in text]
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.select_option("#language", "en")
    assert page.inner_text("#add") == "Add pictures"
    context.close()


# ------------------------------------------------------------------ memory


@pytest.fixture
def large_files(tmp_path: Path) -> Iterator[list[str]]:
    """Eight pictures of 24 megapixels."""
    files = []
    for number in range(8):
        path = tmp_path / f"{number}.jpg"
        Image.fromarray(scene(6000, 4000)).save(path, quality=85)
        files.append(str(path))
    yield files


@pytest.mark.slow
def test_eight_large_pictures_take_little_memory(
    browser: Any,  # noqa: F811
    client: Any,
    large_files: list[str],
) -> None:
    with opened_page(browser, client) as page:  # noqa: F811
        page.set_default_timeout(600_000)
        before = renderers()
        page.set_input_files("#files", large_files)
        most = 0.0
        while page.locator("#strip .done").count() < 8:
            most = max(most, megabytes(before))
            page.wait_for_timeout(250)
        print(f"\nwhile they are cut out: {most:.0f} MB at most")
        for name in ("3", "5", "7"):
            page.get_by_label(f"{name}, done").click()
            page.wait_for_timeout(1500)
            most = max(most, megabytes(before))
        print(f"while they are looked at: {most:.0f} MB at most")
        with page.expect_download():
            page.click("#save-all")
        most = max(most, megabytes(before))
        print(f"eight pictures of 24 megapixels: {most:.0f} MB at most in the tab")
        assert most < 520


def renderers() -> set[int]:
    """Processes of pages that are no business of the one about to be measured."""
    return {each.pid for each in _pages() if each.memory_info().rss < 40e6}


def _pages() -> list[psutil.Process]:
    results = []
    for each in psutil.Process().children(recursive=True):
        try:
            if "--type=renderer" in " ".join(each.cmdline()):
                results.append(each)
        except psutil.Error:
            continue
    return results


def megabytes(others: set[int]) -> float:
    """What the largest page holds of its own."""
    sizes = [each.memory_info().rss / 1e6 for each in _pages() if each.pid not in others]
    return max(sizes, default=0.0)


__all__ = ("DROP",)

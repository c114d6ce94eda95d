# SPDX-License-Identifier: Apache-2.0
"""The page, used in a real browser: pictures in, brush, sliders, downloads, failures, keyboard.

With MATTEBRUSH_SCREENSHOTS=folder, what it looked like is kept there.
"""

from __future__ import annotations

import base64
import contextlib
import io
import os
import shutil
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from tests.server.server_client import png, scene, until

pytestmark = pytest.mark.hosts

CHROMIUM = os.environ.get("MATTEBRUSH_CHROMIUM") or shutil.which("chromium") or ""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SECONDS = 30_000
_TRANSFER = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: "image/png" }));
  const tell = (event) => window.dispatchEvent(event);
"""
DROP = (
    _TRANSFER
    + """
  for (const type of ["dragover", "drop"]) tell(new DragEvent(type, { dataTransfer: transfer }));
}"""
)
PASTE = (
    _TRANSFER
    + """
  tell(new ClipboardEvent("paste", { clipboardData: transfer }));
}"""
)


def missing_browser() -> str:
    """What has to be done before a browser can be driven; "" where nothing has."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "pip install playwright"
    return "" if CHROMIUM else "tests/hosts/install_chromium.sh, or set MATTEBRUSH_CHROMIUM"


def require_browser() -> None:
    """Skips where there is none; in CI that is a failure."""
    missing = missing_browser()
    if missing and os.environ.get("MATTEBRUSH_CI"):
        pytest.fail(f"The page cannot be tested: {missing}")
    if missing:
        pytest.skip(missing)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, headless."""
    require_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Any, client: Any) -> Iterator[Any]:
    """The page, opened by its link; fails the test when anything went wrong in it unseen."""
    with opened_page(browser, client) as opened:
        yield opened


DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}


@contextlib.contextmanager
def opened_page(browser: Any, client: Any, device: dict[str, Any] = DESK) -> Iterator[Any]:
    context = browser.new_context(**device, accept_downloads=True, reduced_motion="reduce")
    opened = context.new_page()
    opened.set_default_timeout(SECONDS)
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    outside: list[str] = []
    opened.on(
        "request",
        lambda request: (
            outside.append(request.url)
            if not request.url.startswith((client.server.url, "blob:", "data:"))
            else None
        ),
    )
    opened.goto(client.server.page_link())
    opened.wait_for_selector("#empty", state="visible")
    yield opened
    context.close()
    assert problems == [] and outside == []


def look(page: Any, name: str) -> None:
    """Keeps a screenshot where one is requested for."""
    folder = os.environ.get("MATTEBRUSH_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def drop(page: Any, data: bytes, name: str = "disc.png") -> None:
    page.evaluate(DROP, [name, base64.b64encode(data).decode()])


def done(page: Any, count: int = 1) -> None:
    page.wait_for_function("n => document.querySelectorAll('#strip .done').length === n", arg=count)


def saved(page: Any, form: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.click(f"[data-save={form}]")
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data))).astype(int)


def stroke(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Paints between two places given in shares of the picture as it is shown, 480 x 320."""
    box = page.locator("#picture").bounding_box()
    left = box["x"] + (box["width"] - 480) / 2
    top = box["y"] + (box["height"] - 320) / 2
    page.mouse.move(left + start[0] * 480, top + start[1] * 320)
    page.mouse.down()
    page.mouse.move(left + end[0] * 480, top + end[1] * 320, steps=8)
    page.mouse.up()


@pytest.fixture
def loaded(page: Any) -> Any:
    """The page with one picture done: a disc, 480 x 320, shown at 100 percent."""
    drop(page, png(scene(480, 320)))
    done(page)
    return page


def test_drop_and_every_download(loaded: Any) -> None:
    look(loaded, "done")
    name, data = saved(loaded, "png")
    cut = pixels(data)
    assert name == "disc-cutout.png" and cut.shape == (320, 480, 4)
    assert cut[160, 240, 3] == 255 and cut[5, 5, 3] == 0
    name, data = saved(loaded, "webp")
    assert name == "disc-cutout.webp" and pixels(data).shape == (320, 480, 4)
    name, data = saved(loaded, "mask")
    assert name == "disc-mask.png" and (pixels(data) == cut[:, :, 3]).all()


def test_every_format_takes_the_background_chosen(loaded: Any, tmp_path: Path) -> None:
    loaded.get_by_label("Blue").check(force=True)
    look(loaded, "blue")
    for form in ("png", "webp", "jpg"):
        data = pixels(saved(loaded, form)[1])
        assert data.shape == (320, 480, 3) or (data[:, :, 3] == 255).all()
        assert abs(data[5, 5, :3] - (0x19, 0x71, 0xC2)).max() < 6
    ground = tmp_path / "ground.tif"
    Image.new("RGB", (20, 20), (200, 30, 90)).save(ground)  # no browser but Safari knows TIFF
    loaded.set_input_files("#own-file", str(ground))
    loaded.wait_for_function("() => !document.querySelector('[name=background]:checked')")
    for form in ("png", "jpg"):
        assert abs(pixels(saved(loaded, form)[1])[5, 5, :3] - (200, 30, 90)).max() < 6
    look(loaded, "own-background")


def test_the_picture_s_own_background_blurred_without_the_subject_in_it(loaded: Any) -> None:
    loaded.get_by_label("Blurred").check(force=True)
    look(loaded, "blurred")
    scenery, cut = scene(480, 320).astype(int), pixels(saved(loaded, "mask")[1])
    behind = ~ndimage.binary_dilation(cut > 0, iterations=3)
    near = behind & ndimage.binary_dilation(cut > 0, iterations=12)
    for form in ("png", "jpg"):
        data = pixels(saved(loaded, form)[1])
        assert data.shape == (320, 480, 3) or (data[:, :, 3] == 255).all()
        rgb = data[:, :, :3]
        assert abs(rgb[cut == 255] - scenery[cut == 255]).mean() < 3
        assert rgb[behind].std(axis=0).max() < 0.3 * scenery[behind].std(axis=0).min()
        assert abs(rgb[near].mean(axis=0) - scenery[behind].mean(axis=0)).max() < 4


def test_a_flat_background_is_as_the_engine_s(loaded: Any, client: Any) -> None:
    loaded.get_by_label("Green").check(force=True)
    ours = pixels(saved(loaded, "png")[1])
    answer = client.ask(
        "POST",
        "/v1/jobs?format=png&background=%232f9e44",
        png(scene(480, 320)),
        Content_Type="image/png",
        Prefer="wait",
    )
    assert abs(ours[:, :, :3] - pixels(answer.body)[:, :, :3]).max() <= 1


def mask_of(page: Any) -> np.ndarray:
    return pixels(saved(page, "mask")[1])


def idle(page: Any) -> None:
    """Until nothing is under way, and every stroke is in the mask."""
    page.wait_for_function(
        "() => document.querySelector('#busy').hidden && document.querySelector('#strip .done')"
    )


def test_drop_keep_undo_redo(loaded: Any) -> None:
    before = mask_of(loaded)
    loaded.keyboard.press("d")
    stroke(loaded, (0.45, 0.5), (0.55, 0.5))
    loaded.wait_for_selector("#undo:enabled")
    idle(loaded)
    dropped = mask_of(loaded)
    assert dropped[160, 240] == 0 and before[160, 240] == 255
    look(loaded, "dropped")
    loaded.keyboard.press("k")
    stroke(loaded, (0.05, 0.1), (0.1, 0.1))
    idle(loaded)
    kept = mask_of(loaded)
    assert kept[32, 36] == 255 and kept[160, 240] == 0  # what was painted stays as it was
    cut = pixels(saved(loaded, "png")[1])
    assert (cut[:, :, 3] == kept).all()
    assert abs(cut[32, 36, :3] - scene(480, 320)[32, 36].astype(int)).max() <= 2
    loaded.keyboard.press("Control+z")
    loaded.click("#undo")
    loaded.wait_for_selector("#undo:disabled")
    assert (mask_of(loaded) == before).all()
    loaded.click("#redo")
    assert (mask_of(loaded) == dropped).all()


def test_a_stroke_shows_at_once(loaded: Any, client: Any) -> None:
    """Before the answer comes: the engine is held."""
    with client.held():
        drop(loaded, png(scene(600, 400)), "next.png")
        loaded.get_by_label("disc, done").click()
        loaded.keyboard.press("k")
        dark = scene(480, 320)[32, 36]
        box = loaded.locator("#picture").bounding_box()
        left, top = box["x"] + (box["width"] - 480) / 2, box["y"] + (box["height"] - 320) / 2
        stroke(loaded, (0.05, 0.1), (0.1, 0.1))
        clip = {"x": left + 36, "y": top + 32, "width": 1, "height": 1}
        loaded.mouse.move(left + 300, top + 300)
        seen = pixels(loaded.screenshot(clip=clip))[0, 0, :3]
        look(loaded, "stroke-at-once")
        assert not loaded.locator("#busy").is_hidden()
        # the checks would be 217 or more
        assert abs(seen - dark).max() < 60 and seen.max() < 140
        loaded.keyboard.press("Control+z")
        loaded.wait_for_selector("#undo:disabled")
    idle(loaded)
    assert mask_of(loaded)[32, 36] == 0


def test_strokes_painted_in_a_row_all_count_and_one_is_taken_back(loaded: Any) -> None:
    loaded.keyboard.press("d")
    for y in (0.35, 0.5, 0.65):
        stroke(loaded, (0.45, y), (0.55, y))
    look(loaded, "painting")
    loaded.keyboard.press("k")
    stroke(loaded, (0.05, 0.1), (0.1, 0.1))
    loaded.keyboard.press("Control+z")  # also while it works
    idle(loaded)
    mask = mask_of(loaded)
    assert [mask[round(y * 320), 240] for y in (0.35, 0.5, 0.65)] == [0, 0, 0]
    assert mask[32, 36] == 0


def test_edge_is_seen_and_saved_as_the_engine_has_it(loaded: Any, client: Any) -> None:
    plain = mask_of(loaded)
    loaded.locator("#shift").fill("3.5")
    loaded.locator("#feather").fill("2")
    mask = mask_of(loaded)
    assert mask.sum() > plain.sum() * 1.02
    cut = pixels(saved(loaded, "png")[1])
    assert (cut[:, :, 3] == mask).all()
    sent = png(scene(480, 320))
    path = "/v1/jobs?format=mask&shift_edge=3.5&feather=2"
    answer = client.ask("POST", path, sent, Content_Type="image/png", Prefer="wait")
    assert abs(pixels(answer.body) - mask).max() <= 2
    colored = (cut[:, :, 3] > 0) & (plain == 0)
    assert colored.any() and (cut[colored][:, :3] == scene(480, 320)[colored]).all()


@pytest.mark.parametrize("sigma", ("8", "20"))
def test_a_wide_feather_is_as_the_engine_has_it(loaded: Any, client: Any, sigma: str) -> None:
    loaded.locator("#feather").fill(sigma)
    path = f"/v1/jobs?format=mask&feather={sigma}"
    sent = png(scene(480, 320))
    answer = client.ask("POST", path, sent, Content_Type="image/png", Prefer="wait")
    assert abs(pixels(answer.body) - mask_of(loaded)).max() <= 3


def test_shadow_is_saved(loaded: Any, client: Any) -> None:
    plain = mask_of(loaded)
    loaded.locator("#shadow").fill("60")
    look(loaded, "shadow")
    ours = pixels(saved(loaded, "png")[1])[:, :, 3]
    assert ours.sum() > plain.sum() * 1.02
    sent = png(scene(480, 320))
    path = "/v1/jobs?format=png&shadow=60"
    answer = client.ask("POST", path, sent, Content_Type="image/png", Prefer="wait")
    assert abs(pixels(answer.body)[:, :, 3] - ours).max() < 25


def test_crop_and_canvas(loaded: Any) -> None:
    loaded.select_option("#frame", "subject")
    width, height = pixels(saved(loaded, "png")[1]).shape[1::-1]
    # Faint specks of the noisy ground are within what matting decides.
    assert abs(width - 214) <= 10 and abs(height - 214) <= 10
    loaded.select_option("#frame", "amazon")
    look(loaded, "amazon")
    assert loaded.get_by_label("White").is_checked()
    shop = pixels(saved(loaded, "jpg")[1])
    assert shop.shape == (2000, 2000, 3) and (shop[5, 5] == 255).all()
    columns = np.flatnonzero((shop[:, :, 2] < 200).any(axis=0))
    assert abs((columns[-1] - columns[0]) / 2000 - 0.85) < 0.04
    assert abs((columns[-1] + columns[0]) / 2 - 1000) < 12
    loaded.keyboard.press("x")
    stroke(loaded, (0.25, 0.25), (0.5, 0.75))
    assert loaded.locator("#frame").input_value() == "free"
    assert pixels(saved(loaded, "png")[1]).shape[:2] == (160, 120)
    loaded.keyboard.press("k")
    before = mask_of(loaded)
    stroke(loaded, (0.05, 0.1), (0.1, 0.1))  # one paints on, whatever is saved
    idle(loaded)
    assert mask_of(loaded)[32, 36] == 255 and before[32, 36] == 0


def test_deep_pictures_stay_deep(page: Any) -> None:
    import tifffile

    file = io.BytesIO()
    deep = scene(480, 320).astype(np.uint16) * 257
    deep[:, :, 0] ^= 37
    tifffile.imwrite(file, deep, photometric="rgb")
    drop(page, file.getvalue(), "deep.tif")
    done(page)
    page.wait_for_function("() => document.querySelector('#strip img').naturalWidth > 0")
    look(page, "tiff")
    page.click("#compare")  # the server shows what the browser cannot
    page.keyboard.press("d")
    stroke(page, (0.45, 0.5), (0.55, 0.5))
    page.wait_for_selector("#undo:enabled")
    idle(page)
    _, plain = saved(page, "png")
    page.locator("#shift").fill("1")
    _, shifted = saved(page, "png")
    for data in (plain, shifted):
        cut = read_png16(data)
        assert cut.dtype == np.uint16 and cut[160, 240, 3] == 0
        inside = (cut[:, :, 3] == 65535) & (read_png16(plain)[:, :, 3] == 65535)
        assert (cut[inside][:, :3] == deep[inside]).all()


def read_png16(data: bytes) -> np.ndarray:
    from mattebrush import raster

    read = raster.read(io.BytesIO(data))
    assert read.alpha is not None
    return np.dstack([read.pixels, read.alpha])


def two_discs() -> np.ndarray:
    """One on the left, one on the right: 480 x 320."""
    return np.concatenate([scene(240, 320), scene(240, 320)], axis=1)


def test_a_click_and_a_box_choose_the_object(page: Any, client: Any) -> None:
    drop(page, png(two_discs()))
    done(page)
    page.keyboard.press("c")
    box = page.locator("#picture").bounding_box()
    left, top = box["x"] + (box["width"] - 480) / 2, box["y"] + (box["height"] - 320) / 2
    with prompts_of(client) as requested:
        page.mouse.click(left + 120, top + 160)
        page.wait_for_selector("#undo:enabled")
        idle(page)
        look(page, "chosen")
        assert requested.pop()["points"] == [[120, 160, 1]]
        chosen = mask_of(page)
        assert chosen[160, 120] > 200 and chosen[160, 360] < 55  # not the one beside it
        page.click("#undo")
        stroke(page, (0.52, 0.1), (0.98, 0.9))
        until(lambda: len(requested) == 1)
        idle(page)
    assert requested[0]["boxes"] == [[250, 32, 470, 288]]
    assert mask_of(page)[160, 360] > 200


@contextlib.contextmanager
def prompts_of(client: Any) -> Iterator[list[dict[str, Any]]]:
    """A list that grows with the prompts that the server is sent meanwhile."""
    requested: list[dict[str, Any]] = []
    submit = client.server.service.submit

    def noting(job: Any, device: str = "auto") -> None:
        requested.append(job.params["options"].get("prompt", {}))
        submit(job, device)

    client.server.service.submit = noting
    try:
        yield requested
    finally:
        del client.server.service.submit


class Fingers:
    """Real touches, through the browser's own input, at pixels of a picture of 480 x 320."""

    def __init__(self, page: Any) -> None:
        self._browser = page.context.new_cdp_session(page)
        self._page = page

    def _send(self, kind: str, *places: tuple[float, float]) -> None:
        box = self._page.locator("#picture").bounding_box()
        left, top = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        points = [
            {"id": n, "x": left + (x - 240) / 2, "y": top + (y - 160) / 2}
            for n, (x, y) in enumerate(places)
        ]
        self._browser.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def move(self, *paths: tuple[tuple[float, float], tuple[float, float]], wait: int = 0) -> None:
        """One finger for each path from its start to its end, all at the same time."""
        self._page.evaluate("() => scrollTo(0, 0)")
        self._send("touchStart", *(start for start, _ in paths))
        self._page.wait_for_timeout(wait)
        if any(start != end for start, end in paths):
            for step in range(1, 9):
                share = step / 8
                self._send(
                    "touchMove",
                    *((a + (c - a) * share, b + (d - b) * share) for (a, b), (c, d) in paths),
                )
        self._send("touchEnd")
        assert self._page.evaluate("() => scrollY") == 0

    def tap(self, place: tuple[float, float], wait: int = 0) -> None:
        """A finger put down and lifted, `wait` milliseconds later."""
        self.move((place, place), wait=wait)


@pytest.fixture
def phone(browser: Any, client: Any) -> Iterator[Any]:
    """The page on a phone, with one picture done, 480 x 320, at 100 percent."""
    with opened_page(browser, client, PHONE) as page:
        drop(page, png(scene(480, 320)))
        done(page)
        yield page


def test_fingers_paint_tap_and_pinch(phone: Any) -> None:
    fingers = Fingers(phone)
    before = pixels(saved(phone, "mask")[1])
    phone.get_by_label("Drop", exact=True).check(force=True)
    fingers.move(((190, 130), (290, 130)))
    fingers.tap((240, 200))
    phone.wait_for_selector("#undo:enabled")
    idle(phone)
    look(phone, "phone-painted")
    after = pixels(saved(phone, "mask")[1])
    assert (after[130, 200:280] == 0).all() and after[200, 240] == 0
    assert (before[130, 200:280] == 255).all()

    fingers.move(((200, 160), (140, 160)), ((280, 160), (340, 160)))
    assert int(phone.inner_text("#zoom-value").split()[0]) > 140
    phone.get_by_label("Hand", exact=True).check(force=True)
    phone.click("#zoom-fit")
    fingers.move(((240, 160), (260, 100)))
    assert phone.inner_text("#zoom-value") == "100 %"
    assert (pixels(saved(phone, "mask")[1]) == after).all()  # neither of the two painted


def test_a_tap_chooses_and_a_long_one_says_not_this(browser: Any, client: Any) -> None:
    with opened_page(browser, client, PHONE) as page, prompts_of(client) as requested:
        drop(page, png(two_discs()))
        done(page)
        requested.clear()
        page.get_by_label("Choose").check(force=True)
        fingers = Fingers(page)

        def points(count: int) -> Any:
            until(lambda: len(requested) == count)
            idle(page)
            return requested[-1]["points"]

        fingers.move(((200, 160), (160, 160)), ((280, 160), (320, 160)))
        page.click("#zoom-fit")
        assert requested == []  # a pinch is no choice
        fingers.tap((120, 160))
        assert points(1) == [[120, 160, 1]]
        fingers.tap((360, 160), wait=700)
        assert points(2) == [[120, 160, 1], [360, 160, 0]]
        page.click("#undo")
        fingers.tap((340, 170), wait=700)
        # What was undone is not requested again.
        assert points(3) == [[120, 160, 1], [340, 170, 0]]


def test_the_keyboard_paints(loaded: Any) -> None:
    loaded.focus("#picture")
    loaded.keyboard.press("d")
    for _ in range(2):
        loaded.keyboard.press("ArrowDown")
    loaded.keyboard.press("Shift+ArrowUp")
    look(loaded, "keyboard-brush")
    loaded.keyboard.press("Space")
    loaded.wait_for_selector("#undo:enabled")
    idle(loaded)
    mask = mask_of(loaded)
    assert mask[160 + 76, 240] == 0


def test_what_was_transparent_stays_so_through_a_stroke(page: Any) -> None:
    alpha = np.full((320, 480), 255, np.uint8)
    alpha[60:80] = 100
    drop(page, png(np.dstack([scene(480, 320), alpha])))
    done(page)
    before = pixels(saved(page, "png")[1])[70, 240, 3]
    matte = pixels(saved(page, "mask")[1])[70, 240]
    assert matte > 100 and abs(before - matte * (100 / 255)) <= 1
    page.keyboard.press("d")
    stroke(page, (0.45, 0.6), (0.55, 0.6))
    page.wait_for_selector("#undo:enabled")
    idle(page)
    after = pixels(saved(page, "png")[1])
    mask = mask_of(page)
    assert after[192, 240, 3] == mask[192, 240] == 0
    assert abs(after[60:80, :, 3] - mask[60:80] * (100 / 255)).max() <= 1


def test_several_pictures_and_all_as_zip(page: Any, tmp_path: Path) -> None:
    files = []
    for number, width in enumerate((200, 300, 240)):
        path = tmp_path / ("same.png" if number else "first.png")
        path = path if number < 2 else tmp_path / "more" / "same.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(png(scene(width, 160)))
        files.append(str(path))
    page.set_input_files("#files", files)
    done(page, 3)
    name, data = saved(page, "all")
    assert name == "mattebrush-cutouts.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "first-cutout.png",
            "same-cutout.png",
            "same-cutout-2.png",
        ]
        assert pixels(archive.read("same-cutout.png")).shape == (160, 300, 4)
    page.get_by_label("Remove first").click()
    done(page, 2)


def test_paste(page: Any) -> None:
    page.evaluate(PASTE, ["pasted.png", base64.b64encode(png(scene(120, 80))).decode()])
    done(page)
    assert saved(page, "png")[0] == "pasted-cutout.png"


def test_what_is_no_picture_is_said_plainly(page: Any) -> None:
    drop(page, b"this is no picture", "letter.png")
    page.wait_for_selector("#failure", state="visible")
    look(page, "failure")
    assert "picture" in page.inner_text("#failure-text").lower()
    assert page.locator("#failure[role=alert]").count() == 1
    assert page.locator("[data-save=png]").is_disabled()
    assert page.locator("#retry").is_hidden()  # it would fail again
    page.click("#put-away")
    page.wait_for_selector("#empty", state="visible")


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_crash_can_be_tried_again(page: Any, client: Any) -> None:
    with client.held() as worker:
        drop(page, png(scene(600, 400)))
        lane, store = client.server.service.lanes["auto"], client.server.service.store
        until(lambda: store.select(lambda job: not job.finished) and not len(lane.queue))
        os.kill(worker, signal.SIGKILL)
    page.wait_for_selector("#failure", state="visible")
    page.click("#retry")
    done(page)


def test_cancel(page: Any, client: Any) -> None:
    with client.held():
        drop(page, png(scene(600, 400)))
        page.click("#cancel")
        page.wait_for_selector("#failure", state="visible")
        assert page.inner_text("#failure-text") == "Canceled."
        look(page, "cancelled")


def test_zoom_compare_and_keys(loaded: Any) -> None:
    loaded.focus("#picture")
    loaded.keyboard.press("1")
    assert loaded.inner_text("#zoom-value") == "100 %"
    for _ in range(12):
        loaded.keyboard.press("+")
    assert int(loaded.inner_text("#zoom-value").split()[0]) > 500
    look(loaded, "zoomed")
    loaded.keyboard.press("0")
    loaded.click("#compare")
    look(loaded, "compare")

    def sides(x: float) -> tuple[int, int]:
        """The darkest there is left of a place, the lightest right of it, above the subject."""
        shot = pixels(loaded.locator("#picture").screenshot())
        height, width = shot.shape[:2]
        y, at = height // 2 - 150, round(width / 2 - 240 + 480 * x)
        return shot[y, at - 25, :3].max(), shot[y, at + 25, :3].min()

    left, right = sides(0.5)
    assert left < 100 < right  # the dark ground before, checks after
    box = loaded.locator("#line").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    loaded.mouse.move(x, y)
    loaded.mouse.down()
    loaded.mouse.move(x - 144, y, steps=5)  # a line that can be dragged, to 20 percent
    loaded.mouse.up()
    left, right = sides(0.2)
    assert left < 100 < right
    loaded.wait_for_selector("#line[aria-valuenow='20']")
    loaded.focus("#line")
    for _ in range(5):
        loaded.keyboard.press("ArrowRight")
    loaded.wait_for_selector("#line[aria-valuenow='30']")
    loaded.click("#compare")
    loaded.locator("#line").wait_for(state="hidden")


def test_fit_shows_all_of_it(phone: Any) -> None:
    """No bar lies over the picture, upright or across."""
    for width, height in ((390, 844), (844, 390)):
        phone.set_viewport_size({"width": width, "height": height})
        phone.click("#zoom-fit")
        look(phone, f"fit-{width}")
        covered = phone.evaluate(
            """() => {
              const stage = document.getElementById("picture").getBoundingClientRect();
              const points = [[.02, .02], [.5, .02], [.98, .02], [.02, .98], [.5, .98], [.98, .98]];
              return points.map(([x, y]) => document.elementFromPoint(
                stage.left + x * stage.width, stage.top + y * stage.height)?.id);
            }"""
        )
        assert set(covered) == {"picture"}
        assert phone.evaluate("() => document.getElementById('picture').clientHeight") > 150


def test_everything_has_a_name_and_is_reached_by_keyboard(loaded: Any) -> None:
    unnamed = loaded.evaluate(
        """() => [...document.querySelectorAll("button, input:not([hidden]), canvas")]
          .filter((e) => e.offsetParent && !e.innerText?.trim() && !e.ariaLabel
            && !e.labels?.[0]?.innerText.trim())
          .map((e) => e.outerHTML)"""
    )
    assert unnamed == []
    reached = set()
    for _ in range(60):
        loaded.keyboard.press("Tab")
        active = "() => document.activeElement.id || document.activeElement.name"
        reached.add(loaded.evaluate(active))
    assert {
        "picture",
        "compare",
        "tool",
        "brush",
        "feather",
        "background",
        "save-all",
        "frame",
    } <= reached


def test_the_link_works_once_and_the_token_is_taken_instead(browser: Any, client: Any) -> None:
    link = client.server.page_link()
    for times in range(2):
        context = browser.new_context()
        page = context.new_page()
        page.goto(link)
        page.wait_for_selector("#empty" if times == 0 else "#sign-in", state="visible")
        assert "key=" not in page.url
        if times:
            look(page, "sign-in")
            page.fill("#token", "wrong")
            page.press("#token", "Enter")
            page.wait_for_function("() => document.getElementById('sign-in-error').textContent")
            page.fill("#token", "a-token-of-the-tests")
            page.press("#token", "Enter")
            page.wait_for_selector("#empty", state="visible")
            page.reload()
            page.wait_for_selector("#empty", state="visible")
            assert context.cookies() == []
        context.close()


@pytest.mark.parametrize("looks", ("phone", "dark", "dark-phone"))
def test_phone_and_dark(browser: Any, client: Any, looks: str) -> None:
    scheme = "dark" if "dark" in looks else "light"
    context = browser.new_context(color_scheme=scheme, **(PHONE if "phone" in looks else DESK))
    page = context.new_page()
    page.set_default_timeout(SECONDS)
    page.goto(client.server.page_link())
    page.wait_for_selector("#empty", state="visible")
    look(page, f"{looks}-empty")
    drop(page, png(scene(480, 320)))
    done(page)
    look(page, looks)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    for button in page.locator("button:visible").all():
        if button.get_attribute("class") != "remove":
            assert button.bounding_box()["height"] >= 35
    context.close()

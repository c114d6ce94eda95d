# SPDX-License-Identifier: Apache-2.0
"""The programs people have: the plug-ins' client, clients of remove.bg, rembg's parameters."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.server.server_client import TOKEN, png, scene, until

Serving = Callable[..., AbstractContextManager[Any]]
REPOSITORY = Path(__file__).parents[2]
KEY = {"token": None, "X_Api_Key": TOKEN}


def opened(body: bytes) -> Image.Image:
    return Image.open(io.BytesIO(body))


def removebg(client: Any, picture_file: bytes, **texts: str) -> Any:
    return client.form("/v1.0/removebg", {"image_file": picture_file}, **texts)


# ------------------------------------------------------------------ plug-ins


@pytest.fixture
def plugin_client(runtime_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module that the plug-ins use, looking for servers of this test only."""
    monkeypatch.syspath_prepend(str(REPOSITORY / "plugins" / "client"))
    return pytest.importorskip("mattebrush_client")


def test_a_plug_in_finds_the_server_and_gets_its_mask(
    client: Any, plugin_client: Any, picture: np.ndarray
) -> None:
    client.server.announce()
    try:
        settings = plugin_client.Settings({"engine": "server"})
        state: list[str] = []
        answer = plugin_client.run(
            {"op": "remove", "force": True},
            progress=lambda stage, fraction: state.append(stage),
            settings=settings,
            image=plugin_client.Array(picture.tobytes(), picture.shape, "uint8"),
        )
    finally:
        client.server._note.unlink()
    assert answer.alpha.shape == picture.shape[:2]
    assert answer.report["model"] == "mattebrush-subject"
    alpha = np.frombuffer(answer.alpha.data, np.uint8).reshape(answer.alpha.shape)
    assert alpha[40, 60] == 255 and alpha[2, 2] == 0


def test_a_plug_in_is_told_what_the_engine_refuses(
    client: Any, plugin_client: Any, picture: np.ndarray
) -> None:
    engine = plugin_client.ServerEngine(client.server.url, TOKEN)
    image = plugin_client.Array(picture.tobytes(), picture.shape, "uint8")
    running = engine.start({"op": "remove", "model": "no-such-model"}, image=image)
    assert running.wait(30)
    with pytest.raises(plugin_client.EngineRefused) as refused:
        running.result()
    assert refused.value.code == "model-unavailable" and refused.value.fix


# ------------------------------------------------------------------ remove.bg


@pytest.mark.parametrize(
    ("format", "kind", "mode"),
    (
        ("auto", "image/png", "RGBA"),
        ("png", "image/png", "RGBA"),
        ("webp", "image/webp", "RGBA"),
        ("jpg", "image/jpeg", "RGB"),
    ),
)
def test_removebg_formats(
    client: Any, picture_file: bytes, format: str, kind: str, mode: str
) -> None:
    answer = removebg(client, picture_file, size="full", format=format)
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == kind
    assert (opened(answer.body).mode, opened(answer.body).size) == (mode, (120, 80))


def test_removebg_headers(client: Any, picture_file: bytes) -> None:
    answer = removebg(client, picture_file)
    names = ["width", "height", "max-width", "max-height", "credits-charged"]
    names += [f"foreground-{side}" for side in ("top", "left", "width", "height")]
    names += [f"ratelimit-{name}" for name in ("limit", "remaining", "reset")]
    numbers = {name: int(answer.headers[f"x-{name}"]) for name in names}
    assert numbers["width"] == 120 and numbers["height"] == 80
    assert abs(numbers["foreground-width"] - 54) <= 4 and abs(numbers["foreground-left"] - 33) <= 3
    assert numbers["credits-charged"] == 0
    assert answer.headers["x-type"] == "other"


def test_removebg_json_result(client: Any, picture_file: bytes) -> None:
    body = json.dumps({"image_file_b64": base64.b64encode(picture_file).decode(), "size": "auto"})
    answer = client.ask(
        "POST",
        "/v1.0/removebg",
        body,
        Content_Type="application/json",
        Accept="application/json",
        **KEY,
    )
    data = answer.json()["data"]
    assert opened(base64.b64decode(data["result_b64"])).size == (120, 80)
    assert {"foreground_top", "foreground_left", "foreground_width", "foreground_height"} < set(
        data
    )


def test_removebg_zip_and_alpha(client: Any, picture_file: bytes) -> None:
    answer = removebg(client, picture_file, format="zip")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.namelist() == ["color.jpg", "alpha.png"]
        assert opened(archive.read("alpha.png")).mode == "L"
        assert opened(archive.read("color.jpg")).size == (120, 80)
    alpha = removebg(client, picture_file, channels="alpha").picture()
    assert alpha.shape == (80, 120) and alpha[40, 60] == 255 and alpha[2, 2] == 0


@pytest.mark.parametrize(
    ("color", "expected"),
    (("81d4fa", (129, 212, 250)), ("#fff", (255, 255, 255)), ("green", (0, 128, 0))),
)
def test_removebg_background_color(
    client: Any, picture_file: bytes, color: str, expected: tuple[int, int, int]
) -> None:
    answer = removebg(client, picture_file, bg_color=color, format="png")
    assert tuple(answer.picture()[2, 2][:3]) == expected
    assert removebg(client, picture_file, bg_color=color).headers["content-type"] == "image/jpeg"


def test_removebg_background_picture(client: Any, picture_file: bytes) -> None:
    ground = png(np.full((30, 30, 3), (7, 90, 200), np.uint8))
    files = {"image_file": picture_file, "bg_image_file": ground}
    answer = client.form("/v1.0/removebg", files, format="png")
    assert tuple(answer.picture()[2, 2][:3]) == (7, 90, 200)


def test_removebg_sizes(client: Any) -> None:
    large = png(scene(1200, 800))
    width, height = opened(removebg(client, large).body).size
    assert abs(width * height - 250_000) < 2000 and abs(width / height - 1.5) < 0.01
    assert opened(removebg(client, large, size="full").body).size == (1200, 800)


def test_removebg_crop_with_margin(client: Any, picture_file: bytes) -> None:
    plain = opened(removebg(client, picture_file, crop="true").body).size
    assert all(abs(side - 54) <= 4 for side in plain)
    wider = opened(removebg(client, picture_file, crop="true", crop_margin="10px 5px").body).size
    assert wider == (plain[0] + 10, plain[1] + 20)


def test_removebg_crop_keeps_the_shadow(client: Any) -> None:
    large = png(scene(600, 400))
    whole = removebg(client, large, add_shadow="true", size="full").picture()[:, :, 3]
    answer = removebg(client, large, add_shadow="true", size="full", crop="true")
    rows, columns = np.nonzero(whole > 1)
    assert 0 < answer.picture().shape[0] - np.ptp(rows) < 4
    assert 0 < answer.picture().shape[1] - np.ptp(columns) < 4
    subject = {side: int(answer.headers[f"x-foreground-{side}"]) for side in ("width", "height")}
    assert subject["width"] + 5 < answer.picture().shape[1]
    assert subject["height"] + 5 < answer.picture().shape[0]


def test_removebg_scale_and_position(client: Any, picture_file: bytes) -> None:
    alpha = removebg(client, picture_file, scale="50%", position="0% 100%").picture()[:, :, 3]
    rows, columns = np.nonzero(alpha > 128)
    assert abs(rows.max() - rows.min() - 40) <= 3
    assert columns.min() <= 2 and rows.max() >= 77


def test_removebg_roi(client: Any) -> None:
    two = np.concatenate([scene(), scene()], axis=1)
    alpha = removebg(client, png(two), roi="0% 0% 120px 100%").picture()[:, :, 3]
    assert alpha[40, 60] > 200
    assert (alpha[:, 125:] == 0).all()


def test_removebg_shadow(client: Any, picture_file: bytes) -> None:
    plain = removebg(client, picture_file).picture()[:, :, 3].astype(int)
    shaded = removebg(client, picture_file, shadow_type="drop", shadow_opacity="80").picture()
    assert (shaded[:, :, 3] >= plain - 1).all()
    assert shaded[:, :, 3].sum() > plain.sum() * 1.02


def test_removebg_type_comes_back_unless_not_wanted(client: Any, picture_file: bytes) -> None:
    for level, kind in (("1", "car"), ("2", "car_part"), ("latest", "car_part")):
        answer = removebg(client, picture_file, type="car_part", type_level=level)
        assert answer.headers["x-type"] == kind
    assert removebg(client, picture_file, type="of no kind").headers["x-type"] == "other"
    assert "x-type" not in removebg(client, picture_file, type_level="none").headers


def test_removebg_keeps_what_was_transparent_so(client: Any, picture: np.ndarray) -> None:
    alpha = np.full(picture.shape[:2], 255, np.uint8)
    alpha[36:44, 50:70] = 0
    part = png(np.dstack([picture, alpha]))
    for semitransparency in ("false", "true"):
        cut = removebg(client, part, semitransparency=semitransparency).picture()[:, :, 3]
        assert cut[36:44, 50:70].max() == 0 and cut[30, 60] == 255
    assert (removebg(client, part, channels="alpha").picture() == cut).all()


@pytest.mark.parametrize(
    ("texts", "code", "title"),
    (
        ({"size": "huge"}, "invalid_size", "Invalid value for parameter 'size'"),
        ({"channels": "cmyk"}, "invalid_channels", "Invalid value for parameter 'channels'"),
        ({"format": "bmp"}, "invalid_format", "Invalid format parameter given"),
        ({"bg_color": "no color"}, "invalid_bg_color", "Invalid bg_color parameter given"),
        ({"crop_margin": "1 2 3"}, "invalid_crop_margin", "Invalid crop_margin parameter given"),
        ({"crop_margin": "60%"}, "invalid_crop_margin", "Invalid crop_margin parameter given"),
        ({"scale": "9%"}, "invalid_scale", "Invalid scale parameter given"),
        ({"scale": "100.5%"}, "invalid_scale", "Invalid scale parameter given"),
        ({"position": "101%"}, "invalid_position", "Invalid position parameter given"),
        (
            {"semitransparency": "some"},
            "invalid_semitransparency",
            "Invalid semitransparency parameter given",
        ),
        ({"roi": "0 0 1"}, "invalid_roi", "Invalid roi parameter given"),
        ({"roi": "0px 0px 121px 80px"}, "roi_exceeds_bounds", "ROI exceeds image bounds"),
        ({"roi": "-1px 0px 20px 80px"}, "roi_exceeds_bounds", "ROI exceeds image bounds"),
        ({"roi": "10px 10px 10px 50%"}, "roi_region_empty", "ROI region is empty"),
        ({"image_url": "http://127.0.0.1/x.png"}, "failed_image_download", "Failed to download"),
        ({"bg_image_url": "file:///etc/passwd"}, "failed_bg_download", "Failed to download"),
        ({"image_file_b64": "aGVsbG8="}, "multiple_sources", "Multiple image sources given"),
    ),
)
def test_removebg_refusals_by_code_and_title(
    client: Any, picture_file: bytes, texts: dict[str, str], code: str, title: str
) -> None:
    answer = removebg(client, picture_file, **texts)
    assert answer.status == 400
    (error,) = answer.json()["errors"]
    assert error["code"] == code and error["title"].startswith(title) and error["detail"]


@pytest.mark.parametrize(
    "texts",
    (
        {"size": "500px"},
        {"scale": "33.5%", "position": "12.5% 87.25%"},
        {"crop": "true", "crop_margin": "10"},
        {"crop": "perhaps", "add_shadow": "perhaps"},
        {"crop": "1", "crop_margin": "1.5%,2px"},
        {"roi": "100% 90% 0px 0%"},
    ),
    ids=str,
)
def test_removebg_takes_what_it_takes_there(
    client: Any, picture_file: bytes, texts: dict[str, str]
) -> None:
    answer = removebg(client, picture_file, **texts)
    assert answer.status == 200, answer.body


@pytest.mark.parametrize(
    ("accept", "kind"),
    (
        ("application/json", "application/json"),
        ("application/json, text/plain, */*", "image/png"),
        ("*/*", "image/png"),
        ("image/*,application/json", "image/png"),
        ("", "image/png"),
    ),
)
def test_removebg_answers_in_json_only_where_nothing_else_is_accepted(
    client: Any, picture_file: bytes, accept: str, kind: str
) -> None:
    body = json.dumps({"image_file_b64": base64.b64encode(picture_file).decode()})
    sent = {"Content_Type": "application/json", "Accept": accept}
    answer = client.ask("POST", "/v1.0/removebg", body, **sent, **KEY)
    assert (answer.status, answer.headers["content-type"]) == (200, kind)


def test_removebg_says_which_resolution_is_too_high(serving: Serving) -> None:
    with serving(picture_pixels=1_000_000) as client:
        answer = removebg(client, png(np.zeros((1500, 2000), np.uint8)))
        (error,) = answer.json()["errors"]
        assert (answer.status, error["code"]) == (400, "resolution_too_high")
        assert error["title"] == "Image resolution too high"
        assert "3 megapixels" in error["detail"] and "at most 1" in error["detail"]


def test_removebg_takes_one_background(client: Any, picture_file: bytes) -> None:
    files = {"image_file": picture_file, "bg_image_file": picture_file}
    answer = client.form("/v1.0/removebg", files, bg_color="fff")
    assert answer.status == 400 and answer.json()["errors"][0]["code"] == "multiple_bg_sources"


def test_removebg_failures_in_its_own_form(client: Any) -> None:
    def code(answer: Any, status: int) -> str:
        assert answer.status == status, answer.body
        return str(answer.json()["errors"][0]["code"])

    assert code(client.form("/v1.0/removebg", {}, size="auto"), 400) == "missing_source"
    assert code(removebg(client, b"no picture"), 400) == "invalid_file_type"
    cut_off = png(np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8))[:3000]
    assert code(removebg(client, cut_off), 400) == "failed_to_read_image"
    gray = png(np.full((64, 64, 3), 128, np.uint8))
    assert code(removebg(client, gray), 400) == "unknown_foreground"
    for sent, title in (({"X_Api_Key": "wrong"}, "API Key invalid"), ({}, "Missing API Key")):
        answer = client.ask("GET", "/v1.0/account", token=None, **sent)
        assert code(answer, 403) == "auth_failed"
        assert answer.json()["errors"][0]["title"] == title


def test_removebg_account(client: Any) -> None:
    attributes = client.ask("GET", "/v1.0/account", **KEY).json()["data"]["attributes"]
    credits = attributes["credits"]
    assert credits["total"] > 1000  # scripts stop where there are none
    assert credits["total"] == sum(credits[k] for k in ("subscription", "payg", "enterprise"))
    assert attributes["api"]["free_calls"] > 0


def test_the_python_client_of_removebg(
    client: Any, picture_file: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = pytest.importorskip("removebg.removebg", reason="pip install removebg")
    monkeypatch.setattr(module, "API_ENDPOINT", f"{client.server.url}/v1.0/removebg")
    source = tmp_path / "picture.png"
    source.write_bytes(picture_file)
    remover = module.RemoveBg(TOKEN, str(tmp_path / "errors.log"))
    remover.remove_background_from_img_file(str(source), size="full")
    assert Image.open(f"{source}_no_bg.png").mode == "RGBA"
    encoded = base64.b64encode(picture_file)
    remover.remove_background_from_base64_img(
        encoded, new_file_name=str(tmp_path / "b64.jpg"), bg_color="ff0000"
    )
    assert Image.open(tmp_path / "b64.jpg").getpixel((2, 2)) == pytest.approx((254, 0, 0), abs=3)


NODE = """
const api = process.argv[2], key = process.argv[3], source = process.argv[4];
const post = require("unirest").post;  // the package names its host; send it to ours
require("unirest").post = (url) => post(url.replace("https://api.remove.bg", api));
const { removeBackgroundFromImageFile, removeBackgroundFromImageBase64 } = require("remove.bg");
(async () => {
  const options = { apiKey: key, size: "full", crop: true, scale: "original" };
  const one = await removeBackgroundFromImageFile({ ...options, path: source });
  const base64img = require("fs").readFileSync(source).toString("base64");
  const two = await removeBackgroundFromImageBase64({ ...options, base64img, bg_color: "00ff00" });
  const wrong = await removeBackgroundFromImageBase64({ apiKey: "no", base64img }).catch((e) => e);
  console.log(JSON.stringify({ one, two, wrong }));
})();
"""


@pytest.fixture
def node_modules() -> Path:
    """Where tests/hosts/install_removebg_client.sh put the npm package."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "mattebrush-ci" / "node" / "node_modules"
    if shutil.which("node") is None or not (folder / "remove.bg").is_dir():
        missing = "needs Node and its client: tests/hosts/install_removebg_client.sh"
        (pytest.fail if os.environ.get("MATTEBRUSH_CI") else pytest.skip)(missing)
    return folder


@pytest.mark.hosts
def test_the_node_client_of_removebg(
    client: Any, picture_file: bytes, tmp_path: Path, node_modules: Path
) -> None:
    (tmp_path / "picture.png").write_bytes(picture_file)
    (tmp_path / "run.js").write_text(NODE)
    command = ["node", "run.js", client.server.url, TOKEN, "picture.png"]
    environment = {**os.environ, "NODE_PATH": str(node_modules)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    state = json.loads(done.stdout)
    cut = opened(base64.b64decode(state["one"]["base64img"]))
    assert cut.mode == "RGBA" and abs(cut.width - 54) <= 4
    assert state["one"]["creditsCharged"] == "0" and state["one"]["resultWidth"] == str(cut.width)
    assert opened(base64.b64decode(state["two"]["base64img"])).format == "JPEG"
    assert state["wrong"][0]["code"] == "auth_failed"


# ------------------------------------------------------------------ rembg


def rembg(client: Any, picture_file: bytes, query: str = "", **texts: str) -> Any:
    return client.form(f"/api/remove{query}", {"file": picture_file}, **texts)


@pytest.mark.parametrize(
    "texts",
    (
        {},
        {"a": "true", "af": "240", "ab": "10", "ae": "10"},
        {"ppm": "1"},
        {"dc": "true", "a": "true"},
        {"model": "mattebrush-subject"},
        {"model": "u2net"},  # rembg's default, sent unasked
        {"model": "isnet-general-use", "a": "true", "ae": "5000"},
        {"bgc": "255, 0, 0, 0"},
        {"extras": "{}"},
    ),
    ids=str,
)
def test_rembg_parameters_give_a_picture(
    client: Any, picture_file: bytes, texts: dict[str, str]
) -> None:
    answer = rembg(client, picture_file, **texts)
    assert answer.status == 200, answer.body
    pixels = answer.picture()
    assert pixels.shape == (80, 120, 4) and pixels[40, 60, 3] > 200 and pixels[2, 2, 3] < 30


def test_rembg_thresholds_make_the_trimap(client: Any, picture_file: bytes) -> None:
    def mask(**texts: str) -> np.ndarray:
        pixels: np.ndarray = rembg(client, picture_file, om="true", **texts).picture()
        return pixels

    own = rembg(client, picture_file, a="true", af="128", ab="50", ae="16")
    assert own.headers["x-model"] == "mattebrush-subject"
    adaptive = mask(a="true")
    assert (mask(a="true", af="240", ab="10", ae="10") == adaptive).all()
    assert (mask(af="100", ab="50", ae="30") == mask()).all()  # without a
    sure = mask(a="true", af="128", ab="128", ae="0")
    assert set(np.unique(sure)) == {0, 255}  # nothing is left undecided
    hard = mask(ppm="true") > 0
    assert (sure[hard] == 255).mean() > 0.98 and (sure[~hard] == 0).mean() > 0.98
    wide = mask(a="true", af="128", ab="50", ae="16")
    assert wide[40, 60] == 255 and wide[2, 2] == 0 and (wide != adaptive).any()
    assert (mask(a="true", af="255", ab="50", ae="16") == mask()).all()  # nothing is sure


def test_rembg_mask_and_color(client: Any, picture_file: bytes) -> None:
    assert rembg(client, picture_file, om="true").picture().shape == (80, 120)
    hard = rembg(client, picture_file, om="true", ppm="true").picture()
    assert set(np.unique(hard)) <= {0, 255}
    red = rembg(client, picture_file, "?bgc=255,0,0,255").picture()
    assert tuple(red[2, 2][:3]) == (255, 0, 0)


@pytest.mark.parametrize(
    ("texts", "status"),
    (
        ({"model": "no-such"}, 422),
        ({"model": "birefnet-hr-matting"}, 422),  # not rembg's, and not here
        ({"af": "256"}, 422),
        ({"bgc": "red"}, 422),
        ({"extras": '{"model_path": "/etc/passwd"}'}, 422),
        ({"extras": "{"}, 422),
        ({"vm": "true"}, 422),
    ),
)
def test_rembg_refusals(
    client: Any, picture_file: bytes, texts: dict[str, str], status: int
) -> None:
    answer = rembg(client, picture_file, **texts)
    assert answer.status == status and answer.json()["detail"]


def test_rembg_models_by_its_names(
    serving: Serving, install: Callable[[str], None], picture_file: bytes
) -> None:
    for model in ("u2netp", "mobile-sam", "vitmatte-small-distinctions-646"):
        install(model)
    with serving() as client:
        answer = rembg(client, picture_file, model="u2netp")
        assert (answer.status, answer.headers["x-model"]) == (200, "u2netp")
        answer = rembg(client, picture_file, model="silueta")
        assert (answer.status, answer.headers["x-model"]) == (200, "mattebrush-subject")
        assert rembg(client, picture_file, a="true", vm="true").status == 200
        marks = [{"type": "point", "data": [30, 60], "label": 1}]
        extras = json.dumps({"sam_prompt": marks})
        answer = rembg(client, picture_file, model="sam", om="true", extras=extras)
        assert answer.status == 200, answer.body
        rows, columns = np.nonzero(answer.picture() > 128)
        assert abs(rows.mean() - 60) < 4 and abs(columns.mean() - 30) < 4


def test_rembg_fetches_nothing(client: Any) -> None:
    answer = client.ask("GET", "/api/remove?url=http://127.0.0.1:1/x.png")
    assert answer.status == 405 and "fetches nothing" in answer.json()["detail"]


def test_rembg_without_token_only_by_flag(serving: Serving, picture_file: bytes) -> None:
    head = "multipart/form-data; boundary=x"
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    body += picture_file + b"\r\n--x--\r\n"
    with serving(rembg_open=True) as client:
        answer = client.ask("POST", "/api/remove", body, token=None, Content_Type=head)
        assert answer.status == 200, answer.body
        page = {"Content_Type": head, "Origin": "http://evil.example"}
        assert client.ask("POST", "/api/remove", body, token=None, **page).status == 403
        assert client.ask("GET", "/v1/models", token=None).status == 401


# ------------------------------------------------------------------ the command


def start(*arguments: str, home: Path, token: str = "") -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "MATTEBRUSH_TOKEN": token,
        "XDG_RUNTIME_DIR": str(home),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "mattebrush", "serve", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_serve_announces_itself_and_tidies_up(tmp_path: Path) -> None:
    servers = [start(home=tmp_path) for _ in range(2)]
    try:
        for server in servers:
            assert server.stdout is not None
            assert "listens at http://127.0.0.1:" in server.stdout.readline()
            server.stdout.readline()
            # Into a log, which others may read, goes no key.
            assert server.stdout.readline() == "For the page, run: mattebrush page\n"
        notes = sorted((tmp_path / "mattebrush").iterdir())
        assert [note.name for note in notes] == sorted(f"server-{s.pid}.json" for s in servers)
        assert len({json.loads(note.read_text())["url"] for note in notes}) == 2
    finally:
        for server in servers:
            server.terminate()
            assert server.wait(15) == 0
    assert list((tmp_path / "mattebrush").iterdir()) == []


@pytest.mark.parametrize("host", ("0.0.0.0", "::"))
def test_a_server_for_others_warns_and_is_found_here(tmp_path: Path, host: str) -> None:
    if host == "::" and not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    server = start("--host", host, "--allow-remote", home=tmp_path, token=TOKEN)
    try:
        assert server.stdout is not None and server.stderr is not None
        assert "listens at" in server.stdout.readline()
        (note,) = (tmp_path / "mattebrush").iterdir()
        url = json.loads(note.read_text())["url"]
        assert json.load(urllib.request.urlopen(f"{url}/healthz"))["service"] == "mattebrush"
    finally:
        server.terminate()
        _, err = server.communicate(timeout=15)
    assert "warning: other machines" in err and "not encrypted" in err


def test_serve_ends_when_idle(tmp_path: Path) -> None:
    assert start("--idle-exit", "0.5", home=tmp_path).wait(20) == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    (
        (("--host", "0.0.0.0"), "--allow-remote"),
        (("--host", "0.0.0.0", "--allow-remote"), "--allow-remote"),
        (("--token", "a-token-in-everyone-s-sight"), "--token-file"),
        (("--token-file", "/nowhere/token"), "cannot be read"),
        (("--device", "abacus"), "Choose from"),
        (("--port", "99999"), "--port"),
    ),
)
def test_serve_refuses_what_is_not_safe(
    tmp_path: Path, arguments: tuple[str, ...], expected: str
) -> None:
    server = start(*arguments, home=tmp_path)
    _, errors = server.communicate(timeout=20)
    assert server.returncode == 2 and expected in errors and "Traceback" not in errors


def test_the_token_comes_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("short\n")
    server = start("--token-file", str(file), home=tmp_path)
    assert server.wait(20) == 2 and "too short" in server.communicate()[1]
    file.write_text(f"{TOKEN}\n")
    server = start("--token-file", str(file), home=tmp_path, token="another-one-of-the-environment")
    try:
        assert server.stdout is not None
        server.stdout.readline()
        (note,) = (tmp_path / "mattebrush").glob("server-*.json")
        assert json.loads(note.read_text())["token"] == TOKEN
    finally:
        server.terminate()
        server.wait(15)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_the_page_is_opened_with_no_key_in_sight(tmp_path: Path) -> None:
    """What other users of the machine can see, the browser's command line, leads to a file that
    they cannot read."""
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/opened\n')
    browser.chmod(0o755)
    os.environ["BROWSER"] = str(browser)
    server = start("--open", home=tmp_path)
    try:
        assert server.stdout is not None
        for _ in range(3):
            server.stdout.readline()
        environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
        environment["PYTHONPATH"] = os.pathsep.join(sys.path)
        command = [sys.executable, "-m", "mattebrush", "page"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0 and "key=" not in done.stdout, done.stderr
        until(lambda: (tmp_path / "opened").read_text().count("\n") == 2)
        for opened_at in (tmp_path / "opened").read_text().splitlines():
            assert "key" not in opened_at and opened_at.startswith("file://")
            file = Path(urllib.request.url2pathname(urllib.parse.urlparse(opened_at).path))
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            link = re.search(r'url=(http[^"]+)', file.read_text())
            assert link is not None
            base, _, key = link[1].partition("/#key=")
            request = urllib.request.Request(
                f"{base}/v1/sessions",
                json.dumps({"key": key}).encode(),
                {"Content-Type": "application/json"},
            )
            assert json.load(urllib.request.urlopen(request))["token"]
            with pytest.raises(urllib.error.HTTPError):  # once
                urllib.request.urlopen(request)
    finally:
        del os.environ["BROWSER"]
        server.terminate()
        server.wait(15)


def test_without_flask_the_extra_is_named(tmp_path: Path) -> None:
    program = "import sys; sys.modules['flask'] = None; from mattebrush.cli import main; "
    program += "sys.exit(main(['serve']))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 2 and '"mattebrush[server]"' in done.stderr, done.stderr

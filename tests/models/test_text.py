# SPDX-License-Identifier: Apache-2.0
"""Things found by words, through tiny networks of the published names, shapes and types, by the
very path that a user's files take: `models add`, then `remove --text`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from psd_tools import PSDImage

from mattebrush.cli import main
from mattebrush.errors import ModelInvalid, ModelUnavailable, NoSubject, OptionInvalid
from mattebrush.models import catalog, install, runtime, store
from mattebrush.objects.find import find
from mattebrush.options import Options, Point, Prompt
from mattebrush.segmentation import preprocess, text
from mattebrush.segmentation.result import sigmoid
from tests.models.networks import BOXES, MIX, byte_pairs, tiny, wordpiece
from tests.models.webserver import File, serving
from tests.objects.scenes import three

TEXT = ("grounding-dino-tiny", "clipseg-rd64-refined", "sam3")
WRITE = {"grounding-dino-tiny": wordpiece, "clipseg-rd64-refined": byte_pairs, "sam3": byte_pairs}


def added(model: str, folder: Path) -> str:
    """Makes tiny files of this model and has `models add` take them; gives the id."""
    row = catalog.get(model)
    for file in row.files:
        source = folder / file.name
        if file.role == catalog.TOKENIZER:
            WRITE[model](source)
        elif file.role in row.interface.graphs:
            tiny(row.interface.id, source, role=file.role)
        else:
            continue
        assert main(["models", "add", str(source), "--id", model]) == 0
    return model


def flat(height: int, width: int, color: tuple[int, int, int]) -> np.ndarray:
    return np.full((height, width, 3), color, np.uint8)


def mixture(color: tuple[int, int, int]) -> float:
    return float(np.dot(MIX, color) / 255)


# ---------------------------------------------------------------- exact to the number


@pytest.mark.parametrize("shape", [(300, 500), (900, 700), (200, 900)])
def test_grounding_dino_scores_and_boxes(tmp_path: Path, shape: tuple[int, int]) -> None:
    added("grounding-dino-tiny", tmp_path)
    color = (250, 220, 200)
    spotted, row, _ = text.spot(flat(*shape, color), Options(text="a bag. The Cyclist, red dog"))
    assert row.id == "grounding-dino-tiny"
    assert [one.phrase for one in spotted] == ["a bag", "The Cyclist", "red dog"]
    score = sigmoid(np.float64(8 * mixture(color) - 4))
    for one, place in zip(spotted, (2, 0, 1), strict=True):
        assert one.score == pytest.approx(score, abs=1e-5)
        cx, cy, w, h = BOXES[place] * (shape[1], shape[0], shape[1], shape[0])
        expected = (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)
        assert one.box == pytest.approx(expected, abs=1e-3)


def test_grounding_dino_sees_the_picture_in_its_own_shape() -> None:
    how = catalog.get("grounding-dino-tiny").interface.preprocessing
    for shape, canvas in (
        ((480, 640), (800, 1067)),
        ((640, 480), (1067, 800)),
        ((500, 2000), (333, 1333)),
        ((3000, 4000), (800, 1067)),
    ):
        assert preprocess.place(shape, how, None).canvas == canvas


def test_what_grounding_dino_reads() -> None:
    class Words:
        first, last = 101, 102

        def numbers(self, words: str) -> list[int]:
            return [ord(letter) for letter in words if letter != " "]

    numbers, spans = text.bert_prompt(["Ab", "c d"], Words())  # type: ignore[arg-type]
    assert numbers == [101, *map(ord, "ab.cd."), 102]
    assert [numbers[begin:end] for begin, end in spans] == [[97, 98], [99, 100]]
    with pytest.raises(OptionInvalid, match="too many"):
        text.bert_prompt(["word" * 70], Words())  # type: ignore[arg-type]


def test_clipseg_maps(tmp_path: Path) -> None:
    row = catalog.get(added("clipseg-rd64-refined", tmp_path))
    color = (230, 180, 240)
    session = runtime.open_session(row, "cpu")
    (plane,) = text.maps(flat(400, 300, color), ["dog"], row, session, text.tokenizer(row))
    assert plane.shape == (352, 352)
    p = mixture(color)
    assert plane[:, 117:234] == pytest.approx(p, abs=1e-5)
    low = sigmoid(np.log(p / (1 - p)) - 8)
    assert plane[:, :117] == pytest.approx(low, abs=1e-5)
    spotted, _, _ = text.spot(flat(400, 300, color), Options(text="dog"))
    assert [one.box for one in spotted] == [
        pytest.approx((117 * 300 / 352, 0, 234 * 300 / 352, 400), abs=1e-3)
    ]


def test_sam3_masks(tmp_path: Path) -> None:
    """Bright in the left two thirds: the mask of the first word is all of its third."""
    added("sam3", tmp_path)
    image = flat(400, 600, (255, 255, 255))
    image[:, 400:] = 0
    options = Options(text="cyclist, bag", model="sam3")
    spotted, row, _ = text.spot(image, options)
    assert row.id == "sam3"
    assert [one.phrase for one in spotted] == ["cyclist"]
    assert spotted[0].score == pytest.approx(0.9)
    assert spotted[0].box == pytest.approx((0, 0, 200, 400), abs=2)
    mask = spotted[0].probability
    assert mask is not None
    assert mask.shape == (200, 300)
    assert (mask[:, :98] == 1).all()
    assert (mask[:, 102:] == 0).all()


def test_edgetam_takes_a_box_as_its_corners(tmp_path: Path) -> None:
    from mattebrush.segmentation import promptable

    row = catalog.get("edgetam")
    for file in row.files:
        tiny("edgetam", store.folder(row) / file.name, role=file.role)
    prompt = Prompt(boxes=((100.0, 50.0, 300.0, 250.0),))
    segmentation = promptable.segment(flat(300, 500, (0, 0, 0)), prompt, row, "cpu")
    y, x = np.unravel_index(int(segmentation.probability.argmax()), segmentation.probability.shape)
    assert (x / 1024 * 500, y / 1024 * 300) == pytest.approx((200, 150), abs=3)
    assert segmentation.quality == pytest.approx(0.9)


# ---------------------------------------------------------------- which model


def test_without_a_model_the_way_to_one_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        find(three()[0], Options(text="dog"))
    assert "models pull grounding-dino-tiny" in str(caught.value)
    added("sam3", tmp_path)  # never taken unasked, for its license
    with pytest.raises(ModelUnavailable):
        find(three()[0], Options(text="dog"))


def test_a_map_does_where_there_are_no_boxes(tmp_path: Path) -> None:
    added("clipseg-rd64-refined", tmp_path)
    assert text.model_for(Options(text="dog")).id == "clipseg-rd64-refined"
    added("grounding-dino-tiny", tmp_path)
    assert text.model_for(Options(text="dog")).id == "grounding-dino-tiny"
    chosen = Options(text="dog", model="clipseg-rd64-refined")
    assert text.model_for(chosen).id == "clipseg-rd64-refined"


def test_words_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    added("grounding-dino-tiny", tmp_path)
    for wrong in (" , ", "...", "x" * 1001):
        with pytest.raises(OptionInvalid):
            find(three()[0], Options(text=wrong))
    with pytest.raises(OptionInvalid):
        Options(text="dog", prompt=Prompt(points=(Point(1, 1),)))
    with pytest.raises(OptionInvalid, match="words"):
        find(three()[0], Options(model="grounding-dino-tiny"))


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    row = catalog.get("grounding-dino-tiny")
    (tmp_path / "grounding-dino-tiny.tokenizer.json").write_text('{"model": {}}')
    with pytest.raises(ModelInvalid, match="vocabulary"):
        install.add(tmp_path / "grounding-dino-tiny.tokenizer.json", row.id)
    other = tiny("u2net", tmp_path / "grounding-dino-tiny.onnx")
    with pytest.raises(ModelInvalid, match="input_ids"):
        install.add(other, row.id)
    assert store.installed(row) is None


# ---------------------------------------------------------------- by the whole path


@pytest.mark.parametrize("model", TEXT)
def test_named_things_are_cut_out(tmp_path: Path, model: str) -> None:
    """The tiny networks know where the words are; what is there is the embedded network's work."""
    added(model, tmp_path)
    image, masks = three()
    if model == "sam3":
        image = np.repeat((masks.max(axis=0) * 255).astype(np.uint8)[..., None], 3, axis=2)
    chosen = {"model": model} if model == "sam3" else {}
    objects = find(image, Options(text="cyclist, bag, cat", decontaminate=False, **chosen))  # type: ignore[arg-type]
    if model == "clipseg-rd64-refined":
        assert {name.split()[0] for name in objects.names} == {"cyclist", "bag"}
        return  # its map shows the ground in the word's third: more than the thing
    assert objects.names == ("cyclist", "bag")
    for name, true in (("cyclist", masks[0]), ("bag", masks[2])):
        mask = objects.mask(name)
        assert (np.minimum(mask, true).sum() / np.maximum(mask, true).sum()) > 0.75
    assert objects.report.model == model
    assert any('"cat"' in warning for warning in objects.report.warnings)


def test_the_command_of_the_issue(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    added("grounding-dino-tiny", tmp_path)
    image, masks = three()
    Image.fromarray(image).save(tmp_path / "street.jpg", quality=95)
    out = tmp_path / "out.psd"
    capsys.readouterr()
    command = ["remove", str(tmp_path / "street.jpg"), "--text", "the cyclist", "-o", str(out)]
    assert main([*command, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["model"] == "grounding-dino-tiny"
    assert [one["name"] for one in report["objects"]] == ["cyclist"]
    _, group = PSDImage.open(out)
    assert group.name == "cyclist"
    mask = np.zeros(masks[0].shape)
    x0, y0, x1, y1 = group[0].mask.bbox
    mask[y0:y1, x0:x1] = group[0].numpy("mask")[..., 0]
    assert np.abs(mask - masks[0]).mean() < 0.01


def test_by_files_that_a_user_pulls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From a mirror, with the license agreed to; then the command of the issue again."""
    row = catalog.get("grounding-dino-tiny")
    for file in row.files:
        path = tmp_path / file.name
        wordpiece(path) if file.role == catalog.TOKENIZER else tiny(row.interface.id, path)
    files = {f"/{file.name}": File((tmp_path / file.name).read_bytes()) for file in row.files}
    with serving(files) as site:
        pull = ["models", "pull", row.id, "--mirror", site.url, "--accept-license"]
        assert main(pull) == 0
    assert "Apache-2.0" in capsys.readouterr().out
    assert store.installed(row) is not None
    assert main(["models", "selftest", row.id]) == ModelInvalid.exit_status  # knows no "person"
    Image.fromarray(three()[0]).save(tmp_path / "street.png")
    out = tmp_path / "out.psd"
    assert main(["remove", str(tmp_path / "street.png"), "--text", "the bag", "-o", str(out)]) == 0
    _, group = PSDImage.open(out)
    assert group.name == "bag"


def test_a_cut_out_by_words_in_one_piece(tmp_path: Path) -> None:
    """Batches, jobs and the server ask the engine itself."""
    from mattebrush import engine, subject

    added("grounding-dino-tiny", tmp_path)
    image, masks = three()
    cutout = engine.remove_background(image, Options(text="dog, bag"))
    true = np.maximum(masks[1], masks[2])
    assert np.abs(cutout.alpha - true).mean() < 0.01
    nothing = Options(text="cat")
    cutout = engine.remove_background(image, nothing)
    with pytest.raises(NoSubject, match="words"):
        subject.required(cutout.report, nothing, subject.FOR_HOSTS)


def test_a_promptable_model_fills_the_boxes(tmp_path: Path) -> None:
    added("grounding-dino-tiny", tmp_path)
    row = catalog.get("mobile-sam")
    for file in row.files:
        tiny(row.interface.id, store.folder(row) / file.name, role=file.role)
    named, _, _, _ = text.find(three()[0], Options(text="dog", model="mobile-sam"))
    assert named[0].segmentation.model.id == "mobile-sam"

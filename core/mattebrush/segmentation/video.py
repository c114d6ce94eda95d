# SPDX-License-Identifier: Apache-2.0
"""People in video, frame after frame: alpha and clean color, with a state that keeps them steady.

Method: Lin et al., "Robust High-Resolution Video Matting with Temporal Guidance", WACV 2022. The
network looks at a small copy of each frame and refines at full size. Its alpha is the coarse mask
that matting starts from, as any other model's.
"""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
from collections.abc import Iterator

import numpy as np

from ..errors import OptionInvalid
from ..models.catalog import ModelRow, get
from ..models.runtime import open_session
from . import preprocess
from .result import Segmentation

_SMALL_SIDE = 512
"""Longest side of the copy the network looks at; its authors advise 256 to 512."""

_STATES = ("r1", "r2", "r3", "r4")


@dataclasses.dataclass
class VideoFrame:
    """alpha: float32 (H, W) in [0, 1]. foreground: float32 (H, W, 3) in [0, 1], straight color."""

    alpha: np.ndarray
    foreground: np.ndarray


class VideoMatting:
    """Cuts a person out of a video. One object per shot: call `frame` in order, `reset` at a cut.

    model: catalog id or row of kind "video". device, threads: see
    `models.runtime.open_session`; `device` and `warnings` then say what ran.

    Raises OptionInvalid for another kind of model, ModelUnavailable, DeviceUnavailable.
    """

    def __init__(
        self, model: str | ModelRow, device: str = "auto", threads: int | None = None
    ) -> None:
        self.row = get(model)
        if self.row.kind != "video":
            raise OptionInvalid(f"{self.row.id} is no video model.", "Choose one of kind video.")
        self._session = open_session(self.row, device, threads)
        self._dtype = np.dtype(self._session.inputs[0].dtype)
        self._size: tuple[int, int] | None = None
        self._state: dict[str, np.ndarray] = {}
        self.reset()

    @property
    def device(self) -> str:
        """What really ran, such as "cpu"."""
        return self._session.device

    @property
    def warnings(self) -> list[str]:
        """Sentences a person should read."""
        return list(self._session.warnings)

    def reset(self) -> None:
        """Forgets the frames so far: for a cut. A change of size does it by itself."""
        nothing = np.zeros((1, 1, 1, 1), self._dtype)
        self._state = dict.fromkeys((f"{name}i" for name in _STATES), nothing)

    @property
    def state(self) -> dict[str, np.ndarray]:
        """What the next frame's answer depends on of those before, for `restore`."""
        return dict(self._state)

    def restore(self, state: dict[str, np.ndarray], size: tuple[int, ...] | None) -> None:
        """Goes on where another one stood.

        Parameters
        ----------
        state : dict[str, numpy.ndarray]
            What the property `state` gave.
        size : tuple[int, ...] or None
            (height, width) of its frames; None where it saw none yet.

        Raises
        ------
        KeyError
            Where a member is missing.
        """
        self._state = {f"{name}i": state[f"{name}i"].astype(self._dtype) for name in _STATES}
        self._size = None if size is None else (size[0], size[1])

    def frame(self, image: np.ndarray) -> VideoFrame:
        """The next frame.

        Parameters
        ----------
        image : numpy.ndarray
            (H, W, 1|3) uint8, uint16, or float32 in 0..1.

        Returns
        -------
        VideoFrame
        """
        size = (image.shape[0], image.shape[1])
        if size != self._size:
            self.reset()
            self._size = size
        ratio = min(1.0, _SMALL_SIDE / max(size))
        source = preprocess.to_rgb(image, size, "bilinear").transpose(2, 0, 1)[None]
        outputs = self._session.run(
            {
                "src": source.astype(self._dtype),
                **self._state,
                "downsample_ratio": np.array([ratio], np.float32),
            }
        )
        self._state = {f"{name}i": outputs[f"{name}o"] for name in _STATES}
        color = outputs["fgr"][0].astype(np.float32).transpose(1, 2, 0)
        alpha = outputs["pha"][0, 0].astype(np.float32)
        return VideoFrame(np.clip(alpha, 0, 1), np.clip(color, 0, 1))


_shot: contextvars.ContextVar[dict[tuple[object, ...], VideoMatting] | None]
_shot = contextvars.ContextVar("_shot", default=None)


@contextlib.contextmanager
def sequence() -> Iterator[None]:
    """Pictures segmented by a video model inside this block are frames of one shot, in order.

    For commands over a list of files; holds for this thread only.
    """
    token = _shot.set({})
    try:
        yield
    finally:
        _shot.reset(token)


def segment(image: np.ndarray, row: ModelRow, device: str, threads: int | None) -> Segmentation:
    """One picture as `salient.segment` gives it: on its own, or the next one of a `sequence`.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 1|3) uint8, uint16, or float32 in 0..1.
    row : ModelRow
        A row of kind "video".
    device : str
        Which device, or "auto".
    threads : int or None
        CPU threads; None follows the machine.

    Returns
    -------
    Segmentation
    """
    shot, key = _shot.get(), (row.id, device, threads)
    video = shot.get(key) if shot else None
    if video is None:
        video = VideoMatting(row, device, threads)
        if shot is not None:
            shot[key] = video
    alpha = video.frame(image).alpha
    return Segmentation(alpha, row, video.device, video.warnings)

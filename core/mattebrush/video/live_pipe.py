# SPDX-License-Identifier: Apache-2.0
"""Raw frames in, raw RGBA out, at the camera's pace: one frame out for each that came in, so that
sound stays in step; where time was short, the one before stands in its place.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable
from typing import Protocol

import numpy as np
from PIL import Image

from ..composition import Color
from ..imaging.depth import to_depth
from ..imaging.resize import resize
from .live import STEPS, Ladder, LiveCutout, Step, clean, ground_behind

BLUR = "blur"
"""As a background: the frame's own ground, out of focus."""

_AHEAD = 1.0
"""Seconds that the source may be ahead of its rate, at most, before a frame is late."""

_WAKE = 0.1
"""Seconds after which a wait looks whether it should end."""


class Readable(Protocol):
    """Where frames come from; a raw file or pipe."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Reads some bytes.

        Parameters
        ----------
        buffer
            Where to.

        Returns
        -------
        int or None
            How many; 0 at the end.
        """


class Writable(Protocol):
    """Where frames go; a raw file or pipe."""

    def write(self, data: memoryview, /) -> int | None:
        """Writes some bytes.

        Parameters
        ----------
        data
            Those at hand.

        Returns
        -------
        int or None
            How many went.
        """


@dataclasses.dataclass(frozen=True)
class Form:
    """What the frames are.

    Parameters
    ----------
    width, height
        In pixels.
    channels
        3, or 4 with an alpha of their own.
    rate
        Frames a second.
    """

    width: int
    height: int
    channels: int
    rate: float

    @property
    def size(self) -> int:
        """Bytes of a frame."""
        return self.width * self.height * self.channels


@dataclasses.dataclass
class Tally:
    """What came of it.

    frames: that came in, each of them went out. repeated: those for which there was no time, so
    that the one before went out again. seconds: of work, together. remark: a sentence a person
    should read, or nothing.
    """

    frames: int = 0
    repeated: int = 0
    seconds: float = 0.0
    remark: str = ""


class Incoming:
    """The newest frame of a stream, read by a thread of its own.

    Parameters
    ----------
    stream
        Where they come from.
    form
        What they are.
    every
        Whether each frame waits until it is taken, in place of being left out.
    """

    def __init__(self, stream: Readable, form: Form, every: bool = False) -> None:
        self._stream, self._form, self._every = stream, form, every
        self._changed = threading.Condition()
        self._frame: np.ndarray | None = None
        self._left_out, self._ended = 0, False
        self._failure: BaseException | None = None
        self.remark = ""
        # It may wait in a read for ever; that must not keep the program from ending.
        threading.Thread(target=self._read, daemon=True).start()

    def take(self, stopped: Callable[[], bool]) -> tuple[np.ndarray, int] | None:
        """The newest frame, once it is there.

        Parameters
        ----------
        stopped
            Says whether to wait no longer.

        Returns
        -------
        tuple of numpy.ndarray and int, or None
            (H, W, C) uint8, and how many before it were left out; None at the end.
        """
        with self._changed:
            while self._frame is None:
                if stopped():
                    return None
                if self._ended:
                    if self._failure is not None:
                        raise self._failure
                    return None
                self._changed.wait(_WAKE)
            taken = self._frame, self._left_out
            self._frame, self._left_out = None, 0
            self._changed.notify_all()
            return taken

    def _read(self) -> None:
        try:
            due = time.monotonic()
            while (frame := self._next()) is not None:
                now = time.monotonic()
                due = min(max(now, due + 1 / self._form.rate), now + _AHEAD)
                self._put(frame, due)
        except BaseException as failure:  # told where it is waited for
            self._failure = failure
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _put(self, frame: np.ndarray, due: float) -> None:
        """Hands on a frame. It waits for the one before until its own time, so that a file, which
        is there at once, is not run through."""
        with self._changed:
            while self._frame is not None:
                left = due - time.monotonic()
                if left <= 0 and not self._every:
                    self._left_out += 1
                    break
                self._changed.wait(_WAKE if self._every else left)
            self._frame = frame
            self._changed.notify_all()

    def _next(self) -> np.ndarray | None:
        form = self._form
        frame = np.empty((form.height, form.width, form.channels), np.uint8)
        rest = frame.data.cast("B")
        while rest:
            count = self._stream.readinto(rest)
            if not count:
                if len(rest) < form.size:
                    self.remark = (
                        f"The last frame is cut short ({form.size - len(rest)} of {form.size} "
                        f"bytes) and left out: are --size {form.width}x{form.height} and "
                        "--format right?"
                    )
                return None
            rest = rest[count:]
        return frame


class Painter:
    """Frames with their mattes as they go out, RGBA.

    Parameters
    ----------
    background
        None for transparent, a color, a picture (h, w, 3) uint8 of the frame's size, or `BLUR`.
    """

    def __init__(self, background: Color | np.ndarray | str | None) -> None:
        self._background = background

    def paint(self, image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        """One frame.

        Parameters
        ----------
        image
            (H, W, 3) uint8.
        alpha
            (H, W) float32 in [0, 1].

        Returns
        -------
        numpy.ndarray
            (H, W, 4) uint8, straight. What nothing of the subject is in is black, and clear.
        """
        ground = ground_behind(image, alpha)
        color = clean(image, alpha, ground)
        share = Image.fromarray(to_depth(alpha, np.uint8))
        behind = self._behind(image.shape, ground)
        mixed = Image.composite(Image.fromarray(color), behind, share)
        mixed.putalpha(share if self._background is None else 255)
        return np.asarray(mixed)

    def _behind(self, shape: tuple[int, ...], ground: np.ndarray) -> Image.Image:
        height, width = shape[:2]
        background = self._background
        if background is None:
            return Image.new("RGB", (width, height))
        if isinstance(background, np.ndarray):
            return Image.fromarray(background)
        if isinstance(background, tuple):
            red, green, blue = (round(value * 255) for value in background)
            return Image.new("RGB", (width, height), (red, green, blue))
        return Image.fromarray(resize(to_depth(ground, np.uint8), (height, width)))


def run(
    source: Readable,
    sink: Writable,
    form: Form,
    painter: Painter,
    cutout: LiveCutout,
    *,
    every: bool = False,
    step: Step | None = None,
    stopped: Callable[[], bool] = lambda: False,
    on_step: Callable[[Tally, Step], None] = lambda tally, step: None,
) -> Tally:
    """Works until the source ends.

    Parameters
    ----------
    source, sink
        Raw frames in, and out.
    form
        What comes in.
    painter
        What goes out.
    cutout
        Decides the mattes.
    every
        Whether no frame is left out, however long it takes: for files.
    step
        A step of quality to stay on; None for what the time allows.
    stopped
        Says whether to end after the frame at hand.
    on_step
        Is called after each frame.

    Returns
    -------
    Tally
    """
    incoming = Incoming(source, form, every)
    ladder = Ladder(1 / form.rate)
    tally = Tally()
    painted: np.ndarray | None = None
    while (taken := incoming.take(stopped)) is not None:
        frame, left_out = taken
        if painted is not None:
            for _ in range(left_out):
                _write(painted, sink)
        began = time.monotonic()
        now = step or (STEPS[0] if every else ladder.step)
        image = np.ascontiguousarray(frame[..., :3])
        alpha = cutout.matte(image, now)
        if form.channels == 4:
            alpha = alpha * (frame[..., 3] * np.float32(1 / 255))
        first = painted is None
        painted = painter.paint(image, alpha)
        took = time.monotonic() - began
        ladder.took(took)
        for _ in range(left_out if first else 0):
            _write(painted, sink)
        _write(painted, sink)
        tally.frames += 1 + left_out
        tally.repeated += left_out
        tally.seconds += took
        on_step(tally, now)
    tally.remark = incoming.remark
    return tally


def _write(frame: np.ndarray, sink: Writable) -> None:
    rest = np.ascontiguousarray(frame).data.cast("B")
    while rest:
        rest = rest[sink.write(rest) or 0 :]

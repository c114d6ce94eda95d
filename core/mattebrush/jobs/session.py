# SPDX-License-Identifier: Apache-2.0
"""A job that lives over frames: requests of the job contract in, one answer each, in order.

`open` says how, `key` names the subject in a frame, `frame` gives one and is answered with the
oldest frame that is ready, `next` with another that is, `finish` says that no more come, `state`
asks for what the next frames depend on. docs/job-contract.md describes it for client authors; the
work is done by `mattebrush.video`.
"""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

import numpy as np

from ..cutout import Progress
from ..errors import JobInvalid, OptionInvalid
from ..imaging.depth import BITS, to_depth
from ..options import Options, Prompt
from ..video import FrameResult, Key, SessionOptions, VideoSession
from . import contract
from .contract import Answer

_SESSION_OPTIONS = ("steady", "look")

Arrays = dict[str, np.ndarray]


class Frames:
    """One session, from its first request to its last. One thread at a time."""

    def __init__(self) -> None:
        self._session: VideoSession | None = None
        self._depth: int | None = None
        self._ready: collections.deque[FrameResult] = collections.deque()

    def answer(self, message: bytes, progress: Progress) -> Answer:
        """The answer to one request, its NPZ bytes.

        Parameters
        ----------
        message : bytes
            What to say.
        progress : Progress
            Called as progress(stage, fraction); may raise to stop.

        Returns
        -------
        Answer

        Raises
        ------
        JobInvalid, OptionInvalid, InputInvalid
            JobInvalid, OptionInvalid, InputInvalid and what the engine raises; the session stays as
            it was before the request.
        """
        options, arrays = contract.read_members(message)
        op = options.pop("op", None)
        if not isinstance(op, str) or op not in contract.SESSION_OPERATIONS:
            known = ", ".join(contract.SESSION_OPERATIONS)
            raise OptionInvalid(f"op is {op!r}.", f"In a session, choose one of {known}.")
        pictures = {name: array for name, array in arrays.items() if name != "state"}
        contract.check_arrays(op, contract.SESSION_OPERATIONS[op], pictures)
        if op == "open":
            return self._opened(options, arrays)
        if self._session is None:
            raise JobInvalid("The session is not open yet.", "Send open first.")
        return _RUN[op](self, self._session, options, arrays, progress)

    def _opened(self, options: dict[str, Any], arrays: Arrays) -> Answer:
        if self._session is not None:
            raise JobInvalid("The session is open already.", "Start another one.")
        depth = options.pop("depth", None)
        if depth is not None and (isinstance(depth, bool) or depth not in BITS):
            raise OptionInvalid(f"depth is {depth!r}.", "Choose 8, 16 or 32.")
        own = {name: options.pop(name) for name in _SESSION_OPTIONS if name in options}
        state = arrays.get("state")
        settings = SessionOptions(Options.from_json(options), **own)
        self._session = VideoSession(settings, state=None if state is None else state.tobytes())
        self._depth = depth
        return self._answer_of(None)

    def _key(
        self, session: VideoSession, options: dict[str, Any], arrays: Arrays, progress: Progress
    ) -> Answer:
        number = _number(options)
        prompt = Options.from_json(options).prompt if options else Prompt()
        session.add_key(Key(number, prompt, arrays.get("mask"), arrays.get("previous")))
        return self._answer_of(None)

    def _frame(
        self, session: VideoSession, options: dict[str, Any], arrays: Arrays, progress: Progress
    ) -> Answer:
        number = _number(options)
        deliver = options.pop("deliver", True)
        if not isinstance(deliver, bool):
            raise OptionInvalid("deliver must be true or false.")
        _none_left(options)
        if self._depth is None:
            self._depth = arrays["image"].dtype.itemsize * 8
        # Copied, since frames are held longer than the message.
        self._ready.extend(session.feed(number, arrays["image"].copy(), deliver, progress))
        return self._oldest()

    def _next(
        self, session: VideoSession, options: dict[str, Any], arrays: Arrays, progress: Progress
    ) -> Answer:
        _none_left(options)
        return self._oldest()

    def _finish(
        self, session: VideoSession, options: dict[str, Any], arrays: Arrays, progress: Progress
    ) -> Answer:
        _none_left(options)
        self._ready.extend(session.finish(progress))
        return self._oldest()

    def _state(
        self, session: VideoSession, options: dict[str, Any], arrays: Arrays, progress: Progress
    ) -> Answer:
        _none_left(options)
        state = np.frombuffer(session.state(), np.uint8)
        return Answer(None, None, {"op": "video", "ready": len(self._ready)}, state)

    def _oldest(self) -> Answer:
        return self._answer_of(self._ready.popleft() if self._ready else None)

    def _answer_of(self, result: FrameResult | None) -> Answer:
        """A frame's answer, or that none is ready."""
        report: dict[str, Any] = {"op": "video", "frame": None, "ready": len(self._ready)}
        if result is None:
            return Answer(None, None, report)
        report["frame"] = result.frame
        tracking = {
            "certainty": result.certainty,
            "lost": result.lost,
            "doubtful": result.doubtful,
            "new_shot": result.new_shot,
        }
        if result.cutout is None:
            return Answer(None, None, {**report, **tracking})
        cutout = result.cutout
        alpha = to_depth(cutout.matte, BITS[self._depth or 8])
        report = {**cutout.report.to_json(), **report, **tracking, "alpha_is": "matte"}
        return Answer(alpha, cutout.foreground, report)


_RUN: dict[str, Callable[[Frames, VideoSession, dict[str, Any], Arrays, Progress], Answer]] = {
    "key": Frames._key,
    "frame": Frames._frame,
    "next": Frames._next,
    "finish": Frames._finish,
    "state": Frames._state,
}


def _number(options: dict[str, Any]) -> int:
    number = options.pop("frame", None)
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise OptionInvalid(f"frame is {number!r}.", "Give the frame's number, from 0.")
    return number


def _none_left(options: dict[str, Any]) -> None:
    if options:
        raise OptionInvalid(
            f"Unknown option {', '.join(sorted(options))}.", "Options belong to the session's open."
        )

# SPDX-License-Identifier: Apache-2.0
"""A job that lives over frames: key frames and frames in, mattes and clean colors out, in order.

One warm network and one subject a shot. Frames go in forwards or backwards; a frame's answer
comes once the frames that steady it have been seen. What a frame's answer depends on is the
nearest key frame (or the shot's first second), the frames from there, and `steady` frames beyond:
so a range may be cut anywhere, if each part is given the `state` before its first frame and is fed
so many frames beyond its last, with `deliver` off (docs/video.md).
"""

from __future__ import annotations

import dataclasses
import io
import zipfile
from collections.abc import Iterable

import numpy as np

from .. import engine
from ..cutout import Cutout, Progress, Report, no_progress
from ..errors import InputInvalid, JobInvalid, OptionInvalid
from ..imaging.depth import to_unit
from ..imaging.morphology import dilated, label
from ..imaging.resize import resize
from ..models import catalog
from ..options import EMBEDDED_MODEL, Options, Point, Prompt
from ..picture import checked
from ..segmentation import certainty as judged
from ..segmentation import salient
from ..segmentation.result import Segmentation
from ..segmentation.video import VideoMatting
from . import steady, tracker
from .keys import Key
from .steady import Moment
from .tracker import Look, Track, Tracker

_MAX_PENDING = 96
"""Frames that are held back, at most, until a key frame comes."""

_LOOKS = 5
"""Of the frames in which what stands out is looked for."""

_MINOR = 0.15
"""Parts smaller than this share of the largest don't count as what stands out."""


@dataclasses.dataclass(frozen=True)
class SessionOptions:
    """How a session works, beside the engine's own options.

    Parameters
    ----------
    options
        The engine's. A prompt in them is a key of the first frame. `matting` "auto" is "guided"
        here: the network's edge is finer and takes several times as long.
    steady
        Frames on either side that steady a mask, 0 to 2.
    look
        Where nobody says which subject it is: how many frames of a shot are seen before it is
        chosen. They are held back so long. 1 chooses at once.
    """

    options: Options = dataclasses.field(default_factory=Options)
    steady: int = steady.REACH
    look: int = 12

    def __post_init__(self) -> None:
        for name, most in (("steady", steady.REACH), ("look", _MAX_PENDING)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
                raise OptionInvalid(f"{name} is {value!r}.", f"Give a whole number, 0 to {most}.")


@dataclasses.dataclass(frozen=True)
class FrameResult:
    """A frame's answer.

    frame: its number. cutout: alpha, clean colors and report; None where `deliver` was off.
    certainty: 0 to 1, that this is the subject and all of it. lost: the subject is out of sight.
    new_shot: the first frame of a shot.
    """

    frame: int
    cutout: Cutout | None
    certainty: float
    lost: bool
    new_shot: bool

    @property
    def doubtful(self) -> bool:
        """Whether a person should look at this frame."""
        return self.lost or self.certainty < tracker.DOUBT


@dataclasses.dataclass
class _Frame:
    """A frame on its way through. exact: the matte where a person painted it."""

    index: int
    image: np.ndarray
    deliver: bool
    new_shot: bool = False
    small: np.ndarray | None = None
    look: Look | None = None
    moment: Moment | None = None
    exact: np.ndarray | None = None


class VideoSession:
    """See the module. One thread at a time.

    Parameters
    ----------
    settings
        How it works.
    keys
        Where a person says which subject it is; more may be added at any time.
    state
        Of another session's `state`, to go on after its last frame.

    Raises
    ------
    OptionInvalid
        For a model that needs a prompt of its own kind, or keys for one that takes none.
    ModelUnavailable, DeviceUnavailable
        As `models.runtime.open_session` does.
    """

    def __init__(
        self,
        settings: SessionOptions | None = None,
        keys: Iterable[Key] = (),
        state: bytes | None = None,
    ) -> None:
        settings = settings or SessionOptions()
        options = settings.options
        row = catalog.get(options.model)
        if row.kind not in ("salient", "video"):
            raise OptionInvalid(
                f"{row.id} carries no subject from frame to frame.",
                "Leave the model out, or choose one of kind salient or video.",
            )
        self._row, self._settings = row, settings
        self._first_prompt = options.prompt
        self._options = dataclasses.replace(
            options,
            prompt=Prompt(),
            matting="guided" if options.matting == "auto" else options.matting,
        )
        self._keys: dict[int, Key] = {}
        self._video = None
        if row.kind == "video":
            self._video = VideoMatting(row, options.device, options.threads)
        self._tracker = Tracker(row, options.device, options.threads)
        self._track: Track | None = None
        self._before: Track | None = None  # the state before the last frame, to do it again
        self._shape: tuple[int, ...] | None = None
        self._last: int | None = None
        self._last_seen: np.ndarray | None = None
        self._waiting: list[_Frame] = []
        self._line: list[_Frame] = []
        self._past: list[Moment] = []
        self._new_shot = True
        for key in keys:
            self.add_key(key)
        if state is not None:
            self._restore(state)

    def add_key(self, key: Key) -> None:
        """Says which subject it is in one frame; counts when that frame is fed (again).

        Parameters
        ----------
        key
            What is said.

        Raises
        ------
        OptionInvalid
            For a model that takes no key frames.
        """
        if self._video is not None:
            raise OptionInvalid(
                f"{self._row.id} takes no key frames.", f"{EMBEDDED_MODEL} takes them."
            )
        self._keys[key.frame] = key

    def feed(
        self,
        frame: int,
        image: np.ndarray,
        deliver: bool = True,
        progress: Progress = no_progress,
    ) -> list[FrameResult]:
        """The next frame, later or earlier than the last.

        Parameters
        ----------
        frame
            Its number. The last one fed may be fed again, after a key was added for it.
        image
            As for `engine.remove_background`; all frames of one size.
        deliver
            False for frames that others need to be right and nobody asks for.
        progress
            See `cutout.Progress`.

        Returns
        -------
        list of FrameResult
            The frames that are ready: none, one, or several.
        """
        picture = checked(image)
        if self._shape is None:
            self._shape = picture.color.shape[:2]
        if picture.color.shape[:2] != self._shape:
            raise InputInvalid(
                f"Frame {frame} is {picture.box.width}x{picture.box.height} pixels, those before "
                f"{self._shape[1]}x{self._shape[0]}.",
                "Open a session for each size.",
            )
        if self._first_prompt and self._last is None and self._track is None:
            self._keys.setdefault(frame, Key(frame, self._first_prompt))
        now = _Frame(frame, image, deliver)
        if self._video is not None:
            return self._fed_to_video(now, self._video, progress)
        ready: list[_Frame] = []
        if frame == self._last:
            self._again(now)
        now.small = tracker.small(picture.view(picture.box))
        seen = tracker.seen(now.small)
        if self._last_seen is not None and tracker.is_cut(self._last_seen, seen):
            ready += self._ended_shot(progress)
            now.new_shot = True
        if self._new_shot:
            now.new_shot, self._new_shot = True, False
        self._last, self._last_seen = frame, seen
        ready += self._tracked(now, progress)
        return [self._answered(one, progress) for one in ready]

    def finish(self, progress: Progress = no_progress) -> list[FrameResult]:
        """All frames that are still held; the next one fed begins a shot.

        Parameters
        ----------
        progress
            See `cutout.Progress`.

        Returns
        -------
        list of FrameResult
            In order.
        """
        ready = self._ended_shot(progress)
        self._new_shot, self._last, self._last_seen = True, None, None
        return [self._answered(one, progress) for one in ready]

    # ------------------------------------------------------------ which subject

    def _tracked(self, now: _Frame, progress: Progress) -> list[_Frame]:
        key = self._keys.get(now.index)
        progress("segmentation", 0.0)
        if self._track is None and (key is None or self._waiting):
            return self._chosen(now, key)
        self._before = self._track
        self._step(now, key)
        return self._lined_up(now)

    def _chosen(self, now: _Frame, key: Key | None) -> list[_Frame]:
        """Frames wait until it is known which subject it is, then all go on."""
        self._waiting.append(now)
        if key is None:
            ahead = any(frame > now.index for frame in self._keys)
            if ahead and len(self._waiting) > _MAX_PENDING:
                raise OptionInvalid(
                    f"More than {_MAX_PENDING} frames come before the first key frame.",
                    "Begin at the key frame; feed those before it backwards from there.",
                )
            if ahead or len(self._waiting) < self._settings.look:
                return []
        return self._begun()

    def _begun(self) -> list[_Frame]:
        """Carries the subject through the frames that waited, from the one that says most."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return []
        at = next((i for i, one in enumerate(waiting) if one.index in self._keys), None)
        if at is None:
            at, standing = self._standing_out(waiting)
            self._start(waiting[at], standing)
        else:
            self._step(waiting[at], self._keys[waiting[at].index])
        first = self._track
        for one in reversed(waiting[:at]):
            self._step(one, None)
        self._track = first
        ready = []
        for one in waiting[: at + 1]:
            ready += self._lined_up(one)
        for one in waiting[at + 1 :]:
            self._before = self._track
            self._step(one, self._keys.get(one.index))
            ready += self._lined_up(one)
        return ready

    def _standing_out(self, frames: list[_Frame]) -> tuple[int, Segmentation]:
        """Which of the frames shows most certainly what stands out, and what that is."""
        chosen = sorted({round(i) for i in np.linspace(0, len(frames) - 1, _LOOKS)})
        candidates = [
            (at, salient.segment(_small(frames[at]), self._row, *self._where)) for at in chosen
        ]
        return max(candidates, key=lambda one: judged.certainty(one[1].undecided))

    @property
    def _where(self) -> tuple[str, int | None]:
        return self._options.device, self._options.threads

    def _start(self, now: _Frame, segmentation: Segmentation) -> None:
        probability = _without_minor_parts(segmentation.probability)
        self._track = self._tracker.begin(_small(now), probability)
        sure = judged.certainty(segmentation.undecided)
        lost = float(probability.max()) < 0.5
        mask = self._track.mask
        now.look = Look(mask, sure, lost, segmentation.device, tuple(segmentation.warnings))
        now.moment = Moment(self._track.seen, mask)

    def _step(self, now: _Frame, key: Key | None) -> None:
        """One frame on, or begun anew at a key."""
        image = _small(now)
        if key is not None and (key.names_anew or self._track is None):
            self._name(now, key)
            return
        assert self._track is not None
        prompt = _scaled(key.prompt, now.image, image) if key else Prompt()
        now.look, self._track = self._tracker.step(self._track, image, prompt)
        now.moment = Moment(self._track.seen, self._track.mask)

    def _name(self, now: _Frame, key: Key) -> None:
        """What a key frame says is the subject."""
        image = _small(now)
        if key.mask is not None:
            size = key.mask.shape
            if size != now.image.shape[:2]:
                raise InputInvalid(
                    f"The mask of frame {key.frame} is {size[1]}x{size[0]} pixels, the frame "
                    f"{now.image.shape[1]}x{now.image.shape[0]}.",
                    "Both must have one size.",
                )
            mask = key.mask
            if key.previous is not None:
                plain = dataclasses.replace(self._options, decontaminate=False)
                mask = engine.refine(now.image, key.mask, key.previous, None, plain).alpha
            now.exact = to_unit(mask)
            segmentation = Segmentation(
                resize(now.exact, tracker.grid_size(image), "area"), self._row, ""
            )
            sure = 1.0
        else:
            prompt = _scaled(key.prompt, now.image, image)
            segmentation = self._tracker.named(image, prompt)
            sure = judged.certainty(segmentation.probability)
        self._start(now, segmentation)
        assert now.look is not None
        now.look = dataclasses.replace(now.look, certainty=max(sure, 0.5))

    def _again(self, now: _Frame) -> None:
        """The last frame once more: what it made of the state is forgotten."""
        self._waiting = [one for one in self._waiting if one.index != now.index]
        self._line = [one for one in self._line if one.index != now.index]
        self._track = self._before
        self._last_seen = None if self._before is None else self._before.seen
        if self._before is None and not self._waiting:
            self._new_shot = True

    # ------------------------------------------------------------ a steady edge

    def _lined_up(self, now: _Frame) -> list[_Frame]:
        """The frames that have all neighbors that steady them, now that this one is there."""
        self._line.append(now)
        if len(self._line) <= self._settings.steady:
            return []
        return [self._leave()]

    def _leave(self) -> _Frame:
        """The first of the line, steadied."""
        one = self._line.pop(0)
        assert one.moment is not None and one.look is not None
        reach = self._settings.steady
        after = [other.moment for other in self._line[:reach] if other.moment is not None]
        if reach and one.exact is None and not one.look.lost and one.deliver:
            mask = steady.steadied(one.moment, self._past[::-1][:reach], after)
            one.look = dataclasses.replace(one.look, probability=mask)
        self._past = [*self._past, one.moment][-reach:] if reach else []
        return one

    def _ended_shot(self, progress: Progress) -> list[_Frame]:
        progress("segmentation", 0.0)
        ready = self._begun()
        while self._line:
            ready.append(self._leave())
        self._past, self._track, self._before = [], None, None
        return ready

    # ------------------------------------------------------------ the answer

    def _answered(self, one: _Frame, progress: Progress) -> FrameResult:
        assert one.look is not None
        cutout = self._cutout(one, one.look, progress) if one.deliver else None
        return FrameResult(one.index, cutout, one.look.certainty, one.look.lost, one.new_shot)

    def _cutout(self, one: _Frame, look: Look, progress: Progress) -> Cutout:
        if one.exact is not None:
            cutout = _as_painted(one.image, one.exact, self._options, progress)
        else:
            warnings = list(look.warnings)
            coarse = Segmentation(look.probability, self._row, look.device or "cpu", warnings)
            cutout = engine.cut_out(one.image, coarse, self._options, progress)
        cutout.report.op = "video"
        cutout.report.certainty = look.certainty
        return cutout

    def _fed_to_video(
        self, now: _Frame, video: VideoMatting, progress: Progress
    ) -> list[FrameResult]:
        """A model that remembers by itself: its recurrent state is the session's."""
        picture = checked(now.image)
        seen = tracker.seen(tracker.small(picture.view(picture.box)))
        if self._last_seen is not None and tracker.is_cut(self._last_seen, seen):
            video.reset()
            self._new_shot = True
        now.new_shot, self._new_shot = self._new_shot, False
        self._last, self._last_seen = now.index, seen
        progress("segmentation", 0.0)
        alpha = video.frame(picture.view(picture.box)).alpha
        sure = judged.certainty(alpha)
        lost = float(alpha.max()) < 0.5
        now.look = Look(alpha, sure, lost, video.device, tuple(video.warnings))
        return [self._answered(now, progress)]

    # ------------------------------------------------------------ state

    @property
    def settled(self) -> bool:
        """Whether `state` can be asked for: it is known which subject the shot has."""
        return not self._waiting

    def state(self) -> bytes:
        """What the frames after the last one fed depend on, for a session elsewhere.

        Returns
        -------
        bytes
            For `VideoSession`.

        Raises
        ------
        OptionInvalid
            While it is not settled yet which subject the shot has.
        """
        if self._waiting:
            raise OptionInvalid(
                "It is not settled yet which subject this shot has.",
                f"Feed {max(1, self._settings.look - len(self._waiting))} more frames, or name it.",
            )
        arrays: dict[str, np.ndarray] = {}
        if self._video is not None:
            arrays = {f"model_{name}": part for name, part in self._video.state.items()}
        elif self._track is not None:
            arrays = {f"track_{name}": part for name, part in self._track.arrays().items()}
        moments = [*self._past, *(one.moment for one in self._line if one.moment is not None)]
        reach = self._settings.steady
        for i, moment in enumerate(moments[-reach:] if reach else []):
            arrays[f"seen_{i}"], arrays[f"mask_{i}"] = moment.seen, moment.mask
        if self._last_seen is not None:
            arrays["last_seen"] = self._last_seen
        if self._shape is not None:
            arrays["shape"] = np.array(self._shape)
        file = io.BytesIO()
        np.savez(file, allow_pickle=False, **arrays)
        return file.getvalue()

    def _restore(self, state: bytes) -> None:
        try:
            with np.load(io.BytesIO(state), allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            tracked = {k[6:]: v for k, v in arrays.items() if k.startswith("track_")}
            self._track = Track.of_arrays(tracked) if tracked else None
            if "last_seen" in arrays:
                self._last_seen, self._new_shot = arrays["last_seen"], False
            if "shape" in arrays:
                self._shape = tuple(int(side) for side in arrays["shape"])
            count = sum(name.startswith("mask_") for name in arrays)
            self._past = [Moment(arrays[f"seen_{i}"], arrays[f"mask_{i}"]) for i in range(count)]
            if self._video is not None:
                model = {k[6:]: v for k, v in arrays.items() if k.startswith("model_")}
                self._video.restore(model, self._shape)
        except (KeyError, ValueError, OSError, EOFError, TypeError, zipfile.BadZipFile) as error:
            raise JobInvalid(f"The session's state cannot be read: {error}.") from error


def _small(frame: _Frame) -> np.ndarray:
    assert frame.small is not None
    return frame.small


def _as_painted(
    image: np.ndarray, matte: np.ndarray, options: Options, progress: Progress
) -> Cutout:
    """A frame whose mask a person painted: it stays as it is to the bit."""
    if options.decontaminate:
        made = engine.decontaminate(image, matte, options, progress)
    else:
        height, width = image.shape[:2]
        made = Cutout(matte, matte, None, Report("video", width, height))
    whole = checked(image)
    alpha = matte if whole.alpha is None else matte * to_unit(whole.alpha)
    return dataclasses.replace(made, alpha=alpha, matte=matte)


def _scaled(prompt: Prompt, image: np.ndarray, small: np.ndarray) -> Prompt:
    """A prompt in the pixels of the tracker's frame."""
    down, across = small.shape[0] / image.shape[0], small.shape[1] / image.shape[1]
    height, width = image.shape[:2]
    for point in prompt.points:
        if not (0 <= point.x < width and 0 <= point.y < height):
            raise OptionInvalid(
                f"The point {point.x:g},{point.y:g} lies outside the frame of {width}x{height}.",
                "Give pixels from the frame's left and top.",
            )
    return Prompt(
        tuple(Point(p.x * across, p.y * down, p.label) for p in prompt.points),
        tuple((b[0] * across, b[1] * down, b[2] * across, b[3] * down) for b in prompt.boxes),
    )


def _without_minor_parts(probability: np.ndarray) -> np.ndarray:
    """What stands out, without the small things beside it."""
    labels = label(probability > 0.5)
    sizes = np.bincount(labels.ravel())
    if sizes.size < 3:
        return probability
    sizes[0] = 0
    kept = np.isin(labels, np.flatnonzero(sizes >= _MINOR * sizes.max()))
    minor = (labels > 0) & ~kept
    return np.where(dilated(minor, 2) & ~kept, 0, probability).astype(np.float32)

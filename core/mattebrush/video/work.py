# SPDX-License-Identifier: Apache-2.0
"""From a clip to a cut-out clip: frames through a session into files, taken up again where it
stopped.

What is done is kept beside the output, in OUT.parts: whole parts of the movie, the session's state
at the end of each, and a line a frame (`frames.jsonl`). A folder of pictures keeps its frames in
place, and the state after each.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import itertools
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from .. import paths, render
from ..atomic import whole_file
from ..cutout import Cutout
from ..errors import InputInvalid, OutputExists, OutputUnwritable
from ..raster import Raster
from ..render import Recipe
from . import sink
from .keys import Key
from .session import FrameResult, SessionOptions, VideoSession
from .source import Frame, Source

_PART = 48
"""Frames of a part of a movie; what is done twice after a kill is less than this."""

OnFrame = Callable[[int, int], None]
"""Called as tell(done, count) after each frame; count is 0 where nobody knows. May raise."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is to be done.

    recipe: what is made of each frame. behind: another clip to put behind it, or None.
    """

    source: Source
    settings: SessionOptions
    keys: Sequence[Key]
    recipe: Recipe
    behind: Source | None = None

    @property
    def clear(self) -> bool:
        """Whether what is written has alpha."""
        flat = self.recipe.background is not None or self.behind is not None
        return self.recipe.content == "cutout" and not flat

    def fingerprint(self) -> str:
        """The same for the same work; of another plan nothing is taken up.

        Returns
        -------
        str
        """
        clip = self.source.clip
        recipe = dataclasses.replace(self.recipe, background=None)
        parts = [
            repr(clip),
            repr(self.settings),
            repr(recipe),
            str(self.behind and self.behind.clip),
        ]
        background = self.recipe.background
        parts.append(repr(background) if isinstance(background, tuple) else str(background is None))
        for key in sorted(self.keys, key=lambda key: key.frame):
            mask = b"" if key.mask is None else key.mask.tobytes()
            parts.append(f"{key.frame} {key.prompt} {hashlib.sha256(mask).hexdigest()}")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclasses.dataclass
class Done:
    """What came of it.

    frames: how many. doubtful: the numbers of those to look at. shots: the numbers of frames that
    begin one. remarks: sentences a person should read.
    """

    frames: int = 0
    doubtful: list[int] = dataclasses.field(default_factory=list)
    shots: list[int] = dataclasses.field(default_factory=list)
    remarks: list[str] = dataclasses.field(default_factory=list)

    def add(self, line: dict[str, object]) -> None:
        """Counts one frame.

        Parameters
        ----------
        line
            What is noted of it.
        """
        self.frames += 1
        if line["doubtful"]:
            self.doubtful.append(int(str(line["frame"])))
        if line["new_shot"]:
            self.shots.append(int(str(line["frame"])))


def to_movie(plan: Plan, output: Path, overwrite: bool, resume: bool, on_frame: OnFrame) -> Done:
    """Writes a movie. Parts that are done stay, whatever happens.

    Parameters
    ----------
    plan
        What is to be done.
    output
        The movie.
    overwrite
        Whether to replace what is there.
    resume
        Whether to go on where a run was ended.
    on_frame
        Is called after each frame; what it raises ends the run.

    Returns
    -------
    Done

    Raises
    ------
    OutputExists
        Where it is there, or parts of another run are.
    OutputUnwritable
        Where FFmpeg or the system refuses.
    """
    how = sink.movie_format(output, plan.clear)
    if paths.exists(output) and not overwrite:
        raise OutputExists(f"{output} exists already.", "Give --overwrite, or another name.")
    store = _Store(output.with_name(output.name + ".parts"), plan, overwrite, resume)
    parts = store.done_parts(output.suffix)
    begin = len(parts) * _PART
    done = store.truncate(begin)
    frames = _results(plan, store, begin, on_frame)
    number = len(parts)
    for first in frames:
        path = store.folder / f"{number:06d}{output.suffix}"
        lines = []
        with sink.Part(path, how, plan.source.clip, plan.clear) as part:
            several = itertools.chain([first], itertools.islice(frames, _PART - 1))
            for result, frame, picture in several:
                part.write(picture, frame.time)
                lines.append(_line(result, frame))
        store.note(lines)
        for line in lines:
            done.add(line)
        parts.append(path)
        number += 1
    if not parts:
        raise InputInvalid(f"{plan.source.clip.name} has no frames.", "Is the file whole?")
    done.remarks += plan.source.remarks
    done.remarks += sink.joined(parts, output, how, plan.source, overwrite)
    store.remove()
    return done


def to_folder(
    plan: Plan, folder: Path, ending: str, overwrite: bool, resume: bool, on_frame: OnFrame
) -> Done:
    """Writes a picture a frame: the name of the frame's own file, or its number from 000000.

    Parameters
    ----------
    plan
        What is to be done.
    folder
        Where to.
    ending
        Of the files, such as ".png".
    overwrite
        Whether to replace what is there.
    resume
        Whether to go on where a run was ended.
    on_frame
        Is called after each frame; what it raises ends the run.

    Returns
    -------
    Done

    Raises
    ------
    OutputExists
        Where the folder is not empty, or is of another run.
    OutputUnwritable
        Where the system refuses.
    """
    sink.check_folder(folder)
    if paths.is_folder(folder) and any(folder.iterdir()) and not (overwrite or resume):
        raise OutputExists(
            f"The folder {folder} is not empty.", "Give --resume to go on, --overwrite to replace."
        )
    with _named_failures(folder):
        folder.mkdir(parents=True, exist_ok=True)
    store = _Store(folder / ".mattebrush", plan, overwrite, resume)
    begin = store.done_frames()
    done = store.truncate(begin)
    for result, frame, picture in _results(plan, store, begin, on_frame):
        name = frame.name or f"{frame.index:06d}"
        sink.write_picture(picture, folder / f"{name}{ending}", plan.recipe.content != "cutout")
        line = _line(result, frame)
        store.note([line])
        done.add(line)
    done.remarks += plan.source.remarks
    store.remove()
    return done


def to_pipe(plan: Plan, stream: BinaryIO, on_frame: OnFrame) -> Done:
    """Writes raw frames, rgba or rgb24.

    Parameters
    ----------
    plan
        What is to be done.
    stream
        Where to.
    on_frame
        Is called after each frame; what it raises ends the run.

    Returns
    -------
    Done
    """
    done = Done()
    for result, frame, picture in _results(plan, None, 0, on_frame):
        sink.write_raw(picture, stream, plan.clear)
        done.add(_line(result, frame))
    done.remarks += plan.source.remarks
    return done


def _results(
    plan: Plan, store: _Store | None, begin: int, on_frame: OnFrame
) -> Iterator[tuple[FrameResult, Frame, Raster]]:
    """Each frame from `begin` on, cut out and made a picture of."""
    state = store.state(begin) if store and begin else None
    session = VideoSession(plan.settings, plan.keys, state)
    waiting: dict[int, Frame] = {}
    behind = plan.behind.frames() if plan.behind else None
    scenery: Raster | None = None
    count = plan.source.clip.count
    pending: list[FrameResult] = []

    def pictured(result: FrameResult) -> tuple[FrameResult, Frame, Raster]:
        nonlocal scenery
        frame = waiting.pop(result.frame)
        if behind is not None:
            scenery = _next_picture(behind, scenery)
        assert result.cutout is not None
        picture = _made(frame.picture, result.cutout, plan.recipe, scenery)
        on_frame(result.frame + 1, max(count, result.frame + 1) if count else 0)
        return result, frame, picture

    for frame in plan.source.frames():
        if frame.index < begin:
            if behind is not None:
                scenery = _next_picture(behind, scenery)
            continue
        waiting[frame.index] = frame
        pending = session.feed(frame.index, frame.picture.image())
        if store is not None:
            store.keep(frame.index + 1, session)
        for result in pending:
            yield pictured(result)
    for result in session.finish():
        yield pictured(result)


def _next_picture(frames: Iterator[Frame], last: Raster | None) -> Raster | None:
    """The next frame; where the clip behind is shorter, its last one stays."""
    frame = next(frames, None)
    return last if frame is None else frame.picture


def _made(source: Raster, cutout: Cutout, recipe: Recipe, scenery: Raster | None) -> Raster:
    if scenery is not None:
        recipe = dataclasses.replace(recipe, background=scenery)
    return render.picture(source, cutout, recipe)


def _line(result: FrameResult, frame: Frame) -> dict[str, object]:
    return {
        "frame": result.frame,
        "time": round(float(Fraction(frame.time)), 6),
        "certainty": result.certainty,
        "lost": result.lost,
        "doubtful": result.doubtful,
        "new_shot": result.new_shot,
    }


class _Store:
    """What a run that was ended leaves for the next one."""

    def __init__(self, folder: Path, plan: Plan, overwrite: bool, resume: bool) -> None:
        self.folder = folder
        mark = folder / "plan"
        if paths.is_folder(folder):
            same = paths.is_file(mark) and mark.read_text("utf-8") == plan.fingerprint()
            if resume and not same:
                raise OutputExists(
                    f"{folder} is of other options, or another clip.",
                    "Give --overwrite to begin anew.",
                )
            if not resume and not overwrite:
                raise OutputExists(
                    f"{folder} holds a run that was not finished.",
                    "Give --resume to go on, --overwrite to begin anew.",
                )
            if not resume:
                self.remove()
        with _named_failures(folder):
            folder.mkdir(parents=True, exist_ok=True)
            mark.write_text(plan.fingerprint(), "utf-8")

    def done_parts(self, ending: str) -> list[Path]:
        """The parts that are whole, as far as a state is there to go on from."""
        numbered = (self.folder / f"{number:06d}{ending}" for number in itertools.count())
        parts = list(itertools.takewhile(paths.is_file, numbered))
        # While a shot's subject is being settled there is none: then from the part before.
        while parts and not paths.is_file(self._state(len(parts) * _PART)):
            parts.pop()
        return parts

    def done_frames(self) -> int:
        """How many frames of a folder are done, as far as a state is there to go on from."""
        count = len(self._lines())
        while count and not paths.is_file(self._state(count)):
            count -= 1
        return count

    def keep(self, frames: int, session: VideoSession) -> None:
        """The state after so many frames, at the end of a part or, in a folder, of each frame."""
        every = 1 if self.folder.name == ".mattebrush" else _PART
        if frames % every or not session.settled:
            return
        with whole_file(self._state(frames), overwrite=True) as file:
            file.write(session.state())
        if every == 1:
            old = self._state(frames - _KEPT)
            old.unlink(missing_ok=True)

    def state(self, frames: int) -> bytes:
        """What `keep` kept."""
        return self._state(frames).read_bytes()

    def note(self, lines: Sequence[dict[str, object]]) -> None:
        """Adds lines, a frame each."""
        text = "".join(json.dumps(line) + "\n" for line in lines)
        with (
            _named_failures(self.folder),
            (self.folder / "frames.jsonl").open("a", encoding="utf-8") as file,
        ):
            file.write(text)

    def truncate(self, count: int) -> Done:
        """What the first so many frames came to; later lines are forgotten."""
        lines = self._lines()[:count]
        (self.folder / "frames.jsonl").write_text(
            "".join(json.dumps(line) + "\n" for line in lines), "utf-8"
        )
        done = Done()
        for line in lines:
            done.add(line)
        return done

    def _lines(self) -> list[dict[str, object]]:
        path = self.folder / "frames.jsonl"
        if not paths.is_file(path):
            return []
        lines = []
        for text in path.read_text("utf-8").splitlines():
            try:
                lines.append(json.loads(text))
            except ValueError:
                break  # the run ended in the middle of this line
        return lines

    def _state(self, frames: int) -> Path:
        return self.folder / f"state-{frames:06d}.npz"

    def remove(self) -> None:
        """All of it, once it is not needed any more."""
        shutil.rmtree(self.folder, ignore_errors=True)


_KEPT = 128
"""States that a folder's run keeps: frames wait for those that steady them, or for a key."""


@contextlib.contextmanager
def _named_failures(path: Path) -> Iterator[None]:
    """What the system refuses, as a sentence."""
    try:
        yield
    except OSError as error:
        if isinstance(error, FileExistsError):
            raise OutputUnwritable(f"{path} is a file.", "Name a folder.") from error
        raise sink.unwritable(path, error) from error

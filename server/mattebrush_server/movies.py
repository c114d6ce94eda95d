# SPDX-License-Identifier: Apache-2.0
"""A short movie in, a movie with alpha out: the work itself, in a worker process.

FFmpeg wants files, so the movie and its result lie in a folder for this user only, which the
service removes whatever becomes of the job; pictures never do.
"""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

from mattebrush.cutout import Progress
from mattebrush.errors import InputInvalid, InputTooLarge

from .blobs import Blob

MEDIA_TYPES = {"mov": "video/quicktime", "webm": "video/webm", "mp4": "video/mp4"}
"""What comes out, by the name of its form: ProRes 4444, VP9, and H.264, which carries no alpha."""

MOST_FRAMES = 1800
"""A minute of 30 frames a second."""

MOST_PIXELS = 1920 * 1088
"""Of a frame."""

_ADVICE = "Longer ones: mattebrush video, on the command line."


def cut_out(
    inputs: dict[str, Blob], params: dict[str, Any], progress: Progress
) -> tuple[bytes, dict[str, Any]]:
    """Cuts a movie out.

    Parameters
    ----------
    inputs
        `movie`: the file.
    params
        folder: where to work, not there yet. format: one of `MEDIA_TYPES`. background: r, g, b, a
        or None. options: as in the job contract; its prompt names the subject on the first frame.
    progress
        Called after each frame.

    Returns
    -------
    tuple of (bytes, dict)
        The movie; frames, doubtful, shots and remarks as `mattebrush video --json` has them.
    """
    from mattebrush.options import Options
    from mattebrush.render import Recipe
    from mattebrush.video import SessionOptions
    from mattebrush.video.source import Movie
    from mattebrush.video.work import Plan, to_movie

    folder = Path(params["folder"])
    folder.mkdir(mode=0o700)
    try:
        progress("reading", 0.0)
        received, made = folder / "movie", folder / f"cutout.{params['format']}"
        with received.open("wb") as file, inputs["movie"].view as view:
            file.write(view)
        try:
            source = Movie(str(received))
        except InputInvalid as error:  # whoever sent it knows nothing of the folder here
            raise InputInvalid(
                error.message.replace(str(received), "The file"), error.fix
            ) from error
        _check(source.clip.width, source.clip.height, source.clip.count)
        color = params["background"]
        flat = None if color is None else tuple(value / 255 for value in color[:3])
        plan = Plan(
            source,
            SessionOptions(Options.from_json(params["options"])),
            [],
            dataclasses.replace(Recipe(), background=flat),
        )

        def on_frame(done: int, count: int) -> None:
            _check(1, 1, done)
            progress("frames", done / count if count else 0.0)

        done = to_movie(plan, made, False, False, on_frame)
        return made.read_bytes(), {"movie": params["format"], **dataclasses.asdict(done)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check(width: int, height: int, frames: int) -> None:
    if width * height > MOST_PIXELS:
        raise InputTooLarge(
            f"The movie's frames have {width} x {height} pixels.",
            f"At most 1920 x 1080 are taken. {_ADVICE}",
        )
    if frames > MOST_FRAMES:
        raise InputTooLarge(
            "The movie is too long.", f"At most {MOST_FRAMES} frames are taken. {_ADVICE}"
        )

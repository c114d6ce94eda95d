# SPDX-License-Identifier: Apache-2.0
"""Where finished frames go: movies with alpha, folders of pictures, raw bytes on a pipe.

A movie is written in parts of a second or so; a part is whole or not there, so that whatever ends
the work, the parts that are done stay done. At the end the parts become one movie, packets copied,
and the sound joins.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .. import raster
from ..atomic import whole_file
from ..errors import MattebrushError, OptionInvalid, OutputUnwritable
from ..imaging.depth import to_depth
from ..raster import Raster
from .source import Clip, Source, Tags, load_av, sws_matrix

_TICKS = Fraction(1, 90_000)
"""Of the times that are written: fine enough for every frame rate, the variable ones too."""


@dataclasses.dataclass(frozen=True)
class MovieFormat:
    """How a movie of an ending is written. clear: with alpha. audio: codecs its container takes as
    they are; others become `sound`."""

    container: str
    codec: str
    pixels: str
    options: dict[str, str]
    clear: bool
    audio: tuple[str, ...]
    sound: str


_PRORES = {"profile": "4444", "alpha_bits": "16", "vendor": "apl0"}
_VP9 = {
    "crf": "18",
    "b": "0",
    "deadline": "good",
    "cpu-used": "4",
    "row-mt": "1",
    "auto-alt-ref": "0",
}
_H264 = {"crf": "16", "preset": "medium"}
_OPEN = ("opus", "vorbis")

_MOV_SOUND = ("pcm_s16le", "pcm_s24le", "aac", "alac", "mp3")
_MKV_SOUND = (*_OPEN, "aac", "mp3", "flac", "ac3")
_MP4_SOUND = ("aac", "mp3", "ac3")

MOVIES = {
    ".mov": MovieFormat("mov", "prores_ks", "yuva444p10le", _PRORES, True, _MOV_SOUND, "pcm_s16le"),
    ".webm": MovieFormat("webm", "libvpx-vp9", "yuva420p", _VP9, True, _OPEN, "libopus"),
    ".mkv": MovieFormat("matroska", "libvpx-vp9", "yuva420p", _VP9, True, _MKV_SOUND, "libopus"),
    ".mp4": MovieFormat("mp4", "libx264", "yuv420p", _H264, False, _MP4_SOUND, "aac"),
}
"""By ending."""


def movie_format(path: Path, needs_alpha: bool) -> MovieFormat:
    """How to write a movie.

    Parameters
    ----------
    path
        Its name, whose ending says it.
    needs_alpha
        Whether it has to hold alpha.

    Returns
    -------
    MovieFormat

    Raises
    ------
    OutputUnwritable
        Where the ending is none that can hold it.
    """
    how = MOVIES.get(path.suffix.lower())
    if how is None:
        raise OutputUnwritable(
            f"{path} has no ending that is known.",
            "Use .mov (ProRes 4444), .webm (VP9), or name a folder.",
        )
    if needs_alpha and not how.clear:
        raise OutputUnwritable(
            f"{path.suffix} carries no transparency.",
            "Use .mov or .webm, or add --background or --mask.",
        )
    return how


class Part:
    """One part of a movie, being written. Use as a context; left by an exception, no file stays."""

    def __init__(self, path: Path, how: MovieFormat, clip: Clip, clear: bool) -> None:
        self._path, self._how, self._clip = path, how, clip
        self._hidden = path.with_name(f".{path.name}.part")
        self._clear = clear
        self._container: Any = None

    def __enter__(self) -> Part:
        av = load_av()
        self._guarded(self._open, av)
        return self

    def _open(self, av: Any) -> None:
        how, clip = self._how, self._clip
        self._container = av.open(str(self._hidden), "w", format=how.container)
        options = dict(how.options)
        stream = self._container.add_stream(how.codec, rate=clip.rate, options=options)
        stream.width, stream.height = _sides(clip, how)
        stream.pix_fmt = how.pixels if self._clear else how.pixels.replace("yuva", "yuv")
        context = stream.codec_context
        context.time_base = _TICKS
        stream.time_base = _TICKS
        context.sample_aspect_ratio = clip.aspect
        matrix = clip.tags.matrix_for(clip.height)
        context.colorspace, context.color_range = matrix, 1
        context.color_primaries = clip.tags.primaries
        context.color_trc = clip.tags.transfer
        if self._clear and how.codec == "libvpx-vp9":
            stream.metadata["alpha_mode"] = "1"  # by which browsers know that there is alpha
        self._stream = stream

    def write(self, picture: Raster, time: Fraction) -> None:
        """One frame.

        Parameters
        ----------
        picture
            What it shows.
        time
            Seconds from the beginning of the whole movie.

        Raises
        ------
        OutputUnwritable
            Where FFmpeg or the system refuses.
        """
        self._guarded(self._write, picture, time)

    def _write(self, picture: Raster, time: Fraction) -> None:
        tags = dataclasses.replace(
            self._clip.tags, matrix=self._clip.tags.matrix_for(self._clip.height)
        )
        frame = _video_frame(picture, self._stream, tags, self._clear)
        frame.pts, frame.time_base = round(time / _TICKS), _TICKS
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def _guarded(self, work: Callable[..., None], *arguments: Any) -> None:
        """Raises OutputUnwritable where FFmpeg or the system refuses."""
        av = load_av()
        try:
            work(*arguments)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise unwritable(self._path, error) from error

    def _close(self) -> None:
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._guarded(self._close)
                self._hidden.replace(self._path)
            elif self._container is not None:
                self._drop()
        finally:
            self._hidden.unlink(missing_ok=True)

    def _drop(self) -> None:
        av = load_av()
        with contextlib.suppress(av.error.FFmpegError, OSError, ValueError):
            self._container.close()


def _sides(clip: Clip, how: MovieFormat) -> tuple[int, int]:
    """Width and height; with halved color, both even: the last row and column are repeated."""
    if "420" in how.pixels:
        return clip.width + clip.width % 2, clip.height + clip.height % 2
    return clip.width, clip.height


def _video_frame(picture: Raster, stream: Any, tags: Tags, clear: bool) -> Any:
    av = load_av()
    color = picture.pixels
    deep = color.dtype != np.uint8 and "10" in stream.pix_fmt
    kind = np.dtype(np.uint16) if deep else np.dtype(np.uint8)
    color = to_depth(color, kind)
    if color.shape[2] == 1:
        color = np.repeat(color, 3, axis=2)
    if clear:
        alpha = picture.alpha
        if alpha is None:
            alpha = np.full(color.shape[:2], np.iinfo(kind).max, kind)
        color = np.dstack([color, to_depth(alpha, kind)])
    rows, columns = stream.height - color.shape[0], stream.width - color.shape[1]
    if rows or columns:
        color = np.pad(color, ((0, rows), (0, columns), (0, 0)), mode="edge")
    name = ("rgba64le" if clear else "rgb48le") if deep else ("rgba" if clear else "rgb24")
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(color), format=name)
    frame = frame.reformat(format=stream.pix_fmt, dst_colorspace=sws_matrix(tags.matrix))
    frame.colorspace, frame.color_range = tags.matrix, 1
    return frame


def joined(
    parts: Sequence[Path], output: Path, how: MovieFormat, source: Source, overwrite: bool
) -> list[str]:
    """Makes one movie of the parts, with the sound and the time code of their source.

    Parameters
    ----------
    parts
        In order.
    output
        The movie.
    how
        How the parts were written.
    source
        Where the frames came from.
    overwrite
        Whether to replace a movie that is there.

    Returns
    -------
    list of str
        Remarks: sentences a person should read.

    Raises
    ------
    OutputExists
        Where it is there and may not be replaced.
    OutputUnwritable
        Where FFmpeg or the system refuses.
    """
    av = load_av()
    remarks: list[str] = []
    with whole_file(output, overwrite) as file:
        try:
            with av.open(file, "w", format=how.container) as out:
                _join(av, out, parts, how, source, remarks)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise unwritable(output, error) from error
    return remarks


def _join(
    av: Any, out: Any, parts: Sequence[Path], how: MovieFormat, source: Source, remarks: list[str]
) -> None:
    with av.open(str(parts[0])) as first:
        video = out.add_stream_from_template(first.streams.video[0])
        first_metadata = {name.lower() for name in first.streams.video[0].metadata}
    if how.pixels.startswith("yuva420") and "alpha_mode" in first_metadata:
        video.metadata["alpha_mode"] = "1"
    if source.clip.timecode:
        if keeps_timecode():
            video.codec_context.framerate = source.clip.rate  # in which the time code counts
            video.metadata["timecode"] = source.clip.timecode
        else:
            remarks.append("The time code was not kept: PyAV from version 18 on keeps it.")
    sound = _Sound(av, out, how, source, remarks)
    for part in parts:
        with av.open(str(part)) as container:
            for packet in container.demux(container.streams.video[0]):
                if packet.dts is None:
                    continue
                sound.until(float(packet.dts * packet.time_base))
                packet.stream = video
                out.mux(packet)
    sound.until(float("inf"))
    sound.end()


def keeps_timecode() -> bool:
    """Whether this PyAV tells FFmpeg the rate that a time code counts in.

    Returns
    -------
    bool
    """
    return int(load_av().__version__.split(".")[0]) >= 18


class _Sound:
    """The source's first sound track: copied where the container takes it, else encoded."""

    def __init__(self, av: Any, out: Any, how: MovieFormat, source: Source, remarks: list[str]):
        self._av, self._out = av, out
        self._container = source.container() if source.clip.has_audio else None
        self._packets: Any = iter(())
        self._ahead: Any = None
        if self._container is None:
            return
        stream = self._container.streams.audio[0]
        self._packets = self._container.demux(stream)
        self._copied = stream.codec_context.name in how.audio
        if self._copied:
            self._track = out.add_stream_from_template(stream)
        else:
            rate = 48_000 if how.sound == "libopus" else stream.codec_context.sample_rate
            layout = "mono" if stream.codec_context.channels == 1 else "stereo"
            self._track = out.add_stream(how.sound, rate=rate, layout=layout)
            self._resampler = av.AudioResampler(
                self._track.codec_context.format.name
                if self._track.codec_context.format
                else "s16",
                layout,
                rate,
                self._track.codec_context.frame_size or None,
            )
            remarks.append(f"The sound was encoded anew, as {how.sound.removeprefix('lib')}.")

    def until(self, seconds: float) -> None:
        """All that is heard before so many seconds."""
        while True:
            packet = self._ahead if self._ahead is not None else next(self._packets, None)
            self._ahead = None
            if packet is None:
                return
            if packet.dts is None:
                continue
            if float(packet.dts * packet.time_base) > seconds:
                self._ahead = packet
                return
            self._put(packet)

    def _put(self, packet: Any) -> None:
        if self._copied:
            packet.stream = self._track
            self._out.mux(packet)
            return
        try:
            frames = packet.decode()
        except self._av.error.FFmpegError:
            return  # a broken piece of sound is silent
        for frame in frames:
            for piece in self._resampler.resample(frame):
                self._out.mux(self._track.encode(piece))

    def end(self) -> None:
        """What the encoder still holds."""
        if self._container is None:
            return
        if not self._copied:
            for piece in self._resampler.resample(None):
                self._out.mux(self._track.encode(piece))
            self._out.mux(self._track.encode(None))
        self._container.close()


def write_picture(picture: Raster, path: Path, lossless: bool) -> None:
    """One frame of a folder, in the place of one that is there.

    Parameters
    ----------
    picture
        What it shows.
    path
        Its file.
    lossless
        Whether WebP may lose nothing.
    """
    raster.write(str(path), picture, overwrite=True, lossless=lossless)


def write_raw(picture: Raster, stream: BinaryIO, clear: bool) -> None:
    """One frame as raw bytes.

    Parameters
    ----------
    picture
        What it shows.
    stream
        Where to.
    clear
        Whether as rgba; else rgb24.
    """
    color = to_depth(picture.pixels, np.dtype(np.uint8))
    if color.shape[2] == 1:
        color = np.repeat(color, 3, axis=2)
    if clear:
        alpha = picture.alpha
        full = np.full(color.shape[:2], 255, np.uint8) if alpha is None else alpha
        color = np.dstack([color, to_depth(full, np.dtype(np.uint8))])
    rest = np.ascontiguousarray(color).reshape(-1).data
    while rest:
        rest = rest[stream.write(rest) :]
    stream.flush()


def unwritable(path: Path, error: Exception) -> MattebrushError:
    """What FFmpeg or the system said, as a sentence with its cure.

    Parameters
    ----------
    path
        What was to be written.
    error
        What was raised.

    Returns
    -------
    MattebrushError
        The error itself where it is one already.
    """
    if isinstance(error, MattebrushError):
        return error
    if getattr(error, "errno", None) == errno.ENOSPC:
        return OutputUnwritable(
            f"{path} cannot be written: the disk is full.",
            "Free some space and go on with --resume; what is done stays.",
        )
    reason = str(getattr(error, "strerror", None) or error).rstrip(".")
    return OutputUnwritable(f"{path} cannot be written: {reason}.", "Write elsewhere.")


def check_folder(path: Path) -> None:
    """Refuses what looks like a picture's name.

    Parameters
    ----------
    path
        Of a folder, as a person named it.

    Raises
    ------
    OptionInvalid
        Where it ends as a picture does.
    """
    if path.suffix.lower() in (".png", ".exr", ".tif", ".tiff", ".jpg"):
        raise OptionInvalid(
            f"{path} is the name of one picture.", "Name a folder, or a movie (.mov, .webm)."
        )

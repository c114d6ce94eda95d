# SPDX-License-Identifier: Apache-2.0
"""Frames out of movies, folders of pictures, and raw bytes on a pipe.

PyAV (FFmpeg's libraries) does all that has to do with containers and codecs; this module says what
a frame is for the engine: upright, progressive, RGB in the clip's own encoding, deep where the
clip is deep, with its time.
"""

from __future__ import annotations

import abc
import dataclasses
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np

from .. import paths, raster
from ..errors import InputInvalid, ModelUnavailable, OptionInvalid
from ..extras import advice
from ..raster import Raster

MOVIES = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mts", ".m2ts", ".mpg", ".ts", ".ogv")
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".exr", ".bmp")

_DEFAULT_RATE = Fraction(24)
_HD_ROWS = 720
"""From so many rows on, a movie that does not say so is taken to be BT.709, else BT.601."""

_BT709, _BT601, _UNSAID = 1, 5, 2
"""FFmpeg's numbers of color matrices."""


@dataclasses.dataclass(frozen=True)
class Tags:
    """What a clip says of its colors, FFmpeg's numbers; 2 is "not said"."""

    primaries: int = _UNSAID
    transfer: int = _UNSAID
    matrix: int = _UNSAID

    def matrix_for(self, rows: int) -> int:
        """The matrix that counts for a picture.

        Parameters
        ----------
        rows
            The picture's height.

        Returns
        -------
        int
            FFmpeg's number of it.
        """
        if self.matrix in (0, _UNSAID):
            return _BT709 if rows >= _HD_ROWS else _BT601
        return self.matrix


@dataclasses.dataclass(frozen=True)
class Clip:
    """What is known of a clip before its frames are.

    count: how many frames it has, about; 0 where nobody knows. aspect: of its pixels. timecode:
    of its first frame, "" where it has none.
    """

    name: str
    width: int
    height: int
    rate: Fraction
    count: int
    tags: Tags = Tags()
    aspect: Fraction = Fraction(1)
    timecode: str = ""
    has_audio: bool = False


@dataclasses.dataclass(frozen=True)
class Frame:
    """index: from 0. name: of its file, or "". time: seconds from the first frame."""

    index: int
    name: str
    time: Fraction
    picture: Raster


class Source(abc.ABC):
    """Frames in order. clip: what they are of. remarks: sentences a person should read, complete
    once all frames were read."""

    clip: Clip

    def __init__(self) -> None:
        self.remarks: list[str] = []

    @abc.abstractmethod
    def frames(self) -> Iterator[Frame]:
        """All frames; may be called again, but of a pipe.

        Returns
        -------
        Iterator of Frame
            From the first.
        """

    def container(self) -> Any:
        """The movie opened anew, for its sound.

        Returns
        -------
        av.container.InputContainer or None
            None where there is none.
        """
        return None


def open_source(path: str) -> Source:
    """The frames of a movie or a folder of pictures.

    Parameters
    ----------
    path
        Where it is.

    Returns
    -------
    Source

    Raises
    ------
    InputInvalid
        Where there are none.
    ModelUnavailable
        Where PyAV is missing.
    """
    if paths.is_folder(path):
        return PictureFolder(Path(path))
    if not paths.exists(path):
        raise InputInvalid(f"{path} does not exist.", "Check its name.")
    return Movie(path)


def load_av() -> Any:
    """PyAV, where it is installed.

    Returns
    -------
    module

    Raises
    ------
    ModelUnavailable
        Where it is not.
    """
    try:
        import av
    except ImportError as error:
        raise ModelUnavailable("Movies need the package av.", advice("video", "av")) from error
    av.logging.set_level(None)
    return av


class PictureFolder(Source):
    """The pictures of a folder, by their numbers: shot_9 comes before shot_10."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        names = [p.name for p in folder.iterdir() if p.suffix.lower() in PICTURES]
        self._files = [folder / name for name in sorted(names, key=_by_numbers)]
        if not self._files:
            raise InputInvalid(
                f"The folder {folder} holds no pictures.", "Frames are files such as 0001.png."
            )
        first = raster.read(str(self._files[0]))
        self.clip = Clip(folder.name, first.width, first.height, _DEFAULT_RATE, len(self._files))

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`.

        Returns
        -------
        Iterator of Frame
            From the first.
        """
        for index, file in enumerate(self._files):
            picture = raster.read(str(file))
            if (picture.width, picture.height) != (self.clip.width, self.clip.height):
                raise InputInvalid(
                    f"{file} is {picture.width}x{picture.height} pixels, the first frame "
                    f"{self.clip.width}x{self.clip.height}.",
                    "All frames must have one size.",
                )
            yield Frame(index, file.stem, index / _DEFAULT_RATE, picture)


def _by_numbers(name: str) -> list[tuple[int, str]]:
    return [(int(d), "") if d else (-1, text) for d, text in re.findall(r"(\d+)|(\D+)", name)]


RAW_FORMATS = {"rgb24": 3, "rgba": 4, "gray": 1}
"""Raw frames that are understood, and their bytes a pixel: FFmpeg's names."""


class RawPipe(Source):
    """Raw frames, one after the other, as `ffmpeg -f rawvideo` writes them."""

    def __init__(
        self, stream: IO[bytes], width: int, height: int, kind: str, rate: Fraction = _DEFAULT_RATE
    ) -> None:
        super().__init__()
        if kind not in RAW_FORMATS:
            raise OptionInvalid(f"{kind!r} is no raw format.", f"Choose {', '.join(RAW_FORMATS)}.")
        self._stream, self._channels = stream, RAW_FORMATS[kind]
        self.clip = Clip("standard input", width, height, rate, 0)

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`; once only.

        Returns
        -------
        Iterator of Frame
            From the first.
        """
        shape = (self.clip.height, self.clip.width, self._channels)
        size, index = int(np.prod(shape)), 0
        while data := self._stream.read(size):
            if len(data) < size:
                self.remarks.append(
                    f"The last frame is cut short ({len(data)} of {size} bytes) and left out: "
                    f"is --raw {self.clip.width}x{self.clip.height} right?"
                )
                return
            image = np.frombuffer(data, np.uint8).reshape(shape)
            alpha = image[..., 3] if self._channels == 4 else None
            yield Frame(index, "", index / self.clip.rate, Raster(image[..., :3], alpha))
            index += 1


class Movie(Source):
    """A movie's first video track."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path, self._av = path, load_av()
        with self._opened() as container:
            if not container.streams.video:
                raise InputInvalid(f"{path} has no picture track.", "Give a movie.")
            stream = container.streams.video[0]
            context = stream.codec_context
            rate = stream.average_rate or stream.guessed_rate or _DEFAULT_RATE
            first = next(self._decoded(container), None)
            if first is None:
                raise InputInvalid(f"No frame of {path} can be read.", "Is the file whole?")
            count = stream.frames
            if not count and container.duration:
                count = round(float(container.duration) / 1e6 * float(rate))
            height, width = first.height, first.width
            if first.rotation % 180:
                height, width = width, height
            self.clip = Clip(
                Path(path).name,
                width,
                height,
                Fraction(rate),
                int(count),
                Tags(int(context.color_primaries), int(context.color_trc), int(context.colorspace)),
                Fraction(context.sample_aspect_ratio or 1) or Fraction(1),
                _timecode(container),
                bool(container.streams.audio),
            )

    def _opened(self) -> Any:
        try:
            return self._av.open(self._path)
        except (self._av.error.FFmpegError, ValueError) as error:
            raise InputInvalid(
                f"{self._path} is no movie that can be read: {_reason(error)}.",
                "MP4, MOV, WebM, MKV and their kin are understood, or a folder of pictures.",
            ) from error

    def container(self) -> Any:
        """See `Source.container`.

        Returns
        -------
        av.container.InputContainer
        """
        return self._opened()

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`.

        Returns
        -------
        Iterator of Frame
            From the first.
        """
        with self._opened() as container:
            start: Fraction | None = None
            last = Fraction(-1)
            for index, frame in enumerate(self._progressive(self._decoded(container))):
                time = _time(frame)
                if start is None:
                    start = time or Fraction(0)
                at = index / self.clip.rate if time is None else time - start
                if at <= last:  # broken or missing time stamps: frames still follow one another
                    at = last + 1 / (self.clip.rate * 1000)
                last = at
                yield Frame(index, "", at, self._picture(frame))

    def _decoded(self, container: Any) -> Iterator[Any]:
        """Frames, going on after packets that are broken."""
        stream = container.streams.video[0]
        stream.thread_type = "SLICE"  # by frames, a broken one would take others along
        broken = 0
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                break
            except self._av.error.FFmpegError:
                broken += 1
                break  # the container itself ends here
            try:
                yield from packet.decode()
            except self._av.error.FFmpegError:
                broken += 1
        if broken:
            self.remarks.append(
                f"{broken} broken {'piece' if broken == 1 else 'pieces'} of {self._path} could not "
                "be read; the frames in them are left out, the others keep their time."
            )

    def _progressive(self, frames: Iterator[Any]) -> Iterator[Any]:
        """Interlaced frames woven into whole ones, each from its own two fields."""
        graph = None
        for frame in frames:
            if graph is None and not frame.interlaced_frame:
                yield frame
                continue
            if graph is None:
                graph = self._deinterlacer(frame)
                self.remarks.append("The movie is interlaced: its frames were made whole (bwdif).")
            graph.push(frame)
            yield from self._pulled(graph)
        if graph is not None:
            graph.push(None)
            yield from self._pulled(graph)

    def _pulled(self, graph: Any) -> Iterator[Any]:
        while True:
            try:
                yield graph.pull()
            except (self._av.error.BlockingIOError, self._av.error.EOFError):
                return

    def _deinterlacer(self, frame: Any) -> Any:
        graph = self._av.filter.Graph()
        source = graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=frame.time_base or Fraction(1, 1000),
        )
        woven = graph.add("bwdif", "mode=send_frame:deint=interlaced")
        sink = graph.add("buffersink")
        source.link_to(woven)
        woven.link_to(sink)
        graph.configure()
        return graph

    def _picture(self, frame: Any) -> Raster:
        deep = max(component.bits for component in frame.format.components) > 8
        clear = any(component.is_alpha for component in frame.format.components)
        kind = ("rgba64le" if clear else "rgb48le") if deep else ("rgba" if clear else "rgb24")
        matrix = self.clip.tags.matrix_for(frame.height)
        if frame.format.is_rgb:
            converted = frame.reformat(format=kind)
        else:
            converted = frame.reformat(format=kind, src_colorspace=sws_matrix(matrix))
        image = converted.to_ndarray()
        turns = round(frame.rotation / 90) % 4
        if turns:
            image = np.ascontiguousarray(np.rot90(image, turns))
        return Raster(image[..., :3], image[..., 3] if clear else None)


def sws_matrix(matrix: int) -> int:
    """swscale's number of a matrix: 2020's two kinds are one there, unknown ones are BT.601.

    Parameters
    ----------
    matrix
        FFmpeg's number of it.

    Returns
    -------
    int
    """
    return {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}.get(matrix, 5)


def _time(frame: Any) -> Fraction | None:
    if frame.pts is None or frame.time_base is None:
        return None
    return Fraction(frame.pts) * Fraction(frame.time_base)


def _timecode(container: Any) -> str:
    for stream in container.streams:
        if "timecode" in stream.metadata:
            return str(stream.metadata["timecode"])
    return str(container.metadata.get("timecode", ""))


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).rstrip(".")

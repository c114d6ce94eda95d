# SPDX-License-Identifier: Apache-2.0
"""Small movies, written with PyAV as cameras and editors write them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

av = pytest.importorskip("av")


def write(
    path: Path,
    images: Sequence[np.ndarray],
    *,
    codec: str = "libx264",
    pixels: str = "yuv444p",
    rate: int = 25,
    times: Sequence[int] | None = None,
    sound: str = "",
    options: dict[str, str] | None = None,
    timecode: str = "",
    tagged: bool = True,
) -> Path:
    """times: of the frames, in thousandths of a second, where they are not at even distances."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate, options=options or {"crf": "4", "bf": "0"})
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pixels
        stream.codec_context.time_base = Fraction(1, 1000 if times else rate)
        if tagged:
            stream.codec_context.colorspace = stream.codec_context.color_primaries = 1
            stream.codec_context.color_trc, stream.codec_context.color_range = 1, 1
        if timecode:
            stream.metadata["timecode"] = timecode
        audio = out.add_stream(sound, rate=48000, layout="mono") if sound else None
        for index, image in enumerate(images):
            kind = "rgb48le" if image.dtype == np.uint16 else "rgb24"
            frame = av.VideoFrame.from_ndarray(image, format=kind)
            frame = frame.reformat(format=pixels, dst_colorspace=1)
            frame.pts = times[index] if times else index
            frame.time_base = stream.codec_context.time_base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if audio is not None:
            _add_sound(out, audio, len(images) / rate)
    return path


def _add_sound(out: Any, stream: Any, seconds: float) -> None:
    wave = (np.sin(np.arange(int(48000 * seconds)) / 20) * 0.3).astype(np.float32)[None]
    for at in range(0, wave.shape[1], 960):
        piece = np.ascontiguousarray(wave[:, at : at + 960])
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 48000, at
        for part in av.AudioResampler(stream.codec_context.format.name, "mono", 48000).resample(
            frame
        ):
            out.mux(stream.encode(part))
    out.mux(stream.encode(None))


def frames(path: Path, kind: str = "rgba", codec: str = "") -> list[np.ndarray]:
    """All frames of a movie; `codec` names a decoder that knows of its alpha."""
    with av.open(str(path)) as container:
        if not codec:
            return [
                frame.reformat(format=kind, src_colorspace=1).to_ndarray()
                for frame in container.decode(video=0)
            ]
        decoder = av.codec.CodecContext.create(codec, "r")
        return [
            frame.to_ndarray(format=kind)
            for packet in container.demux(video=0)
            for frame in decoder.decode(packet)
        ]

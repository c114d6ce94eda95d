# SPDX-License-Identifier: Apache-2.0
"""Bad files, full disks, Ctrl-C: one clear sentence each, and never half a file."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import stat
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from mattebrush import atomic, errors, raster
from mattebrush.imaging.depth import to_depth
from mattebrush.raster import exif

RANDOM = np.random.default_rng(3)
NOISE = raster.Raster(RANDOM.integers(0, 256, (60, 80, 3), dtype=np.uint8))
LARGE = raster.Raster(RANDOM.integers(0, 65536, (2000, 2000, 3), dtype=np.uint16))
NOT_ROOT_ONLY = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX rights")


def _samples() -> dict[str, bytes]:
    """A small valid file of every kind, with all the metadata that it can hold."""
    colors = Image.fromarray(RANDOM.integers(0, 256, (9, 11, 3), dtype=np.uint8))
    block = Image.Exif()
    block[0x0112], block[0x010F] = 6, "Camera"
    block.get_ifd(exif.EXIF)[0x829A] = (1, 50)

    def saved(image: Image.Image, format: str, **options: object) -> bytes:
        file = io.BytesIO()
        image.save(file, format, **options)
        return file.getvalue()

    deep = raster.Raster(
        RANDOM.integers(0, 65536, (9, 11, 3), dtype=np.uint16),
        RANDOM.integers(0, 65536, (9, 11), dtype=np.uint16),
        metadata=raster.Metadata(
            exif=block.tobytes()[6:], xmp=b"<x/>", dpi=(300, 300), text={"Title": "A"}
        ),
    )
    samples = {
        "jpeg": saved(colors, "JPEG", exif=block),
        "png": saved(colors, "PNG", exif=block),
        "palette png": saved(colors.quantize(8), "PNG", transparency=2),
        "webp": saved(colors, "WEBP", exif=block),
        "tiff": saved(colors, "TIFF", exif=block, compression="tiff_lzw"),
        "deep png": raster.encode(deep, "PNG"),
        "deep tiff": raster.encode(deep, "TIFF"),
        "float tiff": raster.encode(raster.Raster(RANDOM.random((9, 11, 3), np.float32)), "TIFF"),
        "bmp": saved(colors, "BMP"),
        "gif": saved(colors, "GIF"),
        "avif": saved(colors, "AVIF"),
    }
    with contextlib.suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
        samples["heif"] = saved(colors.resize((64, 64)), "HEIF")
    return samples


SAMPLES = _samples()


def read_or_named_error(data: bytes) -> raster.Raster | None:
    """The picture, or None after a MattebrushError that says something. All else is a bug."""
    try:
        got = raster.read(data, max_pixels=1_000_000)
    except errors.MattebrushError as failure:
        assert len(failure.message) > 10
        assert "\n" not in str(failure)
        assert "object at 0x" not in str(failure)
        return None
    got.check()
    return got


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_valid(name: str) -> None:
    assert read_or_named_error(SAMPLES[name]) is not None


@pytest.mark.parametrize("name", SAMPLES)
def test_every_truncation_is_survived(name: str) -> None:
    data = SAMPLES[name]
    for length in range(0, len(data), max(1, len(data) // 150)):
        read_or_named_error(data[:length])


@pytest.mark.parametrize("name", SAMPLES)
def test_half_a_file_is_an_error(name: str) -> None:
    whole = SAMPLES[name]
    assert read_or_named_error(whole[: len(whole) // 2]) is None


@settings(max_examples=400, deadline=None)
@given(
    name=st.sampled_from(sorted(SAMPLES)),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_changed_bytes_are_survived(name: str, changes: list[tuple[float, int]]) -> None:
    data = bytearray(SAMPLES[name])
    for place, value in changes:
        data[int(place * (len(data) - 1))] = value
    read_or_named_error(bytes(data))


@settings(max_examples=300, deadline=None)
@given(
    start=st.sampled_from(
        [b"", *(data[:length] for data in SAMPLES.values() for length in (12, 40))]
    ),
    rest=st.binary(max_size=300),
)
@example(start=b"", rest=b"")
@example(start=b"", rest=b"hello")
def test_bytes_that_are_no_picture_are_refused(start: bytes, rest: bytes) -> None:
    read_or_named_error(start + rest)


@settings(max_examples=200, deadline=None)
@given(
    start=st.sampled_from([b"II*\0", b"MM\0*", b"Exif\0\0II*\0\x08\0\0\0", b""]), rest=st.binary()
)
def test_any_exif_block_is_kept_or_dropped(start: bytes, rest: bytes) -> None:
    block = exif.upright(start + rest, 10, 20)
    if block is not None:
        assert exif.upright(block, 10, 20) == block


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\0" * 100, "not a picture"),
        (b"hello, this is a text", "not a picture"),
        (b"%PDF-1.7 ....", "PDF"),
        (b"II*\0\0\0\0\0", r"incomplete TIFF file\."),
        (b"8BPS\0\1" + b"\0" * 60, "no picture"),
        (b"FUJIFILMCCD-RAW " + b"\0" * 60, "camera raw.*raw editor"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "camera raw.*raw editor"),
        (SAMPLES["jpeg"][:-40], "JPEG"),
        (SAMPLES["png"][:-40], "PNG"),
    ],
)
def test_message_names_the_problem(data: bytes, words: str) -> None:
    with pytest.raises(errors.InputInvalid, match=words) as caught:
        raster.read(data)
    assert caught.value.fix


def huge_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))


@pytest.mark.parametrize("size", ((60_000, 60_000), (2**31 - 1, 2**31 - 1), (2**31 - 1, 1)))
def test_absurd_dimensions_are_refused_by_the_header(size: tuple[int, int]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Pillow's own warning must not show
        with pytest.raises(errors.InputTooLarge, match="megapixels"):
            raster.read(huge_png(*size))


@pytest.mark.parametrize("name", SAMPLES)
def test_limit_is_the_callers(name: str) -> None:
    with pytest.raises(errors.InputTooLarge):
        raster.read(SAMPLES[name], max_pixels=98)


def test_pillows_own_limit_is_untouched_afterwards() -> None:
    before, filters = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    read_or_named_error(SAMPLES["jpeg"])
    read_or_named_error(SAMPLES["jpeg"][:50])
    assert before == Image.MAX_IMAGE_PIXELS
    assert list(warnings.filters) == filters


@pytest.mark.parametrize("shape", ((1, 1), (1, 5000), (5000, 1), (1, 2)))
@pytest.mark.parametrize("format", raster.WRITABLE)
def test_thin_pictures_pass(shape: tuple[int, int], format: str) -> None:
    gray = raster.Raster(np.full((*shape, 1), 77, np.uint8))
    got = raster.read(raster.encode(gray, format))
    assert got.pixels.shape[:2] == shape
    assert np.abs(to_depth(got.pixels, np.uint8).astype(int) - 77).max() <= 2


def test_side_too_long_for_the_format_is_said() -> None:
    with pytest.raises(errors.OutputUnwritable, match="16383"):
        raster.encode(raster.Raster(np.zeros((1, 16_384, 1), np.uint8)), "WEBP")


# --- paths ---------------------------------------------------------------------------------------


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(errors.InputInvalid, match="does not exist"):
        raster.read(tmp_path / "none.png")
    with pytest.raises(errors.InputInvalid, match="is a folder"):
        raster.read(tmp_path)
    with pytest.raises(errors.InputInvalid):
        raster.read("a\0b.png")


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Root may do anything; become someone who may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@NOT_ROOT_ONLY
def test_rights_are_named(tmp_path: Path) -> None:
    path = tmp_path / "private.png"
    raster.write(path, NOISE)
    path.chmod(0)
    tmp_path.chmod(0o555)
    for parent in tmp_path.parents[:3]:
        if parent.stat().st_uid == os.geteuid():
            parent.chmod(parent.stat().st_mode | 0o055)
    try:
        with as_nobody():
            with pytest.raises(errors.InputInvalid, match="permission"):
                raster.read(path)
            with pytest.raises(errors.OutputUnwritable, match="permission"):
                raster.write(tmp_path / "new.png", NOISE)
    finally:
        tmp_path.chmod(0o755)


def test_unwritable_targets(tmp_path: Path) -> None:
    for path, words in (
        (tmp_path, "does not name a format"),
        (tmp_path / "no" / "out.png", "does not exist"),
        (tmp_path / "out.xyz", "format"),
        (tmp_path / ("n" * 300 + ".png"), "too long"),
    ):
        with pytest.raises(errors.OutputUnwritable, match=words):
            raster.write(path, NOISE)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(errors.OutputUnwritable, match="is a folder"):
        raster.write(tmp_path / "folder.png", NOISE, overwrite=True)


@NOT_ROOT_ONLY
def test_special_files_are_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    with pytest.raises(errors.OutputUnwritable, match="regular"):
        raster.write(pipe, NOISE, overwrite=True)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_links_go_on_pointing(tmp_path: Path) -> None:
    target, link = tmp_path / "target.png", tmp_path / "link.png"
    target.write_bytes(b"old")
    try:
        link.symlink_to(target)
    except OSError:
        pytest.skip("links are not allowed here")
    raster.write(link, NOISE, overwrite=True)
    assert link.is_symlink()
    np.testing.assert_array_equal(raster.read(target).pixels, NOISE.pixels)


@NOT_ROOT_ONLY
def test_new_files_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        raster.write(tmp_path / "out.png", NOISE)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out.png").stat().st_mode) == 0o640


def test_name_taken_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "out.png"
    with pytest.raises(errors.OutputExists), atomic.whole_file(path) as file:
        file.write(b"mine")
        path.write_bytes(b"theirs")
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


# --- full disk, Ctrl-C ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ("out.png", "out.tif", "out.webp", "out.jpg"))
def test_file_too_large_for_the_disk_leaves_nothing(tmp_path: Path, name: str) -> None:
    resource = pytest.importorskip("resource", reason="needs POSIX limits")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(errors.OutputUnwritable, match="cannot be written"):
            raster.write(tmp_path / name, NOISE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ("out.png", "out.tif", "out.webp", "out.jpg"))
def test_full_disk_is_named_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    disk = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(tmp_path)]
    if sys.platform != "linux" or os.geteuid() != 0 or subprocess.run(disk, check=False).returncode:
        pytest.skip("needs to mount a small disk (root on Linux)")
    try:
        (tmp_path / name).write_bytes(b"old")
        with pytest.raises(errors.OutputUnwritable, match="disk is full"):
            raster.write(tmp_path / name, LARGE, overwrite=True)
        assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.parametrize("name", ("out.png", "out.tif"))
def test_interrupt_in_the_middle_leaves_nothing(tmp_path: Path, name: str) -> None:
    if not hasattr(signal, "setitimer"):
        pytest.skip("needs POSIX timers")
    seen: list[Path] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        seen.extend(tmp_path.iterdir())
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        with pytest.raises(KeyboardInterrupt):
            raster.write(tmp_path / name, LARGE)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(seen) == 1, "the interrupt came before the file was begun: write a larger one"
    assert list(tmp_path.iterdir()) == []


def test_input_is_never_touched(tmp_path: Path) -> None:
    for name, data in SAMPLES.items():
        path = tmp_path / name
        path.write_bytes(data)
        path.chmod(0o444)
        raster.read(path)
        assert path.read_bytes() == data


@pytest.mark.parametrize(
    "wrong",
    (
        raster.Raster(np.zeros((4, 4), np.uint8)),
        raster.Raster(np.zeros((0, 4, 3), np.uint8)),
        raster.Raster(np.zeros((4, 4, 3), np.float64)),
        raster.Raster(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), np.uint8)),
    ),
)
def test_arrays_of_the_wrong_shape_are_refused(wrong: raster.Raster) -> None:
    with pytest.raises(errors.InputInvalid):
        raster.encode(wrong, "PNG")

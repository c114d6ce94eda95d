# SPDX-License-Identifier: Apache-2.0
"""The job contract: one request, one answer, both NPZ, the same bytes through a pipe or over HTTP.

Request members: `image` (H, W, 1|2|3|4) uint8, uint16 or float32; optional `mask` and `previous`
(H, W) of those types, `region` (H, W) uint8, for video models `earlier` (N, H, W, 1|2|3|4), the
frames before `image`; `options`, UTF-8 JSON as uint8. Answer members: `alpha` (H, W), `foreground`
when asked for, of several objects `masks` (N, H, W), `report` (JSON as uint8). A failure is one
JSON object {"code", "message", "fix"} instead. docs/job-contract.md describes it for clients.

`decode` is safe on hostile bytes: no pickles, shapes checked before any memory is taken. This
module knows no transport: `pipe` is the one over stdin and stdout, the server the one over HTTP.
"""

from __future__ import annotations

import dataclasses
import io
import json
import math
import struct
import tokenize
import zipfile
import zlib
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.lib import format as npy

from ..errors import JobInvalid, MattebrushError, OptionInvalid
from ..imaging.depth import BITS
from ..options import Options
from ..raster.model import MAX_PIXELS

OPERATIONS = {
    "remove": ("image",),
    "segment": ("image",),
    "objects": ("image",),
    "matte": ("image", "mask"),
    "decontaminate": ("image", "mask"),
    "refine": ("image", "mask"),
    "status": (),
}
"""What a request's `op` may be, and the members each needs. `matte` takes the trimap as `mask`.
What each does stands in `operations`."""

SESSION_OPERATIONS = {
    "open": (),
    "key": (),
    "frame": ("image",),
    "next": (),
    "finish": (),
    "state": (),
}
"""What a request to a session may ask for, and the members each needs. What each does stands in
`session`."""

_PIXEL_TYPES = tuple(BITS.values())
OPTIONS_BYTES = 1_000_000
"""The longest JSON that options may be."""

UNREADABLE = (
    zipfile.BadZipFile,
    EOFError,
    OSError,
    RuntimeError,
    SyntaxError,
    ValueError,
    struct.error,
    tokenize.TokenError,  # numpy, over a header that is no Python literal
    zlib.error,
)
"""What zipfile and numpy raise over a damaged NPZ file."""


class _Member(NamedTuple):
    ndims: tuple[int, ...]
    dtypes: tuple[np.dtype[Any], ...]


_MEMBERS = {
    "image": _Member((2, 3), _PIXEL_TYPES),
    "mask": _Member((2,), _PIXEL_TYPES),
    "previous": _Member((2,), _PIXEL_TYPES),
    "region": _Member((2,), (np.dtype(np.uint8),)),
    "earlier": _Member((4,), _PIXEL_TYPES),
    "state": _Member((1,), (np.dtype(np.uint8),)),
    "options": _Member((1,), (np.dtype(np.uint8),)),
}

_MOST_BYTES = {"options": OPTIONS_BYTES, "state": 64_000_000}
"""How long members that are no pictures may be."""


@dataclasses.dataclass(frozen=True)
class Request:
    """A decoded, checked request.

    op: a key of `OPERATIONS`. arrays: the members by name, all of one height and width, `image`
    always (H, W, C). depth: bits of the answer's alpha (8, 16, 32). force: answer even when no
    subject was found. options: for the engine.
    """

    op: str
    arrays: dict[str, np.ndarray]
    depth: int
    force: bool
    options: Options


@dataclasses.dataclass(frozen=True)
class Answer:
    """alpha (H, W) in the depth asked for, or None; foreground as the image, or None; report;
    state (N,) uint8 of a session, where it was asked for; masks (N, H, W) as alpha, of `objects`,
    in the order in which the report lists them."""

    alpha: np.ndarray | None
    foreground: np.ndarray | None
    report: dict[str, Any]
    state: np.ndarray | None = None
    masks: np.ndarray | None = None


def decode(
    data: bytes | IO[bytes], max_pixels: int = MAX_PIXELS, memory: memoryview | None = None
) -> Request:
    """A request from its NPZ bytes, or from a file of them.

    Parameters
    ----------
    data : bytes or IO[bytes]
        A file's bytes.
    max_pixels : int, optional
        A picture with more is refused.
    memory : memoryview or None, optional
        All of the file, where it lies in memory already; the arrays of members that are stored
        uncompressed are then the bytes there, uncopied and read-only, as they are for `bytes`.

    Returns
    -------
    Request

    Raises
    ------
    JobInvalid, OptionInvalid
        JobInvalid for anything that is not of the published form (pickled objects, zip bombs, wrong
        shapes or types, sizes that differ, NaN), OptionInvalid for options that make no sense.
    """
    options, members = read_members(data, max_pixels, memory)
    if "state" in members:
        raise JobInvalid("A job takes no state.", "It belongs to a session's open.")
    return request_of(options, members)


def read_members(
    data: bytes | IO[bytes], max_pixels: int = MAX_PIXELS, memory: memoryview | None = None
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The options of a request and its other members; what `decode` checks of bytes, without what
    it checks of a job. Arguments and JobInvalid as there.

    Parameters
    ----------
    data : bytes or IO[bytes]
        A file's bytes.
    max_pixels : int, optional
        A picture with more is refused.
    memory : memoryview or None, optional
        Shared memory.

    Returns
    -------
    tuple[dict[str, Any], dict[str, numpy.ndarray]]
    """
    file: IO[bytes]
    if isinstance(data, bytes):
        file, memory = io.BytesIO(data), memoryview(data)
    else:
        file = data
    try:
        with zipfile.ZipFile(file) as archive:
            members = _read_members(archive, max_pixels, memory)
    except UNREADABLE as error:
        raise JobInvalid(f"The request is not a readable NPZ file: {error}.") from error
    return _options_json(members.pop("options", None)), members


def _read_members(
    archive: zipfile.ZipFile, max_pixels: int, memory: memoryview | None
) -> dict[str, np.ndarray]:
    members: dict[str, np.ndarray] = {}
    for info in archive.infolist():
        name = info.filename.removesuffix(".npy")
        if name not in _MEMBERS or name in members:
            raise JobInvalid(
                f"The request has an unexpected member {info.filename!r}.",
                f"Members are {', '.join(_MEMBERS)}, each once.",
            )
        with archive.open(info) as member:
            members[name] = _read_array(member, name, max_pixels, _stored(info, memory))
    return members


_LOCAL_HEADER = 30  # bytes before a member's name and extra field, whose lengths are its last four


def _stored(info: zipfile.ZipInfo, memory: memoryview | None) -> memoryview | None:
    """A member's bytes in memory, verified; None where they must be unpacked from the file."""
    if memory is None or info.compress_type != zipfile.ZIP_STORED:
        return None
    lengths = info.header_offset + _LOCAL_HEADER - 4
    start = lengths + 4 + sum(struct.unpack("<HH", memory[lengths : lengths + 4]))
    data = memory[start : start + info.file_size]
    if zlib.crc32(data) != info.CRC:
        raise zipfile.BadZipFile(f"Bad CRC-32 for file {info.filename!r}")
    return data


def _read_array(
    member: IO[bytes], name: str, max_pixels: int, stored: memoryview | None
) -> np.ndarray:
    """One .npy member; its header is checked before memory is taken for its data."""
    version = npy.read_magic(member)
    if version not in ((1, 0), (2, 0)):
        raise JobInvalid(f"{name} has .npy version {version}, which this engine does not read.")
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read_header(member)
    rule = _MEMBERS[name]
    if dtype not in rule.dtypes or len(shape) not in rule.ndims:
        allowed = ", ".join(str(each) for each in rule.dtypes)
        raise JobInvalid(
            f"{name} is {dtype} with {len(shape)} dimensions.",
            f"It must be {allowed} with {' or '.join(map(str, rule.ndims))} dimensions.",
        )
    if name in _MOST_BYTES:
        if shape[0] > _MOST_BYTES[name]:
            raise JobInvalid(f"{name} has more than {_MOST_BYTES[name] / 1e6:g} megabytes.")
    else:
        _check_shape(name, shape, max_pixels)
    size = math.prod(shape) * dtype.itemsize
    data: memoryview | bytearray
    if stored is None:
        data = _read_exactly(member, size)
        left_over = bool(member.read(1))
    else:
        data = stored[member.tell() : member.tell() + size]
        left_over = len(stored) > member.tell() + size
    if len(data) < size:
        raise JobInvalid(f"{name} is cut short: {len(data)} of {size} bytes.")
    if left_over:
        raise JobInvalid(f"{name} holds more bytes than its shape {shape} says.")
    array = np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
    array.flags.writeable = False
    return array if array.flags.aligned else array.copy(order="K")


def _check_shape(name: str, shape: tuple[int, ...], max_pixels: int) -> None:
    if min(shape) < 1:
        raise JobInvalid(f"{name} is empty: its shape is {shape}.")
    count = math.prod(shape if len(shape) == 2 else shape[:-1])
    if count > max_pixels:
        raise JobInvalid(
            f"{name} has {count / 1e6:.0f} megapixels.",
            f"At most {max_pixels / 1e6:.0f} are taken.",
        )
    if len(shape) > 2 and shape[-1] not in (1, 2, 3, 4):
        raise JobInvalid(f"{name} has {shape[-1]} channels.", "1 to 4 are understood.")


def _read_exactly(member: IO[bytes], size: int) -> bytearray:
    """So many bytes, or fewer where there are no more."""
    # Grown as bytes really arrive, so that a header that lies takes no memory.
    data = bytearray()
    while len(data) < size and (chunk := member.read(min(size - len(data), 1 << 24))):
        data += chunk
    return data


def request_of(options: dict[str, Any], arrays: dict[str, np.ndarray]) -> Request:
    """A request from options and members that are in memory already, checked as `decode` does.

    Parameters
    ----------
    options : dict[str, Any]
        What is asked for.
    arrays : dict[str, numpy.ndarray]
        By member name.

    Returns
    -------
    Request

    Raises
    ------
    JobInvalid, OptionInvalid
    """
    values, arrays = dict(options), dict(arrays)
    op = values.pop("op", "remove")
    if not isinstance(op, str) or op not in OPERATIONS:
        raise OptionInvalid(f"op is {op!r}.", f"Choose one of {', '.join(OPERATIONS)}.")
    image = arrays.get("image")
    if image is not None and image.ndim == 2:
        arrays["image"] = image[:, :, None]
    likeness = arrays.get("mask", image)
    depth = values.pop("depth", 8 if likeness is None else likeness.dtype.itemsize * 8)
    if not isinstance(depth, int) or depth not in BITS:
        raise OptionInvalid(f"depth is {depth!r}.", "Choose 8, 16 or 32.")
    force = values.pop("force", False)
    if not isinstance(force, bool):
        raise OptionInvalid("force must be true or false.")
    check_arrays(op, OPERATIONS[op], arrays)
    return Request(op, arrays, depth, force, Options.from_json(values))


def check_arrays(op: str, needed: tuple[str, ...], arrays: dict[str, np.ndarray]) -> None:
    """Checks that the members `op` needs are there, of one size, and hold numbers.

    Parameters
    ----------
    op : str
        Which operation.
    needed : tuple[str, ...]
        Names of members.
    arrays : dict[str, numpy.ndarray]
        By member name.

    Raises
    ------
    JobInvalid
    """
    for name in needed:
        if name not in arrays:
            raise JobInvalid(f"The operation {op} needs {name}, which the request lacks.")
    sizes = {k: v.shape[1:3] if k == "earlier" else v.shape[:2] for k, v in arrays.items()}
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{name} {width}x{height}" for name, (height, width) in sizes.items())
        raise JobInvalid(f"The request's members differ in size: {listed}.")
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise JobInvalid(f"{name} holds NaN or infinity.", "Replace those values first.")


def _options_json(raw: np.ndarray | None) -> dict[str, Any]:
    if raw is None:
        return {}
    try:
        values = json.loads(raw.tobytes().decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise JobInvalid(f"options are not JSON: {error}.") from error
    if not isinstance(values, dict):
        raise JobInvalid("options must be one JSON object.")
    return values


def encode_request(options: dict[str, Any], **arrays: np.ndarray | None) -> bytes:
    """NPZ bytes of a request: `options` as JSON, and the arrays given by member name.

    Parameters
    ----------
    options : dict[str, Any]
        What is asked for.

    Returns
    -------
    bytes
    """
    out = io.BytesIO()
    _write_npz(out, {**arrays, "options": _json_array(options)})
    return out.getvalue()


def encode_answer(answer: Answer) -> bytes:
    """NPZ bytes of an answer.

    Parameters
    ----------
    answer : Answer
        What a run gave.

    Returns
    -------
    bytes
    """
    out = io.BytesIO()
    write_answer(answer, out)
    return out.getvalue()


def write_answer(answer: Answer, file: IO[bytes]) -> None:
    """Writes an answer as NPZ to a seekable file, straight from its arrays.

    Parameters
    ----------
    answer : Answer
        What a run gave.
    file : IO[bytes]
        To write into; seekable.
    """
    _write_npz(file, _answer_members(answer))


def answer_room(answer: Answer) -> int:
    """Bytes that `write_answer` needs at most.

    Parameters
    ----------
    answer : Answer
        What a run gave.

    Returns
    -------
    int
    """
    members = _answer_members(answer).values()
    return sum(array.nbytes + _MEMBER_ROOM for array in members if array is not None)


def _answer_members(answer: Answer) -> dict[str, np.ndarray | None]:
    report = _json_array(answer.report)
    members = {"alpha": answer.alpha, "foreground": answer.foreground, "report": report}
    further = {"state": answer.state, "masks": answer.masks}
    return {**members, **{name: array for name, array in further.items() if array is not None}}


def encode_failure(error: MattebrushError) -> bytes:
    """The one JSON object that stands for an answer when there is none.

    Parameters
    ----------
    error : MattebrushError
        What went wrong.

    Returns
    -------
    bytes
    """
    return json.dumps(error.to_json()).encode()


_MEMBER_ROOM = 1024
"""More bytes than a member's .npy header and its two zip headers take."""


def _write_npz(file: IO[bytes], members: dict[str, np.ndarray | None]) -> None:
    # Stored, not deflated: the bytes go to another process on the same machine.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in members.items():
            if array is not None:
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    array = np.ascontiguousarray(array)
                    npy.write_array_header_1_0(member, npy.header_data_from_array_1_0(array))
                    member.write(array.reshape(-1).view(np.uint8).data)


def _json_array(values: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(json.dumps(values).encode(), np.uint8)

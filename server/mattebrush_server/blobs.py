# SPDX-License-Identifier: Apache-2.0
"""Bytes that the server and its worker processes share without sending them through a pipe.

A blob lies in shared memory; where that is refused (a container's small /dev/shm), not worth it, or
gone as soon as its maker lets go of it (Windows), it is plain bytes that travel with the message.
Never on disk. Whoever holds a blob releases it.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import errno
import io
import os
import sys
import threading
from collections.abc import Callable
from multiprocessing.shared_memory import SharedMemory
from typing import BinaryIO, cast

_SHARED_FROM = 1 << 16
"""Below this many bytes a copy through the pipe is cheaper than a segment."""

_CHUNK = 1 << 20


@dataclasses.dataclass(frozen=True)
class Handle:
    """A blob as it travels to another process: the segment's name, or the bytes themselves."""

    size: int
    name: str | None
    data: bytes | None


class Blob:
    """`size` bytes at `view`. Counts its users; the memory goes with the last `release`."""

    def __init__(
        self,
        size: int,
        segment: SharedMemory | None,
        data: bytearray | None,
        descriptor: int | None = None,
    ) -> None:
        self.size = size
        self._segment = segment
        self._data = data
        self._descriptor = descriptor
        self._users = 1
        self._lock = threading.Lock()

    @classmethod
    def allocate(cls, size: int, name: str | None = None) -> Blob:
        """Room for `size` bytes; `name` is the segment's, if it comes to one.

        Raises MemoryError where there is none.
        """
        if size >= _SHARED_FROM and sys.platform != "win32":
            with contextlib.suppress(OSError):
                segment, descriptor = _segment(size, name)
                return cls(size, segment, None, descriptor)
        return cls(size, None, bytearray(size))

    @classmethod
    def of(cls, data: bytes | memoryview, name: str | None = None) -> Blob:
        """A blob with a copy of `data`."""
        blob = cls.allocate(len(data), name)
        blob.write(0, data)
        return blob

    @classmethod
    def written(cls, room: int, write: Callable[[BinaryIO], None], name: str | None = None) -> Blob:
        """A blob with what `write` puts into a file.

        Parameters
        ----------
        room
            Bytes at most.
        write
            Writes them into the binary file that it is called with.
        name
            Of the shared memory; None for a new one.

        Returns
        -------
        Blob
            As long as what was written.
        """
        blob = cls.allocate(room, name)
        file = _File(blob)
        write(cast(BinaryIO, file))
        blob.size = file.end
        return blob

    @classmethod
    def attach(cls, handle: Handle) -> Blob:
        """The blob another process made. Raises FileNotFoundError when it is gone."""
        if handle.name is None:
            return cls(handle.size, None, bytearray(handle.data or b""))
        return cls(handle.size, SharedMemory(handle.name), None)

    @property
    def view(self) -> memoryview:
        """The bytes, writable. Not to be kept beyond `release`."""
        if self._segment is not None:
            buffer = self._segment.buf
            assert buffer is not None
            return buffer[: self.size]
        return memoryview(self._data if self._data is not None else b"")[: self.size]

    def write(self, at: int, data: bytes | memoryview) -> None:
        """Puts bytes in their place. Raises ValueError where there is no room for them."""
        if at + len(data) > self.size:
            raise ValueError("A blob has no room for so many bytes.")
        if self._descriptor is None:
            with self.view as view:
                view[at : at + len(data)] = data
            return
        # Through the mapping it takes twice as long: each page is faulted in, and cleared first.
        with memoryview(data) as rest:
            done = 0
            while done < len(rest):
                done += os.pwrite(self._descriptor, rest[done:], at + done)

    def handle(self) -> Handle:
        """What to send to another process."""
        if self._segment is not None:
            return Handle(self.size, self._segment.name, None)
        return Handle(self.size, None, bytes(self.view))

    def keep(self) -> Blob:
        """One user more."""
        with self._lock:
            self._users += 1
        return self

    def release(self) -> None:
        """One user less; with the last one the memory is given back."""
        if self._drop_user():
            self._close(unlink=True)

    def detach(self) -> None:
        """Ends this process's use; the memory stays for the one it was handed to."""
        self._close(unlink=False)

    def _drop_user(self) -> bool:
        with self._lock:
            self._users -= 1
            return self._users == 0

    def _close(self, unlink: bool) -> None:
        segment, self._segment, self._data = self._segment, None, None
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
        if segment is None:
            return
        if unlink:
            with contextlib.suppress(FileNotFoundError):
                segment.unlink()
        _let_go(segment)

    def __del__(self) -> None:
        # For the paths on which a failure comes before anybody took charge.
        self._close(unlink=True)

    def reader(self) -> io.BufferedReader:
        """A binary file over the bytes."""
        return io.BufferedReader(_File(self), buffer_size=_CHUNK)


class _File(io.RawIOBase):
    """A file of fixed room. It holds no view while nobody reads, so that a blob can be closed."""

    def __init__(self, blob: Blob) -> None:
        self._blob = blob
        self._at = 0
        self.end = 0

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._blob.size}[whence]
        if start + offset < 0:
            raise OSError(errno.EINVAL, "negative seek position")  # as a file does
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, target: object) -> int:
        room = memoryview(target).cast("B")  # type: ignore[arg-type]
        with self._blob.view as view:
            count = max(0, min(len(room), self._blob.size - self._at))
            room[:count] = view[self._at : self._at + count]
        self._at += count
        return count

    def write(self, data: object) -> int:
        source = memoryview(data).cast("B")  # type: ignore[arg-type]
        self._blob.write(self._at, source)
        self._at += len(source)
        self.end = max(self.end, self._at)
        return len(source)


_still_viewed: collections.deque[SharedMemory] = collections.deque()


def _let_go(segment: SharedMemory) -> None:
    """Ends the mapping; where an array still looks into it, next time that one is ended."""
    _still_viewed.append(segment)
    for _ in range(len(_still_viewed)):
        try:
            each = _still_viewed.popleft()
        except IndexError:  # another thread has taken it on
            return
        try:
            each.close()
        except BufferError:
            _still_viewed.append(each)


def forget(name: str) -> None:
    """Frees a segment that a process which died may have left behind under `name`."""
    with contextlib.suppress(FileNotFoundError):
        segment = SharedMemory(name)
        segment.close()
        segment.unlink()


def _segment(size: int, name: str | None) -> tuple[SharedMemory, int | None]:
    """New shared memory, and a descriptor to write to it by, where the system has that."""
    segment = SharedMemory(name, create=True, size=size)
    if sys.platform != "linux":
        return segment, None
    descriptor = None
    # Without taking the room now, a full /dev/shm shows as a bus error at the first access.
    try:
        descriptor = os.open(f"/dev/shm/{segment.name.lstrip('/')}", os.O_RDWR | os.O_CLOEXEC)
        os.posix_fallocate(descriptor, 0, size)
    except OSError:
        if descriptor is not None:
            os.close(descriptor)
        segment.unlink()
        segment.close()
        raise
    return segment, descriptor

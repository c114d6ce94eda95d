# SPDX-License-Identifier: Apache-2.0
"""`mattebrush job`: one job from stdin to stdout, progress as JSON lines on stderr; or, with
`--session`, requests and answers one after the other, each behind its length.

To cancel is to end the process: SIGTERM keeps its default action, so it ends at once even inside
native code, and nothing is on disk that would need tidying. It also ends by itself when the client
has gone, so that a host that crashed leaves no engine running.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import threading
import time

from ..errors import MattebrushError

EXIT_CLIENT_GONE = 141
"""Exit status when the client closed its end of the pipe (128 + SIGPIPE)."""

_POLL_SECONDS = 0.2


_LENGTH = struct.Struct("<Q")
"""Before each message of a session: its bytes, as 64 bits, little-endian."""

_LONGEST = 1 << 36


def main() -> int:
    """Runs one job; returns the exit status (0, or the failure's own).

    Returns
    -------
    int
        The exit status (0, or the failure's own).
    """
    output = _answers()
    from . import contract, operations

    status = 0
    try:
        request = contract.decode(sys.stdin.buffer.read())
        answer = contract.encode_answer(operations.run(request, _report_progress))
    except MattebrushError as error:
        answer, status = contract.encode_failure(error), error.exit_status
    except MemoryError:
        answer, status = contract.encode_failure(_NO_MEMORY), _NO_MEMORY.exit_status
    try:
        with open(output, "wb") as out:  # noqa: PTH123 - a descriptor, not a path
            out.write(answer)
    except OSError:
        return EXIT_CLIENT_GONE
    return status


def session() -> int:
    """Runs the requests of one session until there are no more; returns the exit status. A
    request that fails is answered with its failure, and the session goes on.

    Returns
    -------
    int
        The exit status.
    """
    output = _answers()
    from . import contract
    from .session import Frames

    frames = Frames()
    with open(output, "wb") as out:  # noqa: PTH123 - a descriptor, not a path
        while (message := _next_message()) is not None:
            try:
                answer = contract.encode_answer(frames.answer(message, _report_progress))
            except MattebrushError as error:
                answer = contract.encode_failure(error)
            except MemoryError:
                answer = contract.encode_failure(_NO_MEMORY)
            try:
                out.write(_LENGTH.pack(len(answer)))
                out.write(answer)
                out.flush()
            except OSError:
                return EXIT_CLIENT_GONE
    return 0


_NO_MEMORY = MattebrushError(
    "There is not enough memory for a picture of this size.", "Close other programs."
)


def _answers() -> int:
    """The descriptor answers go to; whatever a library prints must not get into them."""
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _exit_when_client_is_gone(output)
    return output


def _next_message() -> bytes | None:
    """The next request of a session; None where the client has closed its end."""
    head = sys.stdin.buffer.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > _LONGEST:  # no message of this form
        return None
    message = sys.stdin.buffer.read(length)
    return message if len(message) == length else None


def _report_progress(stage: str, fraction: float) -> None:
    line = json.dumps({"stage": stage, "fraction": round(fraction, 4)})
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        os._exit(EXIT_CLIENT_GONE)


def _exit_when_client_is_gone(descriptor: int) -> None:
    wait = _wait_for_parent if sys.platform == "win32" else _wait_for_reader

    def watch() -> None:
        wait(descriptor)
        # Not sys.exit: this is not the main thread, and that one may be inside native code.
        os._exit(EXIT_CLIENT_GONE)

    threading.Thread(target=watch, daemon=True, name="client-watch").start()


def _wait_for_reader(descriptor: int) -> None:
    """Returns once nobody reads the pipe or socket `descriptor` any more, or the parent died."""
    import select

    parent = os.getppid()
    poll = select.poll()
    poll.register(descriptor, 0)
    while os.getppid() == parent and not poll.poll(0):
        time.sleep(_POLL_SECONDS)


def _wait_for_parent(descriptor: int) -> None:
    """Windows: a pipe's other end cannot be watched there, the parent process can."""
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    synchronize, forever = 0x00100000, 0xFFFFFFFF
    handle = kernel.OpenProcess(synchronize, False, os.getppid())
    if handle:
        kernel.WaitForSingleObject(handle, forever)
    else:
        threading.Event().wait()

# SPDX-License-Identifier: Apache-2.0
"""Undo and redo in GIMP 2.10's own window. Its dialogs need PyGTK, which no Debian has any more, so
the plug-in is called through GIMP's Script-Fu server, and the keys come from the keyboard."""

from __future__ import annotations

import socket
import struct
import time
from pathlib import Path

import numpy as np
import pytest

from tests.hosts import xcfread
from tests.hosts.gimp import gimphost
from tests.hosts.gimp.gimphost import PHOTO, Gimp
from tests.hosts.gimp.screen import Screen

pytestmark = pytest.mark.hosts

WIDTH, HEIGHT = PHOTO


class ScriptFu:
    """Talks to GIMP's Script-Fu server: 'G', length, text; back come 'G', error, length, text."""

    def __init__(self, port: int) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=60)

    def __call__(self, text: str) -> str:
        data = text.encode()
        self.connection.sendall(b"G" + struct.pack(">H", len(data)) + data)
        _, failed, length = struct.unpack(">cBH", self._exactly(4))
        answer = self._exactly(length).decode()
        assert not failed, answer
        return answer.strip()

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self.connection.recv(count - len(data))
            assert part, "GIMP has gone"
            data += part
        return data


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_undo_and_redo(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "gimp").mkdir()
    gimp: Gimp = gimphost.gimp210(tmp_path / "gimp")
    with Screen(gimphost.gimp3(tmp_path / "tools"), 79) as screen:
        port = free_port()
        server = f'(plug-in-script-fu-server RUN-NONINTERACTIVE "127.0.0.1" {port} "")'
        photo = gimp.inside(gimp.folder / "photo.png")
        command = ["gimp-2.10", "--no-splash", "-b", server, photo]
        screen.start(*command, within=gimp)
        screen.window("photo")
        screen.wait(lambda: answers(port), "the Script-Fu server")
        ask = ScriptFu(port)
        ask("(define image (vector-ref (cadr (gimp-image-list)) 0))")
        ask("(define layer (car (gimp-image-get-active-layer image)))")

        def mask() -> np.ndarray | None:
            if ask("(car (gimp-layer-get-mask layer))") == "-1":
                return None
            saved = gimp.folder / "now.xcf"
            ask(f'(gimp-xcf-save 0 image layer "{gimp.inside(gimp.folder)}/now.xcf" "now")')
            plane = xcfread.layers(saved)[0].mask
            assert plane is not None
            return np.frombuffer(plane.data, np.uint8).reshape(HEIGHT, WIDTH)

        ask('(plug-in-mattebrush-remove-background RUN-NONINTERACTIVE image 1 0 0 0 0 1 "")')
        given = gimp.job(0, "answer")["alpha"]
        np.testing.assert_array_equal(mask(), given)
        time.sleep(1)
        screen.picture("removed")
        screen.window("photo")
        screen.key("ctrl+z")
        screen.wait(lambda: mask() is None, "undo")
        assert ask("(car (gimp-item-get-parasite-list layer))") == "0"
        screen.picture("undone")
        screen.key("ctrl+y")
        screen.wait(lambda: mask() is not None, "redo")
        np.testing.assert_array_equal(mask(), given)


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True

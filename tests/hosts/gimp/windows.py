# SPDX-License-Identifier: Apache-2.0
"""Any of the GIMPs in its own window, with the plug-in and a picture: menu, mouse, keys, and what
the image looks like meanwhile."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.hosts.gimp import gimphost
from tests.hosts.gimp.gimphost import INSIDE, REPOSITORY, Gimp
from tests.hosts.gimp.screen import Screen

WIDTH, HEIGHT = 640, 480
_SETUP = """(config-version "{version}")
(show-welcome-dialog no)
(check-updates no)
(color-profile-policy keep)
(metadata-rotation-policy rotate)
"""
_SETUP_OLD = "(color-profile-policy keep)\n"
_SEARCH = "Search Actions"
REFINE_KEY = "F9"
_KEYS = f'(file-version 1)\n(action "plug-in-mattebrush-refine-mask" "{REFINE_KEY}")\n'
_KEYS_OLD = f'(gtk_accel_path "<Actions>/plug-in/plug-in-mattebrush-refine-mask" "{REFINE_KEY}")\n'
_BATCH = ("org.gimp.GIMP.UI", "/org/gimp/GIMP/UI", "org.gimp.GIMP.UI.BatchRun")
_REPORTED = """
import traceback
try:
    {code}
except BaseException:
    with open('{notes}/script.new', 'w') as out:
        out.write(traceback.format_exc())
    import os
    os.rename('{notes}/script.new', '{notes}/script.failed')
    raise
"""
"""What GIMP 3 is given: it prints why a script failed, and tells nobody."""
_MAKE = {"3.0": gimphost.gimp3, "3.2": gimphost.gimp32, "2.10": gimphost.gimp210}


@contextlib.contextmanager
def opened(version: str, folder: Path) -> Iterator[Window]:
    """A GIMP's window on a screen of its own, with the lemur in it; closed at the end."""
    (folder / "gimp").mkdir()
    (folder / "tools").mkdir()
    gimp = _MAKE[version](folder / "gimp")
    # GIMP welcomes whoever comes from another version.
    exact = (gimp.root / ".complete").read_text().partition("-")[0].strip() or "3.0.4"
    setup = _SETUP_OLD if gimp.old else _SETUP.format(version=exact)
    (gimp.config / "gimprc").write_text(setup)
    keys = ("menurc", _KEYS_OLD) if gimp.old else ("shortcutsrc", _KEYS)
    (gimp.config / keys[0]).write_text(keys[1])
    with Image.open(REPOSITORY / "examples" / "lemur.jpg") as picture:
        picture.convert("RGB").resize((WIDTH, HEIGHT)).save(gimp.folder / "photo.png")
    photo = gimp.inside(gimp.folder / "photo.png")
    # GIMP 2.10's folder has no screen of its own.
    with Screen(gimphost.gimp3(folder / "tools") if gimp.old else gimp) as screen:
        if gimp.old:
            port = free_port()
            server = f'(plug-in-script-fu-server RUN-NONINTERACTIVE "127.0.0.1" {port} "")'
            screen.start("gimp-2.10", "--no-splash", "-b", server, photo, within=gimp)
        else:
            port = 0
            screen.start(f"gimp-{version}", "--no-splash", "--console-messages", photo)
        screen.window("photo", 240)  # the first start reads every plug-in and every font
        yield Window(gimp, screen, port)


class Window:
    """A running GIMP with the picture open."""

    def __init__(self, gimp: Gimp, screen: Screen, port: int = 0) -> None:
        self.gimp, self.screen, self.port = gimp, screen, port

    def choose(self, entry: str) -> str:
        """Runs a menu entry by GIMP's search of actions, until its dialog is there: its id."""
        self.at_once(entry)
        return self.screen.window(f"Mattebrush: {entry}")

    def at_once(self, entry: str) -> None:
        """Runs a menu entry that asks nothing."""
        self.screen.window("photo")
        self.screen.wait(lambda: self._searched(entry), f"the search for {entry}")
        self.screen.key("Return")

    def _searched(self, entry: str) -> bool:
        """Whether the entry stands in the search, which closes when something takes its focus."""
        if self.screen.windows(_SEARCH):
            self.screen.key("Escape")  # came too late for the last try
            return False
        end = time.monotonic() + 20
        self.screen.key("slash")
        while not self.screen.active(_SEARCH):  # keys typed before would be GIMP's shortcuts
            if time.monotonic() > end:
                return False
            time.sleep(0.2)
        self.screen.do("xdotool", "type", "--delay", "30", entry)
        time.sleep(1)  # the list follows the typing
        return self.screen.active(_SEARCH)

    def run(self, script: str) -> None:
        """Runs one of the scripts in `INSIDE` in the running GIMP, to its end.

        Raises AssertionError with its traceback when it fails.
        """
        done, failed = (self.gimp.folder / f"script.{end}" for end in ("done", "failed"))
        for note in (done, failed):
            note.unlink(missing_ok=True)
        path, notes = self.gimp.inside(INSIDE / script), self.gimp.inside(done.parent)
        code = f"exec(open('{path}').read(), {{}}); open('{notes}/script.done', 'w').close()"
        if self.gimp.old:
            self.script_fu(f'(python-fu-eval RUN-NONINTERACTIVE "{code}")')
        else:
            self.screen.call(*_BATCH, "python-fu-eval", _REPORTED.format(code=code, notes=notes))
        ended = f"an answer from GIMP to {script}"
        self.screen.wait(lambda: done.exists() or failed.exists(), ended)
        assert not failed.exists(), f"{script}: {failed.read_text()}"

    def script_fu(self, text: str) -> str:
        """Asks GIMP 2.10's Script-Fu server."""
        assert self.port
        self.screen.wait(lambda: answers(self.port), "the Script-Fu server")
        try:
            return ScriptFu(self.port)(text)
        except TimeoutError as late:
            raise AssertionError(f"no answer to {text}\n{self.screen.state()}") from late

    def look(self) -> dict[str, Any]:
        """What the image looks like now, asked of the running GIMP."""
        target = self.gimp.folder / "look.json"
        self.run("look210.py" if self.gimp.old else "look.py")
        return dict(json.loads(target.read_text()))

    def mask(self) -> np.ndarray | None:
        """The mask's values now; None without a mask."""
        if not self.look()["mask"]:
            return None
        data = (self.gimp.folder / "mask.bin").read_bytes()
        return np.frombuffer(data, np.uint8).reshape(HEIGHT, WIDTH)

    def plugin_runs(self) -> bool:
        """Whether a process of the plug-in is there."""
        program = self.gimp.inside(self.gimp.config / "plug-ins" / "mattebrush").encode()
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):  # it has just ended
                if program in path.read_bytes():
                    return True
        return False

    def wait_for_mask(self, expected: np.ndarray, what: str) -> None:
        """Waits for exactly these values: a new mask is there, white, before it has its own, and
        has them before the plug-in has closed its step to undo."""

        def displayed() -> bool:
            over = not self.plugin_runs()
            now = self.mask()
            return over and now is not None and np.array_equal(now, expected)

        self.screen.wait(displayed, what)

    def painted(self, before: np.ndarray) -> np.ndarray:
        """Waits for a stroke to change the mask, and for its end; returns the mask."""
        seen = [before]

        def over() -> bool:
            now = self.mask()
            assert now is not None
            seen.append(now)
            return (now != before).any() and np.array_equal(now, seen[-2])

        self.screen.wait(over, "the stroke")
        return seen[-1]


class ScriptFu:
    """Talks to GIMP's Script-Fu server: 'G', length, text; back come 'G', error, length, text."""

    def __init__(self, port: int) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=240)

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
    with socket.socket() as result:
        result.bind(("127.0.0.1", 0))
        return int(result.getsockname()[1])


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True

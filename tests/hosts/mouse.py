# SPDX-License-Identifier: Apache-2.0
"""A hand on the mouse, and nothing else: clicks in windows of a virtual screen, counted and named.

Places are given within a window, from its left and top, or where negative from its right and
bottom. After each click the screen is given the time to answer: it is waited for.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

PATIENCE = 240
"""Seconds until what should come is taken for lost: the machine may be busy."""
_STILL = 15
"""Seconds after which a screen that will not stand still is taken as it is."""


class Mouse:
    """The hand of one account.

    Parameters
    ----------
    display : str
        The screen's name.
    folder : Path
        For pictures.
    """

    def __init__(self, display: str, folder: Path) -> None:
        self._environment = {**os.environ, "DISPLAY": display}
        self._folder = folder
        self.clicks: list[str] = []

    def do(self, *words: str) -> str:
        """Runs xdotool; returns what it printed."""
        done = subprocess.run(
            ["xdotool", *words],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout

    def windows(self, title: str) -> list[str]:
        """The ids of the visible windows whose title holds `title`, a pattern; or those of a
        program, `class:NAME`, where xdotool does not see its titles."""
        kind, _, name = title.rpartition("class:")
        by = ["--class", name] if title.startswith("class:") else ["--name", kind or name]
        return self.do("search", "--onlyvisible", *by).split()

    def window(self, title: str, seconds: float = PATIENCE) -> str:
        """Waits for a window; returns its id, the largest's where there are several."""
        self.wait(lambda: bool(self.windows(title)), f"a window {title}", seconds)
        return max(self.windows(title), key=self._area)

    def _area(self, window: str) -> int:
        width, height = self._size(window)
        return width * height

    def _size(self, window: str) -> tuple[int, int]:
        found = re.search(r"Geometry: (\d+)x(\d+)", self.do("getwindowgeometry", window))
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def gone(self, title: str, seconds: float = PATIENCE) -> None:
        """Waits for a window's end."""
        self.wait(lambda: not self.windows(title), f"the end of {title}", seconds)

    def place(self, title: str, x: int, y: int) -> tuple[str, int, int]:
        """The window, and a place in it from its left and top."""
        window = self.window(title)
        width, height = self._size(window)
        return window, x if x >= 0 else x + width, y if y >= 0 else y + height

    def click(self, name: str, title: str, x: int, y: int, button: int = 1, times: int = 1) -> None:
        """Clicks in a window, and waits until the screen has changed and stands still again.

        name: what is clicked, for the list of clicks; a double click is one entry.
        """
        window, x, y = self.place(title, x, y)
        self._click(name, window, (x, y), button, times)

    def close(self, title: str) -> None:
        """Clicks on the cross in a window's title bar."""
        window, x, _y = self.place(title, -10, 0)
        self._click("its cross", window, (x, -11))

    def _click(
        self, name: str, window: str, at: tuple[int, int], button: int = 1, times: int = 1
    ) -> None:
        self.still()
        self.do("mousemove", "--window", window, "--", str(at[0]), str(at[1]))
        self.still()
        before = self._seen()
        self.do("click", "--repeat", str(times), "--delay", "90", str(button))
        self.clicks.append(name)
        end = time.monotonic() + _STILL
        while self._seen() == before and time.monotonic() < end:
            time.sleep(0.1)
        self.still()

    def hover(self, title: str, at: tuple[int, int], menu: tuple[int, int]) -> None:
        """Moves the pointer over an entry with a menu of its own, until that is there.

        at, menu: in the window, of the entry and of an entry of its menu.
        """
        window, x, y = self.place(title, *at)
        self.do("mousemove", "--window", window, str(menu[0]), str(menu[1]))
        words = self.do("getmouselocation").split()
        left, top = (int(word.split(":")[1]) for word in words[:2])
        box = (left - 40, top - 10, left + 40, top + 10)
        self.still()
        before = self.picture("hover").crop(box)
        self.do("mousemove", "--window", window, str(x), str(y))
        self.wait(lambda: self.picture("hover").crop(box) != before, "the entry's menu", 30)
        self.still()

    def scroll(self, title: str, x: int, y: int, steps: int) -> None:
        """Turns the wheel down over a window."""
        window, x, y = self.place(title, x, y)
        self.do("mousemove", "--window", window, str(x), str(y))
        self.do("click", "--repeat", str(steps), "--delay", "60", "5")
        self.still()

    def drag(self, name: str, start: tuple[str, int, int], end: tuple[str, int, int]) -> None:
        """Drags from a place (title, x, y) to another, as a hand does."""
        window, x, y = self.place(*start)
        self.do("mousemove", "--window", window, str(x), str(y), "mousedown", "1")
        for step in (8, 16, 40):
            self.do("mousemove", "--window", window, str(x + step), str(y + step))
            time.sleep(0.1)
        window, x, y = self.place(*end)
        for step in (40, 20, 0):
            self.do("mousemove", "--window", window, str(x - step), str(y - step))
            time.sleep(0.2)
        self.do("mouseup", "1")
        self.clicks.append(name)
        self.still()

    def still(self) -> None:
        """Waits until the screen stands still."""
        end = time.monotonic() + _STILL
        last = self._seen()
        while time.monotonic() < end:
            time.sleep(0.3)
            now = self._seen()
            if now == last:
                return
            last = now

    def picture(self, name: str) -> Image.Image:
        """The screen, also kept as NAME.png."""
        path = self._folder / f"{name}.png"
        self._import(str(path))
        return Image.open(path).convert("RGB")

    def _seen(self) -> bytes:
        return self._import("rgb:-")

    def _import(self, target: str) -> bytes:
        command = ["import", "-silent", "-window", "root", "-depth", "8", target]
        return subprocess.run(
            command, env=self._environment, capture_output=True, timeout=60, check=True
        ).stdout

    def wait(self, done: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
        """Waits until `done` says so. Raises AssertionError, with a picture left behind."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                self.picture("failed")
                raise AssertionError(
                    f"{what} did not come in {seconds} seconds: {self._folder}/failed.png"
                )
            time.sleep(0.2)

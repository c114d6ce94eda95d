# SPDX-License-Identifier: Apache-2.0
"""Undo and redo in GIMP 2.10's own window: the plug-in is called through GIMP's Script-Fu server,
as a script does; the keys come from the keyboard."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from tests.hosts import xcfread
from tests.hosts.gimp import gimphost
from tests.hosts.gimp.gimphost import PHOTO, Gimp
from tests.hosts.gimp.screen import Screen
from tests.hosts.gimp.windows import ScriptFu, answers, free_port

pytestmark = pytest.mark.hosts

WIDTH, HEIGHT = PHOTO


def test_undo_and_redo(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "gimp").mkdir()
    gimp: Gimp = gimphost.gimp210(tmp_path / "gimp")
    with Screen(gimphost.gimp3(tmp_path / "tools")) as screen:
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

        choices = '"" "auto" 0 0 "all" 0 0 "replace" 1'
        ask(f"(plug-in-mattebrush-remove-background RUN-NONINTERACTIVE image {choices})")
        expected = gimp.job(0, "answer")["alpha"]
        np.testing.assert_array_equal(mask(), expected)
        time.sleep(1)
        screen.picture("removed")
        screen.window("photo")
        screen.key("ctrl+z")
        screen.wait(lambda: mask() is None, "undo")
        assert ask("(car (gimp-item-get-parasite-list layer))") == "0"
        screen.picture("undone")
        screen.key("ctrl+y")
        screen.wait(lambda: mask() is not None, "redo")
        np.testing.assert_array_equal(mask(), expected)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs long work: with a live window, progress and Esc in the program; step by step in the batch.

Work is a generator that yields (text, fraction) and touches Blender's data only between yields,
on the main thread. Closing it must leave everything as it was.
"""

import textwrap
import time

import bpy

from . import mattebrush_client as client
from . import mattebrush_kit as kit
from . import words
from .mattebrush_kit.stages import N_
from .problem import Problem

_TICK = 0.05
"""Seconds between two steps, so that the window stays live and waiting costs nothing."""

_SURE = 0.05
"""Share of the work before which nobody knows how long the rest takes."""

running = {}
"""What is going on, for the panel: {"text", "fraction", "left"}, empty when nothing is."""


class _Clock:
    """How far the work is, never less than before, and how long the rest will take."""

    def __init__(self):
        self.began, self.fraction = time.monotonic(), 0.0

    def update(self, text, fraction):
        """What to show, as in `running`."""
        self.fraction = max(self.fraction, min(fraction, 1.0))
        left = ""
        if self.fraction > _SURE:
            seconds = (time.monotonic() - self.began) * (1 / self.fraction - 1)
            left = kit.tr("about %s left") % kit.duration(seconds)
        return {"text": text, "fraction": self.fraction, "left": left}


class Worker:
    """Mixin of operators: `work(context)` is the generator, what it returns is the last word."""

    _steps = None
    _timer = None
    _clock = None

    def invoke(self, context, event):
        """Starts the work; see `start`."""
        return self.start(context)

    def start(self, context):
        """Starts the work and returns at once; without a window it does all of it now."""
        if bpy.app.background or context.window is None:
            return self.run(context)
        if running:
            self.report({"WARNING"}, words.tr(N_("Mattebrush is at work already. Esc cancels.")))
            return {"CANCELLED"}
        self._steps = self.work(context)
        self._clock = _Clock()
        running.update(self._clock.update(kit.stage_text("start"), 0.0))
        manager = context.window_manager
        manager.progress_begin(0, 100)
        self._timer = manager.event_timer_add(_TICK, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        """Goes on a little at each tick; Esc ends it."""
        if event.type == "ESC" and event.value == "PRESS":
            self._steps.close()
            self._finish(context)
            self.report({"INFO"}, words.tr(N_("Mattebrush: cancelled")))
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        try:
            text, fraction = next(self._steps)
        except StopIteration as end:
            self._finish(context)
            self.report({"INFO"}, end.value)
            return {"FINISHED"}
        except (Problem, client.ClientError) as error:
            self._finish(context)
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        except BaseException:
            self._finish(context)
            raise
        running.update(self._clock.update(text, fraction))
        self._show(context)
        return {"PASS_THROUGH"}

    def cancel(self, context):
        """Blender is closing or loading another file."""
        self._steps.close()
        self._finish(context)

    def _show(self, context):
        context.window_manager.progress_update(int(running["fraction"] * 100))
        status = " \u00b7 ".join(filter(None, (running["text"], running["left"])))
        context.workspace.status_text_set(f"Mattebrush: {status}    Esc: {kit.tr('Cancel')}")
        _redraw(context)

    def _finish(self, context):
        running.clear()
        context.window_manager.progress_end()
        context.window_manager.event_timer_remove(self._timer)
        context.workspace.status_text_set(None)
        _redraw(context)

    def execute(self, context):
        """Called by a script: see `run`."""
        return self.run(context)

    def run(self, context):
        """Does all of it now, and prints how far it is."""
        steps, clock, last_line = self.work(context), _Clock(), None
        try:
            while True:
                text, fraction = next(steps)
                line = f"Mattebrush: {text} ({clock.update(text, fraction)['fraction']:.0%})"
                if line != last_line:
                    print(line, flush=True)
                    last_line = line
                time.sleep(_TICK)
        except StopIteration as end:
            self.report({"INFO"}, end.value)
            return {"FINISHED"}
        except (Problem, client.ClientError) as error:
            # In a script this raises RuntimeError, so that a farm sees that it failed.
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}


def draw_text(layout, width, text, icon="NONE"):
    """A text over as many lines of at most `width` letters as it needs: labels break none."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    for index, line in enumerate(textwrap.wrap(text, width)):
        column.label(text=line, icon="BLANK1" if index and icon != "NONE" else icon)


def _redraw(context):
    for area in context.screen.areas if context.screen else ():
        if area.type in ("NODE_EDITOR", "IMAGE_EDITOR"):
            area.tag_redraw()

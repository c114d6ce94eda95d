# SPDX-License-Identifier: GPL-3.0-or-later
"""Setting the engine up from Blender's preferences, by consent: where none came along in wheels."""

import importlib.util

import bpy

from . import jobs, tasks
from . import mattebrush_kit as kit
from .mattebrush_kit import engines
from .problem import Problem


def is_offered():
    """Whether there is anything to set up: not where the extension holds the engine itself."""
    spec = importlib.util.find_spec(f"{__package__}.mattebrush_setup")
    return spec is not None and not jobs.bundled_engine()


class MATTEBRUSH_OT_set_up_engine(tasks.Worker, bpy.types.Operator):
    """Make the engine ready on this machine, after you have agreed to what is fetched for it"""

    bl_idname = "mattebrush.set_up_engine"
    bl_label = engines.SETUP_ACTIONS["set-up"]

    agreed: bpy.props.BoolProperty(options={"SKIP_SAVE", "HIDDEN"})

    def invoke(self, context, event):
        """Says what would be fetched, from where and to where; OK agrees."""
        self.agreed = True
        return context.window_manager.invoke_props_dialog(self, width=560)

    def draw(self, context):
        """The dialog."""
        from . import mattebrush_setup as setup

        for line in engines.setup_question(setup.plan()).split("\n"):
            if line:
                tasks.draw_text(self.layout, 80, line)

    def execute(self, context):
        """Does it, with progress where there is a window."""
        return self.start(context)

    def work(self, context):
        """Yields progress; returns the last word."""
        from . import mattebrush_setup as setup

        if not jobs.online():
            raise Problem(
                "Blender may not go online.", "Allow Online Access in Preferences > System."
            )
        job = setup.run(agreed=self.agreed)
        try:
            while not job.poll():
                yield kit.stage_text(job.stage), job.fraction
            job.result()
        finally:
            job.cancel()
        return kit.tr(engines.SETUP_STATES["ready"][0])


CLASSES = (MATTEBRUSH_OT_set_up_engine,)

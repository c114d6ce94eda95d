# SPDX-License-Identifier: GPL-3.0-or-later
"""Which networks can be chosen for a node: asked of the engine once, when the list is first wanted;
and getting one, by consent to its license."""

import threading

import bpy

from . import jobs, matte, tasks, words
from . import mattebrush_client as client
from . import mattebrush_kit as kit
from .mattebrush_kit.stages import N_
from .problem import Problem

_NOT_AGREED = N_("Nothing was downloaded: you did not agree to the license.")

_known = []
"""What the engine said, `kit.Model` each."""


def title(name):
    """What a model is called in the panel; "" is that of the preferences."""
    if name:
        return next((each.name for each in _known if each.id == name), name)
    chosen = jobs.preferences().model
    return title(chosen) if chosen else words.tr(N_("Built In"))


class MATTEBRUSH_OT_list_models(tasks.Worker, bpy.types.Operator):
    """Ask the engine which models there are"""

    bl_idname = "mattebrush.list_models"
    bl_label = N_("Look for Models")

    def work(self, context):
        """Yields progress; returns the last word."""
        answers, settings = [], jobs.settings()

        def ask():
            try:
                answers.append(kit.list_models(settings))
            except client.ClientError as error:
                answers.append(error)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        while thread.is_alive():
            yield kit.stage_text("start"), 0.0
        if isinstance(answers[0], Exception):
            raise answers[0]
        _known[:] = kit.suitable(answers[0], (*kit.SUBJECT_KINDS, "video"))
        return words.tr("Mattebrush: {count} models.", count=len(_known))


class MATTEBRUSH_OT_get_model(tasks.Worker, bpy.types.Operator):
    """Download this model, after you have agreed to its license"""

    bl_idname = "mattebrush.get_model"
    bl_label = N_("Get Model")

    model: bpy.props.StringProperty(options={"SKIP_SAVE", "HIDDEN"})
    agreed: bpy.props.BoolProperty(name=N_("I agree to the license"), options={"SKIP_SAVE"})

    def invoke(self, context, event):
        """Shows what it is, and asks for consent."""
        return context.window_manager.invoke_props_dialog(self, width=420)

    def draw(self, context):
        """The dialog."""
        row = next((each for each in _known if each.id == self.model), None)
        for text in (row.name, *kit.model_facts(row), row.license_note) if row else ():
            if text:
                self.layout.label(text=text)
        self.layout.prop(self, "agreed")

    def execute(self, context):
        """Downloads it, with progress where there is a window."""
        if not self.agreed:
            self.report({"ERROR"}, words.tr(_NOT_AGREED))
            return {"CANCELLED"}
        return self.start(context)

    def work(self, context):
        """Yields progress; returns the last word."""
        if not jobs.online():
            raise Problem(
                "Blender may not go online.", "Allow Online Access in Preferences > System."
            )
        job = kit.download(self.model, jobs.settings())
        try:
            while not job.poll():
                yield kit.stage_text(job.stage), job.fraction
            job.result()
        finally:
            job.cancel()
        answer = kit.list_models(jobs.settings())
        _known[:] = kit.suitable(answer, (*kit.SUBJECT_KINDS, "video"))
        return words.tr("Mattebrush: {model} is here.", model=self.model)


class NODE_MT_mattebrush_models(bpy.types.Menu):
    """The models for a node, those that can run first."""

    bl_label = "Model"

    def draw(self, context):
        """Blender calls this when the menu opens."""
        layout = self.layout
        try:
            node = matte.find(context)[1]
        except Problem:
            return
        usual = words.tr("As in the Preferences ({model})", model=title(""))
        self._choice(layout, node, "", usual)
        for each in _known:
            facts = kit.model_facts(each)
            if each.embedded or each.installed:
                self._choice(layout, node, each.id, f"{each.name}: {facts[0]}")
        layout.separator()
        for each in _known:
            if not each.embedded and not each.installed:
                size, terms = kit.model_facts(each)[1:]
                text = f"{each.name} ({size}, {terms})"
                layout.operator("mattebrush.get_model", text=text, icon="IMPORT").model = each.id
        layout.operator("mattebrush.list_models", icon="FILE_REFRESH")

    @staticmethod
    def _choice(layout, node, name, text):
        chosen = node.node_tree.mattebrush.model == name
        icon = "RADIOBUT_ON" if chosen else "RADIOBUT_OFF"
        made = layout.operator("mattebrush.choose_model", text=text, icon=icon)
        made.node, made.model = node.name, name


CLASSES = (MATTEBRUSH_OT_list_models, MATTEBRUSH_OT_get_model, NODE_MT_mattebrush_models)

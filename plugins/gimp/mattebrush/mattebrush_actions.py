# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries that ask the engine: what each sends, and what becomes of the answer.

All changes come after the engine's answers, so that a failed or cancelled run leaves nothing to
undo; and all of them are one step to undo.
"""

import collections
import contextlib
import json

import mattebrush_client as client
import mattebrush_kit as kit
import mattebrush_lanes as lanes
from gimpfu import CHANNEL_OP_REPLACE, fail, gimp, pdb
from mattebrush_host import pixels
from mattebrush_text import _

PARASITE = "mattebrush-previous"
_PERSISTENT_AND_UNDOABLE = 3
_BITS = {"uint8": 8, "uint16": 16, "float32": 32}
_POLL_SECONDS = 0.05


class Work(collections.namedtuple("Work", "options arrays apply")):
    """options(image, layer, values, bits) and arrays(image, layer, values, bits) give a job's for
    one layer; bits: 8 for a preview, None for the image's own depth. apply(image, layer, values,
    answer) takes over what the engine said."""

    __slots__ = ()


class Failed(Exception):
    """An error of the engine or on the way to it. cure: the kit's, with what helps."""

    def __init__(self, error):
        self.cure = kit.cure(error)
        Exception.__init__(self, self.text)

    @property
    def text(self):
        """All that is known, for those who have no buttons."""
        return "\n".join(part for part in (self.cure.text, self.cure.detail) if part)


# -------------------------------------------------------------------------------------- checks


def check(image, layers):
    """Fails with a sentence when these layers cannot be worked on."""
    problem = pixels.problem(image, layers)
    if problem:
        fail(problem)
    for layer in layers:
        problem = pixels.layer_problem(layer)
        if problem:
            fail(problem % layer.name)


def check_mask(image, layers):
    """The same for what needs a mask."""
    check(image, layers)
    for layer in layers:
        if layer.mask is None:
            fail(_('The layer "%s" has no mask. Use Remove Background first.') % layer.name)


def _check_colors(layer, values):
    if values.get("decontaminate") and layer.is_indexed:
        fail(_("Clean colors need an RGB image: use Image > Mode > RGB first."))


# ---------------------------------------------------------------------------------- the entries


def _remove_options(image, layer, values, bits):
    _check_colors(layer, values)
    return kit.job_options("remove", values, depth=bits or pixels.depth(image))


def _remove_arrays(image, layer, values, bits):
    colors = bool(values.get("decontaminate"))
    return {
        "image": pixels.read_picture(layer, exact=colors, bits=bits),
        "region": pixels.read_selection(image, layer),
    }


def _cut_out_options(image, layer, values, bits):
    options = _remove_options(image, layer, values, bits)
    prompt = prompt_of(image, values)
    if not prompt["points"] and not prompt["boxes"]:
        fail(_("Draw a path with its points on the object, or select the object, first."))
    options["prompt"] = moved(prompt, layer.offsets)
    return options


def fitting(arrays, options):
    """A job's arrays for its options: a box says about where, and the object may leave it."""
    boxed = options.get("prompt", {}).get("boxes")
    return dict(arrays, region=None) if boxed and "region" in arrays else arrays


def _put(image, layer, values, answer):
    old = pixels.read_mask(layer)
    existing = values.get("existing", "replace")
    mask = answer.alpha
    if old is not None and existing in ("intersect", "add"):
        mask = lanes.lowest(old, mask) if existing == "intersect" else lanes.highest(old, mask)
    stays = bool(values.get("decontaminate"))  # with the old layer
    if old is not None and existing == "keep" and not stays and remembered(layer) != old:
        # Somebody's own work is in it; what the engine alone made can be had again.
        pixels.keep_mask(image, layer, _("Mask of %s") % layer.name)
    if values.get("decontaminate"):
        layer = _clean_layer(layer, answer.foreground)
    pixels.put_mask(layer, mask, True if values.get("edit_mask") else None)
    remember(layer)


def _refine_options(image, layer, values, bits):
    depth = bits or pixels.depth(image)
    options = kit.job_options("refine", values, depth=depth, decontaminate=False)
    if not values.get("guided", True):
        options["guided"] = False
    return options


def _refine_arrays(image, layer, values, bits):
    return {
        "image": pixels.read_picture(layer, bits=bits),
        "mask": pixels.read_mask(layer, bits),
        "previous": remembered(layer, bits),
        "region": pixels.read_selection(image, layer),
    }


def _put_refined(image, layer, values, answer):
    pixels.put_mask(layer, answer.alpha, None)
    remember(layer)


def _clean_options(image, layer, values, bits):
    _check_colors(layer, {"decontaminate": True})
    return kit.job_options("decontaminate", values, depth=pixels.depth(image))


def _clean_arrays(image, layer, values, bits):
    return {"image": pixels.read_picture(layer, exact=True), "mask": pixels.read_mask(layer)}


def _put_colors(image, layer, values, answer):
    mask, editing = pixels.read_mask(layer), layer.edit_mask
    clean = _clean_layer(layer, answer.foreground)
    pixels.put_mask(clean, mask, editing)
    remember(clean)


def _clean_layer(layer, foreground):
    made = pixels.new_layer(layer, _("%s, clean colors") % layer.name, foreground)
    layer.visible = False
    return made


REMOVE = Work(_remove_options, _remove_arrays, _put)
CUT_OUT = Work(_cut_out_options, _remove_arrays, _put)
REFINE = Work(_refine_options, _refine_arrays, _put_refined)
CLEAN = Work(_clean_options, _clean_arrays, _put_colors)


def run(work, image, layers, values):
    """Asks the engine about every layer, then changes them all. Raises `Failed`."""
    values = with_settings(values)
    answers = []
    for number, layer in enumerate(layers):
        options = work.options(image, layer, values, None)
        arrays = fitting(work.arrays(image, layer, values, None), options)
        answers.append(_answer(options, arrays, number, len(layers)))
    with one_step(image):
        for layer, answer in zip(layers, answers):
            work.apply(image, layer, values, answer)
    _show_warnings(answers)


def with_settings(values):
    """An entry's values, and what the settings say about all runs."""
    chosen = client.Settings.load().other
    model = values.get("model") or chosen.get("model") or ""
    return dict(values, model=model, device=chosen.get("device") or "auto")


def _answer(options, arrays, number, count):
    """One job with GIMP's progress bar: its `Answer`. number, count: of the layer in this run."""
    progress = kit.Progress(options["op"], clean_colors=bool(options.get("decontaminate")))
    last_text = ""
    try:
        job = client.connect().start(options, **arrays)
        try:
            while not job.wait(_POLL_SECONDS):
                now = progress.update(job.stage, job.fraction)
                text = now.text + (", " + now.time_left if now.time_left else "")
                if text != last_text:
                    last_text = text
                    gimp.progress_init("Mattebrush: " + text)
                gimp.progress_update((number + now.fraction) / count)
        except BaseException:
            job.cancel()
            raise
        return job.result()
    except client.ClientError as why:
        raise Failed(why)


def _show_warnings(answers):
    """What the engine did otherwise than asked, such as another device."""
    warnings = []
    for answer in answers:
        warnings += [text for text in answer.report.get("warnings") or () if text not in warnings]
    if warnings:
        gimp.message("\n".join(warnings))


# ------------------------------------------------------------------------------ prompts and masks


def prompt_of(image, values=None):
    """What is meant, in coordinates of the image: what the user clicked, else the path's points,
    else the selection's box."""
    clicked = json.loads((values or {}).get("prompt") or "{}")
    points, boxes = list(clicked.get("points", ())), list(clicked.get("boxes", ()))
    if not points and not boxes:
        points = pixels.path_points(image)
        selected = pdb.gimp_selection_bounds(image)
        if not points and selected[0]:
            boxes = [list(selected[1:])]
    return {"points": points, "boxes": boxes}


def moved(prompt, offsets):
    """A prompt of the image's coordinates in those of a layer."""
    x, y = offsets
    points = [[px - x, py - y, label] for px, py, label in prompt["points"]]
    boxes = [[a - x, b - y, c - x, d - y] for a, b, c, d in prompt["boxes"]]
    return {"points": points, "boxes": boxes}


def remember(layer):
    """Keeps the mask as GIMP now has it, so that Refine knows what was painted since."""
    note = kit.remember(pixels.read_mask(layer))
    layer.parasite_attach(gimp.Parasite(PARASITE, _PERSISTENT_AND_UNDOABLE, note))


def remembered(layer, bits=None):
    """The mask last given, or None when there is none that fits the layer as it is now."""
    parasite = layer.parasite_find(PARASITE)
    if parasite is None:
        return None
    mask = kit.recall(parasite.data, pixels.read_mask(layer))
    return lanes.eight_bits(mask) if mask is not None and bits == 8 else mask


@contextlib.contextmanager
def one_step(image):
    """What is done inside is one step to undo."""
    pdb.gimp_image_undo_group_start(image)
    try:
        yield
    finally:
        pdb.gimp_image_undo_group_end(image)
        gimp.displays_flush()


@contextlib.contextmanager
def selection_and_context_kept(image):
    """The user's colors and selection are as before afterwards."""
    pdb.gimp_context_push()
    saved = None if pdb.gimp_selection_is_empty(image) else pdb.gimp_selection_save(image)
    try:
        yield
    finally:
        if saved is None:
            pdb.gimp_selection_none(image)
        else:
            pdb.gimp_image_select_item(image, CHANNEL_OP_REPLACE, saved)
            image.remove_channel(saved)
        pdb.gimp_context_pop()

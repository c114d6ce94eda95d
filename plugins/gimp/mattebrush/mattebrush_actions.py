# SPDX-License-Identifier: GPL-3.0-or-later
"""What each menu entry does: reads pixels, sends a job, writes a mask. All image changes come
after the engine's answer, so that a failed or cancelled run leaves nothing to undo.
"""

import array
import contextlib
import struct
import zlib

import mattebrush_client as client
from gimpfu import (
    CHANNEL_OP_INTERSECT,
    CHANNEL_OP_REPLACE,
    FILL_FOREGROUND,
    FILL_TRANSPARENT,
    FILL_WHITE,
    LAYER_MODE_NORMAL,
    fail,
    gimp,
    pdb,
)
from mattebrush_host import pixels
from mattebrush_text import _, native

REPLACE, INTERSECT, ADD = range(3)
KEEP_COLORS, NEW_LAYER = range(2)
WHITE, COLOR, NO_FILL = range(3)

PARASITE = "mattebrush-previous"
_PERSISTENT_AND_UNDOABLE = 3
_HEADER = struct.Struct("<2IB")  # width, height, bits; the deflated mask follows
_BITS = {"uint8": 8, "uint16": 16, "float32": 32}
_TYPECODES = {"uint8": "B", "uint16": "H", "float32": "f"}
_POLL_SECONDS = 0.05
_STAGES = {
    "segmentation": _("Finding the subject"),
    "segment": _("Finding the subject"),
    "matting": _("Looking at the edge"),
    "matte": _("Looking at the edge"),
    "decontamination": _("Cleaning the edge colors"),
    "retouch": _("Finishing the mask"),
}


def remove_background(image, detail, feather, shift_edge, existing, colors, edit_mask, model):
    """A mask that shows only the subject, on every selected layer."""
    options = _options("remove", detail, feather, shift_edge, model)
    _cut_out(image, options, existing, colors, edit_mask, {})


def cut_out_from_points(image, detail, feather, shift_edge, existing, colors, edit_mask, model):
    """The same for the object that points of the path, or else the selection, show."""
    points = _path_points(image)
    selected = pdb.gimp_selection_bounds(image)
    if points:
        prompt = {"points": points}
    elif selected[0]:
        prompt = {"boxes": [list(selected[1:])]}
    else:
        fail(_("Draw a path with its points on the object, or select the object, first."))
    options = _options("remove", detail, feather, shift_edge, model)
    _cut_out(image, options, existing, colors, edit_mask, prompt)


def _cut_out(image, options, existing, colors, edit_mask, prompt):
    options["decontaminate"] = colors == NEW_LAYER
    layers = _layers(image)
    answers = []
    for number, layer in enumerate(layers):
        picture = pixels.read_picture(layer, exact=colors == NEW_LAYER)
        _refuse_indexed(layer, colors == NEW_LAYER)
        region = pixels.read_selection(image, layer)
        asked = dict(options, depth=pixels.depth(image))
        if prompt:
            asked["prompt"] = _moved(prompt, layer.offsets)
        answers.append(_run(asked, (number, len(layers)), image=picture, region=region))
    with _one_step(image):
        for layer, answer in zip(layers, answers):
            mask = _combined(pixels.read_mask(layer), answer.alpha, existing)
            if colors == NEW_LAYER:
                layer = _clean_layer(layer, answer.foreground)
            pixels.put_mask(layer, mask, edit_mask)
            _remember(layer)


def refine_mask(image, detail):
    """The present mask, strokes included, made better around them or inside the selection."""
    layers = _layers(image, needs_mask=True)
    options = _options("refine", detail, 0.0, 0.0, "")
    del options["feather"], options["shift_edge"]
    answers = []
    for number, layer in enumerate(layers):
        mask = pixels.read_mask(layer)
        arrays = {
            "image": pixels.read_picture(layer),
            "mask": mask,
            "previous": _remembered(layer, mask),
            "region": pixels.read_selection(image, layer),
        }
        asked = dict(options, depth=_BITS[mask.dtype], decontaminate=False)
        answers.append(_run(asked, (number, len(layers)), **arrays))
    with _one_step(image):
        for layer, answer in zip(layers, answers):
            pixels.put_mask(layer, answer.alpha, layer.edit_mask)
            _remember(layer)


def clean_edge_colors(image):
    """A new layer with clean colours under the present mask, above the hidden original."""
    layers = _layers(image, needs_mask=True)
    answers = []
    for number, layer in enumerate(layers):
        _refuse_indexed(layer, True)
        mask = pixels.read_mask(layer)
        asked = {"op": "decontaminate", "depth": _BITS[mask.dtype]}
        asked["device"] = client.Settings.load().other.get("device", "auto")
        picture = pixels.read_picture(layer, exact=True)
        answers.append((mask, _run(asked, (number, len(layers)), image=picture, mask=mask)))
    with _one_step(image):
        for layer, (mask, answer) in zip(layers, answers):
            editing = layer.edit_mask
            clean = _clean_layer(layer, answer.foreground)
            pixels.put_mask(clean, mask, editing)
            _remember(clean)


def _clean_layer(layer, foreground):
    made = pixels.new_layer(layer, _("%s, clean colors") % layer.name, foreground)
    layer.visible = False
    return made


def background(image, fill, color, shadow, shadow_x, shadow_y, blur, opacity):
    """A filled layer and, above it, a shadow, both below the layer that is selected."""
    layer = _layers(image)[0]
    with _one_step(image), _context_and_selection_kept(image):
        if fill != NO_FILL:
            _filled_layer(image, layer, None if fill == WHITE else color)
        if shadow:
            _shadow_layer(image, layer, (int(shadow_x), int(shadow_y)), blur, opacity)


def _filled_layer(image, above, color):
    """A layer of the image's size right below `above`, all in `color`, or white for None."""
    pdb.gimp_selection_none(image)
    made = _layer_below(image, above, _("Background"), 100.0)
    if color is None:
        pdb.gimp_drawable_fill(made, FILL_WHITE)
    else:
        pdb.gimp_context_set_foreground(color)
        pdb.gimp_drawable_fill(made, FILL_FOREGROUND)


def _shadow_layer(image, above, offset, blur, opacity):
    """The shape of `above`, mask and all, in black: moved, softened."""
    pdb.gimp_image_select_item(image, CHANNEL_OP_REPLACE, above)  # its alpha
    if above.mask is not None:
        pdb.gimp_image_select_item(image, CHANNEL_OP_INTERSECT, above.mask)
    pdb.gimp_selection_translate(image, *offset)
    if blur > 0:
        pdb.gimp_selection_feather(image, blur)
    made = _layer_below(image, above, _("Shadow"), opacity)
    pdb.gimp_drawable_fill(made, FILL_TRANSPARENT)
    pdb.gimp_context_set_foreground((0, 0, 0))
    pdb.gimp_context_set_opacity(100.0)
    pdb.gimp_edit_fill(made, FILL_FOREGROUND)


def _layer_below(image, above, name, opacity):
    kind = 2 * image.base_type + 1
    made = gimp.Layer(image, name, image.width, image.height, kind, opacity, LAYER_MODE_NORMAL)
    position = pdb.gimp_image_get_item_position(image, above) + 1
    pdb.gimp_image_insert_layer(image, made, above.parent, position)
    return made


# ------------------------------------------------------------------------------------- settings

_ENGINES = ("auto", "server", "process")
_DEVICES = ("auto", "cpu", "cuda", "directml", "coreml", "openvino")


def settings_parameters(option, string, toggle):
    """The parameters of the settings' dialog, as they stand now."""
    now = client.Settings.load()
    labels = [_("Server if one runs, else own process"), _("Server only"), _("Own process only")]
    device = now.other.get("device", "auto")
    return [
        (option, "engine", _("Engine"), _ENGINES.index(now.engine), labels),
        (string, "python", _("Python with the engine (empty: as installed)"), ""),
        (string, "server", _("Server address (empty: look for one)"), now.server),
        (string, "token", _("Server token"), ""),
        (string, "model", _("Model (empty: the built-in one)"), now.other.get("model", "")),
        (option, "device", _("Device"), _DEVICES.index(device) if device in _DEVICES else 0,
         list(_DEVICES)),
        (toggle, "test", _("Test it and say what was found"), True),
    ]  # fmt: skip


def change_settings(engine, python, server, token, model, device, test):
    """Keeps the user's choices for all hosts; tells what they lead to."""
    settings = client.Settings.load()
    settings.engine, settings.server = _ENGINES[engine], server.strip()
    if python.strip():
        settings.python, settings.python_path = python.strip(), ""
    if token.strip():
        settings.token = token.strip()
    settings.other.update(model=model.strip(), device=_DEVICES[device])
    try:
        settings.save()
        if test:
            gimp.message(_found(client.Settings.load()))
    except client.ClientError as why:
        fail(str(why))


def _found(settings):
    """What a test of the engine says, in a few lines."""
    engine = client.connect(settings)
    report = client.run({"op": "status"}, settings=settings).report
    working = [each["name"] for each in report["devices"] if each.get("works")]
    models = ["%s (%s)" % (each["id"], each["license"]) for each in report["models"]]
    lines = [
        _("Engine: version %s, %s") % (report["version"], engine),
        _("Devices that work: %s") % (", ".join(working) or _("none")),
        _("Models installed: %s") % (", ".join(models) or _("the built-in one")),
    ]
    return native("\n".join(lines))


# --------------------------------------------------------------------------- what entries share


def _options(op, detail, feather, shift_edge, model):
    """The engine's options, with the settings' model and device where nothing else was asked."""
    chosen = client.Settings.load().other
    options = {
        "op": op,
        "feather": float(feather),
        "shift_edge": float(shift_edge),
        "device": chosen.get("device") or "auto",
        "matting": "auto" if detail else "none",
    }
    model = model.strip() or chosen.get("model")
    if model and op == "remove":
        options["model"] = model
    return options


def _layers(image, needs_mask=False):
    """The layers to work on. Fails with a sentence when that makes no sense."""
    problem = pixels.problem(image)
    if problem:
        fail(problem)
    layers = pixels.selected_layers(image)
    for layer in layers:
        problem = pixels.layer_problem(layer)
        if not problem and needs_mask and layer.mask is None:
            problem = _('The layer "%s" has no mask. Use Remove Background first.')
        if problem:
            fail(problem % layer.name)
    return layers


def _refuse_indexed(layer, for_colors):
    if for_colors and layer.is_indexed:
        fail(_("Clean colors need an RGB image: use Image > Mode > RGB first."))


def _path_points(image):
    """The anchors of the selected path, else of the topmost, in image coordinates."""
    path = image.active_vectors or (image.vectors[0] if image.vectors else None)
    if path is None:
        return []
    return [
        [coordinates[i], coordinates[i + 1], 1]
        for stroke in path.strokes
        for coordinates in [stroke.points[0]]
        for i in range(2, len(coordinates) - 1, 6)  # handle, anchor, handle
    ]


def _moved(prompt, offsets):
    """A prompt of the image's coordinates in those of a layer."""
    x, y = offsets
    points = [[px - x, py - y, label] for px, py, label in prompt.get("points", [])]
    boxes = [[a - x, b - y, c - x, d - y] for a, b, c, d in prompt.get("boxes", [])]
    return {"points": points, "boxes": boxes}


def _run(options, part, **arrays):
    """Sends one job and waits for it with GIMP's progress bar; fails with the client's sentence.

    part: (number, count) of the layer among those of this run.
    """
    number, count = part
    stage = None
    try:
        job = client.connect().start(options, **arrays)
        while not job.wait(_POLL_SECONDS):
            if stage != job.stage:
                stage = job.stage
                gimp.progress_init("Mattebrush: " + _STAGES.get(stage, _("Working")))
            gimp.progress_update((number + job.fraction) / count)
        return job.result()
    except client.ClientError as why:
        fail(str(why))


def _combined(old, new, how):
    """The new mask alone, or with the one that was there."""
    if old is None or how == REPLACE:
        return new
    code = _TYPECODES[new.dtype]
    values = [array.array(code), array.array(code)]
    for holder, mask in zip(values, (old, new)):
        getattr(holder, "frombytes", getattr(holder, "fromstring", None))(mask.data)
    both = array.array(code, map(min if how == INTERSECT else max, *values))
    data = getattr(both, "tobytes", getattr(both, "tostring", None))()
    return client.Array(data, new.shape, new.dtype)


def _remember(layer):
    """Keeps the mask as GIMP now has it, so that Refine knows what was painted since."""
    mask = pixels.read_mask(layer)
    height, width = mask.shape
    header = _HEADER.pack(width, height, _BITS[mask.dtype])
    data = header + zlib.compress(mask.data, 1)
    layer.parasite_attach(gimp.Parasite(PARASITE, _PERSISTENT_AND_UNDOABLE, data))


def _remembered(layer, mask):
    """The mask last given, or None when there is none that fits the layer as it is now."""
    found = layer.parasite_find(PARASITE)
    if found is None:
        return None
    height, width = mask.shape
    if found.data[: _HEADER.size] != _HEADER.pack(width, height, _BITS[mask.dtype]):
        return None
    try:
        data = zlib.decompress(found.data[_HEADER.size :])
    except zlib.error:
        return None
    return client.Array(data, mask.shape, mask.dtype)


@contextlib.contextmanager
def _one_step(image):
    """What is done inside is one step to undo."""
    pdb.gimp_image_undo_group_start(image)
    try:
        yield
    finally:
        pdb.gimp_image_undo_group_end(image)
        gimp.displays_flush()


@contextlib.contextmanager
def _context_and_selection_kept(image):
    """The user's colours and selection are as before afterwards."""
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

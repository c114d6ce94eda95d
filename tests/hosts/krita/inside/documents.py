# SPDX-License-Identifier: Apache-2.0
"""Every kind of document and layer through every action of the plug-in, saved for the test to read.

The plug-in's own code with the real engine; what that answers is noted as it comes in.
"""

import hashlib
from pathlib import Path

from krita import InfoObject, Krita, Selection
from mattebrush.mattebrush_client import EngineRefused
from offscreen import done
from toolkit import QByteArray

from mattebrush import actions, choices, jobs, layers, masks, objects
from mattebrush import mattebrush_kit as kit

WIDTH, HEIGHT = 340, 220
answers = []
images = []
"""What the engine was sent, and what it answered."""
_run = jobs.run


def _noting(*arguments, **arrays):
    images.append(arrays["image"])
    answer = yield from _run(*arguments, **arrays)
    answers.append(answer)
    return answer


jobs.run = _noting


def main(folder, picture, *cases):
    return {case: globals()[case.split("-")[0]](folder, picture, case) for case in cases}


def space(folder, picture, case):
    """space-MODEL-DEPTH: a paint layer in a document of that kind: a mask, then clean colors."""
    _, model, depth = case.split("-")
    document = opened(picture)
    document.setColorSpace(model, depth, "")
    layer = document.topLevelNodes()[0]
    observed = masked(folder, case, document, layer)
    observed["clean"] = cleaned(folder, case, document, layer)
    document.close()
    return observed


def offset(folder, picture, case):
    """A layer that covers a part of the canvas and reaches beyond it."""
    document = opened(picture)
    layer = document.topLevelNodes()[0]
    layer.move(-60, 45)
    return masked(folder, case, document, layer)


def group(folder, picture, case):
    """A group of two layers, masked twice: the second run must not see the first one's mask."""
    document = opened(picture)
    holder = document.createGroupLayer("group")
    inner = document.topLevelNodes()[0].duplicate()
    document.topLevelNodes()[0].remove()
    document.rootNode().addChildNode(holder, None)
    holder.addChildNode(inner, None)
    document.refreshProjection()
    document.waitForDone()
    observed = masked(folder, case, document, holder)
    first = holder.childNodes()[-1]
    select(document)
    outcome = done(actions.remove_background(task(document, holder)))
    observed["again"] = {
        "same": bytes(answers[-1].alpha.data) == bytes(answers[-2].alpha.data),
        "old kept hidden": [each.node.name() for each in outcome.hidden] == [first.name()]
        and not first.visible(),
    }
    return observed


def clone(folder, picture, case):
    document = opened(picture)
    source = document.topLevelNodes()[0]
    layer = document.createCloneLayer("clone", source)
    document.rootNode().addChildNode(layer, None)
    source.setVisible(False)
    document.refreshProjection()
    document.waitForDone()
    return masked(folder, case, document, layer)


def file(folder, picture, case):
    document = Krita.instance().createDocument(WIDTH, HEIGHT, "file", "RGBA", "U8", "", 72.0)
    document.setBatchmode(True)
    background = document.topLevelNodes()[0]
    if hasattr(document, "createFileLayer"):
        layer = document.createFileLayer("file", picture, "None")
        document.rootNode().addChildNode(layer, None)
    else:
        layer = document.createNode("file", "filelayer")
        document.rootNode().addChildNode(layer, None)
        layer.setProperties(picture, "None")
    background.remove()
    settle(document, lambda: not layer.bounds().isEmpty())
    return masked(folder, case, document, layer)


def vector(folder, picture, case):
    """A vector layer that shows the picture's subject as a shape."""
    path = Path(folder) / "shapes.svg"
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="340px" height="220px">'
        '<rect width="340" height="220" fill="#c8d8e8"/>'
        '<ellipse cx="170" cy="110" rx="70" ry="80" fill="#803010"/></svg>'
    )
    document = opened(str(path))
    (layer,) = [each for each in document.topLevelNodes() if each.type() == "vectorlayer"]
    settle(document, lambda: not layer.bounds().isEmpty())
    return masked(folder, case, document, layer)


def refine(folder, picture, case):
    """Strokes on the mask and a selection: what was painted black or white must stay."""
    document = opened(picture)
    layer = document.topLevelNodes()[0]
    first = done(actions.remove_background(task(document, layer))).mask
    before = masks.read(first, document.bounds())
    # A white square where there was background, and a black one on the subject.
    first.setPixelData(QByteArray(b"\xff" * 400), 5, 5, 20, 20)
    first.setPixelData(QByteArray(b"\x00" * 400), 150, 100, 20, 20)
    outcome = done(actions.refine_mask(task(document, first)))
    after = masks.read(outcome.mask, document.bounds())
    keep(folder, case, "before", before)
    keep(folder, case, "after", after)
    return {"old hidden": not first.visible(), "name": outcome.mask.name()}


def existing(folder, picture, case):
    """What becomes of a mask that is there: added to, or kept beside the new one."""
    document = opened(picture)
    layer = document.topLevelNodes()[0]
    first = done(actions.remove_background(task(document, layer))).mask
    first.setPixelData(QByteArray(b"\xff" * 400), 5, 5, 20, 20)
    painted = masks.read(first, document.bounds())
    added = done(actions.remove_background(task(document, layer, existing="add"))).mask
    both = bytes(map(max, painted, answers[-1].alpha.data))
    observed = {"added": masks.read(added, document.bounds()) == both, "first": first.visible()}
    crossed = done(actions.remove_background(task(document, layer, existing="intersect"))).mask
    observed["both shown"] = added.visible() and crossed.visible()
    return observed


def points(folder, picture, case):
    """Cut Out Object: a small spot of the selection is a click, in pixels of the picture."""
    document = opened(picture)
    layer = document.topLevelNodes()[0]
    spot = Selection()
    spot.select(98, 148, 4, 4, 255)
    document.setSelection(spot)
    layer.move(-7, 5)  # the engine sees the layer alone, from its own corner on
    prompt = actions.selected_prompt(document, layer)
    job = task(document, layer, model="mobile-sam")
    outcome = done(actions.put(done(actions.propose_object(job, prompt))))
    keep(folder, case, "mask", masks.read(outcome.mask, document.bounds()))
    return {"model": outcome.report["model"], "name": outcome.mask.name(), "prompt": prompt}


def subject(folder, picture, case):
    """Select Subject gives the matte as a selection and touches nothing else."""
    document = opened(picture)
    layer = document.topLevelNodes()[0]
    done(actions.select_subject(task(document, layer)))
    selection = document.selection().pixelData(0, 0, WIDTH, HEIGHT)
    return {
        "equal": bytes(selection) == bytes(answers[-1].alpha.data),
        "children": len(layer.childNodes()),
    }


def split(folder, picture, case):
    """Split Into Objects: a group of layers with a mask each, and the layer itself hidden."""
    document = opened(picture)
    layer = document.topLevelNodes()[0]
    before = digest(layer)
    observed = {}
    for name, clean in (("plain", False), ("clean", True)):
        outcome = done(objects.split_into_objects(task(document, layer, decontaminate=clean)))
        first = outcome.made.childNodes()[-1]
        (mask,) = layers.masks(first)
        values = masks.read(mask, document.bounds())
        inputs = done(masks.remembered(document, mask, values, document.bounds()))
        observed[name] = {
            "above": [node.name() for node in document.topLevelNodes()],
            "parts": [[node.name(), node.visible()] for node in outcome.made.childNodes()],
            "hidden": not layer.visible() and outcome.hidden[0].node.name() == layer.name(),
            "remembered": inputs == values,
            "same pixels": digest(first) == before,
        }
        path = str(Path(folder) / f"{case}-{name}.kra")
        document.saveAs(path)
        document.waitForDone()
        outcome.made.remove()
        masks.show(document, outcome.hidden)
    try:
        done(objects.split_into_objects(task(document, layer, text="the dog")))
    except EngineRefused as why:
        observed["words"] = kit.cure(why)
    return observed


def empty(folder, picture, case):
    """What cannot be done says so."""
    document = opened(picture)
    layer = document.createNode("empty", "paintlayer")
    document.rootNode().addChildNode(layer, None)
    observed = {}
    fill = document.topLevelNodes()[0]
    for name, node, action in (
        ("empty layer", layer, actions.remove_background),
        ("no layer", None, actions.remove_background),
        ("no mask", fill, actions.refine_mask),
    ):
        try:
            done(action(task(document, node)))
        except layers.NotHere as why:
            observed[name] = str(why)
    return observed


# ------------------------------------------------------------------------------------- the parts


def opened(picture):
    document = Krita.instance().openDocument(picture)
    document.setBatchmode(True)
    document.waitForDone()
    return document


def task(document, node, **chosen):
    return actions.Task(document, node, choices.Choices(chosen), lambda stage, fraction: None)


def settle(document, ready):
    import time

    from toolkit import QtWidgets

    end = time.monotonic() + 20
    while not ready() and time.monotonic() < end:
        QtWidgets.QApplication.processEvents()
        time.sleep(0.02)
    document.refreshProjection()
    document.waitForDone()


def masked(folder, case, document, layer):
    """Remove Background with a selection in place; the document saved and exported."""
    selection = select(document)
    pixels = digest(layer)
    outcome = done(actions.remove_background(task(document, layer)))
    document.refreshProjection()
    document.waitForDone()
    rect = layers.bounds(document, layer)
    alpha = answers[-1].alpha
    keep(folder, case, "alpha", alpha.data)
    path = str(Path(folder) / case)
    document.setSelection(None)
    document.saveAs(path + ".kra")
    document.waitForDone()
    document.exportImage(path + ".png", InfoObject())
    document.waitForDone()
    return {
        "rect": list(rect.getRect()),
        "shape": list(alpha.shape),
        "name": outcome.mask.name(),
        "pixels kept": digest(layer) == pixels,
        "selection kept": [selection.x(), selection.y(), selection.width(), selection.height()]
        == [3, 3, WIDTH - 6, HEIGHT - 6],
        "depth": document.colorDepth(),
        "model": document.colorModel(),
    }


def select(document):
    selection = Selection()
    selection.select(3, 3, WIDTH - 6, HEIGHT - 6, 255)
    document.setSelection(selection)
    return selection


def cleaned(folder, case, document, layer):
    """Clean Edge Colors on the mask just made; the pixels before and after."""
    pixels = bytes(layer.pixelData(0, 0, WIDTH, HEIGHT))
    outcome = done(actions.clean_edge_colors(task(document, layer)))
    made = outcome.made
    after = bytes(made.pixelData(0, 0, WIDTH, HEIGHT))
    mask = masks.read(outcome.mask, document.bounds())
    keep(folder, case, "pixels", pixels)
    keep(folder, case, "clean", after)
    keep(folder, case, "mask", mask)
    keep(folder, case, "foreground", answers[-1].foreground.data)
    sent = images[-1].data
    keep(folder, case, "sent", b"".join(sent) if isinstance(sent, list) else sent)
    observed = {
        "original": [bytes(layer.pixelData(0, 0, WIDTH, HEIGHT)) == pixels, layer.visible()],
        "masks": [len(layer.childNodes()), len(made.childNodes())],
        "name": made.name(),
        "above": [node.name() for node in document.topLevelNodes()],
        "kind": str(answers[-1].foreground.dtype),
    }
    # What it shows, by Krita's other way of converting: the whole document.
    document.setColorSpace("RGBA", "U8", "sRGB-elle-V2-srgbtrc.icc")
    for name, node in (("pixels8", layer), ("clean8", made)):
        keep(folder, case, name, bytes(node.pixelData(0, 0, WIDTH, HEIGHT)))
    return observed


def digest(layer):
    return hashlib.sha256(bytes(layer.pixelData(-100, -100, 540, 420))).hexdigest()


def keep(folder, case, name, data):
    (Path(folder) / f"{case}.{name}").write_bytes(data)

# SPDX-License-Identifier: Apache-2.0
"""A user's hour in Krita's window: menu, docker, undo, brush, refining, cancelling, failures."""

import os
import shlex
import subprocess
import time
from pathlib import Path

from krita import InfoObject, Krita, Selection
from toolkit import QByteArray, QImage, QPoint, QtCore, QTimer, QtWidgets

from mattebrush import canvas, choices, layers, masks

QCheckBox, QComboBox = QtWidgets.QCheckBox, QtWidgets.QComboBox
QDockWidget, QDoubleSpinBox = QtWidgets.QDockWidget, QtWidgets.QDoubleSpinBox
QLabel, QProgressBar = QtWidgets.QLabel, QtWidgets.QProgressBar
QPushButton, QWidget = QtWidgets.QPushButton, QtWidgets.QWidget

WIDTH, HEIGHT = 340, 220


def main(folder, picture):
    user = User(Path(folder), picture)
    observed = {}
    for part in (
        "entries",
        "remove",
        "undo_redo",
        "paint_and_refine",
        "again_and_accept",
        "undo_shows_the_old_mask",
        "filter_mask",
        "still_at_work",
        "clean_colors",
        "frames",
        "changed_meanwhile",
        "cancel",
        "engine_killed",
        "models",
        "engine_missing",
        "settings",
    ):
        began = time.monotonic()
        observed[part] = yield from getattr(user, part)()
        print(f"{part}: {time.monotonic() - began:.1f} s", flush=True)
    return observed


class User:
    """What a user sees and does."""

    def __init__(self, folder, picture):
        self.folder = folder
        self.picture = picture
        self.application = Krita.instance()
        self.window = self.application.activeWindow().qwindow()
        self.docker = self.window.findChild(QDockWidget, "mattebrush")
        self.session = self.docker.session

    # ------------------------------------------------------------------------------- parts

    def entries(self):
        """Where the actions are, their shortcuts, and the docker as it is after installing."""
        yield from self.until(self.docker.isVisible, 60)
        menus = {
            entry.text().replace("&", ""): [text for text in texts(entry.menu()) if ours(text)]
            for entry in self.window.menuBar().actions()
            if entry.menu() is not None
        }
        action = self.application.action("mattebrush_remove_background")
        # The engine's state is asked of the engine: a process of a second or two.
        yield from self.until(lambda: "ready" in self.engine_text(), 90)
        observed = {
            "menus": menus,
            "shortcut": action.shortcut().toString(),
            "engine": self.engine_text(),
            "tips": [b.text() for b in self.docker.findChildren(QPushButton) if not b.toolTip()],
            "default": self.in_sight(),
        }
        self.window.resizeDocks([self.docker], [250], QtCore.Qt.Orientation.Horizontal)
        yield 500
        observed["narrow"] = self.in_sight()
        yield from self.shot("docker")
        return observed

    def in_sight(self):
        """The docker's width, what is cut off of it, and whether it has a scroll bar."""
        wanted = ["Remove Background", "Cut Out Object", "Refine Mask", "Cancel"]
        displayed = [self.button(text) for text in wanted]
        displayed += [b for b in self.docker.findChildren(QtWidgets.QToolButton) if b.text()]
        displayed.append(self.docker.findChild(QProgressBar))
        bars = self.docker.findChildren(QtWidgets.QScrollBar)
        return {
            "width": self.docker.width(),
            "height": self.docker.height(),
            "hidden": [w.accessibleName() or w.text() for w in displayed if not whole(w)],
            "count": len(displayed),
            "scroll bars": any(bar.isVisible() for bar in bars),
            "needs": self.docker.widget().widget().minimumSizeHint().width(),
            "screen": [picture_difference(w) for w in displayed[:3]],
        }

    def remove(self):
        """Remove Background with a selection, the picture's pixels and undo steps counted."""
        yield from self.open()
        layer = self.document.activeNode()
        pixels = bytes(layer.pixelData(0, 0, WIDTH, HEIGHT))
        selection = Selection()
        selection.select(10, 5, 320, 210, 255)
        self.document.setSelection(selection)
        ticks = Ticks()
        message, bar = [], []

        def note(_stage, _fraction):
            message.append(self.report())
            bar.append(self.progress())

        self.session.progressed.connect(note)
        yield from self.run("remove_background")
        self.session.progressed.disconnect(note)
        stalls = ticks.stop()
        kept = self.document.selection()
        mask = self.mask()
        observed = {
            "said": sorted(set(message)),
            "bar": sorted(set(bar)) if bar == sorted(bar) else bar,
            "report": self.report(),
            "mask": mask.name() if mask else None,
            "active": self.document.activeNode().name(),
            "undo": self.undo_text(),
            "pixels kept": bytes(layer.pixelData(0, 0, WIDTH, HEIGHT)) == pixels,
            "selection": [kept.x(), kept.y(), kept.width(), kept.height()],
            "longest stall": stalls,
            "modified": self.document.modified(),
        }
        yield from self.shot("mask")
        return observed

    def undo_redo(self):
        """One step takes the mask away, one brings it back with its values."""
        values = masks.read(self.mask(), self.document.bounds())
        yield from self.trigger("edit_undo")
        gone = self.mask() is None
        yield from self.trigger("edit_redo")
        back = self.mask() is not None
        same = back and masks.read(self.mask(), self.document.bounds()) == values
        # Since Krita 5.3 that is an undo step, one without a name.
        self.document.setSelection(None)
        yield 200
        return {"gone": gone, "back": back, "same": same, "values": sum(values) > 0}

    def paint_and_refine(self):
        """A stroke of the real brush on the mask, then Refine Mask."""
        mask = self.mask()
        before = masks.read(mask, self.document.bounds())
        self.document.setActiveNode(mask)
        yield 200
        yield from self.stroke((90, 120), (250, 120))
        painted = masks.read(mask, self.document.bounds())
        undo = self.undo_text()
        yield from self.shot("stroke")
        yield from self.run("refine_mask")
        after = masks.read(self.mask(), self.document.bounds())
        for name, values in (("before", before), ("painted", painted), ("after", after)):
            (self.folder / f"{name}.mask").write_bytes(values)
        yield from self.shot("refined")
        return {"undo": undo, "mask": self.mask().name(), "report": self.report()}

    def again_and_accept(self):
        """Remove Background once more: the old masks are hidden; Accept removes all of ours, and
        none of the user's, in one step.
        """
        refined = self.mask()
        yield from self.run("remove_background")
        mine = masks.create(self.document, "mine")
        self.layer().addChildNode(mine, None)
        self.layer().childNodes()[-1].setVisible(False)
        yield 300
        self.document.setActiveNode(self.mask())
        yield 300
        observed = {
            "hidden": not refined.visible(),
            "names": [mask.name() for mask in layers.masks(self.layer())],
            "labels": [mask.colorLabel() for mask in layers.masks(self.layer())],
            "report": self.report(),
        }
        yield from self.shot("replaced")
        accept = self.button("Accept")
        self.docker.canvasChanged(None)
        observed["offered"] = accept.isVisible() and accept.isEnabled()
        accept.click()
        # Krita removes them in its own time.
        yield from self.until(lambda: "Remove Nodes" in self.undo_text(), 30)
        observed["undo"] = self.undo_text()
        observed["active"] = self.document.activeNode().name()
        observed["after"] = [mask.name() for mask in layers.masks(self.layer())]
        yield from self.trigger("edit_undo")  # of the removal
        observed["back"] = len(layers.masks(self.layer()))
        yield from self.trigger("edit_redo")
        self.layer().childNodes()[-1].remove()
        yield 300
        return observed

    def undo_shows_the_old_mask(self):
        """Undoing a replacement shows what it had replaced; redoing hides it again."""
        self.document.setActiveNode(self.mask())
        yield 300
        self.button("Run Again").click()  # the last action was Remove Background
        yield 50
        yield from self.until(self.session_done, 300)
        yield 300
        new, old = layers.masks(self.layer())[:2]
        observed = {"before": [new.visible(), old.visible()]}
        observed["label"] = [old.colorLabel()]
        yield from self.trigger("edit_undo")
        yield 600
        observed["undone"] = [m.visible() for m in layers.masks(self.layer())][:1]
        observed["label"].append(layers.masks(self.layer())[0].colorLabel())
        observed["on canvas"] = self.shown()
        yield from self.trigger("edit_redo")
        yield 600
        observed["redone"] = [m.visible() for m in layers.masks(self.layer())][:2]
        observed["label"].append(layers.masks(self.layer())[1].colorLabel())
        return observed

    def filter_mask(self):
        """With a filter mask active, its layer is meant; Refine Mask finds the mask beside it."""
        everything = Selection()
        everything.select(0, 0, WIDTH, HEIGHT, 255)
        blur = self.application.filter("blur")
        made = self.document.createFilterMask("blur", blur, everything)
        self.layer().addChildNode(made, None)
        yield 300
        self.document.setActiveNode(self.layer().childNodes()[-1])
        yield 300
        active = self.document.activeNode().type()
        count = len(layers.masks(self.layer()))
        yield from self.run("remove_background")
        observed = {"active": active, "more": len(layers.masks(self.layer())) - count}
        yield from self.trigger("edit_undo")
        for node in self.layer().childNodes():
            if node.type() == "filtermask":
                node.remove()
        self.document.setActiveNode(self.mask())
        yield 400
        return observed

    def still_at_work(self):
        """What is asked for in mid-run is refused, and the run goes on to be seen."""
        count = len(layers.masks(self.layer()))
        yield from self.start()
        self.application.action("mattebrush_refine_mask").trigger()
        yield 50
        observed = {"busy": self.session.busy, "report": self.report()}
        yield from self.until(self.session_done, 300)
        yield 300
        observed["more"] = len(layers.masks(self.layer())) - count
        yield from self.trigger("edit_undo")
        return observed

    def clean_colors(self):
        """Clean Edge Colors: one undo step, which shows the original again."""
        layer = self.layer()
        yield from self.run("clean_edge_colors")
        top = self.document.topLevelNodes()[-1]
        observed = {
            "name": top.name(),
            "masks": len(layers.masks(top)),
            "original hidden": not layer.visible(),
            "undo": self.undo_text(),
        }
        yield from self.shot("clean")
        yield from self.trigger("edit_undo")
        yield 600
        observed["undone"] = [len(self.document.topLevelNodes()), layer.visible()]
        observed["on canvas"] = self.shown()
        self.document.setActiveNode(layer)
        yield 200
        self.document.saveAs(str(self.folder / "window.kra"))
        self.document.setBatchmode(True)  # else Krita asks how to write it
        self.document.exportImage(str(self.folder / "window.png"), InfoObject())
        self.document.setBatchmode(False)
        return observed

    def frames(self):
        """An animation of six pictures, one of them blurred: every frame gets its mask."""
        film = self.application.createDocument(WIDTH, HEIGHT, "film", "RGBA", "U8", "", 72.0)
        self.application.activeWindow().addView(film)
        yield 300
        layer = film.topLevelNodes()[0]
        film.setActiveNode(layer)
        yield 300
        layer.enableAnimation()
        paths = sorted(Path(self.picture).parent.glob("frame*.png"))
        for number, path in enumerate(paths):
            film.setCurrentTime(3 * number)
            yield 300
            yield from self.trigger("add_blank_frame")
            image = QImage(str(path)).convertToFormat(QImage.Format.Format_ARGB32)
            pointer = image.constBits()
            pointer.setsize(4 * WIDTH * HEIGHT)
            layer.setPixelData(QByteArray(bytes(pointer)), 0, 0, WIDTH, HEIGHT)
        film.refreshProjection()
        yield 300
        box = self.checkbox("All frames of an animation")
        box.click()
        yield from self.run("remove_background")
        times = self.keep_frames(layer, "frame")
        yield from self.shot("frames")
        observed = {"times": times, "undo": self.undo_text(), "report": self.report()}
        yield from self.run("refine_mask")
        observed["refused"] = self.report()
        yield from self.trigger("edit_undo")
        observed["undone"] = len(layers.masks(layer))
        # A selection in a later frame: the subject is carried from there, both ways.
        film.setCurrentTime(9)
        yield 300
        around = Selection()
        around.select(60, 20, 240, 200, 255)
        film.setSelection(around)
        yield from self.run("remove_background")
        observed["selected"] = self.keep_frames(layer, "selected")
        box.click()
        film.setModified(False)
        film.close()
        yield 500
        self.application.setActiveDocument(self.document)
        yield 300
        return observed

    def keep_frames(self, layer, name):
        """Writes what the topmost mask has at each of its keyframes; gives their times."""
        mask = layers.masks(layer)[0]
        times = [at for at in range(20) if mask.hasKeyframeAtTime(at)]
        for number, at in enumerate(times):
            plane = bytes(mask.pixelDataAtTime(0, 0, WIDTH, HEIGHT, at))
            (self.folder / f"{name}{number}.mask").write_bytes(plane)
        return times

    def changed_meanwhile(self):
        """The picture cropped, the layer removed, the document closed, in mid-run."""
        observed = []
        for change in (
            lambda film: film.crop(20, 10, 100, 100),
            lambda film: film.topLevelNodes()[0].remove(),
            lambda film: film.close(),
        ):
            observed.append((yield from self.changed_by(change)))
        self.application.setActiveDocument(self.document)
        yield 300
        return observed

    def changed_by(self, change):
        film = self.application.openDocument(self.picture)
        self.application.activeWindow().addView(film)
        yield from self.until(lambda: self.application.activeDocument() == film, 60)
        yield 500
        film.setActiveNode(film.topLevelNodes()[0])
        yield from self.until(film.activeNode, 60)
        yield from self.start()
        film.setModified(False)
        change(film)
        yield from self.until(self.session_done, 300)
        observed = self.report()
        if film in self.application.documents():
            film.setModified(False)
            film.close()
        yield 300
        return observed

    def cancel(self):
        """Cancel ends the run at once and leaves nothing behind."""
        count = len(layers.masks(self.layer()))
        undo = self.undo_text()
        yield from self.start()
        busy = self.button("Cancel").isEnabled()
        self.button("Cancel").click()
        began = time.monotonic()
        yield from self.until(lambda: not engines(), 20)
        return {
            "busy": busy,
            "seconds": time.monotonic() - began,
            "report": self.report(),
            "kept": len(layers.masks(self.layer())) == count and self.undo_text() == undo,
            "can run": self.button("Remove Background").isEnabled(),
        }

    def engine_killed(self):
        """Killed in mid-run; the button beside the message then does what it says."""
        for process in (yield from self.start()):
            os.kill(process, 9)
        yield from self.until(self.session_done, 300)
        cure = self.cure()
        observed = {"report": self.report(), "masks": len(layers.masks(self.layer())), "cure": cure}
        self.docker.findChild(QPushButton, "cure").click()
        yield 50
        yield from self.until(self.session_done, 300)
        yield 300
        observed["again"] = len(layers.masks(self.layer()))
        yield from self.trigger("edit_undo")
        return observed

    def models(self):
        """The window of models: nothing is fetched without consent; no network, and its cure."""
        combo = self.docker.findChild(QComboBox, "model")
        combo.setCurrentIndex(combo.count() - 1)
        combo.activated.emit(combo.count() - 1)
        dialogs = self.docker.findChildren
        yield from self.until(lambda: dialogs(QtWidgets.QTreeWidget), 20)
        (rows,) = dialogs(QtWidgets.QTreeWidget)
        dialog = rows.window()
        yield from self.until(lambda: rows.topLevelItemCount() > 5, 90)
        result = rows.findItems("MobileSAM", QtCore.Qt.MatchFlag.MatchExactly)
        rows.setCurrentItem(result[0])
        buttons = {b.text().replace("&", ""): b for b in dialog.findChildren(QPushButton)}
        get, agree = buttons["Get…"], dialog.findChild(QCheckBox)
        observed = {
            "row": [result[0].text(column) for column in range(4)],
            "modal": dialog.isModal(),
            "before": get.isEnabled(),
        }
        agree.setChecked(True)
        observed["agreed"] = get.isEnabled()
        yield from self.shot("models")
        get.click()
        cure = dialog.findChild(QPushButton, "cure")
        yield from self.until(cure.isVisible, 120)
        observed["cure"] = cure.text()
        yield from self.shot("no-network")
        dialog.reject()
        yield 300
        # As the engine's status says it when there are more.
        known = [("mobile-sam", "prompt", "MobileSAM"), ("vitmatte-small", "trimap", "ViTMatte S")]
        rows = [dict(zip(("id", "kind", "name"), each)) for each in known]
        self.docker._watch.models_known.emit(rows)
        for name in ("model", "matting"):
            combo = self.docker.findChild(QComboBox, name)
            observed[name] = [combo.itemText(place) for place in range(combo.count())]
        self.docker._watch.models_known.emit([])
        return observed

    def engine_missing(self):
        settings = Path.home() / ".config" / "mattebrush" / "plugins.json"
        settings.write_text('{"python": "/nowhere/python", "engine": "process"}')
        self.application.action("mattebrush_remove_background").trigger()
        yield from self.until(self.session_done, 300)
        yield from self.until(lambda: "No engine" in self.engine_text(), 60)
        yield 300
        yield from self.shot("missing")
        observed = {"report": self.report(), "engine": self.engine_text(), "cure": self.cure()}
        self.docker.findChild(QPushButton, "cure").click()
        dialogs = lambda: self.docker.findChildren(QtWidgets.QDialog)  # noqa: E731
        yield from self.until(dialogs, 20)
        (dialog,) = dialogs()
        action = dialog.findChild(QPushButton, "do")
        yield from self.until(action.isVisible, 60)
        labels = dialog.findChildren(QLabel)
        observed["asked"] = [
            dialog.isModal(),
            action.text().replace("&", ""),
            [each.text() for each in labels],
        ]
        yield from self.shot("set-up")
        dialog._take_folder(str(self.folder))  # what its file dialog would give
        yield from self.until(lambda: any("from the files in" in e.text() for e in labels), 20)
        dialog.reject()
        yield 300
        return observed

    def settings(self):
        """What is chosen in the docker is kept: Krita writes its own when it ends."""
        self.docker.findChild(QDoubleSpinBox, "feather").setValue(1.5)
        self.checkbox("Preview before it is a mask").click()
        device = self.docker.findChild(QComboBox, "device")
        device.setCurrentIndex(1)
        device.activated.emit(1)
        yield 300
        now = choices.load()
        return [now.values["feather"], now.preview, now.values["device"]]

    # ------------------------------------------------------------------------------- means

    def open(self):
        self.document = self.application.openDocument(self.picture)
        self.application.activeWindow().addView(self.document)
        yield 500
        self.document = self.application.activeDocument()
        self.application.activeWindow().activeView().canvas().setZoomLevel(1.0)
        yield 300

    def layer(self):
        return self.document.topLevelNodes()[0]

    def mask(self):
        """The topmost mask that is shown."""
        visible = [mask for mask in layers.masks(self.layer()) if mask.visible()]
        return visible[0] if visible else None

    def run(self, name):
        """An action from the menu to its end."""
        self.application.action("mattebrush_" + name).trigger()
        yield 50
        yield from self.until(self.session_done, 300)
        yield 300

    def start(self):
        """Remove Background until its engine is there; gives the processes."""
        # After a failure the docker asks an engine how it is: not that one.
        yield from self.until(lambda: self.docker._watch.settled, 60)
        self.application.action("mattebrush_remove_background").trigger()
        results = []
        # Kept as found: while a process starts the next program it has no name for a moment.
        yield from self.until(lambda: results.extend(engines()) or results, 60)
        return results

    def session_done(self):
        return not self.session.busy

    def until(self, ready, seconds):
        end = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > end:
                raise AssertionError(f"waited {seconds} s; the docker says {self.report()!r}")
            yield 20

    def trigger(self, name):
        self.application.action(name).trigger()
        yield 400
        document = self.application.activeDocument()
        if document is not None:
            yield from layers.settled(document)

    def shown(self):
        """How much of the picture is opaque on the canvas, 0 to 1."""
        alpha = bytes(self.document.pixelData(0, 0, WIDTH, HEIGHT))[3::4]
        return sum(alpha) / len(alpha) / 255

    def undo_text(self):
        return self.application.action("edit_undo").text().replace("&", "")

    def button(self, text):
        for button in self.docker.findChildren(QPushButton):
            if button.text().replace("&", "").rstrip("…") == text:
                return button
        raise AssertionError(f"the docker has no button {text}")

    def checkbox(self, text):
        (box,) = [
            box
            for box in self.docker.findChildren(QCheckBox)
            if box.text().replace("&", "") == text
        ]
        return box

    def fold(self):
        """What shows and hides the options."""
        buttons = self.docker.findChildren(QtWidgets.QToolButton)
        return next(each for each in buttons if each.text() == "Options and more")

    def label(self, name):
        for label in self.docker.findChildren(QLabel):
            if label.accessibleName() == name:
                return label.text()
        raise AssertionError(f"the docker has no {name}")

    def report(self):
        return self.label("What the last run did")

    def engine_text(self):
        return self.label("State of the engine")

    def state(self):
        """What the docker says of the engine, in whatever language."""
        displayed = [each.text() for each in self.docker.findChildren(QLabel)]
        return next((text for text in displayed if text.startswith(("●", "○"))), "")

    def progress(self):
        return self.docker.findChild(QProgressBar).value()

    def cure(self):
        """The button that does the cure: what it says, where it can be seen whole."""
        button = self.docker.findChild(QPushButton, "cure")
        return button.text() if whole(button) else ""

    def shot(self, name):
        yield 300
        self.window.screen().grabWindow(0).save(str(self.folder / f"{name}.png"))

    def screen_point(self, x, y):
        """Where on the screen a pixel of the picture is."""
        widget = canvas.widget()
        view = self.application.activeWindow().activeView()
        place = canvas.image_to_widget(view, self.document, widget)
        return widget.mapToGlobal(place.map(QtCore.QPointF(x, y)).toPoint())

    def stroke(self, start, end):
        """A stroke with the mouse and Krita's brush, in pixels of the picture."""
        self.application.action("KritaShape/KisToolBrush").trigger()
        yield 300
        yield from self.drawn(start, end)
        yield 700

    def drawn(self, start, end):
        """The mouse moved with its button held."""
        at, to = self.screen_point(*start), self.screen_point(*end)
        yield from xdotool("mousemove", at.x(), at.y())
        yield from xdotool("mousedown", 1)
        for step in range(1, 11):
            x = at.x() + (to.x() - at.x()) * step // 10
            y = at.y() + (to.y() - at.y()) * step // 10
            yield from xdotool("mousemove", x, y)
        yield from xdotool("mouseup", 1)


class Ticks:
    """The longest time in which Krita's window could not do anything, in seconds."""

    def __init__(self):
        self.last = time.monotonic()
        self.longest = 0.0
        self.timer = QTimer()
        self.timer.timeout.connect(self.tick)
        self.timer.start(5)

    def tick(self):
        now = time.monotonic()
        self.longest = max(self.longest, now - self.last)
        self.last = now

    def stop(self):
        self.timer.stop()
        return round(self.longest, 3)


def whole(widget):
    """Whether all of a widget can be seen: none of it is outside of what it lies in."""
    return widget.isVisible() and widget.visibleRegion().boundingRect() == widget.rect()


def picture_difference(widget):
    """How different the screen is, where a widget is, from what the widget looks like, 0 to 255."""
    corner = widget.mapToGlobal(QPoint(0, 0))
    shot = widget.screen().grabWindow(0, corner.x(), corner.y(), widget.width(), widget.height())
    gray = QImage.Format.Format_Grayscale8
    pictures = [each.toImage().convertToFormat(gray) for each in (shot, widget.grab())]
    points = [(x, y) for x in range(0, widget.width(), 3) for y in range(0, widget.height(), 3)]
    values = [[image.pixel(x, y) & 255 for x, y in points] for image in pictures]
    return sum(abs(a - b) for a, b in zip(*values)) / len(points)


def texts(menu):
    for action in menu.actions():
        if action.menu() is not None:
            for text in texts(action.menu()):
                yield action.text().replace("&", "") + " > " + text
        elif action.text():
            yield action.text().replace("&", "")


def ours(text):
    words = (
        "Remove Background",
        "Refine Mask",
        "Cut Out",
        "Split Into",
        "Clean Edge",
        "Select Sub",
    )
    return any(word in text for word in words)


def engines():
    """The processes that run a job for this Krita."""
    results = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        if b"mattebrush" in words and b"job" in words and parent == os.getpid():
            results.append(int(folder.name))
    return results


def xdotool(*words):
    command = shlex.split(os.environ["CHECK_XDOTOOL"])
    process = subprocess.Popen([*command, *map(str, words)])
    while process.poll() is None:
        yield 5
    yield 20

# SPDX-License-Identifier: Apache-2.0
"""Clicks, boxes, previews and strokes on Krita's canvas, by the mouse of a user."""

import re
from pathlib import Path

from toolkit import QByteArray, QImage, QPoint, QtWidgets
from window import WIDTH, User, xdotool

from mattebrush import canvas, layers, masks

VIEWS = ((1.0, 0, False), (0.7, 0, True), (1.6, 30, False), (0.8, -50, True))
"""Zoom, rotation, mirrored."""

DOT = (100, 50)
BITE = (130, 22, 80, 60)
"""Where the mask's hair is taken off: x, y, width, height."""


def main(folder, picture, dots):
    user = Painter(Path(folder), picture)
    observed = {"places": (yield from user.places(dots))}
    for part in ("object", "box", "preview", "discard", "drop", "mane", "closed"):
        observed[part] = yield from getattr(user, part)()
        print(part, flush=True)
    return observed


class Painter(User):
    """What a user does on the canvas."""

    @property
    def overlay(self):
        return self.window.findChild(QtWidgets.QWidget, "mattebrush-overlay")

    def places(self, dots):
        """Clicks on a dot of the picture, wherever the view has it, as the tool takes them."""
        document = self.application.openDocument(dots)
        self.application.activeWindow().addView(document)
        yield from self.until(lambda: canvas.widget() is not None, 60)
        yield 500
        document = self.application.activeDocument()
        document.setActiveNode(document.topLevelNodes()[0])
        view = self.application.activeWindow().activeView()
        results = []
        for zoom, rotation, mirrored in VIEWS:
            view.canvas().setZoomLevel(zoom)
            view.canvas().setMirror(mirrored)
            view.canvas().setRotation(rotation)
            yield 900
            x, y = self.red()
            self.button("Cut Out Object").click()
            yield from self.until(lambda: self.overlay is not None, 20)
            yield 200
            yield from xdotool("mousemove", x, y)
            yield from xdotool("click", 1)
            yield from self.until(lambda: self.overlay.prompts.points, 20)
            results.append(list(self.overlay.prompts.points[0]))
            yield from xdotool("key", "Escape")
            yield from self.until(lambda: self.overlay is None and not self.session.busy, 60)
        view.canvas().setMirror(False)
        document.setModified(False)
        document.close()
        yield 500
        return results

    def red(self):
        """The middle of what is red on the canvas, in pixels of the screen."""
        widget = canvas.widget()
        corner = widget.mapToGlobal(QPoint(0, 0))
        grabbed = self.window.screen().grabWindow(
            0, corner.x(), corner.y(), widget.width(), widget.height()
        )
        image = grabbed.toImage().convertToFormat(QImage.Format.Format_RGB32)
        pointer = image.constBits()
        pointer.setsize(image.bytesPerLine() * image.height())
        at = [m.start() // 4 for m in re.finditer(rb"(?s)\0\0\xff\xff", bytes(pointer))]
        assert at, "no red on the canvas"
        xs, ys = [each % image.width() for each in at], [each // image.width() for each in at]
        return corner.x() + round(sum(xs) / len(xs)), corner.y() + round(sum(ys) / len(ys))

    def object(self):
        """A click, the preview of what it means, one more that is taken back, Enter."""
        yield from self.open()
        self.document.setActiveNode(self.layer())
        yield 300
        undo = self.undo_text()
        self.application.action("mattebrush_mask_from_points").trigger()
        yield from self.until(lambda: self.overlay is not None, 20)
        before = self.color_at(300, 20)
        yield from self.click(100, 150)
        yield from self.until(lambda: self.session.proposal is not None, 90)
        yield 800
        yield from self.shot("object")
        observed = {
            "undo": self.undo_text() == undo,
            "masks": len(layers.masks(self.layer())),
            "tinted": [before, self.color_at(300, 20)],
            "inside": self.color_at(100, 140),
        }
        yield from self.click(250, 60, 3)
        observed["two"] = [list(point) for point in self.overlay.prompts.points]
        yield from xdotool("key", "BackSpace")
        observed["one"] = len(self.overlay.prompts.points)
        yield from xdotool("key", "Return")  # while it is still looked for
        yield from self.until(lambda: layers.masks(self.layer()), 60)
        yield from self.until(self.session_done, 300)
        yield 300
        observed["name"] = self.mask().name()
        observed["active"] = self.document.activeNode().name()
        observed["gone"] = self.overlay is None
        self.keep("object")
        yield from self.trigger("edit_undo")
        observed["undone"] = len(layers.masks(self.layer()))
        return observed

    def box(self):
        """A box, dragged; the docker's Cancel leaves all as it was."""
        self.document.setActiveNode(self.layer())
        yield 300
        self.button("Cut Out Object").click()
        yield from self.until(lambda: self.overlay is not None, 20)
        yield from self.drag((60, 40), (220, 200))
        yield from self.until(lambda: self.session.proposal is not None, 90)
        box = list(self.overlay.prompts.boxes[0])
        yield from self.shot("box")
        self.button("Cancel").click()
        yield 300
        return {"box": box, "gone": self.overlay is None, "masks": len(layers.masks(self.layer()))}

    def preview(self):
        """Remove Background with a preview: nothing is in the document before Accept."""
        self.document.setActiveNode(self.layer())
        self.checkbox("Preview before it is a mask").setChecked(True)
        yield 300
        undo = self.undo_text()
        yield from self.run("remove_background")
        yield 500
        combo = self.docker.findChildren(QtWidgets.QComboBox)[0]
        observed = {
            "undo": self.undo_text() == undo,
            "masks": len(layers.masks(self.layer())),
            "accept": self.button("Accept").isVisible(),
            "combo": combo.isVisible(),
        }
        combo.setCurrentIndex(combo.findData("green"))
        combo.activated.emit(combo.currentIndex())
        yield 600
        yield from self.shot("green")
        observed["green"] = self.color_at(20, 20)
        self.button("Accept").click()
        yield from self.until(lambda: layers.masks(self.layer()), 60)
        yield from self.until(self.session_done, 300)
        yield 500
        observed["mask"] = self.mask().name()
        return observed

    def discard(self):
        """What a preview stood for is shown again when it is not wanted."""
        old = self.mask()
        yield from self.run("remove_background")
        yield 300
        observed = {"meanwhile": old.visible()}
        self.button("Cancel").click()
        yield 400
        observed.update(after=old.visible(), masks=len(layers.masks(self.layer())))
        self.checkbox("Preview before it is a mask").setChecked(False)
        return observed

    def drop(self):
        """The button Drop: the mask active, the brush in hand, black."""
        self.document.setActiveNode(self.layer())
        yield 300
        self.small("Drop").click()
        yield 600
        active = self.document.activeNode().name()
        yield from self.stroke((140, 150), (200, 150))
        values = masks.read(self.mask(), self.document.bounds())
        yield from self.trigger("edit_undo")
        return {"active": active, "painted": values[150 * WIDTH + 170]}

    def mane(self):
        """Hair taken off the mask, given back by two white strokes and Refine Mask."""
        mask = self.mask()
        rect = self.document.bounds()
        self.keep("whole")
        x, y, width, height = BITE
        mask.setPixelData(QByteArray(bytes(width * height)), x, y, width, height)
        inputs = masks.read(mask, rect)
        yield from masks.remember(self.document, mask, masks.packed(inputs, rect))
        self.document.refreshProjection()
        self.keep("bitten")
        self.small("Keep").click()
        yield 500
        self.application.activeWindow().activeView().setBrushSize(12)
        yield 200
        for row in (y + 32, y + 50):
            yield from self.stroke((x + 15, row), (x + width - 15, row))
        self.keep("stroked")
        yield from self.shot("stroked")
        yield from self.run("refine_mask")
        yield from self.shot("given-back")
        self.keep("given-back")
        return {"report": self.report(), "mask": self.mask().name()}

    def closed(self):
        """The picture closed while the object tool is on it."""
        self.button("Cut Out Object").click()
        yield from self.until(lambda: self.overlay is not None, 20)
        yield from self.click(100, 150)
        self.document.setModified(False)
        self.document.close()
        yield from self.until(lambda: not self.session.busy, 60)
        yield 500
        return {"overlay": self.overlay is None, "cancel": self.button("Cancel").isEnabled()}

    # ------------------------------------------------------------------------------- means

    def keep(self, name):
        values = masks.read(self.mask(), self.document.bounds())
        (self.folder / f"{name}.mask").write_bytes(values)

    def small(self, text):
        buttons = self.docker.findChildren(QtWidgets.QToolButton)
        return next(each for each in buttons if each.text() == text)

    def color_at(self, x, y):
        """Red, green, blue of the screen where a pixel of the picture is shown."""
        at = self.screen_point(x, y)
        color = self.window.screen().grabWindow(0, at.x(), at.y(), 1, 1).toImage().pixelColor(0, 0)
        return [color.red(), color.green(), color.blue()]

    def click(self, x, y, button=1):
        at = self.screen_point(x, y)
        yield from xdotool("mousemove", at.x(), at.y())
        count = len(self.overlay.prompts.points)
        yield from xdotool("click", button)
        yield from self.until(lambda: len(self.overlay.prompts.points) > count, 20)

    def drag(self, start, end):
        yield from self.drawn(start, end)
        yield from self.until(lambda: self.overlay.prompts.boxes, 20)

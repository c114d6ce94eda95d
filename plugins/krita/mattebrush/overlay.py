# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies over the canvas: a mask that is not accepted yet, and the clicks and boxes it is for.

It draws and reports; what is found for the clicks is `pointing`'s business. Whatever it does not
take for itself (the wheel, the middle button, most keys) goes on to Krita's canvas below, so that
zooming and panning work as ever.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Tuple

from . import canvas
from .qt import QImage, QRect, QtCore, QtGui, QTimer, QtWidgets
from .texts import _

_KEEP, _DROP = QtGui.QColor(60, 200, 90), QtGui.QColor(230, 60, 60)
_TINT = QtGui.QColor(220, 30, 30)
_TINT_OPACITY = 0.65
_RADIUS = 6
_DRAG = 6
"""Pixels of the screen from which on a click is a box."""

_FOLLOW = 40
"""Milliseconds between two looks at where the view is."""

_LARGEST = 2048
"""Longest side of the mask as it is drawn; more would only slow down panning."""

Point = Tuple[float, float, int]
Box = Tuple[float, float, float, float]


class Prompts(NamedTuple):
    """Clicks (x, y, 1 for what is meant or 0 for what is not) and boxes (x0, y0, x1, y1), in the
    picture's pixels."""

    points: list[Point]
    boxes: list[Box]


class Overlay(QtWidgets.QWidget):
    """Lies over the canvas of one view. Signals: `pointed` when there is a click or box more or
    less; `accepted` and `ended` for the keys Enter and Escape; `gone` when the view was closed.
    """

    pointed = QtCore.pyqtSignal()
    accepted = QtCore.pyqtSignal()
    ended = QtCore.pyqtSignal()

    def __init__(self, below: QtWidgets.QWidget, view: Any, document: Any, points: bool) -> None:
        super().__init__(below)
        self.setObjectName("mattebrush-overlay")
        self._view, self._document = view, document
        self._place = QtGui.QTransform()
        self._points = points
        self.prompts = Prompts([], [])
        self._order: list[list[Any]] = []
        self._pressed: QtCore.QPointF | None = None
        self._button = QtCore.Qt.MouseButton.NoButton
        self._dragged: QtCore.QPointF | None = None
        self._mask: QImage | None = None
        self._rect = QRect()
        self._backdrop = ""
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_TransparentForMouseEvents, not points)
        if points:
            self.setCursor(QtCore.Qt.CursorShape.CrossCursor)
            self.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
            self.setAccessibleName(_("Click what to cut out"))
        self._follow = QTimer(self)
        self._follow.timeout.connect(self._move)
        self._follow.start(_FOLLOW)
        self._move()
        self.show()
        self.raise_()
        if points:
            self.setFocus()

    def show_mask(self, mask: QImage | None, rect: QRect, backdrop: str) -> None:
        """Draws a mask, see `drawable`, where `rect` of the picture is; None draws none."""
        self._mask, self._rect, self._backdrop = mask, rect, backdrop
        if mask is not None:
            mask.setColorTable(_colors(backdrop))
        self.update()

    # ------------------------------------------------------------------------------- following

    def _move(self) -> None:
        """Follows the canvas below, which tells nobody when it is scrolled, zoomed or turned."""
        below = self.parentWidget()
        if self.size() != below.size():
            self.setGeometry(below.rect())
        place = canvas.image_to_widget(self._view, self._document, below)
        if place != self._place:
            self._place = place
            self.update()

    # --------------------------------------------------------------------------------- drawing

    def paintEvent(self, _event: Any) -> None:  # noqa: N802 - Qt's name
        """Qt's."""
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        if self._mask is not None:
            painter.save()
            painter.setTransform(self._place)
            painter.drawImage(QtCore.QRectF(self._rect), self._mask)
            painter.restore()
        for box in self.prompts.boxes:
            self._draw_box(painter, box)
        if self._dragged is not None and self._pressed is not None:
            start, end = self._on_picture(self._pressed), self._on_picture(self._dragged)
            self._draw_box(painter, _between(start, end))
        for x, y, label in self.prompts.points:
            painter.setPen(QtGui.QPen(QtGui.QColor("white"), 2))
            painter.setBrush(_KEEP if label else _DROP)
            painter.drawEllipse(self._place.map(QtCore.QPointF(x, y)), _RADIUS, _RADIUS)
        if self._points:
            self._draw_hint(painter)
        painter.end()

    def _draw_box(self, painter: QtGui.QPainter, box: Box) -> None:
        x0, y0, x1, y1 = box
        outline = self._place.map(QtGui.QPolygonF(QtCore.QRectF(x0, y0, x1 - x0, y1 - y0)))
        painter.setBrush(QtCore.Qt.BrushStyle.NoBrush)
        for color, width in ((QtGui.QColor("white"), 3), (_KEEP, 1)):
            painter.setPen(QtGui.QPen(color, width))
            painter.drawPolygon(outline)

    def _draw_hint(self, painter: QtGui.QPainter) -> None:
        text = _("Click the subject, right-click what is not, or drag a box. Enter keeps, Esc ends")
        metrics = painter.fontMetrics()
        flags = _CENTERED
        room = self.rect().adjusted(24, 8, -24, -8)
        bounds = metrics.boundingRect(room, flags, text)
        bounds.moveCenter(QtCore.QPoint(room.center().x(), bounds.center().y()))
        bounds.moveTop(room.top() + 4)
        painter.setPen(QtCore.Qt.PenStyle.NoPen)
        painter.setBrush(QtGui.QColor(0, 0, 0, 190))
        painter.drawRoundedRect(bounds.adjusted(-10, -4, 10, 4), 4, 4)
        painter.setPen(QtGui.QColor("white"))
        painter.drawText(bounds, flags, text)

    # ------------------------------------------------------------------------ mouse and keyboard

    def mousePressEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Qt's."""
        buttons = QtCore.Qt.MouseButton
        if event.button() not in (buttons.LeftButton, buttons.RightButton):
            event.ignore()
            return
        self._pressed, self._button, self._dragged = _where(event), event.button(), None
        event.accept()

    def mouseMoveEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Qt's."""
        if self._pressed is None:
            event.ignore()
            return
        at = _where(event)
        far = (at - self._pressed).manhattanLength() >= _DRAG
        if far and self._button == QtCore.Qt.MouseButton.LeftButton:
            self._dragged = at
            self.update()
        event.accept()

    def mouseReleaseEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Qt's."""
        if self._pressed is None or event.button() != self._button:
            event.ignore()
            return
        start = self._on_picture(self._pressed)
        if self._dragged is not None:
            self._add(self.prompts.boxes, _between(start, self._on_picture(_where(event))))
        else:
            other = event.modifiers() & QtCore.Qt.KeyboardModifier.AltModifier
            keeps = self._button == QtCore.Qt.MouseButton.LeftButton and not other
            self._add(self.prompts.points, (start.x(), start.y(), int(keeps)))
        self._pressed = self._dragged = None
        event.accept()

    def tabletEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """A pen is as good as a mouse. What is left to the canvas below, it would paint with."""
        kinds = QtCore.QEvent.Type
        if event.type() == kinds.TabletPress:
            self.mousePressEvent(event)
        elif event.type() == kinds.TabletMove:
            self.mouseMoveEvent(event)
        else:
            self.mouseReleaseEvent(event)
        event.accept()

    def contextMenuEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """The right button is a click here."""
        event.accept()

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Qt's."""
        keys = QtCore.Qt.Key
        if event.key() in (keys.Key_Return, keys.Key_Enter):
            self.accepted.emit()
        elif event.key() == keys.Key_Escape:
            self.ended.emit()
        elif event.key() == keys.Key_Backspace:
            self.take_back()
        else:
            event.ignore()

    def event(self, event: Any) -> bool:
        """Enter, Escape and Backspace are ours before they are anybody's shortcut."""
        if event.type() == QtCore.QEvent.Type.ShortcutOverride and self._points:
            keys = QtCore.Qt.Key
            ours = (keys.Key_Return, keys.Key_Enter, keys.Key_Escape, keys.Key_Backspace)
            if event.key() in ours:
                event.accept()
                return True
        return bool(super().event(event))

    def add(self, prompts: dict[str, Any]) -> None:
        """Takes over clicks and boxes from elsewhere."""
        for point in prompts.get("points", ()):
            self._add(self.prompts.points, tuple(point))
        for box in prompts.get("boxes", ()):
            self._add(self.prompts.boxes, tuple(box))

    def take_back(self) -> None:
        """Without the last click or box."""
        if self._order:
            self._order.pop().pop()
            self.update()
            self.pointed.emit()

    def _add(self, to: list[Any], what: Any) -> None:
        to.append(what)
        self._order.append(to)
        self.update()
        self.pointed.emit()

    def _on_picture(self, at: QtCore.QPointF) -> QtCore.QPointF:
        back, _possible = self._place.inverted()
        return back.map(at)


_CENTERED = getattr(
    QtCore.Qt.AlignmentFlag.AlignCenter, "value", QtCore.Qt.AlignmentFlag.AlignCenter
) | getattr(QtCore.Qt.TextFlag.TextWordWrap, "value", QtCore.Qt.TextFlag.TextWordWrap)


def drawable(values: bytes, width: int, height: int) -> QImage:
    """A mask, one byte a pixel, as an image to draw, not larger than it needs to be.

    It does not touch Krita: call it in a thread.
    """
    image = QImage(values, width, height, width, QImage.Format.Format_Grayscale8)
    if max(width, height) > _LARGEST:
        kept, smooth = QtCore.Qt.AspectRatioMode, QtCore.Qt.TransformationMode
        image = image.scaled(
            _LARGEST, _LARGEST, kept.KeepAspectRatio, smooth.SmoothTransformation
        ).convertToFormat(QImage.Format.Format_Grayscale8)
    pointer = image.constBits()
    pointer.setsize(image.bytesPerLine() * image.height())
    indexed = QImage(
        bytes(pointer),
        image.width(),
        image.height(),
        image.bytesPerLine(),
        QImage.Format.Format_Indexed8,
    )
    return indexed.copy()


def _colors(backdrop: str) -> list[int]:
    """What is drawn over the picture for each value of the mask: the less of it, the more."""
    color = _TINT if backdrop == "tint" else QtGui.QColor(backdrop)
    most = _TINT_OPACITY if backdrop == "tint" else 1.0
    table = []
    for value in range(256):
        color.setAlphaF(most * (255 - value) / 255)
        table.append(color.rgba())
    return table


def _between(start: QtCore.QPointF, end: QtCore.QPointF) -> Box:
    x0, x1 = sorted((start.x(), end.x()))
    y0, y1 = sorted((start.y(), end.y()))
    return x0, y0, x1, y1


def _where(event: Any) -> QtCore.QPointF:
    """Where mouse or pen are in the widget, as Qt 5 or Qt 6 says it."""
    if hasattr(event, "position"):
        return event.position()
    return event.localPos() if hasattr(event, "localPos") else event.posF()

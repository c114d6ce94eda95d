# SPDX-License-Identifier: GPL-3.0-or-later
"""The canvas as a widget: which it is, and where in it a pixel of the picture is.

libkis gives neither. The widget is found among those of Krita's window by the names of their
classes; the place follows from the view's transforms where Krita has them (5.2), else from zoom,
rotation, mirroring and the scroll bars.
"""

from __future__ import annotations

from typing import Any

from krita import Krita

from .qt import QtCore, QtGui, QtWidgets

_CLASSES = ("KisOpenGLCanvas2", "KisQPainterCanvas")


def widget() -> QtWidgets.QWidget | None:
    """The widget in which the active view draws its picture; None where there is none."""
    window = Krita.instance().activeWindow()
    if window is None or window.activeView() is None:
        return None
    area = window.qwindow().findChild(QtWidgets.QMdiArea)
    active = area and (area.activeSubWindow() or area.currentSubWindow())
    for each in (active or window.qwindow()).findChildren(QtWidgets.QWidget):
        if each.metaObject().className() in _CLASSES and each.isVisible():
            return each
    return None


def image_to_widget(view: Any, document: Any, widget: QtWidgets.QWidget) -> QtGui.QTransform:
    """From pixels of the picture to those of the widget that shows it."""
    if hasattr(view, "flakeToImageTransform"):  # since Krita 5.2
        from_image, _possible = view.flakeToImageTransform().inverted()
        return from_image * view.flakeToCanvasTransform()
    canvas = view.canvas()
    # Krita's 100 % are the document's resolution at 72 dots an inch.
    zoom = canvas.zoomLevel() * 72.0 / document.resolution() / widget.devicePixelRatioF()
    turned = QtGui.QTransform()
    turned.rotate(canvas.rotation())
    turned.scale(-zoom if canvas.mirror() else zoom, zoom)
    placed = turned.mapRect(QtCore.QRectF(document.bounds()))
    corner = -_scrolled(widget) - placed.topLeft()
    return turned * QtGui.QTransform.fromTranslate(corner.x(), corner.y())


def _scrolled(widget: QtWidgets.QWidget) -> QtCore.QPointF:
    """How far the picture's corner is beyond the widget's."""
    above = widget.parentWidget()
    while above is not None and not isinstance(above, QtWidgets.QAbstractScrollArea):
        above = above.parentWidget()
    if above is None:
        return QtCore.QPointF()
    return QtCore.QPointF(above.horizontalScrollBar().value(), above.verticalScrollBar().value())

# SPDX-License-Identifier: Apache-2.0
"""Opens files and saves each as a .kra beside it; returns the depths Krita opened them with."""

from krita import Krita
from toolkit import QtWidgets


def main(*sources):
    depths = []
    for source in sources:
        document = Krita.instance().openDocument(source)
        document.refreshProjection()
        document.waitForDone()  # else saving may wait for it for ever
        # The document closed before leaves by an event, and Krita 5.1 crashes where the next one
        # is saved before that.
        QtWidgets.QApplication.processEvents()
        document.saveAs(source + ".kra")
        document.waitForDone()
        depths.append(document.colorDepth())
        document.close()
    return depths

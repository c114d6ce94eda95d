# SPDX-License-Identifier: Apache-2.0
"""Opens files and saves each as a .kra beside it; returns the depths Krita opened them with."""

from krita import Krita


def main(*sources):
    depths = []
    for source in sources:
        document = Krita.instance().openDocument(source)
        document.refreshProjection()
        document.waitForDone()  # else saving may wait for it for ever
        document.saveAs(source + ".kra")
        document.waitForDone()
        depths.append(document.colorDepth())
        document.close()
    return depths

# SPDX-License-Identifier: Apache-2.0
"""What Remove Background costs Krita at a large picture, whatever the engine takes.

Runs alternate with what Krita itself needs to take up a mask of that size, so that both see the
same machine. `bench/krita_overhead.py` prepares it and prints what it returns.
"""

import time

from krita import Krita
from mattebrush.docker import Docker
from toolkit import QByteArray, QTimer

from mattebrush import layers, masks

# Krita's own window when a node comes or goes and its picture takes long, whoever does it.
EXPECTED = ["Waiting for image operation to complete..."]


def main(picture, model, depth, rounds):
    application = Krita.instance()
    document = application.openDocument(picture)
    application.activeWindow().addView(document)
    yield 1500
    document = application.activeDocument()
    if (model, depth) != (document.colorModel(), document.colorDepth()):
        document.setColorSpace(model, depth, "")
        yield 1500
    session = next(each for each in Docker.__subclasses__()).session
    observed = []
    for _ in range(int(rounds)):
        observed.append((yield from ours(session, document)))
        yield from take_away(document)
        observed[-1]["krita"] = yield from kritas_own(document)
        yield from take_away(document)
    return observed


def ours(session, document):
    """One run through the menu: seconds until all is done and until Krita is given the mask, the
    processor time till then, and the longest stall by stage.
    """
    document.setActiveNode(document.topLevelNodes()[0])
    yield 500
    ended = []
    stalls = Stalls()
    inputs = []

    def note(stage, fraction):
        stalls.enter(stage, fraction)
        if (stage, fraction) == ("writing", 1.0):
            stalls.enter("taken up by Krita", 0.0)
            inputs.extend(now - then for now, then in zip(clocks(), began))

    session.progressed.connect(note)
    session.finished.connect(lambda outcome, seconds: ended.append(seconds))
    session.failed.connect(lambda why: ended.append(str(why)))
    began = clocks()
    Krita.instance().action("mattebrush_remove_background").trigger()
    while not ended:
        yield 20
    session.progressed.disconnect(note)
    yield 500
    seconds, processor, main_thread = inputs
    return {
        "seconds": seconds,
        "processor": processor,
        "main thread": main_thread,
        "in all": ended[0],
        "stalls": stalls.stop(),
        "busy": stalls.busy,
    }


def clocks():
    """Seconds: as they pass, of the processor for this process, for this thread."""
    return time.monotonic(), time.process_time(), time.thread_time()


def kritas_own(document):
    """The longest stall when Krita takes up a mask of that size."""
    layer = document.topLevelNodes()[0]
    rect = layer.bounds()
    mask = masks.create(document, "mask")
    mask.setPixelData(QByteArray(b"\x80" * (rect.width() * rect.height())), *rect.getRect())
    stalls = Stalls()
    stalls.enter("krita", 0.0)
    yield 50
    layer.addChildNode(mask, None)
    yield 1000
    return stalls.stop()["krita"]


def take_away(document):
    yield from layers.settled(document)
    for mask in layers.masks(document.topLevelNodes()[0]):
        mask.remove()  # Krita's undo would ask to wait while it works on a picture of this size
    yield 700
    yield from layers.settled(document)


class Stalls:
    """The longest time, in each stage, in which the window could do nothing; and of the processor
    time of its thread within such a time, which other work on the machine does not add to.
    """

    def __init__(self):
        self.stage = "before"
        self.longest = {}
        self.busy = {}
        self.last = self.clocks()
        self.timer = QTimer()
        self.timer.timeout.connect(self.tick)
        self.timer.start(2)

    def enter(self, stage, _fraction):
        self.tick()
        self.stage = stage

    def tick(self):
        now = self.clocks()
        for longest, late, early in zip((self.longest, self.busy), now, self.last):
            longest[self.stage] = max(longest.get(self.stage, 0.0), round(late - early, 3))
        self.last = now

    @staticmethod
    def clocks():
        return time.monotonic(), time.thread_time()

    def stop(self):
        self.timer.stop()
        return self.longest

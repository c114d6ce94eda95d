# SPDX-License-Identifier: GPL-3.0-or-later
"""What a dialog's preview shows: the same job on a small copy of the layer, seen in several ways.

The layer is read once; each look at other choices sends the small copy to the engine again.
"""

import mattebrush_actions as actions
import mattebrush_client as client
import mattebrush_kit as kit
import mattebrush_toolkit as toolkit
from mattebrush_text import _

SIDE = 720
"""Longest side of the small copy: what is sent, in pixels."""

VIEWS = (
    ("result", _("Result")),
    ("overlay", _("Hidden parts in red")),
    ("mask", _("Mask")),
    ("picture", _("Picture")),
)
_RED = b"\xe0\x20\x20"
_RED_COVER = 0.65
_TINTS = (b"\xf0\x80\x20", b"\x20\x80\xf0", b"\x30\xb0\x50", b"\xd0\x40\xb0", b"\xe8\xd0\x30")
_TINT_COVER = 0.45
_IN_PIXELS = ("feather", "shift_edge")


class Preview(object):
    """The preview of an entry on one layer.

    latest: the `Array` of 8 bits that was answered last, None so far. parts: the objects of that
    answer, the kit's `Part`s. progress: the kit's `Update` of the job under way, None without one.
    """

    def __init__(self, entry, image, layer):
        self._work, self._image, self._layer = entry.work, image, layer
        arrays = entry.work.arrays(image, layer, {"decontaminate": False}, 8)
        height, width = arrays["image"].shape[:2]
        self.factor = min(1.0, float(SIDE) / max(width, height))
        self.size = max(1, int(width * self.factor)), max(1, int(height * self.factor))
        self._arrays = {name: self._small(array) for name, array in arrays.items()}
        self._job, self._progress, self._last = None, None, None
        self.latest, self.parts = self._arrays.get("mask"), []
        self.progress = None

    def start(self, values):
        """Begins to compute it for these values, instead of what is under way.

        Raises ClientError, and gimpfu's error with a sentence where the values make no sense.
        """
        self.cancel()
        values = actions.with_settings(dict(values, decontaminate=False))
        options = self._work.options(self._image, self._layer, values, 8)
        for name in _IN_PIXELS:
            if name in options:
                options[name] = options[name] * self.factor
        if "prompt" in options:
            options["prompt"] = {
                name: [
                    [part * self.factor for part in one[:4]]
                    if name == "boxes"
                    else [one[0] * self.factor, one[1] * self.factor, one[2]]
                    for one in prompts
                ]
                for name, prompts in options["prompt"].items()
            }
        self._progress = kit.Progress(options["op"], self._last)
        arrays = actions.fitting(self._arrays, options)
        self._job = client.connect().start(options, **arrays)
        self.progress = self._progress.update("start", 0.0)

    def poll(self):
        """Whether the job under way has ended. Raises the ClientError that it ended with."""
        job = self._job
        if job is None:
            return False
        if not job.poll():
            self.progress = self._progress.update(job.stage, job.fraction)
            return False
        self._job, self.progress = None, None
        answer = job.result()
        self.latest, self._last = answer.alpha, answer.report
        self.parts = kit.split_masks(answer)
        return True

    def cancel(self):
        """Ends what is under way."""
        if self._job is not None:
            self._job.cancel()
            self._job, self.progress = None, None

    def picture(self, view):
        """A `Pixbuf` of the small copy, seen in one of `VIEWS`."""
        width, height = self.size
        image, mask = self._arrays["image"], self.latest
        if mask is None:
            view = "picture"
        if view == "mask":
            return toolkit.pixbuf(_tripled(mask.data), width, height, False)
        color, alpha = _color_and_alpha(image)
        if view == "result":
            alpha = _both(alpha, mask.data)
        made = toolkit.over_checks(toolkit.pixbuf(_with_alpha(color, alpha), width, height, True))
        if view == "result":
            for number, part in enumerate(self.parts):
                tint = _TINTS[number % len(_TINTS)] * (width * height)
                cover = bytes(bytearray(int(v * _TINT_COVER) for v in bytearray(part.mask.data)))
                toolkit.blend(toolkit.pixbuf(_with_alpha(tint, cover), width, height, True), made)
        if view == "overlay":
            hidden = bytes(bytearray(int((255 - v) * _RED_COVER) for v in bytearray(mask.data)))
            red = _with_alpha(_RED * (width * height), hidden)
            toolkit.blend(toolkit.pixbuf(red, width, height, True), made)
        return made

    def _small(self, array):
        """A picture or a mask of 8 bits in the preview's size; None stays."""
        if array is None or self.factor == 1.0:
            return array
        height, width = array.shape[:2]
        channels = array.shape[2] if len(array.shape) > 2 else 1
        if channels < 3:
            data = array.data if channels == 1 else array.data[0::2]
            data = _tripled(data)
        else:
            data = array.data
        alpha = channels == 4
        small = toolkit.scaled(toolkit.pixbuf(bytes(data), width, height, alpha), *self.size)
        data, shape = toolkit.data_of(small), (self.size[1], self.size[0])
        if len(array.shape) == 2:
            return client.Array(data[0::3], shape, "uint8")
        if channels < 3:  # grey: its alpha does not matter for a look
            return client.Array(data[0::3], shape + (1,), "uint8")
        return client.Array(data, shape + (channels,), "uint8")


def _tripled(data):
    """Gray as RGB."""
    made = bytearray(3 * len(data))
    for channel in range(3):
        made[channel::3] = data
    return bytes(made)


def _with_alpha(color, alpha):
    """RGBA of RGB and alpha."""
    made = bytearray(4 * len(alpha))
    for channel in range(3):
        made[channel::4] = color[channel::3]
    made[3::4] = alpha
    return bytes(made)


def _color_and_alpha(image):
    """RGB and alpha of a picture of 1 to 4 channels."""
    height, width, channels = image.shape
    data = image.data
    alpha = data[channels - 1 :: channels] if channels in (2, 4) else b"\xff" * (width * height)
    if channels < 3:
        return _tripled(data[0::channels]), alpha
    if channels == 3:
        return data, alpha
    made = bytearray(3 * width * height)
    for channel in range(3):
        made[channel::3] = data[channel::4]
    return bytes(made), alpha


def _both(one, other):
    """The product of two alphas."""
    pairs = zip(bytearray(one), bytearray(other))
    return bytes(bytearray((a * b + 127) // 255 for a, b in pairs))

# SPDX-License-Identifier: Apache-2.0
"""Makes every call of gimpfu_calls.py on small images and writes down what came of each.

Runs inside GIMP's batch mode, Python 2.7 and 3. FOLDER (environment): where oracle.json goes, one
line of JSON for each call, and where the calls may write files. ONLY: a part of the names of the
calls to make. KINDS, GROUPS: the kinds of images and the groups of calls, else all. SKIP: how many
to leave out at the front, since a crash ends them all.
"""

import json
import os
import sys
import tempfile
import traceback

if sys.version_info[0] > 2:
    sys.path[:0] = [os.environ["GIMPFU"], os.path.join(os.environ["GIMPFU"], "gimpfu", "aliases")]
sys.path.insert(0, os.environ["INSIDE"])

import gimpenums
import gimpfu_calls
from gimpfu import *

WIDTH, HEIGHT = 36, 26
TYPES = {
    "rgb": (RGB, RGB_IMAGE),
    "rgba": (RGB, RGBA_IMAGE),
    "gray": (GRAY, GRAY_IMAGE),
    "graya": (GRAY, GRAYA_IMAGE),
    "indexed": (INDEXED, INDEXED_IMAGE),
    "selection": (RGB, RGBA_IMAGE),
    "rectangle": (RGB, RGB_IMAGE),
    "feathered": (GRAY, GRAYA_IMAGE),
    "placed": (RGB, RGBA_IMAGE),
}


PALETTE = bytes(bytearray(part * 16 % 256 for n in range(16) for part in (n, n * 3, 15 - n)))


def content(channels, alpha):
    """A ramp, a checkerboard, stripes and a pseudo-random corner; alpha falls to the right."""
    data, noise = bytearray(), 12345
    for y in range(HEIGHT):
        for x in range(WIDTH):
            noise = (noise * 1103515245 + 12345) % (1 << 31)
            for c in range(channels):
                if alpha and c == channels - 1:
                    data.append(max(0, min(255, (WIDTH - x) * 12)))
                elif x < 18 and y < 13:
                    data.append((x * 14 + y * 3 + c * 40) % 256)
                elif x >= 18 and y < 13:
                    data.append((60, 190, 120)[(c + (x // 4 + y // 3) % 2) % 3])
                elif x < 18:
                    data.append((y * 9 + c * 70) % 256 if x % 3 else 250 - c * 30)
                else:
                    data.append((noise >> (8 + c * 3)) % 256)
    return bytes(data)


class Case(object):
    """What a call may use: an image of one kind with a layer `a` on it and a smaller one."""

    def __init__(self, kind):
        base, type_ = TYPES[kind]
        self.kind = kind
        self.image = gimp.Image(WIDTH, HEIGHT, base)
        self.image.disable_undo()
        if kind == "indexed":
            self.image.colormap = PALETTE
        small = gimp.Layer(self.image, "small", 12, 10, type_, 100, NORMAL_MODE)
        self.image.add_layer(small, 0)
        small.set_offsets(5, 4)
        small.fill(WHITE_FILL)
        self.layer = gimp.Layer(self.image, "a", WIDTH, HEIGHT, type_, 100, NORMAL_MODE)
        self.image.add_layer(self.layer, 0)
        region = self.layer.get_pixel_rgn(0, 0, WIDTH, HEIGHT, True, False)
        alpha = self.layer.has_alpha
        data = content(self.layer.bpp, alpha)
        if kind == "indexed":
            data = bytes(bytearray(one % 16 for one in bytearray(data)))
        region[0:WIDTH, 0:HEIGHT] = data
        self.layer.flush()
        self.small = small
        self.image.active_layer = self.layer
        self._select(kind)

    def _select(self, kind):
        """What the kinds with a selection have: an ellipse, a rectangle inside, one that is soft,
        and one that is partly outside of a layer which is partly outside of the image.
        """
        image = self.image
        if kind == "selection":
            pdb.gimp_image_select_ellipse(image, CHANNEL_OP_REPLACE, 6, 5, 22, 15)
        elif kind == "rectangle":
            pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 9, 7, 19, 12)
        elif kind == "feathered":
            pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 8, 6, 20, 13)
            pdb.gimp_selection_feather(image, 4)
        elif kind == "placed":
            self.layer.set_offsets(7, -4)
            pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 3, 2, 20, 14)

    def filled(self, args):
        """The arguments with what their words stand for."""
        return [self._value(one) for one in args]

    def _value(self, one):
        if isinstance(one, gimpfu_calls.Word):
            return getattr(self, one.name)
        return one

    IMG = property(lambda self: self.image)
    DRW = property(lambda self: self.layer)
    SMALL = property(lambda self: self.small)
    SELECTION = property(lambda self: self.image.selection)
    FILE = property(lambda self: os.path.join(tempfile.gettempdir(), "oracle"))

    @property
    def PATH(self):
        """A path with one curve."""
        path = gimp.Vectors(self.image, "p")
        pdb.gimp_image_insert_vectors(self.image, path, None, 0)
        points = [4.0, 4.0, 4.0, 4.0, 12.0, 2.0, 20.0, 3.0, 30.0, 20.0, 30.0, 20.0,
                  25.0, 22.0, 8.0, 20.0, 6.0, 18.0]  # fmt: skip
        gimp.VectorsBezierStroke(path, points, True)
        return path

    @property
    def CHANNEL(self):
        """A channel with half of it white."""
        channel = gimp.Channel(self.image, "c", WIDTH, HEIGHT, 50.0, gimpcolor.RGB(255, 0, 0))
        self.image.add_channel(channel, 0)
        region = channel.get_pixel_rgn(0, 0, WIDTH, HEIGHT, True, False)
        region[0:WIDTH, 0:HEIGHT] = bytes(bytearray([255] * 18 + [0] * 18)) * HEIGHT
        channel.flush()
        return channel

    @property
    def MASK(self):
        """The layer's mask, a ramp."""
        mask = self.layer.create_mask(ADD_WHITE_MASK)
        self.layer.add_mask(mask)
        region = mask.get_pixel_rgn(0, 0, WIDTH, HEIGHT, True, False)
        region[0:WIDTH, 0:HEIGHT] = bytes(bytearray(range(0, WIDTH * 7, 7))) * HEIGHT
        mask.flush()
        return mask

    def state(self):
        """All layers and channels as they are now, and the selection."""
        image = self.image
        reported = {"size": [image.width, image.height, image.base_type]}
        reported["layers"] = [self._drawable(one) for one in image.layers]
        reported["channels"] = [self._drawable(one) for one in image.channels]
        if not pdb.gimp_selection_is_empty(image):
            reported["selection"] = hexed(image.selection)
        return reported

    def _drawable(self, item):
        reported = {"name": item.name, "offsets": item.offsets}
        reported["size"] = [item.width, item.height]
        if hasattr(item, "mode"):
            reported["mode"] = MODES.get(item.mode, item.mode)
            mask = item.mask
            if mask:
                reported["mask"] = hexed(mask)
        reported["opacity"] = round(item.opacity, 2)
        reported["pixels"] = hexed(item)
        return reported


MODES = {}
for _name in dir(gimpenums):
    if _name.startswith("LAYER_MODE_"):
        MODES.setdefault(getattr(gimpenums, _name), _name)


def hexed(drawable):
    """All pixels. A drawable anew: real gimpfu's remember how many bytes a pixel had."""
    drawable = gimp._id2drawable(drawable.ID)
    width, height = drawable.width, drawable.height
    data = bytearray(drawable.get_pixel_rgn(0, 0, width, height, False, False)[0:width, 0:height])
    return "%d:%s" % (drawable.bpp, "".join("%02x" % one for one in data))


def plain(value):
    """A result as JSON has it: objects by their names, numbers rounded."""
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, gimpcolor.RGB):
        return [round(part, 2) for part in (value.r, value.g, value.b, value.a)]
    if isinstance(value, (gimp.Item, gimp.Image)):
        return type(value).__name__.lower() + " " + value.name
    if isinstance(value, float):
        return round(value, 2)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, bytes) and bytes is not str:
        return list(bytearray(value))
    if value is None or isinstance(value, (int, str)):
        return value
    if isinstance(value, gimp.Parasite):
        return [value.name, value.flags, list(bytearray(value.data))]
    return type(value).__name__


def make(group, name, kind, call):
    """One call on one kind of image: what it gave and left."""
    gimp.context_push()
    pdb.gimp_context_set_foreground((200, 40, 90))
    pdb.gimp_context_set_background((30, 160, 220))
    case = Case(kind)
    reported = {"group": group, "name": name, "kind": kind}
    try:
        reported["value"] = plain(call(case))
    except Exception as why:
        traceback.print_exc()
        reported["error"] = type(why).__name__
        reported["text"] = str(why)
    try:
        reported["state"] = case.state()
    except Exception as why:
        reported["state"] = "%s: %s" % (type(why).__name__, why)
    pdb.gimp_image_delete(case.image)
    gimp.context_pop()
    return reported


def main():
    only, skip = os.environ.get("ONLY", ""), int(os.environ.get("SKIP", 0))
    kinds = os.environ.get("KINDS", " ".join(TYPES)).split()
    groups = os.environ.get("GROUPS", "").split()
    with open(os.path.join(os.environ["FOLDER"], "oracle.json"), "a") as out:
        for number, (group, name, kind, call) in enumerate(gimpfu_calls.calls()):
            if number < skip or only not in name or kind not in kinds:
                continue
            if groups and group not in groups:
                continue
            out.write(json.dumps({"at": number}) + "\n")
            out.flush()
            out.write(json.dumps(make(group, name, kind, call), sort_keys=True) + "\n")
            out.flush()


main()

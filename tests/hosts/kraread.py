# SPDX-License-Identifier: Apache-2.0
"""Layers and transparency masks of Krita's .kra files, read without Krita (stdlib only): a second
opinion on what a test made Krita save.

A .kra file is a zip: maindoc.xml names layers and masks; the pixels of each lie in tiles of
64 x 64, raw or LZF-compressed, over a default.
"""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

_NAMESPACE = "{http://www.calligra.org/DTD/krita}"


@dataclasses.dataclass
class Mask:
    """A transparency mask as large as the picture: one byte a pixel, row by row."""

    name: str
    visible: bool
    width: int
    height: int
    pixels: bytes


@dataclasses.dataclass
class Layer:
    name: str
    kind: str
    visible: bool
    masks: list[Mask]


def layers(path: Path | str) -> list[Layer]:
    """The layers of a Krita document with their masks, from the top."""
    with zipfile.ZipFile(path) as archive:
        root = ElementTree.fromstring(archive.read("maindoc.xml"))
        image = next(root.iter(f"{_NAMESPACE}IMAGE"))
        width, height = int(image.attrib["width"]), int(image.attrib["height"])
        return [
            Layer(
                layer.attrib["name"],
                layer.attrib["nodetype"],
                layer.attrib.get("visible", "1") == "1",
                [
                    _mask(archive, mask, width, height)
                    for within in ("masks", "layers")  # a group's are among its layers
                    for mask in layer.findall(f"{_NAMESPACE}{within}/{_NAMESPACE}mask")
                    if mask.get("nodetype") == "transparencymask"
                ],
            )
            for layer in root.iter(f"{_NAMESPACE}layer")
        ]


def _mask(archive: zipfile.ZipFile, element: ElementTree.Element, width: int, height: int) -> Mask:
    end = f"/{element.attrib['filename']}.pixelselection"
    name = next(name for name in archive.namelist() if name.endswith(end))
    default = archive.read(f"{name}.defaultpixel")[0]
    pixels = _plane(archive.read(name), width, height, default)
    visible = element.attrib.get("visible", "1") == "1"
    return Mask(element.attrib["name"], visible, width, height, pixels)


def _plane(data: bytes, width: int, height: int, default: int) -> bytes:
    header: dict[bytes, int] = {}
    at = 0
    while b"DATA" not in header:
        end = data.index(b"\n", at)
        key, value = data[at:end].split()
        header[key] = int(value)
        at = end + 1
    across, down = header[b"TILEWIDTH"], header[b"TILEHEIGHT"]
    assert header[b"PIXELSIZE"] == 1
    out = bytearray([default]) * (width * height)
    for _ in range(header[b"DATA"]):
        end = data.index(b"\n", at)
        left, top, _, size = data[at:end].split(b",")
        x, y, at = int(left), int(top), end + 1
        packed = data[at : at + int(size)]
        at += int(size)
        tile = _lzf(packed[1:]) if packed[0] else packed[1:]
        columns = slice(max(0, x), min(width, x + across))
        for row in range(max(0, y), min(height, y + down)):
            start = (row - y) * across + columns.start - x
            part = tile[start : start + max(0, columns.stop - columns.start)]
            out[row * width + columns.start : row * width + columns.start + len(part)] = part
    return bytes(out)


def _lzf(data: bytes) -> bytes:
    out, at = bytearray(), 0
    while at < len(data):
        code, at = data[at], at + 1
        if code < 32:
            out += data[at : at + code + 1]
            at += code + 1
            continue
        length = code >> 5
        if length == 7:
            length, at = length + data[at], at + 1
        start = len(out) - ((code & 31) << 8 | data[at]) - 1
        at += 1
        for number in range(length + 2):  # a run may reach into what it writes
            out.append(out[start + number])
    return bytes(out)

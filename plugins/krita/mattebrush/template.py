# SPDX-License-Identifier: GPL-3.0-or-later
"""A Krita document of one layer with one transparency mask and a selection, written without Krita.

Krita 5.1 has no way for plug-ins to make a loose mask, and no version has one to give a mask
frames, or a selection an outline that follows from its pixels; but all these can be copied from one
document into another. The format is Krita's own: a zip
of XML and of pixels in tiles of 64 x 64.
"""

from __future__ import annotations

import zipfile
from typing import Iterator

from .qt import QtGui

_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE DOC PUBLIC '-//KDE//DTD krita 2.0//EN' 'http://www.calligra.org/DTD/krita-2.0.dtd'>
<DOC xmlns="http://www.calligra.org/DTD/krita" syntaxVersion="2.0" editor="Krita">
<IMAGE width="1" height="1" name="mattebrush" mime="application/x-kra" colorspacename="RGBA"
 profile="sRGB-elle-V2-srgbtrc.icc" x-res="72" y-res="72"><layers>
<mask name="selection" nodetype="selectionmask" filename="mask3" active="1" visible="1" x="0" y="0"
 uuid="{6d617474-6562-4275-8073-680000000003}"/>
<layer name="layer" nodetype="paintlayer" colorspacename="RGBA" filename="layer1" visible="1"
 opacity="255" compositeop="normal" x="0" y="0" uuid="{6d617474-6562-4275-8073-680000000001}">
<masks><mask name="mask" nodetype="transparencymask" filename="mask2" visible="1" x="0" y="0"%s
 uuid="{6d617474-6562-4275-8073-680000000002}"/></masks></layer>
</layers></IMAGE></DOC>"""
_KEYFRAMES = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE keyframes PUBLIC '-//KDE//DTD krita-keyframes 1.0//EN'
 'http://www.calligra.org/DTD/krita-keyframes-1.0.dtd'>
<keyframes xmlns="http://www.calligra.org/DTD/krita-keyframes"><channel name="content">
%s
</channel></keyframes>"""
_KEYFRAME = '<keyframe time="%d" frame="%s" color-label="0"><offset type="point" x="0" y="0"/>'
_TILE = 64
_HEADER = b"VERSION 2\nTILEWIDTH 64\nTILEHEIGHT 64\nPIXELSIZE %d\nDATA %d\n"


def write(path: str, frames: dict[int, bytes], x: int, y: int, width: int, height: int) -> None:
    """Writes the document to `path`.

    frames: the mask's values by time, `width` x `height` bytes each, with the corner at (x, y);
    none makes a mask without frames that hides everything. The selection is empty.
    """
    mask = "mask2.pixelselection"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("mimetype", "application/x-krita")
        link = ' keyframes="mask2.keyframes.xml"' if frames else ""
        out.writestr("maindoc.xml", _DOCUMENT % link)
        _pixels(out, "layer1", _HEADER % (4, 0), 4)
        # Krita asks each layer for its profile, and warns the user where there is none.
        standard = QtGui.QColorSpace(QtGui.QColorSpace.NamedColorSpace.SRgb)
        out.writestr("mattebrush/layers/layer1.icc", bytes(standard.iccProfile()))
        names = [mask + (f".f{number}" if number else "") for number in range(len(frames))]
        for name, time in zip(names, frames):
            tiles = list(_tiles(frames[time], x, y, width, height))
            _pixels(out, name, _HEADER % (1, len(tiles)) + b"".join(tiles), 1)
        if frames:
            rows = [_KEYFRAME % (time, name) + "</keyframe>" for name, time in zip(names, frames)]
            out.writestr("mattebrush/layers/mask2.keyframes.xml", _KEYFRAMES % "\n".join(rows))
        else:
            _pixels(out, mask, _HEADER % (1, 0), 1)
        _pixels(out, "mask3.pixelselection", _HEADER % (1, 0), 1)


def _pixels(out: zipfile.ZipFile, name: str, data: bytes, size: int) -> None:
    """One plane of pixels, nothing where there is no tile; `size` bytes a pixel."""
    out.writestr("mattebrush/layers/" + name, data)
    out.writestr(f"mattebrush/layers/{name}.defaultpixel", bytes(size))


def _tiles(pixels: bytes, x: int, y: int, width: int, height: int) -> Iterator[bytes]:
    """The tiles that hold anything, uncompressed, each after its place."""
    left = x % _TILE
    right = -(left + width) % _TILE
    before, after = bytes(left), bytes(right)
    empty = bytes(left + width + right)
    view = memoryview(pixels)
    for top in range(y - y % _TILE, y + height, _TILE):
        rows = [
            before + view[(row - y) * width : (row - y + 1) * width] + after
            if y <= row < y + height
            else empty
            for row in range(top, top + _TILE)
        ]
        for at in range(0, len(empty), _TILE):
            tile = b"".join([row[at : at + _TILE] for row in rows])
            if any(tile):
                place = b"%d,%d,LZF,%d\n" % (x - left + at, top, _TILE * _TILE + 1)
                yield place + b"\0" + tile

# SPDX-License-Identifier: Apache-2.0
"""ICC profiles of matrix and curves: built from a description of a color space, and evaluated.

Little CMS (through Pillow) converts in 8 bits and only between profiles. Files that describe their
colors otherwise (cICP, nclx, gAMA and cHRM, OpenEXR's chromaticities) get a profile built here,
so that every output format can carry what they say; deep pictures are converted here in floats.
The format is public (ICC.1:2022); the numbers of cICP are those of ITU-T H.273.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Callable

import numpy as np

Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""White, red, green and blue as x, y."""

CodePoints = tuple[int, int, int, int]
"""cICP: primaries, transfer, matrix, full range."""

WHITE = np.array([0.9642, 1.0, 0.8249])
"""D50, under which profiles meet."""

_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_D65 = (0.3127, 0.3290)

SRGB_PRIMARIES: Chromaticities = (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
ADOBE_RGB_PRIMARIES: Chromaticities = (*_D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
_PRIMARIES: dict[int, Chromaticities] = {
    1: SRGB_PRIMARIES,
    4: (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    8: (0.310, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}
_NAMES = {1: "BT.709", 9: "BT.2020", 11: "DCI-P3", 12: "Display P3"}
_UNSPECIFIED, _SRGB_TRANSFER = 2, 13
_PQ, _HLG = 16, 18
_WHITE_NITS = 203.0
"""Where pictures with highlights have their paper white (ITU-R BT.2408)."""

_TABLE = 4096


@dataclasses.dataclass(frozen=True)
class Curve:
    """A tone curve from encoded to linear values, as the profile's own tag.

    parameters: of ICC's function g, a, b, c, d, e, f: (a x + b)^g + e from d on, c x + f below.
    table: equally spaced linear values instead, or None.
    """

    parameters: tuple[float, ...] = (1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    table: tuple[float, ...] | None = None

    def linear(self, encoded: np.ndarray) -> np.ndarray:
        """Linear light of encoded values; a formula goes on beyond 1, and mirrored below 0.

        Parameters
        ----------
        encoded : numpy.ndarray
            Values from 0 to 1.

        Returns
        -------
        numpy.ndarray
        """
        if self.table is not None:
            return np.interp(encoded, np.linspace(0, 1, len(self.table)), self.table)
        g, a, b, c, d, e, f = self.parameters
        x = np.abs(encoded)
        with np.errstate(invalid="ignore"):
            power = np.maximum(a * x + b, 0) ** g + e
        return np.copysign(np.where(x >= d, power, c * x + f), encoded)

    def encoded(self, linear: np.ndarray) -> np.ndarray:
        """The reverse of `linear`.

        Parameters
        ----------
        linear : numpy.ndarray
            Linear light.

        Returns
        -------
        numpy.ndarray
        """
        if self.table is not None:
            light, first = np.unique(self.table, return_index=True)  # where it is flat, its start
            return np.interp(linear, light, first / (len(self.table) - 1))
        g, a, b, c, d, e, f = self.parameters
        y = np.abs(linear)
        power = (np.maximum(y - e, 0) ** (1 / g) - b) / a
        straight = (y - f) / c if c else np.zeros_like(y)
        return np.copysign(np.where(power >= d, power, straight), linear)

    def tag(self) -> bytes:
        """As it stands in a profile.

        Returns
        -------
        bytes
        """
        if self.table is not None:
            values = np.rint(np.clip(self.table, 0, 1) * 65535).astype(">u2")
            return b"curv\0\0\0\0" + struct.pack(">I", len(values)) + values.tobytes()
        return b"para\0\0\0\0" + struct.pack(">HH", 4, 0) + b"".join(map(_fixed, self.parameters))


def gamma(exponent: float) -> Curve:
    """A pure power.

    Parameters
    ----------
    exponent : float
        Of the power.

    Returns
    -------
    Curve
    """
    return Curve((exponent, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0))


LINEAR = gamma(1.0)
SRGB_CURVE = Curve((2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0.0, 0.0))
_BT709_CURVE = Curve((1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081, 0.0, 0.0))


def _sampled(light: Callable[[np.ndarray], np.ndarray]) -> Curve:
    return Curve(table=tuple(np.clip(light(np.linspace(0, 1, _TABLE)), 0, 1).tolist()))


def _pq(signal: np.ndarray) -> np.ndarray:
    """Light of SMPTE ST 2084's signal, with paper white as 1."""
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    power = signal ** (1 / m2)
    return (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1) * 10_000 / _WHITE_NITS


def _hlg(signal: np.ndarray) -> np.ndarray:
    """Light of the hybrid log-gamma signal on a display of 1000 nits, with paper white as 1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return scene**1.2 * 1000 / _WHITE_NITS


_TRANSFERS: dict[int, Curve] = {
    **dict.fromkeys((1, 6, 11, 12, 14, 15), _BT709_CURVE),
    4: gamma(2.2),
    5: gamma(2.8),
    8: LINEAR,
    13: SRGB_CURVE,
    _PQ: _sampled(_pq),
    17: gamma(2.6),
    _HLG: _sampled(_hlg),
}


def from_code_points(points: CodePoints, gray: bool = False) -> bytes | None:
    """The profile that cICP's or nclx's numbers describe, which carries them too (`cicp`).

    None where they say sRGB, or nothing.

    Parameters
    ----------
    points : CodePoints
        CICP's four numbers.
    gray : bool, optional
        Whether the picture is gray.

    Returns
    -------
    bytes or None

    Raises
    ------
    ValueError
        For numbers that are not known here.
    """
    primaries, transfer = points[:2]
    primaries = 1 if primaries == _UNSPECIFIED else primaries
    transfer = _SRGB_TRANSFER if transfer == _UNSPECIFIED else transfer
    if (primaries, transfer) == (1, _SRGB_TRANSFER):
        return None
    if primaries not in _PRIMARIES or transfer not in _TRANSFERS:
        raise ValueError(f"color primaries {primaries}, transfer {transfer}")
    transfers = {8: "linear", 13: "sRGB curve", _PQ: "PQ", _HLG: "HLG"}
    name = f"{_NAMES.get(primaries, f'primaries {primaries}')}, "
    name += transfers.get(transfer, f"transfer {transfer}")
    numbers = (primaries, transfer, 0, 1)
    if gray:
        return build_gray(_TRANSFERS[transfer], name, numbers)
    return build(_PRIMARIES[primaries], _TRANSFERS[transfer], name, numbers)


def has_highlights(icc: bytes | None) -> bool:
    """Whether the profile stands for PQ or HLG, whose highlights are beyond a profile's white.

    Parameters
    ----------
    icc : bytes or None
        A profile; None means sRGB.

    Returns
    -------
    bool
    """
    points = code_points(icc)
    return points is not None and points[1] in (_PQ, _HLG)


def code_points(icc: bytes | None) -> CodePoints | None:
    """What a profile's own cICP tag says.

    Parameters
    ----------
    icc : bytes or None
        A profile.

    Returns
    -------
    CodePoints or None
    """
    tag = _tags(icc).get(b"cicp") if icc else None
    if tag is None or len(tag) < 12 or tag[:4] != b"cicp":
        return None
    return tag[8], tag[9], tag[10], tag[11]


def build(
    primaries: Chromaticities, curve: Curve, name: str, points: CodePoints | None = None
) -> bytes:
    """An RGB profile.

    Parameters
    ----------
    primaries : Chromaticities
        White, red, green and blue as x, y.
    curve : Curve
        From encoded to linear values.
    name : str
        The profile's description.
    points : CodePoints or None, optional
        CICP's four numbers.

    Returns
    -------
    bytes
    """
    adapted = _adaptation(_xyz(*primaries[:2])) @ _matrix(primaries)
    tags = {
        b"chad": b"sf32\0\0\0\0"
        + b"".join(_fixed(v) for v in _adaptation(_xyz(*primaries[:2])).ravel()),
        **{kind: _xyz_tag(adapted[:, n]) for n, kind in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve.tag()),
    }
    return _profile(b"RGB ", name, tags | _cicp(points))


def build_gray(curve: Curve, name: str, points: CodePoints | None = None) -> bytes:
    """A profile of gray alone.

    Parameters
    ----------
    curve : Curve
        From encoded to linear values.
    name : str
        The profile's description.
    points : CodePoints or None, optional
        CICP's four numbers.

    Returns
    -------
    bytes
    """
    return _profile(b"GRAY", name, {b"kTRC": curve.tag()} | _cicp(points))


def _cicp(points: CodePoints | None) -> dict[bytes, bytes]:
    return {} if points is None else {b"cicp": b"cicp\0\0\0\0" + bytes(points)}


def _profile(space: bytes, name: str, tags: dict[bytes, bytes]) -> bytes:
    """A version 4 display profile of the tags given and those that every profile must have."""
    common = {b"desc": _text(name), b"cprt": _text("No copyright"), b"wtpt": _xyz_tag(WHITE)}
    tags = common | tags
    places: dict[bytes, int] = {}  # equal tags share their bytes
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for kind, data in tags.items():
        if data not in places:
            places[data] = start + len(body)
            body += data + bytes(-len(data) % 4)
        table += kind + struct.pack(">II", places[data], len(data))
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"", 0x04400000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H", 2025, 1, 1, 0, 0, 0) + b"acsp"
    head = head.ljust(68, b"\0") + b"".join(map(_fixed, WHITE))
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(float(value) * 65536))


def _text(text: str) -> bytes:
    wide = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(wide), 28) + wide


def _xyz_tag(values: np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_fixed, values))


def _xyz(x: float, y: float) -> np.ndarray:
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _matrix(primaries: Chromaticities) -> np.ndarray:
    """Linear RGB to XYZ under the space's own white."""
    columns = np.stack([_xyz(*primaries[at : at + 2]) for at in (2, 4, 6)], axis=1)
    return columns * np.linalg.solve(columns, _xyz(*primaries[:2]))


def under_d50(relative: np.ndarray, white: tuple[float, float]) -> np.ndarray:
    """Light measured under another white, as it looks under D50, which is the profiles' own.

    Parameters
    ----------
    relative : numpy.ndarray
        (..., 3), XYZ in parts of that white's.
    white : tuple of float
        Its chromaticity.

    Returns
    -------
    numpy.ndarray
        XYZ.
    """
    source = _xyz(*white)
    return relative * source @ _adaptation(source).T


def _adaptation(white: np.ndarray) -> np.ndarray:
    """XYZ under `white` to XYZ under D50."""
    scale = (_BRADFORD @ WHITE) / (_BRADFORD @ white)
    return np.linalg.inv(_BRADFORD) @ (scale[:, None] * _BRADFORD)


@dataclasses.dataclass(frozen=True)
class Space:
    """An RGB space that can be computed with: matrix of linear RGB to XYZ (D50), tone curves."""

    matrix: np.ndarray
    curves: tuple[Curve, Curve, Curve]

    def linear(self, pixels: np.ndarray) -> np.ndarray:
        """Encoded (..., 3) floats as linear ones of the same primaries.

        Parameters
        ----------
        pixels : numpy.ndarray
            Encoded, (..., 3) floats.

        Returns
        -------
        numpy.ndarray
        """
        planes = [curve.linear(pixels[..., n]) for n, curve in enumerate(self.curves)]
        return np.stack(planes, axis=-1)

    def encoded(self, pixels: np.ndarray) -> np.ndarray:
        """The reverse of `linear`.

        Parameters
        ----------
        pixels : numpy.ndarray
            Linear, (..., 3) floats.

        Returns
        -------
        numpy.ndarray
        """
        planes = [curve.encoded(pixels[..., n]) for n, curve in enumerate(self.curves)]
        return np.stack(planes, axis=-1)

    def to(self, other: Space, pixels: np.ndarray) -> np.ndarray:
        """Encoded (..., 3) floats of this space as those of another; not clipped.

        Parameters
        ----------
        other : Space
            The space to go to.
        pixels : numpy.ndarray
            Encoded, (..., 3) floats.

        Returns
        -------
        numpy.ndarray
        """
        across = np.linalg.inv(other.matrix) @ self.matrix
        return other.encoded(self.linear(pixels) @ across.T)


def space_of(primaries: Chromaticities, curve: Curve) -> Space:
    """The space that `build` would describe.

    Parameters
    ----------
    primaries : Chromaticities
        White, red, green and blue as x, y.
    curve : Curve
        From encoded to linear values.

    Returns
    -------
    Space
    """
    matrix = _adaptation(_xyz(*primaries[:2])) @ _matrix(primaries)
    return Space(matrix, (curve, curve, curve))


SRGB = space_of(SRGB_PRIMARIES, SRGB_CURVE)


def srgb_profile() -> bytes:
    """A profile that says sRGB, the same bytes at every time.

    Returns
    -------
    bytes
    """
    return build(SRGB_PRIMARIES, SRGB_CURVE, "sRGB")


def parse(icc: bytes) -> Space | None:
    """What an RGB profile says, if that is a matrix and curves; None for tables and damage.

    Parameters
    ----------
    icc : bytes
        A profile.

    Returns
    -------
    Space or None
    """
    tags = _tags(icc)
    if icc[16:24] != b"RGB XYZ " or tags.keys() & {b"A2B0", b"D2B0"}:
        return None
    try:
        columns = [_read_xyz(tags[kind]) for kind in (b"rXYZ", b"gXYZ", b"bXYZ")]
        red, green, blue = (_read_curve(tags[kind]) for kind in (b"rTRC", b"gTRC", b"bTRC"))
        matrix = np.stack(columns, axis=1)
        np.linalg.inv(matrix)
    except (KeyError, ValueError, struct.error, np.linalg.LinAlgError):
        return None
    return Space(matrix, (red, green, blue))


def widened(icc: bytes) -> bytes | None:
    """The RGB profile in which gray pixels, three times each, look as in the gray profile `icc`.

    None where that one has no tone curve.

    Parameters
    ----------
    icc : bytes
        A gray profile.

    Returns
    -------
    bytes or None
    """
    curve = _tags(icc).get(b"kTRC")
    if curve is None:
        return None
    try:
        read = _read_curve(curve)
    except (ValueError, struct.error):
        return None
    if icc[20:24] == b"Lab ":  # the curve gives lightness there
        lightness = read.linear(np.linspace(0, 1, _TABLE)) * 100
        light = np.where(lightness > 8, ((lightness + 16) / 116) ** 3, lightness / (24389 / 27))
        read = Curve(table=tuple(light.tolist()))
    points = code_points(icc)
    primaries = _PRIMARIES[points[0]] if points else SRGB_PRIMARIES
    return build(primaries, read, "Gray as RGB", points)


def _tags(icc: bytes) -> dict[bytes, bytes]:
    """The tags of a profile; none of a damaged one."""
    if len(icc) < 132 or icc[36:40] != b"acsp":
        return {}
    tags = {}
    for at in range(132, min(132 + 12 * struct.unpack(">I", icc[128:132])[0], len(icc) - 11), 12):
        kind, start, size = struct.unpack(">4sII", icc[at : at + 12])
        tags[kind] = icc[start : start + size]
    return tags


def _read_xyz(tag: bytes) -> np.ndarray:
    if tag[:4] != b"XYZ ":
        raise ValueError("no XYZ")
    return np.array(struct.unpack(">3i", tag[8:20])) / 65536


_PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}


def _read_curve(tag: bytes) -> Curve:
    """A tone curve's tag. Raises ValueError or struct.error for what is none."""
    if tag[:4] == b"curv":
        count = struct.unpack(">I", tag[8:12])[0]
        if count == 0:
            return LINEAR
        values = np.frombuffer(tag[12 : 12 + 2 * count], ">u2")
        if len(values) != count:
            raise ValueError("a curve that is cut short")
        if count == 1:
            return gamma(values[0] / 256)
        rising = np.maximum.accumulate(values / 65535)
        return Curve(table=tuple(rising.tolist()))
    if tag[:4] != b"para":
        raise ValueError("no curve")
    kind = struct.unpack(">H", tag[8:10])[0]
    count = _PARAMETERS.get(kind, 0)
    p = [value / 65536 for value in struct.unpack(f">{count}i", tag[12 : 12 + 4 * count])]
    if not p or p[0] <= 0:
        raise ValueError("no curve")
    g = p[0]
    a, b = (p[1], p[2]) if count > 2 else (1.0, 0.0)
    if kind == 0:
        return gamma(g)
    if kind in (1, 2):
        offset = p[3] if kind == 2 else 0.0
        return Curve((g, a, b, 0.0, -b / a, offset, offset))
    return Curve((g, a, b, p[3], p[4], *(p[5:7] or (0.0, 0.0))))

# SPDX-License-Identifier: Apache-2.0
"""A picture in the inks of a printing profile, with 8 bits: TIFF and JPEG here, and the samples for
`psd`. A spot channel beside them holds another ink, white or varnish, as its name says.

Other modules know gray and RGB only: a picture becomes CMYK as the last step, and read back it is
RGB. Colors go through LittleCMS, relative to the paper's white, with black point compensation, as
layout programs do it by default.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputInvalid, OptionInvalid
from ..imaging.depth import to_depth
from ..imaging.strips import strips
from .model import Raster
from .profiles import applied, profile_of

if TYPE_CHECKING:
    from PIL import ImageCms

INKS = 4
_ALPHA_NAMES, _ALPHA_UNICODE, _ALPHA_IDS, _DISPLAY = 1006, 1045, 1053, 1077
_ALPHA, _SPOT = 0, 2  # what a channel shows, by Adobe's display information
_IN_CMYK = 2
_LONGEST_NAME = 63
_TRANSPARENCY = "Transparency"


@dataclasses.dataclass(frozen=True, repr=False)
class InkProfile:
    """An ICC profile of four inks. Raises OptionInvalid for what is none.

    path: where it was read. data: the profile.
    """

    path: str
    data: bytes

    def __post_init__(self) -> None:
        if self.data[36:40] != b"acsp":
            raise OptionInvalid(f"{self.path} is no ICC profile.", "Give an .icc or .icm file.")
        if self.data[16:20] != b"CMYK":
            space = self.data[16:20].decode("ascii", "replace").strip()
            raise OptionInvalid(
                f"{self.path} is a profile of {space}, not of CMYK.",
                "Give the printer's profile.",
            )
        _transform(None, self)

    @classmethod
    def read(cls, path: Path | str) -> InkProfile:
        """A profile from its file.

        Parameters
        ----------
        path : Path or str
            Of the .icc file.

        Returns
        -------
        InkProfile

        Raises
        ------
        OptionInvalid
            Where it cannot be read, or is none of CMYK.
        """
        try:
            return cls(str(Path(path).resolve()), Path(path).read_bytes())
        except OSError as failure:
            raise OptionInvalid(f"{path} cannot be read: {failure.strerror}.") from failure

    def __repr__(self) -> str:
        """By content, so that options can be told apart."""
        return f"InkProfile({hashlib.sha256(self.data).hexdigest()[:16]})"


@dataclasses.dataclass(frozen=True)
class Spot:
    """One more ink. name: as it is called at the printer's. plane: float32 (H, W), 1 for full."""

    name: str
    plane: np.ndarray


def check_spot(name: str) -> None:
    """Raises OptionInvalid for a spot channel's name that files cannot hold.

    Parameters
    ----------
    name : str
        As it was given.
    """
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise OptionInvalid(
            f"The spot channel's name is {name!r}.", f"Give 1 to {_LONGEST_NAME} characters."
        )


def _transform(own: bytes | None, profile: InkProfile) -> ImageCms.ImageCmsTransform:
    from PIL import ImageCms

    try:
        transform = ImageCms.buildTransform(
            profile_of(own),
            profile_of(profile.data),
            "RGB",
            "CMYK",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        # Some profiles fail not here but at the first pixel, which would be in the midst of a file.
        applied(transform, np.zeros((1, 1, 3), np.uint8))
        return transform
    except (ImageCms.PyCMSError, OSError) as failure:
        raise OptionInvalid(
            f"Colors cannot be taken into {profile.path}: {failure}.",
            "Give the printer's profile, one for output.",
        ) from failure


def separated(raster: Raster, profile: InkProfile) -> np.ndarray:
    """How much of each ink, uint8 (H, W, 4); none where the picture is transparent.

    Parameters
    ----------
    raster : Raster
        A picture, gray or RGB.
    profile : InkProfile
        Of the printer.

    Returns
    -------
    numpy.ndarray
    """
    transform = _transform(raster.icc_for(3), profile)
    out = np.empty((raster.height, raster.width, INKS), np.uint8)
    for rows in strips(raster.height, raster.width):
        part = to_depth(raster.pixels[rows], np.uint8)
        out[rows] = applied(transform, np.broadcast_to(part, (*part.shape[:2], 3)))
        if raster.alpha is not None:
            out[rows][to_depth(raster.alpha[rows], np.uint8) == 0] = 0
    return out


def channel_blocks(transparency: bool, spot: str | None) -> bytes:
    """Adobe's image resource blocks that say what the channels behind the inks are.

    Parameters
    ----------
    transparency : bool
        Whether the first of them is the picture's.
    spot : str or None
        The name of the ink in the last one.

    Returns
    -------
    bytes
        Empty where no spot is.
    """
    if spot is None:
        return b""
    names = [_TRANSPARENCY] * transparency + [spot]
    pascal, wide, display = b"", b"", struct.pack(">I", 1)
    for name in names:
        narrow = name.encode("ascii", "replace")
        pascal += bytes((len(narrow),)) + narrow
        units = name.encode("utf-16-be") + b"\0\0"
        wide += struct.pack(">I", len(units) // 2) + units
        # Shown as black; the ink's true look is the printer's business.
        ink = (0, 0, 0, 65535 if name == spot else 0)
        kind = _SPOT if name == spot else _ALPHA
        display += struct.pack(">H4HHB", _IN_CMYK, *ink, 100, kind)
    # By Adobe's counting, 0 is the transparency.
    ids = struct.pack(f">{len(names)}I", *range(1 - transparency, 2))
    blocks = {_ALPHA_NAMES: pascal, _ALPHA_UNICODE: wide, _ALPHA_IDS: ids, _DISPLAY: display}
    return b"".join(
        struct.pack(">4sHHI", b"8BIM", number, 0, len(data)) + data + bytes(len(data) % 2)
        for number, data in blocks.items()
    )


def encode(
    raster: Raster,
    format: str,
    profile: InkProfile,
    spot: Spot | None = None,
    *,
    strip: bool = False,
    quality: int = 95,
) -> bytes:
    """A picture's file in CMYK.

    Parameters
    ----------
    raster : Raster
        A picture; in TIFF its alpha is a channel behind the inks.
    format : str
        TIFF or JPEG.
    profile : InkProfile
        Of the printer; it is in the file.
    spot : Spot or None, optional
        One more ink, in a TIFF.
    strip : bool, optional
        Leave the metadata out, but for the clipping path.
    quality : int, optional
        1 to 100, of JPEG.

    Returns
    -------
    bytes

    Raises
    ------
    MattebrushError
        As `raster.encode` does.
    """
    from . import tiff, writing

    raster = writing.checked(raster, format, strip, quality)
    inks = separated(raster, profile)
    file = io.BytesIO()
    if format == "JPEG":
        writing.jpeg_of(file, inks, raster.metadata, profile.data, quality)
        return file.getvalue()
    if format != "TIFF":
        raise InputInvalid(f"{format} holds no CMYK.", "Write TIFF, JPEG or PSD.")
    planes: list[np.ndarray] = [inks]
    kinds: Sequence[str] = []
    if raster.alpha is not None:
        planes.append(to_depth(raster.alpha, np.uint8)[..., None])
        kinds = ["unassalpha"]
    if spot is not None:
        planes.append(to_depth(spot.plane, np.uint8)[..., None])
        kinds = [*kinds, "unspecified"]
    blocks = (raster.metadata.photoshop or b"") + channel_blocks(
        raster.alpha is not None, None if spot is None else spot.name
    )
    about = dataclasses.replace(raster.metadata, photoshop=blocks or None)
    tiff.write_samples(
        file, np.concatenate(planes, axis=2), about, profile.data, "separated", kinds
    )
    return file.getvalue()

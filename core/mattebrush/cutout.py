# SPDX-License-Identifier: Apache-2.0
"""What the engine gives back (`Cutout`, `Report`), and how it tells how far it is (`Progress`)."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from .errors import OptionInvalid

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    from .raster import Raster

Progress = Callable[[str, float], None]
"""Called as progress(stage, fraction): the stage's name and how much of it is done, 0 to 1.

Raise `errors.Cancelled` from it to stop the work; nothing has been written by then.
"""


def no_progress(stage: str, fraction: float) -> None:
    """The progress callback of those who do not care.

    Parameters
    ----------
    stage : str
        Which stage of the work.
    fraction : float
        How much of it is done, 0 to 1.
    """


@dataclasses.dataclass
class Report:
    """What was done, by what, where, and how long it took.

    model, license: the segmentation model that ran ("" where none did).
    matting: the method or model that decided the soft edge.
    device: the device that really ran the networks, such as "cpu" or "cuda".
    seconds: wall-clock time by stage.
    foreground_share: mean alpha, 0 to 1.
    certainty: 0 to 1, how likely it is that nobody need look at this cut-out; of operations that
        find a subject.
    subject_found: False when what is delivered shows no subject (`subject`).
    warnings: sentences a person should read.
    objects: name, box and certainty of each, where objects were asked for.
    """

    op: str
    width: int
    height: int
    model: str = ""
    license: str = ""
    matting: str = ""
    matting_license: str = ""
    device: str = "cpu"
    seconds: dict[str, float] = dataclasses.field(default_factory=dict)
    foreground_share: float = 0.0
    certainty: float = 1.0
    subject_found: bool = True
    warnings: list[str] = dataclasses.field(default_factory=list)
    objects: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time spent inside the `with` block to `seconds[name]`.

        Parameters
        ----------
        name : str
            Of the stage.
        """
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self.seconds[name] = round(self.seconds.get(name, 0.0) + spent, 4)

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON.

        Returns
        -------
        dict[str, Any]
        """
        values = dataclasses.asdict(self)
        if not self.objects:
            del values["objects"]
        return values


@dataclasses.dataclass
class Cutout:
    """The result of a run, at the image's own size.

    alpha: float32 (H, W) in [0, 1]; from `refine` in the depth of the mask given, so that
        untouched values stay the same to the bit.
    matte: the same without the transparency the picture itself had, which `alpha` includes: what
        a layer mask needs, since the layer keeps its own. The same array for opaque pictures.
    foreground: the decontaminated color, straight (never premultiplied), in the image's own
        shape (H, W, C) and dtype; None when it was not asked for.
    report: see `Report`.
    source: the picture that it was cut out of, for `rgba`, `image` and `save`; None where the
        engine was called with arrays of a job.
    """

    alpha: np.ndarray
    matte: np.ndarray
    foreground: np.ndarray | None
    report: Report
    source: Raster | None = dataclasses.field(default=None, repr=False)

    def rgba(self) -> np.ndarray:
        """The cut-out as an array.

        Returns
        -------
        numpy.ndarray
            (H, W, 4), or (H, W, 2) of a gray picture, in the picture's dtype: the clean colors
            (the picture's own where none were asked for), straight, and alpha last.
        """
        return self.raster().image()

    def image(self) -> Image.Image:
        """The cut-out as an image of Pillow, RGBA or LA with 8 bits, with the picture's ICC
        profile, EXIF and resolution.

        Returns
        -------
        Image.Image
        """
        from . import raster

        return raster.to_pillow(self.raster())

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        only_mask: bool = False,
        overwrite: bool = False,
        strip: bool = False,
        quality: int = 95,
    ) -> None:
        """Writes the cut-out to a file, whole or not at all.

        Parameters
        ----------
        path : str or Path
            Its ending says the format: .png, .webp, .tif, .exr; .psd for a layered file with the
            picture, its mask and the clean colors, .xcf and .kra for the same by an installed GIMP
            or Krita.
        only_mask : bool
            Write the mask (gray) rather than the cut-out; .jpg too.
        overwrite : bool
            Replace a file that is there.
        strip : bool
            Leave EXIF, XMP and other metadata out. The ICC profile is kept.
        quality : int
            1 to 100, of WebP and JPEG; a WebP mask is lossless.

        Raises
        ------
        OutputExists
            If the file is there and `overwrite` is not set.
        OptionInvalid
            For a quality beyond 1 to 100.
        OutputUnwritable
            For other endings, and where the system or the program refuses.
        """
        from . import psd, raster
        from .programs import layered as programs

        path = os.fsdecode(path)
        if not 1 <= quality <= 100:
            raise OptionInvalid(f"quality is {quality}.", "Give a number from 1 to 100.")
        source = self._source()
        layers = (source, self.matte, self.foreground)
        ending = path.lower().rpartition(".")[2]
        if ending in programs.FORMATS and not only_mask:
            programs.write(
                path,
                ending,
                lambda file: psd.write_to(file, *layers, strip=strip),
                overwrite=overwrite,
            )
            return
        if ending == "psd" and not only_mask:
            psd.write(path, *layers, overwrite=overwrite, strip=strip)
            return
        if not only_mask:
            raster.format_of(path, (".psd", *(f".{name}" for name in programs.FORMATS)))
        made = self.mask_raster() if only_mask else self.raster()
        raster.write(
            path, made, overwrite=overwrite, strip=strip, quality=quality, lossless=only_mask
        )

    def raster(self) -> Raster:
        """The cut-out with what its file says beside the pixels (`mattebrush.raster`).

        Returns
        -------
        Raster
        """
        source = self._source()
        pixels = source.pixels if self.foreground is None else self.foreground
        return dataclasses.replace(source, pixels=pixels, alpha=self.alpha)

    def mask_raster(self) -> Raster:
        """The mask alone, gray, in the picture's depth or (from `refine`) its own.

        Returns
        -------
        Raster
        """
        source = self._source()
        depth = source.pixels.dtype if self.alpha.dtype == "float32" else self.alpha.dtype
        return source.masking(self.alpha, depth)

    def _source(self) -> Raster:
        if self.source is None:
            raise OptionInvalid(
                "This cut-out does not know its picture.", "Use the functions of `mattebrush`."
            )
        return self.source

# SPDX-License-Identifier: Apache-2.0
"""Which method decides the soft edge: the one that the options name, or the best installed."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable

import numpy as np

from ..cutout import Report
from ..errors import OptionInvalid
from ..imaging.depth import to_unit
from ..imaging.resize import Upsampled
from ..imaging.tiles import Window
from ..models import catalog, store
from ..models.catalog import ModelRow
from ..models.runtime import open_session
from ..options import Options
from . import guided

EMBEDDED_NETWORK = "mattebrush-matting"

_BEST_PIXELS = 1_500_000
"""The largest picture that the embedded network decides at full size after a trimap alone."""

_COARSE_PIXELS = 500_000
"""The same after a coarse alpha. Animals of 1.6 megapixels come out best at half their size; at a
quarter of a megapixel errors grow by 5 % (`bench.choices`)."""

_COARSE_HALO = 32
"""What the network sees around what it decides after a coarse alpha, which says what is further;
at twice that no error changes by a thousandth (`bench.choices`)."""

_TILE = 1408
"""Longest side of a tile of the embedded network without its halo: most pictures are one tile."""

Decide = Callable[[Window], np.ndarray]
"""Gives a window's alpha, float32 (h, w) in [0, 1]; right at least in its unknown pixels."""

TileMatte = Callable[[np.ndarray, np.ndarray, "np.ndarray | None"], np.ndarray]
"""Alpha of one tile, float32 (h, w), from its image (h, w, 3) float32 in 0..1, its trimap uint8
and its coarse alpha float32 or None: how networks are called."""

PrepareMatting = Callable[[np.ndarray, np.ndarray, "Upsampled | None"], Decide]
"""Takes image (H, W, 1|3), trimap uint8 and coarse alpha of the whole picture, returns what
decides each window."""


@dataclasses.dataclass(frozen=True)
class Method:
    """A way to decide the unknown region.

    tile, halo, multiple: see `tiles.plan`. max_pixels: a larger picture is decided at a smaller
    size. coarse_halo, coarse_pixels: the same where there is a coarse alpha. parallel: whether
    tiles gain from running side by side; networks use all threads by themselves.
    guided_upsampling: what was decided follows the full picture's colors after that (`upsample`).
    """

    name: str
    license: str
    prepare: PrepareMatting
    tile: int = 512
    halo: int = 0
    coarse_halo: int = 0
    multiple: int = 1
    parallel: bool = True
    max_pixels: float = math.inf
    coarse_pixels: float = math.inf
    guided_upsampling: bool = False

    def workers(self, threads: int | None) -> int | None:
        """How many tiles to work on at a time.

        Parameters
        ----------
        threads : int or None
            How many at a time; None follows the machine.

        Returns
        -------
        int or None
        """
        return threads if self.parallel else 1


def select(options: Options, report: Report) -> Method:
    """The method for `options.matting`; its name and license go into the report.

    Parameters
    ----------
    options : Options
        What is asked for.
    report : Report
        What is known of the run; completed here.

    Returns
    -------
    Method

    Raises
    ------
    ModelUnavailable, OptionInvalid, DeviceUnavailable
        ModelUnavailable for a model that is not here, OptionInvalid for one that does not take a
        trimap, DeviceUnavailable.
    """
    method = _named(options, report)
    report.matting, report.matting_license = method.name, method.license
    return method


def _named(options: Options, report: Report) -> Method:
    if options.matting in _CLASSICAL:
        return _CLASSICAL[options.matting]
    name = options.matting
    if name in ("auto", "network"):
        embedded = catalog.get(EMBEDDED_NETWORK)
        if name == "auto" and store.installed(embedded) is None:
            return _CLASSICAL["guided"]
        name = EMBEDDED_NETWORK
    row = catalog.get(name)
    if row.kind not in _NETWORKS:
        raise OptionInvalid(
            f"{row.id} is no matting model.",
            "Choose auto, network, guided, none or a trimap model.",
        )
    return _NETWORKS[row.kind](row, options, report)


def _prior_network(row: ModelRow, options: Options, report: Report) -> Method:
    from . import embedded

    session = open_session(row, options.device, options.threads)
    _note_device(report, session.device, session.warnings)
    halo = int(session.metadata.get("halo", "64"))
    multiple = int(session.metadata.get("multiple", "32"))
    return Method(
        row.id,
        row.license,
        from_guided(functools.partial(embedded.matte, session=session)),
        tile=_TILE,
        halo=halo,
        coarse_halo=min(halo, _COARSE_HALO),
        multiple=multiple,
        parallel=False,
        max_pixels=_BEST_PIXELS,
        coarse_pixels=_COARSE_PIXELS,
        guided_upsampling=True,
    )


def _trimap_network(row: ModelRow, options: Options, report: Report) -> Method:
    from . import vitmatte

    matting = vitmatte.open_matting(row, options.device, options.threads)
    _note_device(report, matting.device, matting.warnings)
    halo = min(matting.side) // 8
    return Method(
        row.id,
        row.license,
        of_tiles(matting),
        tile=min(matting.side) - 2 * (halo + matting.multiple),
        halo=halo,
        coarse_halo=halo,
        multiple=matting.multiple,
        parallel=False,
    )


_NETWORKS = {"prior": _prior_network, "trimap": _trimap_network}


def _note_device(report: Report, device: str, warnings: list[str]) -> None:
    """The device that ran; both where segmentation ran elsewhere."""
    if report.model and report.device != device:
        device = f"{report.device} + {device}"
    report.device = device
    report.warnings += warnings


def of_tiles(matte: TileMatte) -> PrepareMatting:
    """`Method.prepare` for a function that looks at one tile at a time.

    Parameters
    ----------
    matte : TileMatte
        What decides one tile.

    Returns
    -------
    PrepareMatting
    """

    def prepare(image: np.ndarray, trimap: np.ndarray, coarse: Upsampled | None) -> Decide:
        def decide(window: Window) -> np.ndarray:
            guess = None if coarse is None else np.clip(coarse.window(window), 0, 1)
            return matte(_rgb(image, window), trimap[window], guess)

        return decide

    return prepare


def from_guided(matte: TileMatte) -> PrepareMatting:
    """A network that starts from the guided filter's alpha, which has seen the whole picture.

    Parameters
    ----------
    matte : TileMatte
        What decides one tile.

    Returns
    -------
    PrepareMatting
    """

    def prepare(image: np.ndarray, trimap: np.ndarray, coarse: Upsampled | None) -> Decide:
        draft = guided.COARSE_DRAFT if coarse else guided.TRIMAP_DRAFT
        filtered = guided.prepare(image, trimap, coarse, draft)

        def decide(window: Window) -> np.ndarray:
            return matte(_rgb(image, window), trimap[window], filtered(window))

        return decide

    return prepare


def _rgb(image: np.ndarray, window: Window) -> np.ndarray:
    """A window of a picture as networks want it: (h, w, 3) float32 in 0..1."""
    color = to_unit(image[window])
    return np.repeat(color, 3, axis=2) if color.shape[2] == 1 else color


def _as_segmented(image: np.ndarray, trimap: np.ndarray, coarse: Upsampled | None) -> Decide:
    """No matting: the coarse mask as it is, or the trimap's gray."""

    def decide(window: Window) -> np.ndarray:
        return to_unit(trimap[window]) if coarse is None else np.clip(coarse.window(window), 0, 1)

    return decide


_CLASSICAL = {
    "guided": Method("guided", "Apache-2.0", guided.prepare),
    "none": Method("none", "", _as_segmented),
}

# SPDX-License-Identifier: Apache-2.0
"""What a shop, or anybody, wants a picture to be: a table in TOML, `presets.toml` or your own."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from ..composition import Color
from ..errors import OptionInvalid

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_FORMATS = ("png", "jpg", "webp", "tiff")
_CENTERS = ("box", "weight")
_LONGEST = 30_000


@dataclasses.dataclass(frozen=True)
class Preset:
    """A frame and what is asked of the file in it.

    Parameters
    ----------
    name, title
        By which it is called, and what a person sees.
    size
        (width, height) of the canvas in pixels; None for as large as the subject is.
    aspect
        (width, height) that the canvas relates to, where it has no size.
    fill
        How much of the canvas the subject takes, along the side that is tighter; so margins are
        equal over a set.
    center
        "box": the middle of what is seen of the subject lies in the canvas's middle; "weight": its
        center of mass does, as far as the margins allow.
    background
        #rrggbb, or None for transparent.
    white
        Whether every background pixel has to be pure white.
    format
        Of the file; None for whatever is asked for.
    quality
        1 to 100, of JPEG and WebP; lowered where `max_bytes` asks for it.
    max_bytes
        The largest file; None for any.
    srgb
        Whether the picture is taken into sRGB, which the file then says.

    Raises
    ------
    OptionInvalid
        For values that make no sense.
    """

    name: str
    title: str = ""
    size: tuple[int, int] | None = None
    aspect: tuple[float, float] | None = None
    fill: float = 0.85
    center: str = "box"
    background: str | None = None
    white: bool = False
    format: str | None = None
    quality: int = 95
    max_bytes: int | None = None
    srgb: bool = True

    def __post_init__(self) -> None:
        for right, problem in (
            ((self.size is None) != (self.aspect is None), "needs a size or an aspect, not both"),
            (self.size is None or _are(self.size, 1, _LONGEST), f"has the size {self.size}"),
            (self.aspect is None or _are(self.aspect, 1e-3, 1e3), f"has the aspect {self.aspect}"),
            (0.05 <= self.fill <= 1, f"has the fill {self.fill}, not .05 to 1"),
            (self.center in _CENTERS, f"centers by {self.center!r}, not {' or '.join(_CENTERS)}"),
            (
                self.format in (None, *_FORMATS),
                f"has the format {self.format!r}, not one of {', '.join(_FORMATS)}",
            ),
            (1 <= self.quality <= 100, f"has the quality {self.quality}, not 1 to 100"),
            (self.max_bytes is None or self.max_bytes >= 1000, f"has max_bytes {self.max_bytes}"),
            (not self.white or self.background is not None, "wants white, but has no background"),
            (
                self.format != "jpg" or self.background is not None,
                "is a JPEG, which needs a background",
            ),
        ):
            if not right:
                raise OptionInvalid(f"The preset {self.name!r} {problem}.", "Mend it in its file.")
        if self.color is not None and self.white and self.color != (1, 1, 1):
            raise OptionInvalid(
                f"The preset {self.name!r} wants white, but its background is {self.background}.",
                "Mend it in its file.",
            )

    @property
    def color(self) -> Color | None:
        """The background as red, green and blue from 0 to 1."""
        if self.background is None:
            return None
        from .. import composition

        color = composition.parse_background(self.background)
        if not isinstance(color, tuple):
            raise OptionInvalid(
                f"The preset {self.name!r} has the background {self.background!r}.",
                "Give a color; a picture goes with --background.",
            )
        return color

    @property
    def proportion(self) -> float:
        """Width to height of the canvas."""
        width, height = self.size or self.aspect or (1, 1)
        return width / height


def _are(pair: tuple[float, float], least: float, most: float) -> bool:
    return len(pair) == 2 and all(least <= value <= most for value in pair)


def own() -> dict[str, Preset]:
    """The presets that come with Mattebrush, by name.

    Returns
    -------
    dict[str, Preset]
    """
    text = resources.files(__package__).joinpath("presets.toml").read_text("utf-8")
    return _parsed(tomllib.loads(text))


def get(name: str) -> Preset:
    """A preset by its name, or out of a file: `FILE.toml`, or `FILE.toml#NAME` where it has more
    than
    one.

    Parameters
    ----------
    name : str
        What to call it in messages.

    Returns
    -------
    Preset

    Raises
    ------
    OptionInvalid
        For what is neither.
    """
    table = own()
    if name in table:
        return table[name]
    path, _, wanted = name.partition("#")
    if not path.lower().endswith(".toml"):
        raise OptionInvalid(
            f"There is no preset {name!r}.",
            f"Choose {', '.join(table)}, or give a file of your own: FILE.toml#NAME.",
        )
    table = _of_file(Path(path))
    if not wanted and len(table) == 1:
        return next(iter(table.values()))
    if wanted not in table:
        raise OptionInvalid(
            f"{path} has no preset {wanted!r}." if wanted else f"{path} has several presets.",
            f"Choose one: {', '.join(f'{path}#{each}' for each in table)}.",
        )
    return table[wanted]


def _of_file(path: Path) -> dict[str, Preset]:
    try:
        table = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as failure:
        raise OptionInvalid(f"{path} cannot be read: {failure.strerror}.") from failure
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as failure:
        raise OptionInvalid(f"{path} is no TOML: {failure}.") from failure
    if not table or not all(isinstance(value, dict) for value in table.values()):
        raise OptionInvalid(
            f"{path} holds no presets.", "Each is a table: [name], then size = [2000, 2000] ..."
        )
    return _parsed(table)


_KINDS: dict[str, tuple[type, ...]] = {
    "title": (str,),
    "size": (list,),
    "aspect": (list,),
    "fill": (int, float),
    "center": (str,),
    "background": (str,),
    "white": (bool,),
    "format": (str,),
    "quality": (int,),
    "max_bytes": (int,),
    "srgb": (bool,),
}


def _parsed(table: Mapping[str, Mapping[str, Any]]) -> dict[str, Preset]:
    return {name: _preset(name, values) for name, values in table.items()}


def _preset(name: str, values: Mapping[str, Any]) -> Preset:
    for key, value in values.items():
        if key not in _KINDS:
            raise OptionInvalid(
                f"The preset {name!r} has a key {key!r}.", f"It may have {', '.join(_KINDS)}."
            )
        number = isinstance(value, bool) and bool not in _KINDS[key]
        if number or not isinstance(value, _KINDS[key]):
            raise OptionInvalid(f"The preset {name!r} has {key} = {value!r}.", "Mend its kind.")
    fields = dict(values)
    for key, kind in (("size", int), ("aspect", (int, float))):
        if key in fields:
            pair = fields[key]
            if len(pair) != 2 or not all(
                isinstance(each, kind) and not isinstance(each, bool) for each in pair
            ):
                raise OptionInvalid(
                    f"The preset {name!r} has {key} = {pair!r}.", "Give [width, height]."
                )
            fields[key] = tuple(pair)
    if fields.get("format") == "jpeg":
        fields["format"] = "jpg"
    return Preset(name, **{"title": name, **fields})

# SPDX-License-Identifier: Apache-2.0
"""Runs inside/gimpfu_oracle.py in both GIMPs and compares what came of each call.

`python -m tests.hosts.gimp.gimpfu_compare` runs all of it and writes docs/gimpfu-coverage.md;
words behind it are the kinds of images to do it with, else all.
"""

from __future__ import annotations

import collections
import dataclasses
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.hosts.gimp import gimphost
from tests.hosts.gimp.gimphost import INSIDE, REPOSITORY, Gimp

GROUPS = ("FILTERS", "COLOR", "EDIT", "SELECT", "ITEMS", "CONTEXT", "SCRIPTS")
_NAMES = {
    "FILTERS": "filters (`plug_in_`)",
    "COLOR": "color tools",
    "EDIT": "fill, paint, stroke, offset",
    "SELECT": "selections",
    "ITEMS": "images, layers, channels, paths, transformations",
    "CONTEXT": "context, palettes, units, data, messages",
    "SCRIPTS": "what plug-ins do in several steps",
}
KNOWN = {
    "copied": "the layer has another name",
    "high_pass": "within a soft selection: two mixings, roundings add up to 4",
    "channels": "GIMP 2.10 reads the selection as linear once a plug-in asked for a precision",
    "plug_in_color_enhance": "refuses gray images, where 2.10 left what lay in memory",
    "plug_in_colorify": "refuses gray images, where 2.10 left what lay in memory",
    "plug_in_max_rgb": "refuses gray images, where 2.10 left what lay in memory",
    "plug_in_max_rgb 2": "refuses gray images, where 2.10 left what lay in memory",
    "plug_in_colortoalpha": "refuses a selection without alpha, where 2.10 emptied the rest",
    "plug_in_unsharp_mask 2": "where a selection is soft and alpha nearly 0, four pixels by 7",
    "gimp_clone": "raises gimp.error: GIMP 3's own paints nothing from an image",
    "gimp_drawable_get_format": "names of indexed formats have a number",
    "tinted": "seven color tools in a row: roundings add up to 3",
    "gimp_image_convert_indexed": "GIMP 3 chooses other colors for a palette of its own",
    "gimp_image_convert_indexed 2": "the same",
    "gimp_image_convert_indexed 4": "GIMP 3 finds other nearest colors in the web palette",
    "gimp_convert_indexed": "as gimp_image_convert_indexed",
    "plug_in_nova": "its spokes are random in both",
    "plug_in_papertile": "where its tiles go is random in both",
}
"""Calls whose results differ, and why: the name has the number of the call in the table."""


@dataclasses.dataclass(frozen=True)
class Compared:
    """One call on one kind of image: what differs, "" for nothing."""

    group: str
    name: str
    kind: str
    difference: str
    missing: bool


def record(gimp: Gimp, **variables: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What each call gave and left in one GIMP, by its name and the kind of image."""
    out = gimp.folder / "oracle.json"
    out.unlink(missing_ok=True)
    done, failures = -1, 0
    while True:
        try:
            gimp.run(INSIDE / "gimpfu_oracle.py", 3600, None, SKIP=str(done + 1), **variables)
            break
        except AssertionError:
            # GIMP died at a call; what comes after it is run in another one.
            lines = out.read_text().splitlines() if out.exists() else []
            last = json.loads(lines[-1]).get("at") if lines else None
            failures += 1
            if last is None or last <= done or failures > 5:
                raise
            done = last
    results = [json.loads(line) for line in out.read_text().splitlines()]
    return {(one["name"], one["kind"]): one for one in results if "name" in one}


def compared(
    real: dict[tuple[str, str], dict[str, Any]], ours: dict[tuple[str, str], dict[str, Any]]
) -> list[Compared]:
    """Each call of the real gimpfu beside ours; those that both refuse are left out."""
    results = []
    for key, one in real.items():
        other = ours.get(key)
        missing = other is not None and other.get("error") == "MissingProcedure"
        if other is None:
            difference = "not run"
        elif "error" in one:
            if "error" in other:
                continue
            difference = f"2.10 refuses: {one['text']}"
        elif "error" in other:
            difference = f"{other['error']}: {other['text']}"
        else:
            parts = ("value", "state")
            difference = _difference({p: one[p] for p in parts}, {p: other[p] for p in parts}, "")
        results.append(Compared(one["group"], *key, difference, missing))
    return results


def _difference(real: Any, ours: Any, where: str) -> str:
    """The first thing that differs by more than rounding."""
    if isinstance(real, dict) and isinstance(ours, dict):
        for name in sorted(set(real) | set(ours)):
            result = _difference(real.get(name), ours.get(name), f"{where}.{name}")
            if result:
                return result
        return ""
    if isinstance(real, list) and isinstance(ours, list):
        if len(real) != len(ours):
            return f"{where}: {len(real)} and {len(ours)} of them"
        for number, pair in enumerate(zip(real, ours, strict=True)):
            result = _difference(*pair, f"{where}[{number}]")
            if result:
                return result
        return ""
    if where.rpartition(".")[2] in ("pixels", "mask", "selection"):
        return _pixels(str(real), str(ours), where)
    if isinstance(real, (int, float)) and isinstance(ours, (int, float)):
        return "" if abs(real - ours) <= max(0.011, 1e-3 * abs(real)) else f"{where}: {real} {ours}"
    return "" if real == ours else f"{where}: {str(real)[:60]!r} and {str(ours)[:60]!r}"


def _pixels(real: str, ours: str, where: str) -> str:
    """How far pixels differ, beyond one step of rounding; colors that nobody sees do not count."""
    count, _, there = real.partition(":")
    other, _, here = ours.partition(":")
    if count != other or len(there) != len(here):
        return f"{where}: {count} and {other} bytes a pixel, {len(there)} and {len(here)} digits"
    one, two = bytes.fromhex(there), bytes.fromhex(here)
    width, worst = int(count), 0
    for start in range(0, len(one), width):
        pair = one[start : start + width], two[start : start + width]
        if width in (2, 4) and pair[0][-1] == pair[1][-1] == 0:
            continue
        worst = max(worst, *(abs(a - b) for a, b in zip(*pair, strict=True)))
    return "" if worst <= 1 else f"{where}: up to {worst}"


def table(results: list[Compared]) -> str:
    """docs/gimpfu-coverage.md."""
    lines = [
        "# What gimpfu for GIMP 3 covers",
        "",
        "Written by `python -m tests.hosts.gimp.gimpfu_compare`: it makes each call of",
        "`tests/hosts/gimp/inside/gimpfu_calls.py` in a real GIMP 2.10.22 with its own gimpfu and",
        "in GIMP 3.0.4 with this one, on the same images, 36 x 26 of 8 bits, of these kinds:",
        ", ".join(sorted({one.kind for one in results})) + ". Equal means the same result, layers,",
        "offsets, modes, masks and selection, and every byte of the pixels within 1.",
        "",
        "| part | procedures | equal | calls | equal |",
        "| --- | --- | --- | --- | --- |",
    ]
    for group in GROUPS:
        own = [one for one in results if one.group == group]
        if own:
            lines.append(f"| {_NAMES[group]} | {_counts(own)} |")
    lines += [f"| all | {_counts(results)} |", "", "## Not equal", ""]
    lines += [
        "| call | images | what differs |",
        "| --- | --- | --- |",
    ]
    for name, ones in _by_name([one for one in results if one.difference]).items():
        kinds = ", ".join(one.kind for one in ones)
        reason = KNOWN.get(name) or ones[0].difference.replace("|", "/")
        if all(one.missing for one in ones):
            reason = "GIMP 3 has no counterpart: raises gimp.error with the procedure's name"
        lines.append(f"| `{name}` | {kinds} | {reason} |")
    gone = [name for name, status in _status().items() if status]
    lines += ["", "## No counterpart", "", _gone_text(gone), ""]
    return "\n".join(lines)


def _gone_text(gone: list[str]) -> str:
    total = len(_status())
    names = ", ".join(f"`{name}`" for name in gone)
    start = f"{total - len(gone)} of GIMP 2.10's {total} procedures can be called."
    return f"{start} The others raise `gimp.error` with their name: {names}."


def _status() -> dict[str, str]:
    path = REPOSITORY / "plugins" / "gimp" / "gimpfu" / "procedures.txt"
    lines = [line for line in path.read_text().splitlines() if line and line[0] != "#"]
    return {line.partition(" ")[0]: line.partition(" ")[2] for line in lines}


def _counts(results: list[Compared]) -> str:
    by_procedure: dict[str, bool] = {}
    for one in results:
        name = one.name.partition(" ")[0]
        by_procedure[name] = by_procedure.get(name, True) and not one.difference
    equal = sum(by_procedure.values())
    calls = sum(not one.difference for one in results)
    return f"{len(by_procedure)} | {equal} | {len(results)} | {calls}"


def _by_name(results: list[Compared]) -> dict[str, list[Compared]]:
    out: dict[str, list[Compared]] = collections.defaultdict(list)
    for one in results:
        out[one.name].append(one)
    return out


def main(kinds: list[str]) -> None:
    only = {"KINDS": " ".join(kinds)} if kinds else {}
    with tempfile.TemporaryDirectory(dir=Path.home() / ".cache") as folder:
        places = [Path(folder) / name for name in ("gimp210", "gimp3")]
        for place in places:
            place.mkdir()
        real = record(gimphost.gimp210(places[0]), **only)
        ours = record(gimphost.gimp3(places[1]), **only)
    results = compared(real, ours)
    (REPOSITORY / "docs" / "gimpfu-coverage.md").write_text(table(results))
    print(_counts(results))


if __name__ == "__main__":
    main(sys.argv[1:])

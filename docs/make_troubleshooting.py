# SPDX-License-Identifier: Apache-2.0
"""Writes docs/troubleshooting.md from the table of cures, so that it cannot go stale.

PYTHONPATH=plugins/client python docs/make_troubleshooting.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "plugins" / "client"))

from mattebrush_kit.cures import CURE_ACTIONS, CURES

PAGE = Path(__file__).with_name("troubleshooting.md")

ADVICE = {
    "engine-not-found": "[Set it up](install.md) once for all programs. In a Flatpak or Snap, whose"
    " programs see none of yours: start [`mattebrush serve`](server.md).",
    "engine-died": "Most often the memory was too little: try a smaller model, or a selection."
    " `mattebrush doctor` says what works here.",
    "engine-damaged": "It is built anew; masks and settings stay. In Blender"
    " [from a terminal](install.md#when-something-is-said).",
    "answer-invalid": "One of the two was updated without the other. *Repair...* brings the engine"
    " to the plug-in's version.",
    "job-invalid": "",
    "unauthorized": "The server was started with a token of its own (`--token-file`,"
    " `MATTEBRUSH_TOKEN`): put the same into the plug-in's engine settings.",
    "timed-out": "Large models take minutes on a CPU; the [page on GPUs](gpu.md) may help.",
    "cancelled": "",
    "no-subject": "Nothing stood out. A click, a box or a selection around it says what is meant;"
    " [another model](choosing.md) may see it.",
    "model-unavailable": "Its license and size are shown first:"
    " `mattebrush models pull NAME`, or the button.",
    "model-invalid": "`mattebrush models verify` names the file, `mattebrush models pull NAME`"
    " replaces it.",
    "device-unavailable": "`mattebrush doctor` says which devices really run; [a GPU](gpu.md) needs"
    " a build of onnxruntime for it.",
    "download-failed": "Behind a proxy: `HTTPS_PROXY`. From another server:"
    " `mattebrush models pull NAME --mirror URL`. By hand: `mattebrush models add FILE`.",
    "option-invalid": "The line below it names the value and the range.",
    "input-invalid": "The line below it says why: a damaged file, a mask of another size, a"
    " camera's raw file. [What is read](color.md).",
    "input-too-large": "The line below it has the limit. A selection is worked on alone.",
    "output-unwritable": "A folder that is not yours, a full disk, or an ending that is not"
    " [written](color.md#what-is-written).",
    "output-exists": "On the command line `--overwrite` replaces it.",
    "consent-missing": "Start it again when you like; it says what it would fetch before it does.",
    "setup-unreachable": "The line below it has the address. A proxy: the system's settings or"
    " `HTTPS_PROXY`. No network at all: [an offline bundle](install.md#without-a-network).",
    "setup-no-space": "`MATTEBRUSH_HOME` moves the engine to another disk.",
    "setup-busy": "Only one at a time: wait until the other is done.",
    "setup-failed": "The installer's last lines stand below it. As administrator nothing is set up:"
    " start the program as yourself.",
    "internal": "A fault of ours: please report it with the line below it.",
    "busy": "How much the server takes at once, and of one program, `--max-jobs`, `--max-held` and"
    " `--max-per-client` say.",
    "not-allowed": "As for a token above; the link to the page works once, so ask for a new one:"
    " `mattebrush page`.",
    "origin-refused": "A web page elsewhere may only use the server if it was started with"
    " `--allow-origin`.",
    "not-found": "Results are kept for a few minutes. Run it again.",
    "not-finished": "",
    "method-not-allowed": "",
    "media-type-unknown": "",
    "upload-too-large": "The server's `--max-upload` and `--max-picture` say how large one may be.",
    "upload-too-slow": "",
    "engine-crashed": "Most often the memory was too little. The server starts the engine anew.",
    "took-too-long": "Large models take minutes on a CPU.",
}
"""What there is to say beyond the message, by the code of an error; "" where that is all."""

HEAD = """\
<!-- Written by docs/make_troubleshooting.py from plugins/client/mattebrush_kit/cures.py. -->

# When something is said

Each message that the plug-ins share, in the program's own language there, with the button beside
it where the program has one for it. Under it stands what the engine said in English, with the file
or the number it is about.

| message | button | what else helps |
| --- | --- | --- |
"""

TAIL = """
## Nothing is said, and nothing happens

- `mattebrush doctor` tries each device, says what is wrong with the installation, and which
  packages, models and plug-ins are here; `mattebrush plugin status` says which programs have the
  plug-in, and of which version.
- The menu entry or the docker is missing: restart the program after installing; in Krita and
  Blender see whether the plug-in is switched on.

The command line says the same in English and ends with [a status](cli.md) by kind.
"""


def page() -> str:
    """The page as the tables have it."""
    rows: dict[str, tuple[str, list[str]]] = {}
    for code, (sentence, action) in CURES.items():
        if sentence:
            _label, advice = rows.setdefault(sentence, (CURE_ACTIONS[action], []))
            if ADVICE[code]:
                advice.append(ADVICE[code])
    lines = [
        f"| {sentence} | {f'*{label}*' if label else ''} | {' '.join(dict.fromkeys(advice))} |\n"
        for sentence, (label, advice) in rows.items()
    ]
    return HEAD + "".join(lines) + TAIL


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

# SPDX-License-Identifier: GPL-3.0-or-later
"""Which frames of a shot are done, painted, doubtful or missing: for the panel and the timeline."""

import dataclasses
import os

from . import matte
from .mattebrush_kit.stages import N_

_AGREE = 0.5
"""A mask that has less than this in common with the one before it (IoU) is one to look at."""

STATES = {
    "MISSING": N_("Missing"),
    "DOUBTFUL": N_("Doubtful"),
    "PAINTED": N_("Painted"),
    "DONE": N_("Done"),
}
"""What they are called."""


@dataclasses.dataclass(frozen=True)
class Status:
    """frames: frame -> one of `STATES`, for each from First to Last and each that has a mask."""

    frames: dict

    def of(self, state):
        """The frames in a state, in order."""
        return [frame for frame, each in sorted(self.frames.items()) if each == state]

    def spans(self):
        """(first, last, state) of each run of frames without a gap."""
        runs = []
        for frame, state in sorted(self.frames.items()):
            if runs and runs[-1][1] == frame - 1 and runs[-1][2] == state:
                runs[-1][1] = frame
            else:
                runs.append([frame, frame, state])
        return runs


_known = {}
"""Folder -> (what it was looked at with, its `Status`)."""


def of_group(group):
    """The `Status` of a node's frames, or None where it has a still mask or none."""
    state = group.mattebrush
    folder = matte.folder_of(group) if state.home else None
    if folder is None:
        return None
    seen = (_changed(folder.path), state.frame_start, state.frame_end)
    if _known.get(folder.path, (None,))[0] != seen:
        _known[folder.path] = seen, _look(folder, state)
    return _known[folder.path][1]


def _changed(path):
    """When files came or went."""
    times = []
    for below in ("", "frames"):
        try:
            times.append(os.stat(os.path.join(path, below)).st_mtime_ns)
        except OSError:
            times.append(0)
    return tuple(times)


def _look(folder, state):
    frames = dict.fromkeys(range(state.frame_start, state.frame_end + 1), "MISSING")
    for frame in folder.frames():
        frames[frame] = _state(folder.record(frame))
    return Status(frames)


def _state(record):
    if record.is_touched:
        return "PAINTED"
    doubtful = record.doubtful or not record.subject or record.agreement < _AGREE
    return "DOUBTFUL" if doubtful else "DONE"

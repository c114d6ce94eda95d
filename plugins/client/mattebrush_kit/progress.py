# SPDX-License-Identifier: Apache-2.0
"""How far a run is and how long it will take, as one bar for all of its stages."""

import collections
import math
import time

from .languages import tr
from .stages import stage_text

_SECONDS = {
    # A photograph of 12 megapixels on a laptop's processor: only their proportions matter.
    "start": 0.4,
    "reading": 0.1,
    "segmentation": 0.5,
    "matting": 2.0,
    "retouch": 0.1,
    "decontamination": 1.2,
    "writing": 0.2,
    # Setting up, over a quick line.
    "setup-fetch": 4.0,
    "setup-environment": 2.0,
    "setup-install": 15.0,
    "setup-verify": 6.0,
    "setup-remove": 1.0,
    "download": 30.0,
}
_STAGES = {
    "remove": ("start", "segmentation", "matting", "retouch", "decontamination"),
    "objects": ("start", "segmentation", "matting", "retouch", "decontamination"),
    "segment": ("start", "segmentation", "retouch"),
    "matte": ("start", "matting", "decontamination"),
    "refine": ("start", "matting", "decontamination"),
    "decontaminate": ("start", "decontamination"),
    "status": ("start",),
    "download": ("download",),
    "setup": ("setup-fetch", "setup-environment", "setup-install", "setup-verify"),
    "setup-remove": ("setup-remove",),
}
_SURE = 0.05
"""Share of a run before which its end cannot be told, unless the one before was of the kind."""


class Update(collections.namedtuple("Update", "text fraction seconds_left")):
    """What to show: the stage in the user's language, how much of the whole run is done (0 to 1,
    never less than before), and the seconds left, None while nobody knows."""

    __slots__ = ()

    @property
    def time_left(self):
        """ "about 20 s left" in the user's language, "" while nobody knows."""
        if self.seconds_left is None:
            return ""
        return tr("about %s left") % duration(self.seconds_left)


class Progress(object):
    """Turns a job's stages into one bar.

    op: the job's; "setup", "setup-remove" and "download" for those of the set-up and the models.
    report: of the run before, when it was of the same kind and of a picture about
    as large: its seconds say how long each stage takes here. clean_colors: whether the job asks for
    `decontaminate`. clock: gives seconds.
    """

    def __init__(self, op, report=None, clean_colors=False, clock=time.time):
        known = (report or {}).get("seconds") or {}
        self._known = bool(known)
        self._expected = collections.OrderedDict(
            (stage, max(float(known.get(stage, _SECONDS[stage])), 0.01))
            for stage in _STAGES.get(op, ())
            if stage != "decontamination" or clean_colors or op == "decontaminate"
        )
        self._clock = clock
        self._began = clock()
        self._stage, self._since = None, self._began
        self._fraction = 0.0

    def update(self, stage, fraction):
        """What to show now that the job is at `fraction` of `stage`."""
        now = self._clock()
        if stage != self._stage:
            self._stage, self._since = stage, now
        if stage in self._expected:
            # A network says nothing while it runs, so the clock moves the bar a little.
            expected = self._expected[stage]
            waited = 0.9 * (1.0 - math.exp(-(now - self._since) / expected))
            self._reach(stage, max(fraction, waited))
        return Update(stage_text(stage), self._fraction, self._left(now))

    def _reach(self, stage, fraction):
        total = sum(self._expected.values())
        before = 0.0
        for name in self._expected:
            if name == stage:
                break
            before += self._expected[name]
        done = (before + self._expected[stage] * min(fraction, 1.0)) / total
        self._fraction = max(self._fraction, min(done, 1.0))

    def _left(self, now):
        if self._known:
            return max(sum(self._expected.values()) - (now - self._began), 0.0)
        if self._fraction < _SURE:
            return None
        return (now - self._began) * (1.0 - self._fraction) / self._fraction


def duration(seconds):
    """Seconds in a few words: "3 s", "40 s", "2 min", "1 h 5 min"."""
    if seconds < 10:
        return tr("%d s") % max(int(math.ceil(seconds)), 1)
    if seconds < 55:
        return tr("%d s") % int(round(seconds / 5.0) * 5)
    minutes = int(round(seconds / 60.0))
    if minutes < 60:
        return tr("%d min") % max(minutes, 1)
    return tr("%d h %d min") % divmod(minutes, 60)

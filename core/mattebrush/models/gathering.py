# SPDX-License-Identifier: Apache-2.0
"""Runs of one network for several pictures, made as one: a GPU does them in little more time.

Several pieces of work in one process (`work`) that come to the same network within a moment share a
run. None waits for others where there are none, and none feels another's failure or cancel.
"""

from __future__ import annotations

import contextvars
import dataclasses
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import numpy as np

from . import work

MOST = 8
"""Pictures of one run: beyond, memory grows and little is gained."""

_PATIENCE = 0.005
"""Seconds that the first one waits for others."""

_TOLERANCE = 0.01
"""Answers of a run together may differ from those alone by rounding, so much at most."""

Run = Callable[[np.ndarray], Sequence[np.ndarray]]


@dataclasses.dataclass
class _Group:
    arrays: list[np.ndarray] = dataclasses.field(default_factory=list)
    outputs: Future[Sequence[np.ndarray] | None] = dataclasses.field(default_factory=Future)


class Gatherer:
    """Gathers the runs of one network that takes any batch, as far as its file says.

    run: the network, from one batch to its outputs.
    Files lie about their batches: the first shared answers are compared with those alone. After one
    that differs, or a shared run that fails, nothing is shared any more.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._open: dict[tuple[object, ...], _Group] = {}
        self._changed = threading.Condition()
        self._busy = False
        self._proved = self._refused = False

    def run(self, array: np.ndarray, alone: Run) -> Sequence[np.ndarray]:
        """The outputs for a batch of one, from a run shared with others or from `alone`."""
        if self._refused or work.current() is None:
            return alone(array)
        group, place = self._join(array)
        if place == 0:
            self._lead(group, alone)
        together = group.outputs.result()
        if together is None:
            return alone(array)
        return [output[place : place + 1] for output in together]

    def _join(self, array: np.ndarray) -> tuple[_Group, int]:
        key = (array.shape, array.dtype)
        with self._changed:
            group = self._open.setdefault(key, _Group())
            group.arrays.append(array)
            if len(group.arrays) == MOST:
                del self._open[key]
            self._changed.notify_all()
            return group, len(group.arrays) - 1

    def _lead(self, group: _Group, alone: Run) -> None:
        """Runs the group when it is complete; while another runs, it goes on growing."""
        key = (group.arrays[0].shape, group.arrays[0].dtype)
        with self._changed:
            self._changed.wait_for(
                lambda: len(group.arrays) >= min(MOST, work.under_way()), _PATIENCE
            )
            self._changed.wait_for(lambda: not self._busy)
            if self._open.get(key) is group:
                del self._open[key]
            self._busy = True
        outputs = None
        try:
            outputs = alone(group.arrays[0]) if len(group.arrays) == 1 else self._shared(group)
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
            group.outputs.set_result(outputs)

    def _shared(self, group: _Group) -> Sequence[np.ndarray] | None:
        try:
            # In no work's context: the cancel of one must not end what is others' too.
            return contextvars.Context().run(self._together, group.arrays)
        except Exception:
            self._refused = True  # each alone says what is wrong
            return None

    def _together(self, arrays: list[np.ndarray]) -> Sequence[np.ndarray]:
        outputs = self._run(np.concatenate(arrays))
        if not self._proved:
            for place, array in enumerate(arrays):
                mine = [output[place : place + 1] for output in outputs]
                if not all(map(_close, mine, self._run(array))):
                    raise ValueError("This network's answers depend on what else is in the batch.")
            self._proved = True
        return outputs


def _close(mine: np.ndarray, answer: np.ndarray) -> bool:
    return mine.shape == answer.shape and np.allclose(
        mine, answer, rtol=_TOLERANCE, atol=_TOLERANCE, equal_nan=True
    )

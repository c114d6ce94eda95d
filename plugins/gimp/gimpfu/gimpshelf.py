# SPDX-License-Identifier: GPL-3.0-or-later
"""`shelf`: a dictionary that lives as long as GIMP does, shared by all plug-ins."""

import pickle

from gi.repository import Gimp

from ._objects import Parasite
from ._values import wrap

_NAME = "gimpfu-shelf"


class Gimpshelf(object):
    """Values by key, kept by GIMP itself in a parasite until it ends."""

    def _read(self):
        native = Gimp.get_parasite(_NAME)
        return pickle.loads(wrap(native).data) if native else {}

    def _write(self, values):
        Gimp.attach_parasite(Parasite(_NAME, 0, pickle.dumps(values, 2)).native)

    def has_key(self, key):
        """Whether there is a value for `key`."""
        return key in self._read()

    __contains__ = has_key

    def __getitem__(self, key):
        return self._read()[key]

    def __setitem__(self, key, value):
        self._write(dict(self._read(), **{key: value}))

    def __delitem__(self, key):
        values = self._read()
        del values[key]
        self._write(values)


shelf = Gimpshelf()

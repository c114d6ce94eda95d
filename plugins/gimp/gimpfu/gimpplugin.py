# SPDX-License-Identifier: GPL-3.0-or-later
"""A plug-in as a class, the oldest way: its methods are its procedures."""

from . import gimp


class plugin(object):
    """Begin with `start`: `query` declares procedures, each of which is a method of its name."""

    def start(self):
        """Hands over to GIMP."""
        gimp.main(self.init, self.quit, self.query, self._run)

    def init(self):
        """Was called when GIMP started."""

    def quit(self):
        """Was called when GIMP ended."""

    def query(self):
        """Declares the procedures, by `gimp.install_procedure`."""

    def _run(self, name, params):
        if not hasattr(self, name):
            raise AttributeError(name)
        return getattr(self, name)(*params)

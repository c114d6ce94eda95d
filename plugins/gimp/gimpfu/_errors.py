# SPDX-License-Identifier: GPL-3.0-or-later
"""What calls into GIMP fail with."""


class error(RuntimeError):
    """What a call into GIMP failed with."""


class CancelError(RuntimeError):
    """The user closed a dialog without OK."""


class NotCovered(error):
    """A call of GIMP 2.10 that GIMP 3 has no more, or that these bindings leave out."""

    def __init__(self, name, instead=""):
        text = "gimpfu for GIMP 3: %s is not available in GIMP 3." % name
        error.__init__(self, (text + " " + instead).strip())

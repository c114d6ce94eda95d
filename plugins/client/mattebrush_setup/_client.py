# SPDX-License-Identifier: Apache-2.0
"""The client, which lies beside this package: inside a host's package, or on its own."""

try:
    from .. import mattebrush_client as client
except (ImportError, ValueError):  # this package is a top-level one, as in GIMP
    import mattebrush_client as client

__all__ = ("client",)

# SPDX-License-Identifier: Apache-2.0
"""What the commands that start a server share: the server itself, its end, the browser."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mattebrush.errors import MattebrushError

from . import installing

if TYPE_CHECKING:
    from .serving import Server


class ServerMissing(MattebrushError):
    """The packages that the server needs are not installed."""

    code = "server-missing"
    exit_status = 2


def server_of(settings: Any) -> Server:
    """A server with these settings. Raises ServerMissing."""
    try:
        from .serving import Server
    except ImportError as missing:
        raise ServerMissing(
            f"The server needs a package that is not installed ({missing.name}).",
            f"Install it with: {installing.line()}",
        ) from missing
    warnings.simplefilter("ignore")  # Pillow's, over the odd files of clients
    return Server(settings)


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Calls `stop` where a person or the system asks for the end."""
    import signal

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: stop())


def open_link(link: str) -> None:
    """Opens the browser, on a file that leads to the link: a command line is everyone's to read."""
    import webbrowser

    from . import discovery

    webbrowser.open(discovery.leading_to(link).as_uri())

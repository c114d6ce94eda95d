# SPDX-License-Identifier: Apache-2.0
"""Puts a whole server together: socket, application, gate, note for plug-ins."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

from mattebrush.errors import OptionInvalid

from . import addresses, discovery, gate
from .app import Application
from .guard import Guard
from .service import Service
from .settings import Settings

_TICK_SECONDS = 0.5


class Server:
    """One running server. `run` serves until `stop`, Ctrl-C, or idleness ends it."""

    def __init__(self, settings: Settings) -> None:
        check(settings)
        self.settings = settings
        self._listener = _listener(settings.host, settings.port)
        self.url = addresses.for_this_machine(settings.host, self._listener.getsockname()[1])
        self.guard = Guard(settings)
        self.service = Service(settings)
        self.application = Application(self.service, self.guard)
        self._waitress = gate.make_server(
            self.application.flask.wsgi_app,
            self._listener,
            settings,
            self.application.judge,
            self.application.explain,
        )
        self._note: Path | None = None
        self._stopping = threading.Event()

    def page_link(self) -> str:
        """An address that opens the page with a session, once."""
        return f"{self.url}/#key={self.guard.new_key()}"

    def links_for_others(self) -> list[str]:
        """The same for other machines; none where they cannot reach this server."""
        port = self._listener.getsockname()[1]
        others = addresses.for_others(self.settings.host, port)
        return [f"{each}/#key={self.guard.new_key()}" for each in others]

    def announce(self) -> None:
        """Lets plug-ins find this server."""
        self._note = discovery.announce(self.url, self.settings.token)

    def run(self) -> None:
        """Serves until stopped; then gives everything back."""
        thread = threading.Thread(target=self._waitress.run, daemon=True, name="http")
        thread.start()
        try:
            while not self._stopping.wait(_TICK_SECONDS) and not self._idle():
                pass
        finally:
            self.close()

    def _idle(self) -> bool:
        limit = self.settings.idle_exit
        return limit is not None and self.service.idle_seconds() > limit

    def stop(self) -> None:
        """Makes `run` return soon."""
        self._stopping.set()

    def close(self) -> None:
        """Ends the processes, closes the socket, removes the note."""
        if self._note is not None:
            discovery.withdraw(self._note)
        discovery.tidy()
        self.service.close()
        gate.close(self._waitress, self._listener)


def check(settings: Settings) -> None:
    """Raises OptionInvalid for settings that would open the server further than meant."""
    if settings.rembg_open and not addresses.is_loopback(settings.host):
        raise OptionInvalid(
            "rembg's API without a token is only for this machine.",
            "Leave --rembg-without-token out, or listen on 127.0.0.1.",
        )


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise OptionInvalid(
            f"The server cannot listen on {host} port {port}: "
            f"{getattr(error, 'strerror', None) or error}.",
            "Choose another --port, or leave it out for any free one.",
        ) from error
    return listener

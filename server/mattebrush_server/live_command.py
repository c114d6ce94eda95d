# SPDX-License-Identifier: Apache-2.0
"""`mattebrush live` without a pipe: a server whose page takes the camera.

Its port and token stay the same from one start to the next, so that the link of a browser source
in OBS does, too. They lie in a file that only this user can read.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import secrets
import sys
from typing import TYPE_CHECKING, Any

from mattebrush.errors import OptionInvalid
from mattebrush.models import store

from . import discovery, starting

if TYPE_CHECKING:
    from .serving import Server

PAGE = "/page/live.html"
_FILE = "live.json"


def run(arguments: argparse.Namespace) -> int:
    """Serves until Ctrl-C.

    Parameters
    ----------
    arguments
        Of `mattebrush live`: device, print, new_link.

    Returns
    -------
    int
        The exit status.
    """
    server = _server(arguments)
    starting.stop_on_signals(server.stop)
    link = server.page_link().replace("/#", f"{PAGE}#")
    print(f"Live (the link works once, within ten minutes): {link}", flush=True)
    if sys.stdout.isatty():
        lasting = f"{server.url}{PAGE}?bare=1#token={server.settings.token}"
        print(f"For OBS, as a browser source: {lasting}")
        print("Who has that link can use this server from this machine: keep it to yourself.")
    print("Ctrl-C ends it.", flush=True)
    if not arguments.print:
        starting.open_link(link)
    server.run()
    return 0


def _server(arguments: argparse.Namespace) -> Server:
    """At the port and with the token of last time, as far as that goes."""
    from .settings import Settings

    known = {} if arguments.new_link else _remembered()
    token = known.get("token") or secrets.token_urlsafe(24)
    common: dict[str, Any] = {"token": token, "devices": (arguments.device,)}
    try:
        server = starting.server_of(Settings(**common, port=known.get("port", 0)))
    except OptionInvalid:
        print(
            "mattebrush: the port of last time is taken, so that the link for OBS is another one.",
            file=sys.stderr,
        )
        return starting.server_of(Settings(**common))
    port = int(server.url.rpartition(":")[2])
    discovery.write_private(store.home() / _FILE, json.dumps({"port": port, "token": token}))
    return server


def _remembered() -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        known = json.loads((store.home() / _FILE).read_text("utf-8"))
        port, token = known["port"], known["token"]
        if isinstance(port, int) and isinstance(token, str) and len(token) >= 16:
            return {"port": port, "token": token}
    return {}

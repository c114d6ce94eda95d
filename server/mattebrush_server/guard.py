# SPDX-License-Identifier: Apache-2.0
"""Who may ask: the token, the page's sessions, and the checks that keep web pages out.

The page cannot hold the token in a cookie: cookies are shared between all ports of a host, so any
other local server would be sent it. It is opened by a link whose fragment (never sent anywhere)
holds a key that works once; the page exchanges it for a session of its own, kept in its tab.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
from collections.abc import Callable

from .errors import NotAllowed, OriginRefused, TokenMissing
from .settings import Settings

KEY_SECONDS = 600.0
"""How long the key of a link can be used."""

SESSION_SECONDS = 12 * 3600
_MAX_KEYS = 64

Header = Callable[[str], str | None]
"""Looks a request header up by its name."""


class Guard:
    """Checks requests against one server's settings."""

    def __init__(self, settings: Settings) -> None:
        self._token = _digest(settings.token)
        self._origins = frozenset(settings.origins)
        self._hosts = frozenset(name.lower() for name in settings.hosts)
        self._keys: dict[bytes, float] = {}
        self._sessions: dict[bytes, float] = {}
        self._lock = threading.Lock()

    def check_place(self, header: Header, *, page: bool = False) -> None:
        """Refuses foreign host names (DNS rebinding) and pages of other origins.

        page: whether a file of our page is asked for, to which links may lead from anywhere: it
        holds nothing, and no other page can put it into a frame or read it.

        Raises OriginRefused.
        """
        host = header("Host") or ""
        if not self._known_host(host):
            raise OriginRefused(
                "This server does not answer to that host name.",
                "Use its IP address or localhost, or start it with --allow-host NAME.",
            )
        origin = header("Origin")
        if origin is None:
            if page and header("Sec-Fetch-Mode") == "navigate":
                return
            if (header("Sec-Fetch-Site") or "none") not in ("none", "same-origin"):
                raise OriginRefused("Other web pages may not use this server.")
        elif origin not in (f"http://{host}", f"https://{host}") and not self.allows(origin):
            raise OriginRefused(
                "Web pages of that origin may not use this server.",
                "Start it with --allow-origin ORIGIN if they should.",
            )

    def allows(self, origin: str | None) -> bool:
        """Whether that origin was allowed by name."""
        return origin in self._origins

    def _known_host(self, host: str) -> bool:
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        name = name.lower()
        # An address cannot be rebound to another, so only names need to be known.
        return name == "localhost" or name in self._hosts or _is_address(name.strip("[]"))

    def check_token(self, header: Header) -> None:
        """Wants the token, or a session's. Raises NotAllowed."""
        scheme, _, bearer = (header("Authorization") or "").partition(" ")
        presented = bearer.strip() if scheme.lower() == "bearer" else header("X-Api-Key") or ""
        digest = _digest(presented)
        if hmac.compare_digest(digest, self._token) or self._is_session(digest):
            return
        raise (NotAllowed if presented else TokenMissing)(
            "The token is missing or wrong.",
            "Send it as 'Authorization: Bearer TOKEN'; `mattebrush serve` tells where it is.",
        )

    def _is_session(self, digest: bytes) -> bool:
        with self._lock:
            return self._sessions.get(digest, 0.0) > time.monotonic()

    def new_key(self) -> str:
        """A key that opens one session, soon."""
        key = secrets.token_urlsafe(24)
        with self._lock:
            self._keys[_digest(key)] = time.monotonic() + KEY_SECONDS
            while len(self._keys) > _MAX_KEYS:
                del self._keys[next(iter(self._keys))]
        return key

    def open_session(self, key: str) -> str:
        """Exchanges a key for a session's token; the key is used up. Raises NotAllowed."""
        now = time.monotonic()
        with self._lock:
            if self._keys.pop(_digest(key), 0.0) < now:
                raise NotAllowed(
                    "This link was used before, is too old, or of an earlier start of the server.",
                    "Run `mattebrush page` for a new one.",
                )
            self._sessions = {k: until for k, until in self._sessions.items() if until > now}
            session = secrets.token_urlsafe(24)
            self._sessions[_digest(session)] = now + SESSION_SECONDS
        return session


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True

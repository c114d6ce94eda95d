# SPDX-License-Identifier: Apache-2.0
"""Under which addresses a server can be reached, from this machine and from others."""

from __future__ import annotations

import contextlib
import ipaddress
import socket

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_ELSEWHERE = (
    (socket.AF_INET, "192.0.2.1"),  # RFC 5737 and 3849: for documentation, so nobody's
    (socket.AF_INET6, "2001:db8::1"),
)


def is_loopback(host: str) -> bool:
    """Whether a server bound to `host` can only be reached from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def for_this_machine(host: str, port: int) -> str:
    """How this machine's programs reach a server that listens at `host`."""
    return _url(_ANY.get(host, host), port)  # "any" is no address to go to


def for_others(host: str, port: int) -> list[str]:
    """How other machines reach it, likeliest first; none where it listens to this one only."""
    if is_loopback(host):
        return []
    return [_url(name, port) for name in (_own_addresses(host) if host in _ANY else [host])]


def _url(name: str, port: int) -> str:
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _own_addresses(host: str) -> list[str]:
    """The addresses that this machine sends from; to connect a datagram socket sends nothing."""
    addresses = []
    for family, elsewhere in _ELSEWHERE:
        if family == socket.AF_INET6 and host != "::":
            continue
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))
            addresses.append(probe.getsockname()[0].partition("%")[0])
    return [name for name in addresses if not ipaddress.ip_address(name).is_loopback]

"""Addresses in answers: built from the configured public URL, or else from the host that the client used."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")
_USUAL_PORTS = {"http": 80, "https": 443}


def base_url(public_url: str | None, scope: Mapping[str, Any], host: str, *, forwarded: bool) -> str:
    """Return the start of every address in an answer, without a slash at its end.

    A client that leaves the port out of its Host header is given the port of the socket, but only when the host it
    names is this very machine: behind a proxy a host without a port is right.
    """
    if public_url:
        return public_url.rstrip("/")
    scheme = scope.get("scheme", "http")
    address, port = scope.get("server") or ("localhost", None)
    if not _HOST.fullmatch(host):
        host = f"[{address}]" if ":" in address else address
        return f"{scheme}://{_with_port(host, port, scheme)}"
    if not forwarded and not re.search(r":\d+$", host) and _is_here(host, address):
        host = _with_port(host, port, scheme)
    return f"{scheme}://{host}"


def _with_port(host: str, port: int | None, scheme: str) -> str:
    return host if port is None or port == _USUAL_PORTS.get(scheme) else f"{host}:{port}"


def _is_here(host: str, address: str) -> bool:
    if host.strip("[]") == address:
        return True
    try:
        return host == "localhost" and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def segment(text: str) -> str:
    """Return one path segment, percent-encoded."""
    return quote(text, safe="")

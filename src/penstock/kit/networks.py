"""Which addresses may be reached: those of the public internet, and internal ones that an operator allows."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

_NAT64 = IPv6Network("64:ff9b::/96")


def networks(text: str) -> tuple[Any, ...]:
    """Return the networks of a list such as `10.0.0.0/8, fd00::/8`. Raises ValueError."""
    return tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


def is_allowed(address: str, allowed: Iterable[Any] = ()) -> bool:
    """Tell whether an address may be reached: one of the public internet, or in a network that the operator allows.

    >>> is_allowed("127.0.0.1"), is_allowed("93.184.215.14"), is_allowed("10.1.2.3", networks("10.1.0.0/16"))
    (False, True, True)
    """
    found = ip_address(address.partition("%")[0])
    inner = _embedded(found)
    if any(one in network for one in (found, inner) if one is not None for network in allowed):
        return True
    reached = [inner] if _is_mapped(found) else [found, inner]
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in reached if one is not None)


def _is_mapped(address: IPv4Address | IPv6Address) -> bool:
    return isinstance(address, IPv6Address) and (address.ipv4_mapped is not None or address in _NAT64)


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """Return the address behind one that only wraps it."""
    if not isinstance(address, IPv6Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)

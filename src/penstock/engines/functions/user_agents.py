"""User agents by the rules of uap-core (function reference 10)."""

from __future__ import annotations

from functools import lru_cache

import regex

from penstock.engines.functions import structures

OTHER = "Other"
"""The family of what no rule fits."""
_LONGEST = 2000
"""Units of a user agent that are read: no browser sends more, and every rule would be tried on all of them."""
_MOBILE = regex.compile(
    r"android.+mobile|blackberry|blazer|compal|fennec|hiptop|iemobile|iphone|ipod|iris|kindle|lge |maemo|midp|mmp|netfront|"
    r"opera m(?:ob|in)i|palm|phone|pixi/|pre/|plucker|pocket|psp|symbian|treo|up\.browser|up\.link|vodafone|wap|"
    r"windows ce|xda|xiino|^(?:nokia|samsung|sonyericsson|mot-|lg-|sec-|sie-|htc|benq|sagem|zte-|huawei)",
    regex.IGNORECASE,
)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> tuple[str | None, tuple[str | None, ...], tuple[str | None, ...]]:
    """Return the family of the device, the parts of the system, and those of the browser."""
    # It takes a tenth of a second to compile the rules: only where they are used.
    from ua_parser import parse

    found = parse(text[:_LONGEST])
    device, system, agent = found.device, found.os, found.user_agent
    return (
        OTHER if device is None else device.family,
        (OTHER, None, None, None, None)
        if system is None
        else (system.family, system.major, system.minor, system.patch, system.patch_minor),
        (OTHER, None, None, None) if agent is None else (agent.family, agent.major, agent.minor, agent.patch),
    )


def device(text: str) -> str:
    """Return a tuple of the family of a device."""
    return structures.encode_tuple((_parsed(text)[0],))


def system(text: str) -> str:
    """Return a tuple of an operating system: family, major, minor, patch, minor patch."""
    return structures.encode_tuple(_parsed(text)[1])


def agent(text: str) -> str:
    """Return a tuple of a browser: family, major, minor, patch."""
    return structures.encode_tuple(_parsed(text)[2])


def device_family(text: str) -> str | None:
    """Return the family of a device."""
    return _parsed(text)[0]


def system_part(text: str, index: int) -> str | None:
    """Return one part of what `system` gives."""
    return _parsed(text)[1][index]


def agent_part(text: str, index: int) -> str | None:
    """Return one part of what `agent` gives."""
    return _parsed(text)[2][index]


def classify(text: str) -> str:
    """Return `mobile` or `desktop`; tablets are desktops, as they were to the field."""
    return "mobile" if _MOBILE.search(text[:_LONGEST]) else "desktop"

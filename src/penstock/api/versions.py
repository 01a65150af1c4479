"""Which version of the wire a client asks for, read as leniently as real programs need, and the words of old clients."""

from __future__ import annotations

import re

from penstock.errors import NotAcceptable

MEDIA_TYPE = "application/vnd.xplenty+json; version=2"
_ADMITTED = ("vnd.xplenty+json", "application/json", "application/*", "*/*", "text/javascript")
_VERSION = re.compile(r"version\s*=\s*\"?0*(\d+)", re.IGNORECASE)
_OLD_WORDS = {"queued": "pending"}
_OLD_CLUSTER_WORDS = {"idle": "available"}


def read_version(accept: str | None) -> int:
    """Return 1 or 2: the version an Accept header asks for; 2 is the latest and the default.

    The header is not parsed strictly, because clients write it with a semicolon, a comma, a space or trailing text.
    Raises: NotAcceptable for another version, or when no JSON is admitted.

    >>> read_version("application/vnd.xplenty+json version=2"), read_version("application/vnd.xplenty+json; version=1")
    (2, 1)
    """
    if accept is None or not accept.strip():
        return 2
    if not any(name in accept.lower() for name in _ADMITTED):
        raise NotAcceptable(f"Answers are JSON. Accept '{MEDIA_TYPE}' or 'application/json'.")
    asked = _VERSION.search(accept)
    if asked is None or asked[1] == "2":
        return 2
    if asked[1] == "1":
        return 1
    raise NotAcceptable("Versions 1 and 2 are known, and 2 is the latest. Ask for version=2.")


def speaks_old_words(version: int, user_agent: str) -> bool:
    """Tell whether a client knows only the words of version 1: it asked for it, or it is the released Java client."""
    return version == 1 or user_agent.startswith("Java/")


def job_word(status: str, old: bool) -> str:
    """Return the state of a job in the words of the client."""
    return _OLD_WORDS.get(status, status) if old else status


def cluster_word(status: str, old: bool) -> str:
    """Return the state of a cluster in the words of the client."""
    return _OLD_CLUSTER_WORDS.get(status, status) if old else status

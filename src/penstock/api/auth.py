"""Basic credentials: the API key is the user name, with or without the colon that the scheme asks for."""

from __future__ import annotations

import base64
import binascii

from penstock.errors import NotAuthenticated

REALM = 'Basic realm="Penstock", charset="UTF-8"'


def read_key(authorization: str | None) -> str:
    """Return the API key of an Authorization header.

    Clients send base64 of `key:` or of the bare key, in the standard or the URL-safe alphabet, with or without padding.
    Raises: NotAuthenticated when the header is absent, of another scheme or not readable.

    >>> read_key("Basic a2V5Og=="), read_key("basic a2V5"), read_key("Basic a2V5OnNlY3JldA==")
    ('key', 'key', 'key')
    """
    if not authorization:
        raise NotAuthenticated("Credentials are missing. Send the API key as the user name of Basic authentication.")
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        raise NotAuthenticated("Only Basic authentication is known. Send the API key as its user name.")
    key = _decoded(token.strip()).partition(":")[0]
    if not key or "\x00" in key:
        raise NotAuthenticated("The credentials hold no API key. Send the API key as the user name.")
    return key


def _decoded(token: str) -> str:
    standard = token.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as fault:
        raise NotAuthenticated("The credentials are not readable. Encode the API key and a colon as base64.") from fault

"""Seals texts that must not be read from the store: AES-256-GCM, each bound to the row it belongs to."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Callable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from penstock.errors import PermanentError

KEY_BYTES = 32
NONCE_BYTES = 12
_VERSION = "s1"


class Seal:
    """Seals with the first of its keys, and opens what any of them has sealed, so that keys can be changed.

    A token is `s1.<id of the key>.<nonce and ciphertext>`. *bound* says which place it belongs to, such as
    `package:7:token`: a token that is copied to another place does not open there. *again* reads the keys anew: before
    something is sealed, and where one is not known, so that a process need not end when keys are changed.

    >>> seal = Seal([bytes(32)])
    >>> seal.open(seal.seal("abc", "package:7:token"), "package:7:token")
    'abc'
    """

    def __init__(self, keys: Sequence[bytes] = (), again: Callable[[], Sequence[bytes]] | None = None) -> None:
        self._ciphers = _ciphers(keys)
        self._again = again

    @property
    def has_key(self) -> bool:
        """Whether there is a key to seal with."""
        return bool(self._ciphers)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the keys; the first seals."""
        return tuple(self._ciphers)

    def seal(self, text: str, bound: str) -> str:
        """Return the token of a text. Raises PermanentError where there is no key."""
        self._read_again()
        if not self._ciphers:
            raise PermanentError("This installation has no key to seal secrets with. Set PENSTOCK_SEALING_KEY.")
        name, cipher = next(iter(self._ciphers.items()))
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + cipher.encrypt(nonce, text.encode(), _bytes(bound))
        return f"{_VERSION}.{name}.{base64.urlsafe_b64encode(sealed).decode()}"

    def open(self, token: str, bound: str) -> str:
        """Return the text of a token. Raises PermanentError for one of an unknown key, of another place, or broken."""
        version, _, rest = token.partition(".")
        name, _, body = rest.partition(".")
        if name not in self._ciphers:
            self._read_again()
        cipher = self._ciphers.get(name)
        if version != _VERSION or cipher is None:
            raise PermanentError(
                f"it was sealed with the key '{name[:16]}', which is not there. Give all processes of the installation "
                "the same PENSTOCK_SEALING_KEY, or set the secret anew."
            )
        try:
            raw = base64.b64decode(body, altchars=b"-_", validate=True)
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bytes(bound)).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise PermanentError(
                "its sealed value does not belong to this place, or was changed. Set it anew."
            ) from None

    def _read_again(self) -> None:
        if self._again is not None:
            self._ciphers = _ciphers(self._again())


def _ciphers(keys: Sequence[bytes]) -> dict[str, AESGCM]:
    return {key_id(key): AESGCM(key) for key in keys}


def key_of(token: str) -> str:
    """Return the name of the key that a token was sealed with."""
    return token.partition(".")[2].partition(".")[0]


def _bytes(bound: str) -> bytes:
    return f"penstock:{bound}".encode()


def key_id(key: bytes) -> str:
    """Return the name of a key, which tells nothing about it."""
    return hashlib.sha256(b"penstock sealing key\0" + key).hexdigest()[:8]


def make_key() -> str:
    """Return a new key as text."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def read_keys(text: str) -> tuple[bytes, ...]:
    """Return the keys of a text: 32 bytes each, as base64 or hexadecimal digits, separated by commas. Raises ValueError.

    >>> len(read_keys("00" * 32 + "," + make_key()))
    2
    """
    found = tuple(_read_key(part.strip()) for part in text.split(",") if part.strip())
    if not found:
        raise ValueError("no key")
    return found


def _read_key(text: str) -> bytes:
    if len(text) == 2 * KEY_BYTES:
        return bytes.fromhex(text)
    key = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError("a key has 32 bytes")
    return key

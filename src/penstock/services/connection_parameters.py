"""Parameters of connections: what one takes, how it is read, when it has to be given, and those that many types share."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from penstock.services.coerce import Fields

LONGEST = 255
LONGEST_PLACE = 4096
"""Characters of a folder or an address."""
LONGEST_TEXT = 64 * 1024
"""Characters of a key, a certificate, or a secret."""
_HOST = re.compile(r"[^\s/\\,@?#\x00-\x20]+")

Scalar = str | int | bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a type of connections.

    *kind* is `text`, `long` (text of many lines), `certificates` (PEM), `path` (absolute), `host`, `port`, `boolean`,
    `choice` (one of *allowed*; the wire also has *refused* ones) or `url`. *needed* says what to give where it has to be
    given: always, or only where the parameter *where* is given (or has the value *where_is*), or where the parameter
    *unless* is not. A *secret* one is written and never read. *own* ones are not of the wire but ours. *about* says what it
    means.
    """

    name: str
    kind: str = "text"
    about: str = ""
    needed: str | None = None
    where: str | None = None
    where_is: str | None = None
    unless: tuple[str, ...] = ()
    default: Scalar | None = None
    allowed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    secret: bool = False
    own: bool = False

    def but(self, **changes: object) -> Parameter:
        """Return it with some of its facts changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Given:
    """What a call gives of a connection's parameters."""

    parameters: Mapping[str, Scalar]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def read(fields: Fields, one: Parameter) -> Scalar | None:
    """Return the value of a parameter that a call gives; None where it gives none, and where it is wrong, which is noted.
    An empty text is given only where nothing has to be, and takes away what there is."""
    match one.kind:
        case "port":
            return fields.integer(one.name, 1, 65_535)
        case "boolean":
            return fields.boolean(one.name)
        case "choice":
            return _choice(fields, one)
    longest = {"long": LONGEST_TEXT, "certificates": LONGEST_TEXT, "path": LONGEST_PLACE, "url": LONGEST_PLACE}.get(
        one.kind, LONGEST
    )
    text = fields.text(one.name, longest=LONGEST_TEXT if one.secret else longest)
    if text is None or (text == "" and (one.needed is not None or one.secret)):
        return None
    wrong = text and _WRONG.get(one.kind, _nothing)(text)
    if wrong:
        fields.refuse(one.name, wrong)
        return None
    return text


_LONGEST = {"long": LONGEST_TEXT, "certificates": LONGEST_TEXT, "path": LONGEST_PLACE, "url": LONGEST_PLACE}
"""Characters of a text, by its kind."""


def _choice(fields: Fields, one: Parameter) -> str | None:
    word = fields.choice(one.name, (*one.allowed, *one.refused))
    if word in one.refused:
        fields.refuse(one.name, f"'{word}' is not supported. {_INSTEAD.get(word or '', '')}".rstrip())
        return None
    return word


_INSTEAD = {"reverse": "Penstock opens tunnels itself: give 'ssh_host', or 'direct' where none is needed."}


def _nothing(_: str) -> str:
    return ""


def _wrong_host(text: str) -> str:
    return "" if _HOST.fullmatch(text) else "must be the name or address of a server, such as db.example.com."


def _wrong_path(text: str) -> str:
    return "" if text.startswith("/") else "must be an absolute folder or file, such as /data/lake."


def _wrong_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if good and (parts.username is not None or parts.password is not None):
        return "must not hold a user or a password. Give them as 'username' and 'password'."
    return "" if good else "must be an address such as https://files.example.com."


def _wrong_certificates(text: str) -> str:
    return (
        "" if "-----BEGIN CERTIFICATE-----" in text else "must be certificates in PEM, -----BEGIN CERTIFICATE----- …."
    )


_WRONG = {"certificates": _wrong_certificates, "host": _wrong_host, "path": _wrong_path, "url": _wrong_url}


def is_needed(one: Parameter, plain: Mapping[str, Scalar], secret: Collection[str]) -> bool:
    """Tell whether a parameter has to be given, beside the values of *plain* ones and the names of *secret* ones."""
    if one.needed is None:
        return False
    if any(plain.get(name) or name in secret for name in one.unless):
        return False
    if one.where is None:
        return True
    if one.where_is is not None:
        return plain.get(one.where) == one.where_is
    return bool(plain.get(one.where)) or one.where in secret


# --- parameters that many types have

USER = Parameter("username", about="user name", needed="Give the user.")
PASSWORD = Parameter("password", about="password", needed="Give the password of the user.", secret=True)
DATABASE = Parameter("database", about="database", default="")
HOST = Parameter("host", "host", "name or address of the server", needed="Give the name or address of the server.")
TUNNEL_TYPE = Parameter(
    "tunnel_type", "choice", "`direct`; `reverse`, which the wire knows, is refused", default="direct", allowed=("direct",),
    refused=("reverse",),
)  # fmt: skip
REGION = Parameter("region", about="region of the service", needed="Give the region of the service.")


def port(number: int) -> Parameter:
    """Return the port of a server."""
    return Parameter("port", "port", "TCP port", default=number)


def ssl(is_default: bool, *, own: bool = False) -> Parameter:
    """Return whether TLS is used."""
    return Parameter("ssl", "boolean", "use TLS", default=is_default, own=own)


TLS = (
    Parameter("ssl_ca", "certificates", "certificates of authorities, PEM, that the server's must be signed by", own=True),
    Parameter(
        "ssl_verify", "choice", "what of the certificate is checked: nothing, who signed it (`ca`), or also that it is the "
        "host's (`full`); `full` where `ssl_ca` is given, else `none`", allowed=("none", "ca", "full"), own=True,
    ),
)  # fmt: skip
"""How a server's certificate is checked, of types that have `ssl`."""

SSH = (
    Parameter("ssh_host", "host", "SSH server that the connection goes through; empty for none", own=True),
    Parameter("ssh_port", "port", "port of the SSH server, 22 unless given", own=True),
    Parameter(
        "ssh_username", about="user of the SSH server", needed="Give the user of the SSH server.", where="ssh_host", own=True
    ),
    Parameter(
        "ssh_password", about="password of that user", needed="Give it, or an 'ssh_private_key'.", where="ssh_host",
        unless=("ssh_private_key",), secret=True, own=True,
    ),
    Parameter("ssh_private_key", "long", "private key of that user, OpenSSH or PEM", secret=True, own=True),
    Parameter("ssh_passphrase", about="passphrase of that key", secret=True, own=True),
    Parameter(
        "ssh_host_key", "long", "public key of the SSH server, `ssh-ed25519 AAAA…`, or its fingerprint `SHA256:…`; a test "
        "without it says which key the server shows", own=True,
    ),
)  # fmt: skip
"""The way through an SSH server, of types that have a host."""

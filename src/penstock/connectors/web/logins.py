"""What a request logs in with: a name and a password, a token, or a token that a service gives for a while (OAuth 2.0)."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from penstock.connectors.web.asking import EVERYWHERE, Login, NoLogin
from penstock.errors import PermanentError, TransientError
from penstock.kit import outbound
from penstock.kit.outbound import Request, place_of
from penstock.kit.stopping import Stop
from penstock.plan.ports import Connection, Say
from penstock.plan.systems import WebSource, WebTarget

EARLY_S = 30.0
"""How long before its end a token is not used any more."""
_HARMLESS = frozenset({"accept", "accept-encoding", "accept-language", "content-type", "user-agent"})
"""Headers that may follow a request to another host."""


def private(headers: Mapping[str, str]) -> frozenset[str]:
    """Return the names of headers that stay at the place they were given for."""
    return frozenset(name.lower() for name in headers) - _HARMLESS


@lru_cache(maxsize=1)
def strategies() -> dict[str, dict[str, Any]]:
    """Return how each type of connection logs in, beside `oauth2`."""
    found: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("logins.json").read_text("utf-8"))
    return found


def login_of(asks: WebSource | WebTarget, connection: Connection, allow: str | None, stop: Stop, say: Say) -> Login:
    """Return what the requests of a component log in with. Raises PermanentError."""
    match asks.authentication:
        case "none":
            return NoLogin()
        case "basic":
            return NoLogin(asks.username or "", asks.password or "")
    return lent(connection, allow, stop, say)


def lent(connection: Connection, allow: str | None, stop: Stop, say: Say) -> Login:
    """Return what a connection lends to requests. Raises PermanentError for one that lends nothing."""
    given = connection.parameters
    if connection.type == "oauth2":
        return OAuth(connection, EVERYWHERE if allow is None else allow, stop, say)
    strategy = strategies().get(connection.type)
    if strategy is None:
        raise PermanentError(f"Connections of type '{connection.type}' lend no login to web APIs.")
    if strategy.get("oauth") and given.get("client_id"):
        parameters = {**given, "token_url": _token_url(strategy["oauth"], given), "client_auth": "body"}
        return OAuth(replace(connection, parameters=parameters), EVERYWHERE if allow is None else allow, stop, say)
    word = connection.secret("password") or connection.secret("token") or ""
    if strategy["as"] == "basic":
        return NoLogin(str(given.get("username") or ""), word)
    if not word:
        raise PermanentError(
            f"The connection '{connection.key}' holds no token: give it as its password, or use one of type 'oauth2'."
        )
    beside = {
        name: str(given.get(key) or connection.secret(key) or "") for name, key in strategy.get("headers", {}).items()
    }
    if strategy["as"] == "header":
        return Token(connection.key, {strategy["header"]: word, **beside}, (word,))
    return Token(connection.key, {"Authorization": f"Bearer {word}", **beside}, (word,))


def _token_url(known: Mapping[str, str], given: Mapping[str, Any]) -> str:
    """Return where a service gives tokens: at the address of the connection where it has one and the service does so, else
    by its environment."""
    if given.get("endpoint") and "endpoint" in known:
        return str(given["endpoint"]).rstrip("/") + known["endpoint"]
    return known.get(str(given.get("environment") or ""), next(iter(known.values())))


@dataclass(frozen=True, slots=True)
class Token:
    """A token that does not change, in a header."""

    key: str
    headers: Mapping[str, str]
    secrets: tuple[str, ...]

    def signed(self, request: Request) -> Request:
        """Return the request with the token."""
        return with_headers(request, self.headers)

    def renew(self) -> bool:
        """There is nothing newer."""
        return False

    def hidden(self) -> tuple[str, ...]:
        """Return the token."""
        return self.secrets


def with_headers(request: Request, headers: Mapping[str, str]) -> Request:
    """Return a request with headers in place of those of the same names; they stay at the place of the request."""
    wanted = {name.lower() for name in headers}
    kept = {name: value for name, value in request.headers.items() if name.lower() not in wanted}
    made = {**kept, **headers}
    return replace(request, headers=made, private=request.private | private(headers))


@dataclass(slots=True)
class _Given:
    token: str
    until: float


_given: dict[tuple[object, ...], _Given] = {}
"""Tokens of this process, which runs one job, by all that they were asked for with."""


class OAuth:
    """A token that the service of a connection gives for its client credentials, or for its refresh token."""

    def __init__(
        self, connection: Connection, allow: str, stop: Stop, say: Say, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.key = connection.key
        self._connection, self._parameters = connection, connection.parameters
        self._allow, self._stop, self._say, self._clock = allow, stop, say, clock
        self._refresh = connection.secret("refresh_token")
        self._place = (*sorted(self._parameters.items()), *connection.secrets.items())
        self._seen: list[str] = []

    def signed(self, request: Request) -> Request:
        """Return the request with a token that holds for a while still. Raises PermanentError, TransientError."""
        found = _given.get(self._place)
        if found is None or found.until <= self._clock():
            found = self._ask()
        self._seen.append(found.token) if found.token not in self._seen else None
        return with_headers(request, {"Authorization": f"Bearer {found.token}"})

    def renew(self) -> bool:
        """Forget the token, so that the next request asks for another."""
        return _given.pop(self._place, None) is not None

    def hidden(self) -> tuple[str, ...]:
        """Return the tokens, and what they were given for."""
        return (*self._seen, *self._connection.revealed())

    def _ask(self) -> _Given:
        answer = outbound.call(self._request(), self._allow, self._stop)
        try:
            found = json.loads(answer.text)
        except (ValueError, RecursionError):
            found = None
        place = place_of(str(self._parameters.get("token_url") or ""))
        if (
            not 200 <= answer.status < 300
            or not isinstance(found, dict)
            or not isinstance(found.get("access_token"), str)
        ):
            raise self._refused(place, answer.status, found)
        if isinstance(found.get("refresh_token"), str) and self._refresh not in (None, found["refresh_token"]):
            self._refresh = found["refresh_token"]
            self._seen.append(found["refresh_token"])
            self._say(
                "warning",
                f"{place} gave a new refresh token for '{self.key}', which is not stored: the old one may end.",
            )
        made = _Given(found["access_token"], self._clock() + _lifetime_s(found.get("expires_in")) - EARLY_S)
        _given[self._place] = made
        return made

    def _request(self) -> Request:
        given = self._parameters
        client, secret = str(given.get("client_id") or ""), self._connection.secret("client_secret") or ""
        form = (
            {"grant_type": "refresh_token", "refresh_token": self._refresh}
            if self._refresh
            else {"grant_type": "client_credentials"}
        )
        form |= {name: str(given[name]) for name in ("scope", "audience") if given.get(name)}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if given.get("client_auth") == "body":
            form |= {"client_id": client, "client_secret": secret}
        else:
            pair = f"{quote(client, safe='')}:{quote(secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return Request("POST", str(given.get("token_url") or ""), headers, urlencode(form).encode())

    def _refused(self, place: str, status: int, found: Any) -> PermanentError | TransientError:
        said = found if isinstance(found, dict) else {}
        why = " ".join(str(said[name]) for name in ("error", "error_description") if said.get(name))
        for secret in self.hidden():
            why = why.replace(secret, "***")
        kind = TransientError if status >= 500 or status == 429 else PermanentError
        return kind(
            f"{place} gave no token for the connection '{self.key}': it answers {status}{f', {why[:200]}' if why else ''}."
        )


def _lifetime_s(raw: Any) -> float:
    try:
        seconds = float(raw)
    except (TypeError, ValueError):
        return float("inf")
    return seconds if seconds > 2 * EARLY_S else seconds + EARLY_S

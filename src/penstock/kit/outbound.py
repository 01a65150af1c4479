"""Calls to addresses that users give: guarded against internal ones, limited in time and size, tried again where that is safe.

A host is resolved once, all its addresses are checked, and the connection is made to one that was checked; so it is for each
redirect. Nothing is taken from the environment: no proxy, no `.netrc`.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpcore2
import httpx2

from penstock.errors import DataError, ExternalError, PermanentError, TransientError
from penstock.kit.gunzip import NotWhole, gunzip
from penstock.kit.networks import is_allowed, networks
from penstock.kit.stopping import LOOK_S, STOP, Stop, tries

CONNECT_S = 10.0
READ_S = 60.0
"""How long a server may say nothing."""
WHOLE_S = 120.0
"""How long one try may take, redirects included."""
MOST_BYTES = 16 << 20
"""Of an answer, after it is unpacked."""
MOST_REDIRECTS = 5
RETRIES = (0.5, 1.0, 2.0)
"""How long is waited before each further try, in seconds."""
LONGEST_RETRY_AFTER_S = 10.0
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
"""Methods that may be sent again: what was done twice is as if it was done once."""
_BUSY = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PRIVATE_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: *url* is http or https; *headers* keep their spelling; *user* and *password* authenticate (Basic);
    *private* names headers, in small letters, that no redirect takes elsewhere, beside those that log in anyway."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    private: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: *headers* as the server spells them, of several of one name joined by a comma; *text* the body in
    the character set that the server names, else UTF-8."""

    status: int
    headers: Mapping[str, str]
    text: str


def call(request: Request, allow: str = "", stop: Stop = STOP) -> Answer:
    """Return the answer to a request; one that says that the server fails is an answer too.

    *allow* are internal networks that may be reached. What can be repeated is tried again when nothing answers, or when the
    server is busy. Raises DataError for what is no request, PermanentError for an address that must not be reached or an
    answer that is too large, TransientError when nobody answers.
    """
    checked = _checked(request)
    for planned in (*tries(RETRIES), None):
        pause = planned
        stop.check()
        try:
            answer, retry_after = _follow(checked, allow, stop)
        except NotSent as error:
            if pause is None:
                raise TransientError(error.message) from error
        except TransientError:
            if pause is None or checked.method not in _REPEATABLE:
                raise
            stop.check()
        else:
            if pause is None or answer.status not in _BUSY or checked.method not in _REPEATABLE:
                return answer
            pause = min(max(pause, retry_after), LONGEST_RETRY_AFTER_S)
        stop.wait(pause or 0.0)
    raise AssertionError("the last try returns or raises")


class NotSent(TransientError):
    """Nobody listens: nothing was sent, so any method may be tried again."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer whose body is still coming: *url* is where it came from after redirects, *header* looks one up whatever its
    spelling, *charset* is what the server names, *chunks* the body, unpacked, *raw* instead of them the body as it comes."""

    status: int
    headers: Mapping[str, str]
    url: str
    charset: str | None
    chunks: Iterator[bytes]
    raw: Iterator[bytes]

    def header(self, name: str) -> str | None:
        """Return the value of a header, None without it."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), None)


@contextmanager
def stream(request: Request, allow: str = "", whole_s: float | None = None, stop: Stop = STOP) -> Iterator[Streamed]:
    """Give the answer to a request while its body comes; one that says that the server fails is an answer too. Nothing is
    tried again.

    *whole_s* limits the time of all of it, None only that of each silence. Raises as `call` does, also while *chunks* are
    read; NotSent where nobody listens.
    """
    checked = _checked(request)
    deadline = time.monotonic() + whole_s if whole_s is not None else float("inf")
    for _ in range(MOST_REDIRECTS + 1):
        with ExitStack() as stack:
            stop.check()
            response = stack.enter_context(_sent(checked, allow, stop, deadline))
            location = _location(response)
            if location is None:
                yield _streamed(response, stop, deadline)
                return
            status = response.status_code
        checked = _redirected(checked, status, location)
    raise PermanentError(f"{place_of(checked.url)} redirects more than {MOST_REDIRECTS} times.")


def place_of(url: str) -> str:
    """Say where an address leads, without what may be secret in it: scheme, host and port."""
    try:
        return _place(httpx2.URL(url.strip()))
    except (httpx2.InvalidURL, ValueError):
        return "an address that cannot be read"


def _streamed(response: httpx2.Response, stop: Stop, deadline: float) -> Streamed:
    place = _place(response.request.url)

    def chunks(body: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in body:
            stop.check()
            if time.monotonic() > deadline:
                raise TransientError(f"{place} took too long.")
            yield chunk

    return Streamed(
        response.status_code,
        _named(response),
        str(response.request.url),
        response.charset_encoding,
        chunks(_unpacked(response, place)),
        chunks(response.iter_raw()),
    )


def _location(response: httpx2.Response) -> str | None:
    found: str | None = response.headers.get("location") if response.status_code in _REDIRECTS else None
    return found


def _checked(request: Request) -> Request:
    method = request.method.strip().upper()
    if method not in METHODS:
        raise DataError(f"{request.method[:20]!r} is no method of HTTP. Known: {', '.join(METHODS)}.")
    try:
        url = httpx2.URL(request.url.strip())
    except (httpx2.InvalidURL, ValueError) as error:
        raise DataError("The address to call cannot be read. Write it like https://api.example.com/v1.") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise DataError("The address to call is no http or https address. Write it like https://api.example.com/v1.")
    return replace(request, method=method, url=str(url))


def _place(url: httpx2.URL) -> str:
    """Say where a call goes, without what may be secret in its address."""
    port = f":{url.port}" if url.port is not None else ""
    return f"{url.scheme}://{url.host}{port}"


def _follow(request: Request, allow: str, stop: Stop) -> tuple[Answer, float]:
    deadline = time.monotonic() + WHOLE_S
    for _ in range(MOST_REDIRECTS + 1):
        answer, location, retry_after = _send(request, allow, stop, deadline)
        if location is None:
            return answer, retry_after
        request = _redirected(request, answer.status, location)
    raise PermanentError(f"{_place(httpx2.URL(request.url))} redirects more than {MOST_REDIRECTS} times.")


def _redirected(request: Request, status: int, location: str) -> Request:
    before = httpx2.URL(request.url)
    try:
        after = before.join(location)
    except (httpx2.InvalidURL, ValueError) as error:
        raise PermanentError(f"{_place(before)} redirects to an address that cannot be read.") from error
    if after.scheme not in ("http", "https") or not after.host:
        raise PermanentError(f"{_place(before)} redirects to an address that is not http or https.")
    method, body, headers = request.method, request.body, dict(request.headers)
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        method, body = "GET", None
        headers = {name: value for name, value in headers.items() if not name.lower().startswith("content-")}
    user, password = request.user, request.password
    if (after.scheme, after.host, after.port) != (before.scheme, before.host, before.port):
        hidden = _PRIVATE_HEADERS | request.private
        headers = {name: value for name, value in headers.items() if name.lower() not in hidden}
        user = password = None
    return Request(method, str(after), headers, body, user, password, request.private)


def _send(request: Request, allow: str, stop: Stop, deadline: float) -> tuple[Answer, str | None, float]:
    with _sent(request, allow, stop, deadline) as response:
        location = _location(response)
        body = b"" if location else _read(response, _place(response.request.url), stop, deadline)
        return _answer(response, body), location, _retry_after(response)


@contextmanager
def _sent(request: Request, allow: str, stop: Stop, deadline: float) -> Iterator[httpx2.Response]:
    """Send a request and give its answer; what goes wrong with it, also while its body is read, is raised as ours."""
    client, url = _client(allow), httpx2.URL(request.url)
    place = _place(url)
    _now.deadline, _now.stop = deadline, stop
    try:
        with client.stream(
            request.method, url, headers=_headers(request), content=request.body, auth=_auth(request, url)
        ) as response:
            yield response
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
        refused = _take_refusal()
        if refused is not None:
            raise refused from None
        raise NotSent(f"{place} cannot be reached: {_said(error)}. Check the address and the network.") from error
    except httpx2.TimeoutException as error:
        stop.check()
        raise TransientError(f"{place} did not answer in time.") from error
    except httpx2.LocalProtocolError as error:
        raise DataError(f"The call of {place} cannot be made: {_said(error)}.") from error
    except httpx2.TransportError as error:
        stop.check()
        raise TransientError(f"{place} broke off: {_said(error)}.") from error
    except httpx2.DecodingError as error:
        raise TransientError(f"The answer of {place} cannot be unpacked: {_said(error)}.") from error
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        raise PermanentError(f"The call of {place} cannot be made: {_said(error)}.") from error


def _auth(request: Request, url: httpx2.URL) -> httpx2.Auth | None:
    if request.user is not None:
        return httpx2.BasicAuth(request.user, request.password or "")
    return httpx2.BasicAuth(url.username, url.password) if url.username or url.password else None


def _headers(request: Request) -> list[tuple[bytes, bytes]]:
    made = {"User-Agent": "Penstock", "Accept": "*/*", **request.headers}
    for name, value in made.items():
        if any(char in value for char in "\r\n\0"):
            # The library would quote the value, which may be secret.
            raise DataError(f"The value of the header '{name}' holds a line break or a zero character. Remove it.")
    made = {name: value.strip(" \t") for name, value in made.items()}
    try:
        return [(name.encode("ascii"), value.encode("utf-8")) for name, value in made.items()]
    except UnicodeEncodeError as error:
        raise DataError("A name of a header is ASCII text.") from error


def _unpacked(response: httpx2.Response, place: str) -> Iterator[bytes]:
    if response.headers.get("content-encoding", "").strip().lower() not in ("gzip", "x-gzip"):
        yield from response.iter_bytes()
        return
    try:
        yield from gunzip(response.iter_raw())
    except NotWhole as error:
        raise TransientError(f"The answer of {place} cannot be unpacked: {error}.") from error


def _read(response: httpx2.Response, place: str, stop: Stop, deadline: float) -> bytes:
    parts, size = [], 0
    for chunk in _unpacked(response, place):
        stop.check()
        size += len(chunk)
        if size > MOST_BYTES:
            raise PermanentError(f"The answer of {place} is larger than {MOST_BYTES >> 20} MiB.")
        if time.monotonic() > deadline:
            raise TransientError(f"{place} took longer than {WHOLE_S:g} s.")
        parts.append(chunk)
    return b"".join(parts)


def _answer(response: httpx2.Response, body: bytes) -> Answer:
    try:
        text = body.decode(response.charset_encoding or "utf-8", "replace")
    except LookupError:
        text = body.decode("utf-8", "replace")
    return Answer(response.status_code, _named(response), text.removeprefix("\ufeff"))


def _named(response: httpx2.Response) -> dict[str, str]:
    headers: dict[str, str] = {}
    spelled: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
        name, value = raw_name.decode("latin-1"), raw_value.decode("utf-8", "replace")
        first = spelled.setdefault(name.lower(), name)
        headers[first] = f"{headers[first]}, {value}" if first in headers else value
    return headers


def _retry_after(response: httpx2.Response) -> float:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isdigit() and len(text) < 6 else 0.0


def _said(error: BaseException) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__


# --- the connection


class _Now(threading.local):
    """What the call of this thread obeys; connections are kept from call to call."""

    deadline: float = 0.0
    stop: Stop = STOP
    refused: ExternalError | None = None


_now = _Now()


def _take_refusal() -> ExternalError | None:
    refused, _now.refused = _now.refused, None
    return refused


_clients: dict[str, httpx2.Client] = {}
_making = threading.Lock()


def close() -> None:
    """Close the connections that are kept for further calls."""
    with _making:
        for client in _clients.values():
            client.close()
        _clients.clear()


def _client(allow: str) -> httpx2.Client:
    with _making:
        if allow not in _clients:
            _clients[allow] = _new_client(allow)
        return _clients[allow]


def _new_client(allow: str) -> httpx2.Client:
    transport = httpx2.HTTPTransport(trust_env=False)
    # The only place where a backend of one's own can be put; `tests/unit/kit/test_outbound.py` tells when it moves.
    transport._pool._network_backend = _Guarded(networks(allow))  # type: ignore[attr-defined,unused-ignore]
    timeout = httpx2.Timeout(READ_S, connect=CONNECT_S)
    return httpx2.Client(transport=transport, timeout=timeout, follow_redirects=False, trust_env=False)


def _resolved(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError(f"the host '{host}' is not known") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class _Guarded(httpcore2.NetworkBackend):
    """Connects to checked addresses only."""

    def __init__(self, allowed: tuple[Any, ...]) -> None:
        self._allowed = allowed

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        addresses = _resolved(host, port)
        for address in addresses:
            if not is_allowed(address, self._allowed):
                _now.refused = PermanentError(
                    f"The host '{host}' has the internal address {address}, which no call may reach. The operator can "
                    "allow its network with PENSTOCK_OUTBOUND_ALLOW."
                )
                raise httpcore2.ConnectError("refused")
        last: Exception = httpcore2.ConnectError(f"the host '{host}' has no address")
        for address in addresses:
            try:
                return _Stream(
                    httpcore2.SyncBackend().connect_tcp(address, port, timeout, local_address, socket_options)
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                last = error
        raise last


class _Stream(httpcore2.NetworkStream):
    """Looks while it waits whether the call is to stop, or has taken too long."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        until = time.monotonic() + (READ_S if timeout is None else timeout)
        while True:
            _now.stop.check()
            left = min(until, _now.deadline) - time.monotonic()
            if left <= 0:
                raise httpcore2.ReadTimeout("no answer")
            try:
                return self._inner.read(max_bytes, min(left, LOOK_S))
            except httpcore2.ReadTimeout:
                continue

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

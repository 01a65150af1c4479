"""One call: what arrived, who calls, what it costs, and how it is answered. Handlers see the request only through it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

from fastapi import Depends, Path
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from penstock.api.answers import accepts_gzip, json_answer
from penstock.api.auth import read_key
from penstock.api.bodies import read_fields
from penstock.api.callers import Callers, Identify
from penstock.api.credits import Balance, Credits
from penstock.api.deps import Deps
from penstock.api.forms import read_pairs
from penstock.api.jsonp import read_callback
from penstock.api.paging import link_header
from penstock.api.urls import base_url, segment
from penstock.api.versions import MEDIA_TYPE, read_version, speaks_old_words
from penstock.api.view import View
from penstock.errors import NotAuthenticated, NotFound, OutOfCredits
from penstock.services import access
from penstock.services.paging import Page, PageRequest
from penstock.services.principal import Principal
from penstock.services.session import UnitOfWork

Id = Annotated[int, Path(description="An identifier.")]
"""An identifier in a path (`route.read_identity`)."""


class Work(NamedTuple):
    """What a handler works with: an open unit of work, who calls, and the parameters outside the path."""

    uow: UnitOfWork
    principal: Principal
    fields: dict[str, Any]


class Call:
    """A request on its way through the API."""

    def __init__(self, deps: Deps, credits: Credits, callers: Callers, scope: Scope) -> None:
        self.deps = deps
        self.scope = scope
        self.headers = _read_headers(scope["headers"])
        self.method: str = scope["method"]
        self.body = b""
        self.query: list[tuple[str, str]] = []
        self.callback: str | None = None
        self.version = 2
        self.account_id = ""
        self.balance: Balance | None = None
        self._given: dict[str, Any] = {}
        self._credits = credits
        self._callers = callers

    def admit(self) -> None:
        """Read what decides how every answer looks. Raises BadRequest, NotAcceptable, and NotFound for a path that no
        database can look up."""
        self.query = read_pairs(self.scope["query_string"])
        self.callback = read_callback(self.query)
        self.version = read_version(self.headers.get("accept"))
        if "\x00" in self.scope["path"]:
            raise NotFound("Item not found.")

    # -- who calls, and what it costs

    def charge_address(self) -> None:
        """Take a credit from the caller's address, for a call without a known user."""
        self._charge(self._address())

    def charge_address_quietly(self) -> None:
        """Take a credit from the caller's address, if there is one, for a call that is refused for another reason."""
        with suppress(OutOfCredits):
            self.charge_address()

    def peek(self, user_id: int | None = None) -> Balance:
        """Return what is left to a user, or else to the caller's address, at no cost."""
        self.balance = self._credits.balance(self._address() if user_id is None else f"user {user_id}")
        return self.balance

    def _address(self) -> str:
        client = self.scope.get("client")
        return f"address {client[0] if client else 'unknown'}"

    def _charge(self, who: str) -> None:
        self.balance = self._credits.balance(who)
        self.balance = self._credits.charge(who)

    @contextmanager
    def reading(self, envelope: str | None = None, *, free: bool = False) -> Iterator[Work]:
        """Open a unit of work that reads, for a caller who is known and has a credit left."""
        with self.deps.sessions.read() as uow:
            principal = self._authenticate(uow, self._callers.identify, free=free)
            yield Work(uow, principal, self._fields(envelope))

    @contextmanager
    def writing(self, envelope: str | None = None) -> Iterator[Work]:
        """Open a unit of work that writes; the caller is checked before, so that a stranger never holds the lock."""
        with self.deps.sessions.read() as uow:
            principal = self._authenticate(uow, access.identify)
        fields = self._fields(envelope)
        with self.deps.sessions.write() as uow:
            yield Work(uow, principal, fields)

    def _authenticate(self, uow: UnitOfWork, identify: Identify, *, free: bool = False) -> Principal:
        try:
            user, account = identify(uow, read_key(self.headers.get("authorization")), self.account_id)
        except NotAuthenticated:
            self.charge_address()
            raise
        if free:
            self.peek(user.id)
        else:
            self._charge(f"user {user.id}")
        return Principal(user, access.require(account) if self.account_id else None)

    def _fields(self, envelope: str | None) -> dict[str, Any]:
        kind = self.headers.get("content-type", "")
        self._given = read_fields(self.query, self.body, kind, method=self.method, envelope=envelope)
        return self._given

    # -- how it is answered

    @cached_property
    def view(self) -> View:
        """What the answer is written for."""
        return View(self._base(), segment(self.account_id), self.deps.clock(), self.old_words)

    @property
    def old_words(self) -> bool:
        """Whether the client knows only the words of version 1."""
        return speaks_old_words(self.version, self.user_agent)

    @property
    def user_agent(self) -> str:
        """How the client names itself."""
        return self.headers.get("user-agent", "")

    def answer(
        self, value: Any, status: int = 200, *, headers: Mapping[str, str] | None = None, media_type: str = MEDIA_TYPE
    ) -> Response:
        """Return the answer that carries *value*."""
        return json_answer(
            value,
            status,
            callback=self.callback,
            compress=accepts_gzip(self.headers.get("accept-encoding", "")),
            headers=headers,
            media_type=media_type,
        )

    def answer_page(self, items: Sequence[Any], asked: PageRequest, page: Page[Any]) -> Response:
        """Return the answer that carries a page of a collection, linked to its neighbours."""
        link = link_header(self._base() + quote(self.scope["path"]), self.query, self._given, asked, page.has_more)
        return self.answer(list(items), headers=None if link is None else {"link": link})

    def _base(self) -> str:
        headers = self.headers
        forwarded = any(name in headers for name in ("forwarded", "x-forwarded-for", "x-forwarded-proto"))
        return base_url(self.deps.public_url, self.scope, headers.get("host", ""), forwarded=forwarded)


def _read_headers(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


async def _current(request: Request) -> Call:
    call: Call = request.scope["call"]
    return call


Current = Annotated[Call, Depends(_current)]
"""The call a handler answers. `Route` hands it over; the annotation tells the framework that it is no parameter."""

"""One request to a web API and its answer, tried again where that may help; a rate limit is waited for, which is no try."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from penstock.connectors.web import waiting
from penstock.errors import PenstockError, PermanentError, TransientError
from penstock.kit import outbound
from penstock.kit.outbound import NotSent, Request, Streamed, place_of
from penstock.kit.stopping import Stop, tries
from penstock.plan.ports import Say

EVERYWHERE = "0.0.0.0/0, ::/0"
"""The networks that may be reached where nothing is kept from anybody."""
LONGEST_EXCERPT = 200
_REFUSED_BYTES = 64 << 10
"""How much of the body of an answer that is no success is kept."""


class Login(Protocol):
    """How a request says who asks."""

    @property
    def key(self) -> str:
        """Tells logins apart, and is no secret."""

    def signed(self, request: Request) -> Request:
        """Return the request with what it logs in with. Raises PenstockError where that cannot be had."""

    def renew(self) -> bool:
        """Get something newer after it was refused; False where there is nothing newer."""

    def hidden(self) -> tuple[str, ...]:
        """Return what must not be said to anybody."""


class NoLogin:
    """A request as it is, or with a name and a password."""

    def __init__(self, user: str | None = None, password: str | None = None) -> None:
        self.key = user or ""
        self._user, self._password = user, password

    def signed(self, request: Request) -> Request:
        """Return the request."""
        if self._user is None:
            return request
        return replace(request, user=self._user, password=self._password or "")

    def renew(self) -> bool:
        """There is nothing newer."""
        return False

    def hidden(self) -> tuple[str, ...]:
        """Return the password."""
        return (self._password,) if self._password else ()


@dataclass(frozen=True, slots=True)
class Got:
    """An answer, its body in a file: *url* is where it came from after redirects; *sent* how often the request was sent
    without being known whether it arrived."""

    status: int
    headers: Mapping[str, str]
    url: str
    charset: str | None
    body: Path
    unknown: int = 0

    @property
    def is_success(self) -> bool:
        """Whether the server did what it was asked for."""
        return 200 <= self.status < 300

    def text(self, most: int | None = None) -> str:
        """Return the body, or its first *most* bytes, as text; what is none is replaced."""
        with self.body.open("rb") as stream:
            data = stream.read(-1 if most is None else most)
        try:
            return data.decode(self.charset or "utf-8", "replace").removeprefix("\ufeff")
        except LookupError:
            return data.decode("utf-8", "replace").removeprefix("\ufeff")


class Api:
    """Asks one web API. *allow* are the internal networks that may be reached, None for all; *say* hears what is waited
    for."""

    def __init__(self, login: Login, allow: str | None, stop: Stop, say: Say) -> None:
        self.login = login
        self.stop = stop
        self.allow = EVERYWHERE if allow is None else allow
        self.say = say

    def ask(self, request: Request, body: Path, *, again: Collection[int] = waiting.FAILING) -> Got:
        """Return the answer to a request, whatever it says, its body in the file *body*.

        It is sent again where nobody answers, and after answers of the statuses *again*. Raises PenstockError: where nobody
        answers after all tries, and where a limit does not end.
        """
        place = (place_of(request.url), self.login.key)
        waits, waited, unknown, renewed = tries(waiting.TRIES), 0.0, 0, False
        while True:
            waited += self._quota(place, waited)
            pause: float | None = None
            try:
                got = self._once(request, body, unknown)
            except NotSent:
                pause = next(waits, None)
                if pause is None:
                    raise
            except TransientError as error:
                self.stop.check()
                pause = next(waits, None)
                if pause is None:
                    raise
                unknown += 1
                self.say("warning", f"{self.scrub(error.message)} The request is sent again.")
            else:
                if got.status == 401 and not renewed and self.login.renew():
                    renewed = True
                    continue
                limit = waiting.said_to_wait_s(got.status, got.headers)
                if limit is not None:
                    limit = max(limit, waiting.SHORTEST_S)
                    waiting.QUOTAS.tell(place, waiting.spread(limit))
                    if waited + limit > waiting.ALL_S:
                        return got
                    continue
                if got.status not in again:
                    return got
                pause = next(waits, None)
                if pause is None:
                    return got
            self.stop.wait(waiting.spread(pause))

    def _quota(self, place: tuple[str, str], waited: float) -> float:
        left = waiting.QUOTAS.left_s(place)
        if left > 0:
            if waited + left > waiting.ALL_S:
                raise TransientError(f"{place[0]} asks to be left alone for {left:,.0f} s, which is too long to wait.")
            self.say("info", f"{place[0]} limits requests; the next one is sent in {left:,.1f} s")
            self.stop.wait(left)
        return left

    def _once(self, request: Request, body: Path, unknown: int) -> Got:
        with outbound.stream(self.login.signed(request), self.allow, stop=self.stop) as answer:
            is_success = 200 <= answer.status < 300
            _keep(answer, body, None if is_success else _REFUSED_BYTES)
            return Got(answer.status, answer.headers, answer.url, answer.charset, body, unknown)

    def refusal(self, got: Got) -> PermanentError:
        """Return the error of an answer that is no success."""
        said = " ".join(got.text(4 * LONGEST_EXCERPT).split())
        said = f": {said[:LONGEST_EXCERPT]}{'…' * (len(said) > LONGEST_EXCERPT)}" if said else ""
        return PermanentError(self.scrub(f"{place_of(got.url)} answers {got.status}{said}"))

    def scrub(self, text: str) -> str:
        """Return a text without what the login hides."""
        for secret in self.login.hidden():
            text = text.replace(secret, "***")
        return text


def _keep(answer: Streamed, body: Path, most: int | None) -> None:
    size = 0
    try:
        with body.open("wb") as stream:
            for chunk in answer.chunks:
                size += len(chunk)
                stream.write(chunk)
                if most is not None and size >= most:
                    return
    except OSError as error:
        raise PermanentError(f"An answer cannot be kept: {error.strerror}.") from error


def named(error: PenstockError, what: str) -> PenstockError:
    """Return an error that says before all what it is about."""
    return type(error)(f"{what}: {error.message}")

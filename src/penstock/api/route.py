"""How a request reaches its handler: in a thread, with the call and the parameters of its path."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, get_type_hints

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from penstock.errors import NotFound

LARGEST_ID = 2**31 - 1

READERS = ThreadPoolExecutor(4, "penstock-read")
"""Reads of the store compute more than they wait, so more threads would only take the interpreter from each other."""
OTHERS = ThreadPoolExecutor(16, "penstock-write")
"""What may wait long for a lock, a disk or another host."""
ASIDE = ThreadPoolExecutor(4, "penstock-aside")
"""What must be answered though all others wait."""


class Route(APIRoute):
    """A route of the wire: identifiers in its path are read here, everything else by the call. The framework checks
    nothing; it finds the handler and documents it."""

    threads = READERS

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        handler = self.endpoint
        identities = [name for name, kind in get_type_hints(handler).items() if kind is int]
        threads = self.threads if (self.methods or set()) <= {"GET", "HEAD"} else OTHERS

        async def answer(request: Request) -> Response:
            given: dict[str, Any] = dict(request.path_params)
            call = request.scope["call"]
            call.account_id = given.pop("account_id", "")
            for name in identities:
                given[name] = read_identity(given[name])
            response: Response = await asyncio.get_running_loop().run_in_executor(
                threads, partial(handler, call, **given)
            )
            return response

        return answer


class SideRoute(Route):
    """A route that is answered although every other waits."""

    threads = ASIDE


def read_identity(text: str) -> int:
    """Return an identifier of a path. Raises NotFound for one that cannot exist, like for one that does not.

    >>> read_identity("157")
    157
    """
    if text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_ID)) and int(text) <= LARGEST_ID:
        return int(text)
    raise NotFound("Item not found.")

"""Errors on the wire: one table from class to status, one shape for all of them."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from penstock.api.auth import REALM
from penstock.api.call import Call
from penstock.api.schemas.connections import rungs_json
from penstock.errors import (
    BadRequest,
    CallerError,
    ConnectionTestFailed,
    InvalidFields,
    NotAcceptable,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    OutOfCredits,
    PackageInvalid,
    PaymentRequired,
    PenstockError,
    TransientError,
    UnsupportedMedia,
)

STATUS: dict[type[PenstockError], int] = {
    BadRequest: 400,
    ConnectionTestFailed: 400,
    NotAuthenticated: 401,
    PaymentRequired: 402,
    NotAllowed: 403,
    NotFound: 404,
    NotAcceptable: 406,
    UnsupportedMedia: 415,
    InvalidFields: 422,
    PackageInvalid: 422,
    CallerError: 422,
    OutOfCredits: 429,
    TransientError: 503,
    PenstockError: 500,
}
"""The nearest class of a failure decides; the wire knows no 405, 409 or 413."""

NOT_FOUND = "Item not found."
_INTERNAL = "The server failed on this call. Its log has the details."
_LOG = logging.getLogger("penstock.api")


def status_of(failure: PenstockError) -> int:
    """Return the status of a failure: that of its nearest class in the table.

    >>> status_of(NotFound("Item not found.")), status_of(PenstockError("?"))
    (404, 500)
    """
    return next(STATUS[kind] for kind in type(failure).__mro__ if kind in STATUS)


def error_answer(call: Call, failure: PenstockError) -> Response:
    """Return the answer to a failed call: `{"message": …}` and, where they help, further keys."""
    status = status_of(failure)
    if status == 500:
        _LOG.error("%s %s failed", call.method, call.scope["path"], exc_info=failure)
        return call.answer({"message": _INTERNAL}, status)
    body: dict[str, Any] = {"message": failure.message}
    match failure:
        case ConnectionTestFailed():
            body["error_message"] = failure.message
            if failure.rungs:
                body |= {"rung": failure.rungs[-1].name, "rungs": rungs_json(failure.rungs)}
        case InvalidFields() if failure.errors:
            body["errors"] = failure.errors
        case PackageInvalid():
            body["diagnostics"] = [found.to_json() for found in failure.diagnostics]
    return call.answer(body, status, headers={"www-authenticate": REALM} if status == 401 else None)


def install(app: FastAPI) -> None:
    """Make every failure inside *app* answer in the shape of the wire."""
    app.add_exception_handler(PenstockError, _on_failure)
    app.add_exception_handler(HTTPException, _on_unknown_path)
    app.add_exception_handler(Exception, _on_fault)


async def _on_failure(request: Request, failure: Exception) -> Response:
    assert isinstance(failure, PenstockError)
    return error_answer(request.scope["call"], failure)


async def _on_unknown_path(request: Request, _: Exception) -> Response:
    # a wrong method is answered like a wrong path, because some clients know no 405
    call: Call = request.scope["call"]
    try:
        call.charge_address()
    except OutOfCredits as failure:
        return error_answer(call, failure)
    return error_answer(call, NotFound(NOT_FOUND))


async def _on_fault(request: Request, _: Exception) -> Response:
    # the framework raises the exception again after this answer, and the server logs it
    call: Call = request.scope["call"]
    return call.answer({"message": _INTERNAL}, 500)

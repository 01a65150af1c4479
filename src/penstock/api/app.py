"""The application: routes, errors and the edge put together around what the wiring provides."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from penstock.api import errors, openapi
from penstock.api.deps import Deps
from penstock.api.edge import Edge
from penstock.api.routes import ROUTERS
from penstock.api.schemas import SCHEMAS
from penstock.api.schemas.connections import type_schemas

_ABOUT = "An ETL service that teams run themselves. The API is that of Integrate.io ETL, version 2."


class Penstock(FastAPI):
    """The ASGI application, with the edge around everything, the framework's own error pages included."""

    def __init__(self, deps: Deps) -> None:
        # no interactive pages: they load their scripts from the internet; no redirects: clients do not follow them
        super().__init__(
            title="Penstock",
            description=_ABOUT,
            version=deps.version,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            # nothing about calls leaves this machine
            telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        )
        self._deps = deps

    def build_middleware_stack(self) -> ASGIApp:
        """Return the application as the server calls it."""
        return Edge(super().build_middleware_stack(), self._deps)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document of the server."""
        if self.openapi_schema is None:
            more = {**self._deps.component_schemas, **type_schemas()}
            self.openapi_schema = openapi.complete(super().openapi(), SCHEMAS, more)
        return self.openapi_schema


def create_app(deps: Deps) -> Penstock:
    """Return the application that serves the wire over *deps*."""
    app = Penstock(deps)
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    return app

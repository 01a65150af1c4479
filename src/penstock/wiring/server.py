"""The HTTP application, put together over a store."""

from __future__ import annotations

from collections.abc import Callable

from penstock import __version__
from penstock.api.app import Penstock, create_app
from penstock.api.deps import Deps
from penstock.kit.clock import system_clock
from penstock.lang.components import json_schemas
from penstock.services.session import Sessions
from penstock.settings import Settings
from penstock.wiring import places
from penstock.wiring.engines import engine, stacks
from penstock.wiring.jobs import connectors, every_database


def application(settings: Settings, sessions: Sessions, wake: Callable[[], None]) -> Penstock:
    """Return the ASGI application over a store."""
    deps = Deps(
        sessions=sessions,
        clock=system_clock,
        wake=wake,
        connectors=connectors(*places.roots(settings), settings.outbound_allow or "", settings.singer_taps),
        databases=every_database(*places.roots(settings), settings.outbound_allow or ""),
        public_url=settings.public_url,
        credits_per_hour=settings.credits_per_hour,
        stacks=[{"id": stack, "name": name} for stack, name in stacks()],
        spark_masters=tuple(settings.spark_masters),
        component_schemas=json_schemas(),
        version=__version__,
        seal=places.seal(settings),
        outbound=settings.outbound_allow or "",
        gaps=lambda plan: engine().gaps(plan),
        presets=places.presets(settings),
    )
    return create_app(deps)


def nowhere() -> Penstock:
    """Return the application without a store, to be asked for its OpenAPI document."""
    return application(Settings(), Sessions("postgresql://nowhere"), lambda: None)

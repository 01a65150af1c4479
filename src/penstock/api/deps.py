"""What the wire is given by the wiring: everything a handler needs that is not in the request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from penstock.kit.clock import Clock
from penstock.kit.sealing import Seal
from penstock.services.secrets import KEYLESS
from penstock.services.session import Sessions
from penstock.services.system import KNOWN_STACKS, Installed


@dataclass(frozen=True, slots=True)
class Deps:
    """*wake* tells a worker of this process that a job was submitted; *connectors* maps a connection type to what
    tests it, *databases* tests all others; *public_url* is the base of addresses in answers, None for the host of the
    request;
    *credits_per_hour* 0 is unlimited; *stacks* are the engines of this installation, *spark_masters* the names of
    masters; *component_schemas* are published as they are under `components/schemas` of the OpenAPI document; *seal* seals
    secrets; *outbound* are the internal networks that calls may reach; *gaps* tells validations what the engine cannot do;
    *presets* are those of the installation, as JSON."""

    sessions: Sessions
    clock: Clock
    wake: Callable[[], None]
    connectors: Mapping[str, Any] = field(default_factory=dict)
    databases: Any = None
    public_url: str | None = None
    credits_per_hour: int = 5000
    stacks: Sequence[Mapping[str, str]] = ()
    spark_masters: Sequence[str] = ()
    component_schemas: Mapping[str, Any] = field(default_factory=dict)
    version: str = "0"
    seal: Seal = KEYLESS
    outbound: str = ""
    gaps: Callable[[Any], Any] | None = None
    presets: Mapping[str, Any] = field(default_factory=dict)

    @property
    def installed(self) -> Installed:
        """Where jobs can run, as the services see it."""
        return Installed(tuple(one["id"] for one in self.stacks) or KNOWN_STACKS, tuple(self.spark_masters))

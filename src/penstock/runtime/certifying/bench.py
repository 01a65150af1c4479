"""What a rule works with: tables of its own on the server, and packages that write records there and read them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import count, pairwise
from pathlib import Path
from typing import Any, Protocol

from penstock.errors import PenstockError
from penstock.plan.ports import Connector, Engine, Staged, Written
from penstock.runtime.execute import Gate, OpenGate, Order, Result, execute
from penstock.runtime.look import Quiet, preview

Records = Sequence[Mapping[str, Any]]
Fields = Mapping[str, str]
"""Names of fields to their types, as packages spell them."""


class Scratch(Protocol):
    """The tables that are made for a certification, and how they go again. Raises PermanentError, TransientError."""

    def quoted(self, name: str) -> str:
        """Return a name as an identifier of the database's SQL."""

    def qualified(self, schema: str | None, table: str) -> str:
        """Return the name of a table in statements."""

    def has(self, schema: str | None, table: str) -> bool:
        """Tell whether there is a table."""

    def drop(self, schema: str | None, table: str) -> None:
        """Remove a table; quiet where there is none."""

    def forget(self, schema: str | None, jobs: str) -> None:
        """Take the jobs whose names begin so out of the ledger."""


@dataclass(frozen=True, slots=True)
class Own:
    """What a system's own components are called, where it has some: how their types begin, their word for a schema, and
    operations under names of their own."""

    system: str = "database"
    schema: str = "schema"
    schema_read: str = "schema_name"
    operations: Mapping[str, str] = field(default_factory=dict)


OWN: Mapping[str, Own] = {
    "bigquery": Own("bigquery", "dataset", "dataset", {"truncate_insert": "overwrite", "merge_update_insert": "merge"})
}
"""Types of connections that components of databases in general do not take."""


class Death(StrEnum):
    """When an attempt dies: before its records are published, after the first chunk of them is, or after all are."""

    BEFORE = "before"
    WITHIN = "within"
    AFTER = "after"


class Broken(Exception):
    """A rule does not hold: the message says what was wanted and what was found."""


@dataclass(slots=True)
class Bench:
    """One database under certification. *connection* is what an order holds of it; *marker* begins the names of all jobs and
    tables; *schema* is where tables are made, *ledger_schema* where loads note themselves, None for the session's own."""

    connection: Mapping[str, Any]
    connectors: Mapping[str, Connector]
    engine: Callable[[], Engine]
    scratch: Scratch
    folder: Path
    marker: str
    schema: str | None = None
    ledger_schema: str | None = None
    outbound: str | None = None
    made: list[str] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: count(1))

    def table(self) -> str:
        """Return the name of a table that is not there; it goes when the certification is over."""
        name = f"{self.marker}_{next(self._numbers)}"
        self.made.append(name)
        return name

    @property
    def _own(self) -> Own:
        return OWN.get(str(self.connection["type"]), Own())

    def has(self, operation: str) -> bool:
        """Tell whether the system's components have an operation, under whichever name."""
        return not self._own.operations or operation in ("append", *self._own.operations)

    def name_of(self, table: str) -> str:
        """Return the name of a table in statements."""
        return self.scratch.qualified(self.schema, table)

    def write(self, table: str, records: Records, fields: Fields, **properties: Any) -> Result:
        """Write records into a table, which is made where it is missing."""
        return self.attempt(self.load(table, records, fields, **properties))

    def load(
        self, table: str, records: Records, fields: Fields, *, keys: Sequence[str] = (), **properties: Any
    ) -> Order:
        """Return the order of a job that writes records into a table; *keys* are fields of the merge key."""
        given, own = {"table": table, "auto_create_table": True, **properties}, self._own
        if "operation" in given:
            given["operation"] = own.operations.get(given["operation"], given["operation"])
        if self.schema is not None:
            given[own.schema] = self.schema
        mapping = [{"alias": name, "key": name in keys} for name in fields]
        return self._order(
            records,
            {"id": "in", "name": "records", "type": "cloud_storage_source_component", "connection": {"name": "lake"},
             "properties": {"path": "in.json", "record_type": "json"}, "fields": _listed(fields)},
            {"id": "load", "name": "load", "type": f"{own.system}_destination_component", "connection": {"name": "db"},
             "properties": given, "mapping": mapping},
        )  # fmt: skip

    def attempt(
        self, order: Order, gate: Gate | None = None, connectors: Mapping[str, Connector] | None = None
    ) -> Result:
        """Run one attempt at a job."""
        return execute(order, self.engine(), connectors or self.connectors, Quiet(), gate or OpenGate())

    def cut_off(self, order: Order, when: Death) -> Order:
        """Run an attempt that dies when it was granted; returns the order of the attempt that takes over."""
        gate, kind = _Asked(), str(self.connection["type"])
        dying = {**self.connectors, kind: _Dying(self.connectors[kind], when)}
        try:
            self.attempt(order, gate, dying)
        except _Cut:
            token = f"{order.token.rpartition('-')[0]}-2"
            return Order(**{**order.to_json(), "token": token, "granted_token": order.token, "granted": gate.asked})
        raise Broken("The attempt came to no publication.")

    def read(self, table: str, fields: Fields, **properties: Any) -> list[dict[str, Any]]:
        """Return the records of a table, in the order of their text."""
        order = self._reading(table, fields, properties, {
            "id": "out", "name": "out", "type": "cloud_storage_destination_component", "connection": {"name": "lake"},
            "properties": {"path": "out", "if_exists": "replace", "format": "json"},
        })  # fmt: skip
        self.attempt(order)
        folder = Path(order.connections["lake"]["path"], "out")
        lines = [line for file in sorted(folder.iterdir()) for line in file.read_text("utf-8").splitlines()]
        return in_order([json.loads(line) for line in lines])

    def first(self, table: str, fields: Fields, size: int) -> int:
        """Return how many records a preview of some has."""
        order = self._reading(table, fields, {}, None)
        return len(preview(order, "rows", size, self.engine(), self.connectors, ("rows",)).rows)

    def query(self, sql: str, fields: Fields) -> list[dict[str, Any]]:
        """Return the records of a query."""
        return self.read("", fields, access_mode="query", query=sql)

    def refused(self, does: Callable[[], object]) -> str:
        """Return what is said of what fails. Raises Broken where it does not."""
        try:
            does()
        except PenstockError as error:
            return error.message
        raise Broken("It was done, and should have been refused.")

    def _reading(
        self, table: str, fields: Fields, properties: Mapping[str, Any], to: Mapping[str, Any] | None
    ) -> Order:
        given = {**({"table": table} if table else {}), **properties}
        if table and self.schema is not None:
            given[self._own.schema_read] = self.schema
        source = {
            "id": "rows", "name": "rows", "type": f"{self._own.system}_source_component", "connection": {"name": "db"},
            "properties": given, "fields": _listed(fields),
        }  # fmt: skip
        return self._order((), source, *([to] if to is not None else []))

    def _order(self, records: Records, *components: Mapping[str, Any]) -> Order:
        number = next(self._numbers)
        own = self.folder / f"{number}"
        lake, scratch = own / "lake", own / "scratch"
        for one in (lake, scratch):
            one.mkdir(parents=True)
        (lake / "in.json").write_text("".join(f"{json.dumps(one)}\n" for one in records), "utf-8")
        ids = [str(one["id"]) for one in components]
        edges = [{"from": one, "to": other} for one, other in pairwise(ids)]
        return Order(
            token=f"{self.marker}x{number}-1", flow=json.dumps({"components": list(components), "edges": edges}),
            now=datetime.now(UTC).isoformat(), scratch=str(scratch), staging=str(own / "staging"), outbound=self.outbound,
            connections={"lake": {"type": "file", "path": str(lake)}, "db": self.connection},
        )  # fmt: skip


def _listed(fields: Fields) -> list[dict[str, str]]:
    return [{"name": name, "alias": name, "type": kind} for name, kind in fields.items()]


def in_order(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return records in the order of their text."""
    return sorted(map(dict, records), key=lambda one: json.dumps(one, sort_keys=True))


class _Cut(BaseException):
    """The process ends here."""


def _die(level: str, line: str) -> None:  # noqa: ARG001 -- it is called as a log is
    """End when something is said. Raises _Cut."""
    raise _Cut


class _Asked:
    """A gate that grants, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def grant(self, outputs: Sequence[Written]) -> None:
        """Keep what is granted, as a store would."""
        self.asked = json.loads(json.dumps([asdict(one) for one in outputs]))


class _Dying:
    """The connector of a process that ends when it publishes; nobody removes anything then."""

    def __init__(self, connector: Connector, when: Death) -> None:
        self._connector = connector
        self._when = when

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    def publish(self, staged: Staged, written: Written) -> Any:
        """End, perhaps after it is published, or after the first chunk, which is said in the log."""
        match self._when:
            case Death.WITHIN:
                self._connector.publish(replace(staged, log=_die), written)
            case Death.AFTER:
                self._connector.publish(staged, written)
        raise _Cut

    def discard(self, staged: Staged) -> None:
        """Leave everything."""

"""Connections: stored addresses of data (wire reference 3.10). Parameters are checked by type, secret ones sealed; nothing is
opened here except by a test, which needs no open unit of work."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from penstock.domain.rung import Rungs
from penstock.errors import ConnectionTestFailed, ExternalError, InvalidFields, NotFound, PermanentError
from penstock.kit.sealing import Seal
from penstock.kit.secret import Secret, hidden
from penstock.kit.stopping import watched
from penstock.plan.operators import ConnectionRef, FileSource, FileTarget, Scan, Write
from penstock.plan.ports import BoundSource, Catalogue, Connector, Databases, FieldFacts, Landing, Sampled, TableFacts
from penstock.plan.ports import Connection as Bound
from penstock.plan.schema import Schema
from penstock.plan.systems import DatabaseSource
from penstock.services import connection_types, detection
from penstock.services.coerce import LONGEST_NAME, Fields, to_json
from penstock.services.connection_types import TYPES
from penstock.services.detection import Shape
from penstock.services.paging import Page, PageRequest, list_rows
from penstock.services.principal import Principal
from penstock.services.secrets import KEYLESS
from penstock.store.queries import pages
from penstock.store.tables import Connection
from penstock.store.unit_of_work import UnitOfWork

ToldT = TypeVar("ToldT")
LINES, MOST_LINES = 20, 1000
"""Records that a look at a table or file gives, unless told otherwise, and at most."""


def types() -> list[dict[str, Any]]:
    """Return the types of connections, as the wire lists them."""
    return [one.to_json() for one in TYPES.values()]


def list_page(uow: UnitOfWork, principal: Principal, asked: PageRequest, *, type: object = None) -> Page[Connection]:
    """Return connections, by name from Z to A unless asked otherwise. Raises InvalidFields for an unknown type."""
    wanted = [word.strip() for word in str(type or "all").split(",") if word.strip()]
    equal = {} if "all" in wanted else {"type": wanted}
    for word in wanted:
        if word != "all":
            _require_type(word)
    return list_rows(uow, Connection, principal.tenant.id, asked, sort=("name", "type"), default="name", equal=equal)


def _require_type(word: str) -> None:
    if word not in TYPES:
        message = f"type: there are no connections of type '{word}' in this version. Known: {', '.join(TYPES)}."
        raise InvalidFields(message, {"type": [message]})


def create(
    uow: UnitOfWork, principal: Principal, kind: str, raw: Mapping[str, Any], now: datetime, seal: Seal = KEYLESS
) -> Connection:
    """Store a connection. Raises InvalidFields for an unknown type, a missing parameter, or one that is not supported."""
    _require_type(kind)
    fields = Fields(raw)
    name = _name(fields)
    if name is None and "name" not in fields.errors:
        fields.refuse("name", "is missing.")
    given = connection_types.read(kind, fields)
    _require_key(fields, given.secrets, seal)
    fields.check()
    row = Connection(
        account_id=principal.tenant.id,
        name=name or "",
        type=kind,
        parameters=to_json(given.parameters),
        secrets="{}",
        created_at=now,
        updated_at=now,
    )
    uow.session.add(row)
    uow.session.flush()
    _keep(row, given.secrets, seal)
    uow.session.flush()
    return row


def _require_key(fields: Fields, given: Mapping[str, str], seal: Seal) -> None:
    for name in given if not seal.has_key else ():
        fields.refuse(name, "cannot be sealed: this installation has no key. Set PENSTOCK_SEALING_KEY.")


def _keep(row: Connection, given: Mapping[str, str], seal: Seal) -> None:
    """Seal what is given of the secrets of a connection; the others stay."""
    sealed = {name: seal.seal(text, bound_to(row.id, name)) for name, text in given.items()}
    row.secrets = to_json({**json.loads(row.secrets), **sealed})


def bound_to(connection_id: int, name: str) -> str:
    """Return the place that a secret of a connection is sealed for."""
    return f"connection:{connection_id}:{name}"


def opened(row: Connection, seal: Seal) -> dict[str, Secret]:
    """Return the secrets of a connection. Raises PermanentError with the name of one that cannot be opened."""
    found = {}
    for name, token in json.loads(row.secrets).items():
        try:
            found[name] = Secret(seal.open(token, bound_to(row.id, name)))
        except PermanentError as error:
            raise PermanentError(
                f"The {name} of the connection '{row.unique_id}' cannot be opened: {error.message}"
            ) from None
    return found


def by_key(rows: Iterable[Connection]) -> dict[str, Connection]:
    """Return connections by the texts that packages may write: unique ids, and names that only one of them has."""
    rows = list(rows)
    names = Counter(row.name for row in rows)
    found = {row.name: row for row in rows if names[row.name] == 1}
    return found | {row.unique_id: row for row in rows}


def for_job(row: Connection, seal: Seal) -> dict[str, Any]:
    """Return a connection as the order of a job holds it. Raises PermanentError."""
    secrets = {name: one.reveal() for name, one in opened(row, seal).items()}
    return {**json.loads(row.parameters), "type": row.type} | ({"secrets": secrets} if secrets else {})


def _name(fields: Fields) -> str | None:
    return (fields.text("name", longest=LONGEST_NAME) or "").strip() or None


def get(uow: UnitOfWork, principal: Principal, kind: str, connection_id: int) -> Connection:
    """Return a connection whose type and id match. Raises NotFound."""
    return _get(uow, principal, kind, connection_id)


def _get(
    uow: UnitOfWork, principal: Principal, kind: str | None, connection_id: int, *, locked: bool = False
) -> Connection:
    row = pages.get(uow, Connection, connection_id, principal.tenant.id, locked=locked)
    if row is None or kind not in (None, row.type):
        raise NotFound("Item not found.")
    return row


def update(
    uow: UnitOfWork,
    principal: Principal,
    kind: str,
    connection_id: int,
    raw: Mapping[str, Any],
    now: datetime,
    seal: Seal = KEYLESS,
) -> Connection:
    """Change a connection; absent parameters stay, secret ones too. Raises NotFound, InvalidFields."""
    row = _get(uow, principal, kind, connection_id, locked=True)
    fields = Fields(raw)
    name = _name(fields)
    before = json.loads(row.parameters)
    given = connection_types.read_change(row.type, fields, before, json.loads(row.secrets))
    _require_key(fields, given.secrets, seal)
    fields.check()
    row.name = name or row.name
    row.parameters = to_json({**before, **given.parameters})
    _keep(row, given.secrets, seal)
    row.updated_at = now
    uow.session.flush()
    return row


def delete(uow: UnitOfWork, principal: Principal, kind: str, connection_id: int) -> Connection:
    """Delete a connection and return it as it was. Raises NotFound."""
    row = _get(uow, principal, kind, connection_id, locked=True)
    uow.session.delete(row)
    uow.session.flush()
    return row


def bound(uow: UnitOfWork, principal: Principal, kind: str | None, connection_id: int, seal: Seal = KEYLESS) -> Bound:
    """Return a stored connection to be tested; *kind* None for one of any type. Raises NotFound,
    ConnectionTestFailed for secrets that cannot be opened."""
    row = _get(uow, principal, kind, connection_id)
    try:
        return Bound(row.unique_id, row.type, json.loads(row.parameters), opened(row, seal))
    except PermanentError as error:
        raise ConnectionTestFailed(error.message) from error


def new(kind: str, raw: Mapping[str, Any]) -> Bound:
    """Return a connection that is not stored, to be tested. Raises InvalidFields, ConnectionTestFailed."""
    _require_type(kind)
    fields = Fields(raw)
    name = _name(fields)
    given = connection_types.read(kind, fields)
    _refuse_test(fields)
    return Bound(name or "new connection", kind, given.parameters, hidden(given.secrets))


@watched()
def test(connection: Bound, connectors: Mapping[str, Connector], databases: Databases) -> Rungs | None:
    """Return the rungs of a connection that can be used, where its connector tells them. Raises ConnectionTestFailed."""
    if TYPES[connection.type].is_database and connection.type in databases.types:
        return databases.test(connection)
    return _connector(connection, connectors).test(connection)


def _connector(connection: Bound, connectors: Mapping[str, Connector]) -> Connector:
    if connection.type not in connectors:
        raise ConnectionTestFailed(
            f"This version has no connector for connections of type '{connection.type}': they can be stored and changed, and "
            "neither tested nor used."
        )
    return connectors[connection.type]


@watched()
def check(
    connection: Bound, raw: Mapping[str, Any], connectors: Mapping[str, Connector], databases: Databases
) -> Rungs | None:
    """Return when what a call names can be used: a path to read, or to write where `destination` says so; a table of a
    database. Raises ConnectionTestFailed."""
    fields, kind = Fields(raw), TYPES[connection.type]
    if kind.is_database or kind.type == "mongo":
        return _check_table(connection, fields, connectors, databases)
    if kind.group != connection_types.STORAGE:
        return test(connection, connectors, databases)
    _check_path(connection, fields, _connector(connection, connectors))
    return None


def _check_table(
    connection: Bound, fields: Fields, connectors: Mapping[str, Connector], databases: Databases
) -> Rungs | None:
    table, schema = fields.text("table"), fields.text("schema_name")
    if table and not schema and not fields.errors:
        fields.refuse("schema_name", "is missing. It is needed with 'table'.")
    _refuse_test(fields)
    if table and connection.type in databases.types:
        return databases.look(connection, schema, table)
    return test(connection, connectors, databases)


def _check_path(connection: Bound, fields: Fields, connector: Connector) -> None:
    path, bucket, writes = _place_of(fields), fields.text("bucket") or None, fields.boolean("destination")
    _refuse_test(fields)
    asks = ConnectionRef(connection.key)
    try:
        with TemporaryDirectory(prefix="penstock-") as scratch:
            if writes:
                scan = Scan("", FileSource(asks, path, (), bucket), Schema())
                write = Write("", "", "", scan, FileTarget(asks, path, (), bucket))
                connector.locate(write, connection, "validation", Path(scratch))
            else:
                _bound(connection, connector, path, bucket, Path(scratch), 1)
    except ExternalError as refused:
        raise ConnectionTestFailed(refused.message) from refused


def _place_of(fields: Fields) -> str:
    path = fields.text("path")
    if not path and not fields.errors:
        fields.refuse("path", "is missing. Give the file, folder or pattern below the connection's folder.")
    return path or ""


def objects(connection: Bound, connectors: Mapping[str, Connector]) -> tuple[str, ...]:
    """Return the names of what a service has to be queried. Raises ConnectionTestFailed."""
    return _told(lambda: _catalogue(connection, connectors).objects(connection))


def object_fields(
    connection: Bound, raw: Mapping[str, Any], connectors: Mapping[str, Connector]
) -> tuple[FieldFacts, ...]:
    """Return the fields of the object of a service that a call names. Raises ConnectionTestFailed."""
    fields = Fields(raw)
    name = fields.text("object_name")
    if not name and not fields.errors:
        fields.refuse("object_name", "is missing. Name an object, such as Account.")
    _refuse_test(fields)
    return _told(lambda: _catalogue(connection, connectors).fields(connection, name or ""))


def _catalogue(connection: Bound, connectors: Mapping[str, Connector]) -> Catalogue:
    found = _connector(connection, connectors)
    if not isinstance(found, Catalogue):
        raise ConnectionTestFailed(f"Connections of type '{connection.type}' do not tell what they lead to.")
    return found


def _told(ask: Callable[[], ToldT]) -> ToldT:
    try:
        return ask()
    except ExternalError as refused:
        raise ConnectionTestFailed(refused.message) from refused


def _bound(
    connection: Bound, connector: Connector, path: str, bucket: str | None, scratch: Path, size: int
) -> BoundSource:
    scan = Scan("", FileSource(ConnectionRef(connection.key), path, (), bucket), Schema())
    return connector.bind(scan, connection, Landing(scratch / "landing", size))


def schema(
    connection: Bound, raw: Mapping[str, Any], connectors: Mapping[str, Connector], databases: Databases
) -> Sampled:
    """Return the fields of what a call names, a table or query of a database or files, and its first records. Raises
    ConnectionTestFailed."""
    fields, kind = Fields(raw), TYPES[connection.type]
    if kind.is_database and connection.type in databases.types:
        return _schema_of_table(connection, fields, databases)
    if kind.group == connection_types.STORAGE and connection.type in connectors:
        return _schema_of_files(connection, fields, connectors[connection.type])
    raise ConnectionTestFailed(
        f"This version cannot look at what connections of type '{connection.type}' lead to. List the fields in the package."
    )


def _schema_of_table(connection: Bound, fields: Fields, databases: Databases) -> Sampled:
    mode = fields.choice("access_mode", ("table", "query", "object")) or "table"
    table, query = fields.text("table"), fields.text("query")
    where, within = fields.text("where_clause"), fields.text("schema_name")
    size = _lines_of(fields)
    wanted = "query" if mode == "query" else "table"
    if not (query if mode == "query" else table) and wanted not in fields.errors:
        fields.refuse(wanted, "is missing. Give a SELECT." if mode == "query" else "is missing. Give a table or view.")
    _refuse_test(fields)
    asked = DatabaseSource(query=query) if mode == "query" else DatabaseSource(table, within or None, where)
    return databases.sample(connection, asked, size)


def _lines_of(fields: Fields) -> int:
    return fields.integer("lines", 1, MOST_LINES) or LINES


def _schema_of_files(connection: Bound, fields: Fields, connector: Connector) -> Sampled:
    path, bucket, size = _place_of(fields), fields.text("bucket") or None, _lines_of(fields)
    given = {
        "record_type": fields.choice("record_type", ("delimited", "json", "raw")),
        "record_delimiter": fields.choice("record_delimiter", ("new_line", "eof")),
        "quote": fields.choice("quote", ("none", '"', "quoted_multi_line")),
        "delimiter": fields.text("delimiter") or None,
        "escape": fields.text("escape"),
        "skip_header": fields.boolean("skip_header"),
        "encoding": fields.text("encoding") or None,
    }
    if given["encoding"] is not None and not detection.is_encoding(str(given["encoding"])):
        fields.refuse("encoding", "is no character set. Such as utf-8.")
    fields.choice("file_type", ("file", "service"))
    _refuse_test(fields)
    shape = Shape(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    try:
        with TemporaryDirectory(prefix="penstock-") as scratch:
            files = _bound(connection, connector, path, bucket, Path(scratch), size).files
            first = next((one for one in files if one.size_bytes), files[0])
            return detection.look(Path(first.location), first.name, shape, size)
    except ExternalError as refused:
        raise ConnectionTestFailed(refused.message) from refused


def tables(connection: Bound, raw: Mapping[str, Any], databases: Databases) -> tuple[TableFacts, ...]:
    """Return the tables and views of a database that its user may read, of a `schema_name` or of all. Raises
    ConnectionTestFailed."""
    fields = Fields(raw)
    within = fields.text("schema_name") or None
    _refuse_test(fields)
    if not TYPES[connection.type].is_database or connection.type not in databases.types:
        raise ConnectionTestFailed(f"This version lists no tables of connections of type '{connection.type}'.")
    return databases.tables(connection, within)


def _refuse_test(fields: Fields) -> None:
    if fields.errors:
        raise ConnectionTestFailed(" ".join(text for found in fields.errors.values() for text in found))

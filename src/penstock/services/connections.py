"""Connections: stored addresses of data (wire reference 3.10). Parameters are checked by type; nothing is opened here
except by a test."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from penstock.errors import ConnectionTestFailed, InvalidFields, NotFound, PermanentError
from penstock.plan.operators import ConnectionRef, FileSource, FileTarget
from penstock.plan.ports import Connection as Bound
from penstock.plan.ports import FileStore
from penstock.services.coerce import LONGEST_NAME, Fields, to_json
from penstock.services.paging import Page, PageRequest, list_rows
from penstock.services.principal import Principal
from penstock.store.queries import pages
from penstock.store.tables import Connection
from penstock.store.unit_of_work import UnitOfWork

TYPES: dict[str, dict[str, Any]] = {
    "file": {
        "type": "file",
        "name": "Files",
        "description": "A folder of this installation's machines.",
        "icon_url": "",
        "groups": [{"group_type": "storage", "group_name": "File Storage"}],
    }
}
"""Every type of connection, as the wire lists it."""


def types() -> list[dict[str, Any]]:
    """Return the types of connections."""
    return list(TYPES.values())


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


def create(uow: UnitOfWork, principal: Principal, kind: str, raw: Mapping[str, Any], now: datetime) -> Connection:
    """Store a connection. Raises InvalidFields for an unknown type or a missing parameter."""
    _require_type(kind)
    fields = Fields(raw)
    name = _name(fields)
    if name is None and "name" not in fields.errors:
        fields.refuse("name", "is missing.")
    path = _path(fields)
    if path is None and "path" not in fields.errors:
        fields.refuse("path", "is missing. Give the folder, such as /data/lake.")
    fields.check()
    row = Connection(
        account_id=principal.tenant.id,
        name=name or "",
        type=kind,
        parameters=to_json({"path": path}),
        created_at=now,
        updated_at=now,
    )
    uow.session.add(row)
    uow.session.flush()
    return row


def by_key(rows: Iterable[Connection]) -> dict[str, Connection]:
    """Return connections by the texts that packages may write: unique ids, and names that only one of them has."""
    rows = list(rows)
    names = Counter(row.name for row in rows)
    found = {row.name: row for row in rows if names[row.name] == 1}
    return found | {row.unique_id: row for row in rows}


def _name(fields: Fields) -> str | None:
    return (fields.text("name", longest=LONGEST_NAME) or "").strip() or None


def _path(fields: Fields) -> str | None:
    path = fields.text("path")
    if path is not None and not path.startswith("/"):
        fields.refuse("path", "must be an absolute folder, such as /data/lake.")
        return None
    return path


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
    uow: UnitOfWork, principal: Principal, kind: str, connection_id: int, raw: Mapping[str, Any], now: datetime
) -> Connection:
    """Change a connection; absent parameters stay. Raises NotFound, InvalidFields."""
    row = _get(uow, principal, kind, connection_id, locked=True)
    fields = Fields(raw)
    name, path = _name(fields), _path(fields)
    fields.check()
    row.name = name or row.name
    if path is not None:
        row.parameters = to_json({**json.loads(row.parameters), "path": path})
    row.updated_at = now
    uow.session.flush()
    return row


def delete(uow: UnitOfWork, principal: Principal, kind: str, connection_id: int) -> Connection:
    """Delete a connection and return it as it was. Raises NotFound."""
    row = _get(uow, principal, kind, connection_id, locked=True)
    uow.session.delete(row)
    uow.session.flush()
    return row


def test_stored(
    uow: UnitOfWork, principal: Principal, kind: str, connection_id: int, stores: Mapping[str, FileStore]
) -> None:
    """Return when a stored connection can be used. Raises NotFound, ConnectionTestFailed."""
    row = get(uow, principal, kind, connection_id)
    stores[row.type].test(_bound(row))


def _bound(row: Connection) -> Bound:
    return Bound(row.unique_id, row.type, json.loads(row.parameters))


def check(
    uow: UnitOfWork,
    principal: Principal,
    kind: str | None,
    connection_id: int,
    raw: Mapping[str, Any],
    stores: Mapping[str, FileStore],
) -> None:
    """Return when a path of a stored connection can be read, or written where `destination` says so; *kind* None for a
    connection of any type. Raises NotFound, ConnectionTestFailed."""
    row = _get(uow, principal, kind, connection_id)
    fields = Fields(raw)
    path, bucket, writes = fields.text("path"), fields.text("bucket") or None, fields.boolean("destination")
    if not path and not fields.errors:
        fields.refuse("path", "is missing. Give the file, folder or pattern below the connection's folder.")
    _refuse_test(fields)
    store, bound, asks = stores[row.type], _bound(row), ConnectionRef(row.unique_id)
    try:
        if writes:
            store.locate(FileTarget(asks, path or "", (), bucket), bound, "validation")
        else:
            store.bind(FileSource(asks, path or "", (), bucket), bound)
    except PermanentError as refused:
        raise ConnectionTestFailed(refused.message) from refused


def _refuse_test(fields: Fields) -> None:
    if fields.errors:
        raise ConnectionTestFailed(" ".join(text for found in fields.errors.values() for text in found))


def test_new(kind: str, raw: Mapping[str, Any], stores: Mapping[str, FileStore]) -> None:
    """Return when a connection that is not stored can be used. Raises InvalidFields, ConnectionTestFailed."""
    _require_type(kind)
    fields = Fields(raw)
    name, path = _name(fields), _path(fields)
    if path is None and not fields.errors:
        fields.refuse("path", "is missing. Give the folder, such as /data/lake.")
    _refuse_test(fields)
    stores[kind].test(Bound(name or "new connection", kind, {"path": path}))

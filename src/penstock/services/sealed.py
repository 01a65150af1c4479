"""All sealed secrets of a store: which keys they were sealed with, and how they are sealed anew with the first key."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from penstock.errors import PermanentError
from penstock.kit.sealing import Seal, key_of
from penstock.services import connections, secrets
from penstock.services.coerce import to_json
from penstock.services.session import Sessions
from penstock.store.queries import sealed as rows
from penstock.store.tables import Connection, SecretVariable
from penstock.store.unit_of_work import UnitOfWork

BATCH = 100
"""Rows that are read and sealed anew in one transaction."""


@dataclass(slots=True)
class Resealed:
    """What became of the secrets: how many were sealed anew, how many had the first key already, and which cannot be
    opened, by words such as `the password of S3_CONNECTION_4`."""

    anew: int = 0
    kept: int = 0
    closed: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Secret:
    token: str
    bound: str
    name: str


def used(sessions: Sessions) -> Counter[str]:
    """Return how many secrets were sealed with each key, by the keys' names."""
    found: Counter[str] = Counter()
    for kind in (_connections, _variables):
        after: int | None = 0
        while after is not None:
            with sessions.read() as uow:
                batch = kind(uow, after)
            found.update(key_of(one.token) for _, secrets_of, _ in batch for one in secrets_of)
            after = batch[-1][0] if batch else None
    return found


def reseal(sessions: Sessions, seal: Seal) -> Resealed:
    """Seal every secret anew that was not sealed with the first key; done again after it was cut off, it goes on. Raises
    PermanentError where there is no key."""
    done = Resealed()
    for kind in (_connections, _variables):
        after: int | None = 0
        while after is not None:
            with sessions.write() as uow:
                batch = kind(uow, after)
                for _, found, write in batch:
                    made = _anew(found, seal, done)
                    if made:
                        write(made)
            after = batch[-1][0] if batch else None
    return done


def _anew(found: Iterable[_Secret], seal: Seal, done: Resealed) -> dict[str, str]:
    made = {}
    for one in found:
        if key_of(one.token) == seal.keys[0]:
            done.kept += 1
            continue
        try:
            text = seal.open(one.token, one.bound)
        except PermanentError:
            done.closed.append(one.name)
            continue
        made[one.bound] = seal.seal(text, one.bound)
        done.anew += 1
    return made


_Batch = list[tuple[int, list[_Secret], Callable[[dict[str, str]], None]]]
"""Rows: id, secrets, and what writes tokens by the places that they are bound to."""


def _connections(uow: UnitOfWork, after: int) -> _Batch:
    made: _Batch = []
    for row in rows.connections(uow, after, BATCH):
        tokens: dict[str, str] = json.loads(row.secrets)
        bounds = {name: connections.bound_to(row.id, name) for name in tokens}
        found = [_Secret(token, bounds[name], f"the {name} of {row.unique_id}") for name, token in tokens.items()]
        made.append((row.id, found, _writing(row, tokens, bounds)))
    return made


def _writing(row: Connection, tokens: dict[str, str], bounds: dict[str, str]) -> Callable[[dict[str, str]], None]:
    def write(given: dict[str, str]) -> None:
        row.secrets = to_json({name: given.get(bounds[name], token) for name, token in tokens.items()})

    return write


def _variables(uow: UnitOfWork, after: int) -> _Batch:
    made: _Batch = []
    for row in rows.variables(uow, after, BATCH):
        bound = secrets.bound_to(row.package_id, row.name)
        name = f"the secret variable {row.name} of package {row.package_id}"
        found = [_Secret(row.sealed, bound, name)] if row.sealed is not None else []
        made.append((row.id, found, _writing_one(row, bound)))
    return made


def _writing_one(row: SecretVariable, bound: str) -> Callable[[dict[str, str]], None]:
    def write(given: dict[str, str]) -> None:
        row.sealed = given[bound]

    return write

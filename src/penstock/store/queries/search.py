"""Search over clusters, jobs and packages: which attributes there are, and what they compare with (reference 1.11)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, cast, exists, false, func, literal, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import Integer, String

from penstock.domain.search import Search, Term
from penstock.errors import InvalidFields
from penstock.store.tables import Cluster, Job, JobLogLine, Package, User
from penstock.store.tables.base import Base
from penstock.store.unit_of_work import UnitOfWork

RowT = TypeVar("RowT", bound=Base)
Texts = Callable[[str], ColumnElement[bool]]
LARGEST = 2**31 - 1
_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Searchable:
    """What can be searched in a collection: text attributes by the test of their value, numbers and instants by their
    column; *words* are the columns that free text is looked for in; *sorts* the words of `sort`."""

    kind: type[Base]
    texts: Mapping[str, Texts]
    numbers: Mapping[str, Callable[[str], ColumnElement[Any]]]
    instants: Mapping[str, InstrumentedAttribute[Any]]
    words: tuple[Any, ...]
    sorts: Mapping[str, InstrumentedAttribute[Any]]
    joins: tuple[Any, ...] = field(default=())

    @property
    def attributes(self) -> frozenset[str]:
        """Every attribute that a term can name."""
        return frozenset((*self.texts, *self.numbers, *self.instants))


def search_rows(
    uow: UnitOfWork,
    what: Searchable,
    account_id: int,
    asked: Search,
    *,
    sort: str | None,
    descending: bool,
    by_default: bool,
    offset: int,
    limit: int,
) -> list[Any]:
    """Return up to *limit* + 1 rows that match. Without a known sort word the best matches come first in the default
    direction (*by_default*), last in the other. Raises InvalidFields for a value that its attribute cannot have."""
    kind = what.kind
    wanted: Select[Any] = select(kind).where(kind.account_id == account_id)  # type: ignore[attr-defined]  # all have it
    for join in what.joins:
        wanted = wanted.join(join)
    wanted = wanted.where(*_conditions(what, asked, uow.dialect))
    identity = kind.id  # type: ignore[attr-defined]  # every table has one
    turned = [identity.desc() if descending else identity.asc()]
    key = what.sorts.get((sort or "").removesuffix("_at"))
    if key is not None:
        # rows that lack the instant come last on every database
        turned.insert(0, (key.desc() if descending else key.asc()).nulls_last())
    elif asked.words:
        score = _score(what, asked.words)
        turned.insert(0, score.desc() if by_default else score.asc())
    return list(uow.session.scalars(wanted.order_by(*turned).offset(offset).limit(limit + 1)))


def _conditions(what: Searchable, asked: Search, dialect: str) -> list[ColumnElement[bool]]:
    groups: defaultdict[tuple[str, str, bool], list[ColumnElement[bool]]] = defaultdict(list)
    for term in asked.terms:
        groups[term.attribute, term.how, term.excluded].append(_condition(what, term, dialect))
    made = [not_(or_(*tests)) if excluded else or_(*tests) for (_, _, excluded), tests in groups.items()]
    if asked.words:
        made.append(or_(*(column.icontains(word, autoescape=True) for word in asked.words for column in what.words)))
    return made


def _condition(what: Searchable, term: Term, dialect: str) -> ColumnElement[bool]:
    if term.attribute in what.texts:
        return func.coalesce(what.texts[term.attribute](term.how + term.value), false())
    if term.excluded:
        raise _refused(term, "it cannot be excluded, because it is compared and not looked for")
    if term.attribute in what.numbers:
        return _number(what.numbers[term.attribute](dialect), term)
    return _instant(what.instants[term.attribute], term)


def _number(column: ColumnElement[Any], term: Term) -> ColumnElement[bool]:
    if not _WHOLE.fullmatch(term.value) or abs(int(term.value)) > LARGEST:
        raise _refused(term, "it takes a whole number")
    number = int(term.value)
    return {">": column >= number, "<": column <= number}.get(term.how, column == number)


def _instant(column: InstrumentedAttribute[Any], term: Term) -> ColumnElement[bool]:
    try:
        start = datetime.fromisoformat(term.value)
        start = start.astimezone(UTC) if start.tzinfo else start.replace(tzinfo=UTC)
        # A date is its whole day and an instant its whole second: both ends are inclusive.
        end = start + (timedelta(days=1) if len(term.value) <= len("2026-01-31") else timedelta(seconds=1))
    except (ValueError, OverflowError):
        raise _refused(term, "it takes a date such as 2026-01-31 or 2026-01-31T09:00:00Z") from None
    if term.how == ">":
        return column >= start
    if term.how == "<":
        return column < end
    return and_(column >= start, column < end)


def _refused(term: Term, why: str) -> InvalidFields:
    message = f"q: '{term.attribute}:{term.how}{term.value}' cannot be searched: {why}."
    return InvalidFields(message, {"q": [message]})


def _score(what: Searchable, words: tuple[str, ...]) -> ColumnElement[int]:
    """Whole value 4, beginning 2, anywhere 1; summed over words and columns."""
    total: ColumnElement[int] = literal(0)
    for word in words:
        for column in what.words:
            total = total + case(
                (func.lower(column) == word.lower(), 4),
                (column.istartswith(word, autoescape=True), 2),
                (column.icontains(word, autoescape=True), 1),
                else_=0,
            )
    return total


def _contains(column: Any) -> Texts:
    return lambda value: column.icontains(value, autoescape=True)


def _any_contains(*columns: Any) -> Texts:
    return lambda value: or_(*(column.icontains(value, autoescape=True) for column in columns))


def _column(column: Any) -> Callable[[str], ColumnElement[Any]]:
    return lambda _dialect: column


def _duration(dialect: str) -> ColumnElement[Any]:
    if dialect == "sqlite":
        days = func.julianday(func.coalesce(Job.completed_at, func.datetime("now"))) - func.julianday(Job.started_at)
        return cast(func.coalesce(days * 86_400 + 0.0005, 0), Integer)  # `floor` of a job that never began would fail
    ran = func.extract("epoch", func.coalesce(Job.completed_at, func.now()) - Job.started_at)
    return func.coalesce(func.floor(ran), 0)


def _in_log(value: str) -> ColumnElement[bool]:
    line = JobLogLine.line.icontains(value, autoescape=True)
    return exists().where(JobLogLine.job_id == Job.id, line)


def _by_schedule(_value: str) -> ColumnElement[bool]:
    # No job of this version was started by a schedule.
    return false()


CLUSTERS = Searchable(
    Cluster,
    {"name": _contains(Cluster.name), "status": _contains(Cluster.status)},
    {"id": _column(Cluster.id), "nodes": _column(Cluster.nodes)},
    {"created": Cluster.created_at, "terminated": Cluster.terminated_at},
    (cast(Cluster.id, String), Cluster.name),
    {
        "id": Cluster.id,
        "name": Cluster.name,
        "created": Cluster.created_at,
        "updated": Cluster.updated_at,
        "modified": Cluster.terminated_at,
    },
)
JOBS = Searchable(
    Job,
    {
        "status": _contains(Job.status),
        "package": _any_contains(Package.name, cast(Package.id, String)),
        "log": _in_log,
        "schedule": _by_schedule,
        "user": _any_contains(User.name, User.email),
    },
    {"id": _column(Job.id), "duration": _duration},
    {"started": Job.started_at, "finished": Job.completed_at},
    (cast(Job.id, String), Package.name),
    {"id": Job.id, "updated": Job.updated_at, "created": Job.created_at, "modified": Job.updated_at},
    (Job.package, Job.owner),
)
PACKAGES = Searchable(
    Package,
    {
        "name": _contains(Package.name),
        "description": _contains(Package.description),
        "user": _any_contains(User.name, User.email),
    },
    {"id": _column(Package.id)},
    {"created": Package.created_at, "modified": Package.updated_at},
    (Package.name, func.coalesce(Package.description, "")),
    {
        "id": Package.id,
        "updated": Package.updated_at,
        "created": Package.created_at,
        "modified": Package.updated_at,
        "name": Package.name,
    },
    (Package.owner,),
)

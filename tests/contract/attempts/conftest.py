"""The queue on each database: services over one store, under a clock that is moved by hand.

Every assignment to the state of a job or a cluster is checked against the moves of the domain, whoever makes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm.attributes import NEVER_SET, NO_VALUE

from penstock.domain import cluster as clusters_domain
from penstock.domain import job as jobs_domain
from penstock.services import attempts, clusters, jobs, packages, upkeep
from penstock.services.access import identify
from penstock.services.accounts import bootstrap
from penstock.services.attempts import Claimed, Lost, Report, WorkerFacts
from penstock.services.principal import Principal
from penstock.services.session import Sessions, open_store
from penstock.store.tables import Base, Cluster, Event, Job, JobLogLine, Slot, Worker

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = "queue-test-key-0001"
OUT = {"component": "out", "type": "cloud_storage_destination_component", "name": "folder", "fields": ["id"]}
RECEIPT = {"read": {"in": 9}, "left_out": 2, "bytes": 14}
WRITTEN = {
    "component": "out", "records": 7, "files": ["part-00000.csv"], "preview": "1", "preview_type": "csv", "receipt": RECEIPT,
}  # fmt: skip


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sessions]:
    """One store on each database, for all tests of this folder."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('queue') / 'penstock.db'}"
    else:
        url = request.getfixturevalue("new_database")()
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def queue(store: Sessions) -> Queue:
    """The store, emptied, with one account in it."""
    return Queue(store)


@pytest.fixture(autouse=True)
def legal_moves() -> Iterator[None]:
    """Let every illegal move fail where it is made."""

    def job(target: object, after: str, before: Any, _: object) -> None:
        if before not in (after, None, NO_VALUE, NEVER_SET):
            assert jobs_domain.may_move(jobs_domain.JobStatus(before), jobs_domain.JobStatus(after)), (before, after)

    def cluster(target: object, after: str, before: Any, _: object) -> None:
        if before not in (after, None, NO_VALUE, NEVER_SET):
            states = (clusters_domain.ClusterStatus(before), clusters_domain.ClusterStatus(after))
            assert clusters_domain.may_move(*states), states

    event.listen(Job.status, "set", job, active_history=True)
    event.listen(Cluster.status, "set", cluster, active_history=True)
    yield
    event.remove(Job.status, "set", job)
    event.remove(Cluster.status, "set", cluster)


class Queue:
    """What workers and callers do, each call one transaction at the instant that *now* shows."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.now = NOW
        with sessions.write() as uow:
            for table in reversed(Base.metadata.sorted_tables):
                uow.session.execute(table.delete())
            bootstrap(uow, "acme", KEY, self.now)
            self.principal = Principal(*identify(uow, KEY, "acme"))
            self.package_id = packages.create(uow, self.principal, {"name": "p"}, self.now).id

    @property
    def is_postgresql(self) -> bool:
        return self.sessions.engine.dialect.name == "postgresql"

    def later(self, seconds: float) -> None:
        """Move the clock."""
        self.now += timedelta(seconds=seconds)

    # --- what callers do

    def cluster(self, nodes: int = 1, **raw: Any) -> int:
        """A new cluster, `pending`."""
        with self.sessions.write() as uow:
            return clusters.create(uow, self.principal, {"nodes": nodes, "name": "pool", **raw}, self.now).id

    def ready_cluster(self, nodes: int = 1, **raw: Any) -> int:
        """A new cluster that is `available`; some worker must be alive."""
        made = self.cluster(nodes, **raw)
        self.keep_up()
        assert self.cluster_row(made).status == "available"
        return made

    def job(self, cluster_id: int, **raw: Any) -> int:
        """A new job, `idle`."""
        given = {"package_id": self.package_id, **raw}
        with self.sessions.write() as uow:
            return jobs.submit(uow, self.principal, cluster_id=cluster_id, now=self.now, **given).id

    def stop(self, job_id: int) -> None:
        with self.sessions.write() as uow:
            jobs.stop(uow, self.principal, job_id, self.now)

    def terminate(self, cluster_id: int) -> None:
        with self.sessions.write() as uow:
            clusters.terminate(uow, self.principal, cluster_id, self.now)

    def update(self, cluster_id: int, **raw: Any) -> None:
        with self.sessions.write() as uow:
            clusters.update(uow, self.principal, cluster_id, raw, self.now)

    # --- what workers do

    def join(self, worker: str, slots: int = 2) -> None:
        """Enter a worker, or prolong its lease."""
        with self.sessions.write() as uow:
            attempts.join(uow, WorkerFacts(worker, "host", 1, slots, 1 << 30), self.now)

    def leave(self, worker: str) -> None:
        with self.sessions.write() as uow:
            attempts.leave(uow, worker)

    def keep_up(self) -> list[str]:
        """One pass of the upkeep."""
        with self.sessions.write() as uow:
            return upkeep.keep_up(uow, self.now)

    def claim(self, worker: str) -> Claimed | Lost | None:
        with self.sessions.write() as uow:
            return attempts.claim(uow, worker, self.now)

    def claimed(self, worker: str) -> Claimed:
        """Claim a job, which has to be there."""
        taken = self.claim(worker)
        assert isinstance(taken, Claimed), taken
        return taken

    def has_work(self, worker: str) -> bool:
        with self.sessions.read() as uow:
            return attempts.has_work(uow, worker, self.now)

    def renew(self, worker: str, *held: Claimed) -> set[int]:
        with self.sessions.write() as uow:
            return attempts.renew(uow, worker, {one.job_id: one.epoch for one in held}, self.now)

    def stop_requests(self, worker: str) -> set[int]:
        with self.sessions.read() as uow:
            return attempts.stop_requests(uow, worker)

    def report(self, held: Claimed, **told: Any) -> bool:
        with self.sessions.write() as uow:
            return attempts.report(uow, held.job_id, held.epoch, Report(**told), self.now)

    def grant(self, held: Claimed, *written: Mapping[str, Any]) -> bool:
        """Ask for the grant, with one output declared."""
        with self.sessions.write() as uow:
            attempts.report(uow, held.job_id, held.epoch, Report(declared=[OUT]), self.now)
            return attempts.grant(uow, held.job_id, held.epoch, written or [WRITTEN], self.now)

    def stopping(self, held: Claimed) -> bool:
        with self.sessions.write() as uow:
            return attempts.stopping(uow, held.job_id, held.epoch, self.now)

    def completed(self, held: Claimed) -> bool:
        """End well, with one output."""
        with self.sessions.write() as uow:
            told = Report(declared=[OUT])
            return attempts.completed(uow, held.job_id, held.epoch, told, [WRITTEN], self.now)

    def failed(self, held: Claimed, sentence: str = "It broke.") -> bool:
        with self.sessions.write() as uow:
            return attempts.failed(uow, held.job_id, held.epoch, Report(), sentence, self.now)

    def unpublished(self, held: Claimed, *, counts: bool = True) -> bool:
        with self.sessions.write() as uow:
            return attempts.unpublished(uow, held.job_id, held.epoch, Report(), self.now, counts=counts)

    def is_running(self, held: Claimed) -> bool:
        with self.sessions.read() as uow:
            return attempts.is_running(uow, held.job_id, held.epoch)

    # --- what is there

    def job_row(self, job_id: int) -> Job:
        with self.sessions.read() as uow:
            return uow.session.get_one(Job, job_id)

    def job_rows(self) -> list[Job]:
        with self.sessions.read() as uow:
            return list(uow.session.scalars(select(Job).order_by(Job.id)))

    def cluster_row(self, cluster_id: int) -> Cluster:
        with self.sessions.read() as uow:
            return uow.session.get_one(Cluster, cluster_id)

    def placed(self, cluster_id: int) -> list[str | None]:
        """The workers of a cluster's slots, by number."""
        with self.sessions.read() as uow:
            wanted = select(Slot).where(Slot.cluster_id == cluster_id).order_by(Slot.number)
            found = list(uow.session.scalars(wanted))
        assert [slot.number for slot in found] == list(range(1, len(found) + 1))
        return [slot.worker_id for slot in found]

    def workers(self) -> list[str]:
        with self.sessions.read() as uow:
            return sorted(uow.session.scalars(select(Worker.id)))

    def events(self, kind: str, identity: int) -> list[str]:
        with self.sessions.read() as uow:
            wanted = select(Event.name).where(Event.kind == kind, Event.resource_id == identity).order_by(Event.id)
            return list(uow.session.scalars(wanted))

    def lines(self, job_id: int) -> list[str]:
        with self.sessions.read() as uow:
            wanted = select(JobLogLine).where(JobLogLine.job_id == job_id).order_by(JobLogLine.id)
            return [f"{one.epoch} {one.level} {one.line}" for one in uow.session.scalars(wanted)]

    def dump(self, job_id: int) -> dict[str, Any]:
        """Everything that is stored of a job, to tell whether anything changed."""
        row = self.job_row(job_id)
        kept = {column.key: getattr(row, column.key) for column in Job.__table__.columns}
        outputs = [(one.component_name, one.records_count, one.progress, one.files) for one in row.outputs]
        sources = [(one.component, one.records_count) for one in row.sources]
        return {**kept, "outputs": outputs, "sources": sources, "lines": self.lines(job_id)}

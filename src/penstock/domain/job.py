"""The states of a job and the moves between them (wire reference 4.2)."""

from __future__ import annotations

from enum import StrEnum


class JobStatus(StrEnum):
    """A state of a job, spelled as on the wire."""

    IDLE = "idle"
    PENDING = "pending"
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    PENDING_STOPPAGE = "pending_stoppage"
    STOPPING = "stopping"
    STOPPED = "stopped"


FINAL = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.STOPPED})
WAITING = frozenset({JobStatus.IDLE, JobStatus.PENDING, JobStatus.QUEUED})
STOPPABLE = WAITING | {JobStatus.RUNNING}

MOVES: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.IDLE: frozenset(
        {JobStatus.PENDING, JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.FAILED, JobStatus.PENDING_STOPPAGE}
    ),
    JobStatus.PENDING: frozenset({JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.FAILED, JobStatus.PENDING_STOPPAGE}),
    JobStatus.QUEUED: frozenset({JobStatus.RUNNING, JobStatus.FAILED, JobStatus.PENDING_STOPPAGE}),
    JobStatus.RUNNING: frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.PENDING_STOPPAGE}),
    JobStatus.PENDING_STOPPAGE: frozenset({JobStatus.STOPPING, JobStatus.STOPPED}),
    JobStatus.STOPPING: frozenset({JobStatus.STOPPED}),
    JobStatus.COMPLETED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.STOPPED: frozenset(),
}


def may_move(before: JobStatus, after: JobStatus) -> bool:
    """Tell whether a job may go from *before* to *after*; a final state never changes.

    >>> may_move(JobStatus.RUNNING, JobStatus.COMPLETED), may_move(JobStatus.COMPLETED, JobStatus.RUNNING)
    (True, False)
    """
    return after in MOVES[before]

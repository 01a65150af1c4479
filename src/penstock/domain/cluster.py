"""The states of a cluster and the moves between them (wire reference 4.1)."""

from __future__ import annotations

from enum import StrEnum


class ClusterStatus(StrEnum):
    """A state of a cluster, spelled as on the wire."""

    PENDING = "pending"
    CREATING = "creating"
    AVAILABLE = "available"
    IDLE = "idle"
    SCALING = "scaling"
    ERROR = "error"
    PENDING_TERMINATE = "pending_terminate"
    TERMINATING = "terminating"
    TERMINATED = "terminated"


READY = frozenset({ClusterStatus.AVAILABLE, ClusterStatus.IDLE})
STARTING = frozenset({ClusterStatus.PENDING, ClusterStatus.CREATING, ClusterStatus.SCALING})
ENDING = frozenset({ClusterStatus.PENDING_TERMINATE, ClusterStatus.TERMINATING, ClusterStatus.TERMINATED})
DELETABLE = frozenset({ClusterStatus.AVAILABLE, ClusterStatus.IDLE, ClusterStatus.SCALING, ClusterStatus.ERROR})

MOVES: dict[ClusterStatus, frozenset[ClusterStatus]] = {
    ClusterStatus.PENDING: frozenset({ClusterStatus.CREATING, ClusterStatus.ERROR}),
    ClusterStatus.CREATING: frozenset({ClusterStatus.AVAILABLE, ClusterStatus.ERROR}),
    ClusterStatus.AVAILABLE: frozenset(
        {ClusterStatus.IDLE, ClusterStatus.SCALING, ClusterStatus.PENDING_TERMINATE, ClusterStatus.ERROR}
    ),
    ClusterStatus.IDLE: frozenset(
        {ClusterStatus.AVAILABLE, ClusterStatus.SCALING, ClusterStatus.PENDING_TERMINATE, ClusterStatus.ERROR}
    ),
    ClusterStatus.SCALING: frozenset({ClusterStatus.AVAILABLE, ClusterStatus.PENDING_TERMINATE}),
    ClusterStatus.ERROR: frozenset({ClusterStatus.PENDING_TERMINATE}),
    ClusterStatus.PENDING_TERMINATE: frozenset({ClusterStatus.TERMINATING}),
    ClusterStatus.TERMINATING: frozenset({ClusterStatus.TERMINATED}),
    ClusterStatus.TERMINATED: frozenset(),
}


def may_move(before: ClusterStatus, after: ClusterStatus) -> bool:
    """Tell whether a cluster may go from *before* to *after*; `terminated` is final."""
    return after in MOVES[before]

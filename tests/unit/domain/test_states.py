"""The states of jobs and clusters, and the moves between them (wire reference 4.1, 4.2)."""

from __future__ import annotations

import pytest

from penstock.domain import cluster, job
from penstock.domain.cluster import ClusterStatus
from penstock.domain.job import JobStatus

JOB_MOVES = """
    idle pending | pending queued | pending running | queued running | running completed | idle failed | pending failed
    queued failed | running failed | idle pending_stoppage | pending pending_stoppage | queued pending_stoppage
    running pending_stoppage | pending_stoppage stopping | stopping stopped
"""
CLUSTER_MOVES = """
    pending creating | creating available | pending error | creating error | available idle | idle available
    idle pending_terminate | available scaling | idle scaling | scaling available | available pending_terminate
    scaling pending_terminate | error pending_terminate | pending_terminate terminating | terminating terminated
    available error | idle error
"""


def moves(text: str) -> list[tuple[str, str]]:
    return [tuple(one.split()) for line in text.split("\n") for one in line.split("|") if one.split()]  # type: ignore[misc]


@pytest.mark.parametrize(("before", "after"), moves(JOB_MOVES))
def test_every_move_of_a_job_that_the_reference_names(before: str, after: str) -> None:
    assert job.may_move(JobStatus(before), JobStatus(after))


@pytest.mark.parametrize(("before", "after"), moves(CLUSTER_MOVES))
def test_every_move_of_a_cluster_that_the_reference_names(before: str, after: str) -> None:
    assert cluster.may_move(ClusterStatus(before), ClusterStatus(after))


def test_clusters_make_no_other_moves() -> None:
    named = {(before.value, after.value) for before, found in cluster.MOVES.items() for after in found}
    assert named == set(moves(CLUSTER_MOVES))


def test_jobs_may_also_skip_what_takes_no_time() -> None:
    """A job that is claimed at once was never seen waiting, one that ran nowhere has nothing to stop."""
    named = {(before.value, after.value) for before, found in job.MOVES.items() for after in found}
    skipped = {("idle", "queued"), ("idle", "running"), ("pending_stoppage", "stopped")}
    assert named == set(moves(JOB_MOVES)) | skipped


def test_final_states_are_final() -> None:
    assert all(job.MOVES[one] == frozenset() for one in job.FINAL)
    assert cluster.MOVES[ClusterStatus.TERMINATED] == frozenset()
    assert all(job.MOVES[one] for one in JobStatus if one not in job.FINAL)
    assert all(cluster.MOVES[one] for one in ClusterStatus if one is not ClusterStatus.TERMINATED)


def test_every_state_leads_to_an_end() -> None:
    def ends(state: JobStatus) -> set[JobStatus]:
        found = set() if job.MOVES[state] else {state}
        for after in job.MOVES[state]:
            found |= ends(after)
        return found

    assert all(ends(one) <= job.FINAL for one in JobStatus)
    assert ends(JobStatus.PENDING_STOPPAGE) == {JobStatus.STOPPED}


def test_the_groups_of_states_agree_with_the_moves() -> None:
    asked = {one for one in JobStatus if job.may_move(one, JobStatus.PENDING_STOPPAGE)}
    assert asked == job.STOPPABLE
    ended = {one for one in ClusterStatus if cluster.may_move(one, ClusterStatus.PENDING_TERMINATE)}
    assert ended == cluster.DELETABLE
    assert not cluster.READY & (cluster.STARTING | cluster.ENDING)
    assert cluster.READY | cluster.STARTING | cluster.ENDING | {ClusterStatus.ERROR} == set(ClusterStatus)
    assert job.WAITING | job.FINAL | {JobStatus.RUNNING, JobStatus.PENDING_STOPPAGE, JobStatus.STOPPING} == set(
        JobStatus
    )

"""No statement takes a job out of a final state, whoever sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from penstock.domain.job import FINAL, JobStatus

if TYPE_CHECKING:
    from tests.contract.attempts.conftest import Queue


@pytest.mark.parametrize("final", sorted(FINAL))
@pytest.mark.parametrize("after", sorted(JobStatus))
def test_a_final_state_stays(queue: Queue, final: JobStatus, after: JobStatus) -> None:
    queue.join("a")
    made = queue.job(queue.ready_cluster())

    def write(status: str) -> None:
        with queue.sessions.write() as uow:
            uow.session.execute(text("UPDATE jobs SET status = :s WHERE id = :id"), {"s": status, "id": made})

    write(final)
    if after == final:
        write(after)
    else:
        with pytest.raises(IntegrityError, match="the final state of a job never changes"):
            write(after)
    assert queue.job_row(made).status == final


def test_what_a_job_that_ended_says_may_still_change(queue: Queue) -> None:
    queue.join("a")
    made = queue.job(queue.ready_cluster())
    with queue.sessions.write() as uow:
        for change in ("status = 'failed'", "errors = 'why'"):
            uow.session.execute(text(f"UPDATE jobs SET {change} WHERE id = {made}"))
    assert queue.job_row(made).errors == "why"

"""The chain of migrations gives exactly the tables that the code knows, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from penstock.services.session import Sessions, open_store
from penstock.store.migrations import upgrade
from penstock.store.tables.base import Base


def test_the_chain_gives_the_metadata(sessions: Sessions) -> None:
    with sessions.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_twice_changes_nothing(sessions: Sessions) -> None:
    before = inspect(sessions.engine).get_table_names()
    upgrade(sessions.engine)
    assert inspect(sessions.engine).get_table_names() == before


def test_processes_that_start_at_once_do_not_collide(store_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: open_store(store_url), range(4)))
    try:
        assert "jobs" in inspect(opened[0].engine).get_table_names()
    finally:
        for one in opened:
            one.close()

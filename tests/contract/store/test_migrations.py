"""The chain of migrations gives exactly the tables that the code knows, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib import resources

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from penstock.errors import BadRequest
from penstock.services.session import Sessions, open_store
from penstock.store import migrations
from penstock.store.migrations import NEWEST, upgrade
from penstock.store.tables.base import Base


def test_the_chain_gives_the_metadata(sessions: Sessions) -> None:
    with sessions.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_twice_changes_nothing(sessions: Sessions) -> None:
    before = inspect(sessions.engine).get_table_names()
    upgrade(sessions.engine)
    assert inspect(sessions.engine).get_table_names() == before


def test_the_newest_revision_is_the_head_of_the_chain() -> None:
    chain = ScriptDirectory(str(resources.files(migrations)))
    assert chain.get_heads() == [NEWEST]


def test_a_store_of_a_newer_release_is_left_alone(sessions: Sessions) -> None:
    with sessions.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(BadRequest, match="newer Penstock, to revision 9999; this one knows"):
        upgrade(sessions.engine)


def test_processes_that_start_at_once_do_not_collide(store_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: open_store(store_url), range(4)))
    try:
        assert "jobs" in inspect(opened[0].engine).get_table_names()
    finally:
        for one in opened:
            one.close()

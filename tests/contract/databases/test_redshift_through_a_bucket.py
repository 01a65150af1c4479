"""Records that go into Redshift through a bucket: an S3 for the tests, and PostgreSQL, whose own COPY does here what that of
Redshift is told, from what lies in the bucket."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any

import obstore
import pyarrow as pa
import pytest
from obstore.store import S3Store

from penstock.connectors.databases.redshift.target import RedshiftTarget

if TYPE_CHECKING:
    from tests.contract.databases.conftest import Base, Jobs

FIELDS = ["id:long", "name:string", "at:datetime", "total:double", "is_so:boolean"]
TEXT = "1,it's \\ 😀,2024-05-06T07:08:09.123Z,0.5,true\n2,,,,\n3,\\N,1969-12-31T23:59:59.999Z,1e300,false\n"
COPIED = re.compile(
    r"COPY (?P<table>\S+) \((?P<columns>.*)\) FROM 's3://(?P<bucket>[^/]+)/(?P<folder>.*)' ACCESS_KEY_ID '(?P<key>.*)' "
    r"SECRET_ACCESS_KEY '(?P<secret>.*)' REGION 'eu-west-1' CSV ZSTD NULL AS '(?P<null>\w+)' DATEFORMAT 'auto' "
    r"TIMEFORMAT 'auto' COMPUPDATE OFF"
)
_numbers = count(1)


class Copies:
    """Does what COPY is told, and keeps it."""

    def __init__(self, endpoint: str, bucket: str) -> None:
        self.told: list[str] = []
        self.fails = False
        self.bucket = bucket
        self.raw = S3Store(
            bucket, endpoint=endpoint, access_key_id="raw", secret_access_key="raw", virtual_hosted_style_request=False,
            region="us-east-1", client_options={"allow_http": True},
        )  # fmt: skip
        self.records = 0

    @property
    def names(self) -> list[str]:
        """What lies in the bucket."""
        return [str(one["path"]) for one in obstore.list(self.raw).collect()]

    def run(self, raw: Any, sql: str) -> None:
        """Have PostgreSQL copy."""
        found = COPIED.fullmatch(sql)
        assert found is not None, sql
        self.told.append(sql)
        assert (found["bucket"], found["key"], found["secret"]) == (self.bucket, "a-key-of-moto", "canary-of-s3")
        assert found["folder"].startswith("way/in/penstock_")
        names = sorted(one for one in self.names if one.startswith(found["folder"]))
        assert names
        for name in names:
            data = pa.BufferReader(bytes(obstore.get(self.raw, name).bytes()))
            with pa.CompressedInputStream(data, "zstd") as text, raw.cursor() as cursor:
                into = f"COPY {found['table']} ({found['columns']}) FROM STDIN (FORMAT csv, NULL '{found['null']}')"
                with cursor.copy(into.encode()) as copy:
                    copy.write(text.read())
                self.records += cursor.rowcount


@pytest.fixture
def base(redshift_base: Base) -> Base:
    redshift_base.sql(
        "CREATE TABLE t (id bigint, name varchar(99), at timestamp with time zone, total double precision, is_so boolean)",
        "INSERT INTO t (id, name) VALUES (1, 'old')",
    )
    return redshift_base


@pytest.fixture
def copies(s3: str, new_bucket: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> Copies:
    bucket = f"way-{next(_numbers)}"
    new_bucket(bucket)
    made = Copies(s3, bucket)
    execute, rows = RedshiftTarget.execute, RedshiftTarget.rows

    def executed(self: Any, sql: str) -> int:
        if not sql.startswith("COPY"):
            return execute(self, sql)
        made.records = 0
        if made.fails:
            return execute(self, "SELECT 1 / 0")
        made.run(self._raw, sql)
        return 0

    def asked(self: Any, sql: str) -> Any:
        return [(made.records,)] if "pg_last_copy_count" in sql else rows(self, sql)

    monkeypatch.setattr(RedshiftTarget, "execute", executed)
    monkeypatch.setattr(RedshiftTarget, "rows", asked)
    return made


def load(jobs: Jobs, copies: Copies, s3: str, text: str = TEXT, lake: str = "s3", **properties: Any) -> None:
    """Run a load through the bucket."""
    (jobs.lake / "in.csv").write_text(text)
    store = {
        "type": "s3", "username": "a-key-of-moto", "endpoint": s3, "region": "eu-west-1",
        "secrets": {"password": "canary-of-s3"},
    }  # fmt: skip
    file = {"type": "file", "path": str(jobs.lake)}
    target = jobs.target(
        **properties, staging={"connection": {"name": "way"}, "bucket": f"{copies.bucket}/way", "path": "in/"}
    )
    jobs.run(
        jobs.records(FIELDS, quote="none"), {**target, "type": "redshift_destination_component"},
        connections={"lake": file, "db": jobs.base.connection, "way": store if lake == "s3" else file},
    )  # fmt: skip


def test_what_goes_through_arrives_as_it_is(jobs: Jobs, base: Base, copies: Copies, s3: str) -> None:
    load(jobs, copies, s3)
    found = base.rows("SELECT id, name, at::text, total, is_so FROM t ORDER BY id, name")
    assert found == [
        (1, "it's \\ 😀", "2024-05-06 07:08:09.123+00", 0.5, True), (1, "old", None, None, None), (2, None, None, None, None),
        (3, "\\N", "1969-12-31 23:59:59.999+00", 1e300, False),
    ]  # fmt: skip
    assert len(copies.told) == 1
    assert copies.names == []


def test_a_merge_goes_through_a_table_of_the_session(jobs: Jobs, base: Base, copies: Copies, s3: str) -> None:
    load(jobs, copies, s3, operation="merge_update_insert", mapping=["id*", "name", "total"])
    assert base.rows("SELECT id, name, total FROM t ORDER BY id") == [
        (1, "it's \\ 😀", 0.5),
        (2, None, None),
        (3, "\\N", 1e300),
    ]


def test_nothing_stays_in_the_bucket_of_a_load_that_fails(jobs: Jobs, base: Base, copies: Copies, s3: str) -> None:
    copies.fails = True
    with pytest.raises(Exception, match="division by zero"):
        load(jobs, copies, s3)
    assert base.rows("SELECT id, name FROM t") == [(1, "old")]
    assert copies.names == []
    assert "canary" not in jobs.told.text


def test_no_records_need_no_copy(jobs: Jobs, base: Base, copies: Copies, s3: str) -> None:
    load(jobs, copies, s3, text="")
    assert copies.told == []
    assert base.rows("SELECT id FROM t") == [(1,)]


def test_a_place_that_redshift_does_not_read_is_refused(jobs: Jobs, base: Base, copies: Copies, s3: str) -> None:
    with pytest.raises(Exception, match="'staging' is a bucket of S3, which alone Redshift reads"):
        load(jobs, copies, s3, lake="file")
    assert base.rows("SELECT id FROM t") == [(1,)]


@pytest.mark.parametrize("policy", ["skip", "set_null"])
def test_what_may_not_fit_goes_through_as_text(jobs: Jobs, base: Base, copies: Copies, s3: str, policy: str) -> None:
    base.sql("ALTER TABLE t ALTER total TYPE numeric(3,1), ALTER name TYPE varchar(5)")
    load(jobs, copies, s3, text="7,short,,9.9,\n8,too long,,1e9,true\n", on_bad_value=policy)
    bad = [] if policy == "skip" else [(8, None, None, True)]
    found = base.rows("SELECT id, name, total::text, is_so FROM t WHERE id > 1 ORDER BY id")
    assert found == [(7, "short", "9.9", None), *bad]
    assert copies.names == []

"""Packages from the command line whose files are in stores, read and written by real servers."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import obstore
import pyarrow.parquet
import pytest
from obstore.store import S3Store

PENSTOCK = Path(sys.executable).with_name("penstock")
PACKAGE = """
penstock: 1
name: Large orders
components:
  - name: orders
    type: cloud_storage_source
    connection: lake
    bucket: {bucket}
    path: orders/2024-*/*.csv
    delimiter: ","
    skip_header: true
    fields: [id: long, total: double, {{pseudo: file_path, alias: origin}}]
  - name: large
    type: filter
    input: orders
    where: [total > 100]
  - name: out
    type: cloud_storage_destination
    input: large
    connection: lake
    bucket: {bucket}
    path: large/
    format: json
    compression: gzip
    if_exists: replace
"""


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Runs a package with connections from the command line; returns exit code, standard output and standard error."""

    def run(package: str, connections: dict[str, Any], **environ: str) -> tuple[int, str, str]:
        (tmp_path / "package.yaml").write_text(package)
        (tmp_path / "connections.json").write_text(json.dumps(connections))
        words = [PENSTOCK, "run", tmp_path / "package.yaml", "--connections", tmp_path / "connections.json", "--json"]
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, cwd=tmp_path, env={"PATH": "/usr/bin:/bin", **environ}
        )
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.mark.parametrize("allow", [None, "127.0.0.0/8"], ids=["direct", "guarded"])
def test_from_s3_to_s3(run: Any, s3: str, new_bucket: Any, allow: str | None) -> None:
    bucket = f"orders-{'guarded' if allow else 'direct'}"
    new_bucket(bucket)
    raw = S3Store(
        bucket, endpoint=s3, access_key_id="raw", secret_access_key="raw", virtual_hosted_style_request=False,
        region="us-east-1", client_options={"allow_http": True},
    )  # fmt: skip
    obstore.put(raw, "orders/2024-01/a.csv", b"id,total\n1,50\n2,150\n")
    obstore.put(raw, "orders/2024-02/b.csv", b"id,total\n3,250.5\n")
    obstore.put(raw, "orders/2023-12/c.csv", b"id,total\n4,900\n")
    obstore.put(raw, "large/old.json", b"old")
    lake = {"type": "s3", "username": "an-access-key-of-moto", "password": "canary-of-s3", "endpoint": s3}
    environ = {"PENSTOCK_OUTBOUND_ALLOW": allow} if allow else {}
    code, out, err = run(PACKAGE.format(bucket=bucket), {"lake": lake}, **environ)
    assert code == 0, err
    assert f"{bucket}/large/part-00000.json.gz" in out
    assert "canary-of-s3" not in out + err
    assert [one["path"] for one in obstore.list(raw, "large").collect()] == ["large/part-00000.json.gz"]
    lines = gzip.decompress(bytes(obstore.get(raw, "large/part-00000.json.gz").bytes())).decode().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"id": 2, "total": 150.0, "origin": f"{bucket}/orders/2024-01/a.csv"},
        {"id": 3, "total": 250.5, "origin": f"{bucket}/orders/2024-02/b.csv"},
    ]


def test_a_store_of_an_internal_network_is_refused(run: Any, s3: str) -> None:
    lake = {"type": "s3", "username": "an-access-key-of-moto", "password": "canary-of-s3", "endpoint": s3}
    code, out, err = run(PACKAGE.format(bucket="any"), {"lake": lake}, PENSTOCK_OUTBOUND_ALLOW="10.0.0.0/8")
    assert code == 1
    assert "has the internal address 127.0.0.1, which no connection may reach" in out + err


def test_signatures_are_those_that_s3_wants(run: Any, signed_s3: Any) -> None:
    endpoint, folder, (name, secret) = signed_s3
    (folder / "signed" / "orders" / "2024-01").mkdir(parents=True)
    (folder / "signed" / "orders" / "2024-01" / "ä b+c.csv").write_text("id,total\n7,700\n")
    lake = {"type": "s3", "username": name, "password": secret, "endpoint": endpoint}
    code, out, err = run(PACKAGE.format(bucket="signed"), {"lake": lake})
    assert code == 0, out + err
    raw = S3Store(
        "signed", endpoint=endpoint, access_key_id=name, secret_access_key=secret, virtual_hosted_style_request=False,
        region="us-east-1", client_options={"allow_http": True},
    )  # fmt: skip
    assert [one["path"] for one in obstore.list(raw, "large").collect()] == ["large/part-00000.json.gz"]
    code, out, err = run(PACKAGE.format(bucket="signed"), {"lake": {**lake, "password": "another-secret"}})
    assert code == 1
    assert "is refused to this account (SignatureDoesNotMatch" in out + err


def test_the_package_of_the_guide_runs(run: Any, s3: str, new_bucket: Any) -> None:
    page = (Path(__file__).parents[2] / "docs" / "guide" / "stores.md").read_text()
    package = page.partition("```yaml\n")[2].partition("```")[0]
    lake = tomllib.loads(page.partition("```toml\n")[2].partition("```")[0])["lake"]
    new_bucket("sales")
    raw = S3Store(
        "sales", endpoint=s3, access_key_id="raw", secret_access_key="raw", virtual_hosted_style_request=False,
        region="us-east-1", client_options={"allow_http": True},
    )  # fmt: skip
    obstore.put(raw, "orders/2024-03/a.csv", b"id,customer,total\n1,x,50\n2,y,150\n")
    obstore.put(raw, "orders/2024-07/b.csv", b"id,customer,total\n3,x,500\n")
    code, out, err = run(package, {"lake": {**lake, "endpoint": s3}})
    assert code == 0, out + err
    table = pyarrow.parquet.read_table(io.BytesIO(bytes(obstore.get(raw, "large/part-00000.parquet").bytes())))
    assert table.to_pylist() == [{"id": 2, "customer": "y", "total": 150.0}]


def test_jobs_of_a_server_read_and_write_buckets_and_sftp(
    serve: Callable[..., Any], flows: Any, tmp_path: Path, s3: str, new_bucket: Any, sshd: Any
) -> None:
    server = serve(f"sqlite:///{tmp_path}/penstock.db", PENSTOCK_OUTBOUND_ALLOW="127.0.0.0/8")
    new_bucket("jobs")
    account = {"name": "lake", "username": "a-key-of-moto", "password": "canary-of-s3", "endpoint": s3}
    lake = server.call("POST", "connections/s3", account)
    login = {"name": "drop", "host": "127.0.0.1", "port": sshd.port, "username": "guest", "password": sshd.password}
    drop = server.call("POST", "connections/sftp", {**login, "host_key": sshd.public})
    for one in (lake, drop):
        assert server.call("POST", f"connections/{one['type']}/{one['id']}/test") is True
    (sshd.data / "numbers.csv").write_text("n\n1\n2\n3\n")
    sshd.opened()
    cluster = server.cluster()

    def ran(source: tuple[str, dict[str, str]], target: tuple[str, dict[str, str]]) -> dict[str, Any]:
        read = flows.source("numbers", source[0], source[1].pop("path"), ("n", "int"))
        write = flows.target("out", target[0], target[1].pop("path"), if_exists="append")
        read["properties"] |= source[1]
        write["properties"] |= target[1]
        flow = flows.flow(read, write, edges=[("numbers", "out")])
        return server.wait(server.submit(cluster, server.package(flow)))

    job = ran((drop["unique_id"], {"path": "numbers.csv"}), (lake["unique_id"], {"path": "in", "bucket": "jobs"}))
    assert job["status"] == "completed", job["errors"]
    job = ran((lake["unique_id"], {"path": "in/*", "bucket": "jobs"}), (drop["unique_id"], {"path": "out/numbers"}))
    assert job["status"] == "completed", job["errors"]
    assert job["outputs"][0]["records_count"] == 3
    (made,) = (sshd.data / "out" / "numbers").iterdir()
    assert "".join(made.read_text().split()) == "n123"
    assert "canary" not in server.said()
    assert list((server.home / "data" / "scratch" / "staged").iterdir()) == []

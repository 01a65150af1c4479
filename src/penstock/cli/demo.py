"""`make demo`: a server of its own, the example packages over real data, all of it through the HTTP API.

`python -m penstock.cli.demo FOLDER EXAMPLES`; FOLDER is thrown away first and kept afterwards, for whoever looks.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from penstock.cli.client import Client
from penstock.cli.demo_data import prepare_flights
from penstock.cli.packages import read_package
from penstock.domain.cluster import ClusterStatus
from penstock.domain.job import FINAL, JobStatus
from penstock.errors import PenstockError, PermanentError
from penstock.lang.document.rebind import rebind

ACCOUNT = "demo"
PACKAGES: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("delays.yaml", {"variables": {"least": "90"}}),
    (
        "flights.yaml",
        {
            "variables": {"min_distance": "500"},
            "dynamic_variables": {"run_at": "CurrentTime()"},
        },
    ),
)
"""Package files, and what their jobs are given."""
READY_S = 60.0
JOB_S = 300.0
LOOK_EVERY_S = 0.05
ROWS = 5


def main(folder: Path, examples: Path) -> int:
    """Run the demo; returns 0 when every job completed, else 1."""
    console = Console(highlight=False, soft_wrap=True)
    started = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    data = folder / "files" / "demo"
    prepare_flights(data)
    try:
        with _serving(folder, console) as client:
            statuses = _tell(client, console, data, examples)
    except PenstockError as error:
        console.print(f"[bold red]failed[/]: {error.message}")
        return 1
    console.print(f"The demo took {time.monotonic() - started:.1f} s. Its files are in {folder}.", markup=False)
    return 0 if all(status == JobStatus.COMPLETED for status in statuses) else 1


def _tell(client: Client, console: Console, data: Path, examples: Path) -> list[str]:
    cluster = client.call("POST", "clusters", {"name": "demo", "nodes": 1})
    console.print(f"POST …/clusters           cluster {cluster['id']}: {cluster['status']}", markup=False)
    while cluster["status"] != ClusterStatus.AVAILABLE:
        time.sleep(LOOK_EVERY_S)
        cluster = client.call("GET", f"clusters/{cluster['id']}")
    console.print(f"GET  …/clusters/{cluster['id']}         {cluster['status']}", markup=False)
    connection = client.call("POST", "connections/file", {"name": "demo", "path": str(data.resolve())})
    console.print(f"POST …/connections/file   {connection['unique_id']}: {connection['path']}", markup=False)
    statuses = []
    for name, given in PACKAGES:
        body = read_package(examples / name).raw
        flow, _ = rebind(json.dumps(body["data_flow_json"]), {"demo": connection["unique_id"]})
        package = client.call("POST", "packages", {**body, "data_flow_json": flow})
        console.print(f"\nPOST …/packages           package {package['id']}: {package['name']}", markup=False)
        job = client.call("POST", "jobs", {"cluster_id": cluster["id"], "package_id": package["id"], **given})
        console.print(f"POST …/jobs               job {job['id']}: {json.dumps(given)}", markup=False)
        job = _watch(client, console, job)
        _show(client, console, job, data)
        statuses.append(str(job["status"]))
    return statuses


def _watch(client: Client, console: Console, job: dict[str, Any]) -> dict[str, Any]:
    """Show how a job goes until it ends."""
    started = time.monotonic()
    bars = Progress(
        TextColumn("  {task.description:<24}"), BarColumn(), TextColumn("{task.fields[count]:>18}"),
        TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip
    tasks: dict[str, TaskID] = {}

    def move(name: str, share: float | None, count: str) -> None:
        if name not in tasks:
            tasks[name] = bars.add_task(name, total=None if share is None else 1.0, count=count)
        bars.update(tasks[name], completed=share or 0.0, count=count)

    status = ""
    with bars:
        while True:
            if job["status"] != status:
                status = job["status"]
                console.print(f"GET  …/jobs/{job['id']}             {status}", markup=False)
            move("job", job["progress"], "")
            for source in job["sources"]:
                move(source["component"], None, f"{source['records_count']:,} read")
            for output in job["outputs"]:
                move(output["component"]["name"], output["progress"], f"{output['records_count']:,} written")
            if status in FINAL:
                return {**job, "took_s": time.monotonic() - started}
            if time.monotonic() - started > JOB_S:
                raise PermanentError(f"Job {job['id']} is still {status} after {JOB_S:g} s.")
            time.sleep(LOOK_EVERY_S)
            job = client.call("GET", f"jobs/{job['id']}")


def _show(client: Client, console: Console, job: Mapping[str, Any], data: Path) -> None:
    if job["status"] != JobStatus.COMPLETED:
        console.print(f"  {job['errors']}", markup=False)
        return
    read = sum(source["records_count"] for source in job["sources"])
    console.print(f"  {read:,} records read, in {job['took_s']:.2f} s from the order to the files:", markup=False)
    for output in job["outputs"]:
        console.print(f"    {output['component']['name']}: {output['records_count']:,} records", markup=False)
        for file in sorted((data / output["name"]).iterdir()):
            console.print(f"      {file}", markup=False)
    for output in job["outputs"]:
        if output["preview_type"] == "csv":
            text = client.call("GET", f"jobs/{job['id']}/outputs/{output['id']}/preview")["preview"]
            lines = [line for line in text.split("\n") if line]
            console.print(f"  {output['component']['name']}, first rows:", markup=False)
            for line in lines[: ROWS + 1]:
                console.print(f"    {line}", markup=False)


@contextmanager
def _serving(folder: Path, console: Console) -> Iterator[Client]:
    """Run a server over a folder, and stop it at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    key = secrets.token_urlsafe(24)
    server = f"http://127.0.0.1:{port}"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
    environ |= {"PENSTOCK_ACCOUNT": ACCOUNT, "PENSTOCK_API_KEY": key, "PENSTOCK_SLOTS": "1"}
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "penstock", "serve", "--port", str(port), "--data-dir", str(folder)],
            env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    client = Client(server, ACCOUNT, key)
    try:
        _await_ready(client, process, folder / "server.log")
        console.print(f"Penstock serves {server}/{ACCOUNT}/api over the folder {folder}.", markup=False)
        yield client
    finally:
        client.close()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_ready(client: Client, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_S
    while process.poll() is None and time.monotonic() < until:
        try:
            client.call("GET", "rate_limit_status")
        except PermanentError:
            time.sleep(0.05)
        else:
            return
    said = log.read_text("utf-8", "replace").strip()[-500:]
    raise PermanentError(f"The server did not start. It said: {said or 'nothing'}")


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))

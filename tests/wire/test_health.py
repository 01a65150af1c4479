"""Health: alive while the process is, ready while the store can be reached."""

from __future__ import annotations

import shutil
from pathlib import Path

from starlette.testclient import TestClient

from penstock.api.app import create_app
from penstock.api.deps import Deps
from penstock.kit.clock import system_clock
from penstock.services.session import open_store


def test_a_server_without_its_store_is_alive_and_not_ready(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    sessions = open_store(f"sqlite:///{folder / 'penstock.db'}")
    app = create_app(Deps(sessions=sessions, clock=system_clock, wake=lambda: None))
    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.get("/readyz").status_code == 200
        sessions.close()
        shutil.rmtree(folder)
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "store" in answer.json()["message"]
        assert client.get("/livez").status_code == 200

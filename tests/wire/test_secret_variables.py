"""Secret variables of packages: taken, sealed, never given back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from penstock.api.app import Penstock
from penstock.kit.sealing import Seal
from penstock.services import secrets
from penstock.services.session import Sessions
from penstock.store.tables import SecretVariable

ALL = "/acme/api/packages"
CANARY = "canary-7Hq2/+x'\"\\ü"
SEAL = Seal([bytes(range(32))])
KEY = {"Authorization": "Basic d2lyZS10ZXN0LWtleS0wMDAxOg=="}


@pytest.fixture(scope="module")
def sealing(make_app: Callable[..., Penstock]) -> Iterator[TestClient]:
    """Calls as the owner of the account of a server that has a key."""
    with TestClient(make_app(seal=SEAL), raise_server_exceptions=False, headers=KEY) as client:
        yield client


def opened(sessions: Sessions, package_id: int, seal: Seal = SEAL) -> dict[str, str | None]:
    with sessions.read() as uow:
        return secrets.opened(uow, package_id, seal)


def made(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post(ALL, json=body)
    assert answer.status_code == 201, answer.text
    assert CANARY not in answer.text
    assert json.dumps(CANARY)[1:-1] not in answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_values_are_sealed_and_their_names_shown(sealing: TestClient, sessions: Sessions, home: Path) -> None:
    package = made(sealing, name="p", secret_variables={"token": CANARY, "b": 5, "a": True, "later": None})
    assert package["secret_variable_names"] == ["token", "b", "a", "later"]
    assert "secret_variables" not in package
    assert opened(sessions, package["id"]) == {"token": CANARY, "b": "5", "a": "true", "later": None}
    with sessions.read() as uow:
        uow.session.connection().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = b"".join(path.read_bytes() for path in home.glob("penstock.db*"))
    assert b"canary-7Hq2" not in stored
    assert b"s1." in stored


def test_no_answer_gives_a_value_back(sealing: TestClient) -> None:
    package = made(sealing, name="p", secret_variables={"token": CANARY})
    one = f"{ALL}/{package['id']}"
    answers = [
        sealing.get(one), sealing.get(f"{one}?include=flow"), sealing.get(ALL), sealing.get(f"{one}/export"),
        sealing.get(f"{ALL}/search?q=p"), sealing.put(one, json={"name": "q"}), sealing.post(f"{one}/validate"),
        sealing.get(f"{one}/validations"), sealing.delete(one),
    ]  # fmt: skip
    for answer in answers:
        assert answer.status_code in (200, 201), answer.text
        assert "canary" not in answer.text


def test_a_change_replaces_names_and_keeps_values_that_are_not_given(sealing: TestClient, sessions: Sessions) -> None:
    package = made(sealing, secret_variables={"a": "1", "b": "2", "c": "3"})
    one = f"{ALL}/{package['id']}"
    assert sealing.put(one, json={"name": "x"}).json()["secret_variable_names"] == ["a", "b", "c"]
    changed = sealing.put(one, json={"secret_variables": {"c": "9", "a": None, "d": "4"}}).json()
    assert changed["secret_variable_names"] == ["a", "c", "d"]
    assert opened(sessions, package["id"]) == {"a": "1", "c": "9", "d": "4"}
    assert sealing.put(one, json={"secret_variables": []}).json()["secret_variable_names"] == []


def test_an_export_has_the_names_and_is_read_back(sealing: TestClient, sessions: Sessions) -> None:
    package = made(sealing, secret_variables={"a": "1", "b": "2"})
    exported = sealing.get(f"{ALL}/{package['id']}/export").json()
    assert exported["secret_variables"] == ["a", "b"]
    assert sealing.put(f"{ALL}/{package['id']}", json=exported).status_code == 200
    assert opened(sessions, package["id"]) == {"a": "1", "b": "2"}
    again = made(sealing, **exported)
    assert opened(sessions, again["id"]) == {"a": None, "b": None}
    assert "secret_variables" not in sealing.get(f"{ALL}/{made(sealing)['id']}/export").json()


def test_a_copy_has_the_secrets_sealed_for_its_own_place(sealing: TestClient, sessions: Sessions) -> None:
    package = made(sealing, secret_variables={"a": "1", "b": "2"})
    copy = made(sealing, source_package_id=package["id"])
    assert opened(sessions, copy["id"]) == {"a": "1", "b": "2"}
    other = made(sealing, source_package_id=package["id"], secret_variables={"b": "9", "a": None, "c": "3"})
    assert opened(sessions, other["id"]) == {"b": "9", "a": "1", "c": "3"}


def test_a_value_that_is_moved_to_another_row_does_not_open(sealing: TestClient, sessions: Sessions) -> None:
    first, second = (made(sealing, secret_variables={"a": name}) for name in ("one", "two"))
    with sessions.write() as uow:
        rows = {row.package_id: row for row in uow.session.query(SecretVariable)}
        rows[second["id"]].sealed = rows[first["id"]].sealed
    with pytest.raises(secrets.PermanentError, match="The secret variable 'a' cannot be opened"):
        opened(sessions, second["id"])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"1a": "x"}, "letters, digits"),
        ({"a b": "x"}, "letters, digits"),
        ({"_JOB_ID": "x"}, "predefined"),
        ({"a": {"deep": "x"}}, "flat"),
        ({"a": "x" * 70_000}, "65536"),
        ("text", "object"),
        ([1], "object"),
        ({"both": "x"}, "secret variable of the package"),
    ],
)
def test_what_cannot_be_a_secret_is_refused_without_its_value(sealing: TestClient, given: Any, says: str) -> None:
    answer = sealing.post(ALL, json={"secret_variables": given, "variables": {"both": "1"}})
    assert answer.status_code == 422
    assert says in answer.json()["message"]
    assert "xxx" not in answer.text


def test_a_variable_of_the_name_of_a_secret_is_refused(sealing: TestClient) -> None:
    package = made(sealing, secret_variables={"token": CANARY})
    answer = sealing.put(f"{ALL}/{package['id']}", json={"variables": {"token": "'x'"}})
    assert (answer.status_code, "canary" in answer.text) == (422, False)


@pytest.mark.parametrize("field", ["variables", "dynamic_variables"])
def test_a_run_is_not_given_a_secret_in_the_open(sealing: TestClient, cluster: dict[str, Any], field: str) -> None:
    package = made(sealing, secret_variables={"token": CANARY})
    body = {"cluster_id": cluster["id"], "package_id": package["id"], field: {"token": "x"}}
    answer = sealing.post("/acme/api/jobs", json=body)
    assert answer.status_code == 422
    assert "is a secret variable" in answer.json()["message"]


def test_without_a_key_secrets_are_refused_and_all_else_works(owner: TestClient) -> None:
    answer = owner.post(ALL, json={"secret_variables": {"a": "x"}})
    assert (answer.status_code, "PENSTOCK_SEALING_KEY" in answer.text) == (422, True)
    assert owner.post(ALL, json={"secret_variables": ["a"]}).status_code == 201


def test_validation_knows_secrets(sealing: TestClient) -> None:
    package = made(sealing, variables={"a": "CONCAT('$token', '$nope')"}, secret_variables=["token"])
    found = sealing.post(f"{ALL}/{package['id']}/validate").json()["errors"]
    messages = [one["message"] for one in found if one["code"] == "PK303"]
    assert len(messages) == 1
    assert "'$nope' is not defined" in messages[0]

"""What a connection lends to the requests of a component: a name and a password, a token, or one that a service gives."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs

import pytest

from penstock.connectors.web import logins
from penstock.connectors.web.rest import WebApis
from penstock.errors import ConnectionTestFailed, PermanentError
from penstock.kit.secret import hidden
from penstock.plan.ports import Connection
from penstock.services.connection_types import TYPES

ID = [{"name": "id", "type": "long"}]
SECRET = "canary/5ecret+"


@pytest.fixture(autouse=True)
def _no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "_given", {})


def reading(runner: Any, service: Any, kind: str, secrets: dict[str, str], **parameters: Any) -> Any:
    runner.connections["api"] = {"type": kind, **parameters, "secrets": secrets}
    return runner.read(
        ID, url=service.url(), authentication="connection", keys={"connection": {"name": "api"}}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "given", "header", "value"),
    [
        (
            "basic_auth",
            {"username": "ann"},
            "authorization",
            "Basic " + base64.b64encode(f"ann:{SECRET}".encode()).decode(),
        ),
        ("bearer", {}, "authorization", f"Bearer {SECRET}"),
        ("hubspot", {}, "authorization", f"Bearer {SECRET}"),
        ("shopify", {}, "x-shopify-access-token", SECRET),
        ("salesforce", {"environment": "production"}, "authorization", f"Bearer {SECRET}"),
    ],
)
def test_what_a_type_lends(
    service: Any, runner: Any, reply: Any, kind: str, given: dict[str, str], header: str, value: str
) -> None:
    service.on("/", reply([{"id": 1}]))
    assert reading(runner, service, kind, {"password": SECRET}, **given) == [{"id": 1}]
    assert service.asked[0].headers[header] == value


def test_every_strategy_is_of_a_type() -> None:
    assert set(logins.strategies()) <= set(TYPES)


def tokens(service: Any, reply: Any, *more: Any) -> None:
    """A service that gives the tokens t1, t2, …, and takes the last."""
    given: list[str] = []

    def give(asked: Any) -> Any:
        given.append(f"canary-token-{len(given) + 1}")
        return reply({"access_token": given[-1], "token_type": "bearer", "expires_in": 3600})

    def take(asked: Any) -> Any:
        if asked.headers.get("authorization") != f"Bearer {given[-1] if given else ''}":
            return reply({"error": "expired"}, 401)
        return reply([{"id": int(asked.query.get("p", 1))}] if asked.query.get("p", "1") < "4" else [])

    service.on("/token", *more, give)
    service.on("/", take)


def test_client_credentials(service: Any, runner: Any, reply: Any) -> None:
    tokens(service, reply)
    given = {"token_url": service.url("/token"), "client_id": "me/too", "scope": "read all"}
    assert reading(runner, service, "oauth2", {"client_secret": SECRET}, **given) == [{"id": 1}]
    asked = service.asked[0]
    assert parse_qs(asked.body.decode()) == {"grant_type": ["client_credentials"], "scope": ["read all"]}
    assert base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")) == b"me%2Ftoo:canary%2F5ecret%2B"


def test_a_refresh_token(service: Any, runner: Any, reply: Any) -> None:
    tokens(service, reply)
    given = {"token_url": service.url("/token"), "client_id": "me", "client_auth": "body"}
    secrets = {"client_secret": SECRET, "refresh_token": "canary-refresh"}
    assert reading(runner, service, "oauth2", secrets, **given) == [{"id": 1}]
    assert parse_qs(service.asked[0].body.decode()) == {
        "grant_type": ["refresh_token"], "refresh_token": ["canary-refresh"], "client_id": ["me"], "client_secret": [SECRET],
    }  # fmt: skip


def test_a_token_is_used_until_it_is_refused(service: Any, runner: Any, reply: Any) -> None:
    """Its end comes in the middle of the pages: another is asked for, and the page again."""
    tokens(service, reply)
    runner.connections["api"] = {
        "type": "oauth2", "token_url": service.url("/token"), "client_id": "me", "secrets": {"client_secret": SECRET},
    }  # fmt: skip
    take = service.answers["/"]
    ended: list[bool] = []

    def ends(asked: Any) -> Any:
        if asked.query["p"] == "2" and not ended:
            ended.append(True)
            return reply("", 401)
        return take(asked)

    service.answers["/"] = ends
    found = runner.read(
        ID, url=service.url(), authentication="connection", keys={"connection": {"name": "api"}},
        pagination={"scheme": "page_number", "parameter": "p"},
    )  # fmt: skip
    assert [one["id"] for one in found] == [1, 2, 3]
    assert [one.path for one in service.asked] == ["/token", "/", "/", "/token", "/", "/", "/"]


def test_a_token_that_is_near_its_end_is_not_used(service: Any) -> None:
    assert logins._lifetime_s(3600) == 3600
    assert logins._lifetime_s("120") == 120
    assert logins._lifetime_s(10) == 40, "used for ten seconds"
    assert logins._lifetime_s(None) == float("inf")


@pytest.mark.parametrize(
    ("status", "body"),
    [(400, {"error": "invalid_client", "error_description": f"no {SECRET}"}), (200, {"token": "x"}), (200, "<html>")],
)
def test_no_token_fails_the_job(service: Any, runner: Any, reply: Any, status: int, body: Any) -> None:
    service.on("/token", reply(body, status))
    given = {"token_url": service.url("/token"), "client_id": "me"}
    with pytest.raises(PermanentError, match="gave no token for the connection 'api'") as raised:
        reading(runner, service, "oauth2", {"client_secret": SECRET}, **given)
    assert SECRET not in raised.value.message


def test_no_token_is_told(service: Any, runner: Any, reply: Any) -> None:
    tokens(service, reply)
    service.on("/", lambda asked: reply(f"you sent {asked.headers['authorization']}", 400))
    given = {"token_url": service.url("/token"), "client_id": "me"}
    with pytest.raises(PermanentError, match=r"you sent Bearer \*\*\*"):
        reading(runner, service, "oauth2", {"client_secret": SECRET}, **given)


def test_a_redirect_to_elsewhere_takes_no_token(service: Any, runner: Any, reply: Any, waits: list[float]) -> None:
    other = f"http://localhost:{service.server_port}/there"
    service.on("/", reply("", 302, Location=other))
    service.on("/there", reply([{"id": 1}]))
    runner.connections["api"] = {"type": "shopify", "secrets": {"password": SECRET}}
    runner.read(
        ID, url=service.url(), authentication="connection", keys={"connection": {"name": "api"}}, headers={"X-Own": SECRET}
    )  # fmt: skip
    assert service.asked[0].headers["x-own"] == SECRET
    assert SECRET not in service.asked[1].headers.values()


def test_what_lends_nothing(service: Any, runner: Any) -> None:
    with pytest.raises(PermanentError, match="holds no token: give it as its password"):
        reading(runner, service, "youtube", {"refresh_token": "x"})
    with pytest.raises(PermanentError, match="Connections of type 'file' lend no login"):
        reading(runner, service, "file", {}, path=str(runner.lake))
    assert service.asked == []


def test_the_test_of_a_connection(service: Any, reply: Any) -> None:
    tokens(service, reply)
    web = WebApis("127.0.0.0/8")
    given = {"token_url": service.url("/token"), "client_id": "me"}
    rungs = web.test(Connection("api", "oauth2", given, hidden({"client_secret": SECRET})))
    assert [(one.name, str(one.state)) for one in rungs or ()] == [("login", "passed")]
    service.on("/token", reply({"error": "invalid_client"}, 401))
    logins._given.clear()
    with pytest.raises(ConnectionTestFailed, match=r"^Login: .*answers 401, invalid_client"):
        web.test(Connection("api", "oauth2", given, hidden({"client_secret": SECRET})))
    with pytest.raises(ConnectionTestFailed, match="holds no token"):
        web.test(Connection("api", "hubspot", {}, {}))


def test_a_destination_logs_in_too(service: Any, runner: Any, reply: Any) -> None:
    service.on("/", reply())
    runner.connections["api"] = {"type": "bearer", "secrets": {"password": SECRET}}
    runner.write(
        [{"id": 1}], ID, url=service.url(), authentication="connection", keys={"connection": {"name": "api"}}
    )  # fmt: skip
    assert service.asked[0].headers["authorization"] == f"Bearer {SECRET}"


def test_a_function_logs_in(service: Any, runner: Any, reply: Any) -> None:
    tokens(service, reply)
    runner.connections["crm"] = {
        "type": "oauth2", "token_url": service.url("/token"), "client_id": "me", "secrets": {"client_secret": SECRET},
    }  # fmt: skip
    url = service.url()
    assert runner.compute(f"CCurl('{url}', 'GET', '{{}}', '', 'crm')#'status'") == 200
    assert runner.compute(f"CCurl('{url}')#'status'") == 401, "without a connection it logs in with nothing"
    assert runner.compute(f"CCurlPoll('\"id\"', 100, 60000, '{url}', 'GET', '', '', 'crm')#'body'") == '[{"id": 1}]'
    with pytest.raises(PermanentError, match="There is no connection 'other'"):
        runner.compute(f"CCurl('{url}', 'GET', '', '', 'other')#'status'")


def test_a_function_whose_token_has_ended(service: Any, runner: Any, reply: Any) -> None:
    tokens(service, reply)
    take, ended = service.answers["/"], [reply("", 401)]
    service.answers["/"] = lambda asked: ended.pop() if ended else take(asked)
    runner.connections["crm"] = {
        "type": "oauth2", "token_url": service.url("/token"), "client_id": "me", "secrets": {"client_secret": SECRET},
    }  # fmt: skip
    assert runner.compute(f"CCurl('{service.url()}', 'GET', '{{}}', '', 'crm')#'status'") == 200
    assert [one.path for one in service.asked] == ["/token", "/", "/token", "/"]

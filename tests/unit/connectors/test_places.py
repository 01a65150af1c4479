"""Hosts of databases: resolved once, every address checked."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from penstock.connectors.places import MOST_ADDRESSES, Place
from penstock.connectors.tunnels import way
from penstock.errors import PermanentError, TransientError
from penstock.plan.ports import Connection

DB = Connection("PG", "postgres", {"host": "db.example.com", "port": 5432})


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets what a name stands for; returns how often it was asked for."""
    asked: list[str] = []

    def stands_for(*addresses: str) -> list[str]:
        def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return stands_for


def test_public_addresses_are_tried_in_their_order_and_asked_for_once(resolved: Any) -> None:
    asked = resolved("93.184.215.14", "2606:2800:21f::1", "93.184.215.14")
    assert way(DB, "").place == Place("db.example.com", 5432, ("93.184.215.14", "2606:2800:21f::1"))
    assert asked == ["db.example.com"]


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "::ffff:192.168.0.1", "100.64.0.1", "0.0.0.0"],
)
def test_one_internal_address_is_enough_to_refuse(resolved: Any, address: str) -> None:
    resolved("93.184.215.14", address)
    with pytest.raises(PermanentError, match=r"the host 'db\.example\.com' has the internal address"):
        way(DB, "192.168.7.0/24")
    assert way(DB, None).place.addresses == ("93.184.215.14", address)


def test_networks_are_opened_by_the_operator(resolved: Any) -> None:
    resolved("10.1.2.3")
    assert way(DB, "192.168.0.0/16,10.1.0.0/16").place.addresses == ("10.1.2.3",)


def test_few_of_many_addresses_are_tried(resolved: Any) -> None:
    resolved(*(f"93.184.215.{number}" for number in range(20)))
    assert len(way(DB, "").place.addresses) == MOST_ADDRESSES


@pytest.mark.parametrize("host", ["nowhere.invalid", "", "x" * 300, "a..b", "/tmp"])
def test_a_host_that_nobody_knows(host: str) -> None:
    with pytest.raises((TransientError, PermanentError)):
        way(Connection("PG", "postgres", {"host": host, "port": 1}), "")

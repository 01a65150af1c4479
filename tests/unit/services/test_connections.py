"""Connections by the texts that packages write."""

from penstock.services.connections import by_key
from penstock.services.records import Connection


def _row(identity: int, name: str) -> Connection:
    return Connection(id=identity, name=name, type="file")


def test_unique_ids_and_names_lead_to_connections() -> None:
    lake, sea = _row(1, "lake"), _row(2, "sea")
    assert by_key([lake, sea]) == {"lake": lake, "sea": sea, "FILE_CONNECTION_1": lake, "FILE_CONNECTION_2": sea}


def test_a_name_of_two_leads_to_neither() -> None:
    one, other = _row(1, "lake"), _row(2, "lake")
    assert by_key([one, other]) == {"FILE_CONNECTION_1": one, "FILE_CONNECTION_2": other}


def test_a_name_never_hides_a_unique_id() -> None:
    one, other = _row(1, "a"), _row(2, "FILE_CONNECTION_1")
    assert by_key([other, one])["FILE_CONNECTION_1"] is one
    assert by_key([one, other])["FILE_CONNECTION_1"] is one

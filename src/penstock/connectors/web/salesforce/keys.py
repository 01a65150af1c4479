"""Which records have some values of a field: Salesforce changes and removes records by its own Id only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from penstock.connectors.web.salesforce.org import Org
from penstock.errors import PermanentError

LONGEST = 4000
"""Characters of the values in one query, so that its address is taken everywhere."""


def found(org: Org, name: str, key: str, values: Sequence[str]) -> dict[str, str]:
    """Return values of a field in small letters, as external ids are compared, to the Id of the record that has it. Raises
    PermanentError where two records have it."""
    ids: dict[str, str] = {}
    wanted: list[str] = []
    size = 0
    for value in dict.fromkeys(one for one in values if one):
        if size + len(value) > LONGEST and wanted:
            _ask(org, name, key, wanted, ids)
            wanted, size = [], 0
        wanted.append(value)
        size += len(value) + 3
    if wanted:
        _ask(org, name, key, wanted, ids)
    return ids


def literal(text: str) -> str:
    r"""Return a text as SOQL has it.

    >>> print(literal("O'Neil\\"))
    'O\'Neil\\'
    """
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


def _ask(org: Org, name: str, key: str, values: Sequence[str], ids: dict[str, str]) -> None:
    query = f"SELECT Id, {key} FROM {name} WHERE {key} IN ({', '.join(map(literal, values))})"
    page: dict[str, Any] = org.said("GET", f"query?q={quote(query, safe='')}")
    while True:
        for record in page.get("records") or ():
            value = next((str(one) for field, one in record.items() if field.lower() == key.lower()), "")
            record_id = str(record.get("Id") or "")
            if ids.setdefault(value.lower(), record_id) != record_id:
                raise PermanentError(
                    f"More than one record of {name} has '{value}' in '{key}', so it finds none for sure."
                )
        following = page.get("nextRecordsUrl")
        if page.get("done") is not False or not following:
            return
        page = org.said("GET", f"query/{quote(str(following).rpartition('/')[2], safe='')}")

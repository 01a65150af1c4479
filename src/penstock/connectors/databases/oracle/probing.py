"""Which values do not fit into Oracle: they are added to a table of the session first, where a statement with many records
names those that fail. Of such a record each value is tried alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import oracledb
import pyarrow as pa

from penstock.connectors.databases.dbapi import closing, sentence
from penstock.connectors.databases.oracle.session import fault_of
from penstock.connectors.databases.oracle.values import Pairs, inserting, sent
from penstock.connectors.databases.sifting import Bad
from penstock.errors import PermanentError

MISFITS = frozenset(
    f"ORA-{number:05}"
    for number in (
        1401, 1426, 1438, 1461, 1722, 12899,  # too large, no number, too long
        *range(1830, 1836), *range(1839, 1844), *range(1846, 1867), *range(1873, 1883), 1898,  # no date, no time, no zone
        1867, 22835, 61800,  # no interval, too long for a text, no boolean
    )
)  # fmt: skip
"""What Oracle says of a value that its column has no place for. Anything else is no matter of one value: rules of a table, room
on its disk."""
_TABLE = re.compile(r"\"[^\"]*\"\.\"ora\$ptt_[^\"]*\"\.", re.IGNORECASE)


class Probe:
    """The table *name*, which is empty and takes null in each column, and what is written into it."""

    def __init__(self, raw: Any, name: str, pairs: Pairs) -> None:
        self._raw = raw
        self._name = name
        self._pairs = pairs

    def bad(self, batch: pa.RecordBatch) -> list[Bad]:
        """Return the values of a batch that do not fit (`sifting.Sieve`)."""
        columns, found = sent(batch, self._pairs)
        failed = self._tried(self._pairs, list(zip(*columns, strict=True)))
        if not failed:
            return found
        named: set[int] = set()
        for index, pair in enumerate(self._pairs):
            rows = [row for row in failed if columns[index][row] is not None]
            if not rows:
                continue
            alone = self._tried([pair], [(columns[index][row],) for row in rows])
            found += (Bad(rows[at], index, reason) for at, reason in alone.items())
            named |= {rows[at] for at in alone}
        for row, reason in failed.items():
            if row not in named:
                raise PermanentError(f"the database says: {reason}.")
        return found

    def _tried(self, pairs: Pairs, records: Sequence[Sequence[object]]) -> dict[int, str]:
        """Return the records that cannot be added, and why. Raises what is wrong with anything but a value."""
        sql, sizes = inserting(self._name, pairs)
        try:
            with closing(self._raw.cursor()) as cursor:
                cursor.setinputsizes(*sizes)
                cursor.executemany(sql, records, batcherrors=True)
                errors = cursor.getbatcherrors()
                cursor.execute(f"DELETE FROM {self._name}")
        except oracledb.Error as error:
            raise fault_of(error) from error
        for one in errors:
            if one.full_code not in MISFITS:
                raise fault_of(oracledb.DatabaseError(one))
        return {int(one.offset): _TABLE.sub("", sentence(one.message)).rstrip(".") for one in errors}

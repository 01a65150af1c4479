"""Readers of databases that cannot be read above a watermark yet: it is refused by name, before a row is read."""

from __future__ import annotations

from typing import NoReturn

from penstock.connectors.databases.statements import Native, Rows, Running
from penstock.domain.watermark import Order
from penstock.errors import InvariantBroken, PermanentError


class Unmarked:
    """What such a reader says where an incremental source asks (`incremental.Ordered`)."""

    system = "this database"

    def begin(self) -> None:
        """Refuse: nothing is asked after it. Raises PermanentError."""
        raise PermanentError(
            f"'source_action' incremental is not available for {self.system} in this version yet. Ask the target for "
            "the highest value, and write a condition."
        )

    def running(self) -> Running | None:
        """Nobody can be asked."""
        return None

    def row(self, statement: str) -> tuple[object, ...]:
        """Nothing is read in parts, and nothing above a watermark."""
        self._never(statement)

    def order(self, column: str, native: Native, rows: Rows) -> Order | None:  # noqa: ARG002 -- it is never asked
        """Likewise."""
        self._never(column)

    def spelled(self, value: str, order: Order) -> str:  # noqa: ARG002 -- it is never asked
        """Likewise."""
        self._never(value)

    def literal(self, native: Native, mark: Order, value: str) -> str:  # noqa: ARG002 -- it is never asked
        """Likewise."""
        self._never(value)

    def _never(self, what: str) -> NoReturn:
        raise InvariantBroken(f"nothing of {self.system} is read above a watermark: {what}")

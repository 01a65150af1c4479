"""Packages: which flows are taken."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.errors import InvalidFields
from penstock.services.coerce import Fields
from penstock.services.packages import _flow


def test_a_flow_that_cannot_be_written_is_refused() -> None:
    nested: list[Any] = []
    for _ in range(5_000):
        nested = [nested]
    fields = Fields({"data_flow_json": {"components": nested}})
    assert _flow(fields) is None
    with pytest.raises(InvalidFields, match="nested too deeply"):
        fields.check()

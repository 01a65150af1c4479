"""How patient calls are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from penstock.connectors.files import fetching
from penstock.errors import TransientError
from penstock.kit.stopping import Stop, tries, watched


def test_what_somebody_watches_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "RETRIES_S", (0.0, 0.0))
    asked: list[None] = []

    def fails() -> None:
        asked.append(None)
        raise TransientError("Nobody answers.")

    def counted() -> Iterator[int]:
        with pytest.raises(TransientError, match="Nobody answers"):
            fetching.retried(fails, Stop())
        yield len(asked)
        asked.clear()

    with watched():
        assert [*counted()] == [1]
    assert [*counted()] == [3]


def test_who_watches_no_longer_is_patient_again() -> None:
    @watched()
    def fails() -> None:
        assert [*tries((1.0,))] == []
        raise TransientError("Nobody answers.")

    with pytest.raises(TransientError):
        fails()
    assert [*tries((1.0,))] == [1.0]

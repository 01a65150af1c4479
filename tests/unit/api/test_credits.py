"""Credits of an hour."""

from datetime import UTC, datetime

import pytest

from penstock.api.credits import UNLIMITED, Balance, Credits
from penstock.errors import OutOfCredits
from penstock.kit.clock import FixedClock


def test_an_hour_grants_its_credits_once() -> None:
    clock = FixedClock(datetime(2026, 1, 1, 10, 59, tzinfo=UTC))
    credits = Credits(2, clock)
    assert credits.charge("user 1") == Balance(2, 1)
    assert credits.charge("user 1") == Balance(2, 0)
    with pytest.raises(OutOfCredits, match="Rate Limit Exceeded"):
        credits.charge("user 1")
    assert credits.balance("user 1") == Balance(2, 0)
    assert credits.charge("user 2") == Balance(2, 1)
    clock.advance(60)
    assert credits.charge("user 1") == Balance(2, 1)


def test_zero_is_unlimited() -> None:
    credits = Credits(0, FixedClock(datetime(2026, 1, 1, tzinfo=UTC)))
    assert credits.charge("a") == credits.balance("a") == Balance(UNLIMITED, UNLIMITED)

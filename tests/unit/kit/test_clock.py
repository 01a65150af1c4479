"""Clocks: one that runs, one that a test holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from penstock.kit.clock import FixedClock, system_clock


def test_the_system_clock_is_aware_and_does_not_go_back() -> None:
    before, after = system_clock(), system_clock()
    assert before.utcoffset() == timedelta(0)
    assert before <= after


def test_a_fixed_clock_moves_when_it_is_told_to() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    clock = FixedClock(at)
    assert clock() == clock() == at
    clock.advance(0.5)
    clock.advance(59.5)
    assert clock() == at + timedelta(minutes=1)

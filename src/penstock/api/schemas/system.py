"""Schemas of the system's own facts."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from penstock.api.credits import Balance


class RateLimitCounters(TypedDict):
    """Credits granted per hour, and left in this one."""

    limit: int
    remaining: int


class RateLimitStatus(TypedDict):
    """The holder of the two counters."""

    limits: RateLimitCounters


class Region(TypedDict):
    """A place where clusters can run."""

    id: str
    name: str
    short_name: str
    group_name: str


class Stack(TypedDict):
    """An engine of this installation."""

    id: str
    name: str


class TimeZone(TypedDict):
    """A time zone: label, and label with offset."""

    id: str
    name: str


class ClusterPlan(TypedDict):
    """A plan of clusters, from version 1; none exist here."""

    id: int
    name: str


AccountVariables = dict[str, Any]
"""Expressions by the names of variables; their order is that of their evaluation."""
SystemVariables = dict[str, str | int | float]
"""System variables and their defaults."""


def rate_limit_json(left: Balance) -> RateLimitStatus:
    """Return credits as the wire writes them."""
    return {"limits": {"limit": left.limit, "remaining": max(left.remaining, 0)}}

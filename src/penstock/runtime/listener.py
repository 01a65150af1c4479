"""Who hears how a job goes: a screen, or the worker that writes it down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from penstock.plan.ports import Reporter


class Listener(Reporter, Protocol):
    """A reporter that also hears what the job consists of."""

    def variables(self, values: Mapping[str, Any]) -> None:
        """The values that variables have in this job."""

    def outputs(self, outputs: Sequence[Mapping[str, Any]]) -> None:
        """The outputs of the package: component, type, name, fields."""

    def staged(self, folders: Sequence[str]) -> None:
        """The folders that this attempt will write into, before they are made."""

    def stands(self, component: str, sentence: str) -> None:
        """What is to be said of an output that is published in part, should this attempt say nothing more."""

    def watermarks(self, moves: Sequence[Mapping[str, Any]]) -> None:
        """How far incremental sources have come (`runtime.watermarks`), which holds once the job is done."""

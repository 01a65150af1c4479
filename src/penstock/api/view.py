"""What an answer is written for: whose addresses it holds, in which words, and at what instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class View:
    """*base* is the start of every address, *account* the account's segment in it, *old_words* asks for the states
    of version 1, *now* is the instant for durations that still grow."""

    base: str
    account: str
    now: datetime
    old_words: bool = False

    def url(self, path: str) -> str:
        """Return the API address of *path* in the account, such as `jobs/157`."""
        return f"{self.base}/{self.account}/api/{path}"

    def html_url(self, path: str) -> str:
        """Return the address of *path* in the web application."""
        return f"{self.base}/{self.account}/{path}"

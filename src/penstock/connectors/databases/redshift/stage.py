"""Records on their way into Redshift: files of text in a bucket of S3, which its COPY reads, and which go again."""

from __future__ import annotations

import hashlib
from pathlib import Path

from penstock.connectors.files import finding, stores
from penstock.connectors.files.bucket import Bucket
from penstock.connectors.files.fetching import retried
from penstock.errors import PermanentError
from penstock.plan.ports import Connection, Staged
from penstock.plan.systems import DatabaseTarget

_MARK = "stage"


class Stage:
    """A folder of a bucket. *folder* ends in a slash."""

    def __init__(self, bucket: Bucket, folder: str, connection: Connection) -> None:
        self._bucket = bucket
        self._folder = folder
        self._connection = connection

    @property
    def url(self) -> str:
        """Where its files are."""
        return f"s3://{self._bucket.name}/{self._folder}"

    @property
    def login(self) -> tuple[tuple[str, str], ...]:
        """The words by which Redshift is told how to read it, and what is said with each, secrets among them."""
        given = self._connection.parameters
        return (
            ("ACCESS_KEY_ID", str(given.get("username") or "")),
            ("SECRET_ACCESS_KEY", self._connection.secret("password") or ""),
            ("REGION", str(given.get("region") or stores.S3_REGION)),
        )

    def put(self, file: Path) -> None:
        """Copy a file into it."""
        retried(lambda: self._bucket.put(f"{self._folder}{file.name}", file, _MARK))

    def clear(self) -> None:
        """Remove what is in it."""
        self._bucket.delete([one.name for one in self._bucket.below(self._folder.rstrip("/"))])


def opened(staged: Staged, allow: str | None) -> Stage:
    """Return the folder that the records of an output go through: one of what was staged, which the next attempt finds again.
    Raises PermanentError."""
    target, connection = staged.write.destination, staged.through
    if not isinstance(target, DatabaseTarget) or target.staging is None or connection is None:
        raise PermanentError("no place is named that records could go through.")
    if connection.type != "s3":
        raise PermanentError(
            f"'staging' is a bucket of S3, which alone Redshift reads, and no connection of type '{connection.type}'."
        )
    name, _, inside = (target.staging.bucket or "").strip("/").partition("/")
    if not name:
        raise PermanentError("'staging' names no bucket. Give it one.")
    if "\\" in target.staging.path or "\\" in inside:
        raise PermanentError("the path of 'staging' holds a backslash. Choose another.")
    parts = finding.parts_of(f"{inside}/{target.staging.path}")
    own = hashlib.sha256(str(staged.folder).encode()).hexdigest()[:32]
    return Stage(stores.opened(connection, name, allow), "/".join([*parts, f"penstock_{own}", ""]), connection)

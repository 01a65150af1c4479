"""What sources read from other systems and destinations write to them, where these are no files: rows of databases,
documents of collections, answers of web APIs (component reference 3 and 5). Variables are already substituted.

An engine sees none of it: it reads what has landed as files, and writes files that are then loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import ClassVar


class System(StrEnum):
    """What a connector connects to, as a person would say it."""

    FILES = "files"
    DATABASE = "a database"
    COLLECTIONS = "collections of documents"
    WEB = "web APIs"
    TAPS = "Singer taps"


@dataclass(frozen=True, slots=True)
class Incremental:
    """Only what lies above a watermark is read: that of *column*, and *overlap* below it once more (units of a number,
    seconds of a date-time). *component_id* is whose watermark it is."""

    component_id: str
    column: str
    overlap: float = 0

    def __str__(self) -> str:
        return self.column + (f", overlap {self.overlap:g}" if self.overlap else "")


@dataclass(frozen=True, slots=True)
class DatabaseSource:
    """Rows of a table or view, or of a query (component reference 3.2): *query* excludes the other three. The names of the
    fields are those of the scan's source. *action* is `none`, `incremental`, or `copy`, which is done anyway."""

    system: ClassVar[System] = System.DATABASE

    table: str | None = None
    schema: str | None = None
    where: str | None = None
    query: str | None = None
    split_key: str | None = None
    max_parallel: int = 1
    action: str = "none"
    incremental: Incremental | None = None


@dataclass(frozen=True, slots=True)
class DatabaseTarget:
    """A table that rows are written to (component reference 5.2). *keys* are the columns of the merge key; *missing_rows*
    is `keep`, `delete` or `mark`; *chunk_records* is how many records are written in one transaction, None for all; *staging*
    is where files lie on their way, None where nothing lies between."""

    system: ClassVar[System] = System.DATABASE

    table: str
    schema: str | None = None
    operation: str = "append"
    keys: tuple[str, ...] = ()
    auto_create_table: bool = False
    add_missing_columns: bool = False
    missing_rows: str = "keep"
    mark_column: str | None = None
    missing_rows_limit_percent: float = 20.0
    pre_action_sql: str | None = None
    post_action_sql: str | None = None
    actions_in_transaction: bool = True
    batch_size: int = 1000
    max_parallel: int = 1
    chunk_records: int | None = None
    staging: Place | None = None


@dataclass(frozen=True, slots=True)
class CollectionSource:
    """Documents of a collection (component reference 3.5); *filter_query* is extended JSON."""

    system: ClassVar[System] = System.COLLECTIONS

    collection: str
    filter_query: str = "{}"


@dataclass(frozen=True, slots=True)
class CollectionTarget:
    """A collection that documents are written to (component reference 5.6). *keys* are the columns by which `update` finds
    documents; *id_column* is written as `_id`."""

    system: ClassVar[System] = System.COLLECTIONS

    collection: str
    operation: str = "insert"
    keys: tuple[str, ...] = ()
    upsert: bool = True
    multi: bool = False
    id_column: str | None = None
    batch_size: int = 1000


@dataclass(frozen=True, slots=True)
class Paging:
    """How the pages of an answer follow one another (component reference 2.9)."""

    scheme: str = "automatic"
    path: str | None = None
    parameter: str | None = None
    size_parameter: str | None = None
    size: int | None = None
    start: int | None = None
    stop_when: str = "empty_page"
    sleep_ms: int = 0
    max_requests: int | None = None

    def __str__(self) -> str:
        """Return the scheme, and what else is not its default.

        >>> str(Paging("cursor", path="$.next", parameter="after"))
        'cursor, path $.next, parameter after'
        """
        given = [(one.name, getattr(self, one.name), one.default) for one in fields(self) if one.name != "scheme"]
        return ", ".join([self.scheme, *(f"{name} {value}" for name, value, default in given if value != default)])


@dataclass(frozen=True, slots=True)
class WebSource:
    """Records of the answers of a web API (component reference 3.7). *paging* None is one request; *username* and *password*
    are for *authentication* `basic`."""

    system: ClassVar[System] = System.WEB

    url: str
    method: str = "GET"
    authentication: str = "none"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str | None = None
    paging: Paging | None = None
    response_type: str = "json"
    base_record: str = "$"


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder of a connection, by its unique id or name."""

    connection: str
    path: str
    bucket: str | None = None


RESPONSES = "responses.csv"
"""In the staging folder of a `WebTarget`: what was answered, where that is to be saved."""


@dataclass(frozen=True, slots=True)
class WebTarget:
    """Requests that carry records to a web API (component reference 5.8): `#{field}` in *url*, *headers* and *body* takes a
    value of the record, and makes one request of each; *values* say in which column of what is staged a field is. *columns*
    are those that the body holds."""

    system: ClassVar[System] = System.WEB

    url: str
    method: str = "POST"
    authentication: str = "none"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    request_format: str = "json"
    body: str | None = None
    records_per_request: int = 1000
    stop_on_error: bool = True
    save_responses: Place | None = None
    columns: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SalesforceSource:
    """Records of Salesforce (component reference 3.6): those of an object, or of a query, which excludes *where*. *action* is
    `bulk_query` or `bulk_query_all`; *api_version* None is the newest that is known here."""

    system: ClassVar[System] = System.WEB

    object_name: str | None = None
    where: str | None = None
    query: str | None = None
    action: str = "bulk_query"
    api_version: str | None = None
    max_records_per_page: int | None = None


@dataclass(frozen=True, slots=True)
class SalesforceTarget:
    """An object of Salesforce that records are written to (component reference 5.7). *key* is the column by which records are
    found, None with `append`; *max_errors* records may be refused."""

    system: ClassVar[System] = System.WEB

    object_name: str
    operation: str = "append"
    key: str | None = None
    api_version: str | None = None
    max_errors: int = 0
    include_nulls: bool = False
    output_failed_records: bool = False
    columns: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class SheetSource:
    """Rows of a sheet of Google Sheets (component reference 3.8); *sheet* None is the first one, *range* None all of it."""

    system: ClassVar[System] = System.WEB

    spreadsheet: str
    sheet: str | None = None
    range: str | None = None
    skip_header: bool = False
    match_fields: str = "position"


@dataclass(frozen=True, slots=True)
class SheetTarget:
    """A sheet of Google Sheets that records are written to as rows (component reference 5.9); *range* is the top left cell."""

    system: ClassVar[System] = System.WEB

    spreadsheet: str
    sheet: str | None = None
    auto_create_sheet: bool = False
    operation: str = "append"
    header: bool = False
    range: str = "A1"
    columns: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class TapSource:
    """Records of one stream of a Singer tap; *config* is added to that of its connection, *state* is where the tap's state is
    kept, None where all is read each time."""

    system: ClassVar[System] = System.TAPS

    stream: str
    config: Mapping[str, str] = field(default_factory=dict, repr=False)
    state: Place | None = None


@dataclass(frozen=True, slots=True)
class RejectedRecords:
    """Records that the destination *by* rejects, by its name: they land when its output is staged."""

    system: ClassVar[System] = System.FILES

    by: str


Origin = DatabaseSource | CollectionSource | WebSource | SalesforceSource | SheetSource | TapSource | RejectedRecords
"""Where the records of a source come from, if not from files."""
Destination = DatabaseTarget | CollectionTarget | WebTarget | SalesforceTarget | SheetTarget
"""Where the records of an output go, if not into files."""

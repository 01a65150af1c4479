"""Relational operators: the typed tree that an engine runs. Each knows its schema and the component it stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from penstock.plan.exprs import Expr, Literal
from penstock.plan.schema import Schema
from penstock.plan.systems import Destination, Origin, Place, System


@dataclass(frozen=True, slots=True)
class ConnectionRef:
    """Which connection a source or destination uses: its unique id (`FILE_CONNECTION_3`) or, not yet bound, a name."""

    key: str


@dataclass(frozen=True, slots=True)
class ScanField:
    """One field that a source gives: *name* in the source (a column, a key, or a JSONPath beginning with `$`),
    or *pseudo* (`file_path`, `line_number`) in its place. An engine may ask for a map or a bag *as_text*, as the JSON that
    it is made of, and for no more of a map than what some *keys* hold, as JSON each."""

    name: str | None
    pseudo: str | None = None
    as_text: bool = False
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileSource:
    """What a file storage source reads (component reference 3.1), variables already substituted.

    *delimiter* is the character itself; *quote* and *escape* are one character or None; *fields* go with the fields
    of the scan's schema, position by position.
    """

    connection: ConnectionRef
    path: str
    fields: tuple[ScanField, ...]
    bucket: str | None = None
    record_type: str = "delimited"
    record_delimiter: str = "new_line"
    compression: str = "auto"
    compression_password: str | None = field(default=None, repr=False)
    encoding: str = "utf-8"
    delimiter: str = "\t"
    quote: str | None = None
    quote_multi_line: bool = False
    escape: str | None = None
    skip_header: bool = False
    match_fields: str = "position"
    base_record: str | None = None
    sheet: str | None = None
    range: str | None = None
    manifest: Place | None = None
    """Where the files are listed that were read before; only others are read."""
    on_bad_value: str = "set_null"
    line_max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class FileTarget:
    """What a file storage destination writes (component reference 5.1), variables already substituted."""

    connection: ConnectionRef
    path: str
    columns: tuple[tuple[str, str], ...]
    """Input field and column, in order."""
    bucket: str | None = None
    format: str = "delimited"
    delimiter: str = "\t"
    quote: str | None = None
    escape: str | None = None
    header: bool = False
    compression: str = "none"
    merge_to_single_file: bool = False
    file_prefix: str = "part-"
    file_suffix: str | None = None
    partition_by: tuple[str, ...] = ()
    """Input fields that become folders."""
    target_size_bytes: int | None = None
    if_exists: str = "fail"
    on_bad_value: str = "fail"
    parquet_compression: str = "UNCOMPRESSED"

    @property
    def is_streamed(self) -> bool:
        """Tell whether records are written part by part: no statement of an engine writes such files."""
        return bool(
            self.partition_by
            or self.target_size_bytes is not None
            or self.compression == "bzip2"
            or self.format in ("avro", "excel")
        )


class Direction(StrEnum):
    """Sort order of one key; nulls are the smallest."""

    ASC = "asc"
    DESC = "desc"


@dataclass(frozen=True, slots=True)
class SortKey:
    """A field and the direction it is ordered by."""

    field: str
    direction: Direction = Direction.ASC


REJECTION = ("_record", "_reason", "_place")
"""The fields of a scan that gives rejected records as well: the record as it stands in its file, why it is rejected (null where
it is not), and where it stands. No alias begins with an underscore."""


@dataclass(frozen=True, slots=True)
class Scan:
    """Records of a source: *source* are files, which is all that an engine reads. Where they come from somewhere else,
    *origin* says so, and *source* what they are once they have landed. Where it *keeps_rejected*, those that `on_bad_value`
    `skip` would leave out are given as well, and *schema* has the fields REJECTION behind the others."""

    component: str
    source: FileSource
    schema: Schema
    origin: Origin | None = None
    keeps_rejected: bool = False

    @property
    def listed(self) -> Schema:
        """The fields that the source lists."""
        return Schema(self.schema.fields[: len(self.source.fields)])

    @property
    def system(self) -> System:
        """What its connection must lead to."""
        return System.FILES if self.origin is None else self.origin.system


@dataclass(frozen=True, slots=True)
class Project:
    """One output field per expression, in order; *schema* carries their names."""

    component: str
    given: Operator
    exprs: tuple[Expr, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class Filter:
    """Records for which the predicate is true; false and null are dropped."""

    component: str
    given: Operator
    predicate: Expr
    schema: Schema


@dataclass(frozen=True, slots=True)
class Assert:
    """Records as they come; where the predicate is not true for all of them the job fails with *message*."""

    component: str
    given: Operator
    predicate: Expr
    message: str
    schema: Schema


@dataclass(frozen=True, slots=True)
class Sample:
    """Each record with a chance of *percentage* in a hundred; with *seed* the same records of the same input each time."""

    component: str
    given: Operator
    percentage: float
    seed: int | None
    schema: Schema


@dataclass(frozen=True, slots=True)
class Flattened:
    """A field that becomes records: one for each tuple of a bag, whose positions become *columns*, without a declared type;
    what is no bag is one tuple. *keep_empty* keeps a record that would have none, with nulls."""

    field: str
    columns: tuple[str, ...]
    keep_empty: bool = False


@dataclass(frozen=True, slots=True)
class Flatten:
    """Records once for each combination of the tuples of their bags; *schema* has the columns behind the fields given."""

    component: str
    given: Operator
    items: tuple[Flattened, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class Sort:
    """Records in order; nulls smallest, text by UTF-16 unit, datetimes by instant, not stable."""

    component: str
    given: Operator
    keys: tuple[SortKey, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class Limit:
    """The first *size* records of the whole or of each partition, in *order* (none: any, or as Sort before it says)."""

    component: str
    given: Operator
    size: int
    per: tuple[str, ...]
    order: tuple[SortKey, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class Distinct:
    """Records once each; with *keys*, one record of each key."""

    component: str
    given: Operator
    keys: tuple[str, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class Union:
    """All records of all inputs; each input already has the schema of the union, name by name and type by type."""

    component: str
    inputs: tuple[Operator, ...]
    schema: Schema


class JoinType(StrEnum):
    """Which unmatched records stay."""

    INNER = "inner"
    LEFT = "left"
    RIGHT = "right"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class JoinField:
    """One output field of a join: a field of one side."""

    side: str
    field: str


@dataclass(frozen=True, slots=True)
class Join:
    """Pairs of records whose keys are equal, null never matching; *keys* are pairs of expressions of one type
    (`FieldRef` with its side, or a `Cast` of one); *fields* go with *schema*, position by position."""

    component: str
    left: Operator
    right: Operator
    join_type: JoinType
    keys: tuple[tuple[Expr, Expr], ...]
    fields: tuple[JoinField, ...]
    schema: Schema
    optimization: str = "default"


@dataclass(frozen=True, slots=True)
class CrossJoin:
    """All pairs of records of two inputs; *fields* go with *schema*, position by position."""

    component: str
    left: Operator
    right: Operator
    fields: tuple[JoinField, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class Measure:
    """One aggregate: *function* is a wire word (`count count_all count_distinct sum average minimum maximum
    hyperloglog collect`), *field* None with `count_all`, *order* with `collect` only."""

    function: str
    field: str | None
    order: tuple[SortKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One record per group: the group fields, then one field per measure. Null keys form one group."""

    component: str
    given: Operator
    group_by: tuple[str, ...]
    measures: tuple[Measure, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class Cube:
    """An aggregate over several sets of groups: for each of *sets*, which are among *dimensions*, one record per group, null
    in the dimensions outside the set. No input gives no record. *schema* names the dimensions, then the measures."""

    component: str
    given: Operator
    dimensions: tuple[str, ...]
    sets: tuple[tuple[str, ...], ...]
    measures: tuple[Measure, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class Frame:
    """Records of a partition: from *start* before to *end* behind the current one, None being unbounded."""

    start: int | None = None
    end: int | None = 0


@dataclass(frozen=True, slots=True)
class WindowFunction:
    """One function over a partition: *function* is a wire word. *size* is the number of `ntile`, `lead` and `lag`, *default*
    a literal of the field's type, with `lead` and `lag` only."""

    function: str
    field: str | None = None
    size: int = 1
    default: Literal | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """All fields, then one per function over the records of the partition (function reference 12). Null keys form one
    partition; *schema* has the type of each function's result."""

    component: str
    given: Operator
    partition_by: tuple[str, ...]
    order_by: tuple[SortKey, ...]
    frame: Frame
    functions: tuple[WindowFunction, ...]
    schema: Schema


Operator = (
    Scan
    | Project
    | Filter
    | Assert
    | Sample
    | Flatten
    | Sort
    | Limit
    | Distinct
    | Union
    | Join
    | CrossJoin
    | Aggregate
    | Cube
    | Window
)


@dataclass(frozen=True, slots=True)
class Write:
    """One output: what arrives at a destination, and where it goes. *component_type* is the wire's type word; *target* are
    files, which is all that an engine writes. Where they are to be loaded somewhere else, *destination* says so, and *target*
    what is written until then. Where it *keeps_rejected*, what `on_bad_value` `skip` leaves out is kept, for a scan of
    `RejectedRecords` that reads it."""

    component: str
    component_id: str
    component_type: str
    given: Operator
    target: FileTarget
    destination: Destination | None = None
    keeps_rejected: bool = False

    @property
    def system(self) -> System:
        """What its connection must lead to."""
        return System.FILES if self.destination is None else self.destination.system


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything one job does: its outputs, in the order in which they are published."""

    outputs: tuple[Write, ...] = field(default_factory=tuple)
    passing: Mapping[str, Operator] = field(default_factory=dict)
    """Components that only pass records on, by name: the operator whose records leave them."""


def operator_of(plan: Plan, component: str) -> Operator | None:
    """Return the operator whose records leave a component, or arrive at it where it is a destination; None without one.

    A component may be several operators; the last of them is what leaves it.
    """
    found: Operator | None = plan.passing.get(component)
    for operator in iter_operators(plan):
        if operator.component == component:
            found = operator
    return found or next((write.given for write in plan.outputs if write.component == component), None)


def inputs_of(operator: Operator) -> tuple[Operator, ...]:
    """Return the operators right below one."""
    match operator:
        case Scan():
            return ()
        case Join() | CrossJoin():
            return (operator.left, operator.right)
        case Union():
            return operator.inputs
        case _:
            return (operator.given,)


def iter_below(operator: Operator, is_done: Callable[[int], bool]) -> Iterator[Operator]:
    """Yield an operator and those below it once each, inputs before what uses them; nothing of what *is_done* (by `id`).

    A package may be a chain of thousands of components, so this does not recurse.
    """
    seen: set[int] = set()
    waiting = [(operator, False)]
    while waiting:
        one, is_open = waiting.pop()
        if is_open:
            yield one
        elif id(one) not in seen and not is_done(id(one)):
            seen.add(id(one))
            waiting.append((one, True))
            waiting.extend((below, False) for below in reversed(inputs_of(one)))


def iter_operators(plan: Plan) -> Iterator[Operator]:
    """Yield every operator of a plan once, inputs before what uses them; a shared branch is the same object."""
    seen: set[int] = set()
    for write in plan.outputs:
        for operator in iter_below(write.given, seen.__contains__):
            seen.add(id(operator))
            yield operator

"""Whole flows over made-up records, against an interpreter that shares no code with us and knows nothing of SQL.

Each flow is also run as statements that hold the other side of joins in memory and are cut after every operator: how a
plan is lowered changes no record.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.engines.duckdb import statements
from penstock.engines.duckdb.functions import Functions
from penstock.engines.duckdb.types import SQL_TYPES, column_of, literal
from penstock.lang import compile_package
from penstock.plan.dtypes import SCHEMA_WORDS
from penstock.plan.operators import Plan, Scan
from penstock.plan.ports import Context
from penstock.plan.values import Value

Record = dict[str, Any]
CONTEXT = Context(datetime(2026, 1, 2, tzinfo=UTC))
FIELDS = {"id": "int", "k": "int", "n": "long", "x": "double", "t": "string", "b": "boolean"}
LAKE = {"name": "lake"}
NUMBERS = ("int", "long", "double")

# --- the interpreter ---------------------------------------------------------------------------------------------------


def same(value: Any) -> Any:
    """What equal values have in common: NaN is itself, 0.0 is not -0.0, null is itself."""
    if isinstance(value, float):
        return ("real", "nan") if math.isnan(value) else ("real", value, math.copysign(1, value))
    return value


def rank(value: Any) -> tuple[Any, ...]:
    """Java's order: nulls first, false before true, -0.0 before 0.0, NaN last, text by UTF-16 unit."""
    if value is None:
        return (0,)
    if isinstance(value, str):
        return (1, value.encode("utf-16-be", "surrogatepass"))
    if isinstance(value, float):
        return (1, 1, 0.0, 0) if math.isnan(value) else (1, 0, value, math.copysign(1, value))
    return (1, 0, value, 1)


class Reversed:
    """Turns an order round."""

    def __init__(self, key: Any) -> None:
        self.key = key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reversed) and bool(other.key == self.key)

    def __lt__(self, other: Reversed) -> bool:
        return bool(other.key < self.key)


def sort_key(order: Iterable[Mapping[str, str]]) -> Callable[[Record], list[Any]]:
    def key(record: Record) -> list[Any]:
        ranks = [(rank(record[one["field"]]), one.get("direction")) for one in order]
        return [Reversed(found) if direction == "desc" else found for found, direction in ranks]

    return key


def holds(condition: Mapping[str, Any], record: Record) -> bool | None:
    if "conditions" in condition:
        return combined(condition["match"], [holds(one, record) for one in condition["conditions"]])
    left, operator = record[condition["left"]], condition["operator"]
    if operator in ("is_null", "is_not_null"):
        return (left is None) is (operator == "is_null")
    if left is None:
        return None
    if operator in ("text_is_empty", "text_is_not_empty"):
        return (left == "") is (operator == "text_is_empty")
    right = record[condition["right"]]
    if right is None:
        return None
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    one, other = rank(left), rank(right)
    tests = {
        "=": one == other,
        "!=": one != other,
        "<": one < other,
        "<=": one <= other,
        ">": one > other,
        ">=": one >= other,
    }
    return tests[operator.replace("text_equals", "=").replace("text_not_equals", "!=")]


def combined(match: str, found: list[bool | None]) -> bool | None:
    wins = match != "all"
    result = wins if wins in found else None if None in found else not wins
    return None if result is None else not result if match == "none" else result


def aggregate(properties: Mapping[str, Any], records: list[Record]) -> list[Record]:
    by = properties.get("group_by", [])
    groups: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
    for record in records:
        groups[tuple(same(record[name]) for name in by)].append(record)
    if not by:
        groups = groups or {(): []}
    made = []
    for members in groups.values():
        record = {name: members[0][name] for name in by}
        for one in properties.get("functions", []):
            record[one["alias"]] = measure(one, members)
        made.append(record)
    return made


def measure(one: Mapping[str, str], members: list[Record]) -> Any:
    if one["function"] == "count_all":
        return len(members)
    values = [member[one["field"]] for member in members if member[one["field"]] is not None]
    match one["function"]:
        case "count":
            return len(values)
        case "count_distinct" | "hyperloglog":
            return len({same(value) for value in values})
    if not values:
        return None
    match one["function"]:
        case "sum":
            total = sum(values)
            return total if isinstance(total, float) else (total + 2**63) % 2**64 - 2**63
        case "average":
            total = sum(values)
            return float(total if isinstance(total, float) else (total + 2**63) % 2**64 - 2**63) / len(values)
    if any(isinstance(value, float) and math.isnan(value) for value in values):
        return math.nan
    return (min if one["function"] == "minimum" else max)(values, key=rank)


def join(properties: Mapping[str, Any], left: list[Record], right: list[Record]) -> list[Record]:
    word = properties["join_type"]
    pairs: list[tuple[Record | None, Record | None]] = []
    matched: set[int] = set()
    for one in left:
        found = [
            other for other in right if all(equal(one[key["left"]], other[key["right"]]) for key in properties["keys"])
        ]
        matched |= {id(other) for other in found}
        pairs += [(one, other) for other in found]
        if not found and word in ("left", "full"):
            pairs.append((one, None))
    if word in ("right", "full"):
        pairs += [(None, other) for other in right if id(other) not in matched]
    made = []
    for pair in pairs:
        sides = dict(zip(("left", "right"), pair, strict=True))
        record = {}
        for item in properties["fields"]:
            side = sides[item["input"]]
            record[item["alias"]] = None if side is None else side[item["field"]]
        made.append(record)
    return made


def equal(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return False
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    return bool(same(left) == same(right))


def limit(properties: Mapping[str, Any], records: list[Record]) -> list[Record]:
    parts: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
    for record in sorted(records, key=sort_key(properties["order_by"])):
        parts[tuple(same(record[name]) for name in properties.get("partition_by", []))].append(record)
    return [record for part in parts.values() for record in part[: properties["limit"]]]


def distinct(records: list[Record]) -> list[Record]:
    return list({tuple(same(value) for value in record.values()): record for record in records}.values())


# --- flows -------------------------------------------------------------------------------------------------------------


@dataclass
class Flow:
    """A flow while it grows: its document, and beside it what its last component gives, by the interpreter."""

    components: list[dict[str, Any]] = field(default_factory=list)
    edges: list[dict[str, str]] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    last: str = "a"

    def add(
        self, kind: str, properties: Mapping[str, Any], records: list[Record], types: dict[str, str], **inputs: str
    ) -> None:
        name = f"c{len(self.components)}"
        self.components.append({"id": name, "type": f"{kind}_component", "properties": properties})
        feeds = inputs or {"": self.last}
        for port, source in feeds.items():
            self.edges.append({"from": source, "to": name} | ({"input": port.lstrip("_")} if port else {}))
        self.last, self.records, self.types = name, records, types


texts = st.sampled_from([None, "", "a", "A", "b", "ab", "é", "\ue000", "\U0001f600"])
reals = st.sampled_from([None, 0.0, -0.0, 1.0, -2.5, math.nan, math.inf])
values = {
    "int": st.none() | st.integers(-2, 3),
    "long": st.sampled_from([None, -1, 0, 1, 2, 2**63 - 1, -(2**63)]),
    "double": reals,
    "string": texts,
    "boolean": st.none() | st.booleans(),
}
record_lists = st.lists(st.fixed_dictionaries({name: values[kind] for name, kind in FIELDS.items()}), max_size=8)


def source(name: str) -> dict[str, Any]:
    fields = [{"name": one, "type": kind} for one, kind in FIELDS.items()]
    kind = "cloud_storage_source_component"
    return {"id": name, "type": kind, "connection": LAKE, "properties": {"path": name}, "fields": fields}


def of_types(flow: Flow, *kinds: str) -> list[str]:
    return [name for name, kind in flow.types.items() if kind in kinds]


def add_filter(flow: Flow, draw: Any, _other: list[Record]) -> None:
    def condition(depth: int) -> dict[str, Any]:
        if depth and draw(st.integers(0, 3)) == 0:
            match, inner = draw(st.sampled_from(["all", "any", "none"])), [condition(depth - 1) for _ in range(2)]
            return {"match": match, "conditions": inner}
        left = draw(st.sampled_from(list(flow.types)))
        kind = flow.types[left]
        like = of_types(flow, *NUMBERS) if kind in NUMBERS else of_types(flow, kind)
        words = ["is_null", "is_not_null", "=", "!="] + ([] if kind == "boolean" else ["<", "<=", ">", ">="])
        words += ["text_equals", "text_not_equals", "text_is_empty", "text_is_not_empty"] if kind == "string" else []
        operator = draw(st.sampled_from(words))
        made = {"left": left, "operator": operator}
        alone = operator.endswith(("null", "empty"))
        return made if alone else made | {"right": draw(st.sampled_from(like))}

    match = draw(st.sampled_from(["all", "any", "none"]))
    conditions = [condition(2) for _ in range(draw(st.integers(1, 3)))]
    kept = [one for one in flow.records if combined(match, [holds(c, one) for c in conditions])]
    flow.add("filter", {"match": match, "conditions": conditions}, kept, flow.types)


def draw_order(flow: Flow, draw: Any) -> list[dict[str, str]]:
    names = draw(st.permutations(list(flow.types)))
    return [{"field": name, "direction": draw(st.sampled_from(["asc", "desc"]))} for name in names]


def add_limit(flow: Flow, draw: Any, _other: list[Record]) -> None:
    properties: dict[str, Any] = {"limit": draw(st.integers(0, 3)), "order_by": draw_order(flow, draw)}
    parts = draw(st.lists(st.sampled_from(list(flow.types)), max_size=2, unique=True))
    properties |= {"partition_by": parts} if parts else {}
    flow.add("limit", properties, limit(properties, flow.records), flow.types)


def add_sorted_limit(flow: Flow, draw: Any, _other: list[Record]) -> None:
    order = draw_order(flow, draw)
    flow.add("sort", {"order_by": order}, sorted(flow.records, key=sort_key(order)), flow.types)
    size = draw(st.integers(0, 3))
    flow.add("limit", {"limit": size}, flow.records[:size], flow.types)


def add_distinct(flow: Flow, draw: Any, _other: list[Record]) -> None:
    flow.add("distinct", {}, distinct(flow.records), flow.types)


def add_aggregate(flow: Flow, draw: Any, _other: list[Record]) -> None:
    by = draw(st.lists(st.sampled_from(list(flow.types)), max_size=2, unique=True))
    made: list[dict[str, str]] = [{"function": "count_all", "alias": f"m{len(flow.components)}"}]
    types = {name: flow.types[name] for name in by} | {made[0]["alias"]: "long"}
    for number in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(list(flow.types)))
        kind = flow.types[name]
        words = {"count": "long", "count_distinct": "long", "hyperloglog": "long"}
        words |= {"minimum": kind, "maximum": kind} if kind != "boolean" else {}
        words |= {"sum": "double" if kind == "double" else "long", "average": "double"} if kind in NUMBERS else {}
        word = draw(st.sampled_from(sorted(words)))
        alias = f"m{len(flow.components)}_{number}"
        made.append({"function": word, "field": name, "alias": alias})
        types[alias] = words[word]
    properties = {"functions": made} | ({"group_by": by} if by else {})
    flow.add("aggregate", properties, aggregate(properties, flow.records), types)


def add_select(flow: Flow, draw: Any, _other: list[Record]) -> None:
    chosen = draw(st.lists(st.sampled_from(list(flow.types)), min_size=1, max_size=6, unique=True))
    aliases = [
        f"s{len(flow.components)}_{number}" if draw(st.booleans()) else name for number, name in enumerate(chosen)
    ]
    items = [{"expression": name, "alias": alias} for name, alias in zip(chosen, aliases, strict=True)]
    records = [{alias: one[name] for name, alias in zip(chosen, aliases, strict=True)} for one in flow.records]
    types = {alias: flow.types[name] for name, alias in zip(chosen, aliases, strict=True)}
    flow.add("select", {"fields": items}, records, types)


def add_union(flow: Flow, draw: Any, _other: list[Record]) -> None:
    before, records, types = flow.last, flow.records, flow.types
    widened = {name: "double" if kind == "int" and draw(st.booleans()) else kind for name, kind in types.items()}
    items = [{"expression": f"({widened[name]}){name}" if widened[name] != kind else name, "alias": name}
             for name, kind in reversed(types.items())]  # fmt: skip
    wide = [{name: to(widened[name], one[name]) for name in types} for one in records]
    flow.add("select", {"fields": items}, wide, widened)
    flow.add("union", {}, [*wide, *wide], widened, _1=before, _2=flow.last)


def to(kind: str, value: Any) -> Any:
    return float(value) if kind == "double" and value is not None else value


def add_join(flow: Flow, draw: Any, other: list[Record]) -> None:
    before, types, records = flow.last, flow.types, flow.records
    other_types, with_itself = FIELDS, draw(st.booleans())
    if with_itself:
        other_types, other = types, records
    pairs = [(left, right) for left, kind in types.items() for right, kind2 in other_types.items()
             if kind == kind2 or {kind, kind2} in ({"int", "long"}, {"int", "double"})]  # fmt: skip
    if not pairs:
        return
    keys = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=2))
    number = len(flow.components)
    items = [{"input": "left", "field": name, "alias": f"l{number}_{at}"} for at, name in enumerate(types)]
    items += [{"input": "right", "field": name, "alias": f"r{number}_{at}"} for at, name in enumerate(other_types)]
    items = draw(st.lists(st.sampled_from(items), min_size=1, max_size=6, unique_by=lambda one: one["alias"]))
    properties = {
        "join_type": draw(st.sampled_from(["inner", "left", "right", "full"])),
        "keys": [{"left": left, "right": right} for left, right in keys],
        "optimization": draw(st.sampled_from(["default", "replicated", "skewed"])),
        "fields": items,
    }
    made = join(properties, records, [dict(one) for one in other])
    kinds = {"left": types, "right": other_types}
    new_types = {item["alias"]: kinds[item["input"]][item["field"]] for item in items}
    flow.add("join", properties, made, new_types, left=before, right=before if with_itself else "b")


STEPS = (add_filter, add_limit, add_sorted_limit, add_distinct, add_aggregate, add_select, add_union, add_join)


@st.composite
def flows(draw: Any) -> tuple[Flow, dict[str, list[Record]]]:
    tables = {"a": draw(record_lists), "b": draw(record_lists)}
    flow = Flow([source("a"), source("b")], [], dict(FIELDS), tables["a"])
    for step in draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=4)):
        step(flow, draw, tables["b"])
        # Joins of joins grow without bound.
        if len(flow.records) > 200 or not flow.types:
            break
    return flow, tables


# --- the engine --------------------------------------------------------------------------------------------------------


def plan_of(flow: Flow) -> Plan:
    out = {
        "id": "out",
        "type": "cloud_storage_destination_component",
        "connection": LAKE,
        "properties": {"path": "out"},
    }
    unused = [] if any(edge["from"] == "b" for edge in flow.edges) else ["b"]
    components = [one for one in flow.components if one["id"] not in unused]
    made = compile_package(
        {"components": [*components, out], "edges": [*flow.edges, {"from": flow.last, "to": "out"}]}, {}
    )
    assert made.errors == ()
    assert made.plan is not None
    return made.plan


def rows_of(scan: Scan, records: list[Record]) -> str:
    def column(value: Any, word: str) -> str:
        dtype = SCHEMA_WORDS[word]
        return literal(None if value is None else Value(dtype.kind, value), dtype)

    columns = [f"CAST(NULL AS {SQL_TYPES[one.dtype.kind]}) AS {column_of(one.name)}" for one in scan.schema]
    parts = [f"SELECT {', '.join(columns)} WHERE false"]
    parts += [f"SELECT {', '.join(column(one[name], word) for name, word in FIELDS.items())}" for one in records]
    return " UNION ALL ".join(parts)


def computed(plan: Plan, tables: Mapping[str, list[Record]], sizes: Mapping[str, int]) -> list[tuple[Any, ...]]:
    connection = duckdb.connect(":memory:")
    functions = Functions(connection)
    made = statements.build(plan, CONTEXT, lambda scan: rows_of(scan, tables[scan.component]), sizes)
    for table, select in made.shared:
        functions.need(select)
        connection.execute(f"CREATE TEMP TABLE {table} AS {select}")
    functions.need(made.outputs[0])
    found: list[tuple[Any, ...]] = connection.execute(made.outputs[0]).fetchall()
    connection.close()
    return found


def counted(rows: Iterable[Iterable[Any]]) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(same(value) for value in row) for row in rows)


@settings(derandomize=True, deadline=None, max_examples=120)
@given(flows())
def test_a_flow_gives_what_its_components_mean(made: tuple[Flow, dict[str, list[Record]]]) -> None:
    flow, tables = made
    plan = plan_of(flow)
    wanted = counted(tuple(one[name] for name in flow.types) for one in flow.records)
    assert counted(computed(plan, tables, {})) == wanted
    assert counted(computed(plan, tables, {"a": 1, "b": 2})) == wanted
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statements, "DEEPEST", 1)
        assert counted(computed(plan, tables, {"a": 2, "b": 1})) == wanted

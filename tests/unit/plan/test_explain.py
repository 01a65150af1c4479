"""The text form of a plan; the golden cases show it for every kind of component."""

from __future__ import annotations

from dataclasses import replace

from penstock.plan import dtypes
from penstock.plan.explain import explain
from penstock.plan.exprs import Call, FieldRef, Literal
from penstock.plan.operators import (
    ConnectionRef,
    FileSource,
    FileTarget,
    Filter,
    Join,
    JoinField,
    JoinType,
    Plan,
    Scan,
    ScanField,
    Write,
)
from penstock.plan.schema import Field, Schema
from penstock.plan.values import Value

LAKE = ConnectionRef("lake")
SCHEMA = Schema((Field("id", dtypes.LONG), Field("name", dtypes.CHARARRAY)))
SCAN = Scan("orders", FileSource(LAKE, "in.csv", (ScanField("id"), ScanField("Name of it")), delimiter=","), SCHEMA)
ID = FieldRef("id", dtypes.LONG)


def write(given: Scan | Filter | Join, path: str = "out") -> Write:
    columns = tuple((name, name) for name in given.schema.names)
    return Write(path, path, "x", given, FileTarget(LAKE, path, columns, header=True))


def test_an_operator_is_a_line_and_a_shared_one_stands_once() -> None:
    big = Filter(
        "big", SCAN, Call("gt", (ID, Literal(Value(dtypes.Kind.LONG, 5), dtypes.LONG)), dtypes.BOOLEAN), SCHEMA
    )
    assert explain(Plan((write(SCAN, "all"), write(big)))) == (
        "s1 = scan lake:in.csv (orders)    id: long?, name: chararray? = 'Name of it'\n"
        "                                  delimiter ','\n"
        "s2 = filter s1 (big)              s1.id > 5L\n"
        "write lake:all ← s1 (all)         id, name\n"
        "                                  header\n"
        "write lake:out ← s2 (out)         id, name\n"
        "                                  header\n"
    )


def test_the_sides_of_a_join_of_one_thing_with_itself_are_told_apart() -> None:
    keys = ((replace(ID, side="left"), replace(ID, side="right")),)
    fields = (JoinField("left", "id"), JoinField("right", "name"))
    join = Join("twice", SCAN, SCAN, JoinType.LEFT, keys, fields, SCHEMA)
    assert (
        "s2 = left join s1, s1 (twice)     on s1(left).id == s1(right).id\n"
        "                                  s1(left).id: long?, s1(right).name: chararray?\n"
    ) in explain(Plan((write(join),)))


def test_details_behind_a_long_head_begin_on_a_line_of_their_own() -> None:
    name = "a component with a name that is much longer than a column"
    text = explain(Plan((write(replace(SCAN, component=name)),)))
    assert text.startswith(f"s1 = scan lake:in.csv ({name})\n{' ' * 48}id: long?")


def test_long_conditions_stand_a_line_each() -> None:
    test = Call(
        "eq", (FieldRef("name", dtypes.CHARARRAY), Literal(Value(dtypes.Kind.CHARARRAY, "x" * 60))), dtypes.BOOLEAN
    )
    either = Call("or", (test, test), dtypes.BOOLEAN)
    big = Filter("big", SCAN, Call("and", (test, either), dtypes.BOOLEAN), SCHEMA)
    lines = [line.strip() for line in explain(Plan((write(big),))).splitlines()]
    assert lines[2].endswith(f"s1.name == '{'x' * 60}'")
    assert lines[3] == f"AND (s1.name == '{'x' * 60}' OR s1.name == '{'x' * 60}')"


def test_a_plan_without_outputs_is_no_text() -> None:
    assert explain(Plan()) == ""

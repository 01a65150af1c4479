"""What of a plan is computed when."""

from __future__ import annotations

from dataclasses import replace

from penstock.plan import dtypes
from penstock.plan.exprs import Call, FieldRef
from penstock.plan.operators import (
    ConnectionRef,
    FileSource,
    FileTarget,
    Filter,
    Operator,
    Plan,
    Scan,
    ScanField,
    Union,
    Write,
)
from penstock.plan.schema import Field, Schema
from penstock.plan.stages import computed_twice, levels, rejecting, stages
from penstock.plan.systems import RejectedRecords

SCHEMA = Schema((Field("record", dtypes.CHARARRAY),))
LAKE = ConnectionRef("lake")
SOURCE = Scan("s", FileSource(LAKE, "in", (ScanField("record"),)), SCHEMA)


def rejected(name: str) -> Scan:
    return replace(SOURCE, component=f"{name} rejected", origin=RejectedRecords(name))


def write(name: str, given: Operator) -> Write:
    return Write(
        name, name, "cloud_storage_destination_component", given, FileTarget(LAKE, name, ()), keeps_rejected=True
    )


def names(plan: Plan) -> list[list[str]]:
    return [[one.component for one in part.outputs] for part in stages(plan)]


def test_a_plan_without_rejected_records_is_one_stage() -> None:
    plan = Plan((replace(write("a", SOURCE), keeps_rejected=False),))
    assert stages(plan) == (plan,)
    assert stages(Plan()) == (Plan(),)


def test_what_reads_rejected_records_comes_after_its_output() -> None:
    both = Union("u", (rejected("a"), rejected("b")), SCHEMA)
    plan = Plan((write("d", rejected("c")), write("c", both), write("a", SOURCE), write("b", rejected("a"))))
    assert levels(plan) == {"a": 0, "b": 1, "c": 2, "d": 3}
    assert names(plan) == [["a"], ["b"], ["c"], ["d"]]
    assert rejecting(both) == {"a", "b"}


def test_outputs_of_one_stage_keep_their_order() -> None:
    plan = Plan((write("b", SOURCE), write("x", rejected("b")), write("a", SOURCE)))
    assert names(plan) == [["b", "a"], ["x"]]


def test_what_is_computed_twice() -> None:
    kept = Filter("f", SOURCE, Call("is_null", (FieldRef("record", dtypes.CHARARRAY),), dtypes.BOOLEAN, False), SCHEMA)
    both = Union("u", (rejected("a"), kept), SCHEMA)
    a, b, late = write("a", kept), write("b", kept), write("late", both)
    assert computed_twice(Plan((a, b))) == []
    assert computed_twice(Plan((late, b, a))) == [(SOURCE, b, late), (kept, b, late)]

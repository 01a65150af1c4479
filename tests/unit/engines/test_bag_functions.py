"""Functions on bags and maps: null rules, limits, equality and order of values, and what fails."""

from __future__ import annotations

import pytest
from tests.unit.engines.conftest import NOW

from penstock.engines.duckdb.evaluate import evaluate
from penstock.errors import DataError
from penstock.lang.check.expressions import check_expression
from penstock.plan.ports import Context
from penstock.plan.schema import Schema
from penstock.plan.values import Value, encode


def value_of(text: str, strict: bool = False) -> Value | None:
    checked = check_expression(text, Schema())
    assert checked.expr is not None, [one.sentence() for one in checked.findings]
    return evaluate((checked.expr,), Schema(), {}, Context(NOW, strict=strict))[0]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("IsEmpty(TOMAP())", "true"),
        ("IsEmpty(TOBAG(null))", "false"),
        ("VALUESET(TOMAP('a',1,'b',1L,'c',null))", "{(1),(1L),(null)}"),
        ("INVERSEMAP(TOMAP('a',1.0,'b','1.0'))", "['1.0'#{('a'),('b')}]"),
        (
            "INVERSEMAP(TOMAP('a',TOMAP('zeta',1,'x8',null,'alpha',TOBAG(TOTUPLE(1,TOMAP('k','v'))))))",
            "['{zeta=1, x8=null, alpha={(1,[k#v])}}'#{('a')}]",
        ),
        ("BagToString(TOBAG('','a',null,''))", "'a_null_'"),
        ("BagToString(TOBAG('',''),'-')", "''"),
        ("BagToString(TOBAG(TOTUPLE(1,2.0),TOTUPLE(true,TOTUPLE(1,null))))", "'1_2.0_true_(1,)'"),
        ("BagToString(TOBAG())", "''"),
        ("BagToTuple(TOBAG())", "TOTUPLE()"),
        ("DIFF(TOBAG(1,1,2,null),TOBAG(2,2L))", "{(1),(null),(2L)}"),
        ("DIFF(1,1L)", "{(1),(1L)}"),
        ("DIFF('a','a')", "{}"),
        ("DIFF(ToDate('2021-01-01T00:00Z'),ToDate('2021-01-01T01:00+01:00'))", "{}"),
        ("SUBTRACT(null,TOBAG(1))", "{}"),
        ("SUBTRACT(TOBAG(1,1,2),null)", "{(1),(2)}"),
        ("TOP(2,0,TOBAG(null,3,null,1))", "{(1),(3)}"),
        ("TOP(0,0,TOBAG(3))", "{}"),
        ("TOP(5,1,TOBAG(TOTUPLE(1,'b'),TOTUPLE(2,'a')))", "{(2,'a'),(1,'b')}"),
        ("TOP(1,0,TOBAG(1.0,(double)'NaN'))", "TOBAG((double)'NaN')"),
        ("TOBAG(TOTUPLE(1,2),TOTUPLE(3,4)).($1,$0)", "{(2,1),(4,3)}"),
        ("Stitch(TOBAG(1,2,3),TOBAG('a'))", "{(1,'a'),TOTUPLE(2),TOTUPLE(3)}"),
        ("Stitch(TOBAG(1),TOBAG('a','b'))", "{(1,'a')}"),
        ("MaxTupleBy1stField(TOBAG())", "null"),
        ("ExtremalTupleByNthField(TOBAG(TOTUPLE(1,'b'),TOTUPLE(2,'a')),2)", "(1,'b')"),
        ("ExtremalTupleByNthField(TOBAG(3,1,2),1,'MIN')", "TOTUPLE(1)"),
        ("FirstTupleFromBag(TOBAG(7,8),null)", "TOTUPLE(7)"),
        ("FirstTupleFromBag(TOBAG(TOTUPLE(7,'x')),null).$1", "'x'"),
        ("FirstTupleFromBag(TOBAG(),TOTUPLE(1))", "TOTUPLE(1)"),
        ("NullToEmptyBag(TOBAG(1))", "{(1)}"),
        ("BagConcat(TOBAG(1),TOBAG())", "{(1)}"),
        ("BagSplit(9,TOBAG())", "{}"),
        ("DistinctBy(TOBAG(TOTUPLE(1,'a'),TOTUPLE(1,'b'),TOTUPLE(2,'a')),0,1)", "{(1,'a'),(1,'b'),(2,'a')}"),
        ("DistinctBy(TOBAG(TOTUPLE(1,'a'),TOTUPLE(1,'b'),TOTUPLE(2,'a')),1)", "{(1,'a'),(1,'b')}"),
        ("Enumerate(TOBAG('x','y'),1)", "{('x',1L),('y',2L)}"),
        ("UnorderedPairs(null)", "{}"),
        ("SIZE(UnorderedPairs(TOBAG(1,2,3)))", "3L"),
        ("SetIntersect(TOBAG(1,1,2),TOBAG(1,1,3))", "{(1)}"),
        ("SetIntersect(TOBAG(1),TOBAG())", "{}"),
        ("SetUnion(TOBAG(2,1,2),TOBAG(1))", "{(2),(1)}"),
        ("SIZE(MarkovPairs(TOBAG(1,4,7),2))", "3L"),
        ("MarkovPairs(TOBAG(1))", "{}"),
        ("TimeCount(TOBAG(),'30m')", "0L"),
        ("TimeCount(TOBAG('2021-03-14T10:00Z','2021-03-14T10:30Z','2021-03-14T11:00:00.001Z'),'30m')", "2L"),
    ],
)
def test_what_it_gives(text: str, wanted: str) -> None:
    assert encode(value_of(text)) == encode(value_of(wanted))


@pytest.mark.parametrize(
    "text",
    [
        "IsEmpty((bytearray)null)", "KEYSET(null)", "VALUELIST(null)", "INVERSEMAP(null)", "BagToString(null)",
        "BagToString(TOBAG(1),null)", "BagToTuple(null)", "DIFF(null,TOBAG(1))", "TOP(1,0,null)", "TOP(null,0,TOBAG(1))",
        "Stitch(TOBAG(1),null)", "FirstTupleFromBag(null,1)", "AppendToBag(TOBAG(1),null)", "BagConcat(null,TOBAG(1))",
        "BagSplit(null,TOBAG(1))", "DistinctBy(null,0)", "Enumerate(null)", "SetUnion(TOBAG(1),null)",
        "SetIntersect(TOBAG(1),null)", "MarkovPairs(null)",
    ],
)  # fmt: skip
def test_null_gives_null(text: str) -> None:
    assert value_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "IsEmpty((bytearray)null)", "BagToString(TOBAG(1),null)", "DIFF(null,TOBAG(1))", "TOP(null,0,TOBAG(1))",
        "Stitch(TOBAG(1),null)", "FirstTupleFromBag(null,1)", "AppendToBag(TOBAG(1),null)", "BagConcat(null,TOBAG(1))",
        "BagSplit(null,TOBAG(1))", "DistinctBy(null,0)", "Enumerate(null)", "SetUnion(TOBAG(1),null)",
    ],
)  # fmt: skip
def test_null_fails_where_errors_are_strict(text: str) -> None:
    with pytest.raises(DataError, match="_STRICT_PIG_ERRORS"):
        value_of(text, strict=True)


def test_null_that_never_failed_does_not_fail() -> None:
    for text in ("TOP(1,0,null)", "BagToString(null)", "KEYSET(null)"):
        assert value_of(text, strict=True) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("IsEmpty(TOMAP('a',1,'b','')#'a')", "int"),
        ("INVERSEMAP(TOMAP('a',null))", "null"),
        ("INVERSEMAP(TOMAP('a',TOBAG(1)))", "bag"),
        ("TOP(1,1,TOBAG(1))", "no column 1"),
        ("TOP(1 - 2,0,TOBAG(1))", "-1"),
        ("DistinctBy(TOBAG(1),1)", "no column 1"),
        ("SetIntersect(TOBAG(2,1),TOBAG(1))", "sorted"),
        ("ExtremalTupleByNthField(TOBAG(1),2)", "no field 2"),
        ("MaxTupleBy1stField(TOBAG(TOMAP('a',1,'b','')#'a'))", "long"),
        ("TimeCount(TOBAG('2021-01-02','2021-01-01'),'1h')", "sorted by time"),
        ("TimeCount(TOBAG('2021-01-02'),'soon')", "period"),
        ("BagSplit(1 - 1,TOBAG(1))", "of 0 tuples"),
    ],
)
def test_what_fails(text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        value_of(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("IsEmpty('a')", "PK404"),
        ("DIFF(TOBAG(1),2)", "PK404"),
        ("TOP(-1,0,TOBAG(1))", "PK404"),
        ("BagSplit(0,TOBAG(1))", "PK404"),
        ("MaxTupleBy1stField(TOBAG(1))", "PK404"),
        ("ExtremalTupleByNthField(TOBAG(1),1,'most')", "PK404"),
        ("ToJson((1,2))", "PK404"),
        ("ToJson({(1,2)})", "PK404"),
        ("KEYSET(TOBAG(1))", "PK404"),
        ("SetUnion(TOBAG(1))", "PK405"),
        ("DistinctBy(TOBAG(1))", "PK405"),
    ],
)
def test_what_the_check_refuses(text: str, code: str) -> None:
    assert [one.code for one in check_expression(text, Schema()).findings] == [code]


def test_sessions_begin_after_a_gap() -> None:
    text = (
        "SIZE(VALUESET(TOMAP('a',ids.$0,'b',ids.$1,'c',ids.$2)))".replace(
            "ids", "BagToTuple(Sessionize({times},'30m').$1)"
        )
    ).replace("{times}", "TOBAG('2021-03-14T10:00Z','2021-03-14T10:30Z','2021-03-14T11:01Z')")
    # Each mention is computed anew, with ids of its own.
    assert value_of(text) is not None
    found = value_of("Sessionize(TOBAG('2021-03-14T10:00Z','2021-03-14T10:30Z','2021-03-14T11:01Z'),'30m')")
    assert found is not None
    ids = [row[1].data for row in found.data]
    assert ids[0] == ids[1] != ids[2]

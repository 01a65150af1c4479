"""Tuples, bags and maps as far as constants need them (function reference 9), and aggregates over bags (12)."""

from penstock.lang.functions.signature import Function, Nulls, Wrong, function, signature
from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind, Member
from penstock.plan.exprs import Expr, Literal

M = Nulls.MAYBE


def _tuple_of(args: tuple[DType, ...]) -> DType:
    return DType(Kind.TUPLE, members=tuple(Member(dtype) for dtype in args))


def _bag_of(args: tuple[DType, ...]) -> DType:
    """Rows of one shape give a typed bag; a bare null says nothing about the shape."""
    rows = (arg.members if arg.kind is Kind.TUPLE else (Member(arg),) for arg in args if arg.kind is not Kind.BYTEARRAY)
    return DType(Kind.BAG, members=dtypes.common_row(rows))


def _map_of(args: tuple[DType, ...]) -> DType:
    values = {arg for arg in args[1::2] if arg.kind is not Kind.BYTEARRAY}
    return DType(Kind.MAP, value=values.pop() if len(values) == 1 else None)


def _element(args: tuple[DType, ...]) -> DType:
    members = args[0].members
    if members and members[0].dtype.kind in (*dtypes.NUMERIC_ORDER, Kind.CHARARRAY, Kind.DATETIME):
        return members[0].dtype
    return dtypes.DOUBLE


def _sum_type(args: tuple[DType, ...]) -> DType:
    members = args[0].members
    whole = members is not None and bool(members) and members[0].dtype.kind in (Kind.INT, Kind.LONG)
    return dtypes.LONG if whole else dtypes.DOUBLE


_DOUBLES = DType(Kind.TUPLE, value=dtypes.DOUBLE)


def _first_is_number(args: tuple[Expr, ...]) -> Wrong | None:
    members = args[0].dtype.members
    if members and members[0].dtype.kind not in (*dtypes.NUMERIC_ORDER, Kind.BYTEARRAY):
        return Wrong(0, f"The first field of the bag is a number, here it is {members[0].dtype}.")
    return None


def _shares(args: tuple[Expr, ...]) -> Wrong | None:
    for index, arg in enumerate(args[1:], 1):
        number = arg.value.data if isinstance(arg, Literal) and arg.value is not None else 0
        if number < 0 or (number > 1 and len(args) > 2):
            return Wrong(index, f"A quantile lies between 0.0 and 1.0, this one is {number:g}.")
    return _first_is_number(args)


STRUCTURES: tuple[Function, ...] = (
    function(
        "SIZE", "structures", "any -> long",
        "UTF-16 units of a text, fields of a tuple, tuples of a bag, keys of a map, 1 for a number.", "SIZE('duck')",
        "4L",
    ),
    function(
        "TOTUPLE", "structures", (signature("any*", _tuple_of),), "A tuple of its arguments.", "TOTUPLE(1,'x')",
        "(1,'x')", Nulls.NEVER,
    ),
    function(
        "TOBAG", "structures", (signature("any*", _bag_of),), "A bag of its arguments, each in a tuple of its own.",
        "TOBAG('a','b')", "{('a'),('b')}", Nulls.NEVER,
    ),
    function(
        "TOMAP", "structures", (signature("any*", _map_of),), "A map of keys and values in turn.", "TOMAP('x',1)",
        "['x'#1]", Nulls.NEVER,
    ),
)  # fmt: skip

BAG_AGGREGATES: tuple[Function, ...] = (
    function(
        "COUNT", "aggregates", "bag -> long", "Tuples whose first field is not null.", "COUNT(TOBAG(4,null,6))", "2L",
    ),
    function("COUNT_STAR", "aggregates", "bag -> long", "All tuples.", "COUNT_STAR(TOBAG(4,null,6))", "3L"),
    function(
        "SUM", "aggregates", (signature("bag", _sum_type),),
        "The sum of the first fields: long of int and long, double of the others.", "SUM(TOBAG(4,null,6))", "10L", M,
    ),
    function(
        "AVG", "aggregates", "bag -> double",
        "The mean of the first fields: their sum, which of longs wraps round, through their number.", "AVG(TOBAG(4,null,7))",
        "5.5", M,
    ),
    function(
        "MIN", "aggregates", (signature("bag", _element), signature("number number", "widest")),
        "The least first field of a bag, or the lesser of two numbers.", "MIN(TOBAG('b','a'))", "'a'", M,
    ),
    function(
        "MAX", "aggregates", (signature("bag", _element), signature("number number", "widest")),
        "The greatest first field of a bag, or the greater of two numbers.", "MAX(TOBAG('b','a'))", "'b'", M,
    ),
    function(
        "COR", "aggregates", "bag bag bag* -> bag", "Pearson's correlation of each pair of bags of doubles.",
        "COR(TOBAG(1.0,2.0,3.0),TOBAG(2.0,4.0,6.0))", "{('var0','var1',1.0)}", M,
    ),
    function(
        "COV", "aggregates", "bag bag bag* -> bag", "The population covariance of each pair of bags of doubles.",
        "COV(TOBAG(1.0,2.0,3.0),TOBAG(2.0,4.0,6.0))", "{('var0','var1',1.3333333333333333)}", M,
    ),
    function(
        "VAR", "aggregates", "bag -> double", "The variance of the first fields of a whole population.",
        "VAR(TOBAG(1,2,4,4,9))", "7.600000000000001", M, rule=_first_is_number,
    ),
    function(
        "Median", "aggregates", (signature("bag", _DOUBLES),),
        "The median of a sorted bag in a tuple; null of an empty one. A bag that is not sorted fails the job.",
        "Median(TOBAG(1,2,3,4))", "TOTUPLE(2.5)", M, rule=_first_is_number,
    ),
    function(
        "Quantile", "aggregates", (signature("bag double double*", _DOUBLES),),
        "The quantiles, from 0.0 to 1.0, of a sorted bag in a tuple (estimation type R-2); a single one above 1 is how many "
        "of them, evenly spaced. A bag that is not sorted fails the job.", "Quantile(TOBAG(1,2,3,4),0.0,0.5,1.0)",
        "(1.0,2.5,4.0)", M, rule=_shares,
    ),
    function(
        "StreamingMedian", "aggregates", (signature("bag", _DOUBLES),), "As Median, of a bag in any order; exact.",
        "StreamingMedian(TOBAG(4,1,3,2))", "TOTUPLE(2.5)", M, rule=_first_is_number,
    ),
    function(
        "StreamingQuantile", "aggregates", (signature("bag double double*", _DOUBLES),),
        "As Quantile, of a bag in any order; exact.", "StreamingQuantile(TOBAG(4,1,3,2),0.5,1.0)", "(2.5,4.0)", M,
        rule=_shares,
    ),
)  # fmt: skip

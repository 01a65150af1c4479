"""Functions that take bags and maps apart and put them together (function reference 9)."""

from collections.abc import Callable

from penstock.lang.functions.signature import Function, Nulls, Wrong, function, signature
from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind, Member
from penstock.plan.exprs import Expr, Literal

M, N = Nulls.MAYBE, Nulls.NEVER
_PAIR = "TOBAG(TOTUPLE(2L,'b'),TOTUPLE(5L,'e'))"


def _bag(members: tuple[Member, ...] | None) -> DType:
    return DType(Kind.BAG, members=members)


def _same(args: tuple[DType, ...]) -> DType:
    """The type of the bag among the arguments; of several only where all are alike."""
    bags = {arg for arg in args if arg.kind is Kind.BAG}
    return bags.pop() if len(bags) == 1 else dtypes.BAG


def _with_row(args: tuple[DType, ...]) -> DType:
    return args[0] if args[0].members == args[1].members else dtypes.BAG


def _row(args: tuple[DType, ...]) -> DType:
    """One tuple of the bag."""
    return DType(Kind.TUPLE, members=args[0].members)


def _row_or_default(args: tuple[DType, ...]) -> DType:
    default = args[1]
    if default.kind is Kind.BYTEARRAY or default.kind is Kind.TUPLE:
        same = default.kind is Kind.BYTEARRAY or default.members == args[0].members
        return DType(Kind.TUPLE, members=args[0].members if same else None)
    return dtypes.BYTEARRAY


def _values(args: tuple[DType, ...]) -> DType:
    return _bag((Member(args[0].value or dtypes.BYTEARRAY),))


def _flat(args: tuple[DType, ...]) -> DType:
    kinds = {member.dtype for member in args[0].members or ()}
    return DType(Kind.TUPLE, value=kinds.pop() if len(kinds) == 1 else None)


def _numbered(args: tuple[DType, ...]) -> DType:
    members = args[0].members
    return _bag(None if members is None else (*members, Member(dtypes.LONG, "i")))


def _with_session(args: tuple[DType, ...]) -> DType:
    members = args[0].members
    return _bag(None if members is None else (*members, Member(dtypes.CHARARRAY, "session_id")))


def _stitched(args: tuple[DType, ...]) -> DType:
    members: list[Member] = []
    for arg in args:
        if arg.members is None:
            return dtypes.BAG
        members.extend(arg.members)
    return _bag(tuple(members))


def _paired(args: tuple[DType, ...]) -> DType:
    one = DType(Kind.TUPLE, members=args[0].members)
    return _bag((Member(one, "elem1"), Member(one, "elem2")))


def _bag_of_bags(args: tuple[DType, ...]) -> DType:
    return _bag((Member(args[1]),))


def _first_is_long(args: tuple[Expr, ...]) -> Wrong | None:
    members = args[0].dtype.members
    if members and members[0].dtype.kind not in (Kind.LONG, Kind.BYTEARRAY):
        return Wrong(0, f"MaxTupleBy1stField takes tuples whose first field is long, here it is {members[0].dtype}.")
    return None


def at_least(name: str, index: int, least: int) -> Callable[[tuple[Expr, ...]], Wrong | None]:
    """Return the rule that a whole number written as a literal, and all behind it, are not less than *least*."""

    def rule(args: tuple[Expr, ...]) -> Wrong | None:
        for at, arg in enumerate(args[index:], index):
            if (
                isinstance(arg, Literal)
                and arg.value is not None
                and arg.value.kind is Kind.INT
                and arg.value.data < least
            ):
                return Wrong(at, f"Argument {at + 1} of {name} is not less than {least}.")
        return None

    return rule


def _order(args: tuple[Expr, ...]) -> Wrong | None:
    word = args[2] if len(args) > 2 else None
    if (
        isinstance(word, Literal)
        and word.value is not None
        and str(word.value.data).strip().lower() not in ("min", "max")
    ):
        return Wrong(2, "The third argument of ExtremalTupleByNthField is 'min' or 'max'.")
    return at_least("ExtremalTupleByNthField", 1, 1)(args)


BAGS: tuple[Function, ...] = (
    function(
        "IsEmpty", "bags", "untyped -> boolean | bag -> boolean | map -> boolean",
        "Whether a bag or a map holds nothing.", "IsEmpty(TOBAG())", "true",
    ),
    function("KEYSET", "bags", "map -> bag of text", "The keys of a map.", "KEYSET(TOMAP('a',1,'b',1))", "{('a'),('b')}"),
    function(
        "VALUELIST", "bags", (signature("map", _values),), "The values of a map.", "VALUELIST(TOMAP('a',1,'b',1))",
        "{(1),(1)}",
    ),
    function(
        "VALUESET", "bags", (signature("map", _values),), "The values of a map, equal ones once.",
        "VALUESET(TOMAP('a',1,'b',1))", "{(1)}",
    ),
    function(
        "INVERSEMAP", "bags",
        (signature("map", DType(Kind.MAP, value=_bag((Member(dtypes.CHARARRAY),)))),),
        "A map from each value, as text, to the keys that have it. A map is shown as `{k=v}`. A value that is null, a tuple or "
        "a bag fails the job.", "INVERSEMAP(TOMAP('a',1,'b',1))", "['1'#{('a'),('b')}]",
    ),
    function(
        "BagToString", "bags", "bag text? -> text",
        "The fields of all tuples joined by a delimiter (default: _); null stands as the word null, and nothing is put before "
        "the first text that is not empty.", "BagToString(TOBAG('a','b'),', ')", "'a, b'",
    ),
    function(
        "BagToTuple", "bags", (signature("bag", _flat),), "The fields of all tuples in one.",
        "BagToTuple(TOBAG(TOTUPLE(1,2),TOTUPLE(3,4)))", "(1,2,3,4)",
    ),
    function(
        "DIFF", "bags", "untyped untyped -> bag | bag bag -> bag | scalar scalar -> bag",
        "The distinct tuples that one of two bags has and the other lacks; of other values both where they differ.",
        "DIFF(TOBAG(1,2),TOBAG(2,3))", "{(1),(3)}",
    ),
    function(
        "SUBTRACT", "bags", (signature("bag bag", lambda args: args[0]),),
        "The distinct tuples of the first bag that the second lacks; null is an empty bag.",
        "SUBTRACT(TOBAG(1,1,2),TOBAG(2))", "{(1)}", N,
    ),
    function(
        "TOP", "bags", (signature("int int bag", _same),),
        "The n tuples with the greatest values in a column, counted from 0; null is least.", "TOP(1,0,TOBAG(3,9,4))", "{(9)}",
        rule=at_least("TOP", 0, 0),
    ),
    function(
        "Stitch", "bags", (signature("bag bag*", _stitched),),
        "Bags row by row. The first one sets the length; where another is shorter its fields are missing from the row.",
        "Stitch(TOBAG(1,2),TOBAG('a','b'))", "{(1,'a'),(2,'b')}",
    ),
    function(
        "MaxTupleBy1stField", "bags", (signature("bag", _row),),
        "The tuple with the greatest first field, which is a long; null of an empty bag.", f"MaxTupleBy1stField({_PAIR})",
        "(5L,'e')", M, rule=_first_is_long,
    ),
    function(
        "ExtremalTupleByNthField", "bags", (signature("bag int? text?", _row),),
        "The tuple with the greatest ('max', the default) or least ('min') field at a position counted from 1; null of an "
        "empty bag.", f"ExtremalTupleByNthField({_PAIR},2,'min')", "(2L,'b')", M, rule=_order,
    ),
    function(
        "FirstTupleFromBag", "bags", (signature("bag any", _row_or_default),),
        "The first tuple of a bag; of an empty one the default, as it is.", "FirstTupleFromBag(TOBAG(),0)", "0", M,
    ),
    function(
        "NullToEmptyBag", "bags", (signature("bag", _same),), "The bag, or an empty one in place of null.",
        "NullToEmptyBag(null)", "{}", N,
    ),
    function(
        "AppendToBag", "bags", (signature("bag tuple", _with_row),), "The bag with a tuple behind the others.",
        "AppendToBag(TOBAG(1),TOTUPLE(2))", "{(1),(2)}",
    ),
    function(
        "PrependToBag", "bags", (signature("bag tuple", _with_row),), "The bag with a tuple before the others.",
        "PrependToBag(TOBAG(1),TOTUPLE(2))", "{(2),(1)}",
    ),
    function(
        "BagConcat", "bags", (signature("bag bag*", _same),), "The tuples of all bags; equal ones stay.",
        "BagConcat(TOBAG(1),TOBAG(1,2))", "{(1),(1),(2)}",
    ),
    function(
        "BagSplit", "bags", (signature("int bag", _bag_of_bags),), "A bag of bags of at most n tuples each.",
        "BagSplit(2,TOBAG(1,2,3))", "{({(1),(2)}),({(3)})}", rule=at_least("BagSplit", 0, 1),
    ),
    function(
        "DistinctBy", "bags", (signature("bag int int*", _same),),
        "The first tuple for each different content of some columns, counted from 0.",
        "DistinctBy(TOBAG(TOTUPLE('a',1),TOTUPLE('a',2)),0)", "{('a',1)}", rule=at_least("DistinctBy", 1, 0),
    ),
    function(
        "Enumerate", "bags", (signature("bag long?", _numbered),),
        "Each tuple with its number, a long, behind it; from 0 or another start.", "Enumerate(TOBAG('x','y'))",
        "{('x',0L),('y',1L)}",
    ),
    function(
        "UnorderedPairs", "bags", (signature("bag", _paired),), "Every two tuples of a bag as one; null is an empty bag.",
        "UnorderedPairs(TOBAG(1,2))", "{(TOTUPLE(1),TOTUPLE(2))}", N,
    ),
    function(
        "SetIntersect", "bags", (signature("bag bag bag*", _same),),
        "The distinct tuples that all bags have. The bags must be sorted, else the job fails.",
        "SetIntersect(TOBAG(1,2),TOBAG(2,3))", "{(2)}",
    ),
    function(
        "SetUnion", "bags", (signature("bag bag bag*", _same),), "The distinct tuples of all bags.",
        "SetUnion(TOBAG(1,2),TOBAG(2,3))", "{(1),(2),(3)}",
    ),
    function(
        "MarkovPairs", "bags", (signature("bag int?", _paired),),
        "Each tuple with the next one, or with as many of the next ones as the second argument says.",
        "MarkovPairs(TOBAG(1,4,7))", "{(TOTUPLE(1),TOTUPLE(4)),(TOTUPLE(4),TOTUPLE(7))}", rule=at_least("MarkovPairs", 1, 1),
    ),
    function(
        "Sessionize", "bags", (signature("bag text", _with_session),),
        "Each tuple of a bag sorted by time, its first field, with a session id behind it: a random one, and another after "
        "each gap longer than a window such as '30m'.",
        "COUNT(Sessionize(TOBAG('2021-03-14T10:00Z','2021-03-14T11:00Z'),'30m'))", "2L", volatile=True,
    ),
    function(
        "TimeCount", "bags", "bag text -> long",
        "Tuples of a bag sorted by time, its first field, but for those within a window such as '30m' after the one before.",
        "TimeCount(TOBAG('2021-03-14T10:00Z','2021-03-14T10:20Z','2021-03-14T11:00Z'),'30m')", "2L",
    ),
)  # fmt: skip

"""Tests of texts and choices by value (function reference 4)."""

from penstock.lang.functions.signature import Function, Nulls, function

M, N = Nulls.MAYBE, Nulls.NEVER

DECODE: tuple[Function, ...] = (
    function(
        "IsInt", "decode", "text -> boolean", "Whether a text is a whole number in the range of int; blanks are not allowed.",
        "IsInt('2147483648')", "false", N,
    ),
    function(
        "IsLong", "decode", "text -> boolean",
        "Whether a text is a whole number in the range of long; blanks are not allowed.", "IsLong('2147483648')", "true", N,
    ),
    function(
        "IsFloat", "decode", "text -> boolean", "Whether Java reads a text as a number: 12., ' 5', 5f, 1e10 and NaN are such.",
        "IsFloat('1e10')", "true", N,
    ),
    function("IsDouble", "decode", "text -> boolean", "As IsFloat.", "IsDouble('abc')", "false", N),
    function(
        "IsNumeric", "decode", "text -> boolean",
        "Whether a text is digits, with at most a minus before and a fraction behind them.", "IsNumeric('-12.50')", "true", N,
    ),
    function(
        "Decode", "decode", "any (any text)* text -> text",
        "The text beside the first value that equals the first argument, type included, else the last text; null where a "
        "null is met before.", "Decode(2,1,'one',2,'two','many')", "'two'", M,
    ),
    function(
        "Bin", "decode", "number (text number)* text -> text",
        "The text before the first limit that the number does not exceed, else the last text; null where a null is met "
        "before.", "Bin(17,'child',12,'teen',19,'adult')", "'teen'", M,
    ),
    function(
        "BinCond", "decode", "(boolean text)* text -> text",
        "The text beside the first condition that is true, else the last text; null where a null is met before.",
        "BinCond(1>2,'a',2>1,'b','c')", "'b'", M,
    ),
)  # fmt: skip

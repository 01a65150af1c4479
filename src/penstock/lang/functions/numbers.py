"""Functions on numbers (function reference 6) and conversion with null handling (7)."""

from penstock.lang.functions.signature import Function, Nulls, function


def _double(name: str, text: str, given: str, gives: str) -> Function:
    return function(name, "numbers", "double -> double", text, f"{name}({given})", gives)


NUMBERS: tuple[Function, ...] = (
    function(
        "ABS", "numbers", "number -> first", "The absolute value; that of the least int or long stays negative.",
        "ABS(-7)", "7",
    ),
    _double("CEIL", "The least whole number not below x, as a double.", "7.01", "8.0"),
    _double("FLOOR", "The greatest whole number not above x, as a double.", "-0.5", "-1.0"),
    function(
        "ROUND", "numbers", "double -> long | float -> int | int -> int | long -> long",
        "The nearest whole number, halves up; NaN gives 0, what is out of range the limit.", "ROUND(-1.5)", "-1L",
    ),
    _double("SQRT", "The square root; NaN of a negative.", "2.0", "1.4142135623730951"),
    _double("CBRT", "The cube root.", "27.0", "3.0"),
    _double("EXP", "e to the power x.", "1.0", "2.718281828459045"),
    _double("LOG", "The natural logarithm; -Infinity of 0, NaN of a negative.", "10.0", "2.302585092994046"),
    _double("LOG10", "The logarithm to base 10.", "1000.0", "3.0"),
    _double("SIN", "The sine of x radians.", "1.0", "0.8414709848078965"),
    _double("COS", "The cosine of x radians.", "1.0", "0.5403023058681398"),
    _double("TAN", "The tangent of x radians.", "1.0", "1.5574077246549023"),
    _double("ASIN", "The arc sine; NaN outside -1 to 1.", "0.5", "0.5235987755982989"),
    _double("ACOS", "The arc cosine; NaN outside -1 to 1.", "0.5", "1.0471975511965979"),
    _double("ATAN", "The arc tangent.", "1.0", "0.7853981633974483"),
    _double("SINH", "The hyperbolic sine.", "1.0", "1.1752011936438014"),
    _double("COSH", "The hyperbolic cosine.", "1.0", "1.543080634815244"),
    _double("TANH", "The hyperbolic tangent.", "1.0", "0.7615941559557649"),
    function(
        "RANDOM", "numbers", " -> double", "A number from 0 up to, not including, 1; new for each record.",
        "RANDOM() < 1.0", "true", Nulls.NEVER, volatile=True,
    ),
)  # fmt: skip

CONVERT: tuple[Function, ...] = (
    function(
        "ParseIntOrDefault", "convert", "text int -> int", "The int that a text stands for, or the default.",
        "ParseIntOrDefault('1,5',-1)", "-1", Nulls.MAYBE,
    ),
    function(
        "ParseLongOrDefault", "convert", "text long -> long", "The long that a text stands for, or the default.",
        "ParseLongOrDefault('9000000000',0L)", "9000000000L", Nulls.MAYBE,
    ),
    function(
        "ParseFloatOrDefault", "convert", "text float -> float", "The float that a text stands for, or the default.",
        "ParseFloatOrDefault('',0.0F)", "0.0F", Nulls.MAYBE,
    ),
    function(
        "ParseDoubleOrDefault", "convert", "text double -> double", "The double that a text stands for, or the default.",
        "ParseDoubleOrDefault('2.5e1',0.0)", "25.0", Nulls.MAYBE,
    ),
    function(
        "COALESCE", "convert", "any any* -> widest", "The first argument that is not null.", "COALESCE(null,'n/a')",
        "'n/a'", Nulls.MAYBE,
    ),
)  # fmt: skip

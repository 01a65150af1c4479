"""Functions on numbers (function reference 6) and conversion with null handling (7)."""

from penstock.lang.functions.signature import Function, Nulls, Wrong, function
from penstock.plan.exprs import Expr, Literal


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

_SAME = "double -> double | float -> float"
_SAME_PAIR = "double double -> double | float float -> float"
_TWO = "number number -> widest"


def _two(name: str, text: str, given: str, gives: str) -> Function:
    return function(name, "numbers", "double double -> double", text, f"{name}({given})", gives)


def _limits(args: tuple[Expr, ...]) -> Wrong | None:
    least, most = (arg.value.data if isinstance(arg, Literal) and arg.value is not None else None for arg in args)
    if least is not None and most is not None and least > most:
        return Wrong(0, "The first number of RandInt is greater than the second.")
    return None


LIBRARY_NUMBERS: tuple[Function, ...] = (
    _two("POW", "x to the power y.", "2.0,10.0", "1024.0"),
    _two("ATAN2", "The angle of the point with the coordinates x and y, which are given as y, x.", "1.0,2.0",
         "0.4636476090008061"),
    _two("HYPOT", "The square root of the sum of the squares.", "3.0,4.0", "5.0"),
    _double("EXPM1", "e to the power x, less 1.", "0.001", "0.0010005001667083417"),
    _double("LOG1P", "The natural logarithm of x + 1.", "0.001", "9.995003330835331E-4"),
    _double("RINT", "The nearest whole number as a double, halves to the even one.", "2.5", "2.0"),
    function("SIGNUM", "numbers", _SAME, "-1, 0 or 1, by the sign.", "SIGNUM(-3.2)", "-1.0"),
    _double("toDegrees", "Radians in degrees.", "3.141592653589793", "180.0"),
    _double("toRadians", "Degrees in radians.", "180.0", "3.141592653589793"),
    _two("IEEEremainder", "What is left of x by the multiple of y nearest to it.", "5.0,3.0", "-1.0"),
    function("copySign", "numbers", _SAME_PAIR, "x with the sign of y.", "copySign(3.0,-0.5)", "-3.0"),
    function("SCALB", "numbers", "double int -> double", "x times 2 to the power n.", "SCALB(1.5,4)", "24.0"),
    function(
        "ULP", "numbers", _SAME, "The distance to the next greater number in magnitude.", "ULP(1.0)",
        "2.220446049250313E-16",
    ),
    function("NEXTUP", "numbers", _SAME, "The least number greater than x.", "NEXTUP(1.0)", "1.0000000000000002"),
    _two("nextAfter", "The neighbour of x toward y.", "1.0,0.0", "0.9999999999999999"),
    function(
        "getExponent", "numbers", "double -> int | float -> int", "The exponent of the binary form.", "getExponent(10.0)",
        "3",
    ),
    function("Greatest", "numbers", _TWO, "The greater of two numbers; NaN wins.", "Greatest(3,8)", "8"),
    function("Least", "numbers", _TWO, "The lesser of two numbers; NaN wins.", "Least(3,8)", "3"),
    function(
        "RandInt", "numbers", "int int -> int", "A random whole number between two, both included; new for each record.",
        "RandInt(7,7)", "7", volatile=True, rule=_limits,
    ),
    function(
        "HaversineDistInMiles", "numbers", "double double double double -> double",
        "The distance of two places, each given as latitude and longitude in degrees, in miles.",
        "ROUND(HaversineDistInMiles(52.52,13.405,48.8566,2.3522) * 100.0)", "54523L",
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
    function(
        "BoolToInt", "convert", "boolean -> int", "1 for true, 0 for false and null.", "BoolToInt(true)", "1", Nulls.NEVER,
    ),
    function(
        "IntToBool", "convert", "int -> boolean", "Whether a number is not 0; null gives false.", "IntToBool(7)", "true",
        Nulls.NEVER,
    ),
)  # fmt: skip

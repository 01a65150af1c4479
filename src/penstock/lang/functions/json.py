"""Functions on JSON (function reference 8)."""

from penstock.lang.functions.signature import Function, Nulls, Wrong, function
from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Expr

M = Nulls.MAYBE


def _no_wide_tuple(args: tuple[Expr, ...]) -> Wrong | None:
    """A tuple of several fields is no JSON value; nor is one inside a bag."""
    dtype: DType = args[0].dtype
    if dtype.kind in (Kind.TUPLE, Kind.BAG) and dtype.members is not None and len(dtype.members) > 1:
        where = "a tuple" if dtype.kind is Kind.TUPLE else "a bag with tuples"
        return Wrong(0, f"ToJson takes no tuple of several fields, this is {where} of {len(dtype.members)}. Use TOMAP.")
    return None


JSON: tuple[Function, ...] = (
    function(
        "ToJson", "json", "any boolean? -> text",
        "A value as JSON text, null as the text null. Texts, those inside maps and bags too, are first tried as JSON, unless "
        "the second argument is false. A datetime is ISO text in quotes, a tuple of one field is its value.",
        "ToJson(TOMAP('n',2,'s','x'))", "'{\"n\":2,\"s\":\"x\"}'", M, rule=_no_wide_tuple,
    ),
    function(
        "JsonStringToMap", "json", "text -> map of text",
        "The first level of a JSON object as a map of texts, nested values as compact JSON; null for text that is no JSON or "
        "has a whole number beyond long. An array or a scalar fails the job.",
        "JsonStringToMap('{\"a\":{\"b\":[1, 2]},\"n\":5}')#'a'", "'{\"b\":[1,2]}'", M,
    ),
    function(
        "JsonStringToBag", "json", "text -> bag of text",
        "The elements of a JSON array as a bag of texts, nested values as compact JSON; null for text that is no JSON or has "
        "a whole number beyond long. An object or a scalar fails the job.",
        "JsonStringToBag('[\"x\",{\"k\":1}]')", "{('x'),('{\"k\":1}')}", M,
    ),
    function(
        "JsonExtract", "json", "text text -> text",
        "What a JSONPath finds in a JSON text, as text: one value as it is, several as an array; null where there is none, "
        "it is null, or the text is no JSON. A bad path fails the job.",
        "JsonExtract('{\"a\":{\"b\":7}}','$.a.b')", "'7'", M,
    ),
)  # fmt: skip

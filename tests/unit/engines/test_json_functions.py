"""JSON in expressions: what the text of every kind of value is, and what happens to texts that are no JSON."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from penstock.errors import DataError
from penstock.plan.dtypes import Kind
from penstock.plan.values import Value

Plain = Callable[..., object]


def text(value: str) -> Value:
    return Value(Kind.CHARARRAY, value)


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("ToJson(null)", "null"),
        ("ToJson(1)", "1"),
        ("ToJson(10000000000L)", "10000000000"),
        ("ToJson(2.50)", "2.5"),
        ("ToJson(1e10)", "1.0E10"),
        ("ToJson(true)", "true"),
        ("ToJson('[0]')", "[0]"),
        ("ToJson('[0]',false)", '"[0]"'),
        ('ToJson(\'{"b": 1.50, "a": [1, 2]}\')', '{"b":1.5,"a":[1,2]}'),
        ("ToJson('abc')", '"abc"'),
        ("ToJson('NaN')", '"NaN"'),
        ("ToJson('1e999')", '"1e999"'),
        ("ToJson('12')", "12"),
        ("ToJson('')", '""'),
        ("ToJson('say \"hi\"\\n')", '"say \\"hi\\"\\n"'),
        ("ToJson(ToDate('2021-03-14'))", '"2021-03-14T00:00:00.000Z"'),
        ("ToJson(TOBAG('a','[1]',null,2L))", '["a",[1],null,2]'),
        ("ToJson(TOBAG('a','[1]'),false)", '["a","[1]"]'),
        ("ToJson(TOMAP('k',TOMAP('n',null)))", '{"k":{"n":null}}'),
        ("ToJson(TOTUPLE('x'))", '"x"'),
    ],
)
def test_a_value_as_json(expression: str, wanted: str, plain: Plain) -> None:
    assert plain(expression) == wanted


def test_a_tuple_of_several_fields_is_no_json_value(plain: Plain) -> None:
    rows = Value(Kind.BAG, ((Value(Kind.INT, 1), Value(Kind.INT, 2)),))
    with pytest.raises(DataError, match="2 fields"):
        plain("ToJson(b)", b=rows)


@pytest.mark.parametrize(
    ("given", "key", "wanted"),
    [
        ('{"a":"x/y"}', "a", "x/y"),
        ('{"a":{"u":"x/y\u2028"}}', "a", '{"u":"x\\/y\\u2028"}'),
        ('{"a":1.50}', "a", "1.5"),
        ('{"a":1e2}', "a", "100.0"),
        ('{"a":null}', "a", None),
        ('{"a":true}', "a", "true"),
        ('{"a":[]}', "a", "[]"),
        ('{"a":1,"a":2}', "a", "2"),
        ('{"a":9223372036854775807}', "a", "9223372036854775807"),
        ('{"b":1}', "a", None),
        ('{"A":1}', "a", None),
        ('{"a":"\\ud83d\\ude00"}', "a", "😀"),
        ('{"a":"\\ud83d"}', "a", "\ufffd"),
    ],
)
def test_the_first_level_of_an_object(given: str, key: str, wanted: str | None, plain: Plain) -> None:
    assert plain(f"JsonStringToMap(s)#'{key}'", s=text(given)) == wanted


@pytest.mark.parametrize("given", ["", "{", '{"a":1,}', "{a:1}", "{'a':1}", '{"a":NaN}', '{"a":[9223372036854775808]}'])
def test_what_is_no_json_is_null(given: str, plain: Plain) -> None:
    assert plain("JsonStringToMap(s)", s=text(given)) is None


@pytest.mark.parametrize(
    ("function", "given"),
    [("JsonStringToMap", "[1]"), ("JsonStringToMap", "7"), ("JsonStringToMap", "null"), ("JsonStringToBag", '{"a":1}')],
)
def test_another_kind_of_json_fails(function: str, given: str, plain: Plain) -> None:
    with pytest.raises(DataError, match=function):
        plain(f"{function}(s)", s=text(given))


def test_the_elements_of_an_array(plain: Plain) -> None:
    assert plain("BagToString(JsonStringToBag(s),'|')", s=text('["x",{"k": 1},null,1.0,[]]')) == 'x|{"k":1}|null|1.0|[]'
    assert plain("SIZE(JsonStringToBag('[]'))") == 0
    assert plain("JsonStringToBag('[1')") is None
    assert plain("JsonStringToBag(null)") is None


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("$.a.b", "7"),
        ("$['a']['b']", "7"),
        ("$.a", '{"b":7}'),
        ("$.c[0].d", "1.5"),
        ("$.c[-1].d", "x/y"),
        ("$.c[*].d", '[1.5,"x/y"]'),
        ("$..d", '[1.5,"x/y"]'),
        ("$.n", None),
        ("$.missing", None),
        ("$.c[9]", None),
    ],
)
def test_a_path(path: str, wanted: str | None, plain: Plain) -> None:
    given = text('{"a":{"b":7}, "c":[{"d":1.50},{"d":"x/y"}], "n":null}')
    assert plain("JsonExtract(s,p)", s=given, p=text(path)) == wanted


@pytest.mark.parametrize(
    ("given", "path", "wanted"),
    [
        ('"abc"', "$[1:]", None),
        ('["abc",["x","y"]]', "$[*][1:]", "y"),
        ('{"0":7}', "$[0]", None),
        ('{"a":{"0":7},"b":[8]}', "$..[0]", "8"),
        ('[{"0":1},[1]]', "$[?@[0]==1]", "[1]"),
        ('[true,1,"1",null]', "$[?@<2]", "1"),
        ("[true,false,1]", "$[?@<=true]", "true"),
        ("[[true],[1]]", "$[?@==$[1]]", "[1]"),
        ('[{"a":[1,true]},{"a":[1,1]}]', "$[?@.a!=$[0].a]", '{"a":[1,1]}'),
        ("[9007199254740993,9007199254740992]", "$[?@==9007199254740993]", "9007199254740993"),
        ('{"😀":1,"ü":2}', "$.😀", "1"),
        ('["a\\rb","a\\nb","axb"]', "$[?match(@,'a.b')]", "axb"),
        ('["axb","a.b"]', "$[?match(@,'a[.]b')]", "a.b"),
        ("[1,2,3,4]", "$[-3:-1]", "[2,3]"),
        ("[1,2,3,4]", "$[::-2]", "[4,2]"),
    ],
)
def test_a_path_takes_what_the_standard_of_paths_says(given: str, path: str, wanted: str | None, plain: Plain) -> None:
    """RFC 9535: positions are those of arrays, slices too; booleans are no numbers; a dot is no line end."""
    assert plain("JsonExtract(s,p)", s=text(given), p=text(path)) == wanted


def test_a_path_into_a_scalar_and_into_what_is_no_json(plain: Plain) -> None:
    assert plain("JsonExtract('\"[1]\"','$')") == "[1]"
    assert plain("JsonExtract('{','$')") is None
    with pytest.raises(DataError, match="JSONPath"):
        plain("JsonExtract('{}','$[')")


def test_endless_nesting_ends_with_a_sentence(plain: Plain) -> None:
    deep = text('{"a":' + "[" * 100_000 + "]" * 100_000 + "}")
    for call in ("JsonStringToMap(s)", "ToJson(s)", "JsonExtract(s,'$.a')", "(chararray)JsonStringToMap(s)"):
        with pytest.raises(DataError, match="inside one another"):
            plain(call, s=deep)
    fine = text('{"a":' + "[" * 190 + "]" * 190 + "}")
    assert plain("LENGTH(JsonStringToMap(s)#'a')", s=fine) == 380
    assert plain("LENGTH(JsonExtract(s,'$.a'))", s=fine) == 380
    assert plain("LENGTH(ToJson(s))", s=fine) == 386

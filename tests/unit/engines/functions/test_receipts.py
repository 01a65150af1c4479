"""Structures in receipts: one text for all that are equal."""

from __future__ import annotations

import pytest

from penstock.engines.functions.receipts import form


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (('{"i":1}', '{"l":1}'), '{"l":1}'),
        (('{"f":"1.1"}', '{"d":1.100000023841858}'), '{"d":1.100000023841858}'),
        (('{"d":-0.0}', '{"d":0}', '{"f":"-0.0"}'), '{"d":0.0}'),
        (('{"d":"NaN"}', '{"f":"NaN"}'), '{"d":"NaN"}'),
        (('{"d":"-Infinity"}',), '{"d":"-Infinity"}'),
        (('{"t":[5,0]}', '{"t":[5,120]}'), '{"t":5}'),
        (('{"m":{"b":1,"a":{"i":2}}}', '{"m":{"a":{"l":2},"b":1}}'), '{"m":{"a":{"l":2},"b":1}}'),
        (('{"g":[["b"],["a"],["a"]]}', '{"g":[["a"],["b"],["a"]]}'), '{"g":[["a"],["a"],["b"]]}'),
        (('{"u":[{"g":[[{"i":2}],[{"i":1}]]},null]}',), '{"u":[{"g":[[{"l":1}],[{"l":2}]]},null]}'),
        (('{"m":{"i":"no tag"}}',), '{"m":{"i":"no tag"}}'),
        (('{"x":"AP8="}',), '{"x":"AP8="}'),
        (('"text é"', '"text \\u00e9"'), '"text é"'),
    ],
)
def test_equal_values_have_one_text(texts: tuple[str, ...], said: str) -> None:
    assert {form(text) for text in texts} == {said}

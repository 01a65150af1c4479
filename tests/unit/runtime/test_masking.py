from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.domain.diagnostic import Diagnostic
from penstock.errors import DataError, PackageInvalid
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Written
from penstock.plan.values import Value
from penstock.runtime.masking import MASKED, Mask, MaskedListener, forms

SECRET = "p/w +\\d'q\"ü\n2nd-line-of-it"
MASK = Mask([SECRET, None, ""])


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        repr(SECRET),
        SECRET.replace("'", "''"),
        quote(SECRET),
        quote(SECRET, safe=""),
        quote(SECRET, safe="").replace("%2B", "%2b"),
        quote_plus(SECRET),
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
        "2nd-line-of-it",
        SECRET[:9] + "…",
        *(base64.b64encode(bytes(n) + SECRET.encode() + bytes(m)).decode() for n in range(3) for m in range(3)),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
    ],
)
def test_every_form_is_masked(form: str) -> None:
    masked = MASK(f"before {form} after")
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert MASKED in masked
    for piece in ("2nd-line", "d'q", "p/w", base64.b64encode(SECRET.encode()).decode()[4:20]):
        assert piece not in masked


def test_a_secret_that_stands_in_quotes_is_masked_as_it_reads_there() -> None:
    assert Mask(["it\\'s \\u00fc"])("it's ü") == MASKED


@given(st.text(min_size=1, max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_no_secret_is_left(secret: str, before: str, after: str) -> None:
    masked = Mask([secret])(before + secret + after)
    assert secret not in masked.replace(MASKED, "")  # what is left of two neighbours may look like it only by chance
    assert Mask([secret])("nothing") in ("nothing", *(Mask([secret])("nothing"),))


def test_short_secrets_are_masked_as_they_are_only() -> None:
    assert forms("ab") == {"ab"}
    assert Mask(["ab"])("crab 6162") == "cr*** 6162"


def test_what_data_say_stays_in_the_line_of_the_log() -> None:
    told: list[tuple[str, str]] = []
    heard = MaskedListener(SimpleNamespace(log=lambda *line: told.append(line)), Mask(["two\nlines"]))  # type: ignore[arg-type]
    heard.log("info", "out: key a\nb to c\x1b[2J\u2028é\t\\n, two\nlines")
    assert told == [("info", r"out: key a\nb to c\x1b[2J\u2028é\t\n, ***")]


def test_without_secrets_nothing_changes() -> None:
    assert not Mask()
    assert Mask(["", None])("x") == "x"
    error = DataError("as it is", given="x")
    assert Mask().error(error).message == "as it is"


def test_short_values_that_were_computed_are_left_and_long_ones_masked() -> None:
    mask = Mask(["secret-1"])
    for derived in ("true", "12", "1-terces!"):
        mask.add(derived)
    assert mask("true 12 1-terces! secret-1") == "true 12 *** ***"


def test_trees_values_receipts_and_errors_are_masked() -> None:
    mask = Mask(["s3cret"])
    assert mask.tree({"s3cret": ["as3cret", 1, {"k": "s3cret"}], "n": None}) == {
        "s3cret": ["a***", 1, {"k": "***"}],
        "n": None,
    }
    deep = Value(Kind.BAG, ((Value(Kind.CHARARRAY, "s3cret"), None), (Value(Kind.MAP, {"s3cret": None}),)))
    masked = Value(Kind.BAG, ((Value(Kind.CHARARRAY, "***"), None), (Value(Kind.MAP, {"***": None}),)))
    assert mask.value(deep) == masked
    given = Written("c", 1, ("f",), "s3cret,1", "csv", {"read": {"a": 1}, "key": {"minimum": ["s3cret"]}})
    masked_receipt = {"read": {"a": 1}, "key": {"minimum": ["***"]}}
    assert mask.written([given]) == (Written("c", 1, ("f",), "***,1", "csv", masked_receipt),)
    error = PackageInvalid("s3cret", (Diagnostic("PK101", "no s3cret", hint="s3cret?"),), known=["s3cret"])
    assert mask.error(error) is error
    assert (str(error), error.facts) == ("***", {"known": ["***"]})
    assert error.diagnostics == (Diagnostic("PK101", "no ***", hint="***?"),)

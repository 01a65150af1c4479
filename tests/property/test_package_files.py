"""Package files: no loss either way, one canonical form, and no text that brings the reader down."""

from __future__ import annotations

import re
from typing import Any

import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from penstock.lang.components.spec import COMMON_KEYS, REQUIRED, Component
from penstock.lang.components.table import COMPONENTS
from penstock.lang.document.file.printer import scalar
from penstock.lang.document.shapes import ALIAS_PATTERN, DEFINITIONS, NAME
from penstock.lang.files import format_file, is_same, read_bytes, read_file, write_file

TEMPTING = (
    "no", "yes", "on", "null", "~", "true", "1e3", "010", "0x1F", "0o17", "1_000", "12:30:00", "2026-01-01", ".5", "-1",
    "=", "<<", "- a", "? b", "a: b", "a #b", "#c", "*d", "&e", "!f", "%g", "@h", "`i`", "{j}", "[k]", "l,m", "'n'", "+1",
    " p", "q ", "r\ns", "r\n\ns\n", "\tt", "u\t", "\u00e9", "\U0001f600", "\x85", "\u2028", "\ufeff", "\x7f", "v:", "|",
    "$w", "\\$x", "$.y[*]", "\\", "a\\nb", ":", "-", "---", "...", "name", "type", "input", "from", "expression", "z\r\n",
    ">", "|-", '"o"', "x: |\n y",
)  # fmt: skip
"""Texts that some reader of YAML takes for something else."""
characters = st.characters(exclude_categories=("Cs",), exclude_characters="\0\ufffe\uffff")
texts = st.one_of(st.sampled_from(TEMPTING), st.text(characters, max_size=12))
aliases = st.one_of(
    st.sampled_from(("no", "n", "y", "on", "name", "type", "alias", "expression", "from", "null")),
    st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,6}", fullmatch=True),
)
names = texts.filter(lambda text: text != "" and "\n" not in text and "\r" not in text)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), texts
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)
extra = st.dictionaries(st.sampled_from(("x-a", "x-no", "x- :")), anything, max_size=1)


def of_shape(shape: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Return values that have a shape; rules between the keys of an object are not looked at."""
    if "$ref" in shape:
        return of_shape(DEFINITIONS[shape["$ref"].rpartition("/")[2]], depth + 1)
    if "const" in shape:
        return st.just(shape["const"])
    if "enum" in shape:
        return st.sampled_from(shape["enum"])
    for word in ("oneOf", "anyOf"):
        if word in shape:
            return st.one_of(
                [
                    of_shape(one, depth + 1)
                    for one in shape[word]
                    if depth < 3 or "conditions" not in one.get("properties", {})
                ]
            )
    kinds = shape.get("type", [])
    return st.one_of(
        [_of_type(kind, shape, depth) for kind in (kinds if isinstance(kinds, list) else [kinds])] or [anything]
    )


def _of_type(kind: str, shape: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    match kind:
        case "string":
            return _text(shape)
        case "integer":
            return st.integers(shape.get("minimum", -5), 2**40)
        case "number":
            return st.one_of(st.integers(0, 100), st.floats(0, 100))
        case "boolean":
            return st.booleans()
        case "array":
            size = shape.get("minItems", 0)
            unique = repr if shape.get("uniqueItems") else None
            return st.lists(
                of_shape(shape.get("items", {}), depth + 1), min_size=size, max_size=size + 2, unique_by=unique
            )
        case "object":
            known = {key: of_shape(one, depth + 1) for key, one in shape.get("properties", {}).items()}
            needed = shape.get("required", [])
            others = shape.get("additionalProperties")
            # A value that its place does not take is refused, which is not what is tried here.
            more = (
                st.dictionaries(names, of_shape(others, depth + 1), max_size=2) if isinstance(others, dict) else extra
            )
            return st.builds(
                lambda given, more: {**more, **given},
                st.fixed_dictionaries(
                    {k: known[k] for k in needed}, optional={k: v for k, v in known.items() if k not in needed}
                ),
                more if depth < 3 else st.just({}),
            )
        case _:
            return st.none()


def _text(shape: dict[str, Any]) -> st.SearchStrategy[str]:
    match shape.get("pattern"):
        case None if shape.get("maxLength") == 1:
            return st.characters(exclude_categories=("Cs",), exclude_characters="\0\ufffe\uffff")
        case None:
            return texts.filter(lambda text: len(text) >= shape.get("minLength", 0))
        case pattern if pattern == ALIAS_PATTERN:
            return aliases
        case pattern if pattern == NAME["pattern"]:
            return names
        case "^\\$":
            return texts.map(lambda text: f"${text}")
        case "\\$":
            return texts.map(lambda text: f"{text}$x")
        case pattern:
            return st.from_regex(pattern, fullmatch=True)


def _component(kind: Component) -> st.SearchStrategy[dict[str, Any]]:
    properties = {prop.name: of_shape(prop.shape) for prop in kind.properties}
    needed = {prop.name for prop in kind.properties if prop.default is REQUIRED}
    keys = {key: of_shape(shape) for key, shape in {**kind.keys, **COMMON_KEYS}.items()}
    given = st.fixed_dictionaries(
        {key: value for key, value in properties.items() if key in needed},
        optional={key: value for key, value in properties.items() if key not in needed},
    )
    own = st.builds(
        lambda one, more, unknown: {**one, **more, **unknown},
        given,
        extra,
        st.dictionaries(names, anything, max_size=1),
    )
    return st.builds(
        lambda beside, properties, more: {"type": kind.type, **beside, "properties": properties, **more},
        st.fixed_dictionaries({}, optional=keys), own, extra,
    )  # fmt: skip


@st.composite
def packages(draw: st.DrawFn) -> dict[str, Any]:
    """Return a package of the wire: components of any kind, wired at random, with variables, notes and unknown keys."""
    kinds = draw(st.lists(st.sampled_from(sorted(COMPONENTS)), max_size=4))
    called = draw(st.lists(names, min_size=len(kinds), max_size=len(kinds), unique=True))
    ids = draw(st.lists(names, min_size=len(kinds), max_size=len(kinds), unique=True))
    components = [
        {"id": identity, "name": name, **draw(_component(COMPONENTS[kind]))}
        for kind, name, identity in zip(kinds, called, ids if draw(st.booleans()) else called, strict=True)
    ]
    ends = st.sampled_from([one["id"] for one in components] or [""])
    named = {"input": st.sampled_from(("left", "right", "1", "2", "no")), "output": st.sampled_from(("1", "rejected"))}
    edges = st.lists(st.fixed_dictionaries({"from": ends, "to": ends}, optional=named), max_size=5 if components else 0)
    note = st.fixed_dictionaries({"text": texts}, optional={"position": of_shape(COMMON_KEYS["position"])})
    flow = {
        "components": components,
        "edges": draw(edges),
        "notes": draw(st.lists(note, max_size=2)),
        **draw(extra),
        **draw(st.dictionaries(st.sampled_from(("title", "no")), anything, max_size=1)),
    }
    return draw(
        st.fixed_dictionaries(
            {"name": texts, "variables": st.dictionaries(names, texts, max_size=3), "data_flow_json": st.just(flow)},
            optional={
                "description": st.none() | texts,
                "flow_version": st.just("2.0.0") | texts,
                "secret_variables": st.lists(aliases, max_size=2),
                "foo": anything,
            },
        )
    )


SLOW = settings(max_examples=80, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))


@SLOW
@given(packages())
def test_a_package_of_the_wire_survives_the_way_through_a_file(package: dict[str, Any]) -> None:
    text, findings = write_file(package)
    assert text is not None, findings
    assert is_same(read_file(text).package or {}, package)


@SLOW
@given(packages())
def test_what_is_written_is_canonical(package: dict[str, Any]) -> None:
    text, _ = write_file(package)
    assert text is not None
    found = read_file(text)
    if not found.findings:
        assert format_file(text) == (text, ())


@SLOW
@given(packages(), st.data())
def test_no_comment_is_lost(package: dict[str, Any], data: st.DataObject) -> None:
    text, _ = write_file(package)
    assert text is not None
    assume(not re.search(r"\|-?$", text, re.MULTILINE))  # inside a block of text a comment is text
    lines = text.split("\n")[:-1]
    places = data.draw(st.lists(st.integers(0, len(lines) - 1), max_size=6, unique=True))
    for number, at in enumerate(sorted(places, reverse=True)):
        if data.draw(st.booleans()):
            lines[at] += f"  # said {number}!"
        else:
            lines.insert(at, f"# said {number}!")
    said = "\n".join([*lines, ""])
    made, findings = format_file(said)
    if not findings:
        assert made is not None
        assert is_same(read_file(made).package or {}, package)
        assert sorted(re.findall(r"# said \d!", made)) == sorted(re.findall(r"# said \d!", said))
        assert format_file(made) == (made, ())


@settings(derandomize=True, deadline=None, max_examples=300)
@given(texts, st.booleans())
def test_any_reader_of_yaml_reads_a_text_as_this_text(text: str, in_brackets: bool) -> None:
    made = scalar(text, in_brackets)
    whole = f"[{made}, {{k: {made}}}]" if in_brackets else f"- {made}\n- k: {made}\n"
    assert yaml.safe_load(whole) == [text, {"k": text}]


BITS = (
    *TEMPTING,
    "penstock: 1\n",
    "components:\n",
    "  - name: a\n",
    "    type: filter\n",
    "    where: [",
    "]",
    "{",
    "}",
    "\n",
    "  ",
    ": ",
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from(BITS) | st.text(max_size=4), max_size=14).map("".join))
def test_any_text_gives_a_package_or_findings(text: str) -> None:
    found = read_file(text)
    assert found.package is not None or found.findings
    format_file(text)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_give_a_package_or_findings(data: bytes) -> None:
    found = read_bytes(data)
    assert found.package is not None or found.findings

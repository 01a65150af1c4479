"""Writes docs/reference from the code: `python docs/generate.py`; `--check` fails when a page is stale.

Each page comes from one declaration that the program itself reads, so it cannot say anything else than the program does.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from penstock import settings
from penstock.api.app import create_app
from penstock.api.deps import Deps
from penstock.connectors import registry
from penstock.domain.diagnostic import Severity
from penstock.engines.duckdb.dialect import TEMPLATES as ON_DUCKDB
from penstock.engines.spark.dialect import TEMPLATES as ON_SPARK
from penstock.kit.clock import system_clock
from penstock.lang.check.codes import Code
from penstock.lang.check.codes_package import CODES
from penstock.lang.components.schema import json_schemas
from penstock.lang.components.spec import REQUIRED, Component, Property
from penstock.lang.components.table import COMPONENTS
from penstock.lang.components.table import NOT_YET as COMPONENTS_NOT_YET
from penstock.lang.document.shapes import ALIAS_PATTERN, DEFINITIONS
from penstock.lang.functions import FUNCTIONS, NOT_YET, REFUSED, Function
from penstock.lang.functions.aggregates import AGGREGATES, AggregateFunction
from penstock.lang.functions.signature import Nulls, Signature
from penstock.lang.functions.windows import WINDOW_FUNCTIONS, WindowWord
from penstock.lang.presets import built_in
from penstock.plan.dtypes import DType, Kind
from penstock.services.connection_parameters import Parameter
from penstock.services.connection_types import TYPES
from penstock.services.session import Sessions

FOLDER = Path(__file__).parent / "reference"
CASES = Path(__file__).parents[1] / "tests" / "golden" / "cases"
HEAD = "<!-- Written by docs/generate.py; change the code, then run `make docs`. -->\n\n"
WIDTH = 118

FAMILIES = {
    "text": "Text", "regex": "Regular expressions", "datetime": "Date and time", "numbers": "Numbers",
    "convert": "Conversion", "decode": "Text tests and decoding", "json": "JSON", "structures": "Tuples, bags, maps",
    "bags": "Functions on bags and maps", "encoding": "Hashes and encodings", "web": "URLs and user agents",
    "aggregates": "Aggregates over bags",
    "calls": "Calls of other systems",
}  # fmt: skip
NULLS = {
    Nulls.STRICT: "Null when an argument is null, else never.",
    Nulls.MAYBE: "May be null also where no argument is.",
    Nulls.NEVER: "Never null.",
}
GROUPS = {
    "PK1": "Documents", "PK2": "Syntax", "PK3": "Names", "PK4": "Types", "PK5": "Graph", "PK6": "Not available",
    "PK9": "Advice",
}  # fmt: skip
ENGINES: tuple[tuple[str, str, str, Mapping[str, object]], ...] = (
    ("duckdb", "duckdb-1.5", "DuckDB, embedded", ON_DUCKDB),
    ("spark", "spark-4.3", "Apache Spark", ON_SPARK),
)
SUBSTITUTION = {"T": "text", "E": "expression", "-": "no"}


def wrap(words: Iterable[str]) -> str:
    """Return words as lines of a paragraph."""
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) > WIDTH:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


def code(text: str) -> str:
    """Return a text as inline code that may stand in a table; any text is safe."""
    marks = "``" if "`" in text else "`"
    shown = text.replace("\t", "\\t").replace("|", "\\|")
    return f"{marks} {shown} {marks}" if "`" in text else f"{marks}{shown}{marks}"


# Functions


def families() -> dict[str, list[Function]]:
    """Return the functions by family, in the order of their names."""
    found: defaultdict[str, list[Function]] = defaultdict(list)
    for function in sorted(FUNCTIONS.values(), key=lambda one: (one.name.lower(), one.name)):
        found[function.family].append(function)
    return {family: found[family] for family in FAMILIES if family in found}


def functions_page() -> str:
    """Return the page that leads to the expression functions of each family."""
    out = (
        HEAD + "# Functions\n\n"
        f"The {len(FUNCTIONS)} functions of expressions, the {len(AGGREGATES)} of the components Aggregate and Cube, and the "
        f"{len(WINDOW_FUNCTIONS)} of the Window component. Names are case sensitive.\n\n| Family | Functions |\n|---|---|\n"
    )
    for family, functions in families().items():
        names = ", ".join(f"`{one.name}`" for one in functions)
        out += f"| [{FAMILIES[family]}](functions/{family}.md) | {names} |\n"
    out += "\n## Functions of Aggregate and Cube\n\n" + _table_of(AGGREGATES.values())
    out += "\n## Functions of the Window component\n\n" + _table_of(WINDOW_FUNCTIONS.values())
    out += "\n## Not offered\n\nKnown by name and refused with PK610, which says what to use instead.\n\n"
    out += "".join(f"- `{name}`: {reason}.\n" for name, reason in REFUSED.items())
    if NOT_YET:
        names = wrap(f"`{name}`" for name in sorted(NOT_YET, key=lambda name: (name.lower(), name)))
        out += f"\n## Not yet\n\nKnown by name and refused with PK601 before the job starts:\n{names}\n"
    return out


def family_pages() -> dict[str, str]:
    """Return a page for each family of functions."""
    return {
        f"functions/{family}.md": HEAD + f"# {FAMILIES[family]}\n\n"
        "Parameters are named by what they take: `text` is chararray, `number` any of int, long, float and double, `any`\n"
        "everything, `scalar` everything but a bag, `untyped` values that have no type before they are there. In brackets:\n"
        "may be left out. With an ellipsis: any number of them. Narrower numbers are widened where a wider one is wanted.\n"
        "The tests evaluate every example.\n" + "".join(map(_function, functions))
        for family, functions in families().items()
    }


def _table_of(words: Iterable[AggregateFunction | WindowWord]) -> str:
    out = "| Function | Field | Gives | |\n|---|---|---|---|\n"
    for word in words:
        takes = "any" if word.kinds is None else ", ".join(kind.value for kind in word.kinds) or "none"
        out += f"| `{word.name}` | {takes} | {_result_of(word)} | {word.help} |\n"
    return out


def _result_of(word: AggregateFunction | WindowWord) -> str:
    if word.kinds == ():
        return word.result(None).kind.value
    found = {word.result(DType(kind)).kind for kind in (Kind.INT, Kind.DOUBLE, Kind.CHARARRAY)}
    if len(found) == 1:
        return found.pop().value
    return "long or double" if word.name == "sum" else "type of the field"


def _function(function: Function) -> str:
    calls = "\n".join(_call(function.name, one) for one in function.signatures)
    note = " New for each record." if function.volatile else ""
    return (
        f"\n### {function.name}\n\n```text\n{calls}\n```\n\n{function.help} {NULLS[function.nulls]}{note}\n\n"
        f"Example: {code(function.example)} gives {code(function.gives)}.\n"
    )


def _call(name: str, signature: Signature) -> str:
    return f"{name}({signature}) → {_result(signature)}"


def _result(signature: Signature) -> str:
    match signature.result:
        case "first":
            return "type of the first argument"
        case "widest":
            return "common type of the arguments"
        case DType() as dtype:
            inner = dtype.value or (dtype.members[0].dtype if dtype.members else None)
            return f"{_word(dtype)} of {_word(inner)}" if inner else _word(dtype)
        case _:
            return "type by the arguments"


def _word(dtype: DType) -> str:
    return "text" if dtype.kind is Kind.CHARARRAY else dtype.kind.value


# Components


def components_page() -> str:
    """Return the page of component kinds."""
    out = HEAD + "# Components\n\n"
    out += (
        f"The {len(COMPONENTS)} kinds of components, each with the properties of its `properties` object. JSON Schemas "
        "of the same: [schemas](schemas/).\n\n*Variables* says how a `$name` in the property is replaced. "
        "A property that is not listed is reported as PK104, unless it begins with `x-`.\n\n"
    )
    out += "| Kind | Type on the wire | |\n|---|---|---|\n"
    for kind in COMPONENTS.values():
        out += f"| [{_title(kind)}](#{_anchor(_title(kind))}) | `{kind.type}` | {kind.help} |\n"
    out += "".join(_component(kind) for kind in COMPONENTS.values())
    names = wrap(f"`{name}`" for name in sorted(COMPONENTS_NOT_YET))
    return out + f"\n## Not yet\n\nKnown by name and refused with PK602 before the job starts:\n{names}\n"


def _title(kind: Component) -> str:
    return f"{kind.title} {'source' if kind.is_source else 'destination' if kind.is_destination else ''}".strip()


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _component(kind: Component) -> str:
    inputs = "any number of inputs, named `1`, `2`, …"
    if kind.inputs is not None:
        named = [f"`{name}`" for name in kind.inputs if name]
        inputs = f"inputs {' and '.join(named)}" if named else "one input" if kind.inputs else "no input"
    out = f"\n## {_title(kind)}\n\n`{kind.type}`, {inputs}. {kind.help}"
    if kind.keys:
        out += f" Beside `properties` it has {' and '.join(f'`{key}`' for key in kind.keys)}."
    if not kind.properties:
        return out + "\n\nNo properties.\n"
    out += f" [Schema](schemas/{kind.type}.json).\n\n"
    out += "| Property | Takes | Default | Variables | |\n|---|---|---|---|---|\n"
    return out + "".join(_property(one) for one in kind.properties)


def _property(one: Property) -> str:
    default = "required" if one.default is REQUIRED else "" if one.default is None else code(json.dumps(one.default))
    about = one.help
    if one.available == ():
        about += " Not available yet."
    elif one.available is not None:
        about += f" Available: {', '.join(code(str(value)) for value in one.available)}."
    about = about.replace("|", "\\|")
    return f"| `{one.name}` | {_shape(one.shape)} | {default} | {SUBSTITUTION[one.takes]} | {about} |\n"


def _shape(shape: Mapping[str, Any]) -> str:
    if "enum" in shape:
        return ", ".join(code(str(value)) for value in shape["enum"])
    if "$ref" in shape:
        return _shape(DEFINITIONS[shape["$ref"].rpartition("/")[2]])
    if "anyOf" in shape:
        options = ["a character" if one.get("maxLength") == 1 else _shape(one) for one in shape["anyOf"]]
        return " or ".join(dict.fromkeys(options))
    if "const" in shape:
        return code(str(shape["const"]))
    if shape.get("type") == "array":
        if shape["items"].get("pattern") == ALIAS_PATTERN:
            return "list of field names"
        keys = _keys(shape["items"])
        return "list of " + (", ".join(f"`{key}`" for key in keys) if keys else _shape(shape["items"]))
    if _keys(shape):
        return ", ".join(f"`{key}`" for key in _keys(shape))
    return "field name" if shape.get("pattern") == ALIAS_PATTERN else str(shape["type"])


def _keys(shape: Mapping[str, Any]) -> list[str]:
    """Return the keys of an object, of all its variants together."""
    return list(dict.fromkeys(key for one in shape.get("oneOf", (shape,)) for key in one.get("properties", {})))


def schema_files() -> dict[str, str]:
    """Return the JSON Schema of every component kind as files."""
    made = {}
    for name, schema in json_schemas().items():
        whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
        made[f"schemas/{name}.json"] = json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    return made


# Diagnostics


def diagnostics_page() -> str:
    """Return the page of diagnostic codes."""
    out = HEAD + "# Diagnostics\n\n"
    out += (
        "What a validation or a job can say about a package. Codes are permanent. An error stops a package from\n"
        "running; those marked as warning or advice do not.\n"
    )
    group = ""
    for name, kind in CODES.items():
        if name[:3] != group:
            group = name[:3]
            out += f"\n## {GROUPS[group]}\n"
        out += f"\n### {name} {kind.__name__}\n\n{_severity(kind)}{inspect.getdoc(kind)}\n"
    return out


def _severity(kind: type[Code]) -> str:
    return "" if kind.severity is Severity.ERROR else f"*{kind.severity.value.capitalize()}.* "


# Settings


def settings_page() -> str:
    """Return the page of settings."""
    out = HEAD + "# Settings\n\n"
    out += (
        "Each is an environment variable, or a line in small letters without `PENSTOCK_` in the TOML file that\n"
        "`PENSTOCK_CONFIG` names. Options of a command win over the environment, that over the file. An empty variable\n"
        "counts as unset. A file with an unknown setting is refused.\n\n| Variable | Default | |\n|---|---|---|\n"
    )
    about = field_docs(settings.Settings)
    for one in fields(settings.Settings):
        if one.name == "origins":
            continue
        default = "" if one.default is None or one.default is MISSING else code(str(one.default))
        out += f"| `PENSTOCK_{one.name.upper()}` | {default} | {about[one.name]} |\n"
    return out


def field_docs(kind: type) -> dict[str, str]:
    """Return the text under each field of a class."""
    tree = ast.parse(inspect.getsource(kind)).body[0]
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    found = {}
    for before, after in pairwise(body):
        if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name) and isinstance(after, ast.Expr):
            found[before.target.id] = " ".join(str(ast.literal_eval(after.value)).split())
    return found


# Operations


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document; describing the server opens no store."""
    deps = Deps(sessions=cast(Sessions, None), clock=system_clock, wake=lambda: None)
    return create_app(deps).openapi()


def operations_page() -> str:
    """Return the page of the operations of the HTTP API."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for path, methods in openapi()["paths"].items():
        for method, operation in methods.items():
            groups[operation.get("tags", ["Other"])[0]].append(_operation(path, method, operation))
    out = HEAD + "# Operations\n\n"
    out += (
        "Every operation of the HTTP API. `penstock openapi` prints the whole document with bodies, answers and errors.\n"
        'Errors are `{"message": …}`. Collections take `offset` and `limit` (20 unless told otherwise, at most 100) and\n'
        "name the next page in a `Link` header.\n"
    )
    for name, rows in groups.items():
        out += f"\n## {name}\n\n| | Operation | Query | Body | Answer |\n|---|---|---|---|---|\n" + "".join(rows)
    return out


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    query = [f"`{one['name']}`" for one in operation.get("parameters", ()) if one["in"] == "query"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    status, answer = next((key, value) for key, value in operation["responses"].items() if key.startswith("2"))
    content = next(iter(answer.get("content", {}).values()), {}).get("schema", {})
    given = f"`{_name(body)}`" if body else ""
    gives = f"{status} {f'`{_name(content)}`' if content else ''}".strip()
    about = f"`{method.upper()} {path}` | {operation['summary']} (`{operation['operationId']}`)"
    return f"| {about} | {', '.join(query)} | {given} | {gives} |\n"


def _name(schema: Mapping[str, Any]) -> str:
    if schema.get("type") == "array":
        return f"{_name(schema['items'])}[]"
    return str(schema.get("$ref", schema.get("type", ""))).rpartition("/")[2]


# Connections


def connections_page() -> str:
    """Return the page of the types of connections: what can be done with each, and its parameters."""
    usable = {*registry.connectors(None, (), None), *registry.databases(None).types}
    out = HEAD + "# Types of connections\n\n"
    out += wrap(
        "Connections of every type can be stored, shown and changed; those that this version has a connector for can also be "
        "tested and used. Parameters marked with a plus are Penstock's own, all others those of the wire. Secret ones are "
        "sealed and never shown.".split()
    )
    out += "\n\n| Type | Name | Read by | Written by | Tests run against |\n|---|---|---|---|---|\n"
    for kind in TYPES.values():
        name = f"[`{kind.type}`](#{kind.type}){' +' * kind.own} | {kind.name}"
        if kind.type not in usable:
            out += f"| {name} | not yet | not yet | |\n"
            continue
        tried = registry.TRIED.get(kind.type, "a web server of the tests; never the service")
        readers, writers = _components_for(kind.type, reads=True), _components_for(kind.type, reads=False)
        out += f"| {name} | {readers} | {writers if kind.type not in registry.READ_ONLY else ''} | {tried} |\n"
    for kind in TYPES.values():
        out += f"\n## {kind.type}\n\n{kind.description}\n\n| Parameter | Needed | Default | |\n|---|---|---|---|\n"
        out += "".join(map(_parameter, kind.parameters))
    return out


def _components_for(kind: str, *, reads: bool) -> str:
    """Return the components that take a type of connections, those that read or those that write."""
    found = [one for one in COMPONENTS.values() if kind in one.connections and one.is_source is reads]
    return ", ".join(f"[{one.title}](components.md#{_anchor(_title(one))})" for one in found)


def _parameter(one: Parameter) -> str:
    needed = "" if one.needed is None else "yes" if one.where is None and not one.unless else "see there"
    if needed == "see there":
        where = f"with `{one.where}`{f' `{one.where_is}`' if one.where_is else ''}" if one.where else ""
        needed = f"{where} {'unless ' * bool(one.unless)}{' or '.join(map(code, one.unless))}".strip()
    default = "" if one.default is None else code(json.dumps(one.default))
    words = f" One of {', '.join(map(code, one.allowed))}." if len(one.allowed) > 1 else ""
    about = f"{one.about[:1].upper()}{one.about[1:]}.{words}{' Secret.' * one.secret}"
    return f"| `{one.name}`{' +' * one.own} | {needed} | {default} | {about} |\n"


# Presets


def presets_page() -> str:
    """Return the page of the presets of the REST source."""
    out = HEAD + "# Presets of the REST source\n\n"
    out += wrap(
        "What Penstock knows of some services, as data: a REST source that names one in `preset` needs neither address nor "
        "pagination nor fields, and may say any of them itself. An installation adds its own in the folder of the setting "
        "`PENSTOCK_PRESETS`.".split()
    )
    out += "\n\n| Preset | Records | Values | Connections |\n|---|---|---|---|\n"
    for service in built_in().values():
        kinds = ", ".join(code(one) for one in service.connections)
        names = ", ".join(code(one) for one in service.values)
        for one in service.records.values():
            out += f"| [`{service.name}.{one.name}`](#{service.name}) | {one.about} | {names} | {kinds} |\n"
    for service in built_in().values():
        out += f"\n## {service.name}\n\n{service.title}: written from {service.described}; **{service.ran_against}**.\n"
        for name, (about, default) in service.values.items():
            out += f"\n- `{name}`: {about}" + ("" if default is None else f"; {code(default)} unless it is given")
        for one in service.records.values():
            fields = ", ".join(
                f"`{item.get('alias', item['name'])}` {item.get('type', 'string')}" for item in one.fields
            )
            out += f"\n\n`{service.name}.{one.name}`: {code(str(one.properties['url']))}\n\n{fields}"
        out += "\n"
    return out


# Engines


def engines_page(cases: Path = CASES) -> str:
    """Return the page of what an engine cannot run: functions without a form, and golden cases that it does not pass."""
    out = HEAD + "# Engines\n\n"
    out += wrap(
        "A package means the same on every engine: the cases of `tests/golden` give the same rows on each, and the example "
        "of every function the same value. What an engine cannot do is refused before the job starts, and stands here. "
        "Where a gap is closed, a test fails until this page says so.".split()
    )
    out += "\n\n| Engine | Stack | Functions without a form | Cases that it refuses |\n|---|---|---|---|\n"
    refused = {
        case.name: tomllib.loads((case / "gaps.toml").read_text("utf-8"))
        for case in sorted(cases.glob("*"))
        if (case / "gaps.toml").exists()
    }
    for engine, stack, title, templates in ENGINES:
        missing = [code(name) for name in sorted(set(FUNCTIONS) - set(templates))]
        gaps = [f"{code(name)} ({found[engine]})" for name, found in refused.items() if engine in found]
        out += f"| {title} | {code(stack)} | {', '.join(missing) or 'none'} | {', '.join(gaps) or 'none'} |\n"
    return out


def index_page() -> str:
    """Return the first page of the reference."""
    return (
        HEAD + "# Reference\n\n"
        "Written from the code by `make docs`.\n\n"
        "- [Types of connections](connections.md): their parameters, and which can be used\n"
        "- [Components](components.md): kinds, properties, JSON Schemas\n"
        "- [Functions](functions.md): signatures, null rules, examples\n"
        "- [Diagnostics](diagnostics.md): every code, what it finds and what to write\n"
        "- [Engines](engines.md): what one of them cannot run\n"
        "- [Operations](operations.md): the HTTP API\n"
        "- [Presets](presets.md): services that the REST source knows\n"
        "- [Settings](settings.md): environment variables and file\n"
    )


def files() -> dict[str, str]:
    """Return every file of the reference by its name."""
    return {
        "README.md": index_page(),
        "components.md": components_page(),
        "connections.md": connections_page(),
        "diagnostics.md": diagnostics_page(),
        "engines.md": engines_page(),
        "functions.md": functions_page(),
        "operations.md": operations_page(),
        "presets.md": presets_page(),
        "settings.md": settings_page(),
        **family_pages(),
        **schema_files(),
    }


def stale(folder: Path = FOLDER) -> list[str]:
    """Return the names of files that are missing, differ, or should not be there."""
    wanted = files()
    there = {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}
    differ = [name for name, text in wanted.items() if name in there and (folder / name).read_text("utf-8") != text]
    return sorted({*differ, *(there ^ set(wanted))})


def write(folder: Path = FOLDER) -> None:
    """Write every file and remove those that are no more."""
    for name in stale(folder):
        (folder / name).unlink(missing_ok=True)
    for name, text in files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        left = stale()
        sys.exit(f"docs/reference is stale: {', '.join(left)}. Run `make docs`." if left else 0)
    write()

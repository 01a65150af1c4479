"""`penstock functions`: the help of one function, or all of them by family."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from typing import Annotated, Any

import typer

from penstock.errors import NotFound
from penstock.lang.check.report import did_you_mean, similar
from penstock.lang.functions.refused import REFUSED
from penstock.lang.functions.signature import Function, Nulls, Signature
from penstock.lang.functions.table import FUNCTIONS, NOT_YET

_NULLS = {
    Nulls.STRICT: "null when an argument is null, never else",
    Nulls.MAYBE: "may be null although no argument is",
    Nulls.NEVER: "never null",
}


def command(
    name: Annotated[str | None, typer.Argument(help="Name of a function; capitals count.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what a function takes and gives, with an example; without a name, every function by family.

    Example: penstock functions SUBSTRING
    """
    if name is None:
        _show_all(as_json)
        return
    found = FUNCTIONS.get(name)
    if found is None:
        raise NotFound(_missing(name))
    if as_json:
        sys.stdout.write(json.dumps(_json(found), ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(_text(found))


def _missing(name: str) -> str:
    if name in NOT_YET:
        return f"The function '{name}' is known and not available in this version yet."
    if name in REFUSED:
        return f"The function '{name}' is not offered: {REFUSED[name]}."
    meant = similar(name, FUNCTIONS)
    hint = did_you_mean(name, FUNCTIONS) if meant is not None else "`penstock functions` lists all."
    return f"There is no function '{name}'. {hint}"


def _result(signature: Signature) -> str:
    if isinstance(signature.result, str):
        return {"first": "the type of the first argument", "widest": "the widest type of the arguments"}[
            signature.result
        ]
    return "a type that depends on the arguments" if callable(signature.result) else str(signature.result)


def _text(one: Function) -> str:
    lines = [f"{one.name}({signature}) → {_result(signature)}" for signature in one.signatures]
    lines += [
        "",
        one.help,
        "",
        f"Family: {one.family}. Result: {_NULLS[one.nulls]}.",
        "",
        f"{one.example}  →  {one.gives}",
    ]
    return "\n".join([*lines, *([one.notes] if one.notes else [])]) + "\n"


def _json(one: Function) -> dict[str, Any]:
    return {
        "name": one.name, "family": one.family, "help": one.help, "nulls": one.nulls.value, "example": one.example,
        "gives": one.gives,
        "signatures": [{"takes": s.words, "gives": _result(s)} for s in one.signatures],
    }  # fmt: skip


def _show_all(as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps([_json(one) for one in FUNCTIONS.values()], ensure_ascii=False) + "\n")
        return
    families: dict[str, list[Function]] = defaultdict(list)
    for one in FUNCTIONS.values():
        families[one.family].append(one)
    for family, members in families.items():
        width = max(len(one.name) for one in members)
        lines = [f"  {one.name.ljust(width)}  {one.help}" for one in members]
        sys.stdout.write("\n".join([family, *lines, ""]) + "\n")

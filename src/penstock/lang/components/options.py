"""What the options of file storage mean to one another, at a source and at a destination."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.errors import DataError
from penstock.kit import json_paths
from penstock.lang.check import codes_package as codes
from penstock.lang.components.spec import Step
from penstock.lang.document.connections import place_key
from penstock.lang.document.shapes import show
from penstock.lang.variables.substitution import Mode
from penstock.plan.operators import ScanField
from penstock.plan.systems import Place


def only_with(step: Step, names: Sequence[str], deciding: str, *values: str) -> None:
    """Advise where options are set that have no effect unless the property *deciding* has one of some *values*."""
    chosen = step.properties[deciding]
    if chosen in values:
        return
    defaults = {prop.name: prop.default for prop in step.kind.properties}
    for name in names:
        if step.properties[name] != defaults[name]:
            message = f"'{name}' has no effect with {deciding} {chosen}."
            step.add(codes.UselessOption, message, step.at(name), hint=f"It is for {' and '.join(values)}.")


def characters_differ(step: Step) -> bool:
    """Report delimiter, qualifier and escape that cannot be told apart, or that end a line; True when all are sound."""
    given = step.properties
    quote = '"' if given["quote"] == "quoted_multi_line" else given["quote"]
    chosen = {"delimiter": given["delimiter"], "quote": quote, "escape": given["escape"]}
    sound = True
    for name, char in chosen.items():
        if char in ("\n", "\r", "\0"):
            message = (
                f"{show(char)} cannot be the {name}: it ends a line."
                if char != "\0"
                else "A zero character is no text."
            )
            step.add(codes.WrongShape, message, step.at(name))
            sound = False
        elif name != "delimiter" and char != "none" and not char.isascii():
            step.add(codes.OptionNotAvailable, f"'{name}' takes an ASCII character in this version.", step.at(name))
            sound = False
    for name in ("quote", "escape"):
        if chosen[name] == chosen["delimiter"]:
            message = f"Delimiter and {name} are the same character, {show(chosen[name])}."
            step.add(codes.WrongShape, message, step.at(name), hint="Choose another for one of them.")
            sound = False
    return sound


def json_path_of(step: Step, raw: str, at: str) -> str | None:
    """Return a JSONPath with variables replaced, `$` where one is not known yet, or None with findings."""
    made = step.substituted(raw, at, Mode.TEXT)
    if made is None:
        return None
    if step.stands_in(made):
        return "$"
    return made.text if is_json_path(step, made.text, at) else None


def are_json_paths(step: Step, items: Sequence[ScanField]) -> bool:
    """Report names of fields that begin with `$` and are no JSONPath; True when all are sound."""
    named = [(f"fields[{at}].name", item.name) for at, item in enumerate(items) if (item.name or "").startswith("$")]
    sound = [is_json_path(step, name or "", at) for at, name in named]  # each is looked at
    return all(sound)


def is_json_path(step: Step, path: str, at: str) -> bool:
    """Report a JSONPath that is malformed; True for one that is sound."""
    try:
        json_paths.check(path)
    except DataError as error:
        step.add(codes.WrongShape, error.message, at, hint="Such as $.data.items[*].")
        return False
    return True


def place_of(step: Step, name: str) -> tuple[Place | None, bool]:
    """Return a place that is written, None where there is none, and whether it is sound."""
    raw = step.properties[name]
    if raw is None:
        return None, True
    at = step.at(name)
    key = place_key(raw)
    texts: list[str | None] = []
    for key_of_text in ("path", "bucket"):
        if raw.get(key_of_text) is None:
            texts.append(None)
            continue
        made = step.substituted(raw[key_of_text], f"{at}.{key_of_text}", Mode.TEXT)
        if made is None:
            return None, False
        if any(step.values[one].secret for one in made.uses):
            message = "A secret variable stands in the name of a place, and names are not secret."
            step.add(codes.SecretInPlace, message, f"{at}.{key_of_text}", hint="Name the place without it.")
            return None, False
        texts.append(made.text)
    return Place(key or "", texts[0] or "", texts[1]), key is not None

"""The only door to the spelling of packages in files: text to the wire's package and back, and the canonical form. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.domain.diagnostic import Diagnostic, Severity
from penstock.lang.check import codes_package as codes
from penstock.lang.components.spec import COMMON_KEYS, REQUIRED
from penstock.lang.components.table import COMPONENTS
from penstock.lang.document.file import reader
from penstock.lang.document.file.formatting import Comments
from penstock.lang.document.file.normal import normal
from penstock.lang.document.file.parser import DEEPEST, NotYaml, comments, decode
from penstock.lang.document.file.printer import print_file
from penstock.lang.document.file.reader import FilePackage
from penstock.lang.document.file.spelling import Kind
from penstock.lang.document.file.writer import Unwritable, flow_of, tree
from penstock.lang.variables.resolution import SYSTEM_VARIABLES

KINDS = {
    type: Kind(
        keys={key: shape for key, shape in kind.keys.items() if key not in COMMON_KEYS},
        properties={prop.name: prop.shape for prop in kind.properties},
        defaults={prop.name: prop.default for prop in kind.properties if prop.default not in (REQUIRED, None)},
    )
    for type, kind in COMPONENTS.items()
}  # fmt: skip
"""What the spelling knows of each component that is built: its declaration, and nothing besides."""


def read_file(text: str) -> FilePackage:
    """Return the package that a YAML text spells, and what is wrong with its spelling. Never raises."""
    return reader.read_file(text, KINDS, SYSTEM_VARIABLES)


def read_bytes(data: bytes) -> FilePackage:
    """Return the package that the bytes of a YAML file spell; a file is UTF-8."""
    try:
        return read_file(decode(data))
    except NotYaml as fault:
        return FilePackage(None, (codes.NotYaml.at(f"The file cannot be read: {fault}."),))


def write_file(package: Mapping[str, Any]) -> tuple[str | None, tuple[Diagnostic, ...]]:
    """Return the YAML text of a package of the wire, or why it has none. What is returned reads as the same package."""
    try:
        if _depth({**package, "data_flow_json": flow_of(package)}) > DEEPEST - 20:
            raise Unwritable("A part of this package is nested too deeply for a file.")
        text = print_file(tree(package, KINDS, SYSTEM_VARIABLES), [])
        return _checked(text, package)
    except Unwritable as fault:
        return None, (codes.NoSpelling.at(str(fault)),)


def format_file(text: str) -> tuple[str | None, tuple[Diagnostic, ...]]:
    """Return a package file in its canonical form with its comments, or what must be corrected first."""
    found = read_file(text)
    if found.package is None or any(one.severity is Severity.ERROR for one in found.findings):
        return None, found.findings
    said = Comments(comments(text), found.places)
    try:
        root = tree(found.package, KINDS, SYSTEM_VARIABLES, said.kept)
        said.put(root)
        return _checked(print_file(root, said.foot), found.package)
    except Unwritable as fault:
        return None, (codes.NoSpelling.at(str(fault)),)


def is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two packages mean the same, whatever their spelling. Raises Unwritable for what is no package."""
    first, second = (_exact(normal(each, KINDS, SYSTEM_VARIABLES)) for each in (one, other))
    return bool(first == second)


def _depth(value: Any) -> int:
    """Return how deeply lists and objects stand inside one another."""
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        deepest = max(deepest, depth)
        inner = one.values() if isinstance(one, Mapping) else one if isinstance(one, list) else ()
        waiting.extend((each, depth + 1) for each in inner)
    return deepest


def _exact(value: Any) -> Any:
    """Return a value in which true is not 1, and 1 not 1.0."""
    if isinstance(value, Mapping):
        return {key: _exact(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(inner) for inner in value]
    return type(value).__name__, value


def _checked(text: str, package: Mapping[str, Any]) -> tuple[str | None, tuple[Diagnostic, ...]]:
    back = read_file(text)
    unread = [one for one in back.findings if one.code != codes.UnknownProperty.code]
    if back.package is None or unread or not is_same(back.package, package):
        message = (
            "A part of this package would change in a file: it has a value of a kind that its place does not take."
        )
        return None, (codes.NoSpelling.at(message, hint="Validate the package, and keep it as JSON until then."),)
    return text, ()

"""Takes secrets out of what a job tells: its log, its errors, its variables, its previews."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from penstock.domain.diagnostic import Diagnostic
from penstock.errors import PackageInvalid, PenstockError
from penstock.kit.lines import one_line
from penstock.plan.ports import Written
from penstock.plan.values import Value
from penstock.runtime.listener import Listener

MASKED = "***"
SHORTEST_FORM = 4
"""Secrets of fewer characters are masked as they are, not in other forms, which would be found everywhere."""
SHORTEST_DERIVED = 8
"""Values computed from secrets are masked from this length on: `true` or `12` says little, and stands everywhere."""
SHORTEST_LINE = 8
LONGEST_CUT = 200
"""How much of a cut-off secret, such as `abc…`, is looked for."""
CUT = "…"


class MaskedListener:
    """Passes on what a job tells, without its secrets; what its log says is one line each, whatever the data hold."""

    def __init__(self, listener: Listener, mask: Mask) -> None:
        self._listener = listener
        self._mask = mask

    def log(self, level: str, line: str) -> None:
        """Pass on a line."""
        self._listener.log(level, one_line(self._mask(line)))

    def variables(self, values: Mapping[str, Any]) -> None:
        """Pass on values."""
        self._listener.variables(self._mask.tree(values))

    def progress(self, fraction: float) -> None:
        """Pass it on."""
        self._listener.progress(fraction)

    def source(self, component: str, records: int) -> None:
        """Pass it on."""
        self._listener.source(component, records)

    def output(self, component: str, records: int | None, progress: float | None) -> None:
        """Pass it on."""
        self._listener.output(component, records, progress)

    def outputs(self, outputs: Sequence[Mapping[str, Any]]) -> None:
        """Pass it on: names of places hold no secrets, or the package does not compile."""
        self._listener.outputs(outputs)

    def staged(self, folders: Sequence[str]) -> None:
        """Pass it on, likewise."""
        self._listener.staged(folders)

    def stands(self, component: str, sentence: str) -> None:
        """Pass on a sentence."""
        self._listener.stands(component, self._mask(sentence))

    def watermarks(self, moves: Sequence[Mapping[str, Any]]) -> None:
        """Pass it on: a watermark that holds a secret is refused before."""
        self._listener.watermarks(moves)


ErrorT = TypeVar("ErrorT", bound=PenstockError)


class Mask:
    """Replaces every secret in a text: as it is, quoted for an expression, SQL, JSON or a URL, in base64 and hexadecimal
    digits, a line of it, or its beginning before a mark of omission.

    >>> Mask(["s3cret!"])("password s3cret!, czNjcmV0IQ== and s3cr…")
    'password ***, *** and ***'
    """

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            if secret:
                self._forms |= forms(secret)
        self._compile()

    def add(self, derived: str) -> None:
        """Mask a value that was computed from secrets, too."""
        if len(derived) >= SHORTEST_DERIVED and derived not in self._forms:
            self._forms |= forms(derived)
            self._compile()

    def _compile(self) -> None:
        if self._forms:
            longest_first = sorted(self._forms, key=lambda one: (-len(one), one))
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def __bool__(self) -> bool:
        return self._pattern is not None

    def __call__(self, text: str) -> str:
        return text if self._pattern is None else self._pattern.sub(MASKED, text)

    def tree(self, value: Any) -> Any:
        """Return plain JSON values with every text in them masked; the keys of objects stay."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self(value)
        if isinstance(value, Mapping):
            return {key: self.tree(inner) for key, inner in value.items()}
        return [self.tree(inner) for inner in value] if isinstance(value, list | tuple) else value

    def value(self, value: Value | None) -> Value | None:
        """Return a value of a record, for people to look at."""
        if value is None or self._pattern is None:
            return value
        return Value(value.kind, self._data(value.data))

    def _data(self, data: Any) -> Any:
        if isinstance(data, str):
            return self(data)
        if isinstance(data, Value):
            return self.value(data)
        if isinstance(data, Mapping):
            return {self._data(key): self._data(inner) for key, inner in data.items()}
        return type(data)(map(self._data, data)) if type(data) in (list, tuple) else data

    def written(self, outputs: Sequence[Written]) -> tuple[Written, ...]:
        """Return receipts whose previews and keys are masked."""
        return tuple(
            replace(one, preview=None if one.preview is None else self(one.preview), receipt=self.tree(one.receipt))
            if self
            else one
            for one in outputs
        )

    def error(self, error: ErrorT) -> ErrorT:
        """Mask what an error says, and return it."""
        if self._pattern is not None:
            error.message = self(error.message)
            error.args = (error.message,)
            error.facts = self.tree(error.facts)
            if isinstance(error, PackageInvalid):
                error.diagnostics = tuple(map(self.diagnostic, error.diagnostics))
        return error

    def diagnostic(self, found: Diagnostic) -> Diagnostic:
        """Return a finding that is masked; its place stays."""
        return replace(found, message=self(found.message), hint=None if found.hint is None else self(found.hint))


def forms(secret: str) -> set[str]:
    """Return the texts in which a secret may stand somewhere."""
    plain = _unquoted(secret)
    return _forms_of(secret) | (_forms_of(plain) if plain and plain != secret else set())


def _unquoted(secret: str) -> str:
    """Return what a secret is as the body of a text in an expression: `\\'` is a quote there, `\\\\` a backslash."""
    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", lambda found: _ESCAPES.get(found[1]) or _character(found[1]), secret)


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def _character(escape: str) -> str:
    return chr(int(escape[1:], 16)) if len(escape) > 1 else escape


def _forms_of(secret: str) -> set[str]:
    made = {secret}
    if len(secret) < SHORTEST_FORM:
        return made
    data = secret.encode("utf-8", "surrogatepass")
    made |= {
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        secret.replace("'", "''"),
        secret.replace("\\", "\\\\").replace("'", "\\'"),
        quote(data, safe=""), quote(data), quote_plus(data),
        re.sub("%..", lambda found: found[0].lower(), quote(data, safe="")),
        data.hex(), data.hex().upper(),
        secret.strip(),
    }  # fmt: skip
    made |= _in_base64(data)
    made |= {line.strip() for line in secret.splitlines() if len(line.strip()) >= SHORTEST_LINE}
    made |= {secret[:size] + CUT for size in range(SHORTEST_FORM, min(len(secret), LONGEST_CUT))}
    return {one for one in made if len(one) >= min(SHORTEST_FORM, len(secret))}


def _in_base64(data: bytes) -> set[str]:
    """The characters that are the same whatever stands before and after, for each of the three places in a group."""
    made = set()
    for before in range(3):
        first = -(-before * 8 // 6)
        last = (before + len(data)) * 8 // 6
        for text in (base64.b64encode(bytes(before) + data), base64.urlsafe_b64encode(bytes(before) + data)):
            made.add(text.decode()[first:last])
    made |= {base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()}
    return {one for one in made if len(one) >= SHORTEST_FORM}

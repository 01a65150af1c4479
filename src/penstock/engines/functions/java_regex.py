"""`java.util.regex` patterns, translated for the `regex` library and, where the meaning is the same, for RE2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import regex

from penstock.errors import DataError

TIMEOUT_S = 5.0
"""Longest time one match may take; a pattern that runs away ends the job with a sentence instead of hanging it."""

_ENDS = r"\n\r\u0085\u2028\u2029"
_DOT = f"[^{_ENDS}]"
_RE2_DOT = r"[^\n\r\x{85}\x{2028}\x{2029}]"
_CLASSES = {
    "d": "0-9",
    "w": "a-zA-Z0-9_",
    "s": r" \t\n\x0b\f\r",
    "h": r" \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000",
    "v": r"\n\x0b\f\r\x85\u2028\u2029",
}
_POSIX = {
    "Lower": "a-z", "Upper": "A-Z", "ASCII": r"\x00-\x7f", "Alpha": "a-zA-Z", "Digit": "0-9", "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~", "Graph": "!-~", "Print": " -~", "Blank": r" \t", "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F", "Space": r" \t\n\x0b\f\r",
}  # fmt: skip
_JAVA = {
    "javaLowerCase": r"\p{Lowercase}", "javaUpperCase": r"\p{Uppercase}", "javaLetter": r"\p{L}",
    "javaDigit": r"\p{Nd}", "javaLetterOrDigit": r"\p{L}\p{Nd}", "javaAlphabetic": r"\p{Alphabetic}",
}  # fmt: skip
_WORD = r"[\p{L}\p{Nd}_]"
_BOUNDARY = f"(?:(?<={_WORD})(?!{_WORD})|(?<!{_WORD})(?={_WORD}))"
_INSIDE = f"(?:(?<={_WORD})(?={_WORD})|(?<!{_WORD})(?!{_WORD}))"
_LAST = r"(?=(?:\r\n|(?<!\r)\n|[\r\u0085\u2028\u2029])?\Z)"
_LINE_START = r"(?:\A|(?:(?<=[\n\u0085\u2028\u2029])|(?<=\r)(?!\n))(?!\Z))"
_LINE_END = r"(?=\r\n|(?<!\r)\n|[\r\u0085\u2028\u2029]|\Z)"
_SIMPLE = {"t": r"\t", "n": r"\n", "r": r"\r", "f": r"\f", "a": r"\x07", "e": r"\x1b"}


class BadPattern(DataError):
    """A text that Java would not accept as a regular expression."""

    code = "bad_pattern"


class PatternNotAvailable(DataError):
    """A regular expression that Java accepts and that cannot be run here; never taken for a malformed one."""

    code = "pattern_not_available"


@dataclass(frozen=True, slots=True)
class Translated:
    """A pattern for the `regex` library; *re2* is the same for RE2, or None where RE2 means something else; *groups*
    counts its capturing groups."""

    pattern: str
    re2: str | None
    groups: int


class _Translator:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.out: list[str] = []
        self.re2: list[str] = []
        self.native = True
        self.flags: frozenset[str] = frozenset()
        self.groups = 0
        self.total = _count_groups(source)

    def bad(self, reason: str) -> BadPattern:
        return BadPattern(f"The regular expression {self.source!r} is malformed: {reason}.")

    def emit(self, text: str, re2: str | None = None) -> None:
        self.out.append(text)
        if re2 is None:
            self.native = False
        else:
            self.re2.append(re2)

    def run(self) -> Translated:
        self.alternatives(0)
        if self.at < len(self.source):
            raise self.bad("a ')' closes nothing")
        pattern = "".join(self.out)
        return Translated(pattern, "".join(self.re2) if self.native else None, self.groups)

    def peek(self, text: str) -> bool:
        return self.source.startswith(text, self.at)

    def alternatives(self, depth: int) -> None:
        if depth > 60:
            raise self.bad("it is nested too deeply")
        flags = self.flags
        while self.at < len(self.source) and self.source[self.at] != ")":
            if self.source[self.at] == "|":
                self.at += 1
                self.emit("|", "|")
                continue
            mark, re2_mark = len(self.out), len(self.re2)
            if self.item(depth):
                self.quantifier(mark, re2_mark)
        self.flags = flags

    def item(self, depth: int) -> bool:
        """Translate one item; tells whether a quantifier may follow."""
        char = self.source[self.at]
        if char == "(":
            return self.group(depth)
        if char == "[":
            body, native = self.char_class()
            self.emit(body, native)
            return True
        if char == "\\":
            return self.escape()
        if char in "*+?":
            raise self.bad(f"'{char}' has nothing to repeat")
        if char == "{":
            raise self.bad("'{' has nothing to repeat")
        self.at += 1
        if char == ".":
            self.emit("(?s:.)" if "s" in self.flags else _DOT, "(?s:.)" if "s" in self.flags else _RE2_DOT)
            return True
        if char == "^":
            self.emit(_LINE_START if "m" in self.flags else r"\A", None if "m" in self.flags else r"\A")
            return True
        if char == "$":
            self.emit(_LINE_END if "m" in self.flags else _LAST)
            return True
        self.literal(char)
        return True

    def literal(self, char: str) -> None:
        if "i" in self.flags and char.isascii() and char.isalpha():
            both = f"[{char.lower()}{char.upper()}]"
            self.emit(both, both)
            return
        text = _plain(char)
        self.emit(text, text if char.isascii() and char.isprintable() else _re2_plain(char))

    def quantifier(self, mark: int, re2_mark: int) -> None:
        found = _quantifier_at(self.source, self.at)
        if found is None:
            if self.peek("{"):
                raise self.bad("a '{' is no repetition")
            return
        sizes = [int(size) for size in found.strip("{}").split(",") if size.isdigit()]
        if len(sizes) == 2 and sizes[0] > sizes[1]:
            raise self.bad(f"the repetition '{found}' runs backwards")
        self.at += len(found)
        mode = ""
        if self.at < len(self.source) and self.source[self.at] in "?+":
            mode = self.source[self.at]
            self.at += 1
        body = "".join(self.out[mark:])
        if "(?<" in body or "(?=" in body or "(?!" in body or r"\A" in body:
            body = f"(?:{body})"
        self.out[mark:] = [body + found + mode]
        inner = "".join(self.re2[re2_mark:])
        # RE2 keeps other captures than Java where a group repeats, refuses long repetitions, knows no possessive ones.
        repeats_group = "(" in inner.replace("\\(", "").replace("(?:", "").replace("(?s:", "")
        if mode == "+" or repeats_group or any(size > 500 for size in sizes):
            self.native = False
        self.re2[re2_mark:] = [inner + found + mode]
        if _quantifier_at(self.source, self.at) is not None and self.source[self.at] in "*{":
            raise self.bad("two repetitions stand in a row")

    def group(self, depth: int) -> bool:
        flags = self.flags
        if not self.peek("(?"):
            self.at += 1
            self.groups += 1
            self.emit("(", "(")
        else:
            opening = next((one for one in ("(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>") if self.peek(one)), None)
            if opening is not None:
                self.at += len(opening)
                self.emit(opening, opening if opening == "(?:" else None)
            elif self.peek("(?<"):
                self.named_group()
            elif self.inline_flags():
                return False
        self.alternatives(depth + 1)
        if not self.peek(")"):
            raise self.bad("a '(' is not closed")
        self.at += 1
        self.flags = flags
        self.emit(")", ")")
        return True

    def named_group(self) -> None:
        end = self.source.find(">", self.at)
        name = self.source[self.at + 3 : end] if end > 0 else ""
        if not (name.isascii() and name.isalnum() and name[0].isalpha()):
            raise self.bad("a group has no proper name")
        self.at = end + 1
        self.groups += 1
        self.emit(f"(?P<{name}>", "(")

    def inline_flags(self) -> bool:
        """Read `(?i)` or `(?i:`; True when it was the first, which needs no group."""
        at = self.at + 2
        on = True
        flags = set(self.flags)
        while at < len(self.source) and self.source[at] not in ":)":
            letter = self.source[at]
            if letter == "-":
                on = False
            elif letter in "ism":
                flags.add(letter) if on else flags.discard(letter)
            elif letter in "uUxdc":
                raise PatternNotAvailable(
                    f"The flag '{letter}' of the regular expression {self.source!r} is not available; write it without."
                )
            else:
                raise self.bad(f"'(?{letter}' is unknown")
            at += 1
        if at >= len(self.source):
            raise self.bad("a '(' is not closed")
        self.flags = frozenset(flags)
        self.at = at + 1
        if self.source[at] == ")":
            return True
        self.emit("(?:", "(?:")
        return False

    def escape(self) -> bool:
        if self.at + 1 >= len(self.source):
            raise self.bad("it ends with a backslash")
        letter = self.source[self.at + 1]
        if letter == "Q":
            self.quoted()
            return False
        if letter in "bBAGzZ":
            return self.anchor(letter)
        if letter == "R":
            self.at += 2
            self.emit(r"(?:\r\n|[\n\x0b\f\r\x85\u2028\u2029])")
            return True
        if letter in "123456789":
            self.back_reference()
            return True
        if letter == "k":
            end = self.source.find(">", self.at)
            if self.source[self.at + 2 : self.at + 3] != "<" or end < 0:
                raise self.bad("'\\k' needs a name in <…>")
            self.emit(f"(?P={self.source[self.at + 3 : end]})")
            self.at = end + 1
            return True
        members, native = self.class_escape()
        if members is not None:
            self.emit(f"[{members}]", None if native is None else f"[{native}]")
            return True
        self.literal(self.char_escape())
        return True

    def anchor(self, letter: str) -> bool:
        self.at += 2
        if letter == "G":
            raise PatternNotAvailable(f"\\G in the regular expression {self.source!r} is not available.")
        text = {"b": _BOUNDARY, "B": _INSIDE, "A": r"\A", "z": r"\Z", "Z": _LAST}[letter]
        self.emit(text, {"A": r"\A", "z": r"\z"}.get(letter))
        return True

    def quoted(self) -> None:
        end = self.source.find("\\E", self.at + 2)
        stop = len(self.source) if end < 0 else end
        body = self.source[self.at + 2 : stop]
        self.at = stop + (2 if end >= 0 else 0)
        for index, char in enumerate(body):
            mark, re2_mark = len(self.out), len(self.re2)
            self.literal(char)
            if index == len(body) - 1:
                self.quantifier(mark, re2_mark)

    def back_reference(self) -> None:
        end = self.at + 2
        if "i" in self.flags:
            raise PatternNotAvailable(f"A back reference under (?i) in {self.source!r} is not available.")
        while (
            end < len(self.source)
            and self.source[end].isdigit()
            and int(self.source[self.at + 1 : end + 1]) <= self.total
        ):
            end += 1
        number = int(self.source[self.at + 1 : end])
        self.at = end
        # Java: a reference to a group that does not exist never matches.
        self.emit(f"(?:\\{number})" if number <= self.total else "(?!)")

    def class_escape(self) -> tuple[str | None, str | None]:
        """Members of a predefined class such as \\d or \\p{L}, for the library and for RE2."""
        letter = self.source[self.at + 1]
        if letter.lower() in _CLASSES and letter in "dDwWsShHvV":
            self.at += 2
            members = _CLASSES[letter.lower()]
            native = members if members.isascii() and "\\u" not in members and "\\x" not in members else None
            if letter == "s":
                native = r" \t\n\x0B\f\r"
            if letter.isupper():
                return f"[^{members}]", None if letter not in "DWS" else _NEGATED[letter]
            return members, native
        if letter in "pP":
            return self.property(letter), None
        return None, None

    def property(self, letter: str) -> str:
        if self.source[self.at + 2 : self.at + 3] == "{":
            end = self.source.find("}", self.at)
            if end < 0:
                raise self.bad("a property is not closed")
            name = self.source[self.at + 3 : end]
            self.at = end + 1
        else:
            name = self.source[self.at + 2 : self.at + 3]
            self.at += 3
        if name in _POSIX:
            members = _POSIX[name]
            if "i" in self.flags and name in ("Lower", "Upper"):
                members = "a-zA-Z"
        elif name in _JAVA:
            members = _JAVA[name]
        else:
            members = _unicode_property(name)
            try:
                regex.compile(f"[{members}]", regex.V1)
            except regex.error:
                raise self.bad(f"the property '{name}' is unknown") from None
        return f"[^{members}]" if letter == "P" else members

    def char_escape(self) -> str:
        """The character of an escape such as \\t, \\x41, \\0101 or \\.; moves past it."""
        source, at = self.source, self.at
        letter = source[at + 1]
        if letter in _SIMPLE:
            self.at += 2
            return {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\x07", "e": "\x1b"}[letter]
        if letter == "x" and source[at + 2 : at + 3] == "{":
            end = source.find("}", at)
            return self.code_point(source[at + 3 : end] if end > 0 else "", 16, end + 1)
        if letter in "xu":
            size = 2 if letter == "x" else 4
            return self.code_point(source[at + 2 : at + 2 + size], 16, at + 2 + size, size)
        if letter == "0":
            end = at + 2
            most = at + (5 if source[at + 2 : at + 3] in ("0", "1", "2", "3") else 4)
            while end < len(source) and end < most and source[end] in "01234567":
                end += 1
            return self.code_point(source[at + 2 : end], 8, end)
        if letter == "c" and at + 2 < len(source):
            self.at += 3
            return chr(ord(source[at + 2]) ^ 64)
        if letter.isascii() and letter.isalpha():
            raise self.bad(f"'\\{letter}' is unknown")
        self.at += 2
        return letter

    def code_point(self, digits: str, base: int, end: int, size: int | None = None) -> str:
        try:
            if not digits or (size is not None and len(digits) != size):
                raise ValueError(digits)
            char = chr(int(digits, base))
        except (ValueError, OverflowError):
            raise self.bad("a numeric escape has wrong digits") from None
        if "\ud800" <= char <= "\udfff":
            raise PatternNotAvailable(f"Half a surrogate pair in the regular expression {self.source!r} is not available.")
        self.at = end
        return char

    def char_class(self) -> tuple[str, str | None]:
        """Translate `[…]`: unions, ranges, negation, intersection; the second text is for RE2."""
        self.at += 1
        negated = self.peek("^")
        self.at += negated
        operands: list[str] = []
        members: list[str] = []
        native: list[str] | None = []
        first = True
        while True:
            if self.at >= len(self.source):
                raise self.bad("a '[' is not closed")
            char = self.source[self.at]
            if char == "]" and not first:
                self.at += 1
                break
            if self.peek("&&"):
                self.at += 2
                operands.append("".join(members))
                members, native = [], None
                continue
            first = False
            if char == "[":
                members.append(self.char_class()[0])
                native = None
                continue
            native = self.member(members, native)
        operands.append("".join(members))
        if any(not operand for operand in operands):
            raise self.bad("a character class is empty")
        text = operands[0] if len(operands) == 1 else "&&".join(f"[{operand}]" for operand in operands)
        caret = "^" if negated else ""
        return f"[{caret}{text}]", None if native is None else f"[{caret}{''.join(native)}]"

    def member(self, members: list[str], native: list[str] | None) -> list[str] | None:
        if self.source[self.at] == "\\":
            if self.source[self.at + 1 : self.at + 2] == "Q":
                end = self.source.find("\\E", self.at)
                stop = len(self.source) if end < 0 else end
                for char in self.source[self.at + 2 : stop]:
                    members.append(_in_class(char))
                self.at = stop + (2 if end >= 0 else 0)
                return None
            if self.at + 1 < len(self.source):
                group, group_native = self.class_escape()
                if group is not None:
                    members.append(group)
                    return None if native is None or group_native is None or group_native.startswith("^") else [
                        *native, group_native
                    ]  # fmt: skip
        low = self.class_char()
        high = low
        after = self.source[self.at + 1 : self.at + 3]
        if self.peek("-") and after[:1] not in ("]", "[", "") and after != "&&":
            self.at += 1
            high = self.class_char()
            if high < low:
                raise self.bad("a range runs backwards")
        text = _in_class(low) if low == high else f"{_in_class(low)}-{_in_class(high)}"
        if "i" in self.flags:
            text += _other_case(low, high)
        members.append(text)
        if native is None or not (low.isascii() and high.isascii()):
            return None
        return [*native, text]

    def class_char(self) -> str:
        if self.source[self.at] == "\\":
            if self.at + 1 >= len(self.source):
                raise self.bad("it ends with a backslash")
            return self.char_escape()
        char = self.source[self.at]
        self.at += 1
        return char


_NEGATED = {"D": r"^0-9", "W": r"^a-zA-Z0-9_", "S": r"^ \t\n\x0B\f\r"}


def _count_groups(source: str) -> int:
    count, at, depth = 0, 0, 0
    while at < len(source):
        char = source[at]
        if char == "\\":
            at += 1
        elif char == "[":
            depth += 1
        elif char == "]" and depth:
            depth -= 1
        elif char == "(" and not depth:
            named = source.startswith("(?<", at) and source[at + 3 : at + 4] not in ("=", "!")
            count += named or not source.startswith("(?", at)
        at += 1
    return count


def _quantifier_at(source: str, at: int) -> str | None:
    char = source[at : at + 1]
    if char in ("*", "+", "?"):
        return char
    found = regex.compile(r"\{[0-9]{1,9}(?:,[0-9]{0,9})?\}").match(source, at)
    return None if found is None else str(found.group())


def _plain(char: str) -> str:
    return f"\\{char}" if char in r"\.^$*+?{}[]()|&~-#" else char if char.isprintable() else f"\\U{ord(char):08x}"


def _re2_plain(char: str) -> str:
    return char if char.isprintable() else f"\\x{{{ord(char):x}}}"


def _in_class(char: str) -> str:
    return f"\\{char}" if char in r"\^[]-&~|" else char if char.isprintable() else f"\\x{ord(char):02x}" if ord(
        char
    ) < 256 else f"\\U{ord(char):08x}"  # fmt: skip


def _other_case(low: str, high: str) -> str:
    out = ""
    for first, last, shift in (("a", "z", -32), ("A", "Z", 32)):
        begin, end = max(low, first), min(high, last)
        if begin <= end:
            out += f"{chr(ord(begin) + shift)}-{chr(ord(end) + shift)}"
    return out


def _unicode_property(name: str) -> str:
    for prefix in ("Is", "In"):
        if name.startswith(prefix) and len(name) > 2:
            return f"\\p{{{'block=' if prefix == 'In' else ''}{name[2:]}}}"
    for key in ("script", "sc", "block", "blk", "general_category", "gc"):
        if name.startswith(f"{key}="):
            return f"\\p{{{name}}}"
    return f"\\p{{{name}}}" if 1 <= len(name) <= 2 else "\\p{}"


@lru_cache(maxsize=1024)
def translate(pattern: str) -> Translated:
    """Return the translation of a Java pattern. Raises BadPattern when Java would refuse it, PatternNotAvailable when it
    cannot run here.

    >>> translate("a+").re2
    'a+'
    """
    return _Translator(pattern).run()


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> regex.Pattern[str]:
    """Return a Java pattern ready to match. Raises BadPattern or PatternNotAvailable."""
    translated = translate(pattern)
    try:
        return regex.compile(translated.pattern, regex.V1)
    except (regex.error, OverflowError) as error:
        raise BadPattern(f"The regular expression {pattern!r} is malformed: {error}.") from error


def _runaway(pattern: str) -> DataError:
    return DataError(
        f"The regular expression {pattern!r} ran longer than {TIMEOUT_S:g} s on one value. Write it without nested "
        "repetitions, or with possessive ones."
    )


def full_match(text: str, pattern: str) -> bool:
    """Tell whether the whole text matches (`matches`)."""
    try:
        return compile_pattern(pattern).fullmatch(text, timeout=TIMEOUT_S) is not None
    except TimeoutError:
        raise _runaway(pattern) from None


def extract(text: str, pattern: str, group: int) -> str | None:
    """Return a group of the first match anywhere (`REGEX_EXTRACT`). Raises DataError for a negative group."""
    compiled = compile_pattern(pattern)
    if group < 0:
        raise DataError(f"REGEX_EXTRACT has no group {group}; groups count from 0.")
    try:
        found = compiled.search(text, timeout=TIMEOUT_S)
    except TimeoutError:
        raise _runaway(pattern) from None
    if found is None or group > compiled.groups:
        return None
    value: str | None = found.group(group)
    return value


def extract_all(text: str, pattern: str) -> tuple[str | None, ...] | None:
    """Return all groups where the whole text matches (`REGEX_EXTRACT_ALL`), else None."""
    try:
        found = compile_pattern(pattern).fullmatch(text, timeout=TIMEOUT_S)
    except TimeoutError:
        raise _runaway(pattern) from None
    return None if found is None else tuple(found.groups())


def _iter_matches(compiled: regex.Pattern[str], text: str) -> Iterator[regex.Match[str]]:
    """Yield matches as Java's `find` does: after an empty one the search goes on one character further."""
    at = 0
    while at <= len(text):
        found = compiled.search(text, at, timeout=TIMEOUT_S)
        if found is None:
            return
        yield found
        at = found.end() + (found.end() == found.start())


def replace_all(text: str, pattern: str, replacement: str) -> str | None:
    """Java's `replaceAll` (`REPLACE`); None for a malformed pattern or replacement."""
    try:
        compiled = compile_pattern(pattern)
    except BadPattern:
        return None
    out: list[str] = []
    at = 0
    pieces: list[str | tuple[int | str]] | None = None
    try:
        for found in _iter_matches(compiled, text):
            if pieces is None:
                pieces = _replacement(replacement, compiled)
                if pieces is None:
                    return None
            out.append(text[at : found.start()])
            out.extend(piece if isinstance(piece, str) else found.group(piece[0]) or "" for piece in pieces)
            at = found.end()
    except TimeoutError:
        raise _runaway(pattern) from None
    return "".join([*out, text[at:]])


def _replacement(text: str, compiled: regex.Pattern[str]) -> list[str | tuple[int | str]] | None:
    pieces: list[str | tuple[int | str]] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            if at + 1 >= len(text):
                return None
            pieces.append(text[at + 1])
            at += 2
        elif char == "$" and text[at + 1 : at + 2] == "{":
            end = text.find("}", at)
            name = text[at + 2 : end] if end > 0 else ""
            if name not in compiled.groupindex:
                return None
            pieces.append((name,))
            at = end + 1
        elif char == "$":
            end = at + 1
            if not (text[end : end + 1].isascii() and text[end : end + 1].isdigit()):
                return None
            end += 1
            while (
                end < len(text)
                and text[end].isascii()
                and text[end].isdigit()
                and int(text[at + 1 : end + 1]) <= compiled.groups
            ):
                end += 1
            number = int(text[at + 1 : end])
            if number > compiled.groups:
                return None
            pieces.append((number,))
            at = end
        else:
            pieces.append(char)
            at += 1
    return pieces


def split(text: str, pattern: str, limit: int) -> tuple[str, ...] | None:
    """Java's `String.split`; None for a malformed pattern.

    >>> split("a-b--", "-", 0), split("a-b--", "-", -1)
    (('a', 'b'), ('a', 'b', '', ''))
    """
    try:
        compiled = compile_pattern(pattern)
    except BadPattern:
        return None
    parts: list[str] = []
    at = 0
    try:
        for found in _iter_matches(compiled, text):
            if limit > 0 and len(parts) == limit - 1:
                break
            # Java 8 and later: an empty match at the very start gives no empty part.
            if found.end() == 0:
                continue
            parts.append(text[at : found.start()])
            at = found.end()
    except TimeoutError:
        raise _runaway(pattern) from None
    if not parts and at == 0:
        return (text,)
    parts.append(text[at:])
    if limit == 0:
        while parts and parts[-1] == "":
            parts.pop()
    return tuple(parts)

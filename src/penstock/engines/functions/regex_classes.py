"""Characters and character classes of Java patterns, for the `regex` library and for RE2."""

from __future__ import annotations

import regex

from penstock.errors import DataError

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
_NAMED = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\x07", "e": "\x1b"}
_NEGATED = {"D": r"^0-9", "W": r"^a-zA-Z0-9_", "S": r"^ \t\n\x0B\f\r"}


class BadPattern(DataError):
    """A text that Java would not accept as a regular expression."""

    code = "bad_pattern"


class PatternNotAvailable(DataError):
    """A regular expression that Java accepts and that cannot be run here; never taken for a malformed one."""

    code = "pattern_not_available"


class Reader:
    """A pattern and a place in it; reads what stands for characters."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.flags: frozenset[str] = frozenset()

    def bad(self, reason: str) -> BadPattern:
        return BadPattern(f"The regular expression {self.source!r} is malformed: {reason}.")

    def peek(self, text: str) -> bool:
        return self.source.startswith(text, self.at)

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
        if letter in _NAMED:
            self.at += 2
            return _NAMED[letter]
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
            raise PatternNotAvailable(
                f"Half a surrogate pair in the regular expression {self.source!r} is not available."
            )
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
                if self.peek("&"):
                    raise PatternNotAvailable(f"'&&&' in the regular expression {self.source!r} is not available.")
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
        if not all(operands):
            raise PatternNotAvailable(f"'&&' with an empty side in {self.source!r} is not available; write both sides.")
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


def _in_class(char: str) -> str:
    return f"\\{char}" if char in r"\^[]-&~|:" else char if char.isprintable() else f"\\x{ord(char):02x}" if ord(
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

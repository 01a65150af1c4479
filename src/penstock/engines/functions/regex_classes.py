"""Characters and character classes of Java patterns, for the `regex` library and for RE2."""

from __future__ import annotations

import unicodedata
from functools import cache

import regex

from penstock.engines.functions.text import capital, fold
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
_UNICODE_CLASSES = {
    "d": r"\p{Nd}", "w": r"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d", "s": r"\p{White_Space}",
    "h": _CLASSES["h"], "v": _CLASSES["v"],
}  # fmt: skip
_UNICODE_POSIX = {
    **_POSIX, "Lower": r"\p{Lowercase}", "Upper": r"\p{Uppercase}", "Alpha": r"\p{Alphabetic}", "Digit": r"\p{Nd}",
    "Alnum": r"\p{Alphabetic}\p{Nd}", "Punct": r"\p{P}", "Graph": r"[^\p{Z}\p{Cc}\p{Cs}\p{Cn}]",
    "Print": r"[[^\p{Zl}\p{Zp}\p{Cc}\p{Cs}\p{Cn}]]", "Blank": r"\p{Zs}\t", "Cntrl": r"\p{Cc}",
    "XDigit": r"\p{Nd}a-fA-F\uff21-\uff26\uff41-\uff46", "Space": r"\p{White_Space}",
}  # fmt: skip
"""The classes under the flag U."""
WORD = f"[{_UNICODE_CLASSES['w']}]"
_IGNORABLE = r"\x00-\x08\x0e-\x1b\x7f-\x9f\p{Cf}"
_STARTS = r"\p{L}\p{Nl}\u1885\u1886\u2118\u212e\u309b\u309c"
_JAVA = {
    "javaLowerCase": r"\p{Lowercase}", "javaUpperCase": r"\p{Uppercase}", "javaLetter": r"\p{L}",
    "javaDigit": r"\p{Nd}", "javaLetterOrDigit": r"\p{L}\p{Nd}", "javaAlphabetic": r"\p{Alphabetic}",
    "javaIdeographic": r"\p{Ideographic}", "javaTitleCase": r"\p{Lt}", "javaDefined": r"\P{Cn}",
    "javaSpaceChar": r"\p{Z}", "javaISOControl": r"\x00-\x1f\x7f-\x9f", "javaMirrored": r"\p{Bidi_Mirrored}",
    "javaWhitespace": r"\t-\r\x1c-\x20\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000",
    "javaIdentifierIgnorable": _IGNORABLE, "javaJavaIdentifierStart": r"\p{L}\p{Nl}\p{Sc}\p{Pc}",
    "javaJavaIdentifierPart": r"\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mn}\p{Mc}" + _IGNORABLE,
    "javaUnicodeIdentifierStart": _STARTS,
    "javaUnicodeIdentifierPart": _STARTS + r"\p{Pc}\p{Nd}\p{Mn}\p{Mc}\u00b7\u0387\u1369-\u1371\u19da" + _IGNORABLE,
}  # fmt: skip
_GROUPS = {"L1": r"\x00-\xff", "LD": r"\p{L}\p{Nd}", "all": r"\x00-\U0010ffff"}
"""What Java knows as categories and nobody else does; with `Is` before them, too."""
_BINARY = frozenset(
    {
        "ALPHABETIC", "LETTER", "IDEOGRAPHIC", "LOWERCASE", "UPPERCASE", "TITLECASE", "WHITESPACE", "CONTROL", "PUNCTUATION",
        "HEXDIGIT", "ASSIGNED", "NONCHARACTERCODEPOINT", "DIGIT", "ALNUM", "ALPHA", "LOWER", "UPPER", "SPACE", "PUNCT", "CNTRL",
        "XDIGIT", "BLANK", "GRAPH", "PRINT", "WORD", "JOINCONTROL", "ASCII",
    }
)  # fmt: skip
"""What Java knows behind `Is` besides categories and scripts."""
_HEX_DIGIT = r"\p{Nd}a-fA-F\uff21-\uff26\uff41-\uff46"
_CATEGORY = regex.compile("[LMNZCPS]|[LMNZCPS][a-z]|LC")
_FAR_CASES = "\xff\xb5IiSsKk\xc5\xe5"
"""Characters of Latin-1 that differ only in case from others outside it."""
_NAMED = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\x07", "e": "\x1b"}
_LETTERS = r"\p{Lu}\p{Ll}\p{Lt}"
_CASED = r"\p{Lowercase}\p{Uppercase}\p{Lt}"
_ANY_CASE = {
    **{
        f"\\p{{{prefix}{name}}}": _LETTERS for prefix in ("", "gc=", "general_category=") for name in ("Lu", "Ll", "Lt")
    },
    **dict.fromkeys((r"\p{Lowercase}", r"\p{Uppercase}", r"\p{Titlecase}"), _CASED),
}
"""Properties of one case, and what they are where case does not count."""
_CLUSTER_END = r"[\p{GCB=EX}\u200d\p{GCB=SM}]*"
CLUSTER = (
    r"(?>\r\n|[\p{GCB=CN}\r\n]|\p{GCB=PP}*(?:\p{GCB=RI}{2}"
    r"|\p{GCB=L}*(?:\p{GCB=V}+|\p{GCB=LV}\p{GCB=V}*|\p{GCB=LVT})\p{GCB=T}*|\p{GCB=L}+|\p{GCB=T}+"
    r"|\p{Extended_Pictographic}(?:\p{GCB=EX}*\u200d\p{Extended_Pictographic})*"
    rf"|[^\p{{GCB=CN}}\r\n]){_CLUSTER_END}|\p{{GCB=PP}}+{_CLUSTER_END})"
)
"""A character with all that belongs to it, by the rules before Unicode 15.1, which joins consonants of Indic scripts."""
NOWHERE = "(?!(?:))"
"""What a translation has for a back reference to a group that does not exist."""
_NEGATED = {"D": r"^0-9", "W": r"^a-zA-Z0-9_", "S": r"^ \t\n\x0B\f\r"}


_LOW_HALF = regex.compile(r"\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_LONG_ESCAPE = regex.compile(r"\\U([0-9a-f]{8})")
_OF_RANGE = regex.compile("-[0-9A-F]{4,5}$|^HANGUL SYLLABLE ")
"""Names that are made by a rule: Java makes others."""


class BadPattern(DataError):
    """A text that Java would not accept as a regular expression."""

    code = "bad_pattern"


class PatternNotAvailable(DataError):
    """A regular expression that Java accepts and that cannot be run here; never taken for a malformed one."""

    code = "pattern_not_available"


class _Set:
    """Characters of a class: their union, with the mark `&&` their intersection, with `^` all others. A member is another set
    or a text such as `a-z`; members may still be added when a set is part of another."""

    __slots__ = ("mark", "members")

    def __init__(self, *members: _Set | str, mark: str = "") -> None:
        self.members = list(members)
        self.mark = mark

    def __str__(self) -> str:
        if self.mark == "&&":
            return f"[{'&&'.join(map(str, self.members))}]"
        return f"[{self.mark}{self._inside()}]"

    def _inside(self) -> str:
        return "".join(one if isinstance(one, str) else str(one) if one.mark else one._inside() for one in self.members)


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
            if "U" in self.flags:
                members = _UNICODE_CLASSES[letter.lower()]
                return f"[^{members}]" if letter.isupper() else members, None
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
            members = (_UNICODE_POSIX if "U" in self.flags else _POSIX)[name]
            if "U" not in self.flags and "i" in self.flags and name in ("Lower", "Upper"):
                members = "a-zA-Z"
        elif name in _JAVA:
            members = _JAVA[name]
        elif name.removeprefix("Is") in _GROUPS:
            members = _GROUPS[name.removeprefix("Is")]
        else:
            members = _unicode_property(name)
            try:
                regex.compile(f"[{members}]", regex.V1)
            except regex.error:
                raise self.bad(f"the property '{name}' is unknown") from None
        if "i" in self.flags:
            members = _ANY_CASE.get(members, members)
        return f"[^{members}]" if letter == "P" else members

    def char_escape(self) -> str:
        """The character of an escape such as \\t, \\x41, \\0101 or \\.; moves past it."""
        source, at = self.source, self.at
        letter = source[at + 1]
        if letter in _NAMED:
            self.at += 2
            return _NAMED[letter]
        if letter == "N":
            return self.named()
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
        self.at = end
        # Two halves in a row are one character; a single one is a character that no text has.
        low = _LOW_HALF.match(self.source, end) if size == 4 and "\ud800" <= char <= "\udbff" else None
        if low is not None:
            self.at = low.end()
            char = chr(0x10000 + ((ord(char) & 0x3FF) << 10 | int(low[1], 16) & 0x3FF))
        return char

    def named(self) -> str:
        """The character of `\\N{…}`, by its name in the standard of Unicode; Java has others for what has none there."""
        end = self.source.find("}", self.at)
        if not self.peek("\\N{") or end < 0:
            raise self.bad("'\\N' needs a name in {…}")
        name = self.source[self.at + 3 : end].strip().upper()
        try:
            char = unicodedata.lookup(name)
        except KeyError:
            char = ""
        if len(char) != 1 or unicodedata.name(char, "") != name or _OF_RANGE.search(name):
            raise PatternNotAvailable(
                f"The character named {name!r} in {self.source!r} is not available; write \\x{{…}}."
            )
        self.at = end + 1
        return char

    def skip(self) -> int:
        """Move past blanks and comments where the flag x says that they are none of the pattern; return the place."""
        while "x" in self.flags and self.at < len(self.source):
            if self.source[self.at] == "#":
                ends = [end for end in (self.source.find(mark, self.at) for mark in "\n\r\x85\u2028\u2029") if end >= 0]
                self.at = min(ends, default=len(self.source))
            elif self.source[self.at] in " \t\n\x0b\f\r":
                self.at += 1
            else:
                break
        return self.at

    def cases(self, low: str, high: str) -> str:
        """Return a range, or a character, with what it is equal to under the flags i and u."""
        if "i" not in self.flags:
            return low if low == high else ""
        if "u" not in self.flags:
            return (low if low == high else "") + _other_case(low, high)
        if low == high:
            return equal_letters(low)
        # Java asks for a character, its capital, and the small letter of that.
        return "".join(
            char
            for letters in _by_case().values()
            for char in letters
            if not low <= char <= high and (low <= as_capital(char) <= high or low <= folded(char) <= high)
        )

    def char_class(self) -> tuple[str, str | None]:
        """Translate `[…]`: unions, ranges, negation, intersection; the second text is for RE2."""
        made, native = self.class_body(closes=True)
        return str(made), native

    def class_body(self, closes: bool) -> tuple[_Set, str | None]:
        """Read a class from what opens it on, past its `]` if it *closes* there; the right side of `&&` goes up to it.

        As in Java, single characters of Latin-1 are gathered apart and join the others at `&&` and at the end; those behind
        a second `&&` join what stood before it, too. An empty side of `&&` is what was read last.
        """
        self.at += closes
        negated = closes and self.peek("^")
        self.at += negated
        read: _Set | None = None
        last: _Set | None = None
        singles = _Set()
        has_singles = False
        native: list[str] | None = []
        while True:
            if self.skip() >= len(self.source):
                raise self.bad("a '[' is not closed")
            char = self.source[self.at]
            if char == "[":
                last, native = self.class_body(closes=True)[0], None
                read = last if read is None else _Set(read, last)
                continue
            if char == "]" and (read is not None or has_singles):
                break
            if char == "&" and self.intersects():
                native = None
                right = self.right_side()
                if has_singles:
                    last = singles if read is None else last
                    read = singles if read is None else _Set(read, singles)
                    has_singles = False
                last = last if right is None else right
                if last is None:
                    raise self.bad("a side of '&&' is empty")
                read = last if read is None else _Set(read, last, mark="&&")
                continue
            if self.peek("\\Q"):
                self.unquote()
                native = None
                continue
            last, of_re2 = self.member(singles)
            native = None if native is None or of_re2 is None else [*native, of_re2]
            if last is None:
                has_singles = True
            else:
                read = last if read is None else _Set(read, last)
        self.at += closes
        if has_singles:
            read = singles if read is None else _Set(read, singles)
        made = _Set() if read is None else read
        caret = "^" if negated else ""
        return (
            _Set(made, mark="^") if negated else made,
            None if native is None else f"[{caret}{''.join(native)}]",
        )

    def intersects(self) -> bool:
        """Tell whether a second `&` stands behind the one here, and move past both. Under the flag x Java loses one that
        blanks stand behind."""
        first = self.at
        self.at += 1
        if self.skip() < len(self.source) and self.source[self.at] == "&":
            self.at += 1
            return True
        self.at = max(first, self.at - 1)
        return False

    def right_side(self) -> _Set | None:
        """Read what stands behind `&&`; None where that is nothing."""
        read: _Set | None = None
        while self.skip() < len(self.source) and self.source[self.at] not in "]&":
            part = self.class_body(closes=self.peek("["))[0]
            read = part if read is None else _Set(read, part)
        return read

    def unquote(self) -> None:
        """Put characters with a backslash in the place of `\\Q…\\E`."""
        end = self.source.find("\\E", self.at)
        stop = len(self.source) if end < 0 else end
        body = "".join(
            char if char.isascii() and char.isalnum() else f"\\{char}" for char in self.source[self.at + 2 : stop]
        )
        self.source = f"{self.source[: self.at]}{body}{self.source[stop + 2 :]}"

    def member(self, singles: _Set) -> tuple[_Set | None, str | None]:
        """Read one member; a single character of Latin-1 goes to *singles*. The second text is for RE2."""
        self.skip()
        if self.peek("\\") and self.at + 1 < len(self.source):
            group, group_native = self.class_escape()
            if group is not None:
                is_plain = group_native is not None and not group_native.startswith("^")
                return _Set(group), group_native if is_plain else None
        low = self.class_char()
        high = low
        if self.skip() < len(self.source) and self.peek("-") and self.source[self.at + 1 : self.at + 2] not in "][":
            self.at += 1
            self.skip()
            high = self.class_char()
            if high < low:
                raise self.bad("a range runs backwards")
        text = in_class(low) if low == high else f"{in_class(low)}-{in_class(high)}"
        text += "".join(map(in_class, self.cases(low, high).replace(low, "")))
        is_plain = text.isascii() and not is_half(low) and not is_half(high)
        native = for_re2(text) if is_plain else None
        if low != high or low > "\xff" or ({"i", "u"} <= self.flags and low in _FAR_CASES):
            return _Set(text), native
        singles.members.append(text)
        return None, native

    def class_char(self) -> str:
        if self.source[self.at] == "\\":
            if self.at + 1 >= len(self.source):
                raise self.bad("it ends with a backslash")
            return self.char_escape()
        char = self.source[self.at]
        self.at += 1
        return char


def is_half(char: str) -> bool:
    """Tell whether a character is half of one, which a pattern may name and no text has."""
    return "\ud800" <= char <= "\udfff"


def for_re2(text: str) -> str:
    """Return members of a class, as `in_class` writes them, as RE2 reads them."""
    return _LONG_ESCAPE.sub(lambda found: f"\\x{{{int(found[1], 16):x}}}", text)


def in_class(char: str) -> str:
    """Return a character as it stands in a class."""
    return f"\\{char}" if char in r"\^[]-&~|:" else char if char.isprintable() else f"\\x{ord(char):02x}" if ord(
        char
    ) < 256 else f"\\U{ord(char):08x}"  # fmt: skip


def _other_case(low: str, high: str) -> str:
    """The letters of the other case in a range, ASCII ones only."""
    out = ""
    for first, last, shift in (("a", "z", -32), ("A", "Z", 32)):
        begin, end = max(low, first), min(high, last)
        out += "".join(chr(at + shift) for at in range(ord(begin), ord(end) + 1))
    return out


@cache
def _by_case() -> dict[str, str]:
    """Letters that are equal but for case, by what they have in common."""
    found: dict[str, str] = {}
    for at in (*range(0xD800), *range(0xE000, 0x1F000)):
        common = folded(chr(at))
        found[common] = found.get(common, "") + chr(at)
    return {common: letters for common, letters in found.items() if len(letters) > 1}


def equal_letters(char: str) -> str:
    """Return what a character is equal to when case does not count, itself included.

    >>> equal_letters("é")
    'Éé'
    """
    return _by_case().get(folded(char), char)


def as_capital(char: str) -> str:
    """Return the capital of a character, mapped one to one."""
    return capital(char) if char <= "\uffff" else char.upper()


def folded(char: str) -> str:
    """Return what a character has in common with those that are equal to it but for case; `fold` knows letters of one
    UTF-16 unit only."""
    return fold(char) if char <= "\uffff" else char.upper().lower()


def _unicode_property(name: str) -> str:
    """Return a property as the library knows it; `\\p{}`, which it does not, where Java knows none of the name."""
    if name.startswith("In") and len(name) > 2:
        return f"\\p{{block={name[2:]}}}"
    if name.startswith("Is") and len(name) > 2:
        return _property_or_script(name[2:])
    key, sign, value = name.partition("=")
    if sign:
        known = key.lower() in ("script", "sc", "block", "blk", "general_category", "gc")
        return f"\\p{{{key.lower()}={value}}}" if known else "\\p{}"
    return f"\\p{{{name}}}" if _CATEGORY.fullmatch(name) else "\\p{}"


def _property_or_script(name: str) -> str:
    plain = name.upper().replace("_", "")
    if plain == "HEXDIGIT":
        return _HEX_DIGIT
    if plain == "TITLECASE":
        return r"\p{Lt}"
    known = plain in _BINARY or _CATEGORY.fullmatch(name)
    return f"\\p{{{name}}}" if known else f"\\p{{script={name}}}"

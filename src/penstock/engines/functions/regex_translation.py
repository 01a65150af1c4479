"""`java.util.regex` patterns, translated for the `regex` library and, where the meaning is the same, for RE2."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import regex

from penstock.engines.functions.regex_classes import CLUSTER, NOWHERE, WORD, Reader, for_re2, in_class, is_half

_ENDS = r"\n\r\u0085\u2028\u2029"
_DOT = f"[^{_ENDS}]"
_RE2_DOT = r"[^\n\r\x{85}\x{2028}\x{2029}]"
_BASE = r"[\p{L}\p{Nd}]"
# Marks belong to the letter or digit that they stand on.
_BEHIND = rf"[\p{{L}}\p{{Nd}}_]|{_BASE}\p{{Mn}}+"
_AHEAD = rf"[\p{{L}}\p{{Nd}}_]|\p{{Mn}}(?<={_BASE}\p{{Mn}}+)"
_BOUNDARY = f"(?:(?<={_BEHIND})(?!{_AHEAD})|(?<!{_BEHIND})(?={_AHEAD}))"
_INSIDE = f"(?:(?<={_BEHIND})(?={_AHEAD})|(?<!{_BEHIND})(?!{_AHEAD}))"
_UNICODE_BOUNDARY = f"(?:(?<={WORD})(?!{WORD})|(?<!{WORD})(?={WORD}))"
_UNICODE_INSIDE = f"(?:(?<={WORD})(?={WORD})|(?<!{WORD})(?!{WORD}))"
_LAST = r"(?=(?:\r\n|(?<!\r)\n|[\r\u0085\u2028\u2029])?\Z)"
_LINE_START = r"(?:(?!\Z)(?:\A|(?<=[\n\u0085\u2028\u2029])|(?<=\r)(?!\n)))"
_SIZES: dict[str, tuple[int, int | None]] = {"": (1, 1), "?": (0, 1), "*": (0, None), "+": (1, None)}
_UNIX_LAST = r"(?=\n?\Z)"
_UNIX_LINE_START = r"(?:(?!\Z)(?:\A|(?<=\n)))"
_UNIX_LINE_END = r"(?=\n|\Z)"
_LINE_END = r"(?=\r\n|(?<!\r)\n|[\r\u0085\u2028\u2029]|\Z)"

PLACES = (
    _BOUNDARY, _INSIDE, _UNICODE_BOUNDARY, _UNICODE_INSIDE, _LAST, _LINE_START, _LINE_END, _UNIX_LAST, _UNIX_LINE_START,
    _UNIX_LINE_END,
)  # fmt: skip
"""What a translation has for places."""
LINE_ENDS = r"\n\r\x{85}\x{2028}\x{2029}"
"""What ends a line, inside brackets of RE2."""


@dataclass(frozen=True, slots=True)
class Translated:
    """A pattern for the `regex` library; *re2* is the same for RE2, or None where RE2 means something else; *re2_of_line* is
    the same for texts without any line end (`LINE_ENDS`); *groups* counts its capturing groups."""

    pattern: str
    re2: str | None
    re2_of_line: str | None
    groups: int


def _sizes(quantifier: str) -> tuple[int, int | None]:
    """The least and the greatest number of repetitions; None is endless."""
    if quantifier in _SIZES:
        return _SIZES[quantifier]
    least, comma, greatest = quantifier.strip("{}").partition(",")
    return int(least), int(greatest) if greatest else None if comma else int(least)


class _Translator(Reader):
    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.out: list[str] = []
        self.re2: list[str] = []
        self.native = True
        self.native_of_line = True
        self.groups = 0
        self.names: dict[str, int] = {}
        self.total = _count_groups(source)

    def emit(self, text: str, re2: str | None = None, of_line: str | None = None) -> None:
        self.out.append(text)
        self.native &= re2 is not None
        native = of_line if re2 is None else re2
        if native is None:
            self.native_of_line = False
        else:
            self.re2.append(native)

    def run(self) -> Translated:
        self.alternatives(0)
        if self.at < len(self.source):
            raise self.bad("a ')' closes nothing")
        pattern = "".join(self.out)
        re2 = "".join(self.re2)
        return Translated(pattern, re2 if self.native else None, re2 if self.native_of_line else None, self.groups)

    def alternatives(self, depth: int) -> None:
        if depth > 60:
            raise self.bad("it is nested too deeply")
        flags = self.flags
        while self.skip() < len(self.source) and self.source[self.at] != ")":
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
            self.emit_class(*self.char_class())
            return True
        if char == "\\":
            return self.escape()
        if char in "*+?":
            raise self.bad(f"'{char}' has nothing to repeat")
        if char == "{":
            self.emit("(?:)", "(?:)")  # Java repeats the empty text
            return True
        self.at += 1
        if char == ".":
            native = "(?s:.)" if "s" in self.flags else r"[^\n]" if "d" in self.flags else _RE2_DOT
            self.emit(_DOT if native == _RE2_DOT else native, native)
            return True
        if char == "^":
            # RE2 begins a line in an empty text, too.
            self.emit(self.line_start(), None if "m" in self.flags else self.native_start())
            return True
        if char == "$":
            self.emit(self.line_end(), of_line=self.native_end())
            return True
        self.literal(char)
        return True

    def emit_class(self, members: str, native: str | None) -> None:
        """Emit a class; under the flag c it is asked of a character together with its marks, where they make one."""
        if "c" in self.flags:
            self.emit(f"(?c:{members})")
        else:
            self.emit(members, native)

    def line_start(self) -> str:
        if "m" not in self.flags:
            return r"\A"
        # Java's begins no line at the end of the text, not even of an empty one.
        return _UNIX_LINE_START if "d" in self.flags else _LINE_START

    def line_end(self) -> str:
        if "m" not in self.flags:
            return self.last_end()
        return _UNIX_LINE_END if "d" in self.flags else _LINE_END

    def last_end(self) -> str:
        return _UNIX_LAST if "d" in self.flags else _LAST

    def literal(self, char: str) -> None:
        both = self.cases(char, char)
        if len(both) > 1:
            either = f"[{''.join(map(in_class, both))}]"
            self.emit(either, for_re2(either) if either.isprintable() and either.isascii() else None)
            return
        text = _plain(char)
        if is_half(char):
            self.emit(text)
            return
        self.emit(text, text if char.isascii() and char.isprintable() else _re2_plain(char))

    def quantifier(self, mark: int, re2_mark: int) -> None:
        found = _quantifier_at(self.source, self.skip())
        if found is None:
            if self.peek("{"):
                raise self.bad("a '{' is no repetition")
            return
        least, greatest = _sizes(found)
        if greatest is not None and least > greatest:
            raise self.bad(f"the repetition '{found}' runs backwards")
        self.at += len(found)
        mode = ""
        self.skip()
        if self.at < len(self.source) and self.source[self.at] in "?+":
            mode = self.source[self.at]
            self.at += 1
        body = "".join(self.out[mark:])
        if "(?<" in body or "(?=" in body or "(?!" in body or r"\A" in body:
            body = f"(?:{body})"
        if mode == "+" and least > 1 and body.startswith("("):
            # Java takes each repetition by itself.
            self.out[mark:] = [f"(?>(?>{body}){found})"]
        else:
            self.out[mark:] = [body + found + mode]
        inner = "".join(self.re2[re2_mark:])
        # RE2 keeps other captures than Java where a group repeats, refuses long repetitions, knows no possessive ones.
        repeats_group = "(" in inner.replace("\\(", "").replace("(?:", "").replace("(?s:", "")
        if mode == "+" or repeats_group or max(least, greatest or 0) > 500:
            self.native = self.native_of_line = False
        self.re2[re2_mark:] = [inner + found + mode]

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
        if name in self.names:
            raise self.bad(f"two groups are named '{name}'")
        self.at = end + 1
        self.groups += 1
        self.names[name] = self.groups
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
            elif letter in "ismducxU":
                # With U comes u, and goes with it.
                for flag in "Uu" if letter == "U" else letter:
                    flags.add(flag) if on else flags.discard(flag)
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
        if letter == "X":
            self.at += 2
            self.emit(CLUSTER)
            return True
        if letter in "123456789":
            self.back_reference()
            return True
        if letter == "k":
            end = self.source.find(">", self.at)
            if self.source[self.at + 2 : self.at + 3] != "<" or end < 0:
                raise self.bad("'\\k' needs a name in <…>")
            name = self.source[self.at + 3 : end]
            if name not in self.names:
                raise self.bad(f"no group before it is named '{name}'")
            self.refer(self.names[name])
            self.at = end + 1
            return True
        members, native = self.class_escape()
        if members is not None:
            if letter in "pP":
                self.emit_class(f"[{members}]", None)
            else:
                self.emit(f"[{members}]", None if native is None else f"[{native}]")
            return True
        self.literal(self.char_escape())
        return True

    def anchor(self, letter: str) -> bool:
        self.at += 2
        text = {"b": _BOUNDARY, "B": _INSIDE, "A": r"\A", "z": r"\Z", "Z": self.last_end(), "G": r"\G"}[letter]
        if "U" in self.flags and letter in "bB":
            text = _UNICODE_BOUNDARY if letter == "b" else _UNICODE_INSIDE
        native = {"A": self.native_start(), "z": self.native_end()}
        self.emit(text, native.get(letter), self.native_end() if letter == "Z" else None)
        return True

    def native_end(self) -> str | None:
        """RE2 is asked for the end only where a part ends."""
        return r"\z" if self.source[self.at : self.at + 1] in ("", ")", "|") else None

    def native_start(self) -> str | None:
        """RE2 finds a start behind a character that is no ASCII, so it is asked for one only where a part begins."""
        return r"\A" if not self.re2 or self.re2[-1] in ("(", "(?:", "|") else None

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
        while (
            end < len(self.source)
            and self.source[end] in "0123456789"
            and int(self.source[self.at + 1 : end + 1]) <= self.groups
        ):
            end += 1
        number = int(self.source[self.at + 1 : end])
        self.at = end
        self.refer(number)

    def refer(self, number: int) -> None:
        flags = "" if "i" not in self.flags else "iu" if "u" in self.flags else "i"
        # Java: a reference to a group that does not exist never matches.
        self.emit(f"(?{flags}:\\{number})" if number <= self.total else NOWHERE)


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


@lru_cache(maxsize=1024)
def translate(pattern: str) -> Translated:
    """Return the translation of a Java pattern. Raises BadPattern when Java would refuse it, PatternNotAvailable when it
    cannot run here.

    >>> translate("a+").re2
    'a+'
    """
    return _Translator(pattern).run()

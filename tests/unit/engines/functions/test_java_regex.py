"""Regular expressions mean what `java.util.regex` says; each result was taken from Java."""

from __future__ import annotations

import pytest

from penstock.engines.functions import java_regex
from penstock.engines.functions.java_regex import BadPattern, PatternNotAvailable
from penstock.errors import DataError


@pytest.mark.parametrize(
    ("pattern", "text", "whole"),
    [
        ("[[:alpha:]]", "z", False),
        ("[[:alpha:]]", ":", True),
        ("(?i:[[:alpha:]])", "A", True),
        ("[a-c&&[^b]]", "b", False),
        ("{2}", "", True),
        ("a{2}{3}", "aa", True),
        ("(a)\\10(b)", "aa0b", True),
        ("a(?i){2}", "a", True),
        ("(?<=a{1,3})b", "b", False),
        ("(?<=(?:ab){2})c", "c", False),
        ("a.b", "a\u2028b", False),
        ("(?s)a.b", "a\nb", True),
        ("\\bé\\b", "é", True),
        ("(?i)É", "é", False),
        ("(?iu)É", "é", True),
        ("(?iu)[à-ö]k", "É\u212a", True),
        ("(?iu)ſ", "S", True),
        ("(?iu)ß", "SS", False),
        ("(?u)é", "É", False),
        ("(?i)\\p{Lu}", "a", True),
        ("(?i)\\P{javaUpperCase}", "a", False),
        ("(?i)[\\p{Lower}1]", "É", False),
        ("(?d)a.b", "a\rb", True),
        ("(?d)a.b", "a\nb", False),
        ("(?dm)(?s).*^b$.*", "a\nb\nc", True),
        ("(?dm)(?s).*^b$.*", "a\rb\rc", False),
        ("(?x) a b # c\n [ d e ] + \\ ", "abde ", True),
        ("(?x)a{2} +", "aa", True),
        ("(?x:a b)a b", "aba b", True),
        ("a$", "a\n", False),
        ("\\Qa.b\\E", "a.b", True),
        ("\\p{javaLowerCase}+", "ßa", True),
        ("(?m)^", "", False),
        ("(?dm)^", "", False),
        ("(?s).(?m)^", "\n", False),
        ("(?s).(?m)^a", "\na", True),
        ("e\\B\u0301", "e\u0301", True),
        ("_\\b\u0301", "_\u0301", True),
        ("\\p{L1}", "ÿ", True),
        ("\\p{IsLD}", "٣", True),
        ("\\p{all}", "\n", True),
        ("\\p{javaWhitespace}", "\u2007", False),
        ("\\p{javaSpaceChar}", "\u2007", True),
        ("\\p{javaJavaIdentifierStart}", "€", True),
        ("\\p{IsHex_Digit}", "٣", True),
        ("\\p{SC=Greek}", "α", True),
    ],
)
def test_a_whole_text_matches(pattern: str, text: str, whole: bool) -> None:
    assert java_regex.full_match(text, pattern) is whole


@pytest.mark.parametrize(
    ("text", "pattern", "result"),
    [
        ("a😀b", r"\ud83d\ude00", "axb"),
        ("a😀b", r"[\ud83d\ude00-\ud83d\ude4f]", "axb"),
        ("a😀b", r"[\uD83C-\uDBFF\uDC00-\uDFFF]+", "axb"),
        ("a😀b", r"\ud83d|[\ud800-\udfff]|\p{Cs}", "a😀b"),
        ("a😀b", r"[^\ud800-\udfff]", "xxx"),
        ("a😀b", r"\x{d83d}\x{de00}", "a😀b"),
        ("a1b", r"\N{latin small letter a}|[\N{DIGIT ONE}]", "xxb"),
        ("e\u0301\r\nक\u094dत", r"\X", "xxxx"),
        ("👨\u200d👩🇩🇪🇩 가", r"\X", "xxxxx"),
        ("112", r"\G1", "xx2"),
        ("1a1", r"\G1|a", "xxx"),
        ("é٣\u0301_\u200d- ", r"(?U)\w+", "x- "),
        ("a\u0301", r"(?U)\b", "xa\u0301x"),
        ("\u00a0\u0085\u2028", r"(?U)\s", "xxx"),
        ("٣3", r"(?U)\d", "xx"),
        ("éÉǅ", r"(?U)\p{Lower}", "xÉǅ"),
        ("éÉ", r"(?iU)é", "xx"),
        ("éÉ", r"(?iU)(?-U)É", "éx"),
        ("€«a", r"(?U)\p{Punct}", "€xa"),
        ("a\u200b\ufeffb", r"[\u200b-\u200d\ufeff]", "axxb"),
        ("a\u200bb", "[\u200ba]", "xxb"),
    ],
)
def test_what_stands_for_a_character(text: str, pattern: str, result: str) -> None:
    assert java_regex.replace_all(text, pattern, "x") == result


@pytest.mark.parametrize(
    "pattern",
    [
        "(", ")", "*a", "a**", "[", "[]", "a{2,1}", "{x}", "a{,2}", "\\", "\\y", "(?z)a", "(?<n>a)(?<n>b)", "\\k<n>",
        "\\p{IsEmoji}", "\\p{L&}", "\\p{age=1.1}",
        "\\p{Nope}", "\\k<n>(?<n>a)", "(?<=(?:ab)*)b", "(?<=ca*?)b", "(?<=(a|b){2})c", "(?<=(?:a?b){1,2})c", "(a)(?<=\\1)b",
        "[&&]", "[\\da&&]",
    ],
)  # fmt: skip
def test_what_java_refuses_is_malformed(pattern: str) -> None:
    with pytest.raises(BadPattern, match="malformed"):
        java_regex.full_match("a", pattern)


def test_what_cannot_run_here_is_no_malformed_pattern() -> None:
    with pytest.raises(PatternNotAvailable):
        java_regex.replace_all("a", "\\N{LINE FEED (LF)}", "x")


@pytest.mark.parametrize(
    ("text", "pattern", "replacement", "result"),
    [
        ("ab&", "[a&&]", "x", "xb&"),
        ("ab&", "[&&a]", "x", "xb&"),
        ("ab&c", "[a&&&b]", "x", "xxxc"),
        ("1b&c", "[\\d&&&b]", "x", "xxxc"),
        ("bxy", "[a-cx-z&&]", "_", "b__"),
        ("abcdef", "[^a-c&&b-e]", "_", "_bc___"),
        ("a1_", "[\\w&&[^\\d]]", "x", "x1x"),
        ("ab&", "(?x)[a& &b]", "x", "ab&"),
        ("ab&", "(?x)[a& b]", "x", "xx&"),
        ("ae\u0301z", "(?c)[a-z]", "_", "_e\u0301_"),
        ("ae\u0301z", "(?c)[é]", "_", "a_z"),
        ("e\u0301\u0301x", "(?c)\\p{L}", "_", "_\u0301_"),
        ("e\u0301e", "(?c)e", "_", "_\u0301_"),
        ("The the x X", "(?i)\\b(\\w+)\\s+\\1\\b", "$1", "The x"),
        ("éÉéé", "(?i)(é)\\1", "_", "éÉ_"),
        ("éÉéé", "(?iu)(é)\\1", "_", "__"),
        ("kK k\u212a", "(?i)(?<n>k)\\k<n>", "_", "_ k\u212a"),
        ("kK k\u212a", "(?iu)(?<n>k)\\k<n>", "_", "_ _"),
        ("𐐨", "(?iu)𐐀", "_", "_"),
        ("ba", "(?<=\\X)a", "_", "ba"),
        ("ba", "(?<=b?\\X)a", "_", "b_"),
        ("ba", "(?<!\\X)a", "_", "b_"),
        ("a1b", "(?<=\\w++)b", "_", "a1b"),
        ("a1 b", "(?<=\\w++) b", "_", "a1_"),
        ("ab", "(?<=(?>ab?))b", "_", "ab"),
        ("aab", "\\G", "-", "-aab"),
        ("aab", "\\Ga?", "-", "---b"),
        ("aab", "\\G|b", "-", "-aa--"),
        ("ab", "(?<=\\G.)b|^", "-", "-a-"),
        ("ac", "(?:(?=(a))ab|ac)", "<$1>", "<a>"),
        ("ac", "(?:(?>(a))??b|ac)", "<$1>", "<a>"),
        ("1,2,", "(?:(\\d),)*(\\d),", "<$1$2>", "<22>"),
        ("x", "()*x", "<$1>", "<>"),
        ("aba", "(?:a|ab){2}+", "_", "aba"),
        ("aba", "(?>(?:a|ab){2})", "_", "_"),
        ("😀a", "^|.", "-", "-\ufffd--"),
        ("a😀b", "x*|[^x]", "-", "-a-\ufffd-\ufffd-b-"),
        ("😀b", "(?<=[^a])b", "_", "😀_"),
        ("a😀b", "(?<=..)b", "_", "a😀b"),
        ("😀b", "(?<=^.)b", "_", "😀b"),
        ("a😀", "(?<![a])", "-", "-a\ufffd-\ufffd-"),
        ("å\u212bkS", "(?iu)[Ā-\uffff]", "_", "å_kS"),
        ("KA", "(?iu)[a-\uffff]", "_", "__"),
    ],
)
def test_what_the_library_finds_otherwise(text: str, pattern: str, replacement: str, result: str) -> None:
    assert java_regex.replace_all(text, pattern, replacement) == result


@pytest.mark.parametrize(
    ("pattern", "group", "result"), [("(?:(\\d),)*(\\d),", 1, "2"), ("()*x|1", 1, None), ("()+x|1", 1, None)]
)
def test_captures_that_stay(pattern: str, group: int, result: str | None) -> None:
    assert java_regex.extract("1,2,", pattern, group) == result


def test_the_machine_ends_a_pattern_that_runs_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java_regex, "TIMEOUT_S", 0.05)
    with pytest.raises(DataError, match="ran longer"):
        java_regex.full_match("a" * 40, "(?i)((a|aa)+)+\\1b")


def test_the_machine_takes_long_texts() -> None:
    assert java_regex.extract("ab" * 20_000 + "X x", "(?i)(?:a|b)*(\\w) \\1", 1) == "X"


@pytest.mark.parametrize(
    "pattern", ["(?<=a+)b", "(?<=ca*)b", "(?<=(a)*)b", "(?<=a{1,3}|x)b", "(?<=(?:ab){2})c", "(?<=(?:a|b){2}+)c"]
)
def test_java_sees_a_greatest_length_behind(pattern: str) -> None:
    java_regex.full_match("a", pattern)


@pytest.mark.parametrize(
    ("text", "pattern", "replacement", "result"),
    [
        ("aab", "a*", "-", "--b-"),
        ("abc", "(b)", "[$1]", "a[b]c"),
        ("abc", "(b)", "$10", "ab0c"),
        ("abc", "b", "$1", None),
        ("xyz", "b", "$1", "xyz"),
        ("abc", "b", "\\$", "a$c"),
        ("abc", "b", "$", None),
        ("abc", "b", "\\", None),
        ("abc", "(?<n>b)", "<${n}>", "a<b>c"),
        ("abc", "(x)?b", "<$1>", "a<>c"),
        ("a.b", "\\.", "$0$0", "a..b"),
        ("", "", "x", "x"),
        ("a\r\nb", "$", "!", "a\r\nb!"),
        ("a\n", "$", "!", "a!\n!"),
        ("a😀b", "x*", "-", "-a-\ufffd-\ufffd-b-"),
        ("a😀b", "x*", "", "a😀b"),
        ("😀", "^", "-", "-😀"),
    ],
)
def test_replacing(text: str, pattern: str, replacement: str, result: str | None) -> None:
    assert java_regex.replace_all(text, pattern, replacement) == result


@pytest.mark.parametrize(
    ("text", "pattern", "limit", "parts"),
    [
        ("a-b--", "-", 0, ("a", "b")),
        ("a-b--", "-", -1, ("a", "b", "", "")),
        ("a-b--", "-", 2, ("a", "b--")),
        ("a-b", "-", 1, ("a-b",)),
        ("-a", "-", 0, ("", "a")),
        ("abc", "", 0, ("a", "b", "c")),
        ("abc", "(?=b)", 0, ("a", "bc")),
        ("", "-", 0, ("",)),
        ("--", "-", 0, ()),
        ("a b\tc", "\\s", 0, ("a", "b", "c")),
        ("abc", "(", 0, None),
        ("a😀b", "", 0, ("a", "\ufffd", "\ufffd", "b")),
        ("😀", "^", 0, ("😀",)),
        ("😀b", "", 2, ("\ufffd", "\ufffdb")),
    ],
)
def test_splitting(text: str, pattern: str, limit: int, parts: tuple[str, ...] | None) -> None:
    assert java_regex.split(text, pattern, limit) == parts

"""Functions on text (function reference 2). Positions start at 0; lengths count UTF-16 code units."""

from penstock.lang.functions.signature import Function, Nulls, function

M = Nulls.MAYBE

TEXT: tuple[Function, ...] = (
    function("CONCAT", "text", "text text text* -> text", "Joins texts.", "CONCAT('pen','-','stock')", "'pen-stock'"),
    function(
        "SUBSTRING", "text", "text int int -> text",
        "The part from begin up to, not including, end; null when begin is negative or lies beyond the end.",
        "SUBSTRING('penstock',3,8)", "'stock'", M,
    ),
    function(
        "INDEXOF", "text", "text text int? -> int",
        "The position of the first occurrence at or after from, or -1.", "INDEXOF('banana','an',2)", "3",
    ),
    function(
        "LAST_INDEX_OF", "text", "text text -> int",
        "The position of the last occurrence, or -1.", "LAST_INDEX_OF('banana','an')", "3",
    ),
    function("UPPER", "text", "text -> text", "Capital letters, as Java maps them.", "UPPER('Straße')", "'STRASSE'"),
    function("LOWER", "text", "text -> text", "Small letters, as Java maps them.", "LOWER('ÄRGER')", "'ärger'"),
    function("UCFIRST", "text", "text -> text", "The first letter as a capital.", "UCFIRST('duck db')", "'Duck db'"),
    function("LCFIRST", "text", "text -> text", "The first letter as a small one.", "LCFIRST('DuckDB')", "'duckDB'"),
    function(
        "TRIM", "text", "text -> text",
        "Without the characters up to U+0020 at both ends.", "TRIM('\\t x ')", "'x'",
    ),
    function("LTRIM", "text", "text -> text", "Without blanks at the start.", "LTRIM('  x ')", "'x '"),
    function(
        "RTRIM", "text", "text -> text",
        "Without blanks at the end; blanks before a final line break go too.", "RTRIM('  x ')", "'  x'",
    ),
    function(
        "STARTSWITH", "text", "text text -> boolean", "Whether a text begins with a prefix.",
        "STARTSWITH('spark.sql','spark')", "true",
    ),
    function(
        "ENDSWITH", "text", "text text -> boolean", "Whether a text ends with a suffix.",
        "ENDSWITH('a.csv','.CSV')", "false",
    ),
    function(
        "EqualsIgnoreCase", "text", "text text -> boolean", "Whether two texts are equal but for case.",
        "EqualsIgnoreCase('Eu','EU')", "true",
    ),
    function(
        "STRSPLIT", "text", "text text? int? -> tuple of text",
        "The parts between matches of a regular expression (default: white space); limit 0 drops empty parts at the "
        "end, -1 keeps them.", "STRSPLIT('a-b--','-')", "('a','b')", M,
    ),
    function(
        "TOKENIZE", "text", "text text? -> bag of text",
        "The words between delimiter characters (default: blank, quote, comma, parentheses, star); never empty ones.",
        "TOKENIZE('to be, or')", "{('to'),('be'),('or')}", M,
    ),
    function("LENGTH", "text", "text -> int", "The number of UTF-16 code units.", "LENGTH('duck')", "4"),
    function(
        "Reverse", "text", "text -> text",
        "The UTF-16 code units in reverse order; a character of two units comes out as two broken ones.", "Reverse('abc')",
        "'cba'",
    ),
)  # fmt: skip

REGEX: tuple[Function, ...] = (
    function(
        "REPLACE", "regex", "text text text -> text",
        "Every match of a regular expression replaced; $1 stands for a group. A bad expression or replacement gives "
        "null.", "REPLACE('2024-05-06','(\\\\d+)-(\\\\d+)-(\\\\d+)','$3/$2/$1')", "'06/05/2024'", M,
    ),
    function(
        "REGEX_EXTRACT", "regex", "text text int -> text",
        "A group of the first match anywhere, or null.", "REGEX_EXTRACT('id=42;x','id=(\\\\d+)',1)", "'42'", M,
    ),
    function(
        "REGEX_EXTRACT_ALL", "regex", "text text -> tuple of text",
        "All groups where the whole text matches, or null.", "REGEX_EXTRACT_ALL('2024-Q3','(\\\\d+)-Q(\\\\d)')",
        "('2024','3')", M,
    ),
    function(
        "RegexMatch", "regex", "text text -> int", "1 where the whole text matches a regular expression, else 0.",
        "RegexMatch('abc','a.*')", "1",
    ),
)  # fmt: skip

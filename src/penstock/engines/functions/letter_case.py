"""Small letters as Java makes them: the sigma at the end of a word, which Java finds by its own rules of words."""

from __future__ import annotations

import regex

SIGMA = "\u03a3"
_FINAL, _INNER = "\u03c2", "\u03c3"

_NO_LETTERS = (
    r"\u3005\u4e00-\u9fa5\uf900-\ufa2d\u30a1-\u30fa\u30fd\u30fe\u3041-\u3094\u309d\u309e\u3099-\u309c\u30fb\u30fc"
)
"""Han, katakana and hiragana make no words with other letters."""
_MARKS = r"[[\p{Mn}\p{Me}\p{Cf}]--[\u00ad\u3099\u309a\U00010000-\U0010ffff]]*"
_PAIRS = r"\U00010000-\U0010ffff"
_FORMATS = r"[\p{Cf}--[\u00ad\U00010000-\U0010ffff]]*"
_JOINERS = r"\p{Pd}\p{Pc}\u00ad\u2027\"'."
_LETTERS = rf"(?:(?:[[\p{{L}}\p{{Mc}}]--[{_NO_LETTERS}{_PAIRS}]]|\A[[\p{{L}}\p{{Mc}}]&&[{_PAIRS}]]){_MARKS})+"
_DIGITS = rf"(?:(?:[\p{{N}}--[{_PAIRS}]]|\A[\p{{N}}&&[{_PAIRS}]]){_MARKS})+"
_WORD = rf"(?:{_LETTERS}(?:[{_JOINERS}]{_FORMATS}{_LETTERS})*[\u0964\u0965]?)"
_NUMBER = rf"(?:{_DIGITS}(?:[\"',\u066b.]{_DIGITS})*)"
_PIECE = regex.compile(
    rf"(?:{_WORD}(?:{_NUMBER}{_WORD})*+|[$#.\p{{Sc}}]?(?:{_NUMBER}{_WORD})++)(?:{_NUMBER})?+"
    rf"(?:[[\p{{L}}\p{{M}}\p{{N}}]&&[{_PAIRS}]]|(?<=[\p{{L}}\p{{M}}\p{{Cf}}])[{_JOINERS}]{_FORMATS}[\p{{L}}&&[{_PAIRS}]])?+",
    regex.V1,
)
"""What Java's iterator over words takes as one, where letters are in it; it ends behind a letter of two UTF-16 units, but for
the first of a text."""
_CASED = regex.compile(
    r"[\p{Lu}\p{Ll}\p{Lt}\u02b0-\u02b8\u02c0\u02c1\u02e0-\u02e4\u0345\u037a\u1d2c-\u1d61\u2160-\u217f\u24b6-\u24e9]"
)


def lower(text: str) -> str:
    """Return a text in small letters, as Java's `toLowerCase` in no language: a sigma is a final one behind another letter
    with case and before none, up to where its word begins and ends.

    >>> lower("\u039f\u0394\u039f\u03a3 1 \u039f\u03a3-\u0391")
    'οδος 1 οσ-α'
    """
    if SIGMA not in text:
        return text.lower()
    made: list[str] = []
    at = 0
    for piece in _PIECE.finditer(text):
        word = piece.group()
        if SIGMA in word:
            made += text[at : piece.start()].lower(), _lower_word(word)
            at = piece.end()
    return "".join([*made, text[at:].lower()])


def _lower_word(word: str) -> str:
    """The last sigma alone can be a final one, if nothing behind it has case."""
    cased = [found.start() for found in _CASED.finditer(word)]
    parts = [part.lower() for part in word.split(SIGMA)]
    last = word.rindex(SIGMA)
    is_final = cased[-1] == last and len(cased) > 1
    return _INNER.join(parts[:-1]) + (_FINAL if is_final else _INNER) + parts[-1]

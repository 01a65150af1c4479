"""Small letters as `String.toLowerCase(Locale.ROOT)` makes them; every row was computed by Java."""

from __future__ import annotations

import pytest

from penstock.engines.functions.letter_case import lower


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("ΟΔΟΣ", "οδος"),
        ("Σ", "σ"),
        ("ΣΑΣ ΣΑΣ", "σας σας"),
        ("ΑΓΙΟΣ-ΝΙΚΟΛΑΟΣ", "αγιοσ-νικολαος"),
        ("ΟΔΟΣ.ΑΒ ΟΔΟΣ. ΑΒ", "οδοσ.αβ οδος. αβ"),
        ("ΟΔΟΣ,ΑΒ", "οδος,αβ"),
        ("ΑΣ5Α ΑΣ5 5ΑΣ 5Σ", "ασ5α ας5 5ας 5σ"),
        ("ΑΣ1.5Α ΑΣ1.Α", "ασ1.5α ας1.α"),
        ("Α.Σ Α Σ Α'Σ", "α.ς α σ α'ς"),
        ("Α1Σ Α1.Σ", "α1ς α1.σ"),
        ("ΑΣ\u0301 ΑΣ\u0301Α ΑΣ_Α", "ας\u0301 ασ\u0301α ασ_α"),
        ("中Σ ⅷΣ ʰΣ ⓐΣ", "中σ ⅷς ʰς ⓐσ"),
        ("ΑΣ中 ΑΣ\u0964Α", "ας中 ας\u0964α"),
        ("𐐀Σ a𐐀Σ ΑΣ-𐐀 ΑΣ 𐐀", "𐐨ς a𐐨σ ασ-𐐨 ας 𐐨"),
        ("Σ-\u200dΣ Σ-\u0301Σ", "σ-\u200dς σ-\u0301σ"),
        ("İSTANBUL ẞ ǅ", "i\u0307stanbul ß ǆ"),
    ],
)
def test_sigmas_end_words_as_java_finds_them(given: str, wanted: str) -> None:
    assert lower(given) == wanted

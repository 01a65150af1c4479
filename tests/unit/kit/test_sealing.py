from __future__ import annotations

import pytest

from penstock.errors import PermanentError
from penstock.kit.sealing import Seal, key_id, key_of, make_key, read_keys

OLD, NEW = bytes(32), bytes(range(32))


@pytest.mark.parametrize("text", ["", "x", "héllo ✓", "line\nline", "a" * 100_000])
def test_what_is_sealed_opens_in_its_place(text: str) -> None:
    seal = Seal([NEW])
    token = seal.seal(text, "package:1:a")
    assert seal.open(token, "package:1:a") == text
    assert len(text) < 5 or text not in token


def test_no_two_tokens_of_a_text_are_alike() -> None:
    seal = Seal([NEW])
    assert len({seal.seal("x", "p") for _ in range(100)}) == 100


@pytest.mark.parametrize("place", ["package:2:a", "package:1:b", ""])
def test_a_token_does_not_open_in_another_place(place: str) -> None:
    seal = Seal([NEW])
    with pytest.raises(PermanentError, match="does not belong to this place"):
        seal.open(seal.seal("x", "package:1:a"), place)


def test_a_changed_token_does_not_open() -> None:
    seal = Seal([NEW])
    token = seal.seal("secret", "p")
    for at in range(12, len(token) - 4):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        with pytest.raises(PermanentError):
            seal.open(changed, "p")


@pytest.mark.parametrize("token", ["", "x", "s1", "s1.zz.zz", "s2.abc.def", "s1..", "s1.66687aad.!", "s1.66687aad."])
def test_what_is_no_token_does_not_open(token: str) -> None:
    with pytest.raises(PermanentError):
        Seal([OLD, NEW]).open(token, "p")


def test_keys_are_changed_by_putting_the_new_one_first() -> None:
    token = Seal([OLD]).seal("x", "p")
    both = Seal([NEW, OLD])
    assert both.open(token, "p") == "x"
    assert Seal([NEW]).open(both.seal("y", "p"), "p") == "y"
    with pytest.raises(PermanentError, match="PENSTOCK_SEALING_KEY"):
        Seal([NEW]).open(token, "p")


def test_without_a_key_nothing_is_sealed() -> None:
    with pytest.raises(PermanentError, match="PENSTOCK_SEALING_KEY"):
        Seal().seal("x", "p")


def test_keys_are_read_from_base64_and_digits() -> None:
    made = make_key()
    keys = read_keys(f" {made} ,{'0f' * 32},{made.rstrip('=').replace('-', '+').replace('_', '/')}")
    assert keys[1] == bytes([15] * 32)
    assert keys[0] == keys[2]


@pytest.mark.parametrize(
    "text", ["", ",", "short", "g" * 64, "AAAA", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd", "ü" * 32]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_keys(text)


def test_keys_are_read_again_before_something_is_sealed_and_where_one_is_unknown() -> None:
    keys = [OLD]
    seal = Seal(keys, lambda: keys)
    first = seal.seal("x", "p")
    keys = [NEW, OLD]
    second = seal.seal("x", "p")
    assert (key_of(first), key_of(second)) == (key_id(OLD), key_id(NEW))
    other = Seal([OLD], lambda: keys)
    assert (other.open(second, "p"), other.keys) == ("x", (key_id(NEW), key_id(OLD)))
    with pytest.raises(PermanentError, match="was sealed with the key"):
        Seal([OLD], lambda: [OLD]).open(second, "p")

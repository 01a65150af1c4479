"""Basic credentials in every spelling that clients send."""

import base64

import pytest

from penstock.api.auth import read_key
from penstock.errors import NotAuthenticated


def _basic(text: str, *, url_safe: bool = False) -> str:
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    return "Basic " + encode(text.encode()).decode()


@pytest.mark.parametrize(
    "header",
    [
        _basic("key-of-owner:"),
        _basic("key-of-owner"),
        _basic("key-of-owner:ignored"),
        _basic("key-of-owner:").replace("Basic", "basic"),
        _basic("key-of-owner:").rstrip("="),
        "  " + _basic("key-of-owner:") + " ",
    ],
)
def test_the_key_is_read_in_every_spelling(header: str) -> None:
    assert read_key(header) == "key-of-owner"


def test_the_url_safe_alphabet_is_read() -> None:
    assert read_key(_basic("k>?k>?k:", url_safe=True)) == "k>?k>?k"


@pytest.mark.parametrize(
    "header", [None, "", "Basic", "Basic ", "Bearer abc", "Basic ***", "Basic /w==", _basic(":secret"), _basic("\x00")]
)
def test_anything_else_is_not_authenticated(header: str | None) -> None:
    with pytest.raises(NotAuthenticated):
        read_key(header)

"""Where addresses in answers point."""

import pytest

from penstock.api.urls import base_url

SOCKET = {"scheme": "http", "server": ("127.0.0.1", 8080)}


@pytest.mark.parametrize(
    ("public", "host", "forwarded", "base"),
    [
        ("https://etl.example.com/", "127.0.0.1:8080", False, "https://etl.example.com"),
        (None, "etl.example.com", False, "http://etl.example.com"),
        (None, "etl.example.com:9000", False, "http://etl.example.com:9000"),
        (None, "127.0.0.1", False, "http://127.0.0.1:8080"),
        (None, "localhost", False, "http://localhost:8080"),
        (None, "localhost", True, "http://localhost"),
        (None, "", False, "http://127.0.0.1:8080"),
        (None, 'evil"><script>', False, "http://127.0.0.1:8080"),
        (None, "[::1]:8080", False, "http://[::1]:8080"),
    ],
)
def test_base(public: str | None, host: str, forwarded: bool, base: str) -> None:
    assert base_url(public, SOCKET, host, forwarded=forwarded) == base


def test_usual_ports_are_left_out() -> None:
    assert base_url(None, {"scheme": "https", "server": ("::1", 443)}, "", forwarded=False) == "https://[::1]"
    assert base_url(None, {"scheme": "http", "server": ("/run/p.sock", None)}, "a", forwarded=False) == "http://a"

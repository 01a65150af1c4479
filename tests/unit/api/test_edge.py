"""Targets of requests in every form."""

import pytest

from penstock.api.edge import plain_path


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/acme/api/jobs", "/acme/api/jobs"),
        ("/acme/api/jobs/", "/acme/api/jobs"),
        ("/acme/api/jobs//", "/acme/api/jobs"),
        ("/", "/"),
        ("", "/"),
        ("http://api.example.com/acme/api/jobs", "/acme/api/jobs"),
        ("HTTPS://api.example.com:443/acme/api/jobs/", "/acme/api/jobs"),
        ("http://api.example.com", "/"),
        ("http://api/a?b/c#d", "/a?b/c#d"),
        ("/http://api/x", "/http://api/x"),
    ],
)
def test_only_the_path_counts(target: str, path: str) -> None:
    assert plain_path(target) == path

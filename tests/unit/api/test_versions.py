"""Accept headers as real programs write them."""

import pytest

from penstock.api.versions import cluster_word, job_word, read_version, speaks_old_words
from penstock.errors import NotAcceptable


@pytest.mark.parametrize(
    ("accept", "version"),
    [
        ("application/vnd.xplenty+json; version=2", 2),
        ("application/vnd.xplenty+json", 2),
        ("application/vnd.xplenty+json version=2", 2),
        ("application/vnd.xplenty+json, version=2", 2),
        ("application/vnd.xplenty+json; version=1", 1),
        ("application/vnd.xplenty+json; version=2 > package.json", 2),
        ("application/vnd.xplenty+json; Version = 1", 1),
        ('application/vnd.xplenty+json; version="1"', 1),
        ("*/*", 2),
        ("application/json", 2),
        ("application/*", 2),
        ("text/javascript, application/javascript", 2),
        ("text/html,application/xhtml+xml,*/*;q=0.8", 2),
        ("APPLICATION/JSON", 2),
        ("", 2),
        (None, 2),
    ],
)
def test_accepted_spellings(accept: str | None, version: int) -> None:
    assert read_version(accept) == version


@pytest.mark.parametrize(
    "accept",
    [
        "application/xml",
        "text/html",
        "application/vnd.xplenty+json; version=3",
        "application/vnd.xplenty+json; version=0",
        "application/vnd.xplenty+json; version=" + "9" * 5000,
        "application/json; version=12",
    ],
)
def test_refused_spellings(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        read_version(accept)


def test_old_clients_hear_old_words() -> None:
    assert speaks_old_words(1, "")
    assert speaks_old_words(2, "Java/1.7.0_80")
    assert not speaks_old_words(2, "python-requests/2.0 (Java/1.7)")
    assert (job_word("queued", True), job_word("running", True), job_word("queued", False)) == (
        "pending",
        "running",
        "queued",
    )
    assert (cluster_word("idle", True), cluster_word("idle", False)) == ("available", "idle")

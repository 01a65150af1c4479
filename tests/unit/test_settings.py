"""Settings: where each comes from, what each takes, and what is said about one that cannot be read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from penstock.errors import BadRequest
from penstock.settings import Settings, load, parse_size

VALUES: dict[str, tuple[str, Any, Any]] = {
    "account": ("acme", "acme", "acme"),
    "api_key": ("a-key-of-some-length", "a-key-of-some-length", "a-key-of-some-length"),
    "database_url": ("postgresql://db/penstock", "postgresql://db/penstock", "postgresql://db/penstock"),
    "data_dir": ("/var/lib/penstock", "/var/lib/penstock", Path("/var/lib/penstock")),
    "public_url": ("https://etl.example.com/x", "https://etl.example.com/x", "https://etl.example.com/x"),
    "file_roots": ("/data:/more data", ["/data", "/more data"], (Path("/data"), Path("/more data"))),
    "sealing_key": ("00" * 32, "00" * 32, "00" * 32),
    "outbound_allow": ("10.0.0.0/8, ::1", ["10.0.0.0/8", "::1"], "10.0.0.0/8,::1"),
    "credits_per_hour": ("0", 0, 0),
    "host": ("::1", "::1", "::1"),
    "port": ("65535", 65535, 65535),
    "slots": ("4", 4, 4),
    "memory_bytes": ("8GiB", "8GiB", 8 << 30),
    "singer_taps": (
        "jsonl=/opt/taps/jsonl/bin/tap-jsonl, x=/x y",
        "jsonl=/opt/taps/jsonl/bin/tap-jsonl,x=/x y",
        {"jsonl": "/opt/taps/jsonl/bin/tap-jsonl", "x": "/x y"},
    ),
    "presets": ("/etc/penstock/presets", "/etc/penstock/presets", Path("/etc/penstock/presets")),
    "spark_masters": (
        "big=spark://host:7077, far=sc://host:15002/;use_ssl=true, here=local[4]",
        "big=spark://host:7077,far=sc://host:15002/;use_ssl=true,here=local[4]",
        {"big": "spark://host:7077", "far": "sc://host:15002/;use_ssl=true", "here": "local[4]"},
    ),
}
"""Setting to its text in the environment, its value in the file, and what is read."""


def toml(values: dict[str, Any], folder: Path) -> dict[str, str]:
    """Write a file with some settings, and return the environment that names it."""
    file = folder / "penstock.toml"
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
    return {"PENSTOCK_CONFIG": str(file)}


def test_every_setting_is_tested_here() -> None:
    assert set(VALUES) == {one.name for one in fields(Settings)} - {"config", "origins"}


def test_nothing_is_needed() -> None:
    found = load({})
    assert found == Settings()
    assert (found.origins, found.port, found.slots, found.credits_per_hour) == ({}, 8080, 2, 5000)
    assert (found.data_dir, found.host, found.file_roots, found.account) == (
        Path("penstock-data"),
        "127.0.0.1",
        None,
        None,
    )


@pytest.mark.parametrize("name", VALUES)
def test_a_setting_comes_from_the_environment(name: str) -> None:
    found = load({f"PENSTOCK_{name.upper()}": VALUES[name][0]})
    assert getattr(found, name) == VALUES[name][2]
    assert found.origins == {name: "environment"}


@pytest.mark.parametrize("name", VALUES)
def test_a_setting_comes_from_the_file(name: str, tmp_path: Path) -> None:
    environ = toml({name: VALUES[name][1]}, tmp_path)
    found = load(environ)
    assert getattr(found, name) == VALUES[name][2]
    assert found.origins == {name: environ["PENSTOCK_CONFIG"], "config": "environment"}
    assert found.config == tmp_path / "penstock.toml"


@pytest.mark.parametrize("name", VALUES)
def test_a_setting_comes_from_the_command_line(name: str) -> None:
    found = load({}, **{name: VALUES[name][1]})
    assert getattr(found, name) == VALUES[name][2]
    assert found.origins == {name: "command line"}


def test_the_nearer_one_wins(tmp_path: Path) -> None:
    environ = toml({"port": 1, "slots": 1, "host": "file"}, tmp_path)
    environ |= {"PENSTOCK_PORT": "2", "PENSTOCK_SLOTS": "2"}
    found = load(environ, port=3, slots=None, data_dir=Path("/x"))
    assert (found.port, found.slots, found.host, found.data_dir) == (3, 2, "file", Path("/x"))
    assert found.origins == {
        "port": "command line",
        "slots": "environment",
        "host": environ["PENSTOCK_CONFIG"],
        "data_dir": "command line",
        "config": "environment",
    }


@pytest.mark.parametrize("name", [*VALUES, "config"])
def test_an_empty_variable_counts_as_unset(name: str) -> None:
    found = load({f"PENSTOCK_{name.upper()}": ""})
    assert found == Settings()
    assert found.origins == {}


@pytest.mark.parametrize("name", VALUES)
def test_an_empty_text_in_the_file_counts_as_unset(name: str, tmp_path: Path) -> None:
    found = load(toml({name: ""}, tmp_path))
    assert getattr(found, name) == getattr(Settings(), name)
    assert name not in found.origins


def test_an_empty_variable_leaves_the_file_s(tmp_path: Path) -> None:
    assert load({**toml({"port": 5}, tmp_path), "PENSTOCK_PORT": ""}).port == 5


def test_other_variables_are_not_ours() -> None:
    assert load({"PORT": "x", "penstock_port": "x", "PENSTOCK_ORIGINS": "x", "PENSTOCK_UNKNOWN": "x"}) == Settings()


WRONG: list[tuple[str, Any]] = [
    ("port", "http"), ("port", "-1"), ("port", "65536"), ("port", "80.5"), ("port", 80.5), ("port", True), ("port", []),
    ("slots", "0"), ("slots", "two"), ("slots", 1001), ("slots", False), ("slots", "1" * 5000),
    ("credits_per_hour", "-1"), ("credits_per_hour", "many"), ("credits_per_hour", 10**12),
    ("memory_bytes", "0"), ("memory_bytes", "-1G"), ("memory_bytes", "lots"), ("memory_bytes", "1X"),
    ("memory_bytes", "nan"), ("memory_bytes", "infinityG"), ("memory_bytes", "1e400G"), ("memory_bytes", True),
    ("memory_bytes", 1.5), ("memory_bytes", []),
    ("file_roots", ":"), ("file_roots", []), ("file_roots", 5), ("file_roots", [5]), ("file_roots", {"a": "b"}),
    ("spark_masters", "host:7077"), ("spark_masters", "big=http://host"), ("spark_masters", "big=sc://"),
    ("spark_masters", "big=sc://host/;use_ssl=true;token=secret"),
    ("spark_masters", ","), ("spark_masters", 5), ("spark_masters", []), ("spark_masters", "a b=yarn"),
    ("data_dir", 5), ("data_dir", ["x"]), ("data_dir", "a\x00b"),
    ("account", 5), ("account", ["acme"]), ("account", "a\x00b"), ("host", 5), ("host", True),
    ("public_url", "etl.example.com"), ("public_url", "ftp://etl.example.com"), ("public_url", "https://"),
    ("public_url", "https://host/?a=b"), ("public_url", "http://[::1"), ("public_url", 5),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_value_that_cannot_be_read_is_named_with_its_place_and_the_remedy(
    name: str, value: Any, tmp_path: Path
) -> None:
    if isinstance(value, str) and "\x00" not in value:
        with pytest.raises(BadRequest, match=rf"PENSTOCK_{name.upper()} .*\(environment\)\. It takes "):
            load({f"PENSTOCK_{name.upper()}": value})
    with pytest.raises(BadRequest, match=rf"PENSTOCK_{name.upper()} .*\(command line\)\. It takes "):
        load({}, **{name: value})
    if not isinstance(value, dict):
        with pytest.raises(BadRequest, match=rf"PENSTOCK_{name.upper()} .*penstock\.toml\)\. It takes "):
            load(toml({name: value}, tmp_path))


@pytest.mark.parametrize("name", ["api_key", "database_url"])
def test_no_message_holds_a_secret(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadRequest) as caught:
        load(toml({name: ["hidden"]}, tmp_path))
    assert "hidden" not in caught.value.message
    assert f"PENSTOCK_{name.upper()}" in caught.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("port = ", "cannot be read"),
        ("port = 1\nport = 2", "cannot be read"),
        ("\xff", "cannot be read"),
        ("prot = 1", "unknown settings: prot. Known: account, api_key, "),
        ("origins = 1\nconfig = 'x'", "unknown settings: config, origins."),
        ("[port]\nx = 1", "PENSTOCK_PORT"),
        ("x = " + "[" * 100_000, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "penstock.toml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(BadRequest) as caught:
        load({"PENSTOCK_CONFIG": str(file)})
    assert said in caught.value.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for file in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(BadRequest, match=r"\(PENSTOCK_CONFIG\) cannot be read"):
            load({"PENSTOCK_CONFIG": str(file)})


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1), ("1b", 1), ("1k", 1024), ("1K", 1024), ("1kb", 1024), ("1KiB", 1024), (" 2 GiB ", 2 << 30),
        ("1.5G", 3 << 29), ("512M", 512 << 20), ("1T", 1 << 40), ("8589934592", 8 << 30),
    ],
)  # fmt: skip
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", " ", "G", "b", "ib", "-1", "0", "0.4", "1 2", "1GG", "x1", "1e30T", "\u00b2"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(ValueError):
        parse_size(text)


def test_no_home_is_needed(tmp_path: Path) -> None:
    """Nor any other variable; and the command shows no secret."""
    environ = {
        "PATH": os.defpath, "PENSTOCK_API_KEY": "secret-key-0000001", "PENSTOCK_SLOTS": "3",
        "PENSTOCK_DATABASE_URL": "postgresql://me:secret@db/x?sslmode=require&password=secret&sslpassword=secret",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "penstock", "settings", "--json"],
        env=environ, cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    shown = json.loads(done.stdout)
    assert shown["PENSTOCK_SLOTS"] == {"value": 3, "origin": "environment"}
    assert shown["PENSTOCK_PORT"] == {"value": 8080, "origin": "default"}
    assert shown["PENSTOCK_API_KEY"]["value"] == "***"
    assert shown["PENSTOCK_DATABASE_URL"]["value"] == (
        "postgresql://me:***@db/x?sslmode=require&password=***&sslpassword=***"
    )
    assert "secret" not in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []

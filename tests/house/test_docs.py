"""The pages of the repository: the reference is fresh, links lead somewhere, and what is shown is what happens.

A fence ```` ```console eval ```` holds `$ penstock eval …` lines, each with the output that it really gives. In a page
with fences ```` ```json file=NAME ```` the files are written first, and a ```` ```console run ```` fence runs `penstock`
and `cat` beside them; `...` in an output stands for anything.
"""

from __future__ import annotations

import doctest
import importlib.util
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app
from penstock.cli.packages import read_connections
from penstock.lang.check.codes_package import CODES
from penstock.lang.components.table import COMPONENTS
from penstock.lang.functions import FUNCTIONS, REFUSED
from penstock.settings import Settings

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "penstock"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*.md")])
HOUSE_PAGES = [ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))]
"""Pages about the code itself."""
FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def fences(page: Path, info: str) -> list[str]:
    return [body for found, body in FENCE.findall(page.read_text("utf-8")) if found == info]


PAGES_WITH_EVAL = [page for page in PAGES if fences(page, "console eval")]
PAGES_WITH_RUN = [page for page in PAGES if fences(page, "console run")]


def commands(body: str) -> Iterator[tuple[list[str], str]]:
    """Yield the words of every `$` line and the output below it."""
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        while line.endswith("\\"):
            more, _, output = output.partition("\n")
            line = line[:-1] + more
        # a shell drops the backslash before a dollar in double quotes, shlex keeps it
        yield shlex.split(line.replace("\\$", "$")), output


def output_of(words: list[str]) -> str:
    if words[0] == "cat":
        return "".join(Path(name).read_text("utf-8") for name in words[1:])
    assert words[0] == "penstock", f"a page may only run penstock and cat, not {words[0]}"
    result = CliRunner().invoke(app, words[1:], env={"COLUMNS": "100"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.output


def assert_shown(body: str) -> None:
    for words, shown in commands(body):
        got = output_of(words)
        same = doctest.OutputChecker().check_output(shown, got, LOOSE)
        assert same, f"{shlex.join(words)}\nshown:\n{shown}\ngot:\n{got}"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_fresh(generator: ModuleType) -> None:
    assert generator.stale() == [], "run `make docs`"


def test_a_stale_reference_is_noticed(generator: ModuleType, tmp_path: Path) -> None:
    generator.write(tmp_path)
    assert generator.stale(tmp_path) == []
    (tmp_path / "functions.md").write_text("old")
    (tmp_path / "stray.md").write_text("left")
    (tmp_path / "settings.md").unlink()
    assert generator.stale(tmp_path) == ["functions.md", "settings.md", "stray.md"]


def test_everything_declared_has_its_place_in_the_reference(generator: ModuleType) -> None:
    pages = generator.files()
    for name, function in FUNCTIONS.items():
        assert f"\n### {name}\n" in pages[f"functions/{function.family}.md"]
    for name in REFUSED:
        assert f"`{name}`: " in pages["functions.md"]
    for kind in COMPONENTS:
        assert f"`{kind}`" in pages["components.md"]
        assert f"schemas/{kind}.json" in pages
    for code in CODES:
        assert f"\n### {code} " in pages["diagnostics.md"]
    for one in fields(Settings):
        assert one.name == "origins" or f"`PENSTOCK_{one.name.upper()}`" in pages["settings.md"]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text("utf-8"))
    for found in LINK.finditer(text):
        target = found[1] or found[2]
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        assert place.exists(), f"{name_of(page)} links to {target}, which is not there"
        if anchor:
            assert anchor in anchors(place), f"{name_of(page)} links to {target}, which has no such heading"


def anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings get."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", HOUSE_PAGES, ids=name_of)
def test_code_that_is_named_is_there(page: Path) -> None:
    text = FENCE.sub("", page.read_text("utf-8"))
    for name in re.findall(r"`([a-z_/]+/[a-z_]*|[a-z_/]+\.py)`", text):
        there = (ROOT / name).exists() or (SOURCE / name).exists() or any(SOURCE.rglob(name))
        assert there, f"{name_of(page)} names {name}, which is not there"


@pytest.mark.parametrize("page", PAGES_WITH_EVAL, ids=name_of)
def test_expressions_give_what_is_shown(page: Path) -> None:
    for body in fences(page, "console eval"):
        assert_shown(body)


@pytest.mark.parametrize("page", PAGES_WITH_RUN, ids=name_of)
def test_packages_do_what_is_shown(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for info, body in FENCE.findall(page.read_text("utf-8")):
        name = re.search(r"file=(\S+)", info)
        if name is not None:
            (tmp_path / name[1]).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name[1]).write_text(body, "utf-8")
    monkeypatch.chdir(tmp_path)
    for body in fences(page, "console run"):
        assert_shown(body)


CONNECTED = frozenset({
    "azureblobstorage", "bigquery", "duckdb", "file", "googlesheets", "gs", "http", "hubspot", "mongo", "mysql", "oracle",
    "postgres", "redshift", "s3", "salesforce", "sftp", "shopify", "singer", "snowflake", "sqlite", "sqlserver",
})  # fmt: skip
"""Types of connections that a page shows how to set up: those with a connector or a preset of their own."""


def test_connections_that_are_shown_can_be_read(tmp_path: Path) -> None:
    shown = set()
    for page in PAGES:
        for at, (info, body) in enumerate(FENCE.findall(page.read_text("utf-8"))):
            if info.partition(" ")[0] == "toml" and "\ntype = " in body:
                (tmp_path / f"{page.stem}{at}.toml").write_text(body, "utf-8")
                shown |= {one["type"] for one in read_connections(tmp_path / f"{page.stem}{at}.toml").values()}
    assert shown >= CONNECTED, CONNECTED - shown


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "adr").glob("[0-9]*.md")), ids=name_of)
def test_a_decision_has_its_parts(page: Path) -> None:
    text = page.read_text("utf-8")
    assert re.match(r"# \d{4} \S", text)
    assert text.startswith(f"# {page.name[:4]} ")
    for part in ("Date: ", "Status: ", "## Context", "## Decision", "## Consequences"):
        assert part in text, f"{name_of(page)} has no '{part}'"
    assert f"]({page.name})" in (page.parent / "README.md").read_text("utf-8")

"""`penstock fmt`: package files in the one canonical form."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from penstock.cli.findings import lines_of
from penstock.cli.packages import TEST_ENDINGS, PackageFile, is_yaml
from penstock.domain.diagnostic import Diagnostic
from penstock.errors import BadRequest
from penstock.lang.cases import read_cases, updated
from penstock.lang.document.file.parser import NotYaml, decode
from penstock.lang.files import format_file, read_file, write_file


def command(
    files: Annotated[
        list[Path], typer.Argument(help="Package files and test files; JSON is printed as YAML, and left as it is.")
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit code 1 when a file would change.")
    ] = False,
) -> None:
    """Write package files in their canonical form: defaults left out, one field a line, comments kept.

    Exit code 0 done, 1 with --check when a file would change, 2 when one cannot be read.

    Example: penstock fmt flights.yaml
    """
    code = 0
    for file in files:
        code = max(code, _format(file, check))
    raise typer.Exit(code)


def _format(file: Path, check: bool) -> int:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BadRequest(f"The package file '{file}' cannot be read: {error.strerror}.") from error
    if not is_yaml(file, data):
        return _convert(file, data)
    try:
        before = decode(data)
    except NotYaml as fault:
        raise BadRequest(f"The package file '{file}' cannot be read: {fault}.") from fault
    if file.name.endswith(TEST_ENDINGS):
        findings = read_cases(before).findings
        text = None if findings else updated(before, lambda _case, _component: None)
    else:
        text, findings = format_file(before)
    if text is None:
        return _refused(file, findings, PackageFile(file.stem, "", places=read_file(before).places))
    if text.encode() == data:
        return 0
    if check:
        sys.stdout.write(f"{file}: not in canonical form\n")
        return 1
    replace_file(file, text)
    sys.stdout.write(f"{file}: formatted\n")
    return 0


def _convert(file: Path, data: bytes) -> int:
    try:
        raw = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The package file '{file}' is not JSON: {error}.") from error
    if not isinstance(raw, dict):
        raise BadRequest(f"The package file '{file}' must hold a JSON object.")
    package = raw if "data_flow_json" in raw or "raw_data" in raw else {"name": file.stem, "data_flow_json": raw}
    text, findings = write_file(package)
    if text is None:
        return _refused(file, findings, PackageFile(file.stem, ""))
    sys.stdout.write(text)
    return 0


def _refused(file: Path, findings: tuple[Diagnostic, ...], package: PackageFile) -> int:
    for one in findings:
        sys.stderr.write(
            "\n".join([f"{file}: {line}" if not line.startswith(" ") else line for line in lines_of(one, package)])
            + "\n"
        )
    return 2


def replace_file(file: Path, text: str) -> None:
    """Write a text into a file that exists, whole or not at all."""
    target = file.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    with os.fdopen(handle, "wb") as stream:
        stream.write(text.encode())
    os.chmod(name, target.stat().st_mode)
    os.replace(name, target)

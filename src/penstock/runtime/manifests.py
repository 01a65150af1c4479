"""Manifests: which files a source has read before, so that only new and changed ones are read (dataflow reference 5.1).

A manifest is a gzip file of JSON lines `{path, srcDir, srcPath, size}`. A file is unchanged when its full path and its size are
equal. What takes its place lists the files that are there now; it is written down before anything is published, and put in
its place after everything is: an attempt that finishes what another one began finds it.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from penstock.errors import NothingFound, PenstockError, PermanentError
from penstock.plan.operators import ConnectionRef, FileSource, Plan, Scan, iter_operators
from penstock.plan.ports import BoundSource, Connection, Connector, FileEntry, Keeper, Landing
from penstock.plan.schema import Schema
from penstock.plan.systems import Place, System
from penstock.runtime.connecting import connector_for, naming
from penstock.runtime.listener import Listener

LANDING = "manifests"
NAME = "manifest.gz"
"""In a folder."""
_S3 = re.compile(r"s3[an]?://")
Known = set[tuple[str, int]]


class Manifests:
    """The manifests of the sources of one attempt. *staging* is a folder of this machine that outlives the attempt."""

    def __init__(
        self,
        plan: Plan,
        connections: Mapping[str, Connection],
        connectors: Mapping[str, Connector],
        token: str,
        staging: Path,
    ) -> None:
        self._connections = connections
        self._connectors = connectors
        scans = [one for one in iter_operators(plan) if isinstance(one, Scan)]
        self._kept = {one.component: (one, one.source.manifest) for one in scans if one.source.manifest is not None}
        self._folder = staging / f".manifests.staging-{token}"
        self._known: dict[str, Known] = {}

    def folders(self) -> list[str]:
        """Return what is to be removed when the attempt is over."""
        return [str(self._folder)] if self._kept else []

    def read(self, scratch: Path) -> dict[str, Callable[[str, int], bool]]:
        """Read the manifests; returns what tells, by component, whether a file was read before, by its name and size. Raises
        PermanentError for a manifest that cannot be read; one that is not there lists nothing."""
        self._check_apart()
        for index, (component, (scan, place)) in enumerate(self._kept.items()):
            with naming(component):
                self._known[component] = self._read(scan, place, scratch / LANDING / str(index))
        return {component: partial(self._is_known, component) for component in self._kept}

    def _is_known(self, component: str, name: str, size_bytes: int) -> bool:
        path = _full_path(self._connections[self._kept[component][0].source.connection.key], name)
        return (_same(path), size_bytes) in self._known[component]

    def only_new(self, sources: Mapping[str, BoundSource], listener: Listener) -> dict[str, BoundSource]:
        """Return sources without the files that were read before, and write down what is there now."""
        made = dict(sources)
        for index, (component, (scan, _)) in enumerate(self._kept.items()):
            with naming(component):
                connection = self._connections[scan.source.connection.key]
                paths = {file: _full_path(connection, file.name) for file in sources[component].files}
                new = tuple(file for file in paths if not self._is_known(component, file.name, file.size_bytes))
                self._write(index, paths)
            made[component] = replace(sources[component], files=new)
            listener.log("info", f"{component}: {len(new)} of {len(paths)} files are new or changed")
        return made

    def put(self, listener: Listener) -> None:
        """Put what was written down in its place. Raises PermanentError."""
        for index, (component, (scan, place)) in enumerate(self._kept.items()):
            file = self._folder / str(index)
            if not file.exists():
                raise PermanentError(
                    f"Component '{component}': every output is published, but what its manifest is to list is gone, so the "
                    "next job reads the same files again. Remove their records, or correct the manifest."
                )
            try:
                keeper, connection = self._keeper(scan, place)
                keeper.keep(connection, place.bucket, _path(place), file, NAME)
            except PenstockError as error:
                raise type(error)(
                    f"Component '{component}': every output is published, but the manifest is as it was: {error.message}"
                ) from error
            listener.log("info", f"{component}: the manifest lists what was read")

    def discard(self) -> None:
        """Remove what was written down."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _check_apart(self) -> None:
        seen: dict[Place, str] = {}
        for component, (scan, place) in self._kept.items():
            if place in seen:
                raise PermanentError(
                    f"Component '{component}': its manifest is that of '{seen[place]}' as well. Give each its own."
                )
            seen[place] = component
            with naming(component):
                self._keeper(scan, place)

    def _keeper(self, scan: Scan, place: Place) -> tuple[Keeper, Connection]:
        connector, connection = connector_for(
            place.connection, System.FILES, scan.component, self._connections, self._connectors
        )
        if not isinstance(connector, Keeper):
            raise PermanentError(f"manifests cannot be kept on connections of type '{connection.type}'.")
        return connector, connection

    def _read(self, scan: Scan, place: Place, landing: Path) -> Known:
        connector, connection = connector_for(
            place.connection, System.FILES, scan.component, self._connections, self._connectors
        )
        path = re.sub(r"([?*\[{}\\\]])", r"\\\1", _path(place))
        spec = FileSource(ConnectionRef(place.connection), path, (), place.bucket, record_type="raw")
        try:
            (file,) = connector.bind(Scan(scan.component, spec, Schema()), connection, Landing(landing)).files
        except NothingFound:
            return set()
        try:
            if file.size_bytes == 0:
                raise EOFError
            with gzip.open(file.location, "rt", encoding="utf-8") as lines:
                entries = [json.loads(line) for line in lines if line.strip()]
            return {(_same(str(one["path"])), int(one["size"])) for one in entries}
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
            raise PermanentError(
                f"the manifest '{place.path}' cannot be read: it is no gzip file of JSON lines with path and size. Correct it, "
                "or remove it to read everything."
            ) from error

    def _write(self, index: int, paths: Mapping[FileEntry, str]) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with gzip.open(self._folder / str(index), "wt", encoding="utf-8") as lines:
                for file, path in paths.items():
                    entry = {"path": path, "srcDir": path.rpartition("/")[0], "srcPath": path, "size": file.size_bytes}
                    lines.write(json.dumps(entry, ensure_ascii=False) + "\n")
        except OSError as error:
            raise PermanentError(f"the manifest cannot be written: {error.strerror}. Make room.") from error


def _path(place: Place) -> str:
    return f"{place.path}{NAME}" if place.path.endswith("/") else place.path


def _full_path(connection: Connection, name: str) -> str:
    if connection.type == "file":
        return f"{str(connection.parameters.get('path')).rstrip('/')}/{name}"
    host = connection.parameters.get("host")
    return f"{connection.type}://{f'{host}/' if host else ''}{name.lstrip('/')}"


def _same(path: str) -> str:
    """Return what paths have in common that mean the same."""
    return _S3.sub("s3://", path, count=1)

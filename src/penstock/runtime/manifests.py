"""Manifests: which files a source has read before, so that only new and changed ones are read (dataflow reference 5.1).

A manifest is a gzip file of JSON lines `{path, srcDir, srcPath, size}`. A file is unchanged when its full path and its size are
equal. What takes its place lists the files that are there now.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from penstock.errors import PermanentError
from penstock.plan.operators import Plan, Scan, iter_operators
from penstock.plan.ports import BoundSource, Connection, Connector, FileEntry
from penstock.runtime.connecting import naming
from penstock.runtime.kept import Kept
from penstock.runtime.listener import Listener

NAME = "manifest.gz"
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
        scans = [one for one in iter_operators(plan) if isinstance(one, Scan) and one.source.manifest is not None]
        places = {one.component: one.source.manifest for one in scans if one.source.manifest is not None}
        self._sources = {one.component: connections.get(one.source.connection.key) for one in scans}
        self._kept = Kept("manifest", NAME, places, staging / f".manifests.staging-{token}", connections, connectors)
        self._known: dict[str, Known] = {}
        self.folders, self.discard = self._kept.folders, self._kept.discard

    def read(self, scratch: Path) -> dict[str, Callable[[str, int], bool]]:
        """Read the manifests; returns what tells, by component, whether a file was read before, by its name and size. Raises
        PermanentError for a manifest that cannot be read; one that is not there lists nothing."""
        for component, file in self._kept.landed(scratch).items():
            with naming(component):
                self._known[component] = set() if file is None else _read(file, self._kept.places[component].path)
        return {component: partial(self._is_known, component) for component in self._known}

    def _is_known(self, component: str, name: str, size_bytes: int) -> bool:
        return (_same(self._full_path(component, name)), size_bytes) in self._known[component]

    def _is_manifest(self, component: str, name: str) -> bool:
        """Tell whether a file of a source is its own manifest, which may lie in the folder that is read."""
        place = self._kept.places[component]
        path = f"{place.path}{NAME}" if place.path.endswith("/") else place.path
        paths = (path, f"{place.bucket}/{path}") if place.bucket else (path,)
        connection, other = self._sources[component], self._kept.connections.get(place.connection)
        return connection == other and name.strip("/") in [one.strip("/") for one in paths]

    def _full_path(self, component: str, name: str) -> str:
        connection = self._sources[component]
        return name if connection is None else _full_path(connection, name)

    def only_new(self, sources: Mapping[str, BoundSource], listener: Listener) -> dict[str, BoundSource]:
        """Return sources without the files that were read before, and write down what is there now."""
        made = dict(sources)
        for component in self._known:
            files = tuple(file for file in sources[component].files if not self._is_manifest(component, file.name))
            new = tuple(file for file in files if not self._is_known(component, file.name, file.size_bytes))
            with naming(component):
                self._write(component, files)
            made[component] = replace(sources[component], files=new)
            listener.log("info", f"{component}: {len(new)} of {len(files)} files are new or changed")
        return made

    def put(self, listener: Listener) -> None:
        """Put what was written down in its place. Raises PermanentError."""
        for component in self._kept.places:
            if not self._kept.put(component):
                raise PermanentError(
                    f"Component '{component}': every output is published, but what its manifest is to list is gone, so the "
                    "next job reads the same files again. Remove their records, or correct the manifest."
                )
            listener.log("info", f"{component}: the manifest lists what was read")

    def _write(self, component: str, files: tuple[FileEntry, ...]) -> None:
        try:
            with gzip.open(self._kept.draft(component), "wt", encoding="utf-8") as lines:
                for file in files:
                    path = self._full_path(component, file.name)
                    entry = {"path": path, "srcDir": path.rpartition("/")[0], "srcPath": path, "size": file.size_bytes}
                    lines.write(json.dumps(entry, ensure_ascii=False) + "\n")
        except OSError as error:
            raise PermanentError(f"the manifest cannot be written: {error.strerror}. Make room.") from error


def _read(file: FileEntry, path: str) -> Known:
    try:
        if file.size_bytes == 0:
            raise EOFError
        with gzip.open(file.location, "rt", encoding="utf-8") as lines:
            entries = [json.loads(line) for line in lines if line.strip()]
        return {(_same(str(one["path"])), int(one["size"])) for one in entries}
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise PermanentError(
            f"the manifest '{path}' cannot be read: it is no gzip file of JSON lines with path and size. Correct it, "
            "or remove it to read everything."
        ) from error


def _full_path(connection: Connection, name: str) -> str:
    if connection.type == "file":
        return f"{str(connection.parameters.get('path')).rstrip('/')}/{name}"
    host = connection.parameters.get("host")
    return f"{connection.type}://{f'{host}/' if host else ''}{name.lstrip('/')}"


def _same(path: str) -> str:
    """Return what paths have in common that mean the same."""
    return _S3.sub("s3://", path, count=1)

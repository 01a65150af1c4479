"""Packed files unpacked once, into the scratch folder of a job, where engines read them as if they had never been packed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from penstock.engines.files.avro import rewrite_avro
from penstock.engines.files.excel import rewrite_excel
from penstock.engines.files.far_times import check_times
from penstock.engines.files.opening import packing, reading, unpacked
from penstock.engines.files.wide_decimals import has_wide_decimals, rewrite_decimals
from penstock.engines.files.zips import of_members
from penstock.errors import PenstockError, PermanentError
from penstock.plan.operators import FileSource
from penstock.plan.ports import BoundSource, FileEntry

_PIECE = 1 << 20
_TEXTS = ("delimited", "json", "raw")


@dataclass(slots=True)
class Unpacking:
    """Unpacks the files of a job into the folder *scratch*. *stopped* is asked between pieces, and raises when the job is to
    stop."""

    scratch: Path
    stopped: Callable[[], None]
    _made: int = field(default=0)

    def sources(self, given: Mapping[str, BoundSource]) -> dict[str, BoundSource]:
        """Return sources whose files are plain, or of text in gzip, by component. Raises PermanentError."""
        made = {}
        for component, bound in given.items():
            try:
                files = [one for file in bound.files for one in self.file(bound.spec, file)]
            except PenstockError as error:
                raise type(error)(f"Component '{component}': {error.message}") from error
            made[component] = replace(bound, files=tuple(files))
        return made

    def file(self, source: FileSource, file: FileEntry) -> list[FileEntry]:
        """Return a file as it is, or what it packs: an archive packs any number of files, which all have its name. Avro files
        and workbooks become Parquet files, and those of Parquet others where their decimals have too many digits."""
        return [self._rewritten(source, one) for one in self._plain(source, file)]

    def _rewritten(self, source: FileSource, file: FileEntry) -> FileEntry:
        names = frozenset(one.name for one in source.fields if one.name is not None)
        is_wide = source.record_type == "parquet" and has_wide_decimals(file, names)
        if source.record_type == "parquet":
            check_times(file, names, self.stopped)
        if source.record_type not in ("avro", "excel") and not is_wide:
            return file
        target = self._target()
        with reading(file.name):
            if is_wide:
                rewrite_decimals(file.location, target, self.stopped)
            elif source.record_type == "excel":
                rewrite_excel(source, file, target, self.stopped)
            else:
                rewrite_avro(file.location, file.name, target, self.stopped)
        return FileEntry(str(target), file.name, target.stat().st_size, unpacked=True)

    def _target(self) -> Path:
        self._made += 1
        return self.scratch / f"unpacked_{self._made}"

    def _plain(self, source: FileSource, file: FileEntry) -> list[FileEntry]:
        packed = packing(source, file)
        if packed == "none" or (packed == "gzip" and source.record_type in _TEXTS):
            return [file]
        with reading(file.name):
            if packed == "zip":
                password = source.compression_password
                return of_members(file.location, file.name, password, lambda stream: self._copied(stream, file))
            with open(file.location, "rb") as stream, unpacked(stream, packed) as plain:
                return [self._copied(plain, file)]

    def _copied(self, stream: IO[bytes], file: FileEntry) -> FileEntry:
        target = self._target()
        try:
            copy = target.open("wb")
        except OSError as error:
            raise _no_room(file, error) from error
        with copy:
            while piece := stream.read(_PIECE):
                self.stopped()
                try:
                    copy.write(piece)
                except OSError as error:
                    raise _no_room(file, error) from error
        return FileEntry(str(target), file.name, target.stat().st_size, unpacked=True)


def _no_room(file: FileEntry, error: OSError) -> PermanentError:
    return PermanentError(
        f"{file.name} could not be unpacked for reading: {error.strerror or error}. Make room in the scratch folder."
    )

"""Records as files of an output: a folder for each value of the fields that it is partitioned by, parts of about one size."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from penstock.engines.files.forms import EXCEL_ROWS, Form, offsets_of
from penstock.errors import DataError, PermanentError
from penstock.plan.operators import FileTarget

FOLDER = "_folder"
"""The column that holds the folder of a record, which comes last; records come in its order."""
_LEAST_SLICE = 16
"""Into how many pieces at most a part is cut to end at its size."""


@dataclass(slots=True)
class Part:
    """A file that was written: its *folder* in that of the output (empty: the output's own), its number there from 0."""

    folder: str
    number: int
    records: int = 0


@dataclass(slots=True)
class Parts:
    """Writes the parts of an output.

    *place* gives the file of a part, *make* begins it; *stopped* is asked between batches, and raises when the job is to stop.
    """

    component: str
    target: FileTarget
    place: Callable[[Part], Path]
    make: Callable[[Path], Form]
    stopped: Callable[[], None]
    made: list[Part] = field(default_factory=list)
    _form: Form | None = None

    def write(self, batches: Iterable[pa.RecordBatch]) -> int:
        """Write records and return how many; one file without records where there are none. Raises PermanentError when there
        is no room, DataError when a single file cannot hold them."""
        try:
            for batch in batches:
                self.stopped()
                for folder, some in _by_folder(batch):
                    self._put(folder, some)
            if not self.made:
                self._begin("")
            self._end()
        except OSError as error:
            raise _cannot(self.component, error) from error
        finally:
            if self._form is not None:
                self._form.abandon()
        return sum(part.records for part in self.made)

    def _put(self, folder: str, batch: pa.RecordBatch) -> None:
        if self._form is None or self.made[-1].folder != folder:
            self._end()
            self._begin(folder)
        at = 0
        while at < batch.num_rows:
            size = self._fitting(batch.slice(at))
            if size == 0:
                self._end()
                self._begin(folder)
                continue
            form = self._form
            if form is None:
                raise ValueError(folder)
            form.write(batch.slice(at, size))
            self.made[-1].records += size
            at += size

    def _fitting(self, batch: pa.RecordBatch) -> int:
        """Return how many of some records the part at hand takes next, 0 when it is full."""
        form = self._form
        if form is None:
            return 0
        rows: int = batch.num_rows if form.room is None else min(batch.num_rows, form.room)
        if rows == 0 and self.target.merge_to_single_file:
            raise DataError(
                f"Component '{self.component}': one sheet holds no more than {EXCEL_ROWS:,} rows. Leave "
                "'merge_to_single_file' out, or write another format."
            )
        if self.target.target_size_bytes is None or rows == 0:
            return rows
        left = self.target.target_size_bytes - form.size()
        if left <= 0 and self.made[-1].records:
            return 0
        return min(rows, _rows_within(batch, max(left, self.target.target_size_bytes // _LEAST_SLICE)))

    def _begin(self, folder: str) -> None:
        number = self.made[-1].number + 1 if self.made and self.made[-1].folder == folder else 0
        part = Part(folder, number)
        path = self.place(part)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._form = self.make(path)
        self.made.append(part)

    def _end(self) -> None:
        form, self._form = self._form, None
        if form is not None:
            try:
                form.close()
            except BaseException:
                form.abandon()
                raise


def _rows_within(batch: pa.RecordBatch, size: int) -> int:
    """Return how many of the first records are at most *size* bytes, at least one."""
    texts, rows = batch.column(0), int(batch.num_rows)
    if batch.num_columns == 1 and texts.type == pa.string():
        offsets = offsets_of(texts)
        return max(int(np.searchsorted(offsets[1:], int(offsets[0]) + size, "right")), 1)
    return max(size * rows // max(int(batch.nbytes), 1), 1)


def _by_folder(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield the records of each folder, without it."""
    if batch.schema.names[-1] != FOLDER:
        yield "", batch
        return
    folders = batch.column(batch.num_columns - 1).dictionary_encode()
    rest = batch.select(list(range(batch.num_columns - 1)))
    numbers = folders.indices.to_numpy()
    edges = [0, *(int(at) + 1 for at in np.flatnonzero(np.diff(numbers))), batch.num_rows]
    for begin, end in pairwise(edges):
        if begin < end:
            yield folders.dictionary[int(numbers[begin])].as_py(), rest.slice(begin, end - begin)


def _cannot(component: str, error: OSError) -> PermanentError:
    if error.errno == errno.ENAMETOOLONG:
        return PermanentError(
            f"Output '{component}': a value of 'partition_by' is too long for the name of a folder. Shorten it in a Select."
        )
    if error.errno == errno.ENOSPC:
        return PermanentError(f"Output '{component}': no room is left on the disk. Make room, or choose another place.")
    return PermanentError(f"Output '{component}' cannot be written: {error.strerror or error}.")

"""Takes the records out of what is staged of which no document can be made, before anything is written (decision 0074)."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from penstock.connectors.collections.documents import Documents, Unfit
from penstock.connectors.collections.writing import lines_of
from penstock.errors import InvariantBroken
from penstock.kit.rejects import SCHEMA, SIFTED, WRITTEN, Numbers, RejectsFile
from penstock.plan.ports import Staged, Written
from penstock.plan.systems import CollectionTarget


def sifted(staged: Staged, written: Written, target: CollectionTarget) -> Written:
    """Return what is staged without the records of which no document can be made; these are kept, with their reasons."""
    if staged.rejects is None:
        raise InvariantBroken(f"nobody reads what '{written.component}' rejects")
    documents, numbers = Documents(target, staged), Numbers(staged.rejects / WRITTEN)
    out, at, shown = RejectsFile(staged.rejects / SIFTED), 0, []
    preview = [f"{one}\n" for one in (written.preview or "").split("\n")[:-1]]
    try:
        for name in written.files:
            beside = staged.folder / f".sound-{name}"
            with beside.open("w", encoding="utf-8", newline="\n") as sound:
                for line in lines_of(staged.folder, [name]):
                    try:
                        documents.sound(at, line)
                    except Unfit as error:
                        given = ([numbers.given(at)], [line.removesuffix("\n")], [error.reason])
                        columns = [pa.array(*one) for one in zip(given, SCHEMA.types, strict=True)]
                        out.add(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
                    else:
                        sound.write(line)
                        shown += preview[at : at + 1]
                    at += 1
    finally:
        out.close()
    for name in written.files:
        (staged.folder / f".sound-{name}").replace(staged.folder / name)
    if not out.records:
        return written
    receipt = {name: one for name, one in (written.receipt or {}).items() if name not in ("hash", "key")}
    return replace(
        written, records=written.records - out.records, preview="".join(shown),
        receipt={**receipt, "rejected": int(receipt.get("rejected", 0)) + out.records},
    )  # fmt: skip

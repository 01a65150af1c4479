"""The second output of sources and destinations: the records that they leave out, and why (component reference 2.8)."""

from __future__ import annotations

from dataclasses import replace

from penstock.lang.components.spec import Component
from penstock.plan import dtypes
from penstock.plan.exprs import Call, FieldRef
from penstock.plan.operators import REJECTION, FileSource, Filter, Operator, Project, Scan, ScanField, Write
from penstock.plan.schema import Field, Schema
from penstock.plan.systems import RejectedRecords

REJECTED = "rejected"
"""The name of the output."""


_NAMED = Schema(tuple(Field(one.removeprefix("_"), dtypes.CHARARRAY) for one in REJECTION))


def of_rejected(component_id: str) -> str:
    """Return what stands for the rejected records of a component where ids of components stand."""
    return f"{component_id}\0{REJECTED}"


def name_of(component: str) -> str:
    """Return the name under which rejected records of a component are known where components are named."""
    return f"{component} {REJECTED}"


def can_reject(kind: Component) -> bool:
    """Tell whether components of a kind leave records out whose values do not fit."""
    found = next((one for one in kind.properties if one.name == "on_bad_value"), None)
    return found is not None and (found.available is None or "skip" in found.available)


def split(scan: Scan) -> tuple[Operator, Operator]:
    """Return the records of a source and those that it rejects, read at once: a scan gives both, and says of which kind each
    is."""
    schema = Schema((*scan.schema, *(Field(name, dtypes.CHARARRAY) for name in REJECTION)))
    both = replace(scan, schema=schema, keeps_rejected=True)
    reason = FieldRef(REJECTION[1], dtypes.CHARARRAY)
    name = name_of(scan.component)
    sound = Filter(scan.component, both, Call("is_null", (reason,), dtypes.BOOLEAN, False), schema)
    other = Filter(name, both, Call("is_not_null", (reason,), dtypes.BOOLEAN, False), schema)
    refs = tuple(FieldRef(one.name, one.dtype, one.nullable) for one in scan.schema)
    texts = tuple(FieldRef(one, dtypes.CHARARRAY) for one in REJECTION)
    return Project(scan.component, sound, refs, scan.schema), Project(name, other, texts, _NAMED)


def kept(write: Write) -> tuple[Write, Scan]:
    """Return a destination that keeps what it rejects, and what reads that once it is staged."""
    fields = tuple(ScanField(one) for one in _NAMED.names)
    source = FileSource(write.target.connection, write.target.path, fields, record_type="parquet")
    scan = Scan(name_of(write.component), source, _NAMED, RejectedRecords(write.component))
    return replace(write, keeps_rejected=True), scan

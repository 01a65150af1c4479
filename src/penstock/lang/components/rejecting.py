"""The second output of sources: the records that they leave out, as they are, and why (component reference 2.8)."""

from __future__ import annotations

from dataclasses import replace

from penstock.plan import dtypes
from penstock.plan.exprs import Call, FieldRef
from penstock.plan.operators import REJECTION, Filter, Operator, Project, Scan
from penstock.plan.schema import Field, Schema

REJECTED = "rejected"
"""The name of the output."""


def of_rejected(component_id: str) -> str:
    """Return what stands for the rejected records of a component where ids of components stand."""
    return f"{component_id}\0{REJECTED}"


def split(scan: Scan) -> tuple[Operator, Operator]:
    """Return the records of a source and those that it rejects, read at once: a scan gives both, and says of which kind each
    is."""
    schema = Schema((*scan.schema, *(Field(name, dtypes.CHARARRAY) for name in REJECTION)))
    both = replace(scan, schema=schema, keeps_rejected=True)
    reason = FieldRef(REJECTION[1], dtypes.CHARARRAY)
    name = f"{scan.component} {REJECTED}"
    sound = Filter(scan.component, both, Call("is_null", (reason,), dtypes.BOOLEAN, False), schema)
    other = Filter(name, both, Call("is_not_null", (reason,), dtypes.BOOLEAN, False), schema)
    refs = tuple(FieldRef(one.name, one.dtype, one.nullable) for one in scan.schema)
    texts = tuple(FieldRef(one, dtypes.CHARARRAY) for one in REJECTION)
    named = Schema(tuple(Field(one.removeprefix("_"), dtypes.CHARARRAY) for one in REJECTION))
    return Project(scan.component, sound, refs, scan.schema), Project(name, other, texts, named)

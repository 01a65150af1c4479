"""What flattening a bag or a tuple gives (component reference 4.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from penstock.lang.check import codes, codes_package, typing
from penstock.lang.components.spec import Step
from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Call, Expr, FieldRef, Literal
from penstock.plan.schema import Field
from penstock.plan.values import Value


@dataclass(frozen=True, slots=True)
class Flattening:
    """A bag (or what may be one, being without a declared type) or a tuple as columns."""

    columns: tuple[Field, ...]
    is_bag: bool
    keep_empty: bool

    @staticmethod
    def raw(name: str) -> Field:
        """Return a column as it comes out of a bag, without a declared type."""
        return Field(name, dtypes.BYTEARRAY)

    def exprs(self, whole: FieldRef) -> Iterator[Expr]:
        """Yield the columns of a field as expressions; those of a bag stand in `<field>_<position>`."""
        for at, column in enumerate(self.columns):
            if self.is_bag:
                yield typing.as_type(FieldRef(f"{whole.name}_{at}", dtypes.BYTEARRAY), column.dtype)
            else:
                yield Call("tuple_get", (whole, Literal(Value(Kind.INT, at), dtypes.INT)), column.dtype)


def columns_of(step: Step, path: str, expr: Expr, wanted: int, keep_empty: bool) -> Flattening | None:
    """Return an expression as *wanted* columns, or None with a finding."""
    kind = expr.dtype.kind
    if kind not in (Kind.BAG, Kind.TUPLE, Kind.BYTEARRAY):
        message = f"'flatten' takes a bag or a tuple, not {expr.dtype}."
        hint = "A map has no order to flatten in." if kind is Kind.MAP else "Leave 'flatten' out."
        step.add(codes.WrongOperand, message, f"{path}.expression", hint=hint)
        return None
    if kind is Kind.TUPLE and keep_empty:
        message = "'keep_empty' has no effect on a tuple, which is never left out."
        step.add(codes_package.UselessOption, message, f"{path}.keep_empty", hint="It is for bags.")
    members = expr.dtype.members
    if members is not None and len(members) != wanted:
        message = f"This flattens to {len(members)} column{'s' * (len(members) != 1)}, and has {wanted} alias"
        message += f"{'es' * (wanted != 1)}."
        hint = "Name each in 'aliases'." if len(members) != 1 else "Give it one 'alias'."
        step.add(codes_package.WrongShape, message, path, hint=hint)
        return None
    types: list[DType] = (
        [one.dtype for one in members] if members is not None else [expr.dtype.value or dtypes.BYTEARRAY] * wanted
    )
    return Flattening(tuple(Field("", dtype) for dtype in types), kind is not Kind.TUPLE, keep_empty)

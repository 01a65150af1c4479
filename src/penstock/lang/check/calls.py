"""Calls of functions: which signature is meant, and its arguments brought to their types."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.domain.diagnostic import Diagnostic, Span
from penstock.lang.check import codes, typing
from penstock.lang.check.report import did_you_mean
from penstock.lang.expression import nodes
from penstock.lang.functions import FUNCTIONS, NOT_YET, REFUSED, Function, Signature
from penstock.lang.functions.signature import ACCEPTS, Nulls
from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Call, Expr


def known(name: str) -> Function:
    """Return a function that is certain to exist."""
    return FUNCTIONS[name]


def resolve(node: nodes.FunctionCall) -> Function | Diagnostic:
    """Return the function that a call names, or the finding that there is none."""
    found = FUNCTIONS.get(node.name)
    if found is not None:
        return found
    span = Span(node.start, node.name_end)
    if node.name in REFUSED:
        return codes.FunctionNotOffered.at(f"The function {node.name} is not offered: {REFUSED[node.name]}.", span)
    if node.name in NOT_YET:
        message, instead = NOT_YET[node.name]
        return codes.FunctionNotAvailable.at(message.format(name=node.name), span, instead)
    hint = did_you_mean(node.name, (*FUNCTIONS, *NOT_YET, *REFUSED))
    return codes.UnknownFunction.at(f"There is no function '{node.name}'.", span, hint)


def apply(found: Function, node: nodes.FunctionCall | nodes.Build, args: tuple[Expr, ...]) -> Expr | Diagnostic:
    """Return the typed call of a function, or the finding about its arguments."""
    fitting = [one for one in found.signatures if one.takes(len(args))]
    if not fitting:
        return codes.WrongArgumentCount.at(
            f"{found.name} takes {_counts(found)}, not {len(args)}.",
            Span(node.start, node.end),
            f"It is {_usage(found)}.",
        )
    for widening in (False, True):
        for signature in fitting:
            made = _bind(signature, args, widening)
            if made is not None:
                return _typed(found, signature, node, made)
    return _wrong_argument(found, fitting, node, args)


def _bind(signature: Signature, args: tuple[Expr, ...], widening: bool) -> tuple[Expr, ...] | None:
    made = []
    for index, arg in enumerate(args):
        fitted = _fit(arg, signature.parameter(index, len(args)).accepts, widening)
        if fitted is None:
            return None
        made.append(fitted)
    return tuple(made)


def _fit(arg: Expr, accepts: str, widening: bool = True) -> Expr | None:
    kinds = ACCEPTS[accepts]
    kind = arg.dtype.kind
    if kind in kinds:
        return arg
    if kind is Kind.BYTEARRAY:
        return typing.as_type(arg, DType(kinds[-1]))
    if widening and arg.dtype.is_number and kinds[0] in dtypes.NUMERIC_ORDER:
        wide = DType(kinds[0])
        return typing.as_type(arg, wide) if dtypes.widest(arg.dtype, wide) == wide else None
    return None


def _typed(
    found: Function, signature: Signature, node: nodes.FunctionCall | nodes.Build, args: tuple[Expr, ...]
) -> Expr | Diagnostic:
    if found.name == "TOMAP":
        args = tuple(_key(arg) if index % 2 == 0 else arg for index, arg in enumerate(args))
        wrong = _map_arguments(node, args)
        if wrong is not None:
            return wrong
    if found.rule is not None:
        broken = found.rule(args)
        if broken is not None:
            at = _argument(node, broken.index)
            return codes.WrongArgument.at(broken.message, Span(at.start, at.end), f"It is {_usage(found)}.")
    result = signature.result
    if result == "widest":
        merged: DType | None = None
        for index, arg in enumerate(args):
            dtype = typing.common(merged, arg)
            if dtype is None:
                at = _argument(node, index)
                message = f"Argument {index + 1} of {found.name} is {arg.dtype}, those before it are {merged}."
                return codes.MixedBranches.at(message, Span(at.start, at.end), "Cast it, so that all have one type.")
            merged = dtype
        result = merged or dtypes.BYTEARRAY
        args = tuple(typing.as_type(arg, result) for arg in args)
    elif result == "first":
        result = args[0].dtype
    elif callable(result):
        result = result(tuple(arg.dtype for arg in args))
    if not isinstance(result, DType):
        raise AssertionError(f"unknown result rule {result!r} of {found.name}")
    return Call(found.name, args, result, _nullable(found, args))


def _nullable(found: Function, args: tuple[Expr, ...]) -> bool:
    if found.name == "COALESCE":
        return all(arg.nullable for arg in args)
    if found.nulls is Nulls.STRICT:
        return any(arg.nullable for arg in args)
    return found.nulls is Nulls.MAYBE


def _key(arg: Expr) -> Expr:
    return typing.as_type(arg, dtypes.CHARARRAY) if typing.is_untyped(arg) else arg


def _map_arguments(node: nodes.FunctionCall | nodes.Build, args: tuple[Expr, ...]) -> Diagnostic | None:
    if len(args) % 2:
        message = "TOMAP takes keys and values in turn, so an even number of arguments."
        return codes.WrongArgumentCount.at(message, Span(node.start, node.end))
    for index, key in enumerate(args[::2]):
        if key.dtype.kind is not Kind.CHARARRAY:
            at = _argument(node, 2 * index)
            return codes.WrongArgument.at(f"A key of a map is text, not {key.dtype}.", Span(at.start, at.end))
    return None


def _argument(node: nodes.FunctionCall | nodes.Build, index: int) -> nodes.Node:
    return node.args[index] if isinstance(node, nodes.FunctionCall) else node.items[index]


def _wrong_argument(
    found: Function, fitting: list[Signature], node: nodes.FunctionCall | nodes.Build, args: tuple[Expr, ...]
) -> Diagnostic:
    shown = _shown(fitting)
    best, reached = shown[0], -1
    for signature in shown:
        good = next(
            (
                index
                for index, arg in enumerate(args)
                if _fit(arg, signature.parameter(index, len(args)).accepts) is None
            ),
            len(args),
        )
        if good > reached:
            best, reached = signature, good
    at = _argument(node, reached)
    wanted = best.parameter(reached, len(args)).accepts
    return codes.WrongArgument.at(
        f"Argument {reached + 1} of {found.name} is {args[reached].dtype}, not {wanted}.", Span(at.start, at.end),
        f"It is {_usage(found)}; cast the argument.",
    )  # fmt: skip


def _shown(signatures: Sequence[Signature]) -> list[Signature]:
    """Return the signatures but those for values without a type, which nobody would write down."""
    return [one for one in signatures if not one.parameters or one.parameters[0].accepts != "untyped"]


def _usage(found: Function) -> str:
    return " or ".join(f"{found.name}({signature})" for signature in _shown(found.signatures))


def _counts(found: Function) -> str:
    least = min(signature.least for signature in found.signatures)
    if any(signature.most is None for signature in found.signatures):
        return f"{least} or more arguments"
    most = max(signature.most or 0 for signature in found.signatures)
    word = "argument" if most == 1 else "arguments"
    return f"{least} {word}" if least == most else f"{least} to {most} {word}"

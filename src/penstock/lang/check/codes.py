"""Every diagnostic code of expressions. The docstring of a class is its page: what it finds, why it hurts, what to write."""

from __future__ import annotations

from typing import ClassVar

from penstock.domain.diagnostic import Diagnostic, Severity, Span


class Code:
    """A kind of finding. Subclasses are never made into objects; `at` gives the finding itself."""

    code: ClassVar[str]
    severity: ClassVar[Severity] = Severity.ERROR

    @classmethod
    def at(cls, message: str, span: Span | None = None, hint: str | None = None) -> Diagnostic:
        """Return a finding of this kind, without a place in a package yet."""
        return Diagnostic(cls.code, message, cls.severity, span=span, hint=hint)


class LexicalFault(Code):
    """A piece of text that is no token: an unknown escape, a text without its closing quote, double quotes.

    The expression cannot be read, so nothing of it is checked. Wrong: `name == "x"`. Right: `name == 'x'`.
    """

    code = "PK201"


class SyntaxFault(Code):
    """Tokens in an order that means nothing: a missing operand, a chained comparison, a single `=`.

    The range points at the first token that does not fit. Wrong: `a < b < c`. Right: `a < b AND b < c`.
    """

    code = "PK202"


class EmptyExpression(Code):
    """An expression without any text. A field needs something to compute. Wrong: ` `. Right: `amount * 2`."""

    code = "PK203"


class TooDeep(Code):
    """An expression that is nested too deeply, or too long.

    No engine runs such a statement well. Wrong: sixty parentheses inside one another. Right: two Selects in a row.
    """

    code = "PK204"


class NumberTooLarge(Code):
    """A whole number that does not fit the type its spelling gives it.

    Java would refuse it as well. Wrong: `3000000000`. Right: `3000000000L`.
    """

    code = "PK205"


class UnknownField(Code):
    """A field that does not arrive at the component.

    Names are case sensitive, and a Select passes on only what it lists. Wrong: `Total` where `total` arrives. Right:
    `total`.
    """

    code = "PK301"


class UnknownFunction(Code):
    """A function that does not exist under this name; names are case sensitive.

    Wrong: `substring(name, 0, 3)`. Right: `SUBSTRING(name, 0, 3)`.
    """

    code = "PK302"


class UndefinedVariable(Code):
    """A `$name` that no variable defines.

    A reference is replaced before anything is read, so what is left over would be no expression. Wrong: `total > $least`
    without a variable `least`. Right: define `least`, or write `\\$` for a dollar sign.
    """

    code = "PK303"


class UnknownMember(Code):
    """A named member that a tuple or bag does not have. Wrong: `place.citty`. Right: `place.city`, or `place.$0`."""

    code = "PK304"


class WrongOperand(Code):
    """An operator on types it does not take. Wrong: `name + 1` where name is text. Right: `(int)name + 1`."""

    code = "PK401"


class MixedComparison(Code):
    """A comparison of two types that have no common order. Wrong: `code == 7` where code is text. Right: `code == '7'`."""

    code = "PK402"


class MixedBranches(Code):
    """Branches of CASE, `? :`, COALESCE that give different types.

    A field has one type in every record. Wrong: `CASE WHEN a THEN 1 ELSE 'x' END`. Right: `… THEN '1' ELSE 'x' END`.
    """

    code = "PK403"


class WrongArgument(Code):
    """An argument of a type that the function does not take. Wrong: `UPPER(7)`. Right: `UPPER((chararray)7)`."""

    code = "PK404"


class WrongArgumentCount(Code):
    """Too few or too many arguments. Wrong: `SUBSTRING(name, 3)`. Right: `SUBSTRING(name, 3, 5)`."""

    code = "PK405"


class ImpossibleCast(Code):
    """A cast between types of which no value can ever be converted. Wrong: `(int)(1, 2)`. Right: `(int)(1, 2).$0`."""

    code = "PK406"


class NotACondition(Code):
    """A condition that is not boolean. Wrong: filter on `total`. Right: filter on `total > 0`."""

    code = "PK407"


class FunctionNotAvailable(Code):
    """A function of the language that this version does not run yet.

    It is refused before the job starts, never guessed. Wrong: `ExecuteSqlLong('shop', 'SELECT 1')`.
    Right: `(long)ExecuteSqlString('shop', 'SELECT 1')`.
    """

    code = "PK601"


class FunctionNotOffered(Code):
    """A function of the field that Penstock leaves out on purpose; the message says what to use instead.

    It needs something that a server should not offer, or is no part of the language. Wrong:
    `LookupInFiles(name, 'stop.txt')`. Right: a source that reads `stop.txt`, and a Join.
    """

    code = "PK610"


class CaseWithoutElse(Code):
    """A CASE without ELSE gives null where no branch holds.

    That is sometimes forgotten. Better: `CASE WHEN a > 1 THEN 'x' ELSE null END`, which says it.
    """

    code = "PK901"
    severity = Severity.WARNING


class MissingPosition(Code):
    """A position behind the last one of a tuple; it gives null in every record.

    The engine allows it, but it is hardly ever meant. Wrong: `(1, 2).$2`. Right: `(1, 2).$1`.
    """

    code = "PK903"
    severity = Severity.WARNING


EXPRESSION_CODES: tuple[type[Code], ...] = (
    LexicalFault,
    SyntaxFault,
    EmptyExpression,
    TooDeep,
    NumberTooLarge,
    UnknownField,
    UnknownFunction,
    UndefinedVariable,
    UnknownMember,
    WrongOperand,
    MixedComparison,
    MixedBranches,
    WrongArgument,
    WrongArgumentCount,
    ImpossibleCast,
    NotACondition,
    FunctionNotAvailable,
    FunctionNotOffered,
    CaseWithoutElse,
    MissingPosition,
)
"""The codes that expressions alone can give, in order."""

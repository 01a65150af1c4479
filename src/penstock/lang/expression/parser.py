"""Tokens to a syntax tree (dataflow reference 4.1). Never raises: the first fault ends the parse with a finding whose
range points at the token."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.lang.expression import nodes
from penstock.lang.expression.nodes import Node
from penstock.lang.expression.tokens import Token, tokenize, unescape
from penstock.plan.dtypes import Kind

MAX_DEPTH = 120
"""Deepest nesting of an expression; beyond it a finding is given, so no later stage runs out of stack."""
MAX_NESTING = 60
"""Deepest run of parentheses, calls and CASEs inside one another: each costs the parser nine calls."""
MAX_LENGTH = 1_000_000

TYPE_WORDS = {
    "int": Kind.INT,
    "long": Kind.LONG,
    "float": Kind.FLOAT,
    "double": Kind.DOUBLE,
    "chararray": Kind.CHARARRAY,
    "boolean": Kind.BOOLEAN,
    "datetime": Kind.DATETIME,
    "bytearray": Kind.BYTEARRAY,
}
_OTHER_TYPE_WORDS = {
    "string": "chararray",
    "text": "chararray",
    "integer": "int",
    "bool": "boolean",
    "number": "double",
}
"""Words for types that fields of sources and other languages have, and what a cast says instead."""

_BEGINS_VALUE = frozenset(
    {"name", "int", "long", "float", "double", "text", "position", "NULL", "TRUE", "FALSE", "CASE"}
)
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "MATCHES"})
_AFTER_OPERAND = frozenset({"==", "!=", "<", "<=", ">", ">=", "MATCHES", "IS", "IN"})
_ADDITIVE = frozenset({"+", "-"})
_MULTIPLICATIVE = frozenset({"*", "/", "%"})
_LEAST_INT, _GREATEST_INT = -(2**31), 2**31 - 1
_LEAST_LONG, _GREATEST_LONG = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a text: *code* is a syntax code (PK2xx)."""

    code: str
    message: str
    start: int
    end: int
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A tree and findings; *node* is None when the text has no tree."""

    node: Node | None
    findings: tuple[Finding, ...] = ()


class _Stop(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def parse(text: str) -> Parsed:
    """Return the tree of an expression, or the finding that stopped it. Never raises.

    >>> parse("a +").findings[0].message
    'Something is missing here: the expression ends after \\'+\\'.'
    """
    if len(text) > MAX_LENGTH:
        return Parsed(None, (Finding("PK204", f"The expression is longer than {MAX_LENGTH:,} characters.", 0, 0),))
    tokens, faults = tokenize(text)
    if faults:
        return Parsed(None, tuple(Finding("PK201", fault.message, fault.start, fault.end) for fault in faults))
    try:
        node = _Parser(tokens).whole()
    except _Stop as stop:
        return Parsed(None, (stop.finding,))
    if len(tokens) > MAX_DEPTH and nodes.depth(node) > MAX_DEPTH:  # a tree has no more levels than tokens
        return Parsed(None, (_too_deep(0, len(text)),))
    return Parsed(node)


def _too_deep(start: int, end: int) -> Finding:
    return Finding("PK204", "The expression is nested too deeply.", start, end, "Split it over two Selects.")


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.token = tokens[0]
        self.depth = 0

    def advance(self) -> Token:
        token = self.token
        self.at += 1
        self.token = self.tokens[self.at] if self.at < len(self.tokens) else self.tokens[-1]
        return token

    def peek(self, ahead: int = 1) -> Token:
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def stop(self, message: str, token: Token | None = None, hint: str | None = None, code: str = "PK202") -> _Stop:
        token = token or self.token
        return _Stop(Finding(code, message, token.start, max(token.end, token.start + (token.kind != "end")), hint))

    def expect(self, kind: str, purpose: str) -> Token:
        if self.token.kind != kind:
            raise self.unexpected(f"'{kind}' is expected {purpose}")
        return self.advance()

    def unexpected(self, wanted: str) -> _Stop:
        if self.token.kind == "end":
            before = self.tokens[self.at - 1].text if self.at else ""
            return self.stop(f"{wanted[0].upper()}{wanted[1:]}, but the expression ends after '{before}'.")
        return self.stop(f"{wanted[0].upper()}{wanted[1:]}, not '{self.token.text}'.")

    def whole(self) -> Node:
        if self.token.kind == "end":
            raise self.stop("The expression is empty.", code="PK203")
        node = self.expression()
        if self.token.kind != "end":
            raise self.leftover()
        return node

    def leftover(self) -> _Stop:
        token = self.token
        if token.kind == "=":
            return self.stop("A single '=' does not compare.", hint="Did you mean '=='?")
        if token.kind in _AFTER_OPERAND:
            return self.stop(
                f"Comparisons cannot be chained: '{token.text}' follows another one.",
                hint="Join two comparisons with AND.",
            )
        if token.kind == "NOT" and self.peek().kind == "IN":
            return self.stop("'NOT IN' is not an operator here.", hint="Write NOT (x IN (…)).")
        if token.kind == ")":
            return self.stop("This ')' closes nothing.")
        return self.stop(f"'{token.text}' is not expected here.")

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise _Stop(_too_deep(self.token.start, self.token.end))
        condition = self.either()
        if self.token.kind == "?":
            self.advance()
            yes = self.expression()
            self.expect(":", "between the two values of '? :'")
            no = self.expression()
            condition = nodes.Choice(condition, yes, no, condition.start, no.end)
        self.depth -= 1
        return condition

    def either(self) -> Node:
        first = self.both()
        if self.token.kind != "OR":
            return first
        operands = [first]
        while self.token.kind == "OR":
            self.advance()
            operands.append(self.both())
        return nodes.Logic("OR", tuple(operands), first.start, operands[-1].end)

    def both(self) -> Node:
        first = self.negation()
        if self.token.kind != "AND":
            return first
        operands = [first]
        while self.token.kind == "AND":
            self.advance()
            operands.append(self.negation())
        return nodes.Logic("AND", tuple(operands), first.start, operands[-1].end)

    def negation(self) -> Node:
        if self.token.kind != "NOT":
            return self.comparison()
        begun = []
        while self.token.kind == "NOT":
            begun.append(self.advance())
            if len(begun) > MAX_DEPTH:
                raise _Stop(_too_deep(begun[0].start, self.token.end))
        node = self.comparison()
        for token in reversed(begun):
            node = nodes.Unary("NOT", node, token.start, node.end)
        return node

    def comparison(self) -> Node:
        left = self.sum()
        kind = self.token.kind
        if kind not in _AFTER_OPERAND:
            return left
        if kind in _COMPARISONS:
            token = self.advance()
            right = self.sum()
            return nodes.Binary(kind, left, right, left.start, right.end, token.start, token.end)
        if kind == "IS":
            self.advance()
            negated = self.token.kind == "NOT"
            if negated:
                self.advance()
            end = self.expect("NULL", "after 'is'").end
            return nodes.IsNull(left, negated, left.start, end)
        self.advance()
        self.expect("(", "after IN")
        items = [self.expression()]
        while self.token.kind == ",":
            self.advance()
            items.append(self.expression())
        end = self.expect(")", "at the end of the list of IN").end
        return nodes.In(left, tuple(items), left.start, end)

    def sum(self) -> Node:
        left = self.product()
        while self.token.kind in _ADDITIVE:
            token = self.advance()
            right = self.product()
            left = nodes.Binary(token.kind, left, right, left.start, right.end, token.start, token.end)
        return left

    def product(self) -> Node:
        left = self.unary()
        while self.token.kind in _MULTIPLICATIVE:
            token = self.advance()
            right = self.unary()
            left = nodes.Binary(token.kind, left, right, left.start, right.end, token.start, token.end)
        return left

    def unary(self) -> Node:
        begun: list[tuple[Token, Kind | None]] = []
        while True:
            token = self.token
            if token.kind == "-":
                self.advance()
                begun.append((token, None))
            elif token.kind == "(" and self.peek().kind == "name" and self.peek(2).kind == ")":
                kind = TYPE_WORDS.get(self.peek().text.lower())
                if kind is None and self.peek(3).kind in _BEGINS_VALUE:
                    raise self.no_type(self.peek())
                if kind is None or not self.begins_operand(self.peek(3)):
                    break
                self.advance(), self.advance(), self.advance()
                begun.append((token, kind))
            else:
                break
            if len(begun) > MAX_DEPTH:
                raise _Stop(_too_deep(token.start, self.token.end))
        node = self.negative_number(begun) or self.postfix()
        for token, kind in reversed(begun):
            if kind is None:
                node = nodes.Unary("-", node, token.start, node.end)
            else:
                node = nodes.Convert(kind, node, token.start, node.end)
        return node

    @staticmethod
    def begins_operand(token: Token) -> bool:
        return token.kind in _BEGINS_VALUE or token.kind in ("(", "[", "{", "-")

    def no_type(self, word: Token) -> _Stop:
        meant = _OTHER_TYPE_WORDS.get(word.text.lower())
        known = ", ".join(name for name in TYPE_WORDS if name != "bytearray")
        hint = f"Did you mean '{meant}'?" if meant else f"Known: {known}."
        return self.stop(f"'{word.text}' is no type that a cast can make.", word, hint)

    def negative_number(self, begun: list[tuple[Token, Kind | None]]) -> Node | None:
        """Fold `-` into a number right after it, so that the least int and long can be written."""
        if not begun or begun[-1][1] is not None or self.token.kind not in ("int", "long"):
            return None
        minus, _ = begun.pop()
        token = self.advance()
        number = self.constant_number(token, negative=True)
        return self.trailers(nodes.Constant(number.kind, number.value, minus.start, token.end))

    def constant_number(self, token: Token, negative: bool = False) -> nodes.Constant:
        sign = -1 if negative else 1
        if token.kind == "int":
            value = sign * int(token.text) if len(token.text) <= 40 else sign * 10**40
            if not _LEAST_INT <= value <= _GREATEST_INT:
                fits = _LEAST_LONG <= value <= _GREATEST_LONG
                hint = f"Write {token.text}L for a long." if fits else "Write it as a double, with a decimal point."
                raise self.stop(f"{token.text} does not fit an int.", token, hint, "PK205")
            return nodes.Constant(Kind.INT, value, token.start, token.end)
        if token.kind == "long":
            value = sign * int(token.text[:-1]) if len(token.text) <= 40 else sign * 10**40
            if not _LEAST_LONG <= value <= _GREATEST_LONG:
                raise self.stop(f"{token.text} does not fit a long.", token, "Write it as a double.", "PK205")
            return nodes.Constant(Kind.LONG, value, token.start, token.end)
        if token.kind == "float":
            return nodes.Constant(Kind.FLOAT, float(token.text[:-1]), token.start, token.end)
        return nodes.Constant(Kind.DOUBLE, float(token.text), token.start, token.end)

    def postfix(self) -> Node:
        return self.trailers(self.primary())

    def trailers(self, node: Node) -> Node:
        count = 0
        while self.token.kind in (".", "#"):
            count += 1
            if count > MAX_DEPTH:
                raise _Stop(_too_deep(node.start, self.token.end))
            if self.advance().kind == "#":
                key = self.map_key()
                node = nodes.MapGet(node, key, node.start, key.end)
            else:
                members, end = self.members()
                node = nodes.Dot(node, members, node.start, end)
        return node

    def map_key(self) -> Node:
        if self.token.kind == "text":
            return self.text_constant(self.advance())
        if self.token.kind == "name":
            token = self.advance()
            return nodes.Constant(Kind.CHARARRAY, token.text, token.start, token.end)
        raise self.unexpected("a key in single quotes is expected after '#'")

    def members(self) -> tuple[tuple[str | int, ...], int]:
        if self.token.kind != "(":
            token = self.advance()
            return (self.member(token),), token.end
        self.advance()
        found = [self.member(self.advance())]
        while self.token.kind == ",":
            self.advance()
            found.append(self.member(self.advance()))
        end = self.expect(")", "at the end of the projected fields").end
        return tuple(found), end

    def member(self, token: Token) -> str | int:
        if token.kind == "name":
            return token.text
        if token.kind == "position":
            return self.position_index(token)
        if token.kind == "end":
            raise self.stop("A field name or a position such as $0 is expected after '.'.", token)
        raise self.stop(f"A field name or a position such as $0 is expected after '.', not '{token.text}'.", token)

    def position_index(self, token: Token) -> int:
        if len(token.text) > 9:
            raise self.stop(f"The position {token.text} is too large.", token)
        return int(token.text[1:])

    def text_constant(self, token: Token) -> nodes.Constant:
        value, fault = unescape(token.text, token.start)
        if fault is not None:
            raise _Stop(Finding("PK201", fault.message, fault.start, fault.end))
        return nodes.Constant(Kind.CHARARRAY, value, token.start, token.end)

    def primary(self) -> Node:
        token = self.token
        match token.kind:
            case "name":
                return self.name_or_call()
            case "int" | "long" | "float" | "double":
                return self.constant_number(self.advance())
            case "text":
                return self.text_constant(self.advance())
            case "NULL":
                self.advance()
                return nodes.Constant(None, None, token.start, token.end)
            case "TRUE" | "FALSE":
                self.advance()
                return nodes.Constant(Kind.BOOLEAN, token.kind == "TRUE", token.start, token.end)
            case "position":
                self.advance()
                return nodes.Position(self.position_index(token), token.start, token.end)
            case "(":
                return self.parenthesis()
            case "[":
                return self.map_constant()
            case "{":
                return self.bag_constant()
            case "CASE":
                return self.case()
            case "variable":
                raise self.stop(
                    f"The variable '{token.text}' is not defined.",
                    hint="Define it, or write \\$ for a dollar.",
                    code="PK303",
                )
            case "end":
                before = self.tokens[self.at - 1].text if self.at else ""
                raise self.stop(f"Something is missing here: the expression ends after '{before}'.")
            case "=":
                raise self.stop("A single '=' does not compare.", hint="Did you mean '=='?")
            case _:
                raise self.stop(f"A value is expected here, not '{token.text}'.")

    def name_or_call(self) -> Node:
        start = self.advance()
        name, end = start.text, start.end
        # Dotted function names exist (`os.Family(ua)`): only a call can show that the dot belongs to the name.
        if self.token.kind == "." and self.peek().kind == "name" and self.peek(2).kind == "(":
            self.advance()
            tail = self.advance()
            name, end = f"{name}.{tail.text}", tail.end
        if self.token.kind != "(":
            return nodes.Name(name, start.start, end)
        self.advance()
        args: list[Node] = []
        if self.token.kind != ")":
            args.append(self.expression())
            while self.token.kind == ",":
                self.advance()
                args.append(self.expression())
        close = self.expect(")", f"at the end of the arguments of {name}")
        return nodes.FunctionCall(name, tuple(args), start.start, close.end, end)

    def parenthesis(self) -> Node:
        opening = self.advance()
        first = self.expression()
        if self.token.kind == ")":
            self.advance()
            return first
        items = [first]
        while self.token.kind == ",":
            self.advance()
            items.append(self.expression())
        if len(items) == 1 and self.token.kind != ")" and self.token.kind != "end":
            raise self.leftover()
        close = self.expect(")", "to close the parenthesis")
        return nodes.Build(Kind.TUPLE, tuple(items), opening.start, close.end)

    def bag_constant(self) -> Node:
        opening = self.advance()
        items: list[Node] = []
        if self.token.kind != "}":
            items.append(self.expression())
            while self.token.kind == ",":
                self.advance()
                items.append(self.expression())
        close = self.expect("}", "to close the bag")
        return nodes.Build(Kind.BAG, tuple(items), opening.start, close.end)

    def map_constant(self) -> Node:
        opening = self.advance()
        items: list[Node] = []
        while self.token.kind != "]":
            items.append(self.map_key_of_constant())
            self.expect("#", "between a key of a map and its value")
            items.append(self.expression())
            if self.token.kind != ",":
                break
            self.advance()
        close = self.expect("]", "to close the map")
        return nodes.Build(Kind.MAP, tuple(items), opening.start, close.end)

    def map_key_of_constant(self) -> Node:
        if self.token.kind in ("text", "name"):
            return self.map_key()
        raise self.unexpected("a key of the map is expected")

    def case(self) -> Node:
        opening = self.advance()
        subject = None if self.token.kind == "WHEN" else self.expression()
        branches: list[tuple[Node, Node]] = []
        while self.token.kind == "WHEN":
            self.advance()
            condition = self.expression()
            self.expect("THEN", "after the condition of WHEN")
            branches.append((condition, self.expression()))
        if not branches:
            raise self.unexpected("WHEN is expected in CASE")
        otherwise = None
        if self.token.kind == "ELSE":
            self.advance()
            otherwise = self.expression()
        close = self.expect("END", "to close CASE")
        return nodes.Case(subject, tuple(branches), otherwise, opening.start, close.end)

"""Trees and records made up, by the throws of a random number generator."""

from __future__ import annotations

import math
import struct
from random import Random
from typing import Any

from .calls import CALLS, java
from .tree import BOOLEAN, DATETIME, DOUBLE, FLOAT, INT, LONG, NUMBERS, SIMPLE, TEXT, TEXTS, Node, Type, When

TUPLE = Type("tuple", (INT, TEXT))
MAP, COUNTS, BAG = Type("map", (TEXT,)), Type("map", (LONG,)), Type("bag", (INT,))
ROOTS = (*SIMPLE, *SIMPLE, TEXTS, TUPLE, MAP, BAG)
POOLS: dict[Type, tuple[Any, ...]] = {
    INT: (0, 1, -1, 2, 3, 7, -7, 10, 100, 2**31 - 1, -(2**31), 46341, 2**24 + 1),
    LONG: (0, 1, -1, 3, -10, 1000, 2**31, 2**53 + 1, 10**12, 2**63 - 1, -(2**63), 3_037_000_500, 86_400_000),
    FLOAT: (0.0, -0.0, 1.0, -1.5, 2.5, 0.5, -0.5, 16777216.0, 0.10000000149011612, 3.4028234663852886e38,
            1.401298464324817e-45, math.nan, math.inf, -math.inf, 2147483648.0),
    DOUBLE: (0.0, -0.0, 1.0, -1.5, 2.5, 0.5, -0.5, 0.49999999999999994, 0.1, 1e10, 1e-5, 1e308, 5e-324, 2147483647.5, 9.3e18,
             -1e20, 123456.789, math.nan, math.inf, -math.inf, 1e7, 1e-3, 4503599627370497.5),
    TEXT: ("", " ", "a", "abc", "Ab c", "  a ", "8.75", " 7 ", "7", "-3", "+5", "1e2", "2147483647", "2147483648", "2147483649",
           "-2147483649", "9223372036854775807", "9223372036854775808", "1e400", "-1e30", "NaN", "Infinity", "2.5d", "1.5f",
           ".5", "5.", "12x", "true", "TRUE", "false", "é", "Straße", "😀", "a😀b", "\ue000", "\uffee", "\t x\n", "ab \n",
           "a-b--", "-", "a,b (c)", "2021-03-14", "2021-02-30", "2020-02-29T23:59:59.9Z", "2021-03-14T15:09:26.535+01:00",
           "2021-03-14 15:09", "20210314", "2021-3-4", "2021-03-14T24:00", "it's", "\\", "null", "0.1", "1.00000005960464477"),
    BOOLEAN: (True, False),
    DATETIME: (When(0), When(-1), When(1_615_730_966_535, 60), When(951_782_400_000, -480), When(253_402_300_799_999),
               When(253_402_300_800_000, -60), When(-62_135_596_800_001, 330), When(1_612_051_200_000),
               When(1_709_164_800_000, 120), When(4_102_444_800_000, -570), When(-2_208_988_800_000)),
}  # fmt: skip
PATTERNS = ("[a-z]*", ".*[0-9].*", "a.*", "(ab|c|-)+", "[^0-9]+", ".", "a?b?c?")
SINGLE_SIGNATURE = ("CEIL", "FLOOR", "SQRT", "ParseLongOrDefault", "ParseDoubleOrDefault", "ParseFloatOrDefault")
"""What takes narrower numbers, widened."""
BY_TYPE: dict[Type, list[str]] = {}
for _name, _function in CALLS.items():
    BY_TYPE.setdefault(_function.gives, []).append(_name)


def value(throw: Random, kind: Type) -> Any:
    """Return a value that is not null: from the pool of those where something may go wrong, or any."""
    if throw.random() < 0.7 or kind == BOOLEAN:
        return throw.choice(POOLS[kind])
    if kind in (INT, LONG):
        bits = throw.randrange(1, 32 if kind == INT else 64)
        return throw.randrange(-(2**bits), 2**bits)
    if kind == FLOAT:
        return struct.unpack("f", throw.randrange(2**32).to_bytes(4, "little"))[0]
    if kind == DOUBLE:
        return struct.unpack("d", throw.randrange(2**64).to_bytes(8, "little"))[0]
    if kind == TEXT:
        return "".join(throw.choice("ab cX01-.,eé😀\n") for _ in range(throw.randrange(6)))
    return When(throw.randrange(-(10**14), 3 * 10**14), 15 * throw.randrange(-48, 57))


def record(throw: Random, each: int = 3) -> dict[str, tuple[Type, Any]]:
    """Return fields with a type and a value; one in seven is null."""
    return {
        f"{kind.word[0]}{at}" if kind != DOUBLE else f"x{at}": (
            kind,
            None if throw.random() < 0.14 else value(throw, kind),
        )
        for kind in SIMPLE
        for at in range(each)
    }


class Maker:
    """Makes trees over the fields of a record."""

    def __init__(self, throw: Random, fields: dict[str, tuple[Type, Any]]) -> None:
        self.throw = throw
        self.names = {kind: [name for name, (one, _) in fields.items() if one == kind] for kind in SIMPLE}

    def root(self) -> Node:
        """Return a tree of any type."""
        return self.grow(self.throw.choice(ROOTS), self.throw.randrange(1, 5))

    def grow(self, kind: Type, depth: int) -> Node:
        """Return a tree of a type, at most so deep."""
        if kind not in SIMPLE:
            return self.call(self.throw.choice(BY_TYPE[kind]), depth)
        if depth <= 0 or self.throw.random() < 0.15:
            return self.leaf(kind)
        ways = ["call", "call", "cast", "conditional", "get"]
        ways += ["operator"] * (4 if kind == BOOLEAN or kind in NUMBERS else 0)
        return getattr(self, f"some_{self.throw.choice(ways)}")(kind, depth - 1)

    def leaf(self, kind: Type) -> Node:
        """Return a field or a constant."""
        if kind != DATETIME and self.throw.random() < 0.35:
            given = None if self.throw.random() < 0.1 else value(self.throw, kind)
            if not isinstance(given, float) or math.isfinite(given):
                return Node("literal", kind, given=given)
        return Node("field", kind, given=self.throw.choice(self.names[kind]))

    def some_call(self, kind: Type, depth: int) -> Node:
        return self.call(self.throw.choice(BY_TYPE.get(kind) or [""]), depth) if kind in BY_TYPE else self.leaf(kind)

    def call(self, name: str, depth: int) -> Node:
        """Return a call of a function, narrower numbers among its arguments where they are widened."""
        function, parts = CALLS[name], []
        for kind in function.takes:
            if isinstance(kind, str):
                parts.append(Node("literal", TEXT, given=kind))
            elif isinstance(kind, int):
                parts.append(Node("literal", INT, given=kind))
            else:
                narrow = name in SINGLE_SIGNATURE and kind in NUMBERS
                given = self.throw.choice(NUMBERS[: NUMBERS.index(kind) + 1]) if narrow else kind
                parts.append(self.grow(given, depth))
        return Node("call", function.gives, tuple(parts), name)

    def some_cast(self, kind: Type, depth: int) -> Node:
        given = self.throw.choice([one for one in SIMPLE if {one, kind} != {BOOLEAN, DATETIME}])
        return Node("cast", kind, (self.grow(given, depth),))

    def some_conditional(self, kind: Type, depth: int) -> Node:
        """Return a CASE, a ?: or a COALESCE; the branches of numbers may be narrower, but for one."""
        way = self.throw.randrange(4)
        branches = self.throw.randrange(1, 4) if way > 1 else 1
        results = [kind, *(self.narrower(kind) for _ in range(branches - self.throw.randrange(2) if way > 1 else 1))]
        self.throw.shuffle(results)
        other = (self.grow(results[branches], depth),) if len(results) > branches else ()
        if way == 0:
            return Node("call", kind, (self.grow(results[0], depth), *other), "COALESCE")
        if way == 1:
            return Node("?", kind, (self.grow(BOOLEAN, depth), self.grow(results[0], depth), *other))
        subject = self.throw.choice(SIMPLE) if way == 2 else None
        condition = self.alike(subject) if subject else BOOLEAN
        flat = [part for one in results[:branches] for part in (self.grow(condition, depth), self.grow(one, depth))]
        before = (self.grow(subject, depth),) if subject else ()
        return Node("case of" if subject else "case", kind, (*before, *flat, *other))

    def some_get(self, kind: Type, depth: int) -> Node:
        if kind == TEXT and self.throw.random() < 0.5:
            return Node("map get", TEXT, (self.grow(MAP, depth),), self.throw.choice(("a", "b", "A")))
        if kind == TEXT:
            holder, at = (TEXTS, self.throw.randrange(3)) if self.throw.random() < 0.5 else (TUPLE, 1)
            return Node("tuple get", TEXT, (self.grow(holder, depth),), at)
        if kind == LONG:
            return Node("map get", LONG, (self.grow(COUNTS, depth),), self.throw.choice(("a", "b")))
        if kind == INT:
            return Node("tuple get", INT, (self.grow(TUPLE, depth),), 0)
        return self.leaf(kind)

    def some_operator(self, kind: Type, depth: int) -> Node:
        if kind == BOOLEAN:
            return self.test(depth)
        if self.throw.random() < 0.2:
            return Node("negate", kind, (self.grow(kind, depth),))
        signs = "+-*/%" if kind in (INT, LONG) else "+-*/"
        pair = [kind, self.narrower(kind)]
        self.throw.shuffle(pair)
        return Node(self.throw.choice(signs), kind, tuple(self.grow(one, depth) for one in pair))

    def test(self, depth: int) -> Node:
        """Return a boolean operator."""
        way = self.throw.randrange(7)
        some = self.throw.choice(SIMPLE)
        if way == 0:
            parts = tuple(self.grow(BOOLEAN, depth) for _ in range(self.throw.randrange(2, 4)))
            return Node(self.throw.choice(("AND", "OR")), BOOLEAN, parts)
        if way == 1:
            return Node("NOT", BOOLEAN, (self.grow(BOOLEAN, depth),))
        if way == 2:
            return Node(self.throw.choice(("is null", "is not null")), BOOLEAN, (self.grow(some, depth),))
        if way == 3:
            pattern = self.throw.choice(PATTERNS)
            right = Node("literal", TEXT, given=pattern)
            return Node("matches", BOOLEAN, (self.grow(TEXT, depth), right), java(pattern))
        if way == 4:
            items = (self.grow(self.alike(some), depth) for _ in range(self.throw.randrange(1, 4)))
            return Node("IN", BOOLEAN, (self.grow(some, depth), *items))
        signs = ("==", "!=") if some == BOOLEAN else ("==", "!=", "<", "<=", ">", ">=")
        pair = (self.grow(some, depth), self.grow(self.alike(some), depth))
        return Node(self.throw.choice(signs), BOOLEAN, pair)

    def narrower(self, kind: Type) -> Type:
        """Return a type that widens to one."""
        return self.throw.choice(NUMBERS[: NUMBERS.index(kind) + 1]) if kind in NUMBERS else kind

    def alike(self, kind: Type) -> Type:
        """Return a type that compares with one."""
        return self.throw.choice(NUMBERS) if kind in NUMBERS else kind

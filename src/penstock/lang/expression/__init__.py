"""Expressions as text: tokens, a syntax tree, and its printer. The parser never raises; it returns a tree and findings."""

from penstock.lang.expression.parser import Finding, Parsed, parse
from penstock.lang.expression.printer import to_text

__all__ = ["Finding", "Parsed", "parse", "to_text"]

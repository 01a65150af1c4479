"""The document of a package: JSON in, a value out, and the wire's spelling back again."""

from penstock.lang.document.model import ComponentNode, Document, Edge
from penstock.lang.document.reader import read
from penstock.lang.document.writer import to_wire

__all__ = ["ComponentNode", "Document", "Edge", "read", "to_wire"]

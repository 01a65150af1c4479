"""The document of a package: JSON in, a value out, and the wire's spelling back again."""

from penstock.lang.document.connections import connection_key, connection_keys, texts_of
from penstock.lang.document.model import ComponentNode, Document, Edge
from penstock.lang.document.reader import read
from penstock.lang.document.writer import to_wire

__all__ = ["ComponentNode", "Document", "Edge", "connection_key", "connection_keys", "read", "texts_of", "to_wire"]

"""`penstock openapi`: the description of the HTTP API."""

from __future__ import annotations

import json
import sys

from penstock.wiring import server


def command() -> None:
    """Print the OpenAPI document of the server as JSON.

    Example: penstock openapi > openapi.json
    """
    sys.stdout.write(json.dumps(server.nowhere().openapi(), indent=2, ensure_ascii=False) + "\n")

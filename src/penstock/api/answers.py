"""Answers: JSON in ASCII under the media type of the wire, whole and never chunked, compressed when that is accepted."""

from __future__ import annotations

import gzip
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from penstock.api import jsonp
from penstock.api.versions import MEDIA_TYPE

_ENCODE = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode
_WORTH_COMPRESSING = 1024
_LEVEL = 5
_GZIP = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q\s*=\s*([0-9.]+)\s*)?(?=,|$)", re.IGNORECASE)


def encode(value: Any) -> bytes:
    """Return a value as JSON text in ASCII; a number that JSON lacks becomes its name as text.

    >>> encode({"name": "S\\u00e3o", "left": 1.5})
    b'{"name":"S\\\\u00e3o","left":1.5}'
    """
    try:
        return _ENCODE(value).encode("ascii")
    except ValueError:
        return _ENCODE(_finite(value)).encode("ascii")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether an Accept-Encoding header admits gzip.

    >>> accepts_gzip("gzip, deflate"), accepts_gzip("identity"), accepts_gzip("gzip;q=0")
    (True, False, False)
    """
    return any(
        float(found[1] or 1) > 0 for found in _GZIP.finditer(accept_encoding) if (found[1] or "1").count(".") < 2
    )


def json_answer(
    value: Any,
    status: int = 200,
    *,
    callback: str | None = None,
    compress: bool = False,
    media_type: str = MEDIA_TYPE,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the answer that carries *value*: JSON, or JSONP when there is a *callback*."""
    body = encode(value)
    extra = dict(headers or {})
    if callback is not None:
        body = jsonp.wrap(body, callback)
        media_type = jsonp.MEDIA_TYPE
        extra["x-content-type-options"] = "nosniff"
    if compress and len(body) >= _WORTH_COMPRESSING:
        body = gzip.compress(body, _LEVEL, mtime=0)
        extra["content-encoding"] = "gzip"
        extra["vary"] = "Accept-Encoding"
    return Response(body, status, {"content-type": media_type, **extra})

"""Cross-origin rules: any origin may call, because every call carries its own key and no cookie."""

from __future__ import annotations

SHARED = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Link, X-RateLimit-Limit, X-RateLimit-Remaining"),
)
"""Headers of every answer."""

PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    (b"access-control-allow-headers", b"Accept, Authorization, Content-Type"),
    (b"access-control-max-age", b"86400"),
)
"""Further headers of the answer to OPTIONS."""

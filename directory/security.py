"""Who may do what, and what every answer tells a browser: permissions, rate limits, headers, CORS."""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from collections.abc import Iterator, Mapping
from enum import Enum
from ipaddress import IPv6Address, ip_address

from flask import Flask, Response, request
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests
from werkzeug.routing import Rule

from directory.config import Settings
from directory.errors import NotFound

log = logging.getLogger(__name__)


class Who(Enum):
    PUBLIC = "anyone"
    OPERATOR = "a program on this machine that asks directly, or anyone where METRICS_PUBLIC is set"


# Every route stands here: "METHOD /rule" -> who may. What does not stand here is refused, and a test fails.
PERMISSIONS: Mapping[str, Who] = {
    "GET /": Who.PUBLIC,
    "GET /health": Who.PUBLIC,
    "GET /ready": Who.PUBLIC,
    "GET /metrics": Who.OPERATOR,
    "GET /problems/<code>": Who.PUBLIC,
    "GET /api/openapi.json": Who.PUBLIC,
    "GET /api/docs": Who.PUBLIC,
    "GET /api/docs/<name>": Who.PUBLIC,
    "GET /api/v1/search": Who.PUBLIC,
    "POST /api/v1/search": Who.PUBLIC,
    "GET /api/v1/suggest": Who.PUBLIC,
    "GET /api/v1/needs": Who.PUBLIC,
    "GET /api/v1/services/<id>": Who.PUBLIC,
    "GET /api/v1/organizations/<id>": Who.PUBLIC,
    "GET /api/v1/locations/<id>": Who.PUBLIC,
}

# Nothing from elsewhere, nothing inline. Pictures within style sheets are data: addresses.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "browsing-topics=(), camera=(), geolocation=(self), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",  # unless the view says more
}
HSTS = "max-age=31536000; includeSubDomains"

OPEN_TO_OTHER_SITES = "/api/"  # no cookie is read there, so any site may ask, without credentials
CORS: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Last-Modified, Retry-After, X-Request-Id",
}
PREFLIGHT: Mapping[str, str] = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Accept-Language, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}

RATE_LIMITED = "/api/v1/"


def permission_names(rule: Rule) -> Iterator[str]:
    """What a route is called in PERMISSIONS; HEAD and OPTIONS tell nothing that the others do not."""
    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
        yield f"{method} {rule.rule}"


def register(app: Flask, settings: Settings) -> None:
    headers = dict(HEADERS)
    if settings.environment == "production":
        headers["Strict-Transport-Security"] = HSTS
    limiter = RateLimiter(settings.rate_limits)

    def permit() -> None:
        rule = request.url_rule
        if (
            rule is None or request.method == "OPTIONS"
        ):  # 404 and 405 are Flask's; OPTIONS never reaches a view
            return
        method = "GET" if request.method == "HEAD" else request.method
        who = PERMISSIONS.get(f"{method} {rule.rule}")
        if who is None:
            log.error("a route has no entry in the table of permissions", extra={"route": rule.rule})
            raise NotFound()
        if who is Who.OPERATOR and not (settings.metrics_public or _asks_directly_from_here()):
            raise NotFound()

    def limit() -> None:
        counted = request.path.startswith(RATE_LIMITED) and request.method != "OPTIONS"
        if counted and not _asks_directly_from_here():
            wait = limiter.take(request.remote_addr or "")
            if wait:
                raise TooManyRequests(retry_after=wait)

    def harden(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if request.path.startswith(OPEN_TO_OTHER_SITES):
            response.headers.update(CORS)
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            if request.method == "OPTIONS":
                response.headers.update(PREFLIGHT)
        return response

    app.before_request(limit)
    app.before_request(permit)
    app.after_request(harden)


def _asks_directly_from_here() -> bool:
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


class RateLimiter:
    """How much one client may ask of this process. ``limits``: as the setting RATE_LIMITS.

    A client is known by a keyed hash of its address, whose key dies with the process, and is forgotten when
    its window ends. An IPv6 client is its /64 network, of which one subscriber has at least one.
    """

    def __init__(self, limits: str) -> None:
        self._items: list[RateLimitItem] = [] if limits == "off" else parse_many(limits)
        self._key = secrets.token_bytes(32)
        self._windows = FixedWindowRateLimiter(MemoryStorage()) if self._items else None

    def take(self, address: str) -> int:
        """Count one request. Returns 0, or the seconds to wait when the limit is reached."""
        if self._windows is None:
            return 0
        client = hashlib.blake2b(_network(address).encode(), key=self._key, digest_size=16).hexdigest()
        wait = 0
        for item in self._items:
            if not self._windows.hit(item, client):
                until = self._windows.get_window_stats(item, client).reset_time
                wait = max(wait, int(until - time.time()) + 1)
        return wait


def _network(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address) and known.ipv4_mapped is None:
        return str(int(known) >> 64)
    return str(known)

"""Who may do what, and what every answer tells a browser: permissions, rate limits, headers, CORS."""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

from flask import Flask, request
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests
from werkzeug.routing import Rule

from directory.config import Settings
from directory.errors import NotFound

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

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
WAIT = "veiviser.wait"  # in a request's environment: the seconds that its sender has to wait


def permission_names(rule: Rule) -> Iterator[str]:
    """What a route is called in PERMISSIONS; HEAD and OPTIONS tell nothing that the others do not."""
    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
        yield f"{method} {rule.rule}"


def register(app: Flask, settings: Settings) -> None:
    """Stand before the application, and within it before each view. Register after all that answers requests."""

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
        if who is Who.OPERATOR and not (settings.metrics_public or _asks_directly(request.environ)):
            raise NotFound()

    def refuse() -> None:
        if wait := request.environ.get(WAIT):
            raise TooManyRequests(retry_after=wait)

    app.before_request(refuse)
    app.before_request(permit)
    app.wsgi_app = guarded(app.wsgi_app, settings)  # type: ignore[assignment, method-assign]


def guarded(application: WSGIApplication, settings: Settings) -> WSGIApplication:
    """``application``, whose answers get our headers, and whose callers are counted: who asks too much has under WAIT,
    in the request's environment, the seconds to wait, and is not to be answered."""
    limiter = RateLimiter(settings.rate_limits)
    headers = dict(HEADERS)
    if settings.environment == "production":
        headers["Strict-Transport-Security"] = HSTS
    elsewhere = {**headers, **CORS, "Cross-Origin-Resource-Policy": "cross-origin"}
    ours, open_, preflight = map(_by_name, (headers, elsewhere, {**elsewhere, **PREFLIGHT}))

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = "/" + environ["PATH_INFO"].lstrip("/")
        asks_first = environ["REQUEST_METHOD"] == "OPTIONS"
        if path.startswith(RATE_LIMITED) and not asks_first and not _asks_directly(environ):
            environ[WAIT] = limiter.take(environ.get("REMOTE_ADDR") or "")
        added = ours if not path.startswith(OPEN_TO_OTHER_SITES) else preflight if asks_first else open_

        def start(status: str, given: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            named = {name.lower() for name, _ in given}
            return start_response(status, given + [h for name, h in added if name not in named], *error)

        return application(environ, start)

    return answer


def _by_name(headers: Mapping[str, str]) -> tuple[tuple[str, tuple[str, str]], ...]:
    return tuple((name.lower(), (name, value)) for name, value in headers.items())


def _asks_directly(environ: WSGIEnvironment) -> bool:
    """Whether a program on this machine asks, and nobody through it."""
    if "HTTP_X_FORWARDED_FOR" in environ or "HTTP_FORWARDED" in environ:
        return False
    address = environ.get("REMOTE_ADDR") or ""
    if address == "127.0.0.1":  # most often, and quicker than to parse it
        return True
    try:
        return ip_address(address).is_loopback
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

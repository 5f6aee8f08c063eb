"""Who is let in, and what every answer tells a browser: permissions, keys in addresses, rate limits, headers, CORS."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

from flask import Flask, g, request
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests
from werkzeug.routing import Rule

from directory.config import Settings
from directory.errors import KeyInAddress, NotAllowed, NotFound, NotSignedIn
from directory.languages import INTERFACE
from directory.partners.access import Identity
from directory.permissions import PERMISSIONS, Entry, Who, allows

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)


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
_Named = tuple[tuple[str, tuple[str, str]], ...]  # each header, and its name in lower case before it
HSTS = "max-age=31536000; includeSubDomains"

HELD_BY_OTHER_SITES = "/embed"  # in a frame: by whom, each answer says in its policy, else by none
OPEN_TO_OTHER_SITES = "/api/"  # any site may ask, without credentials
# But not here, where cookies and keys are read.
CLOSED_TO_OTHER_SITES = tuple(
    f"/api/v1/{name}"
    for name in ("session", "partner", "members", "keys", "referrals", "webhooks", "corrections")
)
CORS: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Last-Modified, Retry-After, X-Request-Id",
}
PREFLIGHT: Mapping[str, str] = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Accept-Language, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}

# What costs something and is open to anybody.
RATE_LIMITED = (
    "/api/v1/",
    *(f"/{language}/" for language in INTERFACE),
    "/embed",
    "/tiles/",
    "/desk/sign-in",
    "/desk/invitation",
    "/desk/reset",
    "/desk/received/",
)
ALWAYS_ANSWERED = frozenset(f"/{language}/emergency" for language in INTERFACE)  # for it costs nearly nothing
WAIT = "veiviser.wait"  # in a request's environment: the seconds that its sender has to wait
HOLDS_KEY = "veiviser.holds-key"  # and whether a key stands in its query string

# A key of ours, whole or in part, or a name under which programs send one.
_KEY = re.compile(
    r"veiviser(_|%5f)[0-9a-z]{20}|(^|[&;])(access_?token|api[_-]?key|key|token)=", re.IGNORECASE
)


def permission_names(rule: Rule) -> Iterator[str]:
    """What a route is called in PERMISSIONS; HEAD and OPTIONS tell nothing that the others do not."""
    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
        yield f"{method} {rule.rule}"


def register(app: Flask, settings: Settings, who_asks: Callable[[], Identity | None]) -> None:
    """Stand before the application, and within it before each view. Register after all that answers requests.

    ``who_asks``: of the request that is being answered; asked only where the route needs to know.
    """

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
        if who not in (Who.PUBLIC, Who.OPERATOR):
            g.identity = known(who)

    def known(who: Entry) -> Identity:
        """Raises NotSignedIn, NotAllowed, FromAnotherSite, before anything is looked up for the request."""
        identity = who_asks()
        if identity is None:
            raise NotSignedIn("Sign in, or send a valid key as Authorization: Bearer.")
        if not allows(who, identity):
            raise NotAllowed("Your role or key does not allow this.")
        return identity

    def refuse() -> None:
        if HOLDS_KEY in request.environ:
            raise KeyInAddress(
                "A key never stands in an address, where logs keep it. "
                "Make a new one, and send it as Authorization: Bearer."
            )
        if "\0" in request.path:  # names nothing, and PostgreSQL takes no text with it
            raise NotFound()
        if wait := request.environ.get(WAIT):
            raise TooManyRequests(retry_after=wait)

    app.before_request(refuse)
    app.before_request(permit)
    app.wsgi_app = guarded(app.wsgi_app, settings)  # type: ignore[assignment, method-assign]


def guarded(application: WSGIApplication, settings: Settings) -> WSGIApplication:
    """``application``, whose answers get our headers, and whose callers are counted: who asks too much has under WAIT,
    in the request's environment, the seconds to wait, and is not to be answered; nor is who sends a key in the query
    string, and has HOLDS_KEY there."""
    limiter = RateLimiter(settings.rate_limits)
    headers = dict(HEADERS)
    if settings.environment == "production":
        headers["Strict-Transport-Security"] = HSTS
    elsewhere = {**headers, **CORS, "Cross-Origin-Resource-Policy": "cross-origin"}
    framed = {name: said for name, said in headers.items() if name != "X-Frame-Options"}
    framed["Cross-Origin-Resource-Policy"] = "cross-origin"
    ours, open_, preflight, held = map(_by_name, (headers, elsewhere, {**elsewhere, **PREFLIGHT}, framed))

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = "/" + environ["PATH_INFO"].lstrip("/")
        asks_first = environ["REQUEST_METHOD"] == "OPTIONS"
        counted = path.startswith(RATE_LIMITED) and path not in ALWAYS_ANSWERED
        if counted and not asks_first and not _asks_directly(environ):
            environ[WAIT] = limiter.take(environ.get("REMOTE_ADDR") or "")
        query = environ.get("QUERY_STRING")
        if query and _holds_key(query):
            environ[HOLDS_KEY] = True
        if path.startswith(HELD_BY_OTHER_SITES):
            added = held
        elif not path.startswith(OPEN_TO_OTHER_SITES) or path.startswith(CLOSED_TO_OTHER_SITES):
            added = ours
        else:
            added = preflight if asks_first else open_

        def start(status: str, given: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            beside = _beside(added, tuple([name for name, _ in given]))
            return start_response(status, [*given, *beside], *error)

        return application(environ, start)

    return answer


@lru_cache(maxsize=256)
def _beside(added: _Named, given: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Those of our headers that are not given: answers have the same names over and over."""
    named = {name.lower() for name in given}
    return tuple(header for name, header in added if name not in named)


def _by_name(headers: Mapping[str, str]) -> _Named:
    return tuple((name.lower(), (name, value)) for name, value in headers.items())


def _holds_key(query: str) -> bool:
    folded = (
        query.lower()
    )  # nearly none holds any of these, which is quicker to find out so than by the pattern
    return ("veiviser" in folded or "key" in folded or "token" in folded) and bool(_KEY.search(query))


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

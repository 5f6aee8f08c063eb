"""Who is asking: a partner's system by its key, or a person by the cookie of a sign-in.

A key stands in ``Authorization: Bearer`` and nowhere else. A cookie is sent by the browser whether its owner means to
or not, so whatever changes something by it must come from our own pages (Sec-Fetch-Site, else Origin).
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from flask import Request, Response, g, request

from directory.config import Settings
from directory.database import Database
from directory.errors import FromAnotherSite, NotSignedIn
from directory.partners import accounts, keys
from directory.partners.access import Identity

SESSION = "veiviser-session"
DEVICE = "veiviser-device"  # tells a sign-in that this device has signed in before; see ``lockout``
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def of_request(database: Database, settings: Settings, now: datetime) -> Identity | None:
    """Who sends the request that is being answered, or None. Raises FromAnotherSite.

    A key that is not valid is nobody, also where there is a cookie beside it.
    """
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return keys.identity_of(database, credentials.strip(), now)
    token = token_of_request(settings)
    present = accounts.who(database, token, now) if token else None
    if present is None:
        return None
    if request.method not in SAFE_METHODS and not from_our_pages(request, settings):
        raise FromAnotherSite("What a signed-in person changes must be sent from our own pages.")
    g.present = present
    return present.identity


def token_of_request(settings: Settings) -> str:
    """What stands for the sign-in, as the browser holds it; empty where it holds none."""
    return request.cookies.get(cookie_name(SESSION, settings), "")


def asking() -> Identity:
    """Who is asking, at a route that only those we know may ask for."""
    identity: Identity | None = g.get("identity")
    if identity is None:
        raise NotSignedIn("Sign in, or send a valid key as Authorization: Bearer.")
    return identity


def present() -> accounts.Present:
    """Who is signed in and until when, at a route for people only."""
    found: accounts.Present | None = g.get("present")
    if found is None:
        raise NotSignedIn("Sign in.")
    return found


def from_our_pages(asked: Request, settings: Settings) -> bool:
    """Whether a browser says that this comes from our own origin, or from nobody's page but its owner's own hand."""
    site = asked.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = asked.headers.get("Origin")
    # The host that the browser itself asked for can't be chosen by another site's page.
    return origin is not None and origin in (_origin(settings.base_url), f"{asked.scheme}://{asked.host}")


def refuse_other_sites(settings: Settings) -> None:
    """For what sets a cookie and needs none: refuse what a browser says comes from another site's page, or nobody could
    tell in whose name they are signed in. Programs that are no browser say nothing. Raises FromAnotherSite."""
    says = "Sec-Fetch-Site" in request.headers or "Origin" in request.headers
    if says and not from_our_pages(request, settings):
        raise FromAnotherSite("A sign-in must be sent from our own pages.")


def cookie_name(name: str, settings: Settings) -> str:
    """In production bound to this very host, https and path / by its prefix (RFC 6265bis)."""
    return f"__Host-{name}" if settings.environment == "production" else name


def set_cookie(
    response: Response, name: str, value: str, settings: Settings, *, seconds: int | None = None
) -> None:
    """``seconds``: None, until the browser is closed; 0: gone at once."""
    response.set_cookie(
        cookie_name(name, settings),
        value,
        max_age=seconds,
        path="/",
        secure=settings.environment == "production",
        httponly=True,
        samesite="Lax",
    )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"

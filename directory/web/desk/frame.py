"""What the frame of the desk asks: who is at the desk, and where one can go from here."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, Response, g, request

from directory.api.rooms import rooms
from directory.identity import present
from directory.partners.access import Identity
from directory.permissions import PERMISSIONS, allows
from directory.web.wording import gettext as _

DESK = "/desk"
WARN_S = 5 * 60  # so long before a sign-in ends, somebody with a page open is warned (WCAG 2.2.1)


@dataclass(frozen=True, slots=True)
class Place:
    path: str
    label: str
    here: bool  # the page stands there, or below
    exactly: bool


def desk_person() -> Identity | None:
    """Who is at the desk, as far as the page that is being answered had to know."""
    found: Identity | None = g.get("identity")
    return None if found is None or found.is_key else found


def desk_navigation() -> list[Place]:
    """Where this person may go: what the table of permissions allows, so nothing that would be refused."""
    person = desk_person()
    if person is None:
        return []
    here = request.path.rstrip("/")
    found = []
    for path, label in _places().items():
        entry = PERMISSIONS.get(f"GET {path}")
        if entry is not None and allows(entry, person):
            below = path != DESK and here.startswith(f"{path}/")
            found.append(Place(path, label, here == path or below, here == path))
    return found


def desk_here() -> str:
    """Where to come back to after another language was chosen: a page that can be asked for, else the first."""
    return own_path(request.full_path.rstrip("?")) if request.method == "GET" else DESK


def desk_seconds_left() -> int:
    """Until the sign-in ends, unless something is asked before."""
    return int((present().until - rooms().clock()).total_seconds())


def own_path(wanted: str | None) -> str:
    """``wanted``, where that is an address of the desk's own on this very host; else the first page.

    >>> own_path("/desk/in?status=requested"), own_path("//evil.example/desk"), own_path("/desk/../x")
    ('/desk/in?status=requested', '/desk', '/desk')
    """
    path = (wanted or "").partition("?")[0]
    is_ours = path == DESK or path.startswith(f"{DESK}/")
    strange = not (wanted or "").isprintable() or not (wanted or "").isascii() or "\\" in (wanted or "")
    if not is_ours or strange or "//" in path or ".." in path:
        return DESK
    return str(wanted)


def _places() -> dict[str, str]:
    return {
        DESK: _("Desk"),
        f"{DESK}/search": _("Search"),
        f"{DESK}/in": _("In"),
        f"{DESK}/out": _("Out"),
        f"{DESK}/due": _("Due"),
        f"{DESK}/redeem": _("Redeem"),
        f"{DESK}/reports": _("Reports"),
        f"{DESK}/corrections": _("Mistakes in entries"),
        f"{DESK}/settings": _("Settings"),
    }


def _name_our_origin(response: Response) -> Response:
    """A browser that sends no Sec-Fetch-Site tells where a form comes from by Origin, but "null" under our no-referrer;
    so pages of the desk, and they alone, may be named to our own origin."""
    if request.path == DESK or request.path.startswith(f"{DESK}/"):
        response.headers.setdefault("Referrer-Policy", "same-origin")
    return response


def register(app: Flask) -> None:
    app.jinja_env.globals.update(
        desk_person=desk_person,
        desk_navigation=desk_navigation,
        desk_here=desk_here,
        desk_seconds_left=desk_seconds_left,
        desk_warning_seconds=WARN_S,
    )
    app.after_request(_name_our_origin)

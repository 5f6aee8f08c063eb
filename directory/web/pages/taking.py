"""The list that a client takes along: on paper, on the phone, by message. We keep nothing of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup

from directory.api.rooms import rooms
from directory.errors import NotFound
from directory.web.assets import contents
from directory.web.pages.frame import for_a_client, take_language
from directory.web.pages.list_address import address_of, fragment_of, ids_in, message_with, qr_code
from directory.web.pages.taken import Taken, host_of, looked_up, taken_along
from directory.web.wording import gettext as _
from directory.web.wording import page_language

blueprint = Blueprint("pages_list", __name__, url_prefix="/<lang:lang>/list")
blueprint.url_value_preprocessor(take_language)
blueprint.after_request(for_a_client)

MOST = 30  # services on a list
LONGEST = 80  # characters of an id or slug
LONGEST_LINK = 4000  # characters of a pasted link


@dataclass(frozen=True, slots=True)
class TakenList:
    """A list as its page shows it. ``gone``: how many there are not, ``left_out``: were too many, ``damaged``: pieces
    of a link that name nothing."""

    made: datetime
    services: tuple[Taken, ...] = ()
    gone: int = 0
    left_out: int = 0
    damaged: int = 0
    unreadable: bool = False  # a link that names no service at all
    asked: bool = False  # for a list, if an empty one

    @property
    def ids(self) -> list[UUID]:
        return [one.id for one in self.services]

    @property
    def fragment(self) -> str:
        return fragment_of(self.ids)

    @property
    def address(self) -> str:
        return address_of(rooms().settings.base_url.rstrip("/"), page_language(), self.ids)

    @property
    def message(self) -> str:
        return message_with(_("Here is the list: %(address)s") % {"address": self.address})

    @property
    def qr(self) -> Markup:
        return Markup(qr_code(self.address))  # nosec B704: squares


@blueprint.get("")
def empty() -> str:
    """Says how a list is made; a script puts the one in place that stands behind the #."""
    return _page(TakenList(rooms().clock()))


@blueprint.post("")
def show() -> tuple[str, int]:
    """The list of ``id`` (ids or slugs, in their order) and of ``link``, without those in ``remove``."""
    link = request.form.get("link", "")[:LONGEST_LINK]
    linked, damaged = ids_in(link)
    removed = set(request.form.getlist("remove"))
    named = (one.strip()[:LONGEST] for one in request.form.getlist("id"))
    wanted = _each_once([*(one for one in named if one and one not in removed), *map(str, linked)])
    house = rooms()
    now = house.clock()
    with house.database.reading() as session:
        entries, gone = looked_up(session, wanted[:MOST], now.date())
    whole = TakenList(
        made=now,
        services=tuple(taken_along(entry, page_language(), now) for entry in entries),
        gone=gone,
        left_out=max(0, len(wanted) - MOST),
        damaged=damaged,
        unreadable="link" in request.form and not wanted,
        asked=True,
    )
    return _page(whole), 422 if whole.unreadable else 200


@blueprint.get("/kept.js")
def kept() -> Response:
    """The script that answers for this one address where somebody keeps the list on the phone, and for no other."""
    script = contents("kept.js")
    if script is None:
        raise NotFound()
    response = Response(script[0], mimetype="text/javascript")
    response.headers["Service-Worker-Allowed"] = f"/{page_language()}/list"
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(script[1])
    response.make_conditional(request)
    return response


def _page(whole: TakenList) -> str:
    again = [("id", str(one)) for one in whole.ids] if whole.asked else None
    return render_template("pages/list.html", taken=whole, again=again, most=MOST, host_of=host_of)


def _each_once(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))

"""All that is known of one service. Asks the database alone, so that it is there while the search is not."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime

from babel.dates import format_skeleton
from flask import Blueprint, Response, make_response, render_template, request

from directory.api.rooms import rooms
from directory.catalogue import reading
from directory.catalogue.assembly import NOT_CONFIRMED
from directory.catalogue.entries import Place, Schedule, ServiceEntry, Source
from directory.errors import NotFound
from directory.hours import in_words, state_at
from directory.languages import pick
from directory.web.pages import for_whom, reaching
from directory.web.pages.frame import for_a_client, take_language
from directory.web.pages.week_ahead import Week, week_ahead
from directory.web.wording import day, page_language
from directory.web.wording import gettext as _

blueprint = Blueprint("pages_service", __name__, url_prefix="/<lang:lang>/services")
blueprint.url_value_preprocessor(take_language)
blueprint.after_request(for_a_client)

# What texts are in that do not say so themselves: the sources of a country, mostly.
_WRITTEN_IN = {"NO": "nb", "SE": "sv", "DK": "da", "FI": "fi", "IS": "is", "EE": "et", "RU": "ru"}
_PART_OF_A_DAY = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?")


@dataclass(frozen=True, slots=True)
class Hours:
    """``state``: open, closed or unknown, now; ``text`` says it. ``week`` None: the hours are not known."""

    state: str
    text: str
    week: Week | None


@dataclass(frozen=True, slots=True)
class Stop:
    """A location. ``hours``: where they are its own. ``map``: what opens it in the phone's map, where that finds it."""

    place: Place
    street: str
    town: str
    map: str | None
    accessibility: list[str]
    hours: Hours | None


@blueprint.get("/<id>")
def service(id: str) -> Response | tuple[str, int]:
    house = rooms()
    now = house.clock()
    try:
        with house.database.reading() as session:
            entry = reading.entry(session, id, today=now.date())
    except NotFound:
        return render_template("pages/gone.html"), 404
    response = make_response(render_template("pages/service.html", **_shown(entry, now)))
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
    response.make_conditional(request)
    return response


def _shown(entry: ServiceEntry, now: datetime) -> dict[str, object]:
    lang = page_language()
    labels = rooms().needs
    stops = [_stop(place, now) for place in entry.locations]
    hours = hours_of(entry.schedule, now) if entry.schedule else None
    if hours is None and len(stops) == 1:  # what holds at the only place, holds for all of it
        hours, stops = stops[0].hours, [replace(stops[0], hours=None)]
    return {
        "entry": entry,
        "name": pick(entry.names, lang) or (lang, entry.slug),
        "description": pick(entry.descriptions, lang),
        "alert": pick(entry.alerts, lang),
        "written_in": _WRITTEN_IN.get(entry.country),
        "doubt": _doubt(entry),
        "lines": [reaching.line(phone, entry.country) for phone in entry.phones],
        "chat": _followed(entry.chat_url),
        "mail": reaching.mail_address(entry.email) if entry.email else "",
        "website": _followed(entry.url),
        "hours": hours,
        "stops": stops,
        "has_hours": any(stop.hours for stop in stops),
        "needs": [labels.label(slug, lang) for slug in entry.needs if slug in labels],
        "spoken": list(for_whom.spoken(entry)),
        "ages": for_whom.ages(entry),
        "audiences": for_whom.audiences(entry),
        "capacity": for_whom.capacity(entry),
        "costs": [(cost, for_whom.amount(cost)) for cost in entry.costs],
        "areas": [for_whom.area(one) for one in entry.areas],
        "sources": [(reaching.link(one.reference), _when(one)) for one in entry.sources],
    }


def hours_of(schedule: Schedule, now: datetime) -> Hours:
    state = state_at(schedule.opening_hours, schedule.timezone, now)
    lang = page_language()
    return Hours(state.state, in_words(state, now, lang), week_ahead(schedule, now, lang))


def _stop(place: Place, now: datetime) -> Stop:
    town = " ".join(part for part in (place.postal_code, place.city or place.municipality) if part)
    return Stop(
        place,
        place.address_1 or "",
        town,
        reaching.map_address(place, request.user_agent.string),
        for_whom.accessibility(place.accessibility),
        hours_of(place.schedule, now) if place.schedule else None,
    )


def _followed(address: str | None) -> reaching.Link | None:
    return reaching.link(address) if address else None


def _doubt(entry: ServiceEntry) -> str:
    if entry.status in for_whom.DOUBTS:
        return _(for_whom.DOUBTS[entry.status])
    confirmed = NOT_CONFIRMED not in (entry.trust.source or "")
    return "" if confirmed else _("Nobody has confirmed this to us. Ask them first.")


def _when(source: Source) -> str:
    """When the source said so: a day, a month or a year; as it is written, where it is none of these."""
    found = _PART_OF_A_DAY.fullmatch(source.checked or "")
    if found is None:
        return source.checked or ""
    try:
        parts = [int(part) for part in found.groups(default="01")]
        on = datetime(*parts).date()  # type: ignore[arg-type]
    except ValueError:  # the 31st of February
        return source.checked or ""
    if found[3]:
        return day(on)
    locale = "en_GB" if page_language() == "en" else page_language()
    return str(format_skeleton("yMMMM" if found[2] else "y", on, locale=locale))

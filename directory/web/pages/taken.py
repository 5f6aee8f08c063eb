"""A service as it is taken along: where it is, when it is open, whom to call. Never what one goes there for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from directory.catalogue import reading
from directory.catalogue.entries import Phone, Place, Schedule, ServiceEntry
from directory.errors import NotFound
from directory.hours import OpenState, in_words, state_at
from directory.languages import pick
from directory.web.pages.usual_week import usual_week

_SLUG = re.compile(r"[\w-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Hours:
    """``state`` and ``text``: as it is now. ``week``: as it usually is, see ``usual_week``."""

    state: str
    text: str
    week: tuple[tuple[str, str], ...]

    @property
    def always(self) -> bool:
        """What is so now is so all the time."""
        return self.week == (("", self.text),)


@dataclass(frozen=True, slots=True)
class Stop:
    """A place to go to. ``address``: None where it is not shown. ``hours``: None where they are the service's own."""

    name: str | None
    address: str | None
    town: str | None
    withheld: bool
    hours: Hours | None


@dataclass(frozen=True, slots=True)
class Taken:
    """Texts are (language, text). ``hours``: None where they are not known."""

    id: UUID
    name: tuple[str, str]
    organization: str | None
    alert: tuple[str, str] | None
    phones: tuple[Phone, ...]
    stops: tuple[Stop, ...]
    hours: Hours | None
    url: str | None
    chat_url: str | None


def looked_up(session: Session, wanted: Sequence[str | UUID], today: date) -> tuple[list[ServiceEntry], int]:
    """The services in the order in which they are wanted, by id or slug, each once; and how many there are not."""
    keys = {key for one in wanted if (key := _key(one)) is not None}
    found = {UUID(entry.id): entry for entry in reading.entries(session, keys, today=today)}
    order: dict[UUID, ServiceEntry] = {}
    missing: set[str] = set()
    for one in wanted:
        key = _key(one)
        entry = found.get(key) if key else _by_slug(session, str(one), today)
        if entry is None:
            missing.add(str(key or one))
        else:
            order.setdefault(UUID(entry.id), entry)
    return list(order.values()), len(missing)


def taken_along(entry: ServiceEntry, lang: str, now: datetime) -> Taken:
    """``now``: aware."""
    name = pick(entry.names, lang) or (lang, entry.organization.name)
    return Taken(
        id=UUID(entry.id),
        name=name,
        organization=entry.organization.name if entry.organization.name not in name[1] else None,
        alert=pick(entry.alerts, lang),
        phones=entry.phones,
        stops=tuple(_stop(place, lang, now) for place in entry.locations),
        hours=_hours(entry.schedule, lang, now),
        url=_web(entry.url),
        chat_url=_web(entry.chat_url),
    )


def _stop(place: Place, lang: str, now: datetime) -> Stop:
    town = " ".join(part for part in (place.postal_code, place.city) if part)
    address = ", ".join(part for part in (place.address_1, town) if part)
    return Stop(
        name=place.name,
        address=address if place.address_1 else None,
        town=place.city or place.municipality,
        withheld=place.address_withheld,
        hours=_hours(place.schedule, lang, now),
    )


def _hours(schedule: Schedule | None, lang: str, now: datetime) -> Hours | None:
    if schedule is None:
        return None
    state: OpenState = state_at(schedule.opening_hours, schedule.timezone, now)
    today = now.astimezone(ZoneInfo("Europe/Oslo")).date()
    usual = usual_week(schedule, lang, today - timedelta(days=today.weekday()))
    return Hours(state.state, in_words(state, now, lang), usual) if usual else None


def _web(address: str | None) -> str | None:
    """An address that a browser may be led to; others are no links."""
    return address if address and urlsplit(address).scheme in ("http", "https") else None


def host_of(address: str) -> str:
    """What somebody types to get there, of whatever length the address is.

    >>> host_of("https://www.example.org/a/long/way?to=it")
    'example.org'
    """
    return (urlsplit(address).hostname or address).removeprefix("www.")


def _key(id_or_slug: str | UUID) -> UUID | None:
    if isinstance(id_or_slug, UUID):
        return id_or_slug
    try:
        return UUID(id_or_slug)
    except ValueError:
        return None


def _by_slug(session: Session, slug: str, today: date) -> ServiceEntry | None:
    if not _SLUG.fullmatch(slug):
        return None
    try:
        return reading.entry(session, slug, today=today)
    except NotFound:
        return None

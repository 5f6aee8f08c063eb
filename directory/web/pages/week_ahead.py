"""The hours of the next seven days, one by one, from today on where the service is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from babel import Locale
from babel.dates import format_skeleton

from directory.catalogue.entries import Schedule
from directory.hours import Span, day_in_words, week
from directory.hours.zones import zone_named

ON_HOLIDAYS = (
    "PH 00:00-24:00"  # an expression that is open on public holidays, and tells by that which they are
)
_SAYS_HOLIDAYS = re.compile(r"\bPH\b")
_COMMENT = re.compile(r'"[^"]*"')


@dataclass(frozen=True, slots=True)
class Day:
    """``holiday``: a public one. ``doubtful``: it is one, and the hours do not say what holds then."""

    name: str
    date: str
    hours: str
    today: bool
    holiday: bool
    doubtful: bool


@dataclass(frozen=True, slots=True)
class Week:
    """``days`` is empty where they are all the same, around the clock or unknown: then ``all_days`` says which."""

    days: tuple[Day, ...]
    all_days: str = ""


def week_ahead(schedule: Schedule, now: datetime, lang: str) -> Week | None:
    """None: the hours are not known."""
    try:
        today = now.astimezone(zone_named(schedule.timezone)).date()
    except ValueError:
        return None
    spans = week(schedule.opening_hours, schedule.timezone, today)
    if all(_whole_day(day, "unknown") and not day[0].comment for day in spans):
        return None
    if len({tuple((one.state, one.comment) for one in day) for day in spans}) == 1 and _whole_day(spans[0]):
        return Week((), day_in_words(spans[0], lang))
    holidays = [_whole_day(day, "open") for day in week(ON_HOLIDAYS, schedule.timezone, today)]
    told = bool(_SAYS_HOLIDAYS.search(_COMMENT.sub("", schedule.opening_hours)))
    locale = Locale.parse("en_GB" if lang == "en" else lang)
    return Week(
        tuple(
            Day(
                *_called(date.fromordinal(today.toordinal() + ahead), locale),
                hours=day_in_words(day, lang),
                today=ahead == 0,
                holiday=holiday,
                doubtful=holiday and not told,
            )
            for ahead, (day, holiday) in enumerate(zip(spans, holidays, strict=True))
        )
    )


def _whole_day(day: list[Span], state: str | None = None) -> bool:
    return (
        len(day) == 1
        and day[0].start.time() == day[0].end.time()
        and (state is None or day[0].state == state)
    )


def _called(day: date, locale: Locale) -> tuple[str, str]:
    name = str(locale.days["stand-alone"]["wide"][day.weekday()])
    return name[:1].upper() + name[1:], str(format_skeleton("MMMd", day, locale=locale))

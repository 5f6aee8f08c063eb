"""When a referral is to be answered, and when who is reminded. Pure.

Counted in working days: Monday to Friday but for the public holidays of Norway, as the package holidays has them. The
24th and 31st of December are no public holidays.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from directory.referrals.consent import day_of

# Within how many working days after the day on which it reached the receiver, by urgency.
WORKING_DAYS_TO_ANSWER: Mapping[str, int] = MappingProxyType({"urgent": 1, "soon": 3, "routine": 7})
# Whoever comes from there is in danger soon, whatever the urgency says: tolerance is lost within days.
AS_URGENT = frozenset({"release-from-prison", "discharge"})

MORNING, AFTERNOON = time(8), time(14)
SILENT_DAYS = 90

ANSWER_SOON, ANSWER_DUE, UNANSWERED = "answer-soon", "answer-due", "unanswered"
ANSWER_KINDS = (ANSWER_SOON, ANSWER_DUE, UNANSWERED)  # in the order in which they come

_ZONE = ZoneInfo("Europe/Oslo")
_DAY = timedelta(days=1)


class Moments(NamedTuple):
    """When an unanswered referral is spoken of: to the receiver, to the receiver again, to the sender. In Norway's
    time."""

    answer_soon: datetime
    answer_due: datetime
    unanswered: datetime


def is_working_day(day: date) -> bool:
    return day.weekday() < 5 and day not in _holidays(day.year)


def working_day_after(day: date, number: int = 1) -> date:
    """The working day that is ``number`` of them after that day, which itself does not count."""
    while number:
        day += _DAY
        number -= is_working_day(day)
    return day


def working_day_before(day: date) -> date:
    """The last working day before that day."""
    day -= _DAY
    while not is_working_day(day):
        day -= _DAY
    return day


def working_days_to_answer(urgency: str, context: str) -> int:
    return WORKING_DAYS_TO_ANSWER["urgent" if context in AS_URGENT else urgency]


def answer_by(begun: date, urgency: str, context: str) -> date:
    """The last day on which an answer is in time. ``begun``: when it was sent; of a carried one, redeemed."""
    return working_day_after(begun, working_days_to_answer(urgency, context))


def soon_day(begun: date, until: date) -> date:
    """On which day the receiver is first told that an answer is due ``until`` that day: the working day before, unless
    it came no earlier than that."""
    before = working_day_before(until)
    return before if before > begun else until


@lru_cache(maxsize=1024)
def moments(begun: date, working_days: int) -> Moments:
    """``working_days``: to answer it."""
    until = working_day_after(begun, working_days)
    return Moments(
        morning_of(soon_day(begun, until)),
        datetime.combine(until, AFTERNOON, _ZONE),
        morning_of(working_day_after(until)),
    )


def begun_until(kind: str, working_days: int, now: datetime) -> date:
    """The last day on which a referral can have begun for which the moment of ``kind`` has come by now. Of a day before
    it has come too: whoever began earlier is spoken of no later."""
    hour = now.astimezone(_ZONE).replace(minute=0, second=0, microsecond=0)  # the moments are on the hour
    return _begun_until(ANSWER_KINDS.index(kind), working_days, hour)


def morning_of(day: date) -> datetime:
    """When people are reminded of what a day was set for."""
    return datetime.combine(day, MORNING, _ZONE)


def day_begun(now: datetime) -> date:
    """The last day whose morning has come."""
    day = day_of(now)
    return day if now >= morning_of(day) else day - _DAY


def midnight_after(day: date) -> datetime:
    """When the day is over, in Norway."""
    return datetime.combine(day + _DAY, time(), _ZONE)


def silent_on(last: date, today: date) -> date | None:
    """The last day, by today, on which it was so many days that nothing had happened since ``last``; or twice so many,
    and so on. None: not yet."""
    times = (today - last).days // SILENT_DAYS
    return last + times * SILENT_DAYS * _DAY if times > 0 else None


@lru_cache(maxsize=64)
def _begun_until(place: int, working_days: int, hour: datetime) -> date:
    day = hour.date()
    while moments(day, working_days)[place] > hour:
        day -= _DAY
    return day


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    from holidays.countries.norway import (
        Norway,
    )  # brings all countries along: not for a process that never asks

    return frozenset(Norway(years=year))

"""The hours of a usual week in a few lines, for what is read long after it was made: on paper, or without a network."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from functools import lru_cache
from itertools import groupby

from babel import Locale

from directory.catalogue.entries import Schedule
from directory.hours import day_in_words, week

WEEKS = 5  # so many are looked at: a public holiday falls on the same weekday twice in them at most


@lru_cache(maxsize=512)
def usual_week(schedule: Schedule, lang: str, monday: date) -> tuple[tuple[str, str], ...]:
    """(days, hours) from Monday on, days with the same hours together: (("Monday–Friday", "09:00–15:00"), …).

    A day is as it is in most of the weeks from ``monday`` on, so that a holiday does not stand for all others. Where
    all days are the same, one line without a day. Empty where the hours are not known.
    """
    said: list[Counter[str]] = [Counter() for _ in range(7)]
    unknown = True
    for number in range(WEEKS):
        days = week(schedule.opening_hours, schedule.timezone, monday + timedelta(weeks=number))
        for counted, spans in zip(said, days, strict=True):
            counted[day_in_words(spans, lang)] += 1
            unknown &= all(span.state == "unknown" and not span.comment for span in spans) and bool(spans)
    if unknown:
        return ()
    usual = [counted.most_common(1)[0][0] for counted in said]
    if len(set(usual)) == 1:
        return (("", usual[0]),)
    stretches = [list(days) for _, days in groupby(range(7), key=lambda day: usual[day])]
    return tuple((_days(days[0], days[-1], lang), usual[days[0]]) for days in stretches)


def _days(first: int, last: int, lang: str) -> str:
    names = Locale.parse("en_GB" if lang == "en" else lang).days["stand-alone"]["wide"]
    told = names[first] if first == last else f"{names[first]}–{names[last]}"
    return told[:1].upper() + told[1:]

"""A second opinion on opening hours, written apart from the product and from its library.

Rules as plain structures, one minute at a time, holidays from a computed Easter, clocks from zoneinfo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
DAY = 24 * 60


@dataclass(frozen=True)
class Rule:
    """On ``days`` (0 is Monday) and, if asked, holidays: ``state`` in each range of minutes, which may pass 24:00."""

    days: frozenset[int]
    ranges: tuple[tuple[int, int], ...]
    holidays: bool = False
    state: str = "open"
    adds: bool = False  # "," before it instead of ";"

    def written(self) -> str:
        days = ",".join([DAYS[day] for day in sorted(self.days)] + ["PH"] * self.holidays)
        times = ",".join(
            f"{clock(start)}-{clock(end if end <= DAY else end - DAY)}" for start, end in self.ranges
        )
        return f"{days} {times}" + ("" if self.state == "open" else f" {self.state}")


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def written(rules: Sequence[Rule]) -> str:
    text = rules[0].written()
    for rule in rules[1:]:
        text += (", " if rule.adds else "; ") + rule.written()
    return text


def read(expression: str) -> list[Rule]:
    """The part of the OSM grammar that our own data uses: days, times, PH, off, ``;`` and ``, ``."""
    if expression == "24/7":
        return [Rule(frozenset(range(7)), ((0, DAY),))]
    rules = []
    for group in expression.split("; "):
        for nth, one in enumerate(group.split(", ")):
            days, _, times = one.partition(" ")
            numbers: set[int] = set()
            for part in days.split(","):
                first, _, last = part.partition("-")
                if first != "PH":
                    start, end = DAYS.index(first), DAYS.index(last or first)
                    numbers.update((start + step) % 7 for step in range((end - start) % 7 + 1))
            ranges = []
            for span in [] if times == "off" else times.split(","):
                start, end = ((int(t[:2]) * 60 + int(t[3:])) for t in span.split("-"))
                ranges.append((start, end if end > start else end + DAY))
            rules.append(Rule(frozenset(numbers), tuple(ranges), "PH" in days, adds=nth > 0))
    return rules


def easter(year: int) -> date:
    """Meeus, Jones, Butcher."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def norwegian_holidays(year: int) -> set[date]:
    """Lov om helligdager og helligdagsfred, and 1 and 17 May."""
    moving = {easter(year) + timedelta(days=days) for days in (-3, -2, 0, 1, 39, 49, 50)}
    return moving | {
        date(year, 1, 1),
        date(year, 5, 1),
        date(year, 5, 17),
        date(year, 12, 25),
        date(year, 12, 26),
    }


def swedish_holidays(year: int) -> set[date]:
    """Lag om allmänna helgdagar, as it has been since 2005, and the eves that are kept as holidays."""
    moving = {easter(year) + timedelta(days=days) for days in (-2, 0, 1, 39, 49)}
    midsummer = next(d for d in (date(year, 6, 20) + timedelta(days=n) for n in range(7)) if d.weekday() == 5)
    saints = next(d for d in (date(year, 10, 31) + timedelta(days=n) for n in range(7)) if d.weekday() == 5)
    fixed = {
        date(year, m, d) for m, d in ((1, 1), (1, 6), (5, 1), (6, 6), (12, 24), (12, 25), (12, 26), (12, 31))
    }
    return moving | fixed | {midsummer, midsummer - timedelta(days=1), saints}


def danish_holidays(year: int) -> set[date]:
    """Without Constitution Day, on which shops close by another act; Store bededag until it was abolished in 2024."""
    days = (-3, -2, 0, 1, 39, 49, 50) if year >= 2024 else (-3, -2, 0, 1, 26, 39, 49, 50)
    return {easter(year) + timedelta(days=n) for n in days} | {
        date(year, 1, 1),
        date(year, 12, 25),
        date(year, 12, 26),
    }


HOLIDAYS = {"NO": norwegian_holidays, "SE": swedish_holidays, "DK": danish_holidays}


def on_the_wall(rules: Sequence[Rule], wall: datetime, country: str = "NO") -> str:
    """The state at a minute of the wall clock. A later rule with ";" takes over the whole of the days that it names."""
    today, minute = wall.date(), wall.hour * 60 + wall.minute
    yesterday = today - timedelta(days=1)
    state = "closed"
    for rule in rules:
        names_today = today.weekday() in rule.days or (
            rule.holidays and today in HOLIDAYS[country](today.year)
        )
        named_yesterday = yesterday.weekday() in rule.days or (
            rule.holidays and yesterday in HOLIDAYS[country](yesterday.year)
        )
        holds = any(
            (names_today and start <= minute < end) or (named_yesterday and minute < end - DAY)
            for start, end in rule.ranges
        )
        if names_today and not rule.adds:
            state = rule.state if holds else "closed"
        elif holds:
            state = rule.state
    return state


def state_and_change(
    rules: Sequence[Rule], zone: str, at: datetime, *, days: int = 9, step: int = 5
) -> tuple[str, datetime | None]:
    """The state at an instant and the first instant (UTC) with another, found by walking in ``step`` minutes."""
    there = ZoneInfo(zone)

    def state(instant: datetime) -> str:
        return on_the_wall(rules, instant.astimezone(there).replace(tzinfo=None))

    now = at.astimezone(UTC)
    before = state(now)
    tick = now.replace(minute=now.minute - now.minute % step, second=0, microsecond=0)
    for _ in range(days * DAY // step):
        tick += timedelta(minutes=step)
        if state(tick) != before:
            return before, tick
    return before, None

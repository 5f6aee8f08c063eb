"""Opening hours: is it open at T, when does that change, and how is that said.

Pure: no Flask, no database, no clock of its own. A schedule is an OSM opening_hours expression
(wiki.openstreetmap.org/wiki/Key:opening_hours/specification) in an IANA time zone. Rules it keeps:

- The expression is about the clock on the wall there. In the hour that is repeated when summer time ends,
  "01:00-02:30" is open by the clock both times; an hour that is skipped in spring is never reached.
- ``;`` makes a later rule replace the whole day for the days it names, also what an earlier rule carries over
  midnight into it: "Mo-Fr 16:00-08:00; Sa,Su 00:00-24:00" is closed on Monday from 00:00 to 08:00. ``,``
  adds.
- A comment without a state ("Mo-Fr 09:00-15:00 "by appointment"") is ``unknown`` at those times, with the
  comment; ``open "by appointment"`` is open, with the comment.
- What cannot be known is ``unknown``, never a guess: an expression that cannot be read, school holidays (SH),
  public holidays (PH) of a country or year without a calendar, sunrise and sunset, an open end ("09:00+").
- PH are those of the country: in Norway 1 January, Maundy Thursday, Good Friday, Easter Sunday and Monday, 1
  and 17 May, Ascension, Whit Sunday and Monday, 25 and 26 December. Sweden's count the eves of Midsummer,
  Christmas and New Year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from directory.errors import InvalidInput
from directory.hours.expression import Expression, State, problem_with
from directory.hours.zones import clock_changes, country_of, zone_named

__all__ = ["OpenState", "Span", "day_in_words", "in_words", "state_at", "states_at", "validate", "week"]

# A change further away than this is not looked for: nobody plans by it, and searching is what costs.
HORIZON = timedelta(days=366)
_MOST_STRETCHES = 1000  # in one search for a change: an expression may change its comment every few minutes


@dataclass(frozen=True, slots=True)
class OpenState:
    """``until``: the first time at which the state is another (aware, in the schedule's zone); None when no
    change is known within a year. ``then``: the state from ``until`` on. ``comment``: the expression's own,
    in whatever language it is."""

    state: Literal["open", "closed", "unknown"]
    until: datetime | None = None
    comment: str | None = None
    then: Literal["open", "closed", "unknown"] | None = None


UNKNOWN = OpenState("unknown")


class Span(NamedTuple):
    """A stretch of one day in which it is open or may be: aware times in the schedule's zone, ``end`` not
    included."""

    start: datetime
    end: datetime
    state: Literal["open", "unknown"]
    comment: str | None = None


class _Schedule:
    """An expression in a zone, and the last answer, which holds until its ``until``: a search for "now"
    mostly finds it."""

    __slots__ = ("_last", "expression", "zone")

    def __init__(self, expression: Expression, zone: ZoneInfo) -> None:
        self.expression = expression
        self.zone = zone
        # replaced as a whole, so that a thread sees either the old answer or the new one
        self._last: tuple[float, float, OpenState] = (0.0, 0.0, UNKNOWN)

    def at(self, when: datetime, second: float) -> OpenState:
        since, before, answer = self._last
        if since <= second < before:
            return answer
        answer, same_until = self._evaluate(when)
        if same_until is not None:
            self._last = (second, same_until, answer)
        return answer

    def _evaluate(self, when: datetime) -> tuple[OpenState, float | None]:
        """The answer, and up to when (POSIX seconds) the very same answer would be given; None when that is
        not known."""
        state, comment, end = self.stretch(when)
        piece_end = end
        then: State | None = None
        horizon = when + HORIZON
        for _ in range(_MOST_STRETCHES):
            if end is None or end > horizon:
                end = None
                break
            then, _, following = self.stretch(end)
            if then != state:
                break
            end = following
        else:
            end = None
        if end is None:
            return OpenState(state, None, comment), None
        assert piece_end is not None
        return OpenState(state, end.astimezone(self.zone), comment, then), piece_end.timestamp()

    def stretch(self, when: datetime) -> tuple[State, str | None, datetime | None]:
        """State and comment at an instant, and the instant (UTC) at which one of them changes, if that is
        known.

        The expression runs on wall time, which is even only between two changes of the clock: so go from one
        to the next.
        """
        instant = when.astimezone(UTC)
        wall = instant.astimezone(self.zone).replace(tzinfo=None)
        state, comment, wall_end = self.expression.at(wall)
        horizon = instant + HORIZON
        for change in clock_changes(self.zone, instant, horizon):
            if wall_end is not None:
                end = instant + (wall_end - wall)
                if end < change:
                    return state, comment, end
            wall = change.astimezone(self.zone).replace(tzinfo=None)
            instant = change
            new_state, new_comment, wall_end = self.expression.at(wall)
            if (new_state, new_comment) != (state, comment):
                return state, comment, change
        return state, comment, None if wall_end is None else instant + (wall_end - wall)


@lru_cache(maxsize=16384)
def _schedule(expression: str, zone: str, country: str | None) -> _Schedule | None:
    try:
        return _Schedule(
            Expression.read(expression, country.upper() if country else country_of(zone)), zone_named(zone)
        )
    except ValueError:
        return None


def state_at(expression: str | None, zone: str, at: datetime, *, country: str | None = None) -> OpenState:
    """Is it open at ``at`` (aware, in any zone)? ``country`` (ISO 3166 alpha-2) for public holidays, by
    default the zone's.

    Never raises for what stands in the data: an empty or unreadable expression and an unknown zone are
    ``unknown``. ValueError for a time without a zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time without a zone says nothing about opening hours elsewhere")
    schedule = _schedule(expression, zone, country) if expression else None
    if schedule is None:
        return UNKNOWN
    try:
        return schedule.at(at, at.timestamp())
    except OverflowError:  # within a day of the first or last year that a datetime can hold
        return UNKNOWN


def states_at(expressions: Sequence[tuple[str, str]], at: datetime) -> list[OpenState]:
    """The states of many (expression, IANA zone) at one time, in order; holidays by the zone's country.

    For the search engine. An answer is kept until it changes, so the next search "now" costs a look-up each.
    """
    if at.tzinfo is None:
        raise ValueError("a time without a zone says nothing about opening hours elsewhere")
    second = at.timestamp()
    answers = []
    for expression, zone in expressions:
        schedule = _schedule(expression, zone, None) if expression else None
        try:
            answers.append(schedule.at(at, second) if schedule else UNKNOWN)
        except OverflowError:
            answers.append(UNKNOWN)
    return answers


def validate(expression: str, zone: str) -> None:
    """Raises InvalidInput for ``opening_hours`` and ``timezone``, saying what is wrong and what to write
    instead."""
    errors: dict[str, list[str]] = {}
    problem = problem_with(expression)
    if problem:
        errors["opening_hours"] = [problem]
    try:
        zone_named(zone)
    except ValueError:
        errors["timezone"] = ["This is not an IANA time zone. It takes a name such as Europe/Oslo."]
    if errors:
        raise InvalidInput(errors)


def week(expression: str | None, zone: str, monday: date, country: str | None = None) -> list[list[Span]]:
    """Seven days from ``monday`` on, each with its open and unknown stretches in order; a closed day is an
    empty list.

    A stretch over midnight is cut there, and goes on at 00:00 of the next day. What cannot be read is unknown
    all day.
    """
    schedule = _schedule(expression, zone, country) if expression else None
    try:
        there = zone_named(zone)
    except ValueError:
        there, schedule = ZoneInfo("UTC"), None
    days = []
    for offset in range(7):
        first = datetime.combine(monday + timedelta(days=offset), time(), there)
        last = datetime.combine(monday + timedelta(days=offset + 1), time(), there)
        days.append(_spans(schedule, first, last) if schedule else [Span(first, last, "unknown")])
    return days


def _spans(schedule: _Schedule, first: datetime, last: datetime) -> list[Span]:
    spans: list[Span] = []
    now, end = first.astimezone(UTC), last.astimezone(UTC)
    while now < end:
        state, comment, change = schedule.stretch(now)
        until = end if change is None or change > end else change
        if state != "closed":
            spans.append(Span(now.astimezone(schedule.zone), until.astimezone(schedule.zone), state, comment))
        now = until
    return spans


# last, because wording needs OpenState and Span
from directory.hours.wording import day_in_words, in_words  # noqa: E402

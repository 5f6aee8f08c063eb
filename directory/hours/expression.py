"""Reading an OSM opening_hours expression, and evaluating it on wall time.

opening-hours-py does the grammar and the calendar. It is given wall times only and asked no further than a
year ahead, and corrected where it departs from the specification or would guess
(tests/unit/test_hours_library.py says which of it is still so):

- it reads a comment without a state as open; the specification says unknown
- ``… || "by appointment"``: its fallback never applies without a selector, or on a day that an earlier rule
  names
- a range over midnight loses its second half when an earlier rule names the next day: "Mo 10:00-12:00; Su 20:00-04:00"
- its own zones take only zoneinfo times, and name an end in the repeated hour that contradicts its own states
- its school holidays (SH) are empty for Norway, and days between holidays for Denmark
- without coordinates sunrise is 07:00 and sunset 19:00 all year
- an open end ("09:00+") is open until midnight
- a search for a change that never comes takes it 0.3 s ("2020 Mo 10:00-12:00"), unless it is limited
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import Literal

from opening_hours import OpeningHours, ParserError, UnknownCountryError  # type: ignore[attr-defined]
from opening_hours import State as LibraryState

State = Literal["open", "closed", "unknown"]

LONGEST = 500  # characters; OpenStreetMap itself keeps 255
_DAYS_AHEAD = 366

_COMMENT = re.compile(r'"[^"]*"')
_BARE_COMMENT = re.compile(r'(\b(?:open|closed|off|unknown))?\s*("[^"]*")', re.IGNORECASE)
_SUN = re.compile(r"\b(sunrise|sunset|dawn|dusk)\b", re.IGNORECASE)
_SCHOOL = re.compile(r"\bSH\b", re.IGNORECASE)
_PUBLIC = re.compile(r"\bPH\b", re.IGNORECASE)
# a comma and a space begin a rule, unless only further times follow
_RULES = re.compile(r'(;\s*|,\s+(?!\d))((?:"[^"]*"|[^";,]|,(?!\s+[^\d\s]))*)')
_CLOSES = re.compile(r"\b(off|closed)\b", re.IGNORECASE)
_TIMES = re.compile(r"(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)")
_DAYS_ONLY = re.compile(r"(?:^|;)\s*(?:Mo|Tu|We|Th|Fr|Sa|Su|PH|[-,\s])+,\s", re.IGNORECASE)
_OPEN_END = re.compile(r"\d\d?:\d\d\+")
_POSITION = re.compile(r"--> \d+:(\d+)")
_STATES: tuple[tuple[LibraryState, State], ...] = (
    (LibraryState.OPEN, "open"),
    (LibraryState.CLOSED, "closed"),
    (LibraryState.UNKNOWN, "unknown"),
)
_EXAMPLES = 'Examples: "24/7", "Mo-Fr 09:00-15:00; PH off", "Mo,We 12:00-15:00, Th 17:00-20:00".'


class Expression:
    """One expression, for the holidays of one country."""

    __slots__ = ("_alternatives", "_holidays", "_open_end")

    def __init__(self, alternatives: list[OpeningHours], holidays: range | None, open_end: bool) -> None:
        self._alternatives = alternatives
        self._holidays = holidays  # the years whose public holidays are known, when the expression needs them
        self._open_end = open_end

    @classmethod
    def read(cls, text: str, country: str | None) -> Expression:
        """ValueError when the expression cannot be read, or says what cannot be known here."""
        text = text.strip()
        bare = _COMMENT.sub('""', text)
        refusal = _cannot_be_known(text, bare)
        if refusal:
            raise ValueError(refusal)
        holidays = holiday_years(country) if _PUBLIC.search(bare) else None
        if holidays is not None and not holidays:
            raise ValueError(f"no public holidays are known for {country}")
        known = country if holidays else None
        try:
            alternatives = [
                OpeningHours(_as_meant(part), country=known, max_interval_days=_DAYS_AHEAD)
                for part in _split_fallbacks(text)
            ]
        except ParserError as error:
            raise ValueError(str(error)) from error
        return cls(alternatives, holidays, bool(_OPEN_END.search(bare)))

    def at(self, wall: datetime) -> tuple[State, str | None, datetime | None]:
        """State and comment on a wall time, and the wall time from which they may differ (None: not within a
        year)."""
        ends: list[datetime] = []
        if self._holidays is not None:
            if wall.year < self._holidays.start:
                return "unknown", None, datetime(self._holidays.start, 1, 1)
            if wall.year >= self._holidays.stop:
                return "unknown", None, None
            ends.append(datetime(self._holidays.stop, 1, 1))
        state: State = "closed"
        comment = ""
        for alternative in self._alternatives:
            found, comment = alternative.state(wall)
            state = next(name for library, name in _STATES if library == found)
            end = alternative.next_change(wall)
            if end is not None:
                ends.append(end)
            if state != "closed":
                break
        if state == "open" and self._open_end:
            state = "unknown"
        return state, comment or None, min(ends, default=None)


def problem_with(text: str) -> str | None:
    """What is wrong with an expression, as an editor may be told; None when it can be kept."""
    text = text.strip()
    refusal = _cannot_be_known(text, _COMMENT.sub('""', text))
    if refusal:
        return refusal
    for part in _split_fallbacks(text):
        try:
            OpeningHours(part)  # as it was typed, so that the place of the error is right
            OpeningHours(_as_meant(part))
        except ParserError as error:
            found = _POSITION.search(str(error))
            rest = part[int(found[1]) - 1 :] if found else part
            return f"This cannot be read from “{rest[:40]}” on. It takes an OSM opening_hours expression. {_EXAMPLES}"
    return None


def _cannot_be_known(text: str, bare: str) -> str | None:
    """What keeps an expression from being evaluated here, before its grammar. ``bare``: without its comments."""
    if not text:
        return f"This is empty. It takes an OSM opening_hours expression. {_EXAMPLES}"
    if len(text) > LONGEST:
        return f"This is longer than {LONGEST} characters."
    if _SCHOOL.search(bare):
        return "School holidays (SH) are not known here: give the dates instead, as in “Jun 20-Aug 15 off”."
    if _SUN.search(bare):
        return "Sunrise and sunset are not known here: give the times instead."
    days = _DAYS_ONLY.search(bare)
    if days:
        return f"“{days[0].strip('; ,')}” says all day. Days that share hours have no space: “Sa,Su 10:00-14:00”."
    return None


@lru_cache(maxsize=256)
def holiday_years(country: str | None) -> range:
    """The years for which the library knows public holidays of a country; an empty range when none."""
    try:
        calendar = OpeningHours("PH 00:00-24:00", country=country)
    except UnknownCountryError:
        return range(0)
    # where a calendar begins and ends is not documented, so it is looked up
    changes = {year: calendar.next_change(datetime(year, 1, 2)) for year in range(1990, 2110)}
    years = [year for year, change in changes.items() if change is not None and change.year == year]
    return range(years[0], years[-1] + 1) if years else range(0)


def _split_fallbacks(text: str) -> list[str]:
    """The alternatives of ``a || b || c``, each to be asked where those before it are closed."""
    parts, start, quoted = [], 0, False
    for index, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif not quoted and text.startswith("||", index):
            parts.append(text[start:index])
            start = index + 2
    parts.append(text[start:])
    return [part.strip() for part in parts]


def _as_meant(text: str) -> str:
    """One alternative, so written that the library reads it as the specification does."""
    text = _BARE_COMMENT.sub(lambda m: m[0] if m[1] else f" unknown {m[2]}", text).strip()
    return _RULES.sub(lambda m: m[0] + _carried_over(m[1], m[2]), text)


def _carried_over(separator: str, rule: str) -> str:
    """What to add to a rule that passes midnight: itself, as an additional rule, which the library keeps whole."""
    bare = _COMMENT.sub("", rule)
    if not separator.startswith(";") or _CLOSES.search(bare):
        return ""
    times = ([int(number) for number in found] for found in _TIMES.findall(bare))
    passes = any((h2, m2) <= (h1, m1) or (h2, m2) > (24, 0) for h1, m1, h2, m2 in times)
    return f", {rule.strip()}" if passes else ""

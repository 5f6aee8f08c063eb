"""Time zones: which there are, when their clocks change, whose holidays hold there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """ValueError when there is no such IANA zone."""
    # "UTC+1" and "../x" raise other errors by platform; the key's length and a missing file too
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"no such time zone: {name!r}") from error


@lru_cache(maxsize=1024)
def country_of(zone: str) -> str | None:
    """ISO 3166 alpha-2 of the country or territory a zone belongs to, after CLDR; None for UTC and the like."""
    from babel.core import get_global

    territory = get_global("zone_territories").get(zone)
    if territory is None or len(territory) != 2 or not territory.isalpha():
        return None
    return territory


def clock_changes(zone: ZoneInfo, after: datetime, before: datetime) -> Iterator[datetime]:
    """The instants (UTC) in (after, before] at which the zone's offset changes."""
    for year in range(after.year, before.year + 1):
        for change in _changes_in(zone.key, year):
            if after < change <= before:
                yield change


@lru_cache(maxsize=4096)
def _changes_in(key: str, year: int) -> tuple[datetime, ...]:
    zone = zone_named(key)
    # a day's margin: at both ends of the calendar an offset cannot be applied
    if not 1 < year < 9999:
        return ()
    changes = []
    day = datetime(year, 1, 1, tzinfo=UTC)
    offset = _offset(day, zone)
    while day.year == year:
        following = day + timedelta(days=1)
        new_offset = _offset(following, zone)
        if new_offset != offset:
            low, high = day, following
            while high - low > timedelta(minutes=1):
                middle = (low + (high - low) / 2).replace(second=0, microsecond=0)
                if middle == low:
                    break
                if _offset(middle, zone) == offset:
                    low = middle
                else:
                    high = middle
            changes.append(high)
        day, offset = following, new_offset
    return tuple(changes)


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta | None:
    return instant.astimezone(zone).utcoffset()

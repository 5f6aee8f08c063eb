"""How long a check holds. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal


@dataclass(frozen=True, slots=True)
class Limits:
    """``verified_days``: a check counts for so many days, the day itself and the last one included."""

    verified_days: int = 180


def trust_of(
    verified_on: date | None, by: str | None, today: date, limits: Limits | None = None
) -> Literal["verified", "listed", "stale"]:
    """listed: nobody of ours has checked it, or the check is dated tomorrow; stale: the check is too old.

    >>> trust_of(date(2026, 1, 1), "Kari", date(2026, 6, 30)), trust_of(date(2026, 1, 1), "Kari", date(2026, 7, 1))
    ('verified', 'stale')
    """
    if verified_on is None or by is None or verified_on > today:
        return "listed"
    last = verified_on + timedelta(days=(limits or Limits()).verified_days)
    return "verified" if today <= last else "stale"

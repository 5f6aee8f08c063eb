"""How long an answer took, as coarsely as it is kept and told: within so many hours. Pure.

A referral that was sent asks from then on; one that the client carries, from when it was redeemed.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, datetime, timedelta

from directory.referrals.consent import day_of

# The last is longer than any referral waits for its answer: see the setting RETENTION_UNANSWERED_DAYS.
WITHIN_HOURS = (1, 2, 4, 8, 24, 48, 72, 120, 168, 336, 720, 8760)
_HOUR = timedelta(hours=1)


def asked_at(delivery: str, sent_at: datetime | None, received_at: datetime | None) -> datetime | None:
    """Since when the receiver is asked; None: it is not."""
    return received_at if delivery == "carried" else sent_at


def within_hours(sent_at: datetime | None, answered_at: datetime | None) -> int | None:
    """The least of WITHIN_HOURS that holds the time between the two, else the greatest; None: not answered.

    ``sent_at``: since when the receiver is asked, see ``asked_at``.
    """
    if sent_at is None or answered_at is None:
        return None
    place = bisect_left(WITHIN_HOURS, (answered_at - sent_at) / _HOUR)
    return WITHIN_HOURS[min(place, len(WITHIN_HOURS) - 1)]


def month_of(sent_at: datetime) -> date:
    """The first day of the month, in Norway, in which it was sent."""
    return day_of(sent_at).replace(day=1)

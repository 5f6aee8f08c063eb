"""What came of one attempt to send, and when the next one is due. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from random import Random

# After each failure but the last; the schedule that Standard Webhooks recommends
# (github.com/standard-webhooks/standard-webhooks, spec, "Deliverability and reliability"). The first is at once.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MOST = len(WAITS) + 1
JITTER = 0.2  # of a wait, at most, added to it
LONGEST_ASKED = timedelta(hours=24)  # that a receiver may ask us to wait by Retry-After


class Result(StrEnum):
    SENT = "sent"
    FAILED = "failed"  # to be tried again
    REFUSED = "refused"  # for good: no use in trying again
    GONE = "gone"  # the receiver wants nothing more at this address


@dataclass(frozen=True, slots=True)
class Outcome:
    """``error``: in words of ours, without any of the receiver's. ``wait``: what the receiver asked for. ``halts``:
    the next message would fare no better, so the rest of what goes the same way waits for the next round.
    """

    result: Result
    error: str | None = None
    wait: timedelta | None = None
    halts: bool = False


def next_attempt(
    attempts: int, now: datetime, random: Random, wait: timedelta | None = None
) -> datetime | None:
    """When to try again after so many attempts have failed (from 1); None: not again."""
    if attempts >= MOST:
        return None
    planned = WAITS[attempts - 1] * (1 + JITTER * random.random())  # nosec B311
    return now + max(planned, wait or timedelta(0))


def asked_wait(retry_after: str, now: datetime) -> timedelta | None:
    """What Retry-After says: seconds or a date (RFC 9110, 10.2.3), bounded; None where it says nothing of sense."""
    said = retry_after.strip()
    if said.isascii() and said.isdigit():
        wait = timedelta(seconds=int(said[:9]))
    else:
        try:
            moment = parsedate_to_datetime(said)
        except (ValueError, TypeError):
            return None
        wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta(0)), LONGEST_ASKED)

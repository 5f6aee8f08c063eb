"""Referrals as they are counted: those that are kept, and the counts of those that are not kept any more, alike.

What counts has been sent and was no slip: a draft, and one that was entered in error, is nowhere in any figure. One
whose consent was taken back counts as any other: nothing of it is told here but that it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy import Table, select
from sqlmodel import Session

from directory.referrals.answering import asked_at, month_of, within_hours
from directory.referrals.models import Referral, ReferralCount

Box = Literal["out", "in"]  # what a partner has sent, and what was sent to it
SLIP = "entered-in-error"

_REFERRAL: Table = Referral.__table__  # type: ignore[attr-defined]
_COUNT: Table = ReferralCount.__table__  # type: ignore[attr-defined]
_PARTY = {"out": "sender_id", "in": "receiver_id"}
_ABROAD = timedelta(days=1)  # more than any time zone is away from UTC


class Fact(NamedTuple):
    """So many (``number``) referrals that are alike in all the rest."""

    month: date  # in which it was sent, by its first day
    service_id: UUID
    status: str
    reason: str | None
    outcome: str | None
    accepted: bool
    answered_within_hours: int | None  # one of WITHIN_HOURS; None: not answered
    number: int
    changed_at: datetime | None  # last step of one that is kept; None of those that are not


def facts(
    session: Session,
    first: date,
    last: date,
    *,
    box: Box | None = None,
    partner_id: UUID | None = None,
) -> Iterator[Fact]:
    """Of referrals sent in the months from ``first`` to ``last``, each named by its first day: those in the box of the
    partner, or everybody's.
    """
    yield from _kept(session, first, last, box, partner_id)
    number = _COUNT.c.count.label("number")  # a row has a method of the other name
    query = select(*_COUNT.c, number).where(_COUNT.c.month.between(first, last), _COUNT.c.status != SLIP)
    if box is not None:
        query = query.where(_COUNT.c[_PARTY[box]] == partner_id)
    for row in session.execute(query):
        yield Fact(
            row.month,
            row.service_id,
            row.status,
            row.reason,
            row.outcome,
            row.accepted,
            row.answered_within_hours,
            row.number,
            None,
        )


def _kept(
    session: Session, first: date, last: date, box: Box | None, partner_id: UUID | None
) -> Iterator[Fact]:
    c = _REFERRAL.c
    query = select(
        c.service_id,
        c.delivery,
        c.status,
        c.reason,
        c.outcome,
        c.sent_at,
        c.received_at,
        c.answered_at,
        c.accepted_at,
        c.updated_at,
    ).where(
        c.sent_at >= datetime.combine(first, time(), UTC) - _ABROAD,
        c.sent_at < datetime.combine(months_later(last, 1), time(), UTC) + _ABROAD,
        c.status != SLIP,
    )
    if box is not None:
        query = query.where(c[_PARTY[box]] == partner_id)
    for row in session.execute(query):
        month = month_of(row.sent_at)
        if first <= month <= last:
            yield Fact(
                month,
                row.service_id,
                row.status,
                row.reason,
                row.outcome,
                row.accepted_at is not None,
                within_hours(asked_at(row.delivery, row.sent_at, row.received_at), row.answered_at),
                1,
                row.updated_at,
            )


def median_within_hours(found: Sequence[Fact]) -> int | None:
    """Within so many hours at least half of those that were answered had their answer; None where none was."""
    answered = sorted(
        (f.answered_within_hours, f.number) for f in found if f.answered_within_hours is not None
    )
    half, so_far = sum(number for _, number in answered) / 2, 0
    for hours, number in answered:
        so_far += number
        if so_far >= half:
            return hours
    return None


def months_later(month: date, by: int) -> date:
    """The first day of the month so many later, or earlier."""
    years, place = divmod(month.month - 1 + by, 12)
    return date(month.year + years, place + 1, 1)

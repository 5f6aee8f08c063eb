"""What of a referral waits, and for whom: an answer, another look, a word. Of one by its fields, and as conditions that
find all of them; a test holds the two together. When it is time, ``clocks`` knows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Table, and_, bindparam, func, or_, select
from sqlmodel import Session

from directory.database import UtcDateTime
from directory.partners.access import Party
from directory.referrals import clocks
from directory.referrals.consent import day_of
from directory.referrals.lifecycle import FINAL, STATUSES
from directory.referrals.models import Referral, ReferralMessage

ANSWER_DUE, UNANSWERED = clocks.ANSWER_DUE, clocks.UNANSWERED
REVISIT, FOLLOW_UP, SILENT = "revisit", "follow-up", "silent"
WHYS = (ANSWER_DUE, UNANSWERED, REVISIT, FOLLOW_UP, SILENT)

_IN_HAND = ("accepted", "in-progress")
_OPEN = tuple(status for status in STATUSES if status not in FINAL)
_REFERRAL: Table = Referral.__table__  # type: ignore[attr-defined]
_MESSAGE: Table = ReferralMessage.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Due:
    """``why``: one of WHYS. ``day``: by which it is to be answered, or since which it waits."""

    why: str
    day: date


def begun_on(referral: Referral) -> date | None:
    """The day from which its answer is waited for; None: no answer is waited for, or nobody has it yet."""
    if referral.status != "requested" or referral.receiver_id is None:
        return None
    began_at = referral.received_at if referral.delivery == "carried" else referral.sent_at
    return day_of(began_at) if began_at else None


def answer_by(referral: Referral) -> date | None:
    """The last day on which an answer is in time; None: none is waited for."""
    begun = begun_on(referral)
    return clocks.answer_by(begun, referral.urgency, referral.context) if begun else None


def dues(
    referral: Referral, parts: Collection[Party], today: date, written_at: datetime | None
) -> tuple[Due, ...]:
    """What of it waits for these parties today. ``written_at``: of its last message, see ``last_written``.

    For the receiver: to answer; for the sender: that nobody has, and what it wants to follow up; for both: to look
    again at one on hold, and that nothing has happened for long.
    """
    found = []
    begun = begun_on(referral)
    if begun is not None:
        working_days = clocks.working_days_to_answer(referral.urgency, referral.context)
        moments = clocks.moments(begun, working_days)
        until = moments.answer_due.date()
        if Party.RECEIVER in parts and moments.answer_soon.date() <= today:
            found.append(Due(ANSWER_DUE, until))
        if Party.SENDER in parts and moments.unanswered.date() <= today:
            found.append(Due(UNANSWERED, until))
    if referral.status == "on-hold" and referral.revisit_on is not None and referral.revisit_on <= today:
        found.append(Due(REVISIT, referral.revisit_on))
    follow_up_on = referral.follow_up_on if Party.SENDER in parts else None
    if referral.status not in FINAL and follow_up_on is not None and follow_up_on <= today:
        found.append(Due(FOLLOW_UP, follow_up_on))
    if (silent_on := silent(referral, today, written_at)) is not None:
        found.append(Due(SILENT, silent_on))
    return tuple(found)


def silent(referral: Referral, today: date, written_at: datetime | None) -> date | None:
    """Since which day it is told that nothing has happened but reading; see ``clocks.silent_on``."""
    if not _may_be_silent(referral):
        return None
    last = max(referral.updated_at, written_at or referral.updated_at)
    return clocks.silent_on(day_of(last), today)


def last_written(session: Session, referrals: Iterable[Referral], today: date) -> Mapping[UUID, datetime]:
    """When the last message was written about those that may be silent: the others need none."""
    since = _silence_begins(today)
    keys = [one.id for one in referrals if _may_be_silent(one) and one.updated_at < since]
    if not keys:
        return {}
    query = select(_MESSAGE.c.referral_id, func.max(_MESSAGE.c.at).label("at")).where(
        _MESSAGE.c.referral_id.in_(keys)
    )
    rows = session.execute(query.group_by(_MESSAGE.c.referral_id))
    return {row.referral_id: row.at for row in rows}


def at(now: datetime, today: date) -> dict[str, Any]:
    """The values of what the conditions below leave open. ``now``: for moments of answers; ``today``: for days."""
    begun = {
        _begun_before(kind, urgency): clocks.midnight_after(clocks.begun_until(kind, days, now))
        for kind in clocks.ANSWER_KINDS
        for urgency, days in clocks.WORKING_DAYS_TO_ANSWER.items()
    }
    silent_told = today - timedelta(days=clocks.SILENT_DAYS)
    return begun | {"today": today, "silent_since": _silence_begins(today), "silent_told": silent_told}


def whose_answer_is_waited_for(kind: str) -> ColumnElement[bool]:
    """Those for which the moment of ``kind``, of ``clocks.ANSWER_KINDS``, has come."""
    return and_(
        _REFERRAL.c.status == "requested",
        _REFERRAL.c.receiver_id.is_not(None),
        or_(*(_begun(kind, urgency) for urgency in clocks.WORKING_DAYS_TO_ANSWER)),
    )


def _begun(kind: str, urgency: str) -> ColumnElement[bool]:
    urgent = or_(_REFERRAL.c.urgency == "urgent", _REFERRAL.c.context.in_(clocks.AS_URGENT))
    before = bindparam(_begun_before(kind, urgency), type_=UtcDateTime)
    return and_(
        urgent if urgency == "urgent" else and_(_REFERRAL.c.urgency == urgency, ~urgent),
        or_(
            and_(_REFERRAL.c.delivery != "carried", _REFERRAL.c.sent_at < before),
            and_(_REFERRAL.c.delivery == "carried", _REFERRAL.c.received_at < before),
        ),
    )


def _begun_before(kind: str, urgency: str) -> str:
    return f"{kind}_{urgency}".replace("-", "_")


_TODAY, _SILENT_SINCE = bindparam("today", type_=Date), bindparam("silent_since", type_=UtcDateTime)
TO_REVISIT = and_(_REFERRAL.c.status == "on-hold", _REFERRAL.c.revisit_on <= _TODAY)
TO_FOLLOW_UP = and_(_REFERRAL.c.status.in_(_OPEN), _REFERRAL.c.follow_up_on <= _TODAY)
THAT_ARE_SILENT = and_(
    or_(
        _REFERRAL.c.status.in_(_IN_HAND),
        and_(_REFERRAL.c.status == "on-hold", _REFERRAL.c.revisit_on.is_(None)),
    ),
    _REFERRAL.c.updated_at < _SILENT_SINCE,
    ~select(_MESSAGE.c.id)
    .where(_MESSAGE.c.referral_id == _REFERRAL.c.id, _MESSAGE.c.at >= _SILENT_SINCE)
    .exists(),
)
# The last day of which it was told that they are silent, of those of which it need not be told again yet.
SILENT_TOLD = bindparam("silent_told", type_=Date)


def _may_be_silent(referral: Referral) -> bool:
    return referral.status in _IN_HAND or (referral.status == "on-hold" and referral.revisit_on is None)


def _silence_begins(today: date) -> datetime:
    """What happened last before then has been silent for so long that it is told."""
    return clocks.midnight_after(today - timedelta(days=clocks.SILENT_DAYS))

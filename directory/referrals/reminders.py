"""Whoever has to do something is reminded in time, once; and what nobody does anything about ends by itself.

The receiver is reminded the working day before an answer is due and on the day, the sender when none has come; the
sender of what it wants to see again; both of what has long been silent. When, ``clocks`` knows. A reminder that was
given is a row (``ReferralReminder``), written with its messages: of two workers one writes it.

Where the client is not to be reached out to (contact_preference none), nobody is reminded to do that: such a referral
stands in the due list alone. That an answer is waited for is between the partners, and is told all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Table, and_, or_, select, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from directory.partners.access import Party
from directory.referrals import audit, carried, clocks, telling, waiting
from directory.referrals.lifecycle import FINAL
from directory.referrals.models import Referral, ReferralReminder
from directory.referrals.referring import move
from directory.referrals.waiting import ANSWER_DUE, FOLLOW_UP, REVISIT, SILENT, UNANSWERED

BATCH = 100  # referrals, which nobody else changes meanwhile

_SENDER, _RECEIVER = (Party.SENDER,), (Party.RECEIVER,)
_OF_AN_ANSWER = {clocks.ANSWER_SOON: _RECEIVER, ANSWER_DUE: _RECEIVER, UNANSWERED: _SENDER}
KINDS = (*_OF_AN_ANSWER, REVISIT, FOLLOW_UP, SILENT)
_REFERRAL: Table = Referral.__table__  # type: ignore[attr-defined]
_REMINDER: Table = ReferralReminder.__table__  # type: ignore[attr-defined]


class _Reminder(NamedTuple):
    """``parties``: who is told; nobody, of one that another has overtaken."""

    kind: str
    day: date
    parties: tuple[Party, ...]


def give(session: Session, now: datetime, *, batch: int = BATCH) -> int:
    """Give the reminders of some referrals whose time has come. Answers how many are settled; 0: there are no more.

    After a pause, of those about an answer only the latest is given; the ones before it count as given.
    """
    today = clocks.day_begun(now)
    rows = session.execute(_to_remind_of(batch), waiting.at(now, today)).scalars().all()
    written = waiting.last_written(session, rows, today)
    settled = 0
    for referral in rows:
        for reminder in _reminders(referral, now, today, written.get(referral.id)):
            if not _is_new(session, referral, reminder, now):
                continue
            settled += 1
            for party in reminder.parties:
                telling.remind(session, referral, reminder.kind, party, now)
    return settled


def expire_unanswered(session: Session, now: datetime, *, unanswered_days: int, draft_days: int) -> int:
    """Cancel, as expired, some referrals that nobody has answered for so long, codes that nobody has brought for as
    long as they last, and drafts that nobody has touched for so long: each a step of the service itself, of which both
    parties are told. Answers how many; 0: there are no more.
    """
    c, long_ago = _REFERRAL.c, now - timedelta(days=unanswered_days)
    waited_for = or_(
        and_(c.delivery != "carried", c.sent_at <= long_ago),
        and_(c.delivery == "carried", c.received_at <= long_ago),
        # a card is not silence: the client comes when ready, for as long as the code opens it
        and_(c.delivery == "carried", c.receiver_id.is_(None), c.sent_at <= now - carried.LASTS),
    )
    unanswered = and_(c.status == "requested", waited_for)
    untouched = and_(
        _REFERRAL.c.status == "draft", _REFERRAL.c.updated_at <= now - timedelta(days=draft_days)
    )
    rows = session.execute(_held(select(Referral).where(or_(unanswered, untouched)), BATCH)).scalars().all()
    for referral in rows:
        before = referral.status
        referral.revisit_on = None
        move(referral, "cancelled", "expired", None, now)
        audit.record(
            session,
            referral,
            None,
            "step",
            now,
            from_status=before,
            to_status="cancelled",
            reason="expired",
        )
        telling.tell_step(session, referral, None, "referral.cancelled", now)
    return len(rows)


def _reminders(
    referral: Referral, now: datetime, today: date, written_at: datetime | None
) -> Iterator[_Reminder]:
    """Those whose time has come, given or not."""
    begun = waiting.begun_on(referral)
    if begun is not None:
        working_days = clocks.working_days_to_answer(referral.urgency, referral.context)
        moments = clocks.moments(begun, working_days)
        come = [kind for kind, moment in zip(clocks.ANSWER_KINDS, moments, strict=True) if moment <= now]
        for kind in come:
            parties = _OF_AN_ANSWER[kind] if kind == come[-1] else ()
            yield _Reminder(kind, moments.answer_due.date(), parties)
    if referral.contact_preference == "none":
        return
    revisit_on, follow_up_on = referral.revisit_on, referral.follow_up_on
    if referral.status == "on-hold" and revisit_on is not None and revisit_on <= today:
        yield _Reminder(REVISIT, revisit_on, _SENDER)
    if referral.status not in FINAL and follow_up_on is not None and follow_up_on <= today:
        yield _Reminder(FOLLOW_UP, follow_up_on, _SENDER)
    if (silent_on := waiting.silent(referral, today, written_at)) is not None:
        alone = referral.sender_id == referral.receiver_id
        yield _Reminder(SILENT, silent_on, _SENDER if alone else _SENDER + _RECEIVER)


@cache
def _to_remind_of(batch: int) -> Select[Any]:
    """Some of whom a reminder is not yet given whose time has come. Made once: it is asked each minute.

    One part for each kind, so that each is found by its index. Whoever was changed meanwhile is found all the same:
    ``_reminders`` looks at each again.
    """
    may_be_reached = _REFERRAL.c.contact_preference != "none"
    revisited = _given(REVISIT, _REMINDER.c.day == _REFERRAL.c.revisit_on)
    followed_up = _given(FOLLOW_UP, _REMINDER.c.day == _REFERRAL.c.follow_up_on)
    silent_told = _given(SILENT, _REMINDER.c.day > waiting.SILENT_TOLD)
    parts = (
        *(and_(waiting.whose_answer_is_waited_for(kind), ~_given(kind)) for kind in clocks.ANSWER_KINDS),
        and_(waiting.TO_REVISIT, may_be_reached, ~revisited),
        and_(waiting.TO_FOLLOW_UP, may_be_reached, ~followed_up),
        and_(waiting.THAT_ARE_SILENT, may_be_reached, ~silent_told),
    )
    of_any = union_all(*(select(_REFERRAL.c.id).where(part) for part in parts))
    return _held(select(Referral).where(_REFERRAL.c.id.in_(of_any)), batch)


def _held(query: Select[Any], batch: int) -> Select[Any]:
    """A batch, which nobody else changes until the end; who is changing one now keeps it."""
    query = query.order_by(_REFERRAL.c.id).limit(batch)
    return query.with_for_update(skip_locked=True).execution_options(populate_existing=True)


def _given(kind: str, *about: ColumnElement[bool]) -> ColumnElement[bool]:
    of = and_(_REMINDER.c.referral_id == _REFERRAL.c.id, _REMINDER.c.kind == kind, *about)
    return select(_REMINDER.c.kind).where(of).exists()


def _is_new(session: Session, referral: Referral, reminder: _Reminder, now: datetime) -> bool:
    """Whether it was not given before; from now on it was."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    row = {"referral_id": referral.id, "kind": reminder.kind, "day": reminder.day, "at": now}
    new = dialect.insert(_REMINDER).values(row).on_conflict_do_nothing().returning(_REMINDER.c.kind)
    return session.execute(new).first() is not None

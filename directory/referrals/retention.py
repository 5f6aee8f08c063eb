"""What may not be kept any longer goes: what was written, when its time or its consent has ended; later the referral
itself, of which counts stay; and what signing in, repeated requests, messages and reports of mistakes left behind.

Each batch is a transaction of its own: who is interrupted begins again where it stopped, and several at once do each
thing once. Events stay: they name nobody but those who acted, and the chain of them holds only as a whole.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, delete, func, insert, select, update
from sqlmodel import Session

from directory import idempotency
from directory.catalogue import corrections
from directory.config import Settings
from directory.database import ERASES, Database
from directory.encryption import Vault
from directory.outbox import delivering
from directory.partners import accounts, invitations
from directory.referrals import audit, privacy, reminders, telling
from directory.referrals.answering import asked_at, month_of, within_hours
from directory.referrals.consent import day_of
from directory.referrals.models import Referral, ReferralCount

BATCH = 500  # rows gone over at a time

_REFERRAL: Table = Referral.__table__  # type: ignore[attr-defined]
_COUNT: Table = ReferralCount.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Purged:
    """How many of each there were. ``log_emptied`` False: SQLite's log still has what was erased; the next time."""

    unanswered: int = field(metadata={"told": "referrals expired without an answer"})
    consents: int = field(metadata={"told": "erased as consent had ended"})
    contents: int = field(metadata={"told": "erased some time after they had ended"})
    reduced: int = field(metadata={"told": "nothing but counts from now on"})
    answers: int = field(metadata={"told": "answers kept for repeated requests"})
    signing_in: int = field(metadata={"told": "sign-ins, links and counts of wrong guesses that had ended"})
    messages: int = field(metadata={"told": "messages sent long ago"})
    corrections: int = field(metadata={"told": "mistakes in entries, decided or waiting for long"})
    log_emptied: bool = True

    @property
    def total(self) -> int:
        return sum(getattr(self, name) for name, _ in self.told)

    @property
    def told(self) -> tuple[tuple[str, str], ...]:
        """What each number counts: (name, words)."""
        return tuple((each.name, each.metadata["told"]) for each in fields(self) if each.metadata)


def purge(
    database: Database,
    settings: Settings,
    now: datetime,
    told: Callable[[int, int], None] = lambda done, of: None,
) -> Purged:
    """Erase, reduce and forget what the settings RETENTION_… say; commits batch by batch. ``told``: called with how
    many referrals are done, of how many. Done again, it finds nothing more.
    """
    vault = Vault(settings.all_encryption_keys, settings.signing_key)
    contents, rows = _outlived(settings, now), _long_ended(settings, now)
    days = {
        "unanswered_days": settings.retention_unanswered_days,
        "draft_days": settings.retention_draft_days,
    }
    unanswered = _in_batches(
        database, lambda session: reminders.expire_unanswered(session, now, **days), lambda count: None
    )
    with database.reading() as session:
        steps = (_consent_ended(now), contents, rows)
        of = sum(
            session.execute(select(func.count()).select_from(_REFERRAL).where(s)).scalar_one() for s in steps
        )
    done = 0

    def more(count: int) -> None:
        nonlocal done
        done += count
        told(min(done, of), of)

    purged = Purged(
        unanswered=unanswered,
        consents=_in_batches(database, lambda session: expire_consents(session, now), more),
        contents=_in_batches(database, lambda session: _erase(session, contents, now), more),
        reduced=_in_batches(database, lambda session: _reduce(session, rows, now), more),
        answers=_whole(database, lambda session: _forget_answers(session, vault, now)),
        signing_in=_whole(database, lambda session: _forget_signing_in(session, now)),
        messages=_whole(database, lambda session: delivering.forget_settled(session, now)),
        corrections=_whole(database, lambda session: corrections.forget_old(session, now)),
        log_emptied=database.empty_log(),
    )
    return purged


def expire_consents(session: Session, now: datetime) -> int:
    """Erase what is kept on a consent whose last day has passed, a batch of it; each is an event. Answers how many
    there were."""
    return _erase(session, _consent_ended(now), now)


def _consent_ended(now: datetime) -> ColumnElement[bool]:
    return and_(_REFERRAL.c.consent_expires_on < day_of(now), privacy.written())


def _outlived(settings: Settings, now: datetime) -> ColumnElement[bool]:
    return and_(
        _REFERRAL.c.ended_at <= now - timedelta(days=settings.retention_content_days), privacy.written()
    )


def _long_ended(settings: Settings, now: datetime) -> ColumnElement[bool]:
    return _REFERRAL.c.ended_at <= months_before(now, settings.retention_row_months)


def months_before(now: datetime, months: int) -> datetime:
    """The same time so many months ago, on the month's last day where it has fewer days."""
    years, place = divmod(now.month - 1 - months, 12)
    year, month = now.year + years, place + 1
    return now.replace(year=year, month=month, day=min(now.day, monthrange(year, month)[1]))


def _erase(session: Session, which: ColumnElement[bool], now: datetime) -> int:
    # All of a batch are locked before the first event holds the chain: who waits for the chain holds none of these.
    query = select(Referral).where(which).order_by(_REFERRAL.c.id).limit(BATCH)
    rows = session.execute(query.with_for_update(skip_locked=True)).scalars().all()
    for referral in rows:
        privacy.erase(session, referral, now)
        audit.record(session, referral, None, "erased", now)
        telling.tell_step(session, referral, None, "referral.erased", now)
    session.flush()
    return len(rows)


def _reduce(session: Session, which: ColumnElement[bool], now: datetime) -> int:
    """What was sent is counted, and then all of them go, with messages and reminders."""
    query = select(Referral).where(which).order_by(_REFERRAL.c.id).limit(BATCH)
    rows = session.execute(query.with_for_update(skip_locked=True)).scalars().all()
    for referral in rows:
        if privacy.holds_contents(session, referral):
            audit.record(session, referral, None, "erased", now)
    counts = Counter(_alike(referral, referral.sent_at) for referral in rows if referral.sent_at is not None)
    for alike, count in sorted(
        counts.items(), key=repr
    ):  # two at once wait for each other, and not in a ring
        _add(session, dict(alike), count)
    session.execute(delete(_REFERRAL).where(_REFERRAL.c.id.in_([referral.id for referral in rows])))
    session.expunge_all()
    if rows:
        session.info[ERASES] = True
    return len(rows)


def _alike(referral: Referral, sent_at: datetime) -> tuple[tuple[str, Any], ...]:
    """What of it is counted: columns of ReferralCount."""
    asked = asked_at(referral.delivery, sent_at, referral.received_at)
    return (
        ("month", month_of(sent_at)),
        ("sender_id", referral.sender_id),
        ("receiver_id", referral.receiver_id),
        ("service_id", referral.service_id),
        ("delivery", referral.delivery),
        ("status", referral.status),
        ("reason", referral.reason),
        ("outcome", referral.outcome),
        ("accepted", referral.accepted_at is not None),
        ("answered_within_hours", within_hours(asked, referral.answered_at)),
    )


def _add(session: Session, alike: dict[str, Any], count: int) -> None:
    same = and_(*(_COUNT.c[name].is_not_distinct_from(value) for name, value in alike.items()))
    # One of several, where two at the same time have made a row each: figures add them up.
    one = session.execute(select(_COUNT.c.id).where(same).order_by(_COUNT.c.id).limit(1)).scalar_one_or_none()
    if one is None:
        session.execute(insert(_COUNT).values(ReferralCount(**alike, count=count).model_dump()))
    else:
        more = {"count": _COUNT.c["count"] + count}
        session.execute(update(_COUNT).where(_COUNT.c.id == one).values(more))


def _forget_answers(session: Session, vault: Vault, now: datetime) -> int:
    """Those of yesterday; and what is erased is told by none that is kept, whoever erased it."""
    forgotten = idempotency.purge(session, now)
    places = {UUID(place.rpartition("/")[2]): place for place in idempotency.places(session) if _is_id(place)}
    erased = select(_REFERRAL.c.id).where(
        _REFERRAL.c.id.in_(list(places)), _REFERRAL.c.erased_at.is_not(None)
    )
    blanked = (
        idempotency.blank(session, vault, places[key], privacy.ERASED)
        for key in session.scalars(erased).all()
    )
    return forgotten + sum(blanked)


def _is_id(place: str) -> bool:
    try:
        UUID(place.rpartition("/")[2])
    except ValueError:
        return False
    return True


def _forget_signing_in(session: Session, now: datetime) -> int:
    return accounts.forget_ended(session, now) + invitations.forget_old(session, now)


def _whole(database: Database, work: Callable[[Session], int]) -> int:
    with database.unit_of_work() as session:
        done = work(session)
        session.commit()
    return done


def _in_batches(database: Database, work: Callable[[Session], int], more: Callable[[int], None]) -> int:
    total = 0
    while done := _whole(database, work):
        total += done
        more(done)
    return total

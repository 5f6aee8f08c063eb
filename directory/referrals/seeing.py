"""What a party may see of a referral: one, the list of those it has to do with, events, and what was written.

Whoever is no party gets NotFound, in the same words as for a referral that does not exist. The receiver sees
what consent covers, from when it was sent and for as long as consent lasts; what is the sender's own stays with
the sender.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, or_, select
from sqlmodel import Session

from directory.encryption import Vault
from directory.errors import InvalidInput, NotFound, StaleVersion
from directory.partners.access import Identity, Party, Standing, parties
from directory.referrals import audit
from directory.referrals.consent import day_of
from directory.referrals.lifecycle import STATUSES
from directory.referrals.models import Referral, ReferralEvent, ReferralMessage
from directory.referrals.views import View, views_of

PER_PAGE = 50

_REFERRAL: Table = Referral.__table__  # type: ignore[attr-defined]
_EVENT: Table = ReferralEvent.__table__  # type: ignore[attr-defined]
_MESSAGE: Table = ReferralMessage.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Page:
    """``cursor``: for the next page; None on the last."""

    items: tuple[View, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Event:
    sequence: int
    at: datetime
    action: str
    actor: str  # person, key, system
    actor_id: UUID | None  # of one's own partner only
    partner_id: UUID | None
    from_status: str | None
    to_status: str | None
    reason: str | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """``text`` None: erased."""

    id: UUID
    sequence: int  # of the event that it came with
    partner_id: UUID
    kind: str  # message, note
    at: datetime
    text: str | None


def standing_of(referral: Referral) -> Standing:
    return Standing(
        sender_id=referral.sender_id,
        receiver_id=referral.receiver_id,
        ever_sent=referral.sent_at is not None,
        consent_needed=referral.delivery != "carried",
        consent_withdrawn=referral.consent_withdrawn_at is not None,
        consent_expires_on=referral.consent_expires_on,
    )


def found(
    session: Session,
    identity: Identity,
    referral_id: UUID | str,
    today: date,
    *,
    version: int | None = None,
    lock: bool = True,
) -> tuple[Referral, frozenset[Party]]:
    """The referral and what the identity is to it. With ``lock`` nobody else changes it until the transaction
    ends.

    Raises NotFound, alike for one that is not there and one that is not the identity's to know of; StaleVersion
    where it stands at another version.
    """
    try:
        key = referral_id if isinstance(referral_id, UUID) else UUID(referral_id)
    except ValueError:
        raise NotFound from None
    query = select(Referral).where(_REFERRAL.c.id == key).execution_options(populate_existing=True)
    referral = session.execute(query.with_for_update() if lock else query).scalar_one_or_none()
    parts = frozenset() if referral is None else parties(identity, standing_of(referral), today)
    if referral is None or not parts:
        raise NotFound
    if version is not None and referral.version != version:
        raise StaleVersion(audit.OVERTAKEN)
    return referral, parts


def list_referrals(
    session: Session,
    vault: Vault,
    identity: Identity,
    *,
    now: datetime,
    box: Literal["in", "out"] | None = None,
    status: Collection[str] = (),
    cursor: str | None = None,
    per_page: int = PER_PAGE,
) -> Page:
    """What the identity's partner has sent (``out``) and received (``in``), the newest first. Those that wait for it:
    ``due.due_list``.

    Not an event: nothing that was written is in a list. Raises InvalidInput on box, status or cursor.
    """
    today = day_of(now)
    query = select(Referral).where(of_party(identity, box, status, today))
    if cursor is not None:
        query = query.where(_before(*_read_cursor(cursor)))
    query = query.order_by(_REFERRAL.c.created_at.desc(), _REFERRAL.c.id.desc()).limit(per_page + 1)
    rows = session.execute(query.execution_options(populate_existing=True)).scalars().all()
    shown = [(row, parties(identity, standing_of(row), today)) for row in rows[:per_page]]
    more = _cursor(rows[per_page - 1]) if len(rows) > per_page else None
    return Page(tuple(views_of(session, vault, shown, now=now, in_list=True)), more)


def events(session: Session, identity: Identity, referral_id: UUID | str, *, now: datetime) -> list[Event]:
    """What happened to it, in order; for the receiver from when it was sent. Raises NotFound."""
    referral, parts = found(session, identity, referral_id, day_of(now), lock=False)
    query = select(*_EVENT.c).where(_EVENT.c.referral_id == referral.id).order_by(_EVENT.c.sequence)
    rows: Sequence[Any] = session.execute(query).all()
    if Party.SENDER not in parts:
        sent = next((place for place, row in enumerate(rows) if row.to_status == "requested"), len(rows))
        rows = rows[sent:]
    return [
        Event(
            row.sequence,
            row.at,
            row.action,
            row.actor,
            row.actor_id if row.partner_id == identity.partner_id else None,
            row.partner_id,
            row.from_status,
            row.to_status,
            row.reason,
            row.outcome,
        )
        for row in rows
    ]


def messages_of(
    session: Session, vault: Vault, identity: Identity, referral: Referral, parts: frozenset[Party]
) -> list[Message]:
    """What was written about it, in order. The receiver sees nothing of before it was sent, and of the sender's
    words what consent covers.
    """
    query = select(*_MESSAGE.c).where(_MESSAGE.c.referral_id == referral.id).order_by(_MESSAGE.c.sequence)
    shown = []
    for row in session.execute(query):
        if Party.SENDER not in parts and row.partner_id != identity.partner_id:
            before = referral.sent_at is None or row.at < referral.sent_at
            if before or ("content" not in referral.consent_covers and referral.delivery != "carried"):
                continue
        text = None if row.text is None else str(vault.open(row.text))
        shown.append(Message(row.id, row.sequence, row.partner_id, row.kind, row.at, text))
    return shown


def of_party(
    identity: Identity, box: str | None, status: Collection[str], today: date
) -> ColumnElement[bool]:
    """The rule of ``access.parties`` for the store; a test holds the two together. Of one box, and with one of these
    statuses, where they are named. Raises InvalidInput on them.
    """
    if box not in ("in", "out", None):
        raise InvalidInput.of("box", "takes in or out")
    if unknown := sorted(set(status) - set(STATUSES)):
        raise InvalidInput.of("status", f"takes one of: {', '.join(STATUSES)}; not {unknown[0][:40]}")
    sent = _REFERRAL.c.sender_id == identity.partner_id
    received = and_(
        _REFERRAL.c.receiver_id == identity.partner_id,
        _REFERRAL.c.sent_at.is_not(None),
        _REFERRAL.c.consent_withdrawn_at.is_(None),
        or_(
            _REFERRAL.c.delivery == "carried",
            _REFERRAL.c.consent_expires_on.is_(None),
            _REFERRAL.c.consent_expires_on >= today,
        ),
    )
    own = {"in": received, "out": sent}.get(box or "", or_(sent, received))
    return and_(own, _REFERRAL.c.status.in_(status)) if status else own


def _before(at: datetime, key: UUID) -> ColumnElement[bool]:
    same = and_(_REFERRAL.c.created_at == at, _REFERRAL.c.id < key)
    return or_(_REFERRAL.c.created_at < at, same)


def _cursor(last: Referral) -> str:
    return urlsafe_b64encode(f"{last.created_at.isoformat()} {last.id}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        moment, key = urlsafe_b64decode(cursor).decode().split(" ")
        at = datetime.fromisoformat(moment)
        if at.tzinfo is None:
            raise ValueError(moment)
        return at, UUID(key)
    except (ValueError, binascii.Error, UnicodeError):
        raise InvalidInput.of("cursor", "takes the cursor of the page before") from None

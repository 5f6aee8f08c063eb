"""What the client may ask of whoever keeps a referral: a copy of all that is kept of it, and that it be erased.

The partner that the client asks does it: there is nobody here whom the house knows as the client.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select
from sqlmodel import Session

from directory.encryption import Vault
from directory.errors import NotAllowed
from directory.outbox.models import OutboxMessage
from directory.partners.access import Identity, Party
from directory.referrals import audit, privacy, referring, seeing, telling
from directory.referrals.consent import day_of
from directory.referrals.lifecycle import FINAL
from directory.referrals.models import Referral, ReferralReminder
from directory.referrals.views import View, view_of

TO_THE_RECEIVER = frozenset({"answer-soon", "answer-due", "silent"})  # reminders that it gets, too

_OUTBOX: Table = OutboxMessage.__table__  # type: ignore[attr-defined]
_REMINDER: Table = ReferralReminder.__table__  # type: ignore[attr-defined]


def export(
    session: Session, vault: Vault, identity: Identity, referral_id: UUID | str, *, now: datetime
) -> dict[str, Any]:
    """All that is kept of it and that the identity may see, of values that JSON can hold or orjson writes:
    ``exported_at``, ``referral`` (as ``View`` has it), ``messages``, ``events``, ``reminders``, and ``told``: what its
    own partner was told by mail or webhook.

    For the sender that is all there is. That it was read and exported are events, of which the copy has the first.
    Raises NotFound.
    """
    view = referring.read(session, vault, identity, referral_id, now=now)
    referral, parts = seeing.found(session, identity, view.id, day_of(now))
    copy = {
        "exported_at": now,
        "referral": asdict(view) | {"your_part": sorted(view.your_part)},
        "messages": [
            asdict(message) for message in seeing.messages_of(session, vault, identity, referral, parts)
        ],
        "events": [asdict(event) for event in seeing.events(session, identity, view.id, now=now)],
        "reminders": _reminders(session, referral, parts),
        "told": _told(session, identity, referral),
    }
    audit.record(session, referral, identity, "exported", now)
    return copy


def erase(
    session: Session,
    vault: Vault,
    identity: Identity,
    referral_id: UUID | str,
    *,
    version: int,
    now: datetime,
) -> View:
    """All that was written of it is gone, because the client asks for that. One that has not ended is cancelled, as the
    client takes consent back; of one that has, the receiver still sees that there was a referral. A second time
    changes nothing.

    Kept answers to repeated requests are the caller's to blank: ``idempotency.blank``. Raises NotFound, StaleVersion;
    NotAllowed for the receiver.
    """
    referral, parts = seeing.found(session, identity, referral_id, day_of(now), version=version)
    if Party.SENDER not in parts:
        raise NotAllowed("Whoever made the referral erases it. You can take back consent for the client.")
    if referral.status not in FINAL:
        step = {"to": "cancelled", "reason": "consent-withdrawn"}
        return referring.take_step(session, vault, identity, referral.id, step, version=version, now=now).view
    if privacy.holds_contents(session, referral):
        privacy.erase(session, referral, now)
        audit.record(session, referral, identity, "erased", now)
        telling.tell_step(session, referral, identity, "referral.erased", now)
    return view_of(session, vault, referral, parts, now=now)


def _reminders(session: Session, referral: Referral, parts: frozenset[Party]) -> list[dict[str, Any]]:
    query = select(_REMINDER.c.kind, _REMINDER.c.day, _REMINDER.c.at)
    query = query.where(_REMINDER.c.referral_id == referral.id).order_by(_REMINDER.c.at, _REMINDER.c.kind)
    if Party.SENDER not in parts:
        query = query.where(_REMINDER.c.kind.in_(TO_THE_RECEIVER))
    return [dict(row._mapping) for row in session.execute(query)]


def _told(session: Session, identity: Identity, referral: Referral) -> list[dict[str, Any]]:
    """What its partner was told: of the other's people and systems nothing."""
    columns = _OUTBOX.c
    query = select(columns.id, columns.channel, columns.event, columns.created_at, columns.state)
    ours = columns.referral_id == referral.id, columns.partner_id == identity.partner_id
    return [dict(row._mapping) for row in session.execute(query.where(*ours).order_by(columns.position))]

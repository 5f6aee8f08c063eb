"""Who is told of a step, a message or a reminder: both parties' systems, and by mail those who have to know.

In the transaction of the step, after its event. The receiver is told only what it may know of: nothing of a referral
that was never sent, and nothing more once consent has ended, but for the one step by which it ended.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Table, select
from sqlmodel import Session

from directory.outbox import events
from directory.partners.access import Identity, Party, receiver_sees
from directory.referrals.consent import day_of
from directory.referrals.models import Referral, ReferralEvent
from directory.referrals.seeing import standing_of

# What one party has to know by mail when the other did it; the rest is for systems alone.
BY_MAIL = frozenset({*events.STEPS, "referral.message", "referral.redeemed"})
_LAST = frozenset({"referral.cancelled", "referral.entered-in-error", "referral.erased"})

_EVENT: Table = ReferralEvent.__table__  # type: ignore[attr-defined]


def tell_step(
    session: Session, referral: Referral, identity: Identity | None, event: str, now: datetime
) -> int:
    """Tell of one of ``events.EVENTS`` that is no reminder. ``identity``: who did it, who gets no mail about it;
    None: the service itself, of which both parties are told. Answers how many messages wait now.
    """
    told = 0
    for party in _told_of(referral, event, now):
        partner_id = _partner_of(referral, party)
        mail_to: list[UUID | None] = []
        other = identity is None or identity.partner_id != partner_id
        if event in BY_MAIL and (other or referral.sender_id == referral.receiver_id):
            mail_to = _mail_to(session, referral, party)
        if identity is not None:
            mail_to = [account for account in mail_to if account != identity.id]
        told += events.tell(
            session, partner_id=partner_id, referral_id=referral.id, event=event, now=now, mail_to=mail_to
        )
    return told


def tell_received(session: Session, referral: Referral, now: datetime) -> int:
    """Tell the sender's systems that the receiver has the referral in hand."""
    return events.tell(
        session, partner_id=referral.sender_id, referral_id=referral.id, event="referral.received", now=now
    )


def remind(session: Session, referral: Referral, kind: str, party: Party, now: datetime) -> int:
    """Remind one party, by mail and its systems. ``kind``: such as answer-soon, see ``events.REMINDERS``. Nobody is
    reminded who may not know of the referral. Answers how many messages wait now.
    """
    event = f"reminder.{kind}"
    if not _may_know(referral, party, event, now):
        return 0
    return events.tell(
        session,
        partner_id=_partner_of(referral, party),
        referral_id=referral.id,
        event=event,
        now=now,
        mail_to=_mail_to(session, referral, party),
    )


def _told_of(referral: Referral, event: str, now: datetime) -> list[Party]:
    """Those that may know. A partner who refers to a service of its own is told once."""
    found = [party for party in (Party.SENDER, Party.RECEIVER) if _may_know(referral, party, event, now)]
    if len(found) == 2 and referral.sender_id == referral.receiver_id:
        return [Party.RECEIVER if event == "referral.requested" else Party.SENDER]
    return found


def _may_know(referral: Referral, party: Party, event: str, now: datetime) -> bool:
    if party is Party.SENDER:
        return True
    if referral.receiver_id is None or referral.sent_at is None:
        return False
    ends_with_it = event in _LAST and referral.consent_withdrawn_at == now
    return ends_with_it or receiver_sees(standing_of(referral), day_of(now))


def _partner_of(referral: Referral, party: Party) -> UUID:
    partner_id = referral.sender_id if party is Party.SENDER else referral.receiver_id
    assert partner_id is not None  # see _may_know
    return partner_id


def _mail_to(session: Session, referral: Referral, party: Party) -> list[UUID | None]:
    """Of the sender, whoever wrote the referral, if a person did; of the receiver, whoever sees to referrals."""
    person = None
    if party is Party.SENDER:
        person = session.execute(
            select(_EVENT.c.actor_id).where(
                _EVENT.c.referral_id == referral.id,
                _EVENT.c.action == "created",
                _EVENT.c.actor == "person",
            )
        ).scalar_one_or_none()
    return events.recipients(session, _partner_of(referral, party), person)

"""What is told, and to whom of a partner: written in the transaction of what caused it, delivered later.

A message says which event it was and of which referral, never more. That a partner may know of the referral at all is
for the caller to see to: ``referrals.telling``.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from directory.outbox.models import OutboxMessage, WebhookEndpoint
from directory.partners.access import READ_REFERRALS
from directory.partners.models import Account, Partner

# The statuses that somebody else than who writes it may know of; a draft is nobody's business.
_STATUSES = (
    "requested",
    "accepted",
    "rejected",
    "in-progress",
    "on-hold",
    "completed",
    "failed",
    "cancelled",
    "entered-in-error",
)
STEPS = tuple(f"referral.{status}" for status in _STATUSES)
REMINDERS = tuple(
    f"reminder.{kind}"
    for kind in ("answer-soon", "answer-due", "unanswered", "revisit", "follow-up", "silent")
)
TEST = "test"  # what a coordinator has sent, to see whether it arrives; of no referral
EVENTS = (
    *STEPS,
    "referral.received",
    "referral.message",
    "referral.redeemed",
    "referral.erased",
    *REMINDERS,
)


def tell(
    session: Session,
    *,
    partner_id: UUID,
    referral_id: UUID,
    event: str,
    now: datetime,
    mail_to: Collection[UUID | None] = (),
) -> int:
    """One message to each webhook endpoint of the partner that is in use, and one mail to each of ``mail_to`` (an
    account; None: the partner's mailbox). Answers how many; none, when the partner is disabled.

    Call it after the event of the step is recorded: messages of one referral are delivered in the order in which they
    are written, and whoever records an event holds all others off. Raises ValueError for an event not in EVENTS.
    """
    if event not in EVENTS:
        raise ValueError(f"there is no event {event}")
    partner = session.get(Partner, partner_id)
    if partner is None or not partner.active:
        return 0
    # Held until the end: one that is removed meanwhile would take the whole step with it.
    endpoints = session.exec(
        select(WebhookEndpoint.id)
        .where(WebhookEndpoint.partner_id == partner_id, col(WebhookEndpoint.active))
        .order_by(col(WebhookEndpoint.created_at), col(WebhookEndpoint.id))
        .with_for_update(read=True, key_share=True)
    ).all()
    receivers: list[tuple[str, UUID | None, UUID | None]] = [("webhook", one, None) for one in endpoints]
    receivers += [("mail", None, account) for account in dict.fromkeys(mail_to)]
    for channel, endpoint_id, account_id in receivers:
        message = OutboxMessage(
            referral_id=referral_id,
            partner_id=partner_id,
            channel=channel,
            endpoint_id=endpoint_id,
            account_id=account_id,
            event=event,
            created_at=now,
            next_at=now,
        )
        session.add(message)
        session.flush()
    return len(receivers)


def recipients(session: Session, partner_id: UUID, person: UUID | None = None) -> list[UUID | None]:
    """Who of a partner gets a mail, as ``tell`` takes it: ``person``, if that is somebody of theirs who still has to do
    with referrals and wants mail; else the partner's mailbox (None); else all who have to do with referrals and want
    mail. Nobody, when the partner is disabled.
    """
    partner = session.get(Partner, partner_id)
    if partner is None or not partner.active:
        return []
    accounts = session.exec(
        select(Account).where(Account.partner_id == partner_id).order_by(col(Account.email))
    )
    willing = [account.id for account in accounts if wants_mail(account)]
    if person in willing:
        return [person]
    return [None] if partner.mailbox else list(willing)


def wants_mail(account: Account) -> bool:
    """Whether this person is still to be told of referrals by mail."""
    has_to_do = not READ_REFERRALS.isdisjoint(account.roles)
    return account.active and has_to_do and account.notices != "none"

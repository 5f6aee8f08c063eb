"""Saying by the link of a mail, without signing in, that a referral is in hand. It can do nothing else.

The link works for 14 days, as long as the referral waits for an answer, and once: what is received stays received.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Table, select
from sqlmodel import Session

from directory.encryption import Vault
from directory.errors import NotFound
from directory.outbox.links import ACKNOWLEDGED, message_of
from directory.outbox.models import OutboxMessage
from directory.partners.access import Identity, receiver_sees
from directory.partners.models import Account, Partner
from directory.referrals import audit, telling
from directory.referrals.consent import day_of
from directory.referrals.models import Referral
from directory.referrals.seeing import standing_of

LASTS = timedelta(days=14)
_USED = "This link has been used, or is too old. Sign in to see what there is."

_MESSAGE: Table = OutboxMessage.__table__  # type: ignore[attr-defined]
_REFERRAL: Table = Referral.__table__  # type: ignore[attr-defined]


def check(session: Session, vault: Vault, token: str, now: datetime) -> UUID:
    """The id of the referral that the token acknowledges; changes nothing. Raises NotFound, in the same words for a
    token that was used, is too old, or is none of ours.
    """
    return _found(session, vault, token, now, lock=False)[0].id


def acknowledge(session: Session, vault: Vault, token: str, now: datetime) -> UUID:
    """The referral is received from now on, which is an event of whoever the mail went to, and the sender's systems are
    told. Raises NotFound as ``check`` does.
    """
    referral, message = _found(session, vault, token, now, lock=True)
    referral.received_at = referral.updated_at = now
    audit.record(session, referral, _identity(message), "acknowledged", now)
    telling.tell_received(session, referral, now)
    return referral.id


def _found(
    session: Session, vault: Vault, token: str, now: datetime, *, lock: bool
) -> tuple[Referral, OutboxMessage]:
    message_id = message_of(vault, token)
    query = select(OutboxMessage).where(_MESSAGE.c.id == message_id)
    message = session.execute(query).scalar_one_or_none() if message_id else None
    if message is None or message.channel != "mail" or message.event not in ACKNOWLEDGED:
        raise NotFound(_USED)
    wanted = select(Referral).where(_REFERRAL.c.id == message.referral_id)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    referral = session.execute(wanted).scalar_one_or_none()
    if (
        referral is None
        or now > message.created_at + LASTS
        or referral.status != "requested"
        or referral.received_at is not None
        or referral.receiver_id != message.partner_id
        or not receiver_sees(standing_of(referral), day_of(now))
    ):
        raise NotFound(_USED)
    partner = session.get(Partner, message.partner_id)
    account = session.get(Account, message.account_id) if message.account_id else None
    if partner is None or not partner.active:
        raise NotFound(_USED)
    if message.account_id and not (account and account.active and account.partner_id == partner.id):
        raise NotFound(_USED)
    return referral, message


def _identity(message: OutboxMessage) -> Identity | None:
    """Whose mailbox the link went to; None for a mailbox that is nobody's own."""
    return Identity(message.account_id, message.partner_id) if message.account_id else None

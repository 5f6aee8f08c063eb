"""What sender and receiver do with a referral: take a step, read it, write to each other, take consent back,
redeem a code.

Each function does one thing, with its event, in the caller's transaction. NotFound: it is not there, or not the
identity's to know of. ``said`` holds JSON values, and what is wrong is told by field.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select
from sqlmodel import Session

from directory.catalogue.drafts import check
from directory.encryption import Vault
from directory.errors import Conflict, InvalidInput, NotFound
from directory.partners.access import Identity, Party, parties, receiver_sees
from directory.partners.partnering import partner_of_service
from directory.referrals import audit, carried, privacy, telling
from directory.referrals.composing import Sent, send
from directory.referrals.consent import day_of
from directory.referrals.drafts import MessageDraft, StepDraft
from directory.referrals.lifecycle import FINAL, check_step, legal_steps
from directory.referrals.models import Referral, ReferralMessage
from directory.referrals.seeing import Message, found, messages_of, standing_of
from directory.referrals.views import View, view_of

_REFERRAL: Table = Referral.__table__  # type: ignore[attr-defined]


def take_step(
    session: Session,
    vault: Vault,
    identity: Identity,
    referral_id: UUID | str,
    said: dict[str, Any],
    *,
    version: int,
    now: datetime,
) -> Sent:
    """``said``: to, reason, note, outcome, appointment_at, revisit_on; see ``lifecycle``. With the reason
    consent-withdrawn, and on entered-in-error, all that was written is erased.

    The answer is for who took the step, also where it took the referral out of their sight. Raises NotFound,
    StaleVersion, InvalidInput, IllegalStep.
    """
    referral, parts = found(session, identity, referral_id, day_of(now), version=version)
    step = check(StepDraft, said)
    before = referral.status
    check_step(
        before,
        step.to,
        parts,
        referral.sent_at is not None,
        reason=step.reason,
        outcome=step.outcome,
        note=step.note,
        appointment_at=step.appointment_at,
        revisit_on=step.revisit_on,
    )
    withdraws = step.reason == "consent-withdrawn"
    if step.note is not None:
        _check_note(referral, step, withdraws)
    if referral.sent_at is not None:  # a draft may still get a new consent
        privacy.erase_if_ended(session, referral, now)
    code = send(session, vault, referral, now) if step.to == "requested" else None
    referral.appointment_at = step.appointment_at or referral.appointment_at
    referral.revisit_on = step.revisit_on
    move(referral, step.to, step.reason, step.outcome, now)
    received = _receive(referral, parts, now)
    if withdraws:
        referral.consent_withdrawn_at = now
    if withdraws or step.to == "entered-in-error":
        privacy.erase(session, referral, now)
    event = audit.record(
        session,
        referral,
        identity,
        "step",
        now,
        from_status=before,
        to_status=step.to,
        reason=step.reason,
        outcome=step.outcome,
    )
    if step.note is not None:
        _write(session, vault, identity, referral, event.sequence, "note", step.note, now)
    if received:
        telling.tell_received(session, referral, now)
    if step.to != "draft":
        telling.tell_step(session, referral, identity, f"referral.{step.to}", now)
    return Sent(view_of(session, vault, referral, parts, now=now), code)


def read(
    session: Session, vault: Vault, identity: Identity, referral_id: UUID | str, *, now: datetime
) -> View:
    """The referral, which is an event. The first time that the receiver reads it, it is received. Raises
    NotFound.
    """
    referral, parts = _read(session, identity, referral_id, now)
    return view_of(session, vault, referral, parts, now=now)


def read_messages(
    session: Session, vault: Vault, identity: Identity, referral_id: UUID | str, *, now: datetime
) -> list[Message]:
    """What was written about it, in order, which is an event as ``read`` is. Raises NotFound."""
    referral, parts = _read(session, identity, referral_id, now)
    return messages_of(session, vault, identity, referral, parts)


def write_message(
    session: Session,
    vault: Vault,
    identity: Identity,
    referral_id: UUID | str,
    said: dict[str, Any],
    *,
    now: datetime,
) -> Message:
    """``said``: text. The referral keeps its version.

    Raises NotFound; InvalidInput on text, and on consent.covers where it does not cover content; Conflict for
    one that was never sent, is carried by the client, or whose consent has ended.
    """
    referral, _ = found(session, identity, referral_id, day_of(now))
    text = check(MessageDraft, said).text
    if referral.delivery == "carried":
        raise Conflict(
            "A referral that the client carries has no messages: nothing is written of the client."
        )
    if referral.sent_at is None:
        raise Conflict("Messages are written about a referral that has been sent.")
    if referral.erased_at is not None or not receiver_sees(standing_of(referral), day_of(now)):
        raise Conflict("Consent has ended, or all that was written is erased: nothing more is written.")
    if "content" not in referral.consent_covers:
        raise InvalidInput.of("consent.covers", "must cover content")
    event = audit.record(session, referral, identity, "message", now)
    telling.tell_step(session, referral, identity, "referral.message", now)
    return _write(session, vault, identity, referral, event.sequence, "message", text, now)


def withdraw_consent(
    session: Session,
    vault: Vault,
    identity: Identity,
    referral_id: UUID | str,
    *,
    version: int,
    now: datetime,
) -> View:
    """The client takes consent back: the receiver loses sight, all that was written is erased, and a referral
    that has not ended is cancelled for that reason. A second time changes nothing. Either party may be told by
    the client.

    Raises NotFound, StaleVersion.
    """
    referral, parts = found(session, identity, referral_id, day_of(now), version=version)
    if referral.consent_withdrawn_at is None:
        before = referral.status
        cancels = "cancelled" in legal_steps(before, parts, referral.sent_at is not None)
        if cancels:
            referral.revisit_on = None
            move(referral, "cancelled", "consent-withdrawn", None, now)
        referral.consent_withdrawn_at = now
        privacy.erase(session, referral, now)
        audit.record(
            session,
            referral,
            identity,
            "consent-withdrawn",
            now,
            from_status=before if cancels else None,
            to_status="cancelled" if cancels else None,
            reason="consent-withdrawn",
        )
        told = "referral.cancelled" if cancels else "referral.erased"
        telling.tell_step(session, referral, identity, told, now)
    return view_of(session, vault, referral, parts, now=now)


def redeem(session: Session, vault: Vault, identity: Identity, typed: str, *, now: datetime) -> View:
    """The carried referral whose code the client has brought is from now on this partner's, who answers for the
    service.

    NotFound, in the same words: a slip, unknown, used, cancelled, too old, consent ended, or of another
    partner's service. Whoever calls limits guesses.
    """
    code = carried.normalized(typed)
    if code is None or identity.partner_id is None:
        raise NotFound
    query = select(Referral).where(_REFERRAL.c.code_hash == carried.hash_of(vault, code))
    query = query.with_for_update().execution_options(populate_existing=True)
    referral = session.execute(query).scalar_one_or_none()
    if referral is None or not _may_redeem(session, identity.partner_id, referral, now):
        raise NotFound
    referral.receiver_id = identity.partner_id
    referral.code_hash = None
    referral.received_at = referral.updated_at = now
    audit.record(session, referral, identity, "redeemed", now)
    telling.tell_step(session, referral, identity, "referral.redeemed", now)
    return view_of(session, vault, referral, parties(identity, standing_of(referral), day_of(now)), now=now)


def _may_redeem(session: Session, partner_id: UUID, referral: Referral, now: datetime) -> bool:
    if referral.sent_at is None or now > referral.sent_at + carried.LASTS:
        return False
    if referral.consent_expires_on is not None and referral.consent_expires_on < day_of(now):
        return False
    partner = partner_of_service(session, referral.service_id)
    return partner is not None and partner.id == partner_id


def _read(
    session: Session, identity: Identity, referral_id: UUID | str, now: datetime
) -> tuple[Referral, frozenset[Party]]:
    referral, parts = found(session, identity, referral_id, day_of(now))
    privacy.erase_if_ended(session, referral, now)
    received = _receive(referral, parts, now)
    audit.record(session, referral, identity, "read", now)
    if received:
        telling.tell_received(session, referral, now)
    return referral, parts


def _receive(referral: Referral, parts: frozenset[Party], now: datetime) -> bool:
    """Whether that it is received is new."""
    if Party.RECEIVER not in parts or referral.received_at is not None:
        return False
    referral.received_at = referral.updated_at = now
    return True


def move(referral: Referral, to: str, reason: str | None, outcome: str | None, now: datetime) -> None:
    """Bring it to that status, with what follows from the status alone. Whether it may, the caller knows."""
    referral.status, referral.reason, referral.outcome = to, reason, outcome
    referral.updated_at = now
    if to in ("accepted", "rejected"):
        referral.answered_at = referral.answered_at or now
    if to == "accepted":
        referral.accepted_at = now
    if to in FINAL:
        referral.code_hash = None
        referral.ended_at = referral.ended_at or now


def _check_note(referral: Referral, step: StepDraft, withdraws: bool) -> None:
    if withdraws:
        raise InvalidInput.of("note", "does not go with consent-withdrawn: all that was written is erased")
    if referral.delivery == "carried" and step.reason != "other":
        raise InvalidInput.of(
            "note", "goes with the reason other only: nothing is written of a client who carries the referral"
        )


def _write(
    session: Session,
    vault: Vault,
    identity: Identity,
    referral: Referral,
    sequence: int,
    kind: str,
    text: str,
    now: datetime,
) -> Message:
    assert identity.partner_id is not None  # it is a party
    row = ReferralMessage(
        referral_id=referral.id,
        sequence=sequence,
        partner_id=identity.partner_id,
        kind=kind,
        at=now,
        text=vault.seal(text),
    )
    session.add(row)
    session.flush()
    return Message(row.id, sequence, row.partner_id, kind, now, text)

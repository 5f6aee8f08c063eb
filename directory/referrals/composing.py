"""How a referral comes to be: a draft that its sender writes and changes, looked at as a whole, and then sent.

In the caller's transaction, each with its event. ``said`` holds JSON values, and what is wrong is told by
field.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select
from sqlmodel import Session

from directory.catalogue.assembly import SERVICE, public_services
from directory.catalogue.drafts import check
from directory.encryption import Vault
from directory.errors import Conflict, InvalidInput, NotAllowed
from directory.partners.access import Identity, Party
from directory.partners.partnering import partner_of_service
from directory.referrals import audit, carried, identifying, privacy, telling
from directory.referrals.consent import day_of, wrong_days
from directory.referrals.drafts import ReferralDraft, draft_of, lacks_consent
from directory.referrals.lifecycle import MAY_BE_REFERRED_ON
from directory.referrals.models import Referral
from directory.referrals.seeing import found
from directory.referrals.views import View, view_of

_REFERRAL: Table = Referral.__table__  # type: ignore[attr-defined]
_CLIENT_REF_LENGTH = 8
_NO_PARTNER = {"service_id": ["takes a service of a partner; use delivery carried"]}


@dataclass(frozen=True, slots=True)
class Sent:
    """``code``: of a carried referral, by the call that sent it and never again."""

    view: View
    code: str | None = None


def create(
    session: Session,
    vault: Vault,
    identity: Identity,
    said: dict[str, Any],
    *,
    needs: Collection[str],
    now: datetime,
) -> Sent:
    """A new referral, as a draft or requested at once. ``needs``: the slugs that there are.

    Raises InvalidInput; NotAllowed for who is of no partner.
    """
    if identity.partner_id is None:
        raise NotAllowed("Only people and systems of a partner refer.")
    draft = draft_of(said, needs=needs, today=day_of(now))
    errors, service_id, receiver_id = _service(session, draft)
    errors |= _refers_on(session, identity.partner_id, draft.refers_on)
    errors |= lacks_consent(draft) if draft.status == "requested" else {}
    if errors:
        raise InvalidInput(errors)
    referral = Referral(
        sender_id=identity.partner_id, service_id=service_id, status="draft", created_at=now, updated_at=now
    )  # type: ignore[call-arg]
    _put(referral, vault, draft, service_id, receiver_id)
    code = None
    if draft.status == "requested":
        code = _send(vault, referral, now)
    session.add(referral)
    audit.record(session, referral, identity, "created", now, to_status=referral.status)
    if referral.status == "requested":
        telling.tell_step(session, referral, identity, "referral.requested", now)
    return Sent(view_of(session, vault, referral, frozenset({Party.SENDER}), now=now), code)


def change(
    session: Session,
    vault: Vault,
    identity: Identity,
    referral_id: UUID | str,
    said: dict[str, Any],
    *,
    version: int,
    needs: Collection[str],
    now: datetime,
) -> View:
    """A draft, with the fields that ``said`` names replaced; null takes back what may be left out. Saying the
    same again changes nothing. Raises NotFound, StaleVersion, InvalidInput; Conflict when it is a draft no
    more.
    """
    referral, parts = found(session, identity, referral_id, day_of(now), version=version)
    if referral.status != "draft" or Party.SENDER not in parts:
        raise Conflict(f"A referral is changed as a draft only; this one is {referral.status}.")
    if "status" in said:
        raise InvalidInput.of("status", "is changed by a step (transitions)")
    present = _as_said(referral, vault)
    if said.get("delivery") == "carried" and "client_ref" not in said:
        del present["client_ref"]  # a random code of ours, which it no longer needs
    draft = draft_of(present | said, needs=needs, today=day_of(now))
    errors, service_id, receiver_id = _service(session, draft)
    if draft.refers_on != referral.refers_on:
        errors |= _refers_on(session, referral.sender_id, draft.refers_on)
    if errors:
        raise InvalidInput(errors)
    _put(referral, vault, draft, service_id, receiver_id)
    if "consent" in said:
        referral.consent_withdrawn_at = None
    if session.is_modified(referral):
        referral.updated_at = now
        referral.erased_at = None
        audit.record(session, referral, identity, "changed", now)
    return view_of(session, vault, referral, parts, now=now)


def send(session: Session, vault: Vault, referral: Referral, now: datetime) -> str | None:
    """Make a draft, or one on hold that was never sent, requested; the code, where the client carries it.

    It is looked at again: days have passed since it was written, and partners come and go. Raises InvalidInput.
    """
    present = _as_said(referral, vault)
    errors: dict[str, list[str]] = {}
    draft = check(ReferralDraft, present)
    if draft.consent is not None:
        errors |= wrong_days(draft.consent, day_of(now))
    if referral.consent_withdrawn_at is not None:
        errors["consent"] = ["was withdrawn: it has to be given anew"]
    unfit, _, receiver_id = _service(session, draft)
    errors |= unfit | lacks_consent(draft)
    if errors:
        raise InvalidInput(errors)
    referral.receiver_id = receiver_id
    return _send(vault, referral, now)


def _send(vault: Vault, referral: Referral, now: datetime) -> str | None:
    """Makes the code of a carried one. It is kept as a hash alone."""
    referral.status, referral.sent_at = "requested", now
    if referral.delivery != "carried":
        return None
    code = carried.new_code()
    referral.code_hash = carried.hash_of(vault, code)
    return code


def _service(session: Session, draft: ReferralDraft) -> tuple[dict[str, list[str]], UUID, UUID | None]:
    """What is wrong with the service, by field; its id; who receives a referral that is sent."""
    try:
        identified = SERVICE.c.id == UUID(draft.service_id)
    except ValueError:
        identified = SERVICE.c.slug == draft.service_id
    services = public_services(session, identified)
    if not services:
        return {"service_id": ["is no service that there is"]}, UUID(int=0), None
    key: UUID = services[0].id
    if draft.delivery == "carried":
        return {}, key, None
    partner = partner_of_service(session, key)
    return ({}, key, partner.id) if partner else (_NO_PARTNER, key, None)


def _refers_on(session: Session, sender_id: UUID, refers_on: UUID | None) -> dict[str, list[str]]:
    if refers_on is None:
        return {}
    row = session.execute(
        select(_REFERRAL.c.status).where(_REFERRAL.c.id == refers_on, _REFERRAL.c.sender_id == sender_id)
    ).one_or_none()
    if row is None or row.status not in MAY_BE_REFERRED_ON:
        return {"refers_on": ["takes the id of a rejected or failed referral that you sent"]}
    return {}


def _put(
    referral: Referral, vault: Vault, draft: ReferralDraft, service_id: UUID, receiver_id: UUID | None
) -> None:
    referral.service_id, referral.receiver_id = service_id, receiver_id
    referral.refers_on = draft.refers_on
    referral.delivery = draft.delivery
    referral.needs, referral.languages = list(draft.needs), list(draft.languages)
    referral.urgency, referral.context = draft.urgency, draft.context
    referral.contact_preference = draft.contact_preference
    referral.appointment_at, referral.follow_up_on = draft.appointment_at, draft.follow_up_on
    consent = draft.consent
    referral.consent_given_on = consent.given_on if consent else None
    referral.consent_method = consent.method if consent else None
    referral.consent_covers = list(consent.covers) if consent else []
    referral.consent_expires_on = consent.expires_on if consent else None
    client_ref = draft.client_ref
    if client_ref is None and draft.delivery == "sent":
        client_ref = _random_ref()
    contact = draft.contact.model_dump(exclude_none=True) if draft.contact else None
    privacy.seal(referral, vault, privacy.Contents(client_ref, draft.message, contact))


def _random_ref() -> str:
    while True:
        code = "".join(secrets.choice(carried.ALPHABET) for _ in range(_CLIENT_REF_LENGTH))
        if not identifying.finds(code):  # digits alone may be somebody's phone number
            return code


def _as_said(referral: Referral, vault: Vault) -> dict[str, Any]:
    """What the sender has said of it so far, as ``draft_of`` takes it."""
    contents = privacy.opened(referral, vault)
    consent = None
    if referral.consent_given_on is not None:
        consent = {
            "given_on": referral.consent_given_on,
            "method": referral.consent_method,
            "covers": referral.consent_covers,
            "expires_on": referral.consent_expires_on,
        }
    return {
        "service_id": str(referral.service_id),
        "delivery": referral.delivery,
        "needs": referral.needs,
        "languages": referral.languages,
        "urgency": referral.urgency,
        "context": referral.context,
        "contact_preference": referral.contact_preference,
        "contact": contents.contact,
        "client_ref": contents.client_ref,
        "message": contents.message,
        "consent": consent,
        "appointment_at": referral.appointment_at,
        "follow_up_on": referral.follow_up_on,
        "refers_on": referral.refers_on,
    }

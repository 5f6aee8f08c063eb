"""What a sender may say of a referral, before it is one: shapes, and the rules that bind one field to another.

A carried referral holds nothing of the client: what would point to one is refused by field. Text that people
write is searched for what identifies a client (``identifying``), wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field

from directory import languages as tongues
from directory.catalogue.drafts import Draft, check
from directory.errors import InvalidInput
from directory.referrals import identifying
from directory.referrals.consent import Consent, missing, needed_for, once, wrong_days

URGENCIES = ("routine", "soon", "urgent")
CONTEXTS = ("none", "release-from-prison", "discharge", "after-overdose", "after-assault")
DELIVERIES = ("sent", "carried")
CONTACT_PREFERENCES = ("none", "via-sender", "direct")
LONGEST_TEXT = 4000  # characters of a message or a note
MOST = 20  # needs, or languages

_CLIENT_REF = re.compile(r"[A-Za-z0-9_-]{4,40}")


def free_text(value: str) -> str:
    """Text that one person writes to another. Raises ValueError: empty, or it holds what identifies a client."""
    if not value.strip() or "\0" in value:
        raise ValueError(f"takes 1 to {LONGEST_TEXT} characters")
    return _identifies_nobody(value)


def _identifies_nobody(value: str) -> str:
    if found := identifying.finds(value):
        raise ValueError(f"holds {', '.join(found)}, which may not stand here")
    return value


def _client_ref(value: str) -> str:
    if not _CLIENT_REF.fullmatch(value):
        raise ValueError("takes 4 to 40 letters a-z, digits, _ and -: a random code, never a name")
    return _identifies_nobody(value)


def _language(value: str) -> str:
    try:
        return tongues.normalize(value)
    except InvalidInput as error:
        raise ValueError(error.errors["language"][0]) from None


Text = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(free_text)]
_ContactText = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")]


class Contact(Draft):
    """The one place for what reaches the client. At least one of them."""

    phone: _ContactText | None = None
    email: _ContactText | None = None
    other: _ContactText | None = None


class ReferralDraft(Draft):
    """``service_id``: the service's id or slug."""

    service_id: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
    status: Literal["draft", "requested"] = "draft"
    delivery: Literal["sent", "carried"] = "sent"
    needs: Annotated[tuple[str, ...], Field(max_length=MOST), AfterValidator(once)] = ()
    languages: Annotated[
        tuple[Annotated[str, AfterValidator(_language)], ...], Field(max_length=MOST), AfterValidator(once)
    ] = ()
    urgency: Literal["routine", "soon", "urgent"] = "routine"
    context: Literal["none", "release-from-prison", "discharge", "after-overdose", "after-assault"] = "none"
    contact_preference: Literal["none", "via-sender", "direct"] = "none"
    contact: Contact | None = None
    client_ref: Annotated[str, AfterValidator(_client_ref)] | None = None
    message: Text | None = None
    consent: Consent | None = None
    appointment_at: AwareDatetime | None = None
    follow_up_on: date | None = None
    refers_on: UUID | None = None


def draft_of(said: dict[str, Any], *, needs: Collection[str], today: date) -> ReferralDraft:
    """The draft that ``said`` (JSON values) is. ``needs``: the slugs that there are. Raises InvalidInput, by
    field.
    """
    draft = check(ReferralDraft, said)
    errors = _unknown_needs(draft, needs)
    if draft.consent is not None:
        errors |= wrong_days(draft.consent, today)
    errors |= _of_the_client(draft) if draft.delivery == "carried" else _contact(draft)
    if errors:
        raise InvalidInput(errors)
    return draft


def lacks_consent(draft: ReferralDraft) -> dict[str, list[str]]:
    """What a consent must still cover before the draft can be sent, as errors by field."""
    if draft.delivery == "carried":
        return {}
    covers = draft.consent.covers if draft.consent else ()
    return missing(covers, needed_for(draft.message, draft.contact))


class StepDraft(Draft):
    """What is said with a step; whether it goes with this step, ``lifecycle`` knows."""

    to: str
    reason: str | None = None
    note: Text | None = None
    outcome: str | None = None
    appointment_at: AwareDatetime | None = None
    revisit_on: date | None = None


class MessageDraft(Draft):
    text: Text


def _unknown_needs(draft: ReferralDraft, needs: Collection[str]) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    for position, slug in enumerate(draft.needs):
        if slug not in needs:
            nearest = ", ".join(get_close_matches(slug[:100], needs, 3, 0.4))
            errors[f"needs.{position}"] = [
                f"is no need that there is{f'; nearest: {nearest}' if nearest else ''}"
            ]
    return errors


def _of_the_client(draft: ReferralDraft) -> dict[str, list[str]]:
    refused = {
        "client_ref": draft.client_ref is not None,
        "message": draft.message is not None,
        "contact": draft.contact is not None,
        "languages": bool(draft.languages),
        "context": draft.context != "none",
        "contact_preference": draft.contact_preference != "none",
    }
    why = "has no place in a referral that the client carries: it holds nothing of the client"
    return {field: [why] for field, there in refused.items() if there}


def _contact(draft: ReferralDraft) -> dict[str, list[str]]:
    contact = draft.contact
    if draft.contact_preference == "direct":
        if contact is None or not contact.model_dump(exclude_none=True):
            return {
                "contact": ["takes at least one of phone, email, other when contact_preference is direct"]
            }
    elif contact is not None:
        return {"contact": ["goes with contact_preference direct only"]}
    # Contact data is not even kept without consent, sent or not.
    covers = draft.consent.covers if draft.consent else ()
    return missing(covers, {"contact"} if contact is not None else ())

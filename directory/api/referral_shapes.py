"""What the doors for referrals take and answer.

What is taken is described here and checked by the referrals' own rules (``referrals.drafts``, ``referrals.lifecycle``),
so that there is one declaration of what is right. Here only names that do not exist are refused.
"""

from __future__ import annotations

from typing import Any

import orjson
from marshmallow import Schema, ValidationError, fields, validate

from directory.api.arguments import Arguments, OneOrMore, flag, text
from directory.api.entry_shapes import Reference
from directory.api.shapes import OrganizationName, maybe, nested, string
from directory.referrals.audit import ACTIONS
from directory.referrals.consent import COVERS, METHODS
from directory.referrals.drafts import CONTACT_PREFERENCES, CONTEXTS, DELIVERIES, LONGEST_TEXT, URGENCIES
from directory.referrals.lifecycle import NEW, OUTCOMES, REASONS, STATUSES
from directory.referrals.waiting import WHYS

_STRINGS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
_CONTACT = {name: {"type": ["string", "null"]} for name in ("phone", "email", "other")}
_CONSENT = {
    "given_on": {"type": "string", "format": "date"},
    "method": {"type": "string", "enum": METHODS},
    "covers": {"type": "array", "items": {"type": "string", "enum": COVERS}},
    "expires_on": {"type": ["string", "null"], "format": "date", "description": "Its last day."},
}


def _said(description: str, type: str = "string", **openapi: Any) -> fields.Raw:
    return fields.Raw(
        allow_none=True,
        validate=_can_be_written,
        metadata={"description": description, "type": type, **openapi},
    )


def _can_be_written(value: object) -> None:
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:  # half a character, or a number beyond all numbers
        raise ValidationError("Takes what UTF-8 can say.") from None


def _among(description: str, words: tuple[str, ...], **openapi: Any) -> fields.Raw:
    return _said(description, enum=words, **openapi)


class ReferralArguments(Arguments):
    service_id = _said("Id or slug of the service that the client is referred to.")
    status = _among("requested sends it at once.", NEW, default="draft")
    delivery = _among(
        "carried: the client carries a code, and the referral holds nothing of the client.",
        DELIVERIES,
        default="sent",
    )
    needs = _said("Slugs of needs, see /api/v1/needs.", **_STRINGS)
    languages = _said("BCP 47 codes of the languages that the client speaks.", **_STRINGS)
    urgency = _among("How soon.", URGENCIES, default="routine")
    context = _among("What the client comes from.", CONTEXTS, default="none")
    contact_preference = _among(
        "Whether the client may be reached: not at all, by way of the sender, or directly, by contact.",
        CONTACT_PREFERENCES,
        default="none",
    )
    contact = _said("The one place for what reaches the client.", "object", properties=_CONTACT)
    client_ref = _said("A random code, by which you know the client; never a name. Given by us if absent.")
    message = _said("To whoever receives it. Nothing that identifies the client.", maxLength=LONGEST_TEXT)
    consent = _said("What the client has agreed to.", "object", properties=_CONSENT)
    appointment_at = _said("When the client is expected.", format="date-time")
    follow_up_on = _said("When you want to be reminded of it.", format="date")
    refers_on = _said("Your own referral, rejected or failed, that this one follows.", format="uuid")


class StepArguments(Arguments):
    to = _among("The status to bring it to; next of the referral names those that can be.", STATUSES)
    reason = _among("Why; needed with some.", REASONS)
    note = _said("In words; needed with the reason other.", maxLength=LONGEST_TEXT)
    outcome = _among("What came of it; needed with completed.", OUTCOMES)
    appointment_at = _said("When the client is expected.", format="date-time")
    revisit_on = _said("When one that is on hold is to be looked at again.", format="date")


class MessageArguments(Arguments):
    text = _said("What you write. Nothing that identifies the client.", maxLength=LONGEST_TEXT)


class RedeemArguments(Arguments):
    code = fields.String(
        required=True,
        validate=validate.Length(max=100, error="Takes at most 100 characters."),
        error_messages={"required": "Is needed.", "null": "Is needed.", "invalid": "Takes text."},
        metadata={
            "description": "The code that the client carries; spaces, hyphens and small letters do not matter."
        },
    )


class LanguageOfNames(Arguments):
    lang = text("BCP 47 code of the language of names, and of the card; default by Accept-Language.", 35)


class ListArguments(LanguageOfNames):
    box = fields.String(
        validate=validate.OneOf(("in", "out"), error="Takes in or out."),
        metadata={"description": "Those received, or those sent; without it both."},
    )
    status = OneOrMore(
        fields.String(validate=validate.OneOf(STATUSES, error=f"Takes one of: {', '.join(STATUSES)}.")),
        metadata={"description": "Only those with one of these statuses; repeatable."},
    )
    due = flag("Only those that wait for you today, the urgent first; due of each says why.")
    cursor = text("cursor of the page before.")


class VersionHeader(Schema):
    if_match = fields.String(
        data_key="If-Match", metadata={"description": "The ETag of the referral as you read it. Needed."}
    )


class OnceHeader(Schema):
    idempotency_key = fields.String(
        data_key="Idempotency-Key",
        metadata={
            "description": "1 to 255 visible characters, new for each referral. Needed. "
            "Sent again within 24 hours, it gets the same answer."
        },
    )


class ConsentShape(Schema):
    given_on = fields.Date(required=True)
    method = string(one_of=METHODS)
    covers = fields.List(string(one_of=COVERS), required=True)
    expires_on = maybe(fields.Date)
    withdrawn_at = maybe(fields.AwareDateTime)


class ContactShape(Schema):
    phone = fields.String()
    email = fields.String()
    other = fields.String()


class ServiceOfReferral(Reference):
    slug = string(none=True)


class CarriedShape(Schema):
    code = string()
    qr_svg = string()
    card_html = string()


class DueShape(Schema):
    why = string(one_of=WHYS)
    day = fields.Date(
        required=True, metadata={"description": "By which it is to be answered, or since which it waits."}
    )


class ReferralShape(Schema):
    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    status = string(one_of=STATUSES)
    reason = string(none=True)
    outcome = string(none=True)
    delivery = string(one_of=DELIVERIES)
    service = nested(ServiceOfReferral)
    sender = nested(OrganizationName)
    receiver = nested(OrganizationName, none=True)
    your_part = fields.List(string(one_of=("sender", "receiver")), required=True)
    next = fields.List(string(one_of=STATUSES), required=True)
    needs = fields.List(fields.String(), required=True)
    languages = fields.List(fields.String(), required=True)
    urgency = string(one_of=URGENCIES)
    context = string(one_of=CONTEXTS)
    contact_preference = string(one_of=CONTACT_PREFERENCES)
    contact = nested(ContactShape, none=True)
    client_ref = string(none=True)
    message = string(none=True)
    consent = nested(ConsentShape, none=True)
    appointment_at = maybe(fields.AwareDateTime)
    follow_up_on = maybe(fields.Date)
    revisit_on = maybe(fields.Date)
    answer_by = fields.Date(
        required=True,
        allow_none=True,
        metadata={"description": "The last day on which an answer is in time, while one is waited for."},
    )
    due = nested(DueShape, many=True)
    refers_on = maybe(fields.UUID)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)
    sent_at = maybe(fields.AwareDateTime)
    received_at = maybe(fields.AwareDateTime)
    ended_at = maybe(fields.AwareDateTime)
    erased_at = maybe(fields.AwareDateTime)
    carried = fields.Nested(
        CarriedShape,
        metadata={"description": "In the one answer that makes the code; it can't be had again."},
    )


class ReferralList(Schema):
    referrals = nested(ReferralShape, many=True)
    cursor = string(none=True)


class EventShape(Schema):
    sequence = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    action = string(one_of=ACTIONS)
    actor = string(one_of=("person", "key", "system"))
    actor_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "Account or key, of your own partner only."},
    )
    partner_id = maybe(fields.UUID)
    from_status = string(none=True)
    to_status = string(none=True)
    reason = string(none=True)
    outcome = string(none=True)


class EventList(Schema):
    events = nested(EventShape, many=True)


class MessageShape(Schema):
    id = fields.UUID(required=True)
    sequence = fields.Integer(required=True, metadata={"description": "Of the event that it came with."})
    partner_id = fields.UUID(required=True)
    kind = string(one_of=("message", "note"))
    at = fields.AwareDateTime(required=True)
    text = fields.String(required=True, allow_none=True, metadata={"description": "null: erased."})


class MessageList(Schema):
    messages = nested(MessageShape, many=True)


class ReminderShape(Schema):
    kind = string()
    day = fields.Date(required=True, metadata={"description": "The one that it was about."})
    at = fields.AwareDateTime(required=True)


class ToldShape(Schema):
    id = fields.UUID(required=True)
    channel = string(one_of=("mail", "webhook"))
    event = string()
    created_at = fields.AwareDateTime(required=True)
    state = string()


class ExportShape(Schema):
    exported_at = fields.AwareDateTime(required=True)
    referral = nested(ReferralShape)
    messages = nested(MessageShape, many=True)
    events = nested(EventShape, many=True)
    reminders = nested(ReminderShape, many=True)
    told = nested(ToldShape, many=True)

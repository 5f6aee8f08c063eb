"""What the doors for webhooks take and answer."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from directory.api.arguments import Arguments, flag
from directory.api.partner_shapes import NEEDED
from directory.api.shapes import maybe, nested, string
from directory.outbox.events import EVENTS, TEST
from directory.outbox.targets import LONGEST

STATES = ("waiting", "sent", "dead", "dropped")


class EndpointArguments(Arguments):
    url = fields.String(
        required=True,
        validate=validate.Length(max=LONGEST, error=f"Takes at most {LONGEST} characters."),
        error_messages=NEEDED,
        metadata={"description": "Where your system is told: a public https address."},
    )


class EndpointChange(Arguments):
    active = flag("Whether it is told. What waits for one that is not is dropped.")


class EndpointShape(Schema):
    id = fields.UUID(required=True)
    url = string()
    active = fields.Boolean(required=True)
    disabled_because = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(("by-hand", "gone")),
        metadata={"description": "`gone`: it answered 410."},
    )
    created_at = fields.AwareDateTime(required=True)
    previous_until = maybe(fields.AwareDateTime)


class NewEndpointShape(EndpointShape):
    secret = fields.String(
        required=True, metadata={"description": "What messages are signed with; it can't be had again."}
    )


class EndpointList(Schema):
    webhooks = nested(EndpointShape, many=True)


class DeliveryShape(Schema):
    id = fields.UUID(required=True, metadata={"description": "`webhook-id` is `msg_` and this, as hex."})
    event = string(one_of=(*EVENTS, TEST))
    referral_id = maybe(fields.UUID)
    state = fields.String(
        required=True,
        validate=validate.OneOf(STATES),
        metadata={"description": "`dead`: given up; `dropped`: not sent, as nobody was to be told any more."},
    )
    attempts = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
    next_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "Of one that waits: not tried before."}
    )
    settled_at = maybe(fields.AwareDateTime)
    error = string(none=True)


class DeliveryList(Schema):
    deliveries = nested(DeliveryShape, many=True)

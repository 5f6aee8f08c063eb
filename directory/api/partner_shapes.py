"""What the doors for signing in, partners, members and keys take and answer."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from directory.api.arguments import Arguments, flag, whole
from directory.api.shapes import maybe, nested, string
from directory.partners import origins
from directory.partners.access import Role, Scope
from directory.partners.keys import LONGEST_OVERLAP, OVERLAP
from directory.partners.members import NOTICES

NEEDED: dict[str, Any] = {"required": "Is needed.", "null": "Is needed.", "invalid": "Takes text."}
LONGEST_SECRET = (
    1024  # characters of a password or token that are looked at at all; rules of their own are stricter
)


def _needed(description: str, longest: int, **metadata: Any) -> fields.String:
    return fields.String(
        required=True,
        validate=validate.Length(max=longest, error=f"Takes at most {longest} characters."),
        error_messages=NEEDED,
        metadata={"description": description, **metadata},
    )


def _several_of(kind: type[Role] | type[Scope], description: str, *, required: bool) -> fields.List:
    choices = tuple(kind)
    return fields.List(
        fields.String(
            validate=validate.OneOf(choices, error=f"Takes one or more of: {', '.join(choices)}."),
            error_messages={"invalid": "Takes text.", "null": "Takes text."},
        ),
        required=required,
        validate=validate.Length(max=len(choices), error=f"Takes at most {len(choices)}."),
        error_messages=NEEDED | {"invalid": "Takes a list."},
        metadata={"description": description},
    )


class Names(fields.List):
    """Slugs or ids."""

    def __init__(self, description: str, **more: Any) -> None:
        slug = validate.Regexp(r"[a-z0-9-]{1,200}\Z", error="Takes slugs or ids.")
        super().__init__(
            fields.String(validate=slug, error_messages={"invalid": "Takes slugs or ids."}),
            validate=validate.Length(max=200, error="Takes at most 200 values."),
            error_messages=NEEDED | {"invalid": "Takes a list."},
            metadata={"description": description},
            **more,
        )


class Origins(fields.List):
    """Sites, as an editor copies their addresses."""

    def __init__(self, **more: Any) -> None:
        longest = validate.Length(max=origins.LONGEST, error=f"Takes at most {origins.LONGEST} characters.")
        text: dict[str, Any] = {"invalid": "Takes text.", "null": "Takes text."}
        super().__init__(
            fields.String(validate=longest, error_messages=text),
            validate=validate.Length(max=origins.MOST, error=f"Takes at most {origins.MOST} sites."),
            error_messages=NEEDED | {"invalid": "Takes a list."},
            metadata={
                "description": "All sites that may hold its widget from now on, such as https://www.example.org: "
                "scheme, host and port."
            },
            **more,
        )


class SignInArguments(Arguments):
    email = _needed("The address that you are known by.", 320)
    password = _needed("Your password.", LONGEST_SECRET)
    code = fields.String(
        allow_none=True,
        validate=validate.Length(max=20, error="Takes at most 20 characters."),
        error_messages={"invalid": "Takes text."},
        metadata={"description": "The six digits that your device shows, where your account asks for them."},
    )


class PasswordArguments(Arguments):
    token = _needed("What stands behind the # of an invitation or a link for a new password.", LONGEST_SECRET)
    password = _needed("12 to 256 characters, and nothing that everybody tries.", LONGEST_SECRET)


class CodeArguments(Arguments):
    code = _needed("The six digits that your device shows now.", 20)


class PartnerArguments(Arguments):
    slug = _needed("Its name in addresses: small letters, digits and single hyphens.", 200)
    name = _needed("Its name.", 1000)
    organizations = Names(
        "Slugs or ids of the organizations of the directory that it answers for.", load_default=list
    )
    origins = Origins(load_default=list)


class PartnerChange(Arguments):
    name = fields.String(error_messages=NEEDED, metadata={"description": "Its name."})
    organizations = Names("All organizations that it answers for from now on: slugs or ids.")
    origins = Origins()
    active = flag("Whether it takes part. One that does not can do nothing, and receives nothing.")


class OwnPartnerChange(Arguments):
    mailbox = fields.String(
        allow_none=True,
        validate=validate.Length(max=320, error="Takes at most 320 characters."),
        error_messages=NEEDED,
        metadata={
            "description": "An address of your own that mail about referrals goes to; null: to your people."
        },
    )
    origins = Origins()


class MemberArguments(Arguments):
    email = _needed("The address that the member is known by.", 320)
    roles = _several_of(Role, "What the member may do.", required=True)


class MemberChange(Arguments):
    roles = _several_of(Role, "All roles from now on.", required=False)
    active = flag("Whether the member may sign in. Taking it away ends all sign-ins at once.")
    notices = fields.String(
        validate=validate.OneOf(NOTICES, error=f"Takes one of: {', '.join(NOTICES)}."),
        error_messages=NEEDED,
        metadata={"description": "Whether the member gets mail about referrals."},
    )


class ResetArguments(Arguments):
    forget_codes = flag("Ask for no one-time codes any more, for a member who has lost the device.")


class KeyArguments(Arguments):
    label = _needed("What uses the key.", 1000)
    scopes = _several_of(Scope, "What the key may do.", required=True)


class RotateArguments(Arguments):
    overlap_days = whole("For how long the old key goes on.", 0, LONGEST_OVERLAP.days, default=OVERLAP.days)


class PartnerName(Schema):
    id = fields.UUID(required=True)
    slug = string()
    name = string()


class OrganizationReference(Schema):
    id = fields.UUID(required=True)
    slug = string(none=True)
    name = string(none=True)


class PartnerShape(PartnerName):
    active = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    organizations = nested(OrganizationReference, many=True)
    origins = fields.List(string(), required=True)


class OwnPartnerShape(PartnerName):
    mailbox = string(none=True)
    origins = fields.List(string(), required=True)


class PartnerList(Schema):
    partners = nested(PartnerShape, many=True)


class SessionShape(Schema):
    id = fields.UUID(required=True)
    email = string()
    partner = nested(PartnerName, none=True)
    roles = fields.List(string(one_of=tuple(Role)), required=True)
    totp = fields.Boolean(required=True, metadata={"description": "Whether a one-time code is asked for."})
    until = fields.AwareDateTime(
        required=True, metadata={"description": "When this ends, unless something is asked before."}
    )


class EnrolmentShape(Schema):
    secret = string()
    uri = string()
    qr_svg = string()


class MemberShape(Schema):
    id = fields.UUID(required=True)
    email = string()
    roles = fields.List(string(one_of=tuple(Role)), required=True)
    active = fields.Boolean(required=True)
    totp = fields.Boolean(required=True)
    notices = string(one_of=NOTICES)
    created_at = fields.AwareDateTime(required=True)


class LinkShape(Schema):
    address = string()
    expires_at = fields.AwareDateTime(required=True)


class InvitedShape(MemberShape):
    invitation = nested(LinkShape)


class MemberList(Schema):
    members = nested(MemberShape, many=True)


class KeyShape(Schema):
    id = fields.UUID(required=True)
    label = string()
    hint = fields.String(required=True, metadata={"description": "Its first characters."})
    scopes = fields.List(string(one_of=tuple(Scope)), required=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = maybe(fields.AwareDateTime)
    revoked_at = maybe(fields.AwareDateTime)
    used_on = maybe(fields.Date)


class NewKeyShape(KeyShape):
    key = fields.String(required=True, metadata={"description": "The key itself; it can't be had again."})


class KeyList(Schema):
    keys = nested(KeyShape, many=True)

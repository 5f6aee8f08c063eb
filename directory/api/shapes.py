"""What the API answers, as schemas: for the documentation, and held to the real answers by the contract tests."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


def nested(schema: type[Schema], *, many: bool = False, none: bool = False) -> fields.Field:
    return fields.Nested(schema, many=many, allow_none=none, required=True)


def string(*, none: bool = False, one_of: tuple[str, ...] = ()) -> fields.String:
    return fields.String(required=True, allow_none=none, validate=validate.OneOf(one_of) if one_of else None)


def maybe(field: type[fields.Field]) -> fields.Field:
    return field(required=True, allow_none=True)


class NamedPlace(Schema):
    name = string()
    municipality = string(none=True)
    country = string()


class UnderstoodNeed(Schema):
    slug = string()
    label = string()
    matched = string()


class UnderstoodPlace(Schema):
    name = string()
    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    precision = string()
    alternatives = fields.Nested(NamedPlace, many=True)


class Understood(Schema):
    needs = nested(UnderstoodNeed, many=True)
    place = nested(UnderstoodPlace, none=True)
    languages = fields.List(fields.String(), required=True)
    text = string()
    corrected = string(none=True)


class EmergencyContact(Schema):
    name = string()
    name_language = string()
    phone = string(none=True)
    text = string(none=True)
    text_language = string(none=True)


class Emergency(Schema):
    reason = string()
    contacts = nested(EmergencyContact, many=True)


class Relaxed(Schema):
    dropped = fields.String()
    widened_to_km = fields.Integer()
    widened_to = fields.List(fields.String())


class NeedLabel(Schema):
    slug = string()
    label = string()


class LanguageLabel(Schema):
    code = string()
    label = string()
    mode = string(one_of=("spoken", "interpreter", "by-law"))


class OrganizationName(Schema):
    id = fields.UUID(required=True)
    name = string()


class ResultLocation(Schema):
    id = fields.UUID(required=True)
    name = string(none=True)
    address = string(none=True)
    municipality = string(none=True)
    lat = maybe(fields.Float)
    lon = maybe(fields.Float)
    precision = string(none=True)


class Open(Schema):
    state = string(one_of=("open", "closed", "unknown"))
    until = maybe(fields.AwareDateTime)
    text = string()


class PhoneNumber(Schema):
    number = string()
    type = string(one_of=("voice", "sms"))


class Contact(Schema):
    phones = nested(PhoneNumber, many=True)
    email = string(none=True)
    url = string(none=True)
    chat_url = string(none=True)


class Network(Schema):
    answers_within_hours = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Half of the answers, or more, came so soon."},
    )
    acceptance = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Per cent of those answered, to tens."}
    )
    closure = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Per cent of those accepted of which was told how they ended, to tens."},
    )


class Trust(Schema):
    state = string(one_of=("verified", "listed", "stale"))
    verified_on = maybe(fields.Date)
    by = string(none=True)
    source = string(none=True)
    partner = fields.Boolean(required=True)
    network = fields.Nested(
        Network,
        allow_none=True,
        metadata={
            "description": "How it answered referrals in the last twelve months; null: too few to tell. "
            "Only for counsellors, coordinators, and keys that read referrals: nobody else's answer has it."
        },
    )


class Result(Schema):
    id = fields.UUID(required=True)
    slug = string()
    url = string()
    name = string()
    name_language = string()
    organization = nested(OrganizationName)
    summary = string(none=True)
    summary_language = string(none=True)
    needs = nested(NeedLabel, many=True)
    languages = nested(LanguageLabel, many=True)
    distance_km = maybe(fields.Float)
    reach = string(one_of=("local", "regional", "national"))
    remote = fields.Boolean(required=True)
    location = nested(ResultLocation, none=True)
    other_locations = fields.Integer(required=True)
    open = nested(Open)
    contact = nested(Contact)
    free = maybe(fields.Boolean)
    anonymous = maybe(fields.Boolean)
    capacity = string(none=True)
    trust = nested(Trust)


class NeedCount(NeedLabel):
    count = fields.Integer(required=True)


class CodeCount(Schema):
    code = string()
    label = string()
    count = fields.Integer(required=True)


class Facets(Schema):
    needs = nested(NeedCount, many=True)
    languages = nested(CodeCount, many=True)
    municipalities = nested(CodeCount, many=True)


class SearchAnswer(Schema):
    total = fields.Integer(required=True)
    page = fields.Integer(required=True)
    per_page = fields.Integer(required=True)
    understood = nested(Understood)
    emergency = nested(Emergency, none=True)
    relaxed = nested(Relaxed, many=True)
    results = nested(Result, many=True)
    facets = fields.Nested(Facets)


class Suggestion(Schema):
    kind = string(one_of=("need", "place", "service"))
    text = string()
    slug = string(none=True)


class Suggestions(Schema):
    suggestions = nested(Suggestion, many=True)

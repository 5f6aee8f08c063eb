"""What the read API answers of services, organizations, locations and needs. Names are HSDS's where it has one."""

from __future__ import annotations

from marshmallow import Schema, fields

from directory.api.shapes import NeedLabel, Open, OrganizationName, PhoneNumber, Trust, maybe, nested, string


class ScheduleShape(Schema):
    opening_hours = string()
    timezone = string()


class Texts(Schema):
    name = string(none=True)
    name_language = string(none=True)
    description = string(none=True)
    description_language = string(none=True)


class Reference(Schema):
    id = fields.UUID(required=True)
    slug = string()
    name = string(none=True)


class Place(Schema):
    id = fields.UUID(required=True)
    name = string(none=True)
    address_1 = string(none=True)
    postal_code = string(none=True)
    city = string(none=True)
    municipality = string(none=True)
    municipality_no = string(none=True)
    county = string(none=True)
    country = string()
    latitude = maybe(fields.Float)
    longitude = maybe(fields.Float)
    precision = string(none=True)
    address_withheld = fields.Boolean(required=True)
    schedule = nested(ScheduleShape, none=True)
    accessibility = fields.List(fields.String(), required=True)


class LocationShape(Place):
    organization = nested(OrganizationName)
    services = nested(Reference, many=True)


class OrganizationShape(Texts):
    id = fields.UUID(required=True)
    slug = string()
    email = string(none=True)
    url = string(none=True)
    services = nested(Reference, many=True)


class OrganizationOfService(OrganizationName):
    slug = string()


class SpokenLanguage(Schema):
    code = string()
    label = string()
    mode = string(one_of=("spoken", "interpreter", "phone-interpreter"))


class Area(Schema):
    extent = string(one_of=("national", "county", "municipality"))
    code = string()
    name = string()


class Eligibility(Schema):
    minimum_age = maybe(fields.Integer)
    maximum_age = maybe(fields.Integer)
    genders = fields.List(fields.String(), required=True, allow_none=True)
    audiences = fields.List(fields.String(), required=True, allow_none=True)
    text = string(none=True)


class CostOptionShape(Schema):
    option = string(none=True)  # under which circumstances
    amount = maybe(fields.Float)
    currency = string(none=True)
    amount_description = string(none=True)


class SourceShape(Schema):
    reference = string()
    checked = string(none=True)


class ServiceShape(Texts):
    id = fields.UUID(required=True)
    slug = string()
    version = fields.Integer(required=True)
    updated_at = fields.AwareDateTime(required=True)
    kind = string()
    status = string()
    organization = nested(OrganizationOfService)
    needs = nested(NeedLabel, many=True)
    languages = nested(SpokenLanguage, many=True)
    # for whichever language is needed: the source promises it, or the law does
    interpreter_promised = fields.Boolean(required=True)
    interpreter_by_law = fields.Boolean(required=True)
    locations = nested(Place, many=True)
    schedule = nested(ScheduleShape, none=True)
    open = nested(Open)
    phones = nested(PhoneNumber, many=True)
    email = string(none=True)
    url = string(none=True)
    chat_url = string(none=True)
    free = maybe(fields.Boolean)
    cost_options = nested(CostOptionShape, many=True)
    anonymous = maybe(fields.Boolean)
    remote = fields.Boolean(required=True)
    reach = string(one_of=("local", "regional", "national"))
    service_areas = nested(Area, many=True)
    eligibility = nested(Eligibility)
    capacity = string(none=True)
    alert = string(none=True)  # what a client should know before going there
    sources = nested(SourceShape, many=True)
    trust = nested(Trust)


class NeedNode(NeedLabel):
    parent = string(none=True)


class NeedList(Schema):
    needs = nested(NeedNode, many=True)

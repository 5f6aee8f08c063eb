"""What the catalogue holds, in the words of HSDS 3.1 (docs.openreferral.org/en/3.1.0/hsds/schema_reference.html).

A service is kept whole: the rows that only say something about it (phones, languages, areas …) hang on its key and on
their place in its list, and go with it. ``None`` means unknown. Tables do not validate: see ``drafts`` and ``editing``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, Uuid
from sqlmodel import Field, SQLModel

from directory.database import UtcDateTime

NAMESPACE = UUID("3f0d7a52-6a2b-5e0c-9f43-0c8b7d0d7a11")


def key_of(entity: str, slug: str) -> UUID:
    """The key that ``slug`` always gets ("organization", "service", "location"): the same in every installation."""
    return uuid5(NAMESPACE, f"{entity}/{slug}")


def _texts() -> Any:
    """BCP 47 code -> text."""
    return Field(default_factory=dict, sa_type=JSON, nullable=False)


def _list() -> Any:
    return Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))


def _of_service() -> Any:
    return Field(sa_column=Column(Uuid, ForeignKey("service.id", ondelete="CASCADE"), primary_key=True))


def _position() -> Any:
    return Field(primary_key=True, sa_type=Integer)


class Organization(SQLModel, table=True):
    id: UUID = Field(primary_key=True)
    slug: str = Field(unique=True)
    names: dict[str, str] = _texts()
    descriptions: dict[str, str] = _texts()
    email: str | None = None
    url: str | None = None
    origin: str  # who keeps it: "seed", "local", "import:<name>"
    digest: str  # of the draft it was saved from
    version: int
    seeded_version: int | None = None  # version at its last seeding; another one now: edited here since
    updated_at: datetime = Field(sa_type=UtcDateTime)


class Service(SQLModel, table=True):
    id: UUID = Field(primary_key=True)
    slug: str = Field(unique=True)
    organization_id: UUID = Field(foreign_key="organization.id", index=True)
    names: dict[str, str] = _texts()
    descriptions: dict[str, str] = _texts()
    alerts: dict[str, str] = _texts()  # HSDS "alert": what someone should know before going there
    kind: str
    email: str | None = None
    url: str | None = None
    chat_url: str | None = None
    free: bool | None = None
    anonymous: bool | None = None
    remote: bool = False
    reach: str
    country: str
    public_body: bool | None = None
    minimum_age: int | None = None
    maximum_age: int | None = None
    genders: list[str] | None = _list()
    audiences: list[str] | None = _list()
    audience_text: str | None = None  # HSDS "eligibility_description"
    status: str
    confidence: str | None = None
    verify_before_publish: bool = False  # shown, but never as confirmed
    published: bool = True  # False: kept for the stewards, told to nobody else
    origin: str
    digest: str
    version: int
    seeded_version: int | None = None
    updated_at: datetime = Field(sa_type=UtcDateTime)


class Location(SQLModel, table=True):
    id: UUID = Field(primary_key=True)
    name: str | None = None
    latitude: float | None = None  # WGS 84 degrees
    longitude: float | None = None
    precision: str | None = None  # how exact the point is: address, postcode, town
    coordinate_source: str | None = None
    address_visibility: str = "full"  # full; area: not the street; hidden: nothing nearer than the town


class Address(SQLModel, table=True):
    location_id: UUID = Field(
        sa_column=Column(Uuid, ForeignKey("location.id", ondelete="CASCADE"), primary_key=True)
    )
    address_1: str | None = None
    postal_code: str | None = None
    city: str | None = None
    municipality: str | None = None
    municipality_no: str | None = None  # SSB's number, structure of 2024
    county: str | None = None  # HSDS "state_province"
    country: str


class Accessibility(SQLModel, table=True):
    location_id: UUID = Field(
        sa_column=Column(Uuid, ForeignKey("location.id", ondelete="CASCADE"), primary_key=True)
    )
    position: int = _position()
    description: str


class ServiceAtLocation(SQLModel, table=True):
    __tablename__ = "service_at_location"
    service_id: UUID = _of_service()
    position: int = _position()
    location_id: UUID = Field(foreign_key="location.id", index=True)


class Schedule(SQLModel, table=True):
    """Opening hours of a service (position -1), or of it at the location in that position of its list."""

    service_id: UUID = _of_service()
    position: int = _position()
    opening_hours: str  # OSM expression
    timezone: str  # IANA


class Phone(SQLModel, table=True):
    service_id: UUID = _of_service()
    position: int = _position()
    number: str
    type: str = "voice"
    visibility: str = "public"  # or partners


class Language(SQLModel, table=True):
    service_id: UUID = _of_service()
    position: int = _position()
    code: str  # BCP 47; "mul" with an interpreter: whichever language is needed
    mode: str


class ServiceArea(SQLModel, table=True):
    __tablename__ = "service_area"
    service_id: UUID = _of_service()
    position: int = _position()
    extent: str
    code: str
    name: str


class ServiceNeed(SQLModel, table=True):
    """HSDS "attribute": which term of the need taxonomy, and how early in the service's list."""

    __tablename__ = "service_need"
    service_id: UUID = _of_service()
    position: int = _position()
    taxonomy_term: str


class CostOption(SQLModel, table=True):
    __tablename__ = "cost_option"
    service_id: UUID = _of_service()
    position: int = _position()
    option: str | None = None  # under which circumstances
    amount: float | None = None
    currency: str | None = None  # ISO 4217
    amount_description: str | None = None


class ServiceCapacity(SQLModel, table=True):
    __tablename__ = "service_capacity"
    service_id: UUID = _of_service()
    state: str
    updated_at: datetime = Field(sa_type=UtcDateTime)


class Attribution(SQLModel, table=True):
    """Where the facts are from, and who checked them: with ``by`` it is a check of ours, without it a source."""

    service_id: UUID = _of_service()
    position: int = _position()
    reference: str
    checked: str | None = None  # in the source row's own words
    checked_on: date | None = None  # when those are a day
    by: str | None = None
    method: str | None = None


class ChangeLog(SQLModel, table=True):
    """What derived things (the search index, exports) follow. Positions grow in the order of commits."""

    __tablename__ = "change_log"
    __table_args__ = {"sqlite_autoincrement": True}  # a position is never given twice
    position: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    entity: str = "service"
    entity_id: UUID
    change: str  # saved, removed
    at: datetime = Field(sa_type=UtcDateTime)


class GeocodeCache(SQLModel, table=True):
    """Answers of the geocoder for public street addresses; without a point, the answer was "not known"."""

    __tablename__ = "geocode_cache"
    query: str = Field(primary_key=True)
    latitude: float | None = None
    longitude: float | None = None
    asked_at: datetime = Field(sa_type=UtcDateTime)


class Correction(SQLModel, table=True):
    """A mistake in an entry, as anyone reported it; a steward decides. Nothing is kept of who did.

    No foreign key: a service may leave the catalogue with one seed and come back with the next.
    """

    __table_args__ = (Index("ix_correction_state", "state", "created_at"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    service_id: UUID = Field(index=True)
    about: str  # what is wrong: see corrections.ABOUT
    text: str
    state: str = "open"  # open, mended, declined
    created_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SeedState(SQLModel, table=True):
    """Which seed the catalogue was last made equal to, so that an unchanged one costs nothing."""

    __tablename__ = "seed_state"
    name: str = Field(primary_key=True)
    digest: str
    seeded_at: datetime = Field(sa_type=UtcDateTime)


OF_SERVICE: tuple[type[SQLModel], ...] = (
    ServiceAtLocation,
    Schedule,
    Phone,
    Language,
    ServiceArea,
    ServiceNeed,
    CostOption,
    ServiceCapacity,
    Attribution,
)

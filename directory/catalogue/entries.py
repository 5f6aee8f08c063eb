"""What the directory says about a service, as one read-only value: the shape that the read API and the index share.

Only what the public may see is in an entry: a hidden address is already gone, a withheld point is the town's.
``None`` means unknown, never "no".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from directory.catalogue.vocabulary import ANY_LANGUAGE

Texts = Mapping[str, str]  # BCP 47 code -> text
Reach = Literal["local", "regional", "national"]
Precision = Literal["address", "postcode", "town"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """An OSM opening_hours expression in an IANA time zone. Source: wiki.openstreetmap.org/wiki/Key:opening_hours."""

    opening_hours: str
    timezone: str = "Europe/Oslo"


@dataclass(frozen=True, slots=True)
class Phone:
    number: str  # as people in that country write it
    type: Literal["voice", "sms"] = "voice"


@dataclass(frozen=True, slots=True)
class ServiceLanguage:
    code: str  # BCP 47; "mul" with an interpreter: whichever language is needed
    mode: Literal["spoken", "interpreter", "phone-interpreter"]


@dataclass(frozen=True, slots=True)
class ServiceArea:
    """Where a service serves. ``code``: ISO 3166 country for national, county name, or municipality number."""

    extent: Literal["national", "county", "municipality"]
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """A location at which a service is given."""

    id: str
    name: str | None
    address_1: str | None  # street and number; None when unknown or not public
    postal_code: str | None
    city: str | None
    municipality: str | None
    municipality_no: str | None
    county: str | None
    country: str  # ISO 3166-1 alpha-2
    latitude: float | None  # WGS 84 degrees
    longitude: float | None
    precision: Precision | None
    address_withheld: bool = False  # the address exists and is deliberately not shown
    schedule: Schedule | None = None  # when it differs from the service's own
    accessibility: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrganizationRef:
    id: str
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class CostOption:
    """What it costs under some circumstance. ``currency``: ISO 4217."""

    option: str | None  # under which circumstances
    amount: float | None
    currency: str | None
    amount_description: str | None


@dataclass(frozen=True, slots=True)
class Source:
    reference: str
    checked: str | None  # as the source row says it: "2026-08-13", "2022", "2024 list"


@dataclass(frozen=True, slots=True)
class Trust:
    """verified: a person of ours checked it lately; listed: from sources, not checked by us; stale: the check
    is too old.
    """

    state: Literal["verified", "listed", "stale"]
    verified_on: date | None
    by: str | None
    source: str | None
    partner: bool


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    id: str  # UUID
    slug: str
    organization: OrganizationRef
    names: Texts
    descriptions: Texts
    kind: str
    needs: tuple[str, ...]  # need slugs, in order of how much the service is for them
    languages: tuple[ServiceLanguage, ...]
    interpreter_by_law: bool  # tolkeloven § 6: a Norwegian public body
    locations: tuple[Place, ...]
    schedule: Schedule | None
    phones: tuple[Phone, ...]
    email: str | None
    url: str | None
    chat_url: str | None
    free: bool | None
    anonymous: bool | None
    remote: bool
    reach: Reach
    country: str
    areas: tuple[ServiceArea, ...]
    minimum_age: int | None
    maximum_age: int | None
    genders: tuple[str, ...] | None  # None: for all, as far as is known
    audiences: tuple[str, ...] | None  # None: for all, as far as is known
    audience_text: str | None  # for whom, in the source's words
    capacity: Literal["capacity", "waitlist", "no-capacity"] | None
    sources: tuple[Source, ...]
    trust: Trust
    status: str
    version: int
    updated_at: datetime  # UTC
    alerts: Texts = field(
        default_factory=dict
    )  # HSDS "alert": what to know before going there, where anything is
    costs: tuple[CostOption, ...] = ()

    @property
    def named_languages(self) -> tuple[ServiceLanguage, ...]:
        """The languages that the source names."""
        return tuple(language for language in self.languages if language.code != ANY_LANGUAGE)

    @property
    def interpreter_promised(self) -> bool:
        """The source promises an interpreter for whichever language is needed."""
        return any(language.code == ANY_LANGUAGE for language in self.languages)

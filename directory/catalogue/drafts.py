"""What someone may say of an organization or a service, before it is in the catalogue: shapes and field rules.

A draft is checked as it is built (``check`` turns what is wrong into InvalidInput, by field); what only the rest of the
catalogue knows (does the need exist, the organization) is checked by ``editing``. Unknown is ``None``, never a guess.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import available_timezones

import orjson
from babel import Locale
from opening_hours import validate as hours_are_valid
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from directory.catalogue import vocabulary
from directory.errors import InvalidInput

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?")
_PHONE = re.compile(r"\+?\d([ -]?\d)*")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_URL = re.compile(r"https?://[^\s/?#]+\.[^\s/?#]+([/?#]\S*)?")


@lru_cache(maxsize=1)
def _known_languages() -> frozenset[str]:
    return frozenset(Locale("en").languages)  # CLDR's, by their shortest code


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _must(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)


def language_code(value: str) -> str:
    """A BCP 47 code whose language CLDR knows: "nb", "pt-BR", "sr-Latn"."""
    _must(
        bool(_LANGUAGE.fullmatch(value)) and value.split("-")[0] in _known_languages(),
        "takes a BCP 47 language code, such as nb, en or ar",
    )
    return value


def _phone(value: str) -> str:
    digits = sum(c.isdigit() for c in value)
    _must(
        bool(_PHONE.fullmatch(value)) and 3 <= digits <= 15,
        "takes 3 to 15 digits with single spaces, + first if any",
    )
    _must("  " not in value, "takes 3 to 15 digits with single spaces, + first if any")
    return value


def _email(value: str) -> str:
    _must(bool(_EMAIL.fullmatch(value)), "takes an e-mail address")
    return value


def _url(value: str) -> str:
    _must(bool(_URL.fullmatch(value)), "takes an address that begins with http:// or https://")
    return value


def _hours(value: str) -> str:
    _must(
        hours_are_valid(value),
        "takes opening hours as OpenStreetMap writes them, such as Mo-Fr 09:00-15:00; PH off",
    )
    return value


def _zone(value: str) -> str:
    _must(value in _zones(), "takes an IANA time zone, such as Europe/Oslo")
    return value


def _texts(value: dict[str, str]) -> dict[str, str]:
    for code, text in value.items():
        language_code(code)
        _must(bool(text.strip()) and "\0" not in text, f"has no text for {code}")
    return value


def _named(value: dict[str, str]) -> dict[str, str]:
    _must(bool(value), "takes a name in at least one language")
    return value


def _once(value: tuple[Any, ...]) -> tuple[Any, ...]:
    _must(len(value) == len(set(value)), "names the same thing twice")
    return value


def _one_of(allowed: tuple[str, ...]) -> Any:
    def check_value(value: str) -> str:
        _must(value in allowed, f"takes one of: {', '.join(allowed)}")
        return value

    return AfterValidator(check_value)


Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=100)]
Words = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")]
Texts = Annotated[dict[str, str], AfterValidator(_texts)]
LanguageCode = Annotated[str, AfterValidator(language_code)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Email = Annotated[str, AfterValidator(_email)]
Url = Annotated[str, AfterValidator(_url)]
Age = Annotated[int, Field(ge=0, le=150)]


class Draft(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def digest(self) -> str:
        """The same for two drafts that say the same."""
        said = orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(said).hexdigest()


class ScheduleDraft(Draft):
    opening_hours: Annotated[str, AfterValidator(_hours)]
    timezone: Annotated[str, AfterValidator(_zone)] = "Europe/Oslo"


class PhoneDraft(Draft):
    number: Annotated[str, AfterValidator(_phone)]
    type: Literal["voice", "sms"] = "voice"
    visibility: Literal["public", "partners"] = "public"


class LanguageDraft(Draft):
    code: LanguageCode
    mode: Literal["spoken", "interpreter", "phone-interpreter"] = "spoken"


class AreaDraft(Draft):
    """``code``: ISO 3166 country, county name, or SSB's municipality number. ``origin`` says how it is known."""

    extent: Literal["national", "county", "municipality"]
    code: Words
    name: Words
    origin: Words | None = None

    @model_validator(mode="after")
    def _the_code_fits_the_extent(self) -> AreaDraft:
        pattern = {"national": r"[A-Z]{2}", "municipality": r"\d{4}", "county": r".+"}[self.extent]
        _must(bool(re.fullmatch(pattern, self.code)), f"has a code that is no {self.extent}: {self.code}")
        return self


class SourceDraft(Draft):
    reference: Words
    checked: Words | None = None
    checked_on: date | None = None
    by: Words | None = None  # who of ours checked it
    method: Literal["phone", "visit", "e-mail", "website"] | None = None

    @model_validator(mode="after")
    def _a_check_has_a_day(self) -> SourceDraft:
        _must(
            self.by is None or self.checked_on is not None,
            "names who checked it, but not the day (checked_on)",
        )
        return self


class CostOptionDraft(Draft):
    option: Words | None = None
    amount: Annotated[float, Field(ge=0)] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    amount_description: Words | None = None


class LocationDraft(Draft):
    """``slug`` tells the locations of one service apart. A hidden address may be stored; its point is the town's."""

    slug: Slug
    name: Words | None = None
    address_1: Words | None = None
    postal_code: Words | None = None
    city: Words | None = None
    municipality: Words | None = None
    municipality_no: Annotated[str, Field(pattern=r"^\d{4}$")] | None = None
    county: Words | None = None
    country: Country = "NO"
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    precision: Literal["address", "postcode", "town"] | None = None
    coordinate_source: Words | None = None
    address_visibility: Literal["full", "area", "hidden"] = "full"
    schedule: ScheduleDraft | None = None
    accessibility: Annotated[
        tuple[Annotated[str, _one_of(vocabulary.ACCESSIBILITY)], ...], AfterValidator(_once)
    ] = ()

    @model_validator(mode="after")
    def _the_point_is_whole_and_says_no_more_than_the_address(self) -> LocationDraft:
        points = [self.latitude is None, self.longitude is None, self.precision is None]
        _must(
            all(points) or not any(points),
            "takes latitude, longitude and precision together, or none of them",
        )
        if self.country == "NO" and self.postal_code is not None:
            _must(
                bool(re.fullmatch(r"\d{4}", self.postal_code)), "takes a Norwegian postal_code of four digits"
            )
        allowed = {"full": {"address", "postcode", "town"}, "area": {"postcode", "town"}, "hidden": {"town"}}
        _must(
            self.precision is None or self.precision in allowed[self.address_visibility],
            f"has an address that is {self.address_visibility}: its point may not be exact to the {self.precision}",
        )
        return self


class OrganizationDraft(Draft):
    slug: Slug
    names: Annotated[Texts, AfterValidator(_named)]
    descriptions: Texts = {}
    email: Email | None = None
    url: Url | None = None


class ServiceDraft(Draft):
    """``organization`` is a slug; ``needs`` are slugs, in order of how much the service is for them."""

    slug: Slug
    organization: Slug
    names: Annotated[Texts, AfterValidator(_named)]
    descriptions: Texts = {}
    alerts: Texts = {}
    kind: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$")]
    needs: Annotated[tuple[str, ...], AfterValidator(_once)] = ()
    languages: Annotated[tuple[LanguageDraft, ...], AfterValidator(_once)] = ()
    locations: tuple[LocationDraft, ...] = ()
    schedule: ScheduleDraft | None = None
    phones: Annotated[tuple[PhoneDraft, ...], AfterValidator(_once)] = ()
    email: Email | None = None
    url: Url | None = None
    chat_url: Url | None = None
    free: bool | None = None
    anonymous: bool | None = None
    remote: bool = False
    reach: Literal["local", "regional", "national"] = "local"
    country: Country = "NO"
    areas: Annotated[tuple[AreaDraft, ...], AfterValidator(_once)] = ()
    public_body: bool | None = None
    minimum_age: Age | None = None
    maximum_age: Age | None = None
    genders: tuple[Annotated[str, _one_of(vocabulary.GENDERS)], ...] | None = None
    audiences: tuple[Annotated[str, _one_of(vocabulary.AUDIENCES)], ...] | None = None
    audience_text: Words | None = None
    capacity: Annotated[str, _one_of(vocabulary.CAPACITIES)] | None = None
    cost_options: tuple[CostOptionDraft, ...] = ()
    sources: tuple[SourceDraft, ...] = ()
    status: Annotated[str, _one_of(vocabulary.STATUSES)] = "active"
    confidence: Literal["high", "medium", "low"] | None = None
    verify_before_publish: bool = False
    published: bool = True

    @model_validator(mode="after")
    def _ages_and_locations_agree(self) -> ServiceDraft:
        if self.minimum_age is not None and self.maximum_age is not None:
            _must(self.minimum_age <= self.maximum_age, "has a minimum_age above its maximum_age")
        slugs = [location.slug for location in self.locations]
        _must(len(slugs) == len(set(slugs)), "has two locations with the same slug")
        return self


D = TypeVar("D", bound=Draft)


def check(kind: type[D], said: object) -> D:
    """The draft that ``said`` (JSON values) is. Raises InvalidInput, with every wrong field by its path."""
    try:
        return kind.model_validate_json(orjson.dumps(said))
    except orjson.JSONEncodeError:
        raise InvalidInput.of("(the whole)", "takes what JSON can say") from None
    except ValidationError as error:
        errors: dict[str, list[str]] = {}
        for problem in error.errors(include_url=False, include_input=False):
            field = ".".join(str(part) for part in problem["loc"]) or "(the whole)"
            errors.setdefault(field, []).append(problem["msg"].removeprefix("Value error, "))
        raise InvalidInput(
            errors, f"The {kind.__name__.removesuffix('Draft').lower()} is not valid."
        ) from None

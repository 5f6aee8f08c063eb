"""Consent: what the client has agreed to, for how long, and what a referral needs of it. Pure.

``receiver``: that this service is told of the referral at all. ``content``: that it reads what was written.
``contact``: that it has, and uses, the client's contact data.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

from directory.catalogue.drafts import Draft
from directory.errors import InvalidInput

COVERS = ("receiver", "content", "contact")
METHODS = ("oral", "written", "electronic")
_CALENDAR = ZoneInfo("Europe/Oslo")


def day_of(now: datetime) -> date:
    """The day that it is for people here: consent lasts to the end of its last day in Norway."""
    return now.astimezone(_CALENDAR).date()


def once(values: tuple[str, ...]) -> tuple[str, ...]:
    """In the order said. Raises ValueError where something is said twice."""
    if len(values) != len(set(values)):
        raise ValueError("names the same thing twice")
    return values


def _some(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise ValueError(f"takes one or more of: {', '.join(COVERS)}")
    return values


class Consent(Draft):
    """``expires_on``: its last day; None: it lasts until withdrawn."""

    given_on: date
    method: Literal["oral", "written", "electronic"]
    covers: Annotated[
        tuple[Literal["receiver", "content", "contact"], ...], AfterValidator(_some), AfterValidator(once)
    ]
    expires_on: date | None = None


def needed_for(message: object, contact: object) -> frozenset[str]:
    """What consent must cover before a referral with this message and this contact is sent."""
    found = {"receiver"}
    if message is not None:
        found.add("content")
    if contact is not None:
        found.add("contact")
    return frozenset(found)


def wrong_days(consent: Consent, today: date) -> dict[str, list[str]]:
    """What is wrong with its days, by field."""
    errors: dict[str, list[str]] = {}
    if consent.given_on > today:
        errors["consent.given_on"] = ["takes a day that is not in the future"]
    if consent.expires_on is not None and consent.expires_on < consent.given_on:
        errors["consent.expires_on"] = ["takes a day that is not before given_on"]
    elif consent.expires_on is not None and consent.expires_on < today:
        errors["consent.expires_on"] = ["has passed: consent has to be given anew"]
    return errors


def missing(covers: Collection[str], needed: Collection[str]) -> dict[str, list[str]]:
    """What consent doesn't cover, as errors by field."""
    if lacking := [part for part in COVERS if part in needed and part not in covers]:
        return {"consent.covers": [f"must cover {', '.join(lacking)}"]}
    return {}


def require(covers: Collection[str], needed: Collection[str]) -> None:
    """Raises InvalidInput on consent.covers."""
    if errors := missing(covers, needed):
        raise InvalidInput(errors)

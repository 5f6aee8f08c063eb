"""Valid drafts for tests, of which a test says only what it is about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlmodel import Session

from directory.catalogue.drafts import LocationDraft, OrganizationDraft, ServiceDraft, check
from directory.catalogue.editing import Saved, save_organizations, save_services

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
NEEDS = frozenset({"hiv-testing", "sti-testing", "sexual-assault", "naloxone", "pep"})


def organization_draft(slug: str = "the-clinic", **said: Any) -> OrganizationDraft:
    return check(OrganizationDraft, {"slug": slug, "names": {"nb": slug.title()}} | said)


def location_draft(slug: str = "main", **said: Any) -> LocationDraft:
    return check(LocationDraft, location(slug) | said)


def location(slug: str = "main") -> dict[str, Any]:
    return {
        "slug": slug,
        "address_1": "Storgata 1",
        "postal_code": "0155",
        "city": "Oslo",
        "municipality": "Oslo",
        "municipality_no": "0301",
        "county": "Oslo",
        "latitude": 59.913,
        "longitude": 10.751,
        "precision": "postcode",
    }


def service_draft(slug: str = "test-station", **said: Any) -> ServiceDraft:
    row = {
        "slug": slug,
        "organization": "the-clinic",
        "names": {"nb": slug.title(), "en": f"The {slug}"},
        "descriptions": {"nb": "Gratis test uten time."},
        "kind": "clinic",
        "needs": ["hiv-testing", "sti-testing"],
        "languages": [{"code": "nb"}, {"code": "en"}],
        "locations": [location()],
        "phones": [{"number": "22 00 00 00"}],
        "areas": [{"extent": "municipality", "code": "0301", "name": "Oslo"}],
        "sources": [{"reference": "https://example.org/", "checked": "2024"}],
    }
    return check(ServiceDraft, row | said)


def saved(session: Session, *drafts: ServiceDraft, now: datetime = NOW, origin: str = "local") -> list[Saved]:
    """Save the services and the organizations that they name, in the caller's transaction."""
    slugs = dict.fromkeys(draft.organization for draft in drafts)
    save_organizations(session, [organization_draft(slug) for slug in slugs], now=now, origin=origin)
    return save_services(session, drafts, needs=NEEDS, now=now, origin=origin)

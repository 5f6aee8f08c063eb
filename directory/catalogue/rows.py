"""A draft as rows of the tables: the one place where the two shapes meet on the way in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import SQLModel

from directory.catalogue import models as m
from directory.catalogue.drafts import LocationDraft, ScheduleDraft, ServiceDraft

_PARTS = frozenset(
    {"organization", "needs", "languages", "locations", "schedule", "phones", "areas", "capacity"}
    | {"cost_options", "sources", "genders", "audiences"}
)
_IN_ADDRESS = ("address_1", "postal_code", "city", "municipality", "municipality_no", "county", "country")
_IN_LOCATION = ("name", "latitude", "longitude", "precision", "coordinate_source", "address_visibility")

Rows = dict[type[SQLModel], list[dict[str, Any]]]


def service_columns(draft: ServiceDraft, organization: UUID) -> dict[str, Any]:
    """What stands in the service's own row, all but its key, origin, digest and version."""
    values = draft.model_dump(exclude=set(_PARTS))
    values["organization_id"] = organization
    values["genders"] = None if draft.genders is None else list(draft.genders)
    values["audiences"] = None if draft.audiences is None else list(draft.audiences)
    return values


def rows_of(services: Iterable[tuple[UUID, ServiceDraft]], now: datetime) -> Rows:
    """What hangs on the services, by table, in an order in which they can be inserted."""
    tables: tuple[type[SQLModel], ...] = (m.Location, m.Address, m.Accessibility, *m.OF_SERVICE)
    rows: Rows = {table: [] for table in tables}
    for key, draft in services:
        for position, place in enumerate(draft.locations):
            _place(rows, key, draft.slug, position, place)
        if draft.schedule is not None:
            rows[m.Schedule].append(_schedule(key, -1, draft.schedule))
        if draft.capacity is not None:
            rows[m.ServiceCapacity].append({"service_id": key, "state": draft.capacity, "updated_at": now})
        lists: tuple[tuple[type[SQLModel], list[dict[str, Any]]], ...] = (
            (m.ServiceNeed, [{"taxonomy_term": need} for need in draft.needs]),
            (m.Phone, [phone.model_dump() for phone in draft.phones]),
            (m.Language, [language.model_dump() for language in draft.languages]),
            (m.ServiceArea, [area.model_dump(exclude={"origin"}) for area in draft.areas]),
            (m.CostOption, [cost.model_dump() for cost in draft.cost_options]),
            (m.Attribution, [source.model_dump() for source in draft.sources]),
        )
        for table, said in lists:
            rows[table] += [
                {"service_id": key, "position": position} | row for position, row in enumerate(said)
            ]
    return rows


def _place(rows: Rows, service: UUID, slug: str, position: int, place: LocationDraft) -> None:
    key = m.key_of("location", f"{slug}/{place.slug}")
    rows[m.Location].append({"id": key} | {name: getattr(place, name) for name in _IN_LOCATION})
    rows[m.Address].append({"location_id": key} | {name: getattr(place, name) for name in _IN_ADDRESS})
    rows[m.ServiceAtLocation].append({"service_id": service, "position": position, "location_id": key})
    if place.schedule is not None:
        rows[m.Schedule].append(_schedule(service, position, place.schedule))
    rows[m.Accessibility] += [
        {"location_id": key, "position": number, "description": said}
        for number, said in enumerate(place.accessibility)
    ]


def _schedule(service: UUID, position: int, said: ScheduleDraft) -> dict[str, Any]:
    return {"service_id": service, "position": position} | said.model_dump()

"""Rows of the tables as entries: a handful of queries for thousands of services, and what must stay inside left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Table, select
from sqlmodel import Session, SQLModel

from directory.catalogue import entries as e
from directory.catalogue import models as m
from directory.catalogue.freshness import Limits, trust_of
from directory.catalogue.vocabulary import SHOWN_STATUSES
from directory.partners.models import Partner, PartnerOrganization

NOT_CONFIRMED = "ikke bekreftet / not confirmed"  # follows the source of what must not be shown as confirmed

SERVICE: Table = m.Service.__table__  # type: ignore[attr-defined]
_ORGANIZATION: Table = m.Organization.__table__  # type: ignore[attr-defined]
_LOCATION: Table = m.Location.__table__  # type: ignore[attr-defined]
_ADDRESS: Table = m.Address.__table__  # type: ignore[attr-defined]
_AT: Table = m.ServiceAtLocation.__table__  # type: ignore[attr-defined]
_ACCESSIBILITY: Table = m.Accessibility.__table__  # type: ignore[attr-defined]

_PARTNER: Table = Partner.__table__  # type: ignore[attr-defined]
_ANSWERS_FOR: Table = PartnerOrganization.__table__  # type: ignore[attr-defined]

# The organizations that take part.
_TAKING_PART = (
    select(_ANSWERS_FOR.c.organization_id)
    .join(_PARTNER, _PARTNER.c.id == _ANSWERS_FOR.c.partner_id)
    .where(_PARTNER.c.active)
)
IS_PUBLIC = SERVICE.c.published & SERVICE.c.status.in_(SHOWN_STATUSES)

Found = dict[UUID, list[Row[Any]]]


def public_services(
    session: Session, which: ColumnElement[bool] | None, limit: int | None = None
) -> list[Row[Any]]:
    """Rows of the services that the public may see, with their organization's slug and names, by key."""
    organization = (
        _ORGANIZATION.c.slug.label("organization_slug"),
        _ORGANIZATION.c.names.label("organization_names"),
    )
    query = select(*SERVICE.c, *organization).join(
        _ORGANIZATION, _ORGANIZATION.c.id == SERVICE.c.organization_id
    )
    query = query.where(IS_PUBLIC).order_by(SERVICE.c.id)
    if which is not None:
        query = query.where(which)
    return list(session.execute(query.limit(limit)))


class Assembly:
    """Entries as of ``today``."""

    def __init__(self, session: Session, today: date, limits: Limits) -> None:
        self._session = session
        self._today = today
        self._partners = frozenset(session.execute(_TAKING_PART).scalars())
        self._limits = limits

    def of(self, services: list[Row[Any]], *, adjacent: bool = False) -> Iterator[e.ServiceEntry]:
        """``adjacent``: all services between the first key and the last are wanted, so that a range finds them."""
        if not services:
            return
        keys = [service.id for service in services]
        parts = {
            table: self._parts(table, keys, adjacent)
            for table in m.OF_SERVICE
            if table is not m.ServiceAtLocation
        }
        places = self._places(keys, adjacent)
        for service in services:
            yield self._entry(service, parts, places.get(service.id, ()))

    def _within(self, column: Any, keys: list[UUID], adjacent: bool) -> ColumnElement[bool]:
        return column.between(keys[0], keys[-1]) if adjacent else column.in_(keys)

    def _parts(self, table: type[SQLModel], keys: list[UUID], adjacent: bool) -> Found:
        source: Table = table.__table__  # type: ignore[attr-defined]
        query = select(*source.c).where(self._within(source.c.service_id, keys, adjacent))
        return _grouped(self._session.execute(query.order_by(*source.primary_key.columns)))

    def _places(self, keys: list[UUID], adjacent: bool) -> Found:
        within = self._within(_AT.c.service_id, keys, adjacent)
        joined = _AT.join(_LOCATION, _LOCATION.c.id == _AT.c.location_id).join(
            _ADDRESS, _ADDRESS.c.location_id == _LOCATION.c.id
        )
        address = [column for column in _ADDRESS.c if column.name != "location_id"]
        query = (
            select(_AT.c.service_id, _AT.c.position, *_LOCATION.c, *address).select_from(joined).where(within)
        )
        found = _grouped(self._session.execute(query.order_by(_AT.c.service_id, _AT.c.position)))
        query = (
            select(*_ACCESSIBILITY.c)
            .join(_AT, _AT.c.location_id == _ACCESSIBILITY.c.location_id)
            .where(within)
        )
        self._access: dict[UUID, list[str]] = defaultdict(list)
        for row in self._session.execute(query.order_by(_ACCESSIBILITY.c.position)):
            self._access[row.location_id].append(row.description)
        return found

    def _entry(self, service: Row[Any], parts: dict[type[SQLModel], Found], places: Any) -> e.ServiceEntry:
        key = service.id

        def all_of(table: type[SQLModel]) -> list[Row[Any]]:
            return parts[table].get(key, [])

        schedules = {row.position: e.Schedule(row.opening_hours, row.timezone) for row in all_of(m.Schedule)}
        sources = all_of(m.Attribution)
        capacity = all_of(m.ServiceCapacity)
        return e.ServiceEntry(
            id=str(key),
            slug=service.slug,
            organization=e.OrganizationRef(
                str(service.organization_id), service.organization_slug, _any_name(service.organization_names)
            ),
            names=service.names,
            descriptions=service.descriptions,
            alerts=service.alerts,
            costs=tuple(
                e.CostOption(row.option, row.amount, row.currency, row.amount_description)
                for row in all_of(m.CostOption)
            ),
            kind=service.kind,
            needs=tuple(row.taxonomy_term for row in all_of(m.ServiceNeed)),
            languages=tuple(e.ServiceLanguage(row.code, row.mode) for row in all_of(m.Language)),
            interpreter_by_law=bool(service.public_body) and service.country == "NO",
            locations=tuple(self._place(row, schedules.get(row.position)) for row in places),
            schedule=schedules.get(-1),
            phones=tuple(
                e.Phone(row.number, row.type) for row in all_of(m.Phone) if row.visibility == "public"
            ),
            email=service.email,
            url=service.url,
            chat_url=service.chat_url,
            free=service.free,
            anonymous=service.anonymous,
            remote=service.remote,
            reach=service.reach,
            country=service.country,
            areas=tuple(e.ServiceArea(row.extent, row.code, row.name) for row in all_of(m.ServiceArea)),
            minimum_age=service.minimum_age,
            maximum_age=service.maximum_age,
            genders=None if service.genders is None else tuple(service.genders),
            audiences=None if service.audiences is None else tuple(service.audiences),
            audience_text=service.audience_text,
            capacity=capacity[0].state if capacity else None,
            sources=tuple(e.Source(row.reference, row.checked) for row in sources),
            trust=self._trust(service, sources),
            status=service.status,
            version=service.version,
            updated_at=service.updated_at,
        )

    def _trust(self, service: Row[Any], sources: list[Row[Any]]) -> e.Trust:
        checks = [
            (row.checked_on, row.by) for row in sources if row.by is not None and row.checked_on is not None
        ]
        verified_on, by = max(checks, default=(None, None))
        source = sources[0].reference if sources else None
        if service.verify_before_publish:
            source = f"{source} ({NOT_CONFIRMED})" if source else NOT_CONFIRMED
            verified_on = by = None
        return e.Trust(
            state=trust_of(verified_on, by, self._today, self._limits),
            verified_on=verified_on,
            by=by,
            source=source,
            partner=service.organization_id in self._partners,
        )

    def _place(self, row: Row[Any], schedule: e.Schedule | None) -> e.Place:
        full, hidden = row.address_visibility == "full", row.address_visibility == "hidden"
        # The rule is kept when an entry is saved; here it is kept again, as nothing else stands before the public.
        tells_too_much = (not full and row.precision == "address") or (hidden and row.precision != "town")
        return e.Place(
            id=str(row.id),
            name=row.name,
            address_1=row.address_1 if full else None,
            postal_code=None if hidden else row.postal_code,
            city=row.city,
            municipality=row.municipality,
            municipality_no=row.municipality_no,
            county=row.county,
            country=row.country,
            latitude=None if tells_too_much else row.latitude,
            longitude=None if tells_too_much else row.longitude,
            precision=None if tells_too_much else row.precision,
            address_withheld=not full,
            schedule=schedule,
            accessibility=tuple(self._access.get(row.id, ())),
        )


def _grouped(rows: Any) -> Found:
    found: Found = defaultdict(list)
    for row in rows:
        found[row.service_id].append(row)
    return found


def _any_name(names: dict[str, str]) -> str:
    """An organization is called what it calls itself: its first name is the one in its own language."""
    return names.get("nb") or next(iter(names.values()))

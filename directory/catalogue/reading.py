"""The catalogue as the public may see it: entries by the thousand for the index, one at a time for the read API.

What is not published, or no longer there, is absent; a hidden address, a partners' phone and an inexact point's false
exactness do not get past this file. All reading of one call sees the moment its session began.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Table, and_, func, select
from sqlmodel import Session

from directory.catalogue import entries as e
from directory.catalogue import models as m
from directory.catalogue.assembly import IS_PUBLIC, SERVICE, Assembly, public_services
from directory.catalogue.freshness import Limits, trust_of
from directory.errors import NotFound

CHUNK = 2000  # services read at a time; one query a table


@dataclass(frozen=True, slots=True)
class ServiceRef:
    id: str
    slug: str
    names: e.Texts


@dataclass(frozen=True, slots=True)
class OrganizationEntry:
    id: str
    slug: str
    names: e.Texts
    descriptions: e.Texts
    email: str | None
    url: str | None
    services: tuple[ServiceRef, ...]
    version: int  # grows with every change of it or of its services
    updated_at: datetime  # UTC


@dataclass(frozen=True, slots=True)
class LocationEntry:
    place: e.Place
    organization: e.OrganizationRef
    services: tuple[ServiceRef, ...]
    version: int  # of the service that it belongs to
    updated_at: datetime  # UTC


def entries(
    session: Session,
    ids: Collection[str | UUID] | None = None,
    *,
    today: date,
    limits: Limits | None = None,
    between: tuple[UUID | None, UUID | None] = (None, None),
) -> Iterator[e.ServiceEntry]:
    """All that is public, in the order of the keys; with ``ids``, those of them that are. ``between``: only those after
    the first key, up to the second.
    """
    assembly = Assembly(session, today, limits or Limits())
    if ids is not None:
        keys = sorted({key if isinstance(key, UUID) else UUID(key) for key in ids})
        for start in range(0, len(keys), CHUNK):
            yield from assembly.of(public_services(session, SERVICE.c.id.in_(keys[start : start + CHUNK])))
        return
    after, last = between
    while True:
        bounds = [] if after is None else [SERVICE.c.id > after]
        bounds += [] if last is None else [SERVICE.c.id <= last]
        rows = public_services(session, and_(*bounds) if bounds else None, limit=CHUNK)
        yield from assembly.of(rows, adjacent=True)
        if len(rows) < CHUNK:
            return
        after = rows[-1].id


def parts(session: Session, size: int = CHUNK) -> list[tuple[UUID | None, UUID | None]]:
    """Bounds of stretches of the keys, for ``entries``, each with ``size`` services; together they hold all keys."""
    numbered = select(SERVICE.c.id, func.row_number().over(order_by=SERVICE.c.id).label("number"))
    rows = numbered.where(IS_PUBLIC).subquery()
    ends = session.execute(select(rows.c.id).where(rows.c.number % size == 0).order_by(rows.c.id)).scalars()
    inner: list[UUID | None] = list(ends)
    return list(zip([None, *inner], [*inner, None], strict=True))


def entry(
    session: Session,
    id_or_slug: str,
    *,
    today: date,
    limits: Limits | None = None,
) -> e.ServiceEntry:
    """Raises NotFound. ``version`` and ``updated_at`` are what ETag and Last-Modified are made of."""
    assembly = Assembly(session, today, limits or Limits())
    for found in assembly.of(public_services(session, _identified(SERVICE, id_or_slug))):
        return found
    raise NotFound(f"There is no service {id_or_slug}.")


def organization(session: Session, id_or_slug: str) -> OrganizationEntry:
    """An organization with at least one public service. Raises NotFound."""
    row = session.execute(select(*_ORGANIZATION.c).where(_identified(_ORGANIZATION, id_or_slug))).first()
    services = [] if row is None else public_services(session, SERVICE.c.organization_id == row.id)
    if row is None or not services:
        raise NotFound(f"There is no organization {id_or_slug}.")
    return OrganizationEntry(
        id=str(row.id),
        slug=row.slug,
        names=row.names,
        descriptions=row.descriptions,
        email=row.email,
        url=row.url,
        services=tuple(ServiceRef(str(one.id), one.slug, one.names) for one in services),
        version=row.version + sum(one.version for one in services),
        updated_at=max([row.updated_at, *(one.updated_at for one in services)]),
    )


def location(session: Session, id_or_key: str, *, today: date) -> LocationEntry:
    """A location of a public service, by its id. Raises NotFound."""
    missing = NotFound(f"There is no location {id_or_key}.")
    try:
        key = UUID(id_or_key)
    except ValueError:
        raise missing from None
    owners = session.execute(select(_AT.c.service_id).where(_AT.c.location_id == key)).scalars().all()
    found = list(entries(session, owners, today=today)) if owners else []
    for service in found:
        for place in service.locations:
            if place.id == str(key):
                refs = tuple(ServiceRef(one.id, one.slug, one.names) for one in found)
                return LocationEntry(place, service.organization, refs, service.version, service.updated_at)
    raise missing


def changes_since(session: Session, position: int, limit: int | None = None) -> list[tuple[int, str, str]]:
    """(position, service id, "saved" or "removed") of every change after ``position``, in order."""
    query = select(_LOG.c.position, _LOG.c.entity_id, _LOG.c.change).where(
        _LOG.c.entity == "service", _LOG.c.position > position
    )
    rows = session.execute(query.order_by(_LOG.c.position).limit(limit))
    return [(row.position, str(row.entity_id), row.change) for row in rows]


def number_published(session: Session) -> int:
    """How many services ``entries`` would give."""
    return session.execute(select(func.count()).select_from(SERVICE).where(IS_PUBLIC)).scalar_one()


def last_position(session: Session) -> int:
    """Where the change log stands; 0 when nothing was ever changed."""
    return last_change(session)[0]


def last_change(session: Session) -> tuple[int, str]:
    """Where the change log stands, and what it has there (see ``mark_of``); (0, "") when nothing was ever changed."""
    query = select(*_LOG.c).where(_LOG.c.entity == "service").order_by(_LOG.c.position.desc()).limit(1)
    row = session.execute(query).first()
    return (0, "") if row is None else (row.position, _mark(row))


def mark_of(session: Session, position: int) -> str:
    """What the log has at a position, so that another log is known from this one; "" where it has nothing."""
    row = session.execute(select(*_LOG.c).where(_LOG.c.position == position)).first()
    return "" if row is None else _mark(row)


def _mark(row: Row[Any]) -> str:
    return f"{row.entity_id} {row.change} {row.at.isoformat()}"


def aged(session: Session, was: date, today: date, *, limits: Limits | None = None) -> set[str]:
    """Services with a check that holds on one of the two days and not on the other."""
    table: Table = m.Attribution.__table__  # type: ignore[attr-defined]
    checks = session.execute(
        select(table.c.service_id, table.c.checked_on, table.c.by).where(
            table.c.by.is_not(None), table.c.checked_on.is_not(None)
        )
    )
    return {
        str(row.service_id)
        for row in checks
        if trust_of(row.checked_on, row.by, was, limits) != trust_of(row.checked_on, row.by, today, limits)
    }


_ORGANIZATION: Table = m.Organization.__table__  # type: ignore[attr-defined]
_AT: Table = m.ServiceAtLocation.__table__  # type: ignore[attr-defined]
_LOG: Table = m.ChangeLog.__table__  # type: ignore[attr-defined]


def _identified(table: Table, id_or_slug: str) -> ColumnElement[bool]:
    try:
        return table.c.id == UUID(id_or_slug)
    except ValueError:
        return table.c.slug == id_or_slug

"""How the catalogue changes: the rules, a new version, and a row in the change log, all in the caller's transaction.

Saying the same again changes nothing: no version, no log row. A service is replaced whole. What hangs on the name of
an organization (its services' entries) changes with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, insert, select, text, update
from sqlmodel import Session

from directory.catalogue import models as m
from directory.catalogue.drafts import LocationDraft, OrganizationDraft, ServiceDraft
from directory.catalogue.geocoding import BY_GEOCODER, Geocoder, located
from directory.catalogue.rows import rows_of, service_columns
from directory.catalogue.vocabulary import SHOWN_STATUSES
from directory.commits import announce
from directory.database import Database
from directory.errors import InvalidInput, NotFound, StaleVersion

_CHANGING = 0x63617461  # any constant: the PostgreSQL advisory lock that orders the change log
CHUNK = 500  # services written at a time


@dataclass(frozen=True, slots=True)
class Saved:
    id: UUID
    version: int
    changed: bool


def edit_service(
    database: Database,
    draft: ServiceDraft,
    *,
    needs: Collection[str],
    now: datetime,
    origin: str = "local",
    expected_version: int | None = None,
    geocoder: Geocoder | None = None,
) -> Saved:
    """Save one service, and commit. A full public street address without an exact point is asked of ``geocoder`` first,
    before the transaction: a slow answer keeps nobody waiting, and no answer leaves the draft as it is.

    Raises InvalidInput, and StaleVersion when the service stands at another version than ``expected_version``.
    """
    if geocoder is not None:
        draft = located(draft, geocoder)
    with database.unit_of_work() as session:
        saved = save_service(
            session, draft, needs=needs, now=now, origin=origin, expected_version=expected_version
        )
        session.commit()
    return saved


def save_service(
    session: Session,
    draft: ServiceDraft,
    *,
    needs: Collection[str],
    now: datetime,
    origin: str = "local",
    expected_version: int | None = None,
) -> Saved:
    """As ``edit_service``, in the caller's transaction and without a geocoder."""
    take_turns(session)
    if expected_version is not None:
        found = session.execute(select(_SERVICE.c.version).where(_SERVICE.c.slug == draft.slug)).scalar()
        if found != expected_version:
            raise StaleVersion(f"{draft.slug} has been changed since version {expected_version}.")
    return save_services(session, [draft], needs=needs, now=now, origin=origin)[0]


def save_services(
    session: Session,
    drafts: Sequence[ServiceDraft],
    *,
    needs: Collection[str],
    now: datetime,
    origin: str = "local",
) -> list[Saved]:
    """Save many, in order. Raises InvalidInput on the first that names an unknown need or organization."""
    take_turns(session)
    known = needs if isinstance(needs, set | frozenset) else frozenset(needs)
    organizations = _organization_ids(session, {draft.organization for draft in drafts})
    for draft in drafts:
        _check_references(draft, known, organizations)
    saved: list[Saved] = []
    for start in range(0, len(drafts), CHUNK):
        saved += _save_chunk(session, drafts[start : start + CHUNK], organizations, now, origin)
    return saved


def remove_service(session: Session, slug: str, *, now: datetime) -> None:
    """Take a service out of the catalogue with all that hangs on it. Raises NotFound."""
    take_turns(session)
    found = session.execute(select(_SERVICE.c.id).where(_SERVICE.c.slug == slug)).scalar()
    if found is None:
        raise NotFound(f"There is no service {slug}.")
    _clear(session, [found])
    session.execute(delete(_SERVICE).where(_SERVICE.c.id == found))
    _log(session, [(found, "removed")], now)


def save_organizations(
    session: Session, drafts: Sequence[OrganizationDraft], *, now: datetime, origin: str = "local"
) -> list[Saved]:
    """Save organizations. One that changes gives its services a new version too: their entries name it."""
    take_turns(session)
    table = _ORGANIZATION
    columns = (table.c.slug, table.c.id, table.c.digest, table.c.version)
    slugs = [draft.slug for draft in drafts]
    found = {row.slug: row for row in session.execute(select(*columns).where(table.c.slug.in_(slugs)))}
    saved: list[Saved] = []
    for draft in drafts:
        digest = draft.digest()
        existing = found.get(draft.slug)
        if existing is not None and existing.digest == digest:
            saved.append(Saved(existing.id, existing.version, False))
            continue
        version = 1 if existing is None else existing.version + 1
        values = draft.model_dump() | {"digest": digest, "version": version, "updated_at": now}
        if origin == "seed":
            values["seeded_version"] = version
        if existing is None:
            key = m.key_of("organization", draft.slug)
            session.execute(insert(table).values(id=key, origin=origin, **values))
        else:
            key = existing.id
            _update(session, table, key, existing.version, values)
            _touch_services(session, key, now)
        saved.append(Saved(key, version, True))
    return saved


def organizations_stand_anew(session: Session, organizations: Collection[UUID], now: datetime) -> None:
    """Something that is told with the services of these, and kept elsewhere, has changed: whether they take part."""
    take_turns(session)
    for organization in organizations:
        _touch_services(session, organization, now)


def take_turns(session: Session) -> None:
    """Only one transaction at a time changes the catalogue: positions of the change log are given before the
    commit, and a reader of it could otherwise pass one that is not there yet. SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHANGING})


_SERVICE: Table = m.Service.__table__  # type: ignore[attr-defined]
_ORGANIZATION: Table = m.Organization.__table__  # type: ignore[attr-defined]
_LOCATION: Table = m.Location.__table__  # type: ignore[attr-defined]
_AT: Table = m.ServiceAtLocation.__table__  # type: ignore[attr-defined]
_ADDRESS: Table = m.Address.__table__  # type: ignore[attr-defined]
_LOG: Table = m.ChangeLog.__table__  # type: ignore[attr-defined]


def _organization_ids(session: Session, slugs: set[str]) -> dict[str, UUID]:
    table = _ORGANIZATION
    return {
        row.slug: row.id
        for row in session.execute(select(table.c.slug, table.c.id).where(table.c.slug.in_(slugs)))
    }


def _check_references(draft: ServiceDraft, needs: Collection[str], organizations: dict[str, UUID]) -> None:
    errors: dict[str, list[str]] = {}
    for position, need in enumerate(draft.needs):
        if need not in needs:
            errors[f"needs.{position}"] = [unknown_need(need, needs)]
    if draft.organization not in organizations:
        errors["organization"] = [f"there is no organization {draft.organization}"]
    if errors:
        raise InvalidInput(errors, f"The service {draft.slug} is not valid.")


def unknown_need(need: str, needs: Collection[str]) -> str:
    near = get_close_matches(need, sorted(needs), n=3)
    return f"there is no need {need}" + (f"; near it: {', '.join(near)}" if near else "")


def _save_chunk(
    session: Session,
    drafts: Sequence[ServiceDraft],
    organizations: dict[str, UUID],
    now: datetime,
    origin: str,
) -> list[Saved]:
    table = _SERVICE
    columns = (table.c.slug, table.c.id, table.c.digest, table.c.version, table.c.published, table.c.status)
    slugs = [draft.slug for draft in drafts]
    found = {row.slug: row for row in session.execute(select(*columns).where(table.c.slug.in_(slugs)))}
    saved: list[Saved] = []
    new: list[dict[str, Any]] = []
    replaced: list[UUID] = []
    written: list[tuple[UUID, ServiceDraft]] = []
    log: list[tuple[UUID, str]] = []
    for draft in drafts:
        existing = found.get(draft.slug)
        digest = draft.digest()
        if existing is not None and digest != existing.digest:
            draft = _keeping_points(session, draft)
            digest = draft.digest()
        if existing is not None and digest == existing.digest:
            saved.append(Saved(existing.id, existing.version, False))
            continue
        key = m.key_of("service", draft.slug) if existing is None else existing.id
        version = 1 if existing is None else existing.version + 1
        values = service_columns(draft, organizations[draft.organization])
        values |= {"digest": digest, "version": version, "updated_at": now}
        if origin == "seed":
            values["seeded_version"] = version
        if existing is None:
            new.append({"id": key, "origin": origin, "seeded_version": None} | values)
        else:
            replaced.append(key)
            _update(session, table, key, existing.version, values)
        written.append((key, draft))
        saved.append(Saved(key, version, True))
        if draft.published and draft.status in SHOWN_STATUSES:
            log.append((key, "saved"))
        elif existing is not None and existing.published and existing.status in SHOWN_STATUSES:
            log.append((key, "removed"))
    _clear(session, replaced)
    if new:
        session.execute(insert(table), new)
    for into, rows in rows_of(written, now).items():
        if rows:
            session.execute(insert(into.__table__), rows)  # type: ignore[attr-defined]
    _log(session, log, now)
    return saved


def _update(session: Session, table: Table, key: UUID, version: int, values: dict[str, Any]) -> None:
    done = session.execute(update(table).where(table.c.id == key, table.c.version == version).values(values))
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise StaleVersion(f"{values['slug']} has been changed by someone else since it was read.")


def _clear(session: Session, services: list[UUID]) -> None:
    if not services:
        return
    places = session.execute(select(_AT.c.location_id).where(_AT.c.service_id.in_(services))).scalars().all()
    for part in m.OF_SERVICE:
        table = part.__table__  # type: ignore[attr-defined]
        session.execute(delete(table).where(table.c.service_id.in_(services)))
    session.execute(delete(_LOCATION).where(_LOCATION.c.id.in_(places)))


def _keeping_points(session: Session, draft: ServiceDraft) -> ServiceDraft:
    """A point that the geocoder once gave stays with its address when the draft knows none that is exact."""
    keys = {
        m.key_of("location", f"{draft.slug}/{place.slug}"): place
        for place in draft.locations
        if _inexact(place)
    }
    if not keys:
        return draft
    columns = (
        _LOCATION.c.id,
        _LOCATION.c.latitude,
        _LOCATION.c.longitude,
        _ADDRESS.c.address_1,
        _ADDRESS.c.postal_code,
    )
    query = select(*columns).join(_ADDRESS, _ADDRESS.c.location_id == _LOCATION.c.id)
    query = query.where(_LOCATION.c.id.in_(keys), _LOCATION.c.coordinate_source == BY_GEOCODER)
    points: dict[str, dict[str, Any]] = {}
    for row in session.execute(query):
        place = keys[row.id]
        if (place.address_1, place.postal_code) == (row.address_1, row.postal_code):
            point = {"latitude": row.latitude, "longitude": row.longitude, "precision": "address"}
            points[place.slug] = point | {"coordinate_source": BY_GEOCODER}
    places = tuple(place.model_copy(update=points.get(place.slug)) for place in draft.locations)
    return draft.model_copy(update={"locations": places})


def _inexact(place: LocationDraft) -> bool:
    return place.address_visibility == "full" and place.address_1 is not None and place.precision != "address"


def _touch_services(session: Session, organization: UUID, now: datetime) -> None:
    """A new version of each service, which does not make it one that was edited here."""
    of_it = _SERVICE.c.organization_id == organization
    seeded = of_it & (_SERVICE.c.seeded_version == _SERVICE.c.version)
    session.execute(update(_SERVICE).where(seeded).values(seeded_version=_SERVICE.c.seeded_version + 1))
    session.execute(update(_SERVICE).where(of_it).values(version=_SERVICE.c.version + 1, updated_at=now))
    shown = of_it & _SERVICE.c.published & _SERVICE.c.status.in_(SHOWN_STATUSES)
    keys = session.execute(select(_SERVICE.c.id).where(shown).order_by(_SERVICE.c.id)).scalars()
    _log(session, [(key, "saved") for key in keys], now)


def _log(session: Session, changes: Iterable[tuple[UUID, str]], now: datetime) -> None:
    rows = [{"entity": "service", "entity_id": key, "change": change, "at": now} for key, change in changes]
    if rows:
        session.execute(insert(_LOG), rows)
        announce(session)

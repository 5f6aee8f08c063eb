"""The directory that ships, made into the catalogue: every row checked first, then all of it in one
transaction, or none.

Seeding again changes what the seed changed, removes what it no longer names, and leaves what people did here alone: an
entry that is not the seed's, or that was edited since it was seeded, stays as it is. Nothing in a seed is a check of
ours, so nothing comes out of it as verified. An unchanged seed is known by its digest and costs a few milliseconds.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Table, delete, func, select
from sqlmodel import Session

from directory.catalogue import models as m
from directory.catalogue.drafts import D, OrganizationDraft, ServiceDraft, check
from directory.catalogue.editing import (
    CHUNK,
    remove_service,
    save_organizations,
    save_services,
    take_turns,
    unknown_need,
)
from directory.catalogue.geocoding import Geocoder, located
from directory.database import Database
from directory.errors import InvalidInput, SeedError

ORGANIZATIONS = "organizations.json"
SERVICES = "services.json"
NEEDS = "needs.json"
MUNICIPALITIES = "gazetteer_no_municipalities.csv"
CORRECTIONS = "places_corrections.csv"  # municipalities that the gazetteer is too old to know
_FORM = "1"  # grows when the same rows are to be stored in another way

Progress = Callable[[int, int], None]  # (steps done, steps in all)
Problem = tuple[str, str, str, str]  # file, row, field, message


@dataclass(frozen=True, slots=True)
class SeedReport:
    """How many there are after it, and what it did to the services."""

    organizations: int
    services: int
    locations: int
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    kept: int = 0  # edited here, or not the seed's: left as they are


@dataclass(frozen=True, slots=True)
class Seed:
    """The rows of a seed directory, all valid, and the slugs of the needs that they may name."""

    organizations: tuple[OrganizationDraft, ...]
    services: tuple[ServiceDraft, ...]
    needs: frozenset[str]


def seed(
    database: Database,
    seed_dir: Path,
    *,
    now: datetime,
    progress: Progress | None = None,
    geocoder: Geocoder | None = None,
) -> SeedReport:
    """Make the catalogue equal to the seed. ``now``: aware. Raises SeedError with everything that is wrong."""
    standing = _digest(seed_dir, geocoder)
    with database.reading() as session:
        if _standing(session) == standing:
            report = _counted(session)
            if progress is not None:
                progress(report.services, report.services)
            return report
    rows = read(seed_dir)
    tell = progress or (lambda done, of: None)
    services, done = list(rows.services), 0
    steps = len(services) * (1 if geocoder is None else 2)
    if geocoder is not None:
        for done, draft in enumerate(rows.services, 1):
            services[done - 1] = located(draft, geocoder)
            tell(done, steps)
    with database.unit_of_work() as session:
        report = _made_equal(session, rows, services, now, lambda stored: tell(done + stored, steps))
        session.merge(m.SeedState(name="seed", digest=standing, seeded_at=now))
        session.commit()
    tell(steps, steps)
    return report


def is_seeded(database: Database, seed_dir: Path, *, geocoder: Geocoder | None = None) -> bool:
    """Whether ``seed`` would find nothing to do. Raises SeedError when a file is missing."""
    with database.reading() as session:
        return _standing(session) == _digest(seed_dir, geocoder)


def _digest(seed_dir: Path, geocoder: Geocoder | None) -> str:
    return digest_of(seed_dir) + ("" if geocoder is None else "+geocoder")


def digest_of(seed_dir: Path) -> str:
    """Of all that the outcome depends on. Raises SeedError when a file is missing."""
    seen = hashlib.sha256(_FORM.encode())
    for name in (ORGANIZATIONS, SERVICES, NEEDS, MUNICIPALITIES, CORRECTIONS):
        seen.update(name.encode() + b"\0" + _bytes(seed_dir, name))
    return seen.hexdigest()


def read(seed_dir: Path) -> Seed:
    """Every row of the seed, checked. Raises SeedError with all problems of all files."""
    reading = _Reading(seed_dir)
    organizations = reading.drafts(ORGANIZATIONS, OrganizationDraft)
    services = reading.drafts(SERVICES, ServiceDraft)
    needs = reading.needs()
    reading.check_references(services, {draft.slug for _, draft in organizations}, needs)
    if reading.problems:
        raise SeedError(reading.problems)
    return Seed(
        tuple(draft for _, draft in organizations),
        tuple(draft for _, draft in services),
        frozenset(needs),
    )


@dataclass
class _Reading:
    seed_dir: Path
    problems: list[Problem] = field(default_factory=list)

    def drafts(self, name: str, kind: type[D]) -> list[tuple[str, D]]:
        found: list[tuple[str, D]] = []
        seen: dict[str, str] = {}
        for number, said in enumerate(self._rows(name), 1):
            slug = said.get("slug") if isinstance(said, dict) else None
            row = f"row {number}" + (f" ({slug})" if isinstance(slug, str) else "")
            if isinstance(slug, str) and slug in seen:
                self.problems.append((name, row, "slug", f"is the slug of {seen[slug]} too"))
            elif isinstance(slug, str):
                seen[slug] = row
            try:
                found.append((row, check(kind, said)))
            except InvalidInput as error:
                self.problems += [
                    (name, row, where, what) for where, whats in error.errors.items() for what in whats
                ]
        return found

    def check_references(
        self, services: Iterable[tuple[str, ServiceDraft]], organizations: set[str], needs: set[str]
    ) -> None:
        """What a row names must be in the other files, and no row may claim a check of ours."""
        municipalities, counties = self._gazetteer()
        for row, draft in services:
            wrong: list[tuple[str, str]] = []
            if draft.organization not in organizations:
                wrong.append(("organization", f"there is no organization {draft.organization}"))
            wrong += [
                (f"needs.{i}", unknown_need(need, needs))
                for i, need in enumerate(draft.needs)
                if need not in needs
            ]
            if not draft.sources:
                wrong.append(("sources", "names no source"))
            wrong += [
                (f"sources.{i}.by", "a seed row is no check of ours")
                for i, s in enumerate(draft.sources)
                if s.by
            ]
            for i, area in enumerate(draft.areas):
                if area.extent == "municipality" and municipalities.get(area.code) != area.name:
                    wrong.append((f"areas.{i}", f"there is no municipality {area.code} {area.name}"))
                if area.extent == "county" and area.code not in counties:
                    wrong.append((f"areas.{i}.code", f"there is no county {area.code}"))
            for i, place in enumerate(draft.locations):
                number = place.municipality_no
                if number is not None and municipalities.get(number) != place.municipality:
                    problem = f"there is no municipality {number} {place.municipality}"
                    wrong.append((f"locations.{i}.municipality_no", problem))
            self.problems += [(SERVICES, row, where, what) for where, what in wrong]

    def needs(self) -> set[str]:
        said = self._json(NEEDS)
        terms = said.get("terms") if isinstance(said, dict) else None
        if not isinstance(terms, list):
            self.problems.append((NEEDS, "(the whole)", "terms", "takes a list of terms"))
            return set()
        return {
            term["slug"] for term in terms if isinstance(term, dict) and isinstance(term.get("slug"), str)
        }

    def _gazetteer(self) -> tuple[Mapping[str, str], set[str]]:
        rows = self._csv(MUNICIPALITIES)
        names = {row["municipality_no"]: row["municipality"] for row in rows + self._csv(CORRECTIONS)}
        return names, {row["county"] for row in rows}

    def _csv(self, name: str) -> list[dict[str, str]]:
        text = _bytes(self.seed_dir, name).decode("utf-8-sig")
        rows = list(csv.DictReader(text.splitlines()))
        for column in ("municipality_no", "municipality"):
            if rows and column not in rows[0]:
                raise SeedError([(name, "line 1", column, "is not among the columns")])
        return rows

    def _rows(self, name: str) -> list[Any]:
        said = self._json(name)
        if isinstance(said, list):
            return said
        if said is not None:
            self.problems.append((name, "(the whole)", "(the whole)", "takes a list of rows"))
        return []

    def _json(self, name: str) -> Any:
        try:
            return json.loads(_bytes(self.seed_dir, name))
        except ValueError as error:
            line = getattr(error, "lineno", None)
            row = "(the whole)" if line is None else f"line {line}"
            self.problems.append((name, row, "(the whole)", f"is not JSON: {getattr(error, 'msg', error)}"))
            return None


def _bytes(seed_dir: Path, name: str) -> bytes:
    try:
        return (seed_dir / name).read_bytes()
    except OSError as error:
        raise SeedError([(name, "(the whole)", "(the whole)", f"cannot be read: {error.strerror}")]) from None


def _made_equal(
    session: Session,
    rows: Seed,
    services: Sequence[ServiceDraft],
    now: datetime,
    tell: Callable[[int], None],
) -> SeedReport:
    take_turns(session)
    theirs = _left_alone(session, m.Organization)
    organizations = [draft for draft in rows.organizations if draft.slug not in theirs]
    save_organizations(session, organizations, now=now, origin="seed")
    theirs = _left_alone(session, m.Service)
    wanted = [draft for draft in services if draft.slug not in theirs]
    changed = 0
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        saved = save_services(session, part, needs=rows.needs, now=now, origin="seed")
        changed += sum(one.changed for one in saved)
        tell(start + len(part))
    gone = _seeded(session, m.Service) - {draft.slug for draft in services} - theirs
    for slug in sorted(gone):
        remove_service(session, slug, now=now)
    _remove_empty_organizations(session, {draft.slug for draft in rows.organizations})
    counted = _counted(session)
    return SeedReport(
        counted.organizations,
        counted.services,
        counted.locations,
        changed=changed,
        removed=len(gone),
        unchanged=len(wanted) - changed,
        kept=len(services) - len(wanted),
    )


def _left_alone(session: Session, table: type[m.Service] | type[m.Organization]) -> set[str]:
    """Slugs of what is not the seed's, or was edited since it was seeded."""
    source: Table = table.__table__  # type: ignore[union-attr]
    edited = (source.c.origin != "seed") | (source.c.seeded_version.is_distinct_from(source.c.version))
    return set(session.execute(select(source.c.slug).where(edited)).scalars())


def _seeded(session: Session, table: type[m.Service] | type[m.Organization]) -> set[str]:
    source: Table = table.__table__  # type: ignore[union-attr]
    return set(session.execute(select(source.c.slug).where(source.c.origin == "seed")).scalars())


def _remove_empty_organizations(session: Session, wanted: set[str]) -> None:
    organizations: Table = m.Organization.__table__  # type: ignore[attr-defined]
    services: Table = m.Service.__table__  # type: ignore[attr-defined]
    gone = _seeded(session, m.Organization) - wanted - _left_alone(session, m.Organization)
    needed = select(services.c.organization_id).distinct()
    session.execute(
        delete(organizations).where(organizations.c.slug.in_(gone), organizations.c.id.not_in(needed))
    )


def _standing(session: Session) -> str | None:
    state: Table = m.SeedState.__table__  # type: ignore[attr-defined]
    return session.execute(select(state.c.digest).where(state.c.name == "seed")).scalar()


def _counted(session: Session) -> SeedReport:
    def count(table: Any) -> int:
        return session.execute(select(func.count()).select_from(table.__table__)).scalar_one()

    services = count(m.Service)
    return SeedReport(count(m.Organization), services, count(m.Location), unchanged=services)

"""The made-up directory as a catalogue: a database of any number of services, each as whole as a real one.

    python -m tests.bench.generated_house SIZE FOLDER

makes FOLDER/directory.db, for which ``VEIVISER_DATA_DIR=FOLDER`` is the data directory; `veiviser index rebuild` and
`veiviser serve` then do to it what they do to the real one. The services are those of ``generator``, by the same ids,
with texts in the languages that each helps in, phones, addresses, sources and a change log.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, event, insert
from sqlmodel import SQLModel

from directory import database
from directory.catalogue import models as m
from directory.catalogue.seeding import digest_of
from directory.config import SEED_DIR
from directory.spelling import fold
from tests.bench.generator import CHUNK, DESCRIPTION, ZONE, Service, World
from tests.bench.report import Progress

SENTENCE = 12  # words
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
REACHES = ("local", "regional", "national")
VERIFIED, FREE, ANONYMOUS, PUBLIC, HIDDEN, ADULTS = 0.2, 0.7, 0.2, 0.4, 0.02, 0.15  # shares
WORD = re.compile(r"[^\W_]+")
# Rows are held until there are so many services, then inserted table by table
TOGETHER = 5 * CHUNK
TABLES: tuple[type[SQLModel], ...] = (
    m.Organization, m.Service, m.Location, m.Address, m.ServiceAtLocation, m.Schedule, m.Phone, m.Language,
    m.ServiceArea, m.ServiceNeed, m.Attribution, m.ChangeLog,
)  # fmt: skip

Rows = dict[type[SQLModel], list[dict[str, Any]]]
Step = Callable[[int], object]


class Writer:
    """Rows of services. ``now``: when all of it was entered."""

    def __init__(self, world: World, now: datetime = NOW) -> None:
        self._world, self._now = world, now
        rows = json.loads((SEED_DIR / "services.json").read_text("utf-8"))
        kinds = Counter(row["kind"] for row in rows)
        self._kinds = list(kinds)
        self._kind_share = np.array([kinds[kind] for kind in self._kinds]) / kinds.total()
        self._spelled, self._spoken = _words(rows, world)
        self._places = {t.municipality_no: t.municipality for t in world.towns if t.municipality_no}
        self._organizations: set[str] = set()

    def chunks(self, size: int) -> Iterator[Rows]:
        """Rows by table, of ``CHUNK`` services at a time."""
        services = self._world.services(size)
        for start in range(0, size, CHUNK):
            rng = np.random.default_rng([self._world.seed, 4, start])
            lots = rng.random((CHUNK, 8))
            kinds = rng.choice(len(self._kinds), CHUNK, p=self._kind_share).tolist()
            rows: Rows = {table: [] for table in TABLES}
            for service, row, kind in zip(islice(services, CHUNK), lots.tolist(), kinds, strict=False):
                self._add(rows, service, row, self._kinds[kind], rng)
            yield rows

    def _add(
        self, rows: Rows, service: Service, lots: list[float], kind: str, rng: np.random.Generator
    ) -> None:
        key = UUID(service.id)
        slug = f"{_slug(service.name)}-{service.number}"
        url = f"https://www.{_slug(service.organization)}.example/{service.number}"
        rows[m.Service].append(
            {
                "id": key,
                "slug": slug,
                "organization_id": self._organization(rows, service),
                "names": self._names(service),
                "descriptions": self._descriptions(service, rng),
                "alerts": {},
                "kind": kind,
                "email": f"post@{_slug(service.organization)}.example",
                "url": url,
                "free": True if lots[0] < FREE else None,
                "anonymous": True if lots[1] < ANONYMOUS else None,
                "remote": service.lat is None,
                "reach": REACHES[service.reach],
                "country": "NO",
                "public_body": True if lots[2] < PUBLIC else None,
                "minimum_age": 18 if lots[3] < ADULTS else None,
                "status": "active",
                "verify_before_publish": False,
                "published": True,
                "origin": "local",
                "digest": "generated",
                "version": 1,
                "updated_at": self._now,
            }
        )
        self._place(rows, service, slug, hidden=lots[4] < HIDDEN)
        of = {"service_id": key}
        if service.hours:
            rows[m.Schedule].append(of | {"position": -1, "opening_hours": service.hours, "timezone": ZONE})
        number = f"{20_000_000 + service.number:08}"
        number = " ".join(number[at : at + 2] for at in range(0, 8, 2))
        rows[m.Phone].append(of | {"position": 0, "number": number, "type": "voice", "visibility": "public"})
        rows[m.Language] += [
            of | {"position": at, "code": code, "mode": "spoken"} for at, code in enumerate(service.languages)
        ]
        rows[m.ServiceNeed] += [
            of | {"position": at, "taxonomy_term": slug} for at, slug in enumerate(service.stated)
        ]
        rows[m.ServiceArea] += [of | {"position": 0} | area for area in self._areas(service)]
        checked = self._now.date() - timedelta(days=int(lots[5] * 700)) if lots[6] < VERIFIED else None
        rows[m.Attribution].append(_source(key, 0, url, None))
        if checked is not None:
            rows[m.Attribution].append(_source(key, 1, url, checked))
        rows[m.ChangeLog].append({"entity": "service", "entity_id": key, "change": "saved", "at": self._now})

    def _organization(self, rows: Rows, service: Service) -> UUID:
        slug = _slug(service.organization)
        key = m.key_of("organization", slug)
        if slug not in self._organizations:
            self._organizations.add(slug)
            rows[m.Organization].append(
                {
                    "id": key,
                    "slug": slug,
                    "names": {"nb": self._written(service.organization, service)},
                    "descriptions": {},
                    "url": f"https://www.{slug}.example",
                    "origin": "local",
                    "digest": "generated",
                    "version": 1,
                    "updated_at": self._now,
                }
            )
        return key

    def _place(self, rows: Rows, service: Service, slug: str, *, hidden: bool) -> None:
        if service.lat is None or service.lon is None:
            return
        town, location = service.town, m.key_of("location", f"{slug}/main")
        rows[m.Location].append(
            {
                "id": location,
                "latitude": round(town.lat if hidden else service.lat, 6),
                "longitude": round(town.lon if hidden else service.lon, 6),
                "precision": "town" if hidden else "address",
                "coordinate_source": "town" if hidden else "address",
                "address_visibility": "hidden" if hidden else "full",
            }
        )
        rows[m.Address].append(
            {
                "location_id": location,
                "address_1": f"{self._word(service.name.split()[0]).title()}gata {service.number % 97 + 1}",
                "city": town.written,
                "municipality": town.municipality,
                "municipality_no": town.municipality_no,
                "county": town.county,
                "country": "NO",
            }
        )
        rows[m.ServiceAtLocation].append(
            {"service_id": UUID(service.id), "position": 0, "location_id": location}
        )

    def _areas(self, service: Service) -> list[dict[str, str]]:
        if service.reach == 2:
            return [{"extent": "national", "code": "NO", "name": "Norge"}]
        if service.reach == 1:
            return [{"extent": "county", "code": service.county, "name": service.county}]
        number = service.municipality_no
        name = number and self._places.get(number)
        return [{"extent": "municipality", "code": number, "name": name}] if number and name else []

    def _names(self, service: Service) -> dict[str, str]:
        needs = self._world.needs
        english = f"{needs.label(service.stated[0], 'en')}, {service.town.written}"
        return {"nb": self._written(service.name, service), "en": english}

    def _descriptions(self, service: Service, rng: np.random.Generator) -> dict[str, str]:
        """In the languages that it helps in, about as long in each."""
        told = {"nb": _sentences([self._word(word) for word in service.description.split()])}
        mean, deviation, least, most = DESCRIPTION
        for code in service.languages[1:]:
            if (known := self._spoken.get(code)) is not None:
                number = min(max(round(rng.normal(mean, deviation)), least), most)
                # ranks as Zipf's law has them: evenly spread logarithms
                ranks = np.exp(rng.random(number) * np.log(len(known))).astype(int) - 1
                told[code] = _sentences([known[rank] for rank in ranks.tolist()])
        return told

    def _word(self, word: str) -> str:
        return self._spelled.get(word, word)

    def _written(self, text: str, service: Service) -> str:
        """A folded name as people write it."""
        first = text.removesuffix(f" {service.town.name}")
        written = " ".join(self._word(word) for word in first.split())
        place = f" {service.town.written}" if first != text else ""
        return f"{written[:1].upper()}{written[1:]}{place}"


def write(url: str, size: int, *, world: World | None = None, step: Step = lambda done: None) -> None:
    """Migrate the database, which must be empty, and fill it. ``step`` is called with how many services more stand.

    The seed counts as there already, so that `veiviser serve` does not add it.
    """
    database.upgrade(url)
    opened = database.Database(url)
    try:
        if opened.engine.dialect.name == "sqlite":
            event.listen(opened.engine, "connect", _hurry)
        writer = Writer(world or World())
        done = 0
        with opened.engine.begin() as connection:
            for rows in _together(writer.chunks(size)):
                _insert(connection, rows)
                step(len(rows[m.Service]))
                done += len(rows[m.Service])
            standing = {"name": "seed", "digest": digest_of(SEED_DIR), "seeded_at": NOW}
            connection.execute(insert(m.SeedState), [standing])
    finally:
        opened.close()


def _together(chunks: Iterator[Rows]) -> Iterator[Rows]:
    while several := list(islice(chunks, TOGETHER // CHUNK)):
        yield {table: [row for rows in several for row in rows[table]] for table in TABLES}


def _insert(connection: Connection, rows: Rows) -> None:
    for table in TABLES:
        if rows[table]:
            connection.execute(insert(table.__table__), rows[table])  # type: ignore[attr-defined]


def _hurry(connection: Any, _record: Any) -> None:
    """What is made here can be made again."""
    for pragma in ("synchronous=OFF", "journal_mode=OFF", "cache_size=-500000", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _source(service: UUID, position: int, url: str, checked_on: date | None) -> dict[str, Any]:
    checked = {"checked_on": checked_on, "by": "generated", "method": "website"} if checked_on else {}
    return {"service_id": service, "position": position, "reference": url, "checked": None} | {
        "checked_on": None,
        "by": None,
        "method": None,
        **checked,
    }


def _slug(text: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", text))


def _sentences(words: list[str]) -> str:
    starts = range(0, len(words), SENTENCE)
    return " ".join(
        f"{(said := ' '.join(words[at : at + SENTENCE]))[:1].upper()}{said[1:]}." for at in starts
    )


def _words(rows: list[dict[str, Any]], world: World) -> tuple[dict[str, str], dict[str, list[str]]]:
    """How the real entries spell each folded word, and the words of each language, the most frequent first."""
    spelled: dict[str, Counter[str]] = {}
    spoken: dict[str, Counter[str]] = {}
    texts = [item for row in rows for said in ("names", "descriptions") for item in row.get(said, {}).items()]
    texts += [(wording.language, wording.text) for need in world.needs for wording in need.wordings]
    for code, text in texts:
        for word in WORD.findall(text):
            spelled.setdefault(fold(word), Counter())[word] += 1
            spoken.setdefault(code, Counter())[word.lower()] += 1
    return (
        {folded: min(counts, key=lambda word: (-counts[word], word)) for folded, counts in spelled.items()},
        {
            code: sorted(counts, key=lambda word: (-counts[word], word))
            for code, counts in spoken.items()
            if len(counts) > 50
        },
    )


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or not arguments[0].isdigit() or int(arguments[0]) < 1:
        print("python -m tests.bench.generated_house SIZE FOLDER", file=sys.stderr)
        return 2
    size, folder = int(arguments[0]), Path(arguments[1]).absolute()
    path = folder / "directory.db"
    if path.exists():
        print(f"{path} is there already", file=sys.stderr)
        return 1
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Progress(f"a directory of {size:,}", size) as progress:
        write(f"sqlite:///{path}", size, step=lambda done: progress.step("services", done))
    print(f"{size:,} services in {path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""The real directory as the bench searches it: the seed in a database of its own, an index, and a finder over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import orjson

from directory import database
from directory.catalogue import reading
from directory.catalogue.entries import ServiceEntry
from directory.catalogue.seeding import seed
from directory.config import SEED_DIR
from directory.needs import Needs
from directory.places import Places
from directory.search.criteria import Criteria
from directory.search.engine import Engine
from directory.search.finding import Finder
from directory.search.listing import Lister
from directory.search.query import EngineQuery, Hit, Hits, Snapshot
from directory.search.storage.document import Document
from directory.search.understand import Lexicon
from directory.search.upkeep import Upkeep
from directory.search.wordbook import wordbook

ADDRESS = "/services/"
DEPTH = 20  # a page: what a reciprocal rank may look at

Change = Callable[[EngineQuery], EngineQuery]


class MakesDocuments(Protocol):
    def document(self, entry: ServiceEntry) -> Document: ...


@dataclass(frozen=True, slots=True)
class House:
    """Everything that is read once, and the seeded database; ``folder`` is the bench's own."""

    folder: Path
    database: database.Database
    needs: Needs
    places: Places
    lexicons: tuple[tuple[Needs, Lexicon], ...]  # those that have been made already, by the needs of each
    now: datetime

    def entries(self) -> Iterator[ServiceEntry]:
        with self.database.reading() as session:
            yield from reading.entries(session, today=self.now.date())

    def index(self, name: str, lister: MakesDocuments | None = None) -> Engine:
        """A new index of the catalogue, in its own folder of that name."""
        lister = lister or Lister(self.needs, self.places)
        keeper = Upkeep(self.database, self.folder / name, lister, self.needs.digest)  # type: ignore[arg-type]
        keeper.rebuild(self.now.date())
        return Engine(self.folder / name)

    def finder(self, engine: Engine, **replaced: Any) -> Finder:
        """``replaced``: another ``needs``, ``places``, ``lexicon`` or ``weights`` than the house's."""
        given: dict[str, Any] = {"needs": self.needs, "places": self.places, **replaced}
        if "lexicon" not in given:
            made = next((made for of, made in self.lexicons if of is given["needs"]), None)
            given["lexicon"] = made or Lexicon(given["needs"], wordbook().lexicon.classifier)
        return Finder(given.pop("needs"), given.pop("places"), engine, address=ADDRESS, **given)


@contextmanager
def seeded_house(folder: Path) -> Iterator[House]:
    url = f"sqlite:///{folder / 'directory.db'}"
    now = datetime.now(UTC)
    database.upgrade(url)
    opened = database.Database(url)
    try:
        seed(opened, SEED_DIR, now=now)
        words = wordbook()
        lexicons = ((words.needs, words.lexicon),)
        yield House(folder, opened, words.needs, words.places, lexicons, now)
    finally:
        opened.close()


def seeded_finder(folder: Path) -> Finder:
    """A finder over the seed as it ships, in a folder of the caller's."""
    with seeded_house(folder) as house:
        return house.finder(house.index("index"))


def criteria_of(finder: Finder, query: Mapping[str, Any]) -> Criteria:
    """What the judged query asks: its words, and where the person is when that is told. No language is told."""
    values: dict[str, Any] = {"q": query["query"]}
    if near := query.get("near"):
        values["near"] = f"{near['lat']},{near['lon']}"
    return finder.resolve({**values, "per_page": DEPTH}, now=datetime.now(UTC), lang="nb")


def ranked(finder: Finder, query: Mapping[str, Any], change: Change | None = None) -> list[str]:
    """Slugs of the services found, best first. ``change`` edits what the engine is asked, to switch a part off."""
    criteria = criteria_of(finder, query)
    with finder.engine.snapshot() as snapshot:
        asked = snapshot if change is None else _Changed(snapshot, change)
        return [slug_of(snapshot, hit) for hit in finder.find(asked, criteria).hits.hits]


def slug_of(snapshot: Snapshot, hit: Hit) -> str:
    slug: str = orjson.loads(b"{" + (snapshot.piece(hit, "head") or b"") + b"}")["slug"]
    return slug


class _Changed:
    """A snapshot that is asked something else than it is told."""

    def __init__(self, snapshot: Snapshot, change: Change) -> None:
        self._snapshot, self._change = snapshot, change

    def search(self, query: EngineQuery) -> Hits:
        return self._snapshot.search(self._change(query))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._snapshot, name)

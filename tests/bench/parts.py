"""What each part of the search is worth: the same search with that part switched off, one at a time.

Parts that only rank are taken out of the question that the engine is asked; parts of the understanding and of the
index are replaced by ones that do nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from directory.catalogue.entries import ServiceEntry
from directory.needs import Needs
from directory.places.typos import Typos
from directory.search.analysis import Compounds
from directory.search.document import Document
from directory.search.engine import Engine
from directory.search.finding import Finder
from directory.search.listing import Lister
from directory.search.query import EngineQuery
from tests.bench.house import House, ranked
from tests.bench.relevance import Ranker

FAR = 1e9  # km


class NoCompounds(Compounds):
    """Knows no compound."""

    def __contains__(self, word: str) -> bool:
        return False

    def parts(self, word: str) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class Changed:
    """Makes documents as ``lister`` does, then changes them."""

    lister: Lister
    change: Callable[[Document], Document]

    def document(self, entry: ServiceEntry) -> Document:
        return self.change(self.lister.document(entry))


def switched_off(house: House, engine: Engine) -> Iterator[tuple[str, Ranker]]:
    """(name of the part, the search without it). Indexes that must differ are built when their turn comes."""
    finder = house.finder(engine)

    def by(finder: Finder, change: Callable[[EngineQuery], EngineQuery] | None = None) -> Ranker:
        return lambda query: ranked(finder, query, change)

    yield "synonyms", by(house.finder(engine, needs=_only_labels(house.needs)))
    yield "compounds", by(_without_compounds(house))
    yield "typos", by(_without_typos(house, engine))
    yield "needs (score)", by(finder, lambda q: _weighing(q, need=0.0))
    yield "text (score)", by(finder, lambda q: _weighing(q, text=0.0))
    yield "words of needs and places", by(finder, lambda q: replace(q, boosts=()))
    yield "place", by(finder, lambda q: replace(q, point=None, radius_km=None, serving=frozenset()))
    yield "distance decay", by(finder, lambda q: _weighing(q, half_distance_km=FAR))
    yield "service areas", by(finder, lambda q: replace(q, serving=frozenset()))
    yield "prominence", by(finder, lambda q: _weighing(q, placeless_local=1.0))
    yield "language of help", by(finder, lambda q: _without_preferred(q, "language:", "flag:by-law"))
    yield "catchment", by(finder, lambda q: _without_preferred(q, "catchment:"))
    yield "country", by(finder, lambda q: _without_preferred(q, "country:"))
    plain = Lister(house.needs, house.places)
    yield (
        "order of a service's needs",
        by(house.finder(house.index("needs-alike", Changed(plain, _needs_alike)))),
    )
    yield (
        "trust",
        by(house.finder(house.index("trust-alike", Changed(plain, lambda d: replace(d, trust=1.0))))),
    )


def _weighing(query: EngineQuery, **weights: float) -> EngineQuery:
    return replace(query, weights=replace(query.weights, **weights))


def _without_preferred(query: EngineQuery, *prefixes: str) -> EngineQuery:
    """Without the groups of factors in which such a key stands."""
    kept = tuple(group for group in query.preferred if not any(key.startswith(prefixes) for key in group))
    return replace(query, preferred=kept)


def _only_labels(needs: Needs) -> Needs:
    terms = {need.slug: replace(need, wordings=tuple(w for w in need.wordings if w.label)) for need in needs}
    return replace(needs, terms=terms)


def _without_compounds(house: House) -> Finder:
    none = NoCompounds(house.needs)
    finder = house.finder(house.index("no-compounds", Lister(house.needs, house.places, none)))
    finder.understand.compounds = none
    return finder


def _without_typos(house: House, engine: Engine) -> Finder:
    places = copy.copy(house.places)
    places.typos = Typos(())
    finder = house.finder(engine, places=places)
    finder.understand._corrector = lambda word: None  # type: ignore[assignment]
    return finder


def _needs_alike(document: Document) -> Document:
    keys = {key: 1.0 if key.startswith("need:") else value for key, value in document.keys.items()}
    return replace(document, keys=keys)

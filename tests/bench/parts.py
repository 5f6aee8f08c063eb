"""What each part of the search is worth: the same search with that part switched off, one at a time.

Parts that only rank are taken out of the question that the engine is asked; parts of the understanding and of the
index are replaced by ones that do nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

from directory.catalogue.entries import ServiceEntry
from directory.needs import Needs
from directory.places.typos import Typos
from directory.search.analysis import Compounds
from directory.search.finding import Finder
from directory.search.listing import Lister
from directory.search.query import EngineQuery
from directory.search.storage.document import Document
from directory.search.understand import Lexicon, Understood, understanding
from directory.search.understand.correction import Correction, Corrector
from tests.bench.house import Change, House, ranked
from tests.bench.relevance import Ranker

FAR = 1e9  # km


class NoCompounds(Compounds):
    """Knows no compound."""

    def __contains__(self, word: str) -> bool:
        return False

    def parts(self, word: str) -> tuple[str, ...]:
        return ()


class NoCorrector(Corrector):
    """Takes every word as it stands."""

    def __call__(self, word: str) -> Correction | None:
        return None


@dataclass(frozen=True, slots=True)
class Changed:
    """Makes documents as ``lister`` does, then changes them."""

    lister: Lister
    change: Callable[[Document], Document]

    def document(self, entry: ServiceEntry) -> Document:
        return self.change(self.lister.document(entry))


def _weighing(query: EngineQuery, **weights: float) -> EngineQuery:
    return query._replace(weights=query.weights._replace(**weights))


def _without_preferred(query: EngineQuery, *prefixes: str) -> EngineQuery:
    """Without the groups of factors in which such a key stands."""
    kept = tuple(group for group in query.preferred if not any(key.startswith(prefixes) for key in group))
    return query._replace(preferred=kept)


def _only_labels(needs: Needs) -> Needs:
    terms = {need.slug: replace(need, wordings=tuple(w for w in need.wordings if w.label)) for need in needs}
    return replace(needs, terms=terms, frames=())


def _without_compounds(house: House) -> Finder:
    none = NoCompounds(house.needs)
    finder = house.finder(house.index("no-compounds", Lister(house.needs, house.places, none)))
    finder.understand.compounds = none
    return finder


def _without_typos(house: House, finder: Finder) -> Finder:
    places = copy.copy(house.places)
    places.typos = Typos(())
    usual = understanding.Corrector
    understanding.Corrector = NoCorrector  # type: ignore[misc]
    try:
        return house.finder(finder.engine, places=places)
    finally:
        understanding.Corrector = usual  # type: ignore[misc]


def _needs_alike(document: Document) -> Document:
    keys = {key: 1.0 if key.startswith("need:") else value for key, value in document.keys.items()}
    return replace(document, keys=keys)


def _without_order(house: House, finder: Finder) -> Ranker:
    lister = Changed(Lister(house.needs, house.places), _needs_alike)
    return _by(house.finder(house.index("needs-alike", lister)))


def _without_trust(house: House, finder: Finder) -> Ranker:
    lister = Changed(Lister(house.needs, house.places), lambda document: replace(document, trust=1.0))
    return _by(house.finder(house.index("trust-alike", lister)))


def _by(finder: Finder, change: Change | None = None) -> Ranker:
    return lambda query: ranked(finder, query, change)


def _asking_of(change: Callable[[Understood], Understood]) -> Callable[[House, Finder], Ranker]:
    """Another understanding of the line."""

    def without(house: House, finder: Finder) -> Ranker:
        changed = house.finder(finder.engine)
        usual = changed.understand
        changed.understand = lambda text, **told: change(usual(text, **told))  # type: ignore[assignment]
        return _by(changed)

    return without


def _asking(change: Change) -> Callable[[House, Finder], Ranker]:
    return lambda house, finder: _by(finder, change)


# name of the part -> the search without it, from the house and its usual finder
PARTS: dict[str, Callable[[House, Finder], Ranker]] = {
    "synonyms": lambda house, finder: _by(house.finder(finder.engine, needs=_only_labels(house.needs))),
    "ideas said together": lambda house, finder: _by(
        house.finder(finder.engine, needs=replace(house.needs, frames=()))
    ),
    "classifier": lambda house, finder: _by(house.finder(finder.engine, lexicon=Lexicon(house.needs))),
    "two needs in turn": _asking_of(lambda understood: understood._replace(beside=())),
    "compounds": lambda house, finder: _by(_without_compounds(house)),
    "typos": lambda house, finder: _by(_without_typos(house, finder)),
    "needs (score)": _asking(lambda q: _weighing(q, need=0.0)),
    "text (score)": _asking(lambda q: _weighing(q, text=0.0)),
    "words of needs and places": _asking(lambda q: q._replace(boosts=())),
    "place": _asking(lambda q: q._replace(point=None, radius_km=None, serving=frozenset())),
    "distance decay": _asking(lambda q: _weighing(q, half_distance_km=FAR)),
    "service areas": _asking(lambda q: q._replace(serving=frozenset())),
    "prominence": _asking(lambda q: _weighing(q, placeless_local=1.0)),
    "language of help": _asking(lambda q: _without_preferred(q, "language:", "flag:by-law")),
    "catchment": _asking(lambda q: _without_preferred(q, "catchment:")),
    "country": _asking(lambda q: _without_preferred(q, "country:")),
    "order of a service's needs": _without_order,
    "trust": _without_trust,
}

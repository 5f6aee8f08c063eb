"""What has been built is asked before anybody searches it: it must count, find and give back what was put in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import UUID

from directory.errors import IndexUnavailable
from directory.search.query import EngineQuery, Term
from directory.search.snapshot import Snapshot, opened
from directory.search.storage.assembly import usable
from directory.search.storage.document import Document
from directory.search.storage.generation import Generation, SegmentEntry

PROBES = 8  # documents at least, spread over all of them, where there are so many
WORDS = 3
RADIUS_KM = 1.0
MANY = 200  # documents that agree in all their keys, words and place: then one is as good as the other


class Probes:
    """A few of the documents that pass by, and what becomes of them."""

    def __init__(self) -> None:
        self._kept: list[Document] = []
        self._every, self._passed = 1, 0

    def among(self, documents: Iterable[Document]) -> Iterator[Document]:
        for document in documents:
            if self._passed % self._every == 0:
                self._kept.append(document)
                if len(self._kept) == 2 * PROBES:
                    self._kept, self._every = self._kept[::2], self._every * 2
            self._passed += 1
            yield document

    def ask(self, path: Path, entry: SegmentEntry) -> None:
        """Raises IndexUnavailable where the new segment does not hold, or does not find, what passed by."""
        snapshot = opened(path, Generation(0, 0, "", (entry,)))
        counted = snapshot.search(EngineQuery(limit=0)).total
        if not counted == entry.documents == self._passed:
            raise _refused(f"it counts {counted} services of {self._passed}")
        for document in self._kept:
            if not _is_found(snapshot, document):
                raise _refused(f"it does not find {document.id}")


def _is_found(snapshot: Snapshot, document: Document) -> bool:
    """By all of its keys, some of its words and its place; with the pieces it came with."""
    spot = next((spot for spot in document.spots if usable(spot)), None)
    words = [word for word, weight in document.terms.items() if _counts(weight)][:WORDS]
    query = EngineQuery(
        filters=tuple(frozenset({key}) for key, strength in document.keys.items() if _counts(strength)),
        terms=tuple(Term(((word, 1.0),)) for word in words),
        minimum_text=0.0,
        point=(spot.latitude, spot.longitude) if spot else None,
        radius_km=RADIUS_KM if spot else None,
        limit=MANY,
    )
    found = snapshot.search(query)
    for hit in found.hits:
        if snapshot.identity(hit) == UUID(document.id):
            return all(snapshot.piece(hit, name) == piece for name, piece in document.pieces.items())
    return found.total > MANY


def _counts(weight: float) -> bool:
    return math.isfinite(weight) and weight > 0


def _refused(what: str) -> IndexUnavailable:
    return IndexUnavailable(
        f"The index that was built does not answer as it should ({what}); the old one stays."
    )

"""One generation of the index, opened for searching.

hits = snapshot.search(query)
pieces = [snapshot.piece(hit, "head") for hit in hits.hits]
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from uuid import UUID

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein
from whoosh.reading import IndexReader, MultiReader

from directory import hours
from directory.places.distance import distances_km
from directory.search.asking import Question, counts_by_name
from directory.search.matching import ranking
from directory.search.matching.evaluation import evaluate
from directory.search.matching.handing import addresses
from directory.search.matching.layout import DONE, HOURS_WANTED, UNKNOWN, Counted, Found, Times, room_for
from directory.search.matching.narrowing import lower_bound
from directory.search.query import EngineQuery, Hit, Hits
from directory.search.storage.generation import (
    Generation,
    read_dead,
)
from directory.search.storage.opening import OpenStates, StatesAt
from directory.search.storage.postings import KEY, TEXT
from directory.search.storage.segment import Segment
from directory.search.storage.view import View

# of each of the first: the view's number, and what ``layout.Found`` has
_Page = list[tuple[int, ...]]
_UNTOLD = np.empty(0, dtype=np.float64)
_NO_STATES = np.empty(0, dtype=np.int8)
_NOT_COUNTED = np.empty((0, 2), dtype=np.int64)
_NO_TIMES = addresses(Times(_NO_STATES, _UNTOLD, _UNTOLD))
_NO_COUNTS = np.empty(0, dtype=np.int64)
_NOTHING_COUNTED = addresses(Counted(_NOT_COUNTED, _NOT_COUNTED, _NOT_COUNTED, _NO_COUNTS))
_MOST_ROOMS = 8


class _Workplace:
    """Scratch arrays, and where they are."""

    def __init__(self, documents: int) -> None:
        self.room = room_for(documents)
        self.table = addresses(self.room)


class _Workplaces:
    """Those that no thread is working in, for all snapshots: a new generation need not make them anew."""

    def __init__(self) -> None:
        self._free: list[_Workplace] = []

    def take(self, documents: int) -> _Workplace:
        place = None
        with suppress(IndexError):  # another thread may take the last one meanwhile
            place = self._free.pop()
        # some more than it takes, as the next generation may have a few more
        if place and len(place.room.slot) >= documents:
            return place
        return _Workplace(documents + documents // 16 + 64)

    def give_back(self, place: _Workplace) -> None:
        """Only as it was found: one that an error left is dropped."""
        if len(self._free) < _MOST_ROOMS:
            self._free.append(place)


_WORKPLACES = _Workplaces()


class Snapshot:
    """One generation, opened. Hits are only meaningful to the snapshot that found them."""

    def __init__(self, generation: Generation, views: Sequence[View]) -> None:
        self.generation = generation.number
        self.position = generation.position
        self.fingerprint = generation.fingerprint
        self.documents = generation.documents
        self._views = list(views)
        self._columns = [v.segment.columns._replace(norm=v.norms, dead=v.is_dead) for v in self._views]
        self._tables = [addresses(columns) for columns in self._columns]

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing to give back: files stay open as long as a snapshot of them is in use."""

    def search(self, query: EngineQuery) -> Hits:
        """Raises ValueError for a point, radius, offset or limit that is none."""
        _refuse_nonsense(query)
        question = Question(query, self._views, self.documents)
        total, found = 0, []
        facets: dict[str, dict[str, int]] = {prefix: {} for prefix in query.facets}
        for number, view in enumerate(self._views):
            size, counts, page = self._evaluated(number, query, *question.numbers(number, view.segment))
            if not size:
                continue
            total += size
            found.append(page)
            for prefix, named in (
                counts_by_name(view.segment, query.facets, counts).items() if query.facets else ()
            ):
                if facets[prefix]:
                    for key, count in named.items():
                        facets[prefix][key] = facets[prefix].get(key, 0) + count
                else:
                    facets[prefix] = named
        return Hits(total, self._page(found, query), facets)

    def _evaluated(
        self, number: int, query: EngineQuery, whole: np.ndarray, real: np.ndarray
    ) -> tuple[int, np.ndarray, _Page]:
        """Evaluates, and again where that needs opening hours or distances that are worked out here."""
        view, columns = self._views[number], self._columns[number]
        times, times_table = Times(_NO_STATES, _UNTOLD, _UNTOLD), _NO_TIMES
        if query.open_at is not None:
            times = times._replace(states=view.open_states.table(query.open_at))
            times_table = addresses(times)
        counts, counted = _NO_COUNTS, _NOTHING_COUNTED
        if query.facets:
            keys = view.segment.keys_with(query.facets)
            counts = np.zeros(len(keys.names), dtype=np.int64)
            counted = addresses(Counted(keys.facet, keys.dense, keys.sparse, counts))
        rows = np.empty(
            (len(Found._fields), min(query.offset + query.limit, view.segment.documents)), dtype=np.int64
        )
        while True:
            place = _WORKPLACES.take(view.segment.documents)
            says, size, first = evaluate(
                self._tables[number], place.table, times_table, counted, whole, real, rows
            )
            wanted = place.room.visited[:size].copy() if says == HOURS_WANTED else None
            _WORKPLACES.give_back(place)
            if says == DONE:
                return size, counts, [(number, *row) for row in zip(*rows[:, :first].tolist(), strict=True)]
            if wanted is not None and query.open_at is not None:
                view.open_states.work_out(wanted, query.open_at, times.states)
            elif query.point is not None:  # nearly antipodal points
                times = times._replace(
                    known=distances_km(*query.point, columns.latitude, columns.longitude),
                    extras_known=distances_km(*query.point, columns.extra_latitude, columns.extra_longitude),
                )
                times_table = addresses(times)

    def _page(self, found: list[_Page], query: EngineQuery) -> tuple[Hit, ...]:
        rows = found[0] if len(found) == 1 else sorted(chain.from_iterable(found), key=self._place_in_order)
        return tuple(
            [
                # to 0.1 m, as they are compared
                Hit(
                    number,
                    document,
                    score / 1e6,
                    None if km < 0 else km / 1e4,
                    None if spot < 0 else spot,
                    state,
                )
                for number, document, _, score, km, spot, state in rows[
                    query.offset : query.offset + query.limit
                ]
            ]
        )

    def _place_in_order(self, row: tuple[int, ...]) -> tuple[int, str, UUID]:
        number, document, order, *_ = row
        segment = self._views[number].segment
        return order, segment.sort_name(document), segment.identity(document)

    def piece(self, hit: Hit, name: str) -> bytes:
        """A piece of the hit's document, b"" where it has none of that name."""
        return self._views[hit.segment].segment.piece(hit.document, name) or b""

    def has_key(self, hit: Hit, key: str) -> bool:
        found = self._views[hit.segment].segment.range(KEY, key)
        if found is None:
            return False
        start, count = found
        posting = self._views[hit.segment].segment.columns.posting
        at = lower_bound(posting, start, start + count, hit.document)
        return bool(at < start + count and posting[at] == hit.document)

    def by_key(self, key: str) -> Hit | None:
        """The first service with the key, as a hit without a score: for its pieces."""
        for number, view in enumerate(self._views):
            if (postings := view.segment.postings(KEY, key)) is not None:
                alive = (
                    np.setdiff1d(postings[0], view.dead, assume_unique=True)
                    if len(view.dead)
                    else postings[0]
                )
                if len(alive):
                    return Hit(number, int(alive[0]), 0.0, None, None, UNKNOWN)
        return None

    def has_term(self, term: str) -> bool:
        return self._having(TEXT, term) > 0

    def keys_with_prefix(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        """The keys that begin with the prefix, in order, at most ``limit``, and how many services have each."""
        found: set[str] = set()
        for view in self._views:
            # the first of each segment are enough to know the first of all, unless some of them are dead
            found |= set(islice(view.segment.keys(prefix), limit if not len(view.dead) else None))
        counted = ((key, self._having(KEY, key)) for key in sorted(found))
        return list(islice((item for item in counted if item[1]), limit))

    def identity(self, hit: Hit) -> UUID:
        return self._views[hit.segment].segment.identity(hit.document)

    def count(self, keys: Iterable[str]) -> dict[str, int]:
        """How many services have each of the keys."""
        return {key: self._having(KEY, key) for key in keys}

    def _having(self, field: str, term: str) -> int:
        return sum(
            view.living(found)
            for view in self._views
            if (found := view.segment.range(field, term)) is not None
        )

    def similar(self, word: str, edits: int) -> list[tuple[str, int]]:
        """Terms within so many edits (Damerau-Levenshtein) that share the first letter, the most frequent first."""
        found: set[str] = set()
        for view in self._views if word else ():
            words = view.segment.words(word[0])
            near = process.extract(
                word, words, scorer=DamerauLevenshtein.distance, score_cutoff=edits, limit=None
            )
            found |= {term for term, _, _ in near}
        having = ((term, self._having(TEXT, term)) for term in found)
        return sorted((item for item in having if item[1]), key=lambda item: (-item[1], item[0]))

    def whoosh(self) -> IndexReader:
        """Whoosh's own reader of this generation. There must be at least one segment."""
        readers: list[IndexReader] = [view.segment.whoosh(view.dead.tolist()) for view in self._views]
        return readers[0] if len(readers) == 1 else MultiReader(readers)


def opened(path: Path, generation: Generation, *, states_at: StatesAt = hours.states_at) -> Snapshot:
    """A generation by itself, whether a manifest names it or not. Raises OSError and ValueError."""
    segments = {entry.name: Segment(path / entry.name) for entry in generation.segments}
    dead = [read_dead(path, entry) for entry in generation.segments]
    parts = {name: (segment, OpenStates(segment.schedules, states_at)) for name, segment in segments.items()}
    return Snapshot(generation, views_of(parts, dead))


def views_of(opened: dict[str, tuple[Segment, OpenStates]], dead: list[np.ndarray]) -> list[View]:
    """Lengths are measured against the average of all living documents."""
    length, documents = 0.0, 0
    for (segment, _), gone in zip(opened.values(), dead, strict=True):
        lengths = segment.array["length"]
        length += float(lengths.sum(dtype=np.float64)) - float(lengths[gone].sum(dtype=np.float64))
        documents += segment.documents - len(gone)
    average = length / documents if documents else 0.0
    return [
        View(
            segment,
            gone,
            _flags(segment.documents, gone),
            ranking.length_norm(segment.array["length"], average),
            states,
        )
        for (segment, states), gone in zip(opened.values(), dead, strict=True)
    ]


def _flags(documents: int, dead: np.ndarray) -> np.ndarray:
    flags = np.zeros(documents if len(dead) else 0, dtype=np.uint8)
    flags[dead] = 1
    return flags


def _refuse_nonsense(query: EngineQuery) -> None:
    if query.point is not None:
        latitude, longitude = query.point
        if not (-90.0 <= latitude <= 90.0 and -180.0 <= longitude <= 180.0):
            raise ValueError("the point is not on Earth")
    if query.radius_km is not None and not 0.0 < query.radius_km < math.inf:
        raise ValueError("the radius is not a positive number")
    if query.offset < 0 or query.limit < 0:
        raise ValueError("offset and limit can't be negative")

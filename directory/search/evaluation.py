"""One query against one segment: who is a candidate, where, how good, and the first of them in order.

Cheap tests come first: which part of the segment to look at, filters, need and text over that part; then distances,
hours, scores and counts for those that are left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from directory.search import ranking
from directory.search.candidates import Candidates
from directory.search.counting import count_keys
from directory.search.opening import OpenStates
from directory.search.ordering import first_of, order_of, running
from directory.search.placing import Placed, exact_km, place
from directory.search.postings import KEY, Postings
from directory.search.query import EngineQuery
from directory.search.segment import Segment

# Single documents are dearer to look up than ranges: so many times fewer must they be.
_SELECTIVE = 8
# With more than one document in so many near, looking at all of them is simpler.
_LOCAL = 2


@dataclass(frozen=True, slots=True)
class Sought:
    """Terms as one segment has them: for each term what it tells, and its alternatives (weight, postings)."""

    terms: tuple[tuple[float, tuple[tuple[float, Postings], ...]], ...]
    total: float  # what all of them tell together, also those that no document has


@dataclass(frozen=True, slots=True)
class View:
    """A segment as one generation sees it."""

    segment: Segment
    dead: np.ndarray  # uint32, ascending: documents that have been replaced or removed
    norms: np.ndarray  # BM25's length norm of each document
    open_states: OpenStates


@dataclass(frozen=True, slots=True)
class Found:
    """The first ones in ascending order of (``order``, name), one entry each; ``facets`` and ``total`` are of all."""

    total: int
    facets: Mapping[str, Mapping[str, int]]
    order: np.ndarray
    documents: np.ndarray
    scores: np.ndarray
    distances: np.ndarray  # km; NaN without a point or a place
    spots: np.ndarray  # -1: none
    states: np.ndarray


def evaluate(
    view: View, query: EngineQuery, terms: Sought, boosts: Sought, covering: np.ndarray | None
) -> Found | None:
    """The first ``offset + limit`` of this segment, or None where it has no candidate."""
    segment = view.segment
    wanted = {key: found for key in query.wanted if (found := segment.postings(KEY, key)) is not None}
    part = _part(segment, query, wanted, terms, covering)
    if not part.size:
        return None
    mask = _passing(view, query, part)
    need = _need(part, query, wanted)
    norms = part.of(view.norms) if terms.terms or boosts.terms else view.norms
    text, share = _text(part, terms, norms, shares=query.minimum_text > 0)
    if query.wanted or query.terms:
        if query.minimum_text > 0:
            candidate = share >= max(query.minimum_text * terms.total * (1 - 1e-6), 1e-30)
        else:
            candidate = text > 0
        if wanted:
            candidate |= need > 0
        mask = candidate if mask is None else mask & candidate
    slots = np.arange(part.size) if mask is None else np.flatnonzero(mask)
    serving = (
        _having(segment, part, query.serving)[slots] if query.serving else np.zeros(len(slots), dtype=bool)
    )
    placed = place(segment, view.open_states, query, part.documents(slots), serving)
    documents, slots, serving = placed.documents, slots[placed.kept], serving[placed.kept]
    if not len(documents):
        return None

    merits = segment.array["trust"][documents]
    if query.wanted or query.terms:
        boost = _text(part, boosts, norms)[0][slots] if boosts.terms else np.zeros(1, dtype=np.float32)
        told = ranking.told(text[slots], boost, terms.total, boosts.total)
        merits = merits * ranking.base(need[slots], told, query.weights)
    for group in query.preferred:
        merits = merits * _preferred(segment, part, group)[slots]
    first, scores, order, distances = _first(segment, query, placed, merits, serving)
    return Found(
        total=len(documents),
        facets=count_keys(segment, documents, query.facets),
        order=order,
        documents=documents[first],
        scores=scores,
        distances=distances,
        spots=placed.spots(segment, first),
        states=placed.states[first],
    )


def _first(
    segment: Segment, query: EngineQuery, placed: Placed, merits: np.ndarray, serving: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(row, score, order, distance) of the first ones, in order. ``merits``: scores but for the place."""
    array = segment.array

    def factor(rows: np.ndarray | slice, distances: np.ndarray) -> np.ndarray:
        documents = placed.documents[rows]
        if query.point is None:
            return ranking.placeless_factor(
                array["prominence"][documents], array["reach"][documents], query.weights
            )
        return ranking.place_factor(distances, array["reach"][documents], serving[rows], query.weights)

    rows = running(query, placed, merits, factor, array["verified_on"], array["name_rank"])
    documents, distances = placed.documents[rows], placed.least[rows].astype(np.float64)
    bounded = np.flatnonzero(placed.least[rows] < placed.most[rows])
    distances[bounded] = exact_km(segment, query, documents[bounded])
    scores = merits[rows].astype(np.float64) * factor(rows, distances)
    order = order_of(query, scores, distances, placed.states[rows], array["verified_on"][documents])
    first = first_of(order, array["name_rank"][documents], query.offset + query.limit)
    return rows[first], scores[first], order[first], distances[first]


def _part(
    segment: Segment,
    query: EngineQuery,
    wanted: Mapping[str, Postings],
    terms: Sought,
    covering: np.ndarray | None,
) -> Candidates:
    """The smallest part of the segment that surely holds all candidates."""
    choices: list[list[np.ndarray]] = []  # each: the documents of one of these lists
    if query.wanted or query.terms:
        choices.append(
            [documents for documents, _ in wanted.values()]
            + [found[0] for _, alternatives in terms.terms for _, found in alternatives]
        )
    for keys in query.filters:
        choices.append([found[0] for key in keys if (found := segment.postings(KEY, key)) is not None])
    narrowest = min(choices, key=_size, default=None)
    if narrowest is not None and (_size(narrowest) + 1) * _SELECTIVE > segment.documents:
        narrowest = None
    if covering is not None:
        ranges = segment.near(covering)
        others = [segment.extras_near(covering)]
        others += [found[0] for key in query.serving if (found := segment.postings(KEY, key)) is not None]
        near = sum(high - low for low, high in ranges) + _size(others)
        if near * _LOCAL < segment.documents and (narrowest is None or near < _size(narrowest) * _SELECTIVE):
            return Candidates.joined(ranges, others, segment.documents)
    if narrowest is not None:
        return Candidates.joined([], narrowest, segment.documents)
    return Candidates.whole(segment.documents)


def _size(lists: Sequence[np.ndarray]) -> int:
    return sum(map(len, lists))


def _having(segment: Segment, part: Candidates, keys: Sequence[str] | frozenset[str]) -> np.ndarray:
    """Which slots have at least one of the keys."""
    has = np.zeros(part.size, dtype=bool)
    for key in keys:
        if (row := segment.bit_row(key)) is not None:
            has |= part.has_bits(row)
        elif (found := segment.postings(KEY, key)) is not None:
            has[part.place(*found)[0]] = True
    return has


def _passing(view: View, query: EngineQuery, part: Candidates) -> np.ndarray | None:
    """Which slots are alive and pass every filter; None where all do."""
    if not len(view.dead) and not query.filters and query.age is None:
        return None
    mask = np.ones(part.size, dtype=bool)
    if len(view.dead):
        mask[part.place(view.dead, view.dead)[0]] = False
    for keys in query.filters:
        mask &= _having(view.segment, part, keys)
    if query.age is not None:
        mask &= part.of(view.segment.array["youngest"]) <= query.age
        mask &= part.of(view.segment.array["oldest"]) >= query.age
    return mask


def _need(part: Candidates, query: EngineQuery, wanted: Mapping[str, Postings]) -> np.ndarray:
    """By slot, how far what is wanted is met."""
    if not wanted:
        return np.zeros(part.size, dtype=np.float32)
    missing = np.ones(part.size, dtype=np.float32)
    for key, (documents, strengths) in wanted.items():
        slots, strengths = part.place(documents, strengths)
        missing[slots] = ranking.missing(missing[slots], query.wanted[key], strengths)
    return 1 - missing


def _text(
    part: Candidates, sought: Sought, norms: np.ndarray, *, shares: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """By slot: the sum of the best alternatives' scores; and of what the terms that are there tell, or where that isn't
    asked for, anything above 0 for those that have one."""
    text = np.zeros(part.size, dtype=np.float32)
    share = np.zeros(part.size, dtype=np.float32) if shares else text
    for tells, alternatives in sought.terms:
        if len(alternatives) == 1:
            weight, postings = alternatives[0]
            slots, weights = part.place(*postings)
            text[slots] += tells * weight * ranking.saturation(weights, norms[slots])
            if shares:
                share[slots] += tells * weight
        elif alternatives:
            best = np.zeros(part.size, dtype=np.float32)
            most = np.zeros(part.size, dtype=np.float32)
            touched = []
            for weight, postings in alternatives:
                slots, weights = part.place(*postings)
                best[slots] = np.maximum(best[slots], weight * ranking.saturation(weights, norms[slots]))
                if shares:
                    most[slots] = np.maximum(most[slots], weight)
                touched.append(slots)
            # A slot may be touched twice: it is then set twice to the same value.
            slots = np.concatenate(touched)
            text[slots] = text[slots] + tells * best[slots]
            if shares:
                share[slots] = share[slots] + tells * most[slots]
    return text, share


def _preferred(segment: Segment, part: Candidates, group: Mapping[str, float]) -> np.ndarray:
    """By slot the best factor of the keys that are there; 1 where there is none."""
    factors = np.ones(part.size, dtype=np.float32)
    for key, factor in sorted(group.items(), key=lambda item: item[1]):
        factors[_having(segment, part, (key,))] = factor
    return factors

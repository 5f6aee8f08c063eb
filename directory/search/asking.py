"""A query in the numbers that the compiled part of the search takes: names become ranges of postings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

import numpy as np

from directory.search.matching import ranking
from directory.search.matching.layout import SORTS, Asked, Costs, Keys, Lists
from directory.search.query import EngineQuery, Term
from directory.search.storage.postings import KEY, TEXT
from directory.search.storage.segment import Segment
from directory.search.storage.view import View

COSTS = Costs()
_NOTHING = (0, 0, -1)


class Told:
    """Terms, each with its postings in each of the views, and what it tells.

    That is what its most common alternative tells: a rare misspelling must not tell more than the word itself. A word
    that no service has tells most.
    """

    def __init__(self, views: Sequence[View], documents: int, terms: Sequence[Term]) -> None:
        self.tells: list[float] = []  # with the term's own weight
        self.found: list[list[list[tuple[int, int, float]]]] = []  # by term and view: (start, count, weight)
        self.weighted = self.unweighted = 0.0  # what all tell, also those that no document has
        for term in terms:
            most = 0
            parts: list[list[tuple[int, int, float]]] = [[] for _ in views]
            for text, weight in term.alternatives:
                having = 0
                for view, part in zip(views, parts, strict=True):
                    if (found := view.segment.range(TEXT, text)) is not None:
                        part.append((*found, weight))
                        having += view.living(found)
                most = max(most, having)
            tells = ranking.information(documents, most)
            self.weighted += tells * term.weight
            self.unweighted += tells
            self.tells.append(tells * term.weight)
            self.found.append(parts)


def lists_of(number: int, segment: Segment, wanted: Mapping[str, float], terms: Told, boosts: Told) -> Lists:
    """What is sought, in the view of that number. ``Lists.wanted`` has only keys that the segment knows."""
    ranges: list[int] = []
    weights: list[float] = []
    for key, weight in wanted.items():
        if (found := segment.range(KEY, key)) is not None:
            ranges += found
            weights.append(weight)
    known = len(weights)
    ends: list[int] = []
    for part in (*terms.found, *boosts.found):
        for start, count, weight in part[number]:
            ranges += (start, count)
            weights.append(weight)
        ends.append(len(weights))
    return Lists(
        range=np.array(ranges, dtype=np.int64).reshape(-1, 2),
        weight=np.array(weights, dtype=np.float64),
        term_end=np.array(ends, dtype=np.int64),
        tells=np.array(terms.tells + boosts.tells, dtype=np.float64),
        wanted=known,
        terms=len(terms.found),
    )


def keys_of(segment: Segment, query: EngineQuery, asked: Sequence[str]) -> Keys:
    """``asked``: see ``asked_keys``."""
    rows: list[int] = []
    ends: list[int] = []
    for group in query.filters:
        for key in group:
            rows += segment.key(key) or ()
        ends.append(len(rows) // 3)
    filtering = len(rows) // 3
    for key in asked:
        rows += segment.key(key) or _NOTHING
    ends += (filtering + end for end in accumulate(map(len, query.preferred)))
    factors = [1.0] * filtering
    for preferred in query.preferred:
        factors += sorted(preferred.values())
    factors += [1.0] * len(query.serving)
    counted = segment.keys_with(query.facets)
    return Keys(
        range=np.array(rows, dtype=np.int64).reshape(-1, 3),
        factor=np.array(factors, dtype=np.float64),
        group_end=np.array(ends, dtype=np.int64),
        filters=len(query.filters),
        facet=counted.facet,
        dense=counted.dense,
        sparse=counted.sparse,
    )


def asked_keys(query: EngineQuery) -> list[str]:
    """The keys of preferred groups, in each the best last, then those that serve the point."""
    preferred = [key for group in query.preferred for key in sorted(group, key=group.__getitem__)]
    return preferred + list(query.serving)


def numbers_of(query: EngineQuery, terms: Told, boosts: Told) -> Asked:
    weights = query.weights
    latitude, longitude = query.point or (0.0, 0.0)
    radius = query.radius_km if query.point is not None else None
    return Asked(
        any_of=bool(query.wanted or query.terms),
        minimum=max(query.minimum_text * terms.weighted * (1 - 1e-6), 1e-30)
        if query.minimum_text > 0
        else 0.0,
        told=terms.weighted + boosts.unweighted,
        need=float(weights.need),
        text=float(weights.text),
        door_km=float(weights.door_km),
        half_distance_km=float(weights.half_distance_km),
        national=float(weights.national),
        regional=float(weights.regional),
        placeless_most=float(weights.placeless_most),
        placeless_local=float(weights.placeless_local),
        point=query.point is not None,
        latitude=float(latitude),
        longitude=float(longitude),
        radius_km=math.inf if radius is None else float(radius),
        everywhere=radius is None,
        age=-1 if query.age is None else query.age,
        open=query.open_at is not None,
        sort=SORTS[query.sort],
        page=query.offset + query.limit,
        **COSTS._asdict(),
    )


def counts_by_name(
    segment: Segment, prefixes: tuple[str, ...], counts: np.ndarray
) -> dict[str, dict[str, int]]:
    """Counts of ``Keys.facet`` as names, by prefix; none of 0."""
    table, found = segment.keys_with(prefixes), counts.tolist()
    return {
        prefix: {
            name: count for name, count in zip(table.names[low:high], found[low:high], strict=True) if count
        }
        for prefix, (low, high) in zip(table.prefixes, pairwise(table.first), strict=True)
    }

"""A query in the numbers that the compiled part of the search takes: names become ranges of postings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from operator import itemgetter

import numpy as np

from directory.search.matching import ranking
from directory.search.matching.layout import SORTS, Costs
from directory.search.query import EngineQuery, Term
from directory.search.storage.postings import KEY, TEXT
from directory.search.storage.segment import Segment
from directory.search.storage.view import View

COSTS = Costs()
_NOTHING = (0, 0, -1)
_BY_FACTOR = itemgetter(1)


class Told:
    """Terms, each with its postings in each of the views, and what it tells.

    That is what its most common alternative tells: a rare misspelling must not tell more than the word itself. A word
    that no service has tells most.
    """

    __slots__ = ("ends", "ranges", "tells", "unweighted", "weighted", "weights")

    def __init__(self, views: Sequence[View], documents: int, terms: Iterable[Term]) -> None:
        self.tells: list[float] = []  # with the term's own weight
        # by view: (start, count) of each alternative that it has, one after the other; and where each term's end
        self.ranges: list[list[int]] = [[] for _ in views]
        self.weights: list[list[float]] = [[] for _ in views]
        self.ends: list[list[int]] = [[] for _ in views]
        self.weighted = self.unweighted = 0.0  # what all tell, also those that no document has
        for alternatives, own in terms:
            most = 0
            for text, weight in alternatives:
                having = 0
                for view, ranges, weights in zip(views, self.ranges, self.weights, strict=True):
                    if (found := view.segment.range(TEXT, text)) is not None:
                        ranges += found
                        weights.append(weight)
                        having += view.living(found)
                most = max(most, having)
            for weights, ends in zip(self.weights, self.ends, strict=True):
                ends.append(len(weights))
            tells = ranking.information(documents, most)
            self.weighted += tells * own
            self.unweighted += tells
            self.tells.append(tells * own)


class Question:
    """A query, as it is put to each of the views."""

    __slots__ = ("_asked", "_boosts", "_keys", "_query", "_real", "_terms", "_whole")

    def __init__(self, query: EngineQuery, views: Sequence[View], documents: int) -> None:
        self._query = query
        self._terms = terms = Told(views, documents, query.terms)
        self._boosts = boosts = Told(views, documents, query.boosts)
        latitude, longitude = query.point or (0.0, 0.0)
        radius = query.radius_km if query.point is not None else None
        minimum = query.minimum_text * terms.weighted * (1 - 1e-6)
        self._whole: list[int] = [  # as in ``layout.Asked``
            bool(query.wanted or query.terms),
            query.point is not None,
            radius is None,
            query.open_at is not None,
            -1 if query.age is None else query.age,
            SORTS[query.sort],
            query.offset + query.limit,
            *COSTS,
        ]
        self._real: list[float] = [
            max(minimum, 1e-30) if query.minimum_text > 0 else 0.0,
            terms.weighted + boosts.unweighted,
            *query.weights,
            latitude,
            longitude,
            math.inf if radius is None else radius,
        ]
        self._keys, self._asked = list(_weighing(query)), [*map(len, query.preferred)]

    def numbers(self, number: int, segment: Segment) -> tuple[np.ndarray, np.ndarray]:
        """Whole and real ones, for the view of that number: see ``handing``."""
        query, terms, boosts = self._query, self._terms, self._boosts
        ranges: list[int] = []
        bits: list[int] = []
        weights: list[float] = []
        for key, weight in query.wanted.items():
            if (found := segment.range(KEY, key)) is not None:
                ranges += found
                bits.append(segment.bits_of(key))
                weights.append(weight)
        wanted = len(weights)
        ranges += terms.ranges[number]
        weights += terms.weights[number]
        ends = [wanted + end for end in terms.ends[number]]
        ends += [len(weights) + end for end in boosts.ends[number]]
        ranges += boosts.ranges[number]
        weights += boosts.weights[number]

        rows: list[int] = []
        groups: list[int] = []
        for group in query.filters:
            for key in group:
                rows += segment.key(key) or ()
            groups.append(len(rows) // 3)
        end = len(rows) // 3
        factors = [1.0] * end
        for key, factor in self._keys:
            rows += segment.key(key) or _NOTHING
            factors.append(factor)
        for size in self._asked:
            end += size
            groups.append(end)
        sizes = (
            wanted,
            len(query.terms),
            len(query.filters),
            len(weights),
            len(ends),
            len(factors),
            len(groups),
        )  # see ``layout.SIZES``
        return (
            np.array([*self._whole, *sizes, *ranges, *bits, *ends, *rows, *groups], dtype=np.int64),
            np.array([*self._real, *weights, *terms.tells, *boosts.tells, *factors], dtype=np.float64),
        )


def _weighing(query: EngineQuery) -> Iterator[tuple[str, float]]:
    """The keys of preferred groups and their factors, in each group the best last; then those that serve the point."""
    for group in query.preferred:
        yield from group.items() if len(group) == 1 else sorted(group.items(), key=_BY_FACTOR)
    for key in query.serving:
        yield key, 1.0


def counts_by_name(
    segment: Segment, prefixes: tuple[str, ...], counts: np.ndarray
) -> dict[str, dict[str, int]]:
    """Counts of ``layout.Counted`` as names, by prefix; none of 0."""
    table, found = segment.keys_with(prefixes), counts.tolist()
    return {
        prefix: {
            name: count for name, count in zip(table.names[low:high], found[low:high], strict=True) if count
        }
        for prefix, (low, high) in zip(table.prefixes, pairwise(table.first), strict=True)
    }

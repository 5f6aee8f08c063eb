"""Two needs in one line ("PEP and somebody to talk to"): the first results are of each in turn, none crowded out.

What comes first is chosen once for the whole search, and taken out of what follows, so that pages neither lose nor
repeat a service; total and counts are those of the plain search.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest

from directory.search.query import EngineQuery, Hit, Hits, Snapshot

EACH = 5  # services of each need among the first


def mixed(snapshot: Snapshot, query: EngineQuery, groups: Sequence[frozenset[str]]) -> Hits:
    """As ``snapshot.search``, but the first ones are the best of each group of keys, in turn, by the same scores."""
    best = [
        snapshot.search(query._replace(filters=(*query.filters, keys), offset=0, limit=EACH, facets=())).hits
        for keys in groups
    ]
    first = {_identity(hit): hit for hit in _in_turn(best)}
    found = snapshot.search(query._replace(offset=0, limit=query.offset + query.limit + len(first)))
    rest = [hit for hit in found.hits if _identity(hit) not in first]
    order = [*first.values(), *rest]
    return found._replace(hits=tuple(order[query.offset : query.offset + query.limit]))


def _in_turn(lists: Sequence[Sequence[Hit]]) -> Iterator[Hit]:
    """The first of each list, the second of each, …: who begins is whose first is the best."""
    ordered = sorted(lists, key=lambda hits: -hits[0].score if hits else 0.0)
    return (hit for hit in chain.from_iterable(zip_longest(*ordered)) if hit is not None)


def _identity(hit: Hit) -> tuple[int, int]:
    return hit.segment, hit.document

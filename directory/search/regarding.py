"""What counsellors know of a service from how it answers referrals: told beside its trust, and a little in its rank.

It comes from outside: the search knows no referrals. Nobody else is told, and for nobody else does it rank.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import orjson

from directory.search.answer import id_of
from directory.search.query import EngineQuery, Hit, Hits, Snapshot

RANKED_ANEW = 100  # first ones in the engine's order; those after them stay as they are
_UNKNOWN_HOURS = -1


class Regard(NamedTuple):
    """``factor``: of the score of a service, near 1. ``told``: what an answer says of it, as JSON values."""

    factor: float
    told: Mapping[str, int | None]


Regards = Mapping[str, Regard]  # by the service's id, as answers write it


class Regarded:
    """A snapshot whose best ones are those that are also well regarded. Pages neither lose nor repeat a service."""

    def __init__(self, snapshot: Snapshot, regards: Regards) -> None:
        self._snapshot, self._regards = snapshot, regards

    def search(self, query: EngineQuery) -> Hits:
        if query.sort != "best" or query.offset >= RANKED_ANEW or not self._regards:
            return self._snapshot.search(query)
        end = query.offset + query.limit
        found = self._snapshot.search(query._replace(offset=0, limit=max(end, RANKED_ANEW)))
        first = [self._weighed(hit) for hit in found.hits[:RANKED_ANEW]]
        # of equals, the engine's first stays first; those whose hours are not known come after the others
        first.sort(key=lambda hit: (query.open_at is not None and hit.open == _UNKNOWN_HOURS, -hit.score))
        order = (*first, *found.hits[RANKED_ANEW:])
        return found._replace(hits=order[query.offset : end])

    def _weighed(self, hit: Hit) -> Hit:
        regard = self._regards.get(id_of(self._snapshot, hit))
        return hit._replace(score=hit.score * regard.factor) if regard else hit

    def piece(self, hit: Hit, name: str) -> bytes:
        return self._snapshot.piece(hit, name)

    def has_key(self, hit: Hit, key: str) -> bool:
        return self._snapshot.has_key(hit, key)

    def by_key(self, key: str) -> Hit | None:
        return self._snapshot.by_key(key)

    def has_term(self, term: str) -> bool:
        return self._snapshot.has_term(term)

    def count(self, keys: Iterable[str]) -> dict[str, int]:
        return self._snapshot.count(keys)

    def keys_with_prefix(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        return self._snapshot.keys_with_prefix(prefix, limit)


def told_beside_trust(results: bytes, regards: Regards) -> bytes:
    """The array of results, each with ``trust.network``: null where nothing is known."""
    each = orjson.loads(results)
    for result in each:
        regard = regards.get(result["id"])
        result["trust"]["network"] = regard and regard.told
    return orjson.dumps(each)

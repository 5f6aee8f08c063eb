"""What is asked of the engine and what it answers: resolved values only, no raw input, no service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol

Sort = Literal["best", "distance", "name", "verified"]
_NOTHING: Mapping[str, float] = MappingProxyType({})
_NO_COUNTS: Mapping[str, Mapping[str, int]] = MappingProxyType({})


class Term(NamedTuple):
    """One word sought, as alternatives (index term, weight in (0, 1]): its best alternative counts in each document."""

    alternatives: tuple[tuple[str, float], ...]
    weight: float = 1.0


class Weights(NamedTuple):
    """What each part of the score is worth: see ``ranking``. Each part can be switched off, to measure it."""

    need: float = 1.0
    text: float = 0.6
    door_km: float = 4.0  # as near as this is at the door; the extent of a town that was asked for
    half_distance_km: float = 18.0  # a local service this far away counts half of one at the door
    national: float = 0.55  # what a service without a place counts, beside a local one at the door
    regional: float = 0.75
    placeless_most: float = 0.88  # what a local service counts at most, where no place is asked for
    placeless_local: float = 0.4  # what a local service counts at least, where no place is asked for


class EngineQuery(NamedTuple):
    """Who is a candidate: every one of ``filters`` holds, and (a key of ``wanted`` or enough of ``terms`` is there).

    With neither ``wanted`` nor ``terms``, all that pass the filters are candidates.
    """

    wanted: Mapping[str, float] = _NOTHING  # key -> weight in (0, 1]: soft, for the score
    terms: tuple[Term, ...] = ()
    minimum_text: float = 0.6  # share (0..1) of the terms' information that makes a candidate by text alone
    boosts: tuple[Term, ...] = ()  # add to the score of candidates, make none
    filters: tuple[frozenset[str], ...] = ()  # each: at least one of these keys
    # groups of key -> factor: in each group the best factor that a document has multiplies its score (1 if it has none)
    preferred: tuple[Mapping[str, float], ...] = ()
    point: tuple[float, float] | None = None  # WGS 84 degrees
    radius_km: float | None = None
    serving: frozenset[str] = frozenset()  # "area:…" keys of services that serve the point from elsewhere
    age: int | None = None
    open_at: datetime | None = None  # aware
    sort: Sort = "best"
    offset: int = 0
    limit: int = 20
    facets: tuple[str, ...] = ()  # key prefixes to count: "need:", "language:", "municipality:"
    weights: Weights = Weights()


class Hit(NamedTuple):
    segment: int
    document: int  # number within its segment
    score: float
    distance_km: float | None
    spot: int | None  # index of the best location among the document's spots
    open: int  # 1 open, 0 closed, -1 unknown; at open_at, or -1 when none was asked for


class Hits(NamedTuple):
    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, Mapping[str, int]] = _NO_COUNTS  # prefix -> key -> count, none of 0


class Snapshot(Protocol):
    """One generation of the index, as ``Engine.snapshot()`` gives it: what ``finding`` and ``answer`` use of it."""

    def search(self, query: EngineQuery) -> Hits: ...

    def piece(self, hit: Hit, name: str) -> bytes: ...  # b"" when there is none

    def has_key(self, hit: Hit, key: str) -> bool: ...

    def by_key(self, key: str) -> Hit | None: ...  # the first document with that key

    def has_term(self, term: str) -> bool: ...

    def count(self, keys: Iterable[str]) -> dict[str, int]: ...  # documents that have each key

    def keys_with_prefix(
        self, prefix: str, limit: int
    ) -> list[tuple[str, int]]: ...  # (key, documents), for suggest

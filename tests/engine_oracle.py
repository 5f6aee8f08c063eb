"""What the engine must answer, worked out document by document in plain Python, and documents to ask about.

What a part of the score is worth is asked of ``ranking``, so that it can be tuned: ``test_engine_ranking`` holds what
that must keep to.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from geopy.distance import geodesic
from hypothesis import strategies as st

from directory.hours import OpenState
from directory.search.matching import ranking
from directory.search.query import EngineQuery, Term
from directory.search.snapshot import Snapshot
from directory.search.storage.document import Document, Spot

NEEDS = [f"need:{n}" for n in ("hiv", "pep", "naloxone", "somebody-to-talk-to")]
AREAS = ["area:NO", "area:county:46", "area:municipality:4601"]
LANGUAGES = ["language:ru", "language:en", "flag:by-law"]
WORDS = ["legevakt", "bergen", "test", "prøve", "мяу", "senter"]
SCHEDULES = [("open", "Europe/Oslo"), ("closed", "Europe/Oslo"), ("unknown", "Europe/Oslo")]


def states_at(expressions: Sequence[tuple[str, str]], at: datetime) -> list[OpenState]:
    """A schedule here says what it is: "open", "closed" or "unknown"."""
    return [OpenState(expression) for expression, _ in expressions]  # type: ignore[arg-type]


@dataclass
class Expected:
    id: str
    score: float
    distance: float | None
    spot: int | None
    open: int
    keys: frozenset[str]
    sort: tuple[object, ...]


class Oracle:
    def __init__(self, documents: Iterable[Document]) -> None:
        self.documents = list(documents)
        self.lengths = {d.id: sum(d.terms.values()) for d in self.documents}
        self.average = sum(self.lengths.values()) / len(self.documents) if self.documents else 0.0

    def information(self, term: Term) -> float:
        having = max((sum(t in d.terms for d in self.documents) for t, _ in term.alternatives), default=0)
        return math.log(1 + (len(self.documents) - having + 0.5) / (having + 0.5))

    def text(self, document: Document, term: Term) -> tuple[float, float]:
        """(score, presence) of one term, each the best over its alternatives."""
        norm = ranking.K1 * (1 - ranking.B + ranking.B * self.lengths[document.id] / (self.average or 1))
        found = [
            (weight * document.terms[t] / (document.terms[t] + norm), weight)
            for t, weight in term.alternatives
            if t in document.terms
        ]
        return max((s for s, _ in found), default=0.0), max((w for _, w in found), default=0.0)

    def expected(self, document: Document, query: EngineQuery) -> Expected | None:
        keys, weights = document.keys, query.weights
        if not all(any(key in keys for key in group) for group in query.filters):
            return None
        if query.age is not None and not document.ages[0] <= query.age <= document.ages[1]:
            return None
        missing = 1.0
        for key, w in query.wanted.items():
            if key in keys:
                missing = ranking.missing(missing, w, keys[key])
        told = sum(self.information(t) * t.weight for t in query.terms)
        share = sum(self.information(t) * t.weight * self.text(document, t)[1] for t in query.terms)
        if (
            (query.wanted or query.terms)
            and not any(key in keys for key in query.wanted)
            and not (share > 0 and share >= query.minimum_text * told * (1 - 1e-5))
        ):
            return None
        serving = any(key in keys for key in query.serving)
        best = self.best_spot(document, query, serving)
        if best is None:
            return None
        state, distance, spot = best
        if query.wanted or query.terms:
            text = sum(self.information(t) * t.weight * self.text(document, t)[0] for t in query.terms)
            boost = sum(self.information(t) * t.weight * self.text(document, t)[0] for t in query.boosts)
            all_boosts = sum(self.information(t) for t in query.boosts)
            part = ranking.told(text + boost, told + all_boosts)
            score = ranking.base(1 - missing, part, weights.need, weights.text)
        else:
            score = 1.0
        score *= self.place(document, query, distance, serving) * document.trust
        for group in query.preferred:
            score *= max((f for key, f in group.items() if key in keys), default=1.0)
        asked = {*query.serving, *(key for group in query.preferred for key in group)}
        return Expected(
            id=document.id,
            score=score,
            distance=distance,
            spot=spot,
            open=state,
            keys=frozenset(asked & keys.keys()),
            sort=self.sort(document, query, score, distance, state),
        )

    def best_spot(
        self, document: Document, query: EngineQuery, serving: bool
    ) -> tuple[int, float | None, int | None] | None:
        options = []
        for number, spot in enumerate(document.spots):
            distance = None
            if query.point is not None:
                distance = geodesic(query.point, (spot.latitude, spot.longitude)).km
                if query.radius_km is not None and distance > query.radius_km and not serving:
                    continue
            options.append((self.state(spot.schedule or document.schedule, query), distance, number))
        if not document.spots and (serving or query.radius_km is None or query.point is None):
            options.append((self.state(document.schedule, query), None, None))
        if not options:
            return None
        rank = {1: 0, -1: 1, 0: 2}
        best = min(options, key=lambda o: (rank[o[0]], o[1] or 0.0, o[2] or 0))
        return None if query.open_at is not None and best[0] == 0 else best

    @staticmethod
    def state(schedule: tuple[str, str] | None, query: EngineQuery) -> int:
        if query.open_at is None or schedule is None:
            return -1
        return {"open": 1, "closed": 0, "unknown": -1}[schedule[0]]

    @staticmethod
    def place(document: Document, query: EngineQuery, distance: float | None, serving: bool) -> float:
        reach, weights = document.reach, query.weights
        if query.point is None:
            most, local = weights.placeless_most, weights.placeless_local
            return ranking.placeless_factor(document.prominence, reach, most, local, weights.regional)
        far = math.nan if distance is None else distance
        door, half = weights.door_km, weights.half_distance_km
        return ranking.place_factor(far, reach, serving, door, half, weights.national, weights.regional)

    @staticmethod
    def sort(
        document: Document, query: EngineQuery, score: float, distance: float | None, state: int
    ) -> tuple[object, ...]:
        unknown = query.open_at is not None and state == -1
        far = math.inf if distance is None else distance
        by = {
            "best": (-score, far),
            "distance": (far, -score),
            "name": (),
            "verified": (-document.verified_on, -score),
        }[query.sort]
        return (unknown, *by, document.sort_name, UUID(document.id).int)

    def answer(self, query: EngineQuery) -> dict[str, Expected]:
        found = (self.expected(document, query) for document in self.documents)
        return {e.id: e for e in found if e is not None}

    def facets(self, query: EngineQuery) -> dict[str, dict[str, int]]:
        ids = self.answer(query)
        counts: dict[str, dict[str, int]] = {prefix: {} for prefix in query.facets}
        for document in self.documents:
            for key in document.keys if document.id in ids else ():
                for prefix in query.facets:
                    if key.startswith(prefix):
                        counts[prefix][key] = counts[prefix].get(key, 0) + 1
        return counts


def before(one: Expected, other: Expected) -> bool:
    """Whether ``one`` may stand before ``other``: it is not worse by more than rounding."""
    for a, b in zip(one.sort, other.sort, strict=True):
        if isinstance(a, float) and isinstance(b, float) and not math.isinf(a):
            if abs(a - b) > 2e-4:
                return a < b
            if a != b:
                return True  # too near to say
        elif a != b:
            return a < b  # type: ignore[operator, no-any-return]
    return True


# points: around Bergen, on one spot, across the antimeridian, at the pole
latitudes = st.sampled_from([60.39, 60.39, 60.5, 60.1, 69.6, -17.8, 89.999, -90.0]) | st.floats(-90, 90)
longitudes = st.sampled_from([5.32, 5.32, 5.6, 5.0, 18.9, 179.99, -179.99, 180.0]) | st.floats(-180, 180)
schedules = st.none() | st.sampled_from(SCHEDULES)
strengths = st.sampled_from([1.0, 0.5, 0.25])
weights = st.sampled_from([1.0, 2.0, 3.0, 4.0, 0.5])


@st.composite
def documents(draw: st.DrawFn) -> Document:
    return Document(
        id=str(UUID(int=draw(st.integers(0, 2**128 - 1)))),
        terms=draw(st.dictionaries(st.sampled_from(WORDS), weights, max_size=4)),
        keys=draw(st.dictionaries(st.sampled_from(NEEDS + AREAS + LANGUAGES), strengths, max_size=4)),
        spots=tuple(draw(st.lists(st.builds(Spot, latitudes, longitudes, schedules), max_size=3))),
        schedule=draw(schedules),
        ages=draw(st.sampled_from([(0, 150), (13, 25), (18, 150)])),
        trust=draw(st.sampled_from([1.0, 0.5, 1.25])),
        prominence=draw(st.sampled_from([0.0, 0.5, 1.0])),
        reach=draw(st.integers(0, 2)),
        verified_on=draw(st.sampled_from([0, 20_000, 20_100])),
        sort_name=draw(st.sampled_from(["akuttmottak", "Ålesund", "x", ""])),
        pieces=draw(st.dictionaries(st.sampled_from(["static", "text:nb"]), st.binary(max_size=5))),
    )


directories = st.lists(documents(), max_size=45, unique_by=lambda d: d.id)
alternatives = st.lists(
    st.tuples(st.sampled_from([*WORDS, "nowhere"]), st.sampled_from([1.0, 0.5])), min_size=1, max_size=3
).map(tuple)
terms = st.lists(st.builds(Term, alternatives, st.sampled_from([1.0, 0.25])), max_size=3).map(tuple)


@st.composite
def queries(draw: st.DrawFn, at: datetime) -> EngineQuery:
    some_keys = st.frozensets(st.sampled_from(NEEDS + LANGUAGES + ["need:none"]), min_size=1, max_size=2)
    point = draw(st.none() | st.tuples(latitudes, longitudes))
    groups = st.dictionaries(st.sampled_from(LANGUAGES + AREAS), st.sampled_from([0.5, 1.5]), min_size=1)
    return EngineQuery(
        wanted=draw(st.dictionaries(st.sampled_from([*NEEDS, "need:none"]), strengths, max_size=2)),
        terms=draw(terms),
        minimum_text=draw(st.sampled_from([0.0, 0.3, 0.6])),
        boosts=draw(terms),
        filters=tuple(draw(st.lists(some_keys, max_size=2))),
        preferred=tuple(draw(st.lists(groups, max_size=2))),
        point=point,
        radius_km=draw(st.none() | st.sampled_from([0.5, 25.0, 300.0, 2000.0])) if point else None,
        serving=draw(st.frozensets(st.sampled_from(AREAS), max_size=2)),
        age=draw(st.none() | st.sampled_from([12, 17, 30])),
        open_at=draw(st.none() | st.just(at)),
        sort=draw(st.sampled_from(["best", "distance", "name", "verified"])),
        limit=100,
        facets=draw(st.sampled_from([(), ("need:",), ("need:", "language:", "nothing:")])),
    )


def service(number: int, **fields: object) -> Document:
    values: dict[str, object] = {
        "id": str(UUID(int=number)),
        "terms": {"legevakt": 4.0, f"nummer{number}": 1.0},
        "keys": {"need:hiv": 1.0, f"municipality:{number:04}": 1.0},
        "spots": (Spot(60.39 + number / 1000, 5.32),),
        "sort_name": f"tjeneste {number}",
        "pieces": {"static": b"%d" % number},
    }
    return Document(**(values | fields))  # type: ignore[arg-type]


def ids(snapshot: Snapshot, query: EngineQuery | None = None) -> set[int]:
    hits = snapshot.search(query or EngineQuery(limit=10_000)).hits
    return {snapshot.identity(hit).int for hit in hits}

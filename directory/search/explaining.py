"""Why a result is where it is: what was understood of a line, and the parts whose product is each result's score.

    score = (need x its weight + text x its weight) x trust x place x the factor of each preferred group

The parts are told by asking the engine the same search for that one service with the others switched off, so that they
are the engine's own, and no second opinion. Nothing of it is kept or logged.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from directory.search.criteria import Criteria
from directory.search.finding import Finder
from directory.search.matching.ranking import ONE_NEED
from directory.search.query import EngineQuery, Hit, Snapshot

SHOWN = 10
# Where a service is then says nothing.
EVEN = {"national": 1.0, "regional": 1.0, "placeless_most": 1.0, "placeless_local": 1.0}


@dataclass(frozen=True, slots=True)
class Parts:
    """One result. ``need`` and ``text`` lie in 0..1: how far what is wanted is met, and the words are told."""

    slug: str
    name: str
    score: float
    need: float
    text: float
    base: float  # need and text with their weights
    trust: float
    place: float
    preferred: Mapping[str, float]  # the key that counts in each group, and its factor
    distance_km: float | None
    has: tuple[str, ...]  # what it has of what was wanted


@dataclass(frozen=True, slots=True)
class Explanation:
    understood: Mapping[str, Any]
    wanted: Mapping[str, float]  # key -> how much it is wanted
    relaxed: Sequence[Mapping[str, object]]
    total: int
    weights: Mapping[str, float]
    results: Sequence[Parts]


def explain(finder: Finder, criteria: Criteria, shown: int = SHOWN) -> Explanation:
    """The first ``shown`` results. Raises IndexUnavailable."""
    snapshot = finder.engine.snapshot()
    found = finder.find(snapshot, criteria._replace(page=1, per_page=shown))
    understood = finder.told(found.understood, criteria)
    understood["needs"] = [
        {"slug": n.slug, "weight": round(n.weight, 3), "matched": n.matched, "learnt": n.learnt}
        for n in found.understood.needs
    ]
    emergency = found.understood.emergency
    return Explanation(
        {**understood, "asker": found.understood.asker, "emergency": emergency and emergency.reason},
        dict(found.query.wanted),
        found.relaxed,
        found.hits.total,
        found.query.weights._asdict(),
        [_parts(finder, snapshot, found.query, hit, criteria.lang) for hit in found.hits.hits],
    )


def _parts(finder: Finder, snapshot: Snapshot, query: EngineQuery, hit: Hit, lang: str) -> Parts:
    slug = finder.joiner.slug(snapshot, hit)
    own = frozenset({f"service:{slug}"})
    alone = query._replace(
        filters=(*query.filters, own), preferred=(), offset=0, limit=1, facets=(), sort="best"
    )
    somewhere = alone._replace(
        point=None, radius_km=None, serving=frozenset(), weights=_weights(alone, **EVEN)
    )
    # A search for nothing but the service meets one need fully.
    itself = somewhere._replace(wanted={next(iter(own)): 1.0}, terms=(), boosts=(), open_at=None)
    trust = _score(snapshot, itself._replace(weights=_weights(itself, need=1.0, text=0.0))) / ONE_NEED
    if query.wanted or query.terms:
        need = _score(snapshot, somewhere._replace(weights=_weights(somewhere, need=1.0, text=0.0))) / trust
        text = _score(snapshot, somewhere._replace(weights=_weights(somewhere, need=0.0, text=1.0))) / trust
        base = need * query.weights.need + text * query.weights.text
    else:
        need, text, base = 0.0, 0.0, 1.0
    place = _score(snapshot, alone) / (trust * base) if base else 0.0
    preferred = dict(_counted(snapshot, hit, group) for group in query.preferred)
    return Parts(
        slug=slug,
        name=finder.joiner.text(snapshot, hit, lang)["name"] or slug,
        score=hit.score,
        need=need,
        text=text,
        base=base,
        trust=trust,
        place=place,
        preferred={key: factor for key, factor in preferred.items() if key},
        distance_km=hit.distance_km,
        has=tuple(key for key in query.wanted if snapshot.has_key(hit, key)),
    )


def _weights(query: EngineQuery, **weights: float) -> Any:
    return query.weights._replace(**weights)


def _score(snapshot: Snapshot, query: EngineQuery) -> float:
    hits = snapshot.search(query).hits
    return hits[0].score if hits else 0.0


def _counted(snapshot: Snapshot, hit: Hit, group: Mapping[str, float]) -> tuple[str, float]:
    """The key of the group that counts: of those that the service has, the one with the greatest factor."""
    factor, key = max(((f, k) for k, f in group.items() if snapshot.has_key(hit, k)), default=(1.0, ""))
    return key, factor


def product(parts: Parts) -> float:
    """What the parts come to: the score."""
    return parts.base * parts.trust * parts.place * math.prod(parts.preferred.values())


def as_json(explanation: Explanation) -> str:
    return orjson.dumps(asdict(explanation), option=orjson.OPT_INDENT_2).decode()


def as_lines(explanation: Explanation) -> Iterator[str]:
    """For people: what was understood, what that made of the search, and a table of the first results."""
    understood = explanation.understood
    place = understood["place"]
    needs = ", ".join(
        f"{n['slug']} {n['weight']:.2f} ({'lines like it' if n['learnt'] else '«' + n['matched'] + '»'})"
        for n in understood["needs"]
    )
    for name, value in (
        ("needs", needs),
        ("place", place and f"{place['name']} ({place['lat']:.3f}, {place['lon']:.3f})"),
        ("languages", ", ".join(understood["languages"])),
        ("other words", understood["text"]),
        ("taken for", understood["corrected"]),
        ("emergency", understood["emergency"]),
        ("written in", understood["asker"]),
        ("wanted", ", ".join(f"{key} {weight:.2f}" for key, weight in explanation.wanted.items())),
        ("gave up", ", ".join(f"{k} {v}" for step in explanation.relaxed for k, v in step.items())),
    ):
        yield f"{name:<12} {value or '–'}"
    weights = explanation.weights
    yield ""
    yield (
        f"{explanation.total} found. score = (need x {weights['need']:g} + text x {weights['text']:g}) "
        "x trust x place x preferred"
    )
    yield f"{'':>3} {'score':>7} {'need':>5} {'text':>5} {'trust':>5} {'place':>5} {'km':>7}  service"
    for rank, one in enumerate(explanation.results, 1):
        distance = "–" if one.distance_km is None else f"{one.distance_km:.1f}"
        yield (
            f"{rank:>3} {one.score:>7.3f} {one.need:>5.2f} {one.text:>5.2f} {one.trust:>5.2f} {one.place:>5.2f} "
            f"{distance:>7}  {one.name} ({one.slug})"
        )
        preferred = ", ".join(f"{key} x {factor:.2f}" for key, factor in one.preferred.items())
        yield f"{'':>48}has {', '.join(one.has) or 'none of it'}; preferred {preferred or 'for nothing'}"

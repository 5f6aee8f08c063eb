"""Completing what is being typed: needs, places and services, in any script, with a slip forgiven.

What comes first is what would find most here: near the asker where that is told, else in the directory; never what
others have sought. Nothing is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA

from directory.needs import Needs
from directory.places import Place, Places, geodesic_km
from directory.search.answer import Joiner
from directory.search.engine import Engine
from directory.search.query import EngineQuery, Snapshot
from directory.search.understand.completions import WITHIN, Completions
from directory.spelling import fold, words

MOST, SHORTEST = 10, 2
SHARES = {"need": 4, "place": 3, "service": 3}  # of ten, as long as there are others to show
FORGIVEN, FORGIVEN_TWICE = 4, 8  # letters from which one slip is forgiven, and a second one
LONGEST = 60  # letters that are read
HERE_KM = 25.0  # what is found within it is found here
LIKELY = 12  # completions of one kind for which it is counted what they would find


class Suggester:
    """Built once; ``completions`` of the needs; ``joiner`` gives a service's name in a language."""

    def __init__(
        self, needs: Needs, places: Places, engine: Engine, joiner: Joiner, completions: Completions
    ) -> None:
        self._needs, self._places, self._engine, self._joiner = needs, places, engine, joiner
        self._completions = completions

    def __call__(self, text: str, lang: str, near: Place | None = None) -> list[dict[str, Any]]:
        """At most ten of {"kind", "text", "slug"}; none for less than two letters."""
        typed = fold(text.strip())[:LONGEST]
        if len(typed) < SHORTEST:
            return []
        snapshot = self._engine.snapshot()
        found = {
            "need": self._matching_needs(snapshot, typed, lang, near),
            "place": self._matching_places(snapshot, typed, near),
            "service": list(self._matching_services(snapshot, typed, lang, near)),
        }
        chosen = {kind: rows[: SHARES[kind]] for kind, rows in found.items()}
        for kind, rows in found.items():
            free = MOST - sum(map(len, chosen.values()))
            chosen[kind] += rows[SHARES[kind] : SHARES[kind] + free]
        return [row for rows in chosen.values() for row in rows]

    def _matching_needs(
        self, snapshot: Snapshot, typed: str, lang: str, near: Place | None
    ) -> list[dict[str, Any]]:
        ranks: dict[str, int] = {}
        completions = self._completions
        for _, slug, begins in completions.beginning(typed) or completions.nearly_beginning(
            typed, _within_a_slip
        ):
            ranks[slug] = min(ranks.get(slug, WITHIN), begins)
        counts = snapshot.count(f"need:{slug}" for slug in ranks)
        likely = sorted(ranks, key=lambda s: (ranks[s], -counts[f"need:{s}"], s))[:LIKELY]
        if near:
            finds = {s: self._found(snapshot, near, frozenset({f"need:{s}"})) for s in likely}
            likely.sort(key=lambda s: (ranks[s], -finds[s], -counts[f"need:{s}"], s))
        return [{"kind": "need", "text": self._needs.label(slug, lang), "slug": slug} for slug in likely]

    def _matching_places(self, snapshot: Snapshot, typed: str, near: Place | None) -> list[dict[str, Any]]:
        likely = self._places.complete(typed, LIKELY)
        if not likely:
            names = self._places.beginning_with(typed[0])
            slips = dict.fromkeys(names[number] for number in _within_a_slip(typed, names))
            likely = [place for name in slips for place in self._places.complete(name, 1)]
            likely.sort(key=lambda place: -place.population)
        finds = {id(p): self._found(snapshot, p) for p in likely[:LIKELY]}
        likely = likely[:LIKELY]
        # as many as there are to find: a place of many services before one of few, the better known of equals first
        likely.sort(key=lambda p: -finds[id(p)] / (1 + (_apart(near, p) / HERE_KM if near else 0.0)))
        return [{"kind": "place", "text": place.name, "slug": None} for place in likely[:MOST]]

    def _matching_services(
        self, snapshot: Snapshot, typed: str, lang: str, near: Place | None
    ) -> Iterator[dict[str, Any]]:
        *whole, begun = words(typed) or [typed]
        names = frozenset(key for key, _ in snapshot.keys_with_prefix(f"name:{begun}", 50))
        if not names and len(begun) >= FORGIVEN:
            known = [key for key, _ in snapshot.keys_with_prefix(f"name:{begun[:2]}", 500)]
            names = frozenset(
                known[n] for n in _within_a_slip(begun, [key.partition(":")[2] for key in known])
            )
        if not names:
            return
        query = EngineQuery(
            filters=(names, *(frozenset({f"name:{word}"}) for word in whole)),
            point=near.point if near else None,
            limit=MOST,
        )
        for hit in snapshot.search(query).hits:
            name = self._joiner.text(snapshot, hit, lang)["name"]
            yield {"kind": "service", "text": name, "slug": self._joiner.slug(snapshot, hit)}

    def _found(self, snapshot: Snapshot, place: Place, *filters: frozenset[str]) -> int:
        """How many services stand near a place, of those that pass the filters."""
        radius = max(HERE_KM, place.radius_km)
        query = EngineQuery(filters=filters, point=place.point, radius_km=radius, limit=1)
        return snapshot.search(query).total


def _within_a_slip(typed: str, texts: Sequence[str]) -> list[int]:
    """Numbers of the texts whose beginning is one slip away from what was typed, or two where it is long."""
    allowed = 0 if len(typed) < FORGIVEN else 1 if len(typed) < FORGIVEN_TWICE else 2
    if not allowed:
        return []
    found: dict[int, int] = {}
    for length in range(len(typed) - allowed, len(typed) + allowed + 1):
        begun = [text[:length] for text in texts]
        for _, distance, number in process.extract(
            typed, begun, scorer=OSA.distance, score_cutoff=allowed, limit=50
        ):
            found[number] = min(found.get(number, 9), int(distance))
    return sorted(found, key=lambda number: (found[number], number))


def _apart(one: Place, other: Place) -> float:
    return geodesic_km(one.point, other.point)

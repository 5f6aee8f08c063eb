"""Completing what is being typed: needs, places and services, those first that would find most. Nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from directory.needs import Needs
from directory.places import Places
from directory.search.answer import Joiner
from directory.search.engine import Engine
from directory.search.query import EngineQuery, Snapshot
from directory.spelling import fold, words

MOST, SHORTEST = 10, 2
SHARES = {"need": 4, "place": 3, "service": 3}  # of ten, as long as there are others to show


class Suggester:
    """Built once; ``joiner`` gives a service's name in a language."""

    def __init__(self, needs: Needs, places: Places, engine: Engine, joiner: Joiner) -> None:
        self._needs, self._places, self._engine, self._joiner = needs, places, engine, joiner
        # the folded wording, and whether it is a label; several needs may share one
        self._wordings: list[tuple[str, str, bool]] = sorted(
            {(fold(w.text), need.slug, w.label) for need in needs if need.parent for w in need.wordings}
        )

    def __call__(self, text: str, lang: str) -> list[dict[str, Any]]:
        """At most ten of {"kind", "text", "slug"}; none for less than two letters."""
        typed = fold(text.strip())
        if len(typed) < SHORTEST:
            return []
        snapshot = self._engine.snapshot()
        found = {
            "need": list(self._matching_needs(snapshot, typed, lang)),
            "place": [
                {"kind": "place", "text": place.name, "slug": None}
                for place in self._places.complete(typed, MOST)
            ],
            "service": list(self._matching_services(snapshot, typed, lang)),
        }
        chosen = {kind: rows[: SHARES[kind]] for kind, rows in found.items()}
        for kind, rows in found.items():
            free = MOST - sum(map(len, chosen.values()))
            chosen[kind] += rows[SHARES[kind] : SHARES[kind] + free]
        return [row for rows in chosen.values() for row in rows]

    def _matching_needs(self, snapshot: Snapshot, typed: str, lang: str) -> Iterator[dict[str, Any]]:
        finds = dict(snapshot.keys_with_prefix("need:", 500))
        ranks: dict[str, tuple[int, int]] = {}
        for wording, slug, label in self._wordings:
            if wording.startswith(typed) or f" {typed}" in wording:
                rank = 0 if label and wording.startswith(typed) else 1 if wording.startswith(typed) else 2
                ranks[slug] = min(ranks.get(slug, (9, 0)), (rank, -finds.get(f"need:{slug}", 0)))
        for slug in sorted(ranks, key=lambda s: (ranks[s], s)):
            yield {"kind": "need", "text": self._needs.label(slug, lang), "slug": slug}

    def _matching_services(self, snapshot: Snapshot, typed: str, lang: str) -> Iterator[dict[str, Any]]:
        *whole, begun = words(typed) or [typed]
        names = frozenset(key for key, _ in snapshot.keys_with_prefix(f"name:{begun}", 50))
        if not names:
            return
        query = EngineQuery(filters=(names, *(frozenset({f"name:{word}"}) for word in whole)), limit=MOST)
        for hit in snapshot.search(query).hits:
            name = self._joiner.text(snapshot, hit, lang)["name"]
            yield {"kind": "service", "text": name, "slug": self._joiner.slug(snapshot, hit)}

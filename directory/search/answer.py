"""Joins an answer from prepared pieces of JSON: only what depends on the asker is made here. No database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

import orjson

from directory import languages
from directory.hours import OpenState, in_words, states_at
from directory.needs import Needs
from directory.search.query import Hit, Snapshot

# Flags of services that help in any language, and so in the one that is asked for.
INTERPRETING = ("interpreter", "by-law")


class Joiner:
    """``base``: what stands before a service's slug in its address."""

    def __init__(self, needs: Needs, base: str) -> None:
        self._base = orjson.dumps(base)[:-1]
        self._texts: dict[str, tuple[str, ...]] = {}

        # Most services share their list of needs, and of languages, with others: the labelled lists are kept.
        @lru_cache(maxsize=4096)
        def labelled_needs(slugs: bytes, lang: str) -> bytes:
            return orjson.dumps([{"slug": s, "label": needs.label(s, lang)} for s in orjson.loads(slugs)])

        @lru_cache(maxsize=4096)
        def labelled_languages(pairs: bytes, lang: str, asked: tuple[str, ...], mode: str | None) -> bytes:
            known = orjson.loads(pairs)
            if mode:
                known += [[code, mode] for code in asked if code not in {k for k, _ in known}]
            return orjson.dumps([{"code": c, "label": languages.name(c, lang), "mode": m} for c, m in known])

        self._needs, self._languages = labelled_needs, labelled_languages

    def results(
        self, snapshot: Snapshot, hits: Sequence[Hit], lang: str, at: datetime, asked_languages: Iterable[str]
    ) -> bytes:
        """A JSON array, one object a hit. ``at``: the aware time for which open or closed is told."""
        asked = tuple(sorted(asked_languages))
        hours = [self._schedule(snapshot, hit) for hit in hits]
        known = [h for h in hours if h]
        states = dict(zip(known, states_at(known, at), strict=True)) if known else {}
        unknown = OpenState("unknown", None)
        return b"[%s]" % b",".join(
            self._result(snapshot, hit, lang, at, asked, states.get(h, unknown) if h else unknown)
            for hit, h in zip(hits, hours, strict=True)
        )

    def _result(
        self, snapshot: Snapshot, hit: Hit, lang: str, at: datetime, asked: tuple[str, ...], state: OpenState
    ) -> bytes:
        locations = orjson.loads(snapshot.piece(hit, "locations"))
        head = snapshot.piece(hit, "head")
        slug = self.slug(snapshot, hit).encode()
        mode = next((m for m in INTERPRETING if asked and snapshot.has_key(hit, f"flag:{m}")), None)
        changing = {
            "distance_km": None if hit.distance_km is None else round(hit.distance_km, 1),
            "location": locations[hit.spot or 0] if locations else None,
            "other_locations": max(0, len(locations) - 1),
            "open": {"state": state.state, "until": state.until, "text": in_words(state, at, lang)},
        }
        return b'{%s,"url":%s%s",%s,"needs":%s,"languages":%s,%s,%s}' % (
            head,
            self._base,
            slug,
            self._text(snapshot, hit, lang),
            self._needs(bytes(snapshot.piece(hit, "needs")), lang),
            self._languages(bytes(snapshot.piece(hit, "languages")), lang, asked, mode),
            snapshot.piece(hit, "facts"),
            orjson.dumps(changing)[1:-1],
        )

    def _text(self, snapshot: Snapshot, hit: Hit, lang: str) -> bytes:
        for code in (*languages.fallback(lang), *languages.INTERFACE):
            if text := snapshot.piece(hit, f"text:{code}"):
                return text
        return b'"name":null,"summary":null'

    def text(self, snapshot: Snapshot, hit: Hit, lang: str) -> dict[str, str | None]:
        """Name and summary of a hit's service in the language, by the stated order of fallback."""
        return orjson.loads(b"{%s}" % self._text(snapshot, hit, lang))

    def slug(self, snapshot: Snapshot, hit: Hit) -> str:
        head = bytes(snapshot.piece(hit, "head"))
        return head[head.rindex(b":") + 2 : -1].decode()

    def phones(self, snapshot: Snapshot, hit: Hit) -> list[str]:
        contact = orjson.loads(b"{%s}" % snapshot.piece(hit, "facts"))["contact"]
        return [phone["number"] for phone in contact["phones"]]

    def _schedule(self, snapshot: Snapshot, hit: Hit) -> tuple[str, str] | None:
        """The hours at the hit's location, else the service's own."""
        piece = snapshot.piece(hit, "hours")
        if not piece:
            return None
        hours: Sequence[list[str] | None] = orjson.loads(piece)
        chosen = (hours[hit.spot or 0] if len(hours) > 1 else None) or hours[-1]
        return (chosen[0], chosen[1]) if chosen else None


def counted(
    facets: Mapping[str, Mapping[str, int]], needs: Needs, municipality: Mapping[str, str], lang: str
) -> dict[str, list[dict[str, object]]]:
    """Facets as the contract shapes them, most frequent first: needs, languages, municipalities."""

    def rows(prefix: str, key: str, label: Callable[[str], str]) -> list[dict[str, object]]:
        counts = facets.get(prefix, {})
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return [
            {key: k.removeprefix(prefix), "label": label(k.removeprefix(prefix)), "count": n}
            for k, n in ordered
        ]

    return {
        "needs": rows("need:", "slug", lambda s: needs.label(s, lang) if s in needs else s),
        "languages": rows("language:", "code", lambda c: languages.name(c, lang)),
        "municipalities": rows("municipality:", "code", lambda c: municipality.get(c, c)),
    }

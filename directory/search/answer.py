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
_SLUG = b'"slug":"'
NOWHERE = b'"location":null,"other_locations":0'


class Joiner:
    """``base``: what stands before a service's slug in its address."""

    def __init__(self, needs: Needs, base: str) -> None:
        self._base = orjson.dumps(base)[:-1]

        # Most services share their lists of needs and of languages with others: the labelled lists are kept.
        @lru_cache(maxsize=4096)
        def labelled(lists: bytes, lang: str, asked: tuple[str, ...], mode: str | None) -> bytes:
            slugs, spoken = orjson.loads(lists)
            if mode:
                spoken += [[code, mode] for code in asked if code not in {known for known, _ in spoken}]
            named = {
                "needs": [{"slug": s, "label": needs.label(s, lang)} for s in slugs],
                "languages": [{"code": c, "label": languages.name(c, lang), "mode": m} for c, m in spoken],
            }
            return orjson.dumps(named)[1:-1]

        self._labelled = labelled

    def results(
        self, snapshot: Snapshot, hits: Sequence[Hit], lang: str, at: datetime, asked_languages: Iterable[str]
    ) -> bytes:
        """A JSON array, one object a hit. ``at``: the aware time for which open or closed is told."""
        asked = tuple(sorted(asked_languages))
        hours = [self._schedule(snapshot, hit) for hit in hits]
        known = [h for h in hours if h]
        states = dict(zip(known, states_at(known, at), strict=True)) if known else {}
        told = {h: _open(state, at, lang) for h, state in states.items()}
        unknown = _open(OpenState("unknown", None), at, lang)
        texts = [f"text:{code}" for code in dict.fromkeys((*languages.fallback(lang), *languages.INTERFACE))]
        return b"[%s]" % b",".join(
            self._result(snapshot, hit, lang, asked, texts, told[h] if h else unknown)
            for hit, h in zip(hits, hours, strict=True)
        )

    def _result(
        self,
        snapshot: Snapshot,
        hit: Hit,
        lang: str,
        asked: tuple[str, ...],
        texts: Sequence[str],
        told: bytes,
    ) -> bytes:
        head = bytes(snapshot.piece(hit, "head"))
        mode = next((m for m in INTERPRETING if asked and snapshot.has_key(hit, f"flag:{m}")), None)
        return b'{%s,"url":%s%s",%s,%s,"distance_km":%s,%s,%s}' % (
            head,
            self._base,
            _slug(head),
            self._text(snapshot, hit, texts),
            self._labelled(bytes(snapshot.piece(hit, "labelled")), lang, asked, mode),
            b"null" if hit.distance_km is None else b"%.1f" % hit.distance_km,
            snapshot.piece(hit, f"place:{hit.spot or 0}") or NOWHERE,
            told,
        )

    def _text(self, snapshot: Snapshot, hit: Hit, texts: Iterable[str]) -> bytes:
        for name in texts:
            if text := snapshot.piece(hit, name):
                return text
        return b'"name":null,"summary":null'

    def text(self, snapshot: Snapshot, hit: Hit, lang: str) -> dict[str, str | None]:
        """Name and summary of a hit's service in the language, by the stated order of fallback."""
        texts = [f"text:{code}" for code in (*languages.fallback(lang), *languages.INTERFACE)]
        return orjson.loads(b"{%s}" % self._text(snapshot, hit, texts))

    def slug(self, snapshot: Snapshot, hit: Hit) -> str:
        return _slug(bytes(snapshot.piece(hit, "head"))).decode()

    def phones(self, snapshot: Snapshot, hit: Hit) -> list[str]:
        contact = orjson.loads(b"{%s}" % snapshot.piece(hit, "head"))["contact"]
        return [phone["number"] for phone in contact["phones"]]

    def _schedule(self, snapshot: Snapshot, hit: Hit) -> tuple[str, str] | None:
        """The hours at the hit's location, else the service's own."""
        piece = snapshot.piece(hit, "hours")
        if not piece:
            return None
        hours: Sequence[list[str] | None] = orjson.loads(piece)
        chosen = (hours[hit.spot or 0] if len(hours) > 1 else None) or hours[-1]
        return (chosen[0], chosen[1]) if chosen else None


def _slug(head: bytes) -> bytes:
    """From the piece that begins with the id and the slug."""
    start = head.index(_SLUG) + len(_SLUG)
    return head[start : head.index(b'"', start)]


def _open(state: OpenState, at: datetime, lang: str) -> bytes:
    told = {"state": state.state, "until": state.until, "text": in_words(state, at, lang)}
    return b'"open":%s' % orjson.dumps(told)


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

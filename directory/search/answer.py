"""Joins an answer from prepared pieces of JSON: only what depends on the asker is made here. No database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

import orjson

from directory import languages
from directory.hours import UNKNOWN, in_words, states_at
from directory.needs import Needs
from directory.search.query import Hit

# Flags of services that help in any language, and so in the one that is asked for.
INTERPRETING = ("interpreter", "by-law")
_ID, _SLUG = b'"id":"', b'"slug":"'  # the head of a service begins with these two
NOWHERE = b'"location":null,"other_locations":0'
KEPT = 8192  # services at most, as they were last shown: some 2 kB each


class Pieces(Protocol):
    """What is asked of a snapshot here, of a single service."""

    def piece(self, hit: Hit, name: str) -> bytes: ...


class Told(Pieces, Protocol):
    """And of several."""

    generation: int

    def has_key(self, hit: Hit, key: str) -> bool: ...


_Way = tuple[
    int, str, tuple[str, ...]
]  # in which generation, in which language, with which languages asked for


class _Shown:
    """A service in all answers that show it so: up to the distance, from there on, and its hours."""

    __slots__ = ("after", "at_minute", "before", "hours")

    def __init__(self, before: bytes, after: bytes, hours: bytes) -> None:
        self.before, self.after, self.hours = before, after, hours
        self.at_minute = -1, b""  # a minute since 1970, and what then comes after the distance


class Joiner:
    """``base``: what stands before a service's slug in its address."""

    def __init__(self, needs: Needs, base: str) -> None:
        self._base = orjson.dumps(base)[:-1]
        self._lately: dict[tuple[int, int, int | None, _Way], _Shown] = {}
        self._before: dict[tuple[int, int, int | None, _Way], _Shown] = {}

        @lru_cache(maxsize=8192)
        def need(slug: str, lang: str) -> bytes:
            return orjson.dumps({"slug": slug, "label": needs.label(slug, lang)})

        self._need = need

    def results(
        self, snapshot: Told, hits: Sequence[Hit], lang: str, at: datetime, asked_languages: Iterable[str]
    ) -> bytes:
        """A JSON array, one object a hit. ``at``: the aware time for which open or closed is told."""
        way = (snapshot.generation, lang, tuple(sorted(asked_languages)))
        minute = int(at.timestamp()) // 60
        lately = self._lately
        parts: list[bytes] = []
        for hit in hits:
            segment, document, _, km, spot, _ = hit
            shown = lately.get((segment, document, spot, way)) or self._shown(snapshot, hit, way)
            told, after = shown.at_minute
            if told != minute:
                after = shown.after + _open(shown.hours, spot or 0, minute, lang) + b"},"
                shown.at_minute = minute, after
            parts += (shown.before, b"null" if km is None else b"%.1f" % km, after)
        return b"[%b]" % b"".join(parts)[:-1]

    def _shown(self, snapshot: Told, hit: Hit, way: _Way) -> _Shown:
        """From what was shown lately or before that; what is not shown again before as much else was, is forgotten."""
        key = (hit.segment, hit.document, hit.spot, way)
        shown = self._before.get(key) or self._joined(snapshot, hit, *way[1:])
        if len(self._lately) >= KEPT // 2:
            self._before, self._lately = self._lately, {}
        self._lately[key] = shown
        return shown

    def _joined(self, snapshot: Told, hit: Hit, lang: str, asked: tuple[str, ...]) -> _Shown:
        head = snapshot.piece(hit, "head")
        slugs, spoken = orjson.loads(snapshot.piece(hit, "labelled"))
        if asked and (mode := next((m for m in INTERPRETING if snapshot.has_key(hit, f"flag:{m}")), None)):
            known = {code for code, _ in spoken}
            spoken += [[code, mode] for code in asked if code not in known]
        needs = b",".join([self._need(slug, lang) for slug in slugs])
        spoken_here = b",".join([_language(code, mode, lang) for code, mode in spoken])
        before = b'{%b,"url":%b%b",%b,"needs":[%b],"languages":[%b],"distance_km":' % (
            head,
            self._base,
            _slug(head),
            _text(snapshot, hit, _texts(lang)),
            needs,
            spoken_here,
        )
        place = snapshot.piece(hit, f"place:{hit.spot or 0}") or NOWHERE
        return _Shown(before, b",%b," % place, snapshot.piece(hit, "hours"))

    def text(self, snapshot: Pieces, hit: Hit, lang: str) -> dict[str, str | None]:
        """Name and summary of a hit's service in the language, by the stated order of fallback, and which that is."""
        return orjson.loads(b"{%b}" % _text(snapshot, hit, _texts(lang)))

    def slug(self, snapshot: Pieces, hit: Hit) -> str:
        return _slug(snapshot.piece(hit, "head")).decode()

    def phones(self, snapshot: Pieces, hit: Hit) -> list[str]:
        contact = orjson.loads(b"{%b}" % snapshot.piece(hit, "head"))["contact"]
        return [phone["number"] for phone in contact["phones"]]


def id_of(snapshot: Pieces, hit: Hit) -> str:
    head = snapshot.piece(hit, "head")
    return head[len(_ID) : head.index(b'"', len(_ID))].decode()


def _slug(head: bytes) -> bytes:
    """From the piece that begins with the id and the slug."""
    start = head.index(_SLUG) + len(_SLUG)
    return head[start : head.index(b'"', start)]


@lru_cache(maxsize=4096)
def _language(code: str, mode: str, lang: str) -> bytes:
    return orjson.dumps({"code": code, "label": languages.name(code, lang), "mode": mode})


@lru_cache(maxsize=256)
def _texts(lang: str) -> tuple[str, ...]:
    """Names of the pieces with name and summary, in the order in which a reader of ``lang`` would have them."""
    return tuple(f"text:{code}" for code in dict.fromkeys((*languages.fallback(lang), *languages.INTERFACE)))


def _text(snapshot: Pieces, hit: Hit, texts: Iterable[str]) -> bytes:
    for name in texts:
        if text := snapshot.piece(hit, name):
            return text
    return b'"name":null,"name_language":null,"summary":null,"summary_language":null'


# Opening hours change on the minute, so what was told of them holds until the next; services share them.
@lru_cache(maxsize=8192)
def _open(hours: bytes, spot: int, minute: int, lang: str) -> bytes:
    """Open or closed in a minute since 1970 UTC, by the hours at the location, else the service's own."""
    at, state = datetime.fromtimestamp(minute * 60, UTC), UNKNOWN
    if hours:
        each: Sequence[list[str] | None] = orjson.loads(hours)
        if chosen := (each[spot] if len(each) > 1 else None) or each[-1]:
            [state] = states_at([(chosen[0], chosen[1])], at)
    told = {"state": state.state, "until": state.until, "text": in_words(state, at, lang)}
    return b'"open":%b' % orjson.dumps(told)


def counted(
    facets: Mapping[str, Mapping[str, int]], needs: Needs, municipality: Mapping[str, str], lang: str
) -> dict[str, orjson.Fragment]:
    """Facets as the contract shapes them, most frequent first: needs, languages, municipalities."""

    def need(slug: str) -> str:
        return needs.label(slug, lang) if slug in needs else slug

    return {
        "needs": _rows(facets, "need:", "slug", need),
        "languages": _rows(facets, "language:", "code", lambda code: languages.name(code, lang)),
        "municipalities": _rows(facets, "municipality:", "code", lambda code: municipality.get(code, code)),
    }


def _rows(
    facets: Mapping[str, Mapping[str, int]], prefix: str, name: str, label: Callable[[str], str]
) -> orjson.Fragment:
    counts = facets.get(prefix, {})
    skipped = len(prefix)
    # the second sorting leaves those of one count in the order of the first
    ordered = sorted(sorted(counts), key=counts.__getitem__, reverse=True)
    return orjson.Fragment(
        orjson.dumps(
            [{name: (k := key[skipped:]), "label": label(k), "count": counts[key]} for key in ordered]
        )
    )

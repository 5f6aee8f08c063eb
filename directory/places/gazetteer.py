"""The gazetteer: names, postcodes and points to places. Offline, read once, never changed."""

from __future__ import annotations

import heapq
import math
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from rapidfuzz import fuzz

from directory.places.building import Built, build, rough_km
from directory.places.inflection import stems
from directory.places.locating import Locator
from directory.places.mentions import spans_among
from directory.places.place import Found, Kind, Place, Span
from directory.places.sounding import SHORTEST, is_foreign, latin, skeleton
from directory.places.sources import key, ordinary_words
from directory.places.typos import Typos
from directory.spelling import words

Point = tuple[float, float]

_COORDINATES = re.compile(r"\s*([+-]?\d{1,3}(?:\.\d+)?)\s*[,;]\s*([+-]?\d{1,3}(?:\.\d+)?)\s*$")
_QUALIFIED = re.compile(r"(.*[^\s,(])\s*([,(]|\bi\b)\s*([^,()]+)\)?\s*$")
_LONGEST_NAME = 200  # letters
_MOST_WORDS = 15
# A Norwegian place is meant unless its namesake abroad is this many times as big (Stockholm in Sweden, Lund too)
_AT_HOME = 20.0
_KIND_WEIGHT: dict[Kind, float] = {
    "town": 1.0,
    "municipality": 0.5,
    "district": 0.5,
    "region": 0.3,
    "county": 0.25,
}
_ALIAS_WEIGHT = 0.002  # "Berga" is a town in Sweden before it is Bergen in Latvian
_HALF_NEAR_KM = 40.0
_ANOTHER_KM = 15.0
_ALIKE = 60.0  # of 100: how much the letters of two scripts must agree, where the consonants do
_TYPO_POPULATION = 200  # a misspelt name is one that somebody may seek


class Places:
    """See the module. Names are compared folded (``directory.spelling``), so case and accents never matter."""

    def __init__(self, built: Built, ordinary: frozenset[str]) -> None:
        self._ordinary = ordinary
        self._municipalities = built.municipalities
        self._former_numbers = built.former_numbers
        self._former_names = built.former_municipalities
        self._counties = built.counties
        self._names: dict[str, list[tuple[Place, bool]]] = defaultdict(list)
        for place, name, alias in built.names:
            folded = key(name)
            if folded:
                self._names[folded].append((place, alias))
            joined = folded.replace(" ", "")
            if "-" in name and joined != folded:
                self._names[joined].append((place, True))
        self._norwegian = {r.code: r for r in built.postal}
        self._danish = {r[0]: r for r in built.danish}
        self._locator = Locator(built.postal, built.municipalities, built.foreign)
        self._sorted = sorted(self._names)
        self.longest = max(n.count(" ") for n in self._names) + 1
        self.beginnings = frozenset(n.partition(" ")[0] for n in self._names if " " in n)
        self._ranked: dict[str, tuple[tuple[Place, ...], bool]] = {}  # as by_key tells it from nowhere
        self.typos = Typos(
            n for n, entries in self._names.items() if any(_typeable(n, p, a) for p, a in entries)
        )

    @classmethod
    def load(cls, seed_dir: Path) -> Places:
        """Reads the seed's gazetteer; raises ``OSError`` or ``ValueError`` where a file is missing or broken."""
        ordinary = ordinary_words(seed_dir)
        return cls(build(seed_dir, ordinary), ordinary)

    def _standing(self, place: Place, alias: bool, near: Point | None) -> float:
        value = (place.population + 50) * _KIND_WEIGHT.get(place.kind, 1.0)
        value *= _AT_HOME if place.country == "NO" else 1.0
        if alias:
            value *= _ALIAS_WEIGHT
        if near is not None:
            value /= 1 + (rough_km(place.point, near) / _HALF_NEAR_KM) ** 2
        return value

    def by_key(self, folded: str, near: Point | None = None) -> tuple[tuple[Place, ...], bool]:
        """Places of this folded name, best first, and whether the best goes by it only as an alias."""
        if near is None and (ranked := self._ranked.get(folded)):
            return ranked
        entries = self._names.get(folded)
        if not entries:
            return (), False
        known: dict[int, tuple[Place, bool]] = {}
        for place, alias in entries:
            if id(place) not in known or not alias:
                known[id(place)] = (place, alias)
        best = sorted(known.values(), key=lambda e: -self._standing(e[0], e[1], near))
        found = tuple(p for p, _ in best), best[0][1]
        if near is None:
            self._ranked[folded] = found
        return found

    def is_ordinary(self, folded: str) -> bool:
        return folded in self._ordinary

    def named(self, text: str, *, near: Point | None = None) -> tuple[Place, ...]:
        """All places of exactly this name or alias (folded), best first: home before abroad, town before area, the
        bigger, and with ``near`` the nearer. Empty when there is none.
        """
        return self.by_key(key(text), near)[0]

    def postcode(self, code: str, country: str = "NO") -> Place | None:
        """A postcode's place, also where it is no longer in use. ``country``: NO or DK."""
        if country == "DK":
            row = self._danish.get(code)
            return row and Place(
                f"{code} {row[1]}", "postcode", row[2], row[3], "postcode", "DK", radius_km=2.0
            )
        post = self._norwegian.get(code)
        return post and Place(
            f"{code} {post.place}", "postcode", post.lat, post.lon, "postcode", "NO",
            post.municipality, post.municipality_no, post.county, post.population, 2.0,
        )  # fmt: skip

    def postcodes(
        self, prefix: str | None, code: str, near: Point | None, beside: str = ""
    ) -> tuple[Place, ...]:
        """The places that four digits may be: Norwegian before Danish, unless a prefix, the name beside it, or ``near``
        says otherwise.
        """
        home, abroad = self.postcode(code), self.postcode(code, "DK")
        if prefix:
            found = abroad if prefix == "dk" else home
            return (found,) if found else ()
        both = tuple(p for p in (home, abroad) if p)
        if len(both) < 2:
            return both
        if beside:
            fits = [p for p in both if any(rough_km(p.point, q.point) < 60 for q in self.by_key(beside)[0])]
            if len(fits) == 1:
                return tuple(fits)
        if near is not None:
            there = self.at(*near)
            if there is not None and there.country == "DK":
                return both[::-1]
        return both

    def point(self, lat: float, lon: float) -> Place:
        """A place that is nothing but a point; what lies there is filled in where it is known."""
        there = self.at(lat, lon)
        home = there if there and there.kind == "municipality" else None
        return Place(
            f"{lat:.5g}, {lon:.5g}", "point", lat, lon, "point", there.country if there else "ZZ",
            home.municipality if home else None, home.municipality_no if home else None, home.county if home else None,
        )  # fmt: skip

    def find(self, text: str, *, near: Point | None = None) -> Found | None:
        """The one place that a person means who was asked for a place: "9019", "DK-1050", "59.91, 10.75",
        "Sande, Vestfold", "Tromsö kommune", "Sandens", "أوسلو". None when nothing is close enough: see
        ``nearest_names``.
        """
        if len(text) > _LONGEST_NAME:
            return None
        coordinates = _COORDINATES.match(text)
        if coordinates:
            lat, lon = float(coordinates[1]), float(coordinates[2])
            return Found(self.point(lat, lon), "exact") if abs(lat) <= 90 and abs(lon) <= 180 else None
        if "," in text and not any(c.isalpha() for c in text):
            return None  # meant as a point, and is none
        parts = words(text)
        if not 0 < len(parts) <= _MOST_WORDS:
            return None
        spans = spans_among(self, parts, near=near, forgiving=True)
        whole = [s for s in spans if s.start == 0 and s.end == len(parts)]
        if whole:
            return self._found(whole[0])
        postal = [s for s in spans if s.place.kind == "postcode" and not s.accidental]
        if postal:
            return self._found(postal[0])
        return self._within(text, near)

    def _found(self, span: Span) -> Found:
        best = span.places[0]
        others: list[Place] = []
        for place in span.places[1:]:
            if not any(same_place(place, p) for p in (best, *others)):
                others.append(place)
        return Found(best, span.matched, tuple(others))

    def _within(self, text: str, near: Point | None) -> Found | None:
        """ "Sande, Vestfold", "Våler (Østfold)", "Herøy i Nordland": the first inside the second. "Storgata 40, Oslo":
        the last that is a place.
        """
        split = _QUALIFIED.match(text)
        if split is None:
            return None
        head, mark, tail = split.groups()
        outer = self.find(tail, near=near)
        if outer is None:
            return None if mark == "i" else self.find(head, near=near)
        inside = [
            p for p in self.named(head, near=near) if lies_in(p, outer.place) or same_place(p, outer.place)
        ]
        if inside:
            return Found(inside[0], "exact")
        return None if mark == "i" else outer

    def nearest_names(self, text: str, n: int = 3) -> list[str]:
        """Names that look most like the text, for "did you mean …". Looser than ``find``; may be empty."""
        folded = key(text)[:60]
        near = self.typos.near(folded, limit=max(1, min(4, len(folded) // 2))) if folded else []
        ranked = sorted(near, key=lambda f: (f[1], -self._standing(self.by_key(f[0])[0][0], False, None)))
        names: dict[str, None] = {}
        for name, _ in ranked:
            places, alias = self.by_key(name)
            if not alias or not name.isascii():
                names.setdefault(places[0].name)
        return list(names)[:n]

    def spans(
        self,
        words: Sequence[str],
        *,
        known: Callable[[str], bool] = lambda _: False,
        near: Point | None = None,
    ) -> list[Span]:
        """All place names among folded words, also inside each other: longest first, then surest, then leftmost.

        ``known``: words that are right as they are (an index's, a taxonomy's); none of them is taken for a typo.
        """
        return spans_among(self, words, known=known, near=near)

    @cached_property
    def _by_sound(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for name, entries in self._names.items():
            if name.isascii() and " " not in name and any(_typeable(name, p, a) for p, a in entries):
                found[skeleton(name)].append(name)
        return found

    def sounding(self, word: str) -> tuple[Place, ...]:
        """Places whose name a folded word in another script sounds like, best first: "гарстад" is Harstad."""
        if not is_foreign(word) or self.is_ordinary(word):
            return ()

        def alike() -> Iterator[tuple[float, str]]:
            for form in (word, *stems(word)):
                sound = skeleton(form)
                if len(sound) >= SHORTEST:
                    spelled = latin(form)
                    yield from ((fuzz.ratio(spelled, name), name) for name in self._by_sound.get(sound, ()))

        likeness, name = max(alike(), default=(0.0, ""))
        places = self.by_key(name)[0] if likeness >= _ALIKE else ()
        return places if places and places[0].country == "NO" else ()

    def at(self, lat: float, lon: float) -> Place | None:
        """The Norwegian municipality of a point, or the nearest town abroad; None at sea and far from the Nordics."""
        if not (math.isfinite(lat) and math.isfinite(lon)):
            return None
        return self._locator.at(lat, lon)

    def municipality(self, no_or_name: str, *, near: Point | None = None) -> Place | None:
        """By number (of today, or of 2020 to 2023) or by name (of today, or a former one). Of two with one name (Herøy,
        Våler) the bigger, and with ``near`` the nearer.
        """
        text = no_or_name.strip()
        if text in self._municipalities:
            return self._municipalities[text]
        if text in self._former_numbers:
            return self._municipalities.get(self._former_numbers[text])
        folded = key(text)
        here = [p for p in self.by_key(folded, near)[0] if p.kind == "municipality"]
        now = [p for p in here if key(p.name) == folded]
        former = [self._municipalities[no] for no in self._former_names.get(folded, ())]
        return next(iter(now or former or here), None)

    def county(self, name: str) -> Place | None:
        """A county of today by its name."""
        return self._counties.get(key(name))

    def municipalities(self) -> tuple[Place, ...]:
        """All of Norway's, by number; Svalbard (2100) and Jan Mayen (2211) stand among them."""
        return tuple(self._municipalities[no] for no in sorted(self._municipalities))

    def counties(self) -> tuple[Place, ...]:
        return tuple(self._counties.values())

    def towns(self) -> tuple[Place, ...]:
        """Of Norway and its neighbours, the largest first."""
        found = {
            p for entries in self._names.values() for p, alias in entries if p.kind == "town" and not alias
        }
        return tuple(sorted(found, key=lambda town: (-town.population, town.name, town.lat)))

    def beginning_with(self, letter: str) -> list[str]:
        """Folded names that somebody may mean and miss, by their first letter, in order."""
        names = self._sorted[
            bisect_left(self._sorted, letter) : bisect_left(self._sorted, chr(ord(letter) + 1))
        ]
        return [n for n in names if any(_typeable(n, p, a) for p, a in self._names[n])]

    def complete(self, prefix: str, limit: int) -> list[Place]:
        """Places whose name begins so, in any script, as one types: one for each name, the best known first."""
        folded = key(prefix)
        if not folded or limit < 1:
            return []
        if folded.isdigit():
            codes = [c for c, r in self._norwegian.items() if c.startswith(folded) and r.in_use][:limit]
            return [p for p in map(self.postcode, codes) if p]
        best: dict[str, tuple[float, Place]] = {}
        for i in range(bisect_left(self._sorted, folded), len(self._sorted)):
            name = self._sorted[i]
            if not name.startswith(folded):
                break
            for place, alias in self._names[name]:
                standing = self._standing(place, alias, None)
                if place.name not in best or best[place.name][0] < standing:
                    best[place.name] = (standing, place)
        return [p for _, p in heapq.nlargest(limit, best.values(), key=lambda e: e[0])]


def _typeable(name: str, place: Place, alias: bool) -> bool:
    """Whether somebody may have meant it and missed: not every farm, and no foreign form of a name in our letters."""
    if alias and name.isascii() and place.kind != "country":
        return False
    return place.population >= (_TYPO_POPULATION if place.country == "NO" else 50 * _TYPO_POPULATION)


def lies_in(inner: Place, outer: Place) -> bool:
    if outer.kind == "county":
        return inner.county == outer.name
    if outer.kind == "country":
        return inner.country == outer.country
    if outer.kind == "municipality":
        return inner.municipality_no == outer.municipality_no
    return inner.country == outer.country and rough_km(inner.point, outer.point) <= outer.radius_km


def same_place(a: Place, b: Place) -> bool:
    """Whether two places of one name are one to a person, at two levels: the town, its municipality, its county."""
    if a.country != b.country:
        return False
    if a.municipality_no and a.municipality_no == b.municipality_no:
        return True
    if rough_km(a.point, b.point) < _ANOTHER_KM:
        return True
    return any(lies_in(x, y) for x, y in ((a, b), (b, a)) if y.kind in ("county", "region", "country"))

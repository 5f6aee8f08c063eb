"""A service as the index holds it: its terms, keys, places and the pieces of JSON from which an answer is joined.

The pieces hold everything that is the same in every answer; what depends on the asker (language of labels, distance,
open or closed, the asked languages) is put between them by ``answer``.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from urllib.parse import urlsplit

import numpy as np
import orjson

from directory.catalogue.entries import Place, Schedule, ServiceEntry
from directory.languages import pick
from directory.needs import Needs
from directory.places import Places, chord_distances_km, earth_centred_km
from directory.places.sounding import SHORTEST, is_foreign, skeleton
from directory.search.analysis import FIELD_WEIGHTS, REMEMBERED, Compounds, Reader
from directory.search.storage.document import Document, Spot
from directory.spelling import fold

# A need further down in a service's list is less what it is for: a legevakt is the fallback after an assault.
NEED_STRENGTHS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.45, 0.4)
# A need that a service for professionals alone is there for counts less: nobody who has it may go there.
PROFESSIONALS, PROFESSIONAL_SUPPORT, TO_PROFESSIONALS = ("professionals",), "professional-support", 0.6
YOUNG = 40  # who takes nobody older is there for the young
NOBODY_THERE, NOBODY = frozenset({"event", "publication"}), 0.6  # nobody answers there: what its needs count
LANGUAGE_STRENGTHS = {"spoken": 1.0, "interpreter": 0.8, "phone-interpreter": 0.7}
TRUST = {"verified": 1.1, "listed": 1.0, "stale": 0.9}
DOUBTFUL = 0.8  # the source itself is not sure that the service still exists
REACHED_KM = 80.0  # how far a service of a whole county is thought to be sought from
ANY = "any"  # value of a key of services that nobody is known to be excluded from
REACHES = {"local": 0, "regional": 1, "national": 2}


class Lister:
    """Makes documents of entries. Pure but for what it is built with; safe to share."""

    def __init__(self, needs: Needs, places: Places, compounds: Compounds | None = None) -> None:
        self._needs, self._places = needs, places
        self._reader = Reader(compounds or Compounds(needs))
        # of names of entries, never of what a person typed
        self._sound = lru_cache(maxsize=REMEMBERED)(skeleton)
        self._counties: dict[str, tuple[list[str], np.ndarray]] = {}
        self._need_terms: dict[str, Mapping[str, float]] = {}

    def document(self, entry: ServiceEntry) -> Document:
        """The document of an entry; its terms are weighted by field (name 4, need 3, organization 2, description 1)."""
        located = [p for p in entry.locations if p.latitude is not None and p.longitude is not None]
        return Document(
            id=entry.id,
            terms=self._terms(entry),
            keys=self._keys(entry, located),
            spots=tuple(
                Spot(p.latitude, p.longitude, _schedule(p.schedule))
                for p in located
                if p.latitude is not None and p.longitude is not None
            ),
            schedule=_schedule(entry.schedule),
            ages=(entry.minimum_age or 0, 150 if entry.maximum_age is None else entry.maximum_age),
            trust=TRUST[entry.trust.state] * (1.0 if entry.status == "active" else DOUBTFUL),
            prominence=self._prominence(entry),
            reach=REACHES[entry.reach],
            verified_on=(entry.trust.verified_on - date(1970, 1, 1)).days if entry.trust.verified_on else 0,
            sort_name=fold((pick(entry.names, "nb") or ("", ""))[1]),
            pieces=_pieces(entry, located),
        )

    def _terms(self, entry: ServiceEntry) -> dict[str, float]:
        total: defaultdict[str, float] = defaultdict(float)
        read = self._reader.add
        for code, text in _distinct(entry.names):
            read(total, text, code, "name")
        for slug in entry.needs:
            for term, count in self._terms_of_need(slug).items():
                total[term] += count * FIELD_WEIGHTS["need"]
        read(total, entry.organization.name, "nb", "organization")
        for code, text in _distinct(entry.descriptions):
            read(total, text, code, "description")
        plain = [v for p in entry.locations for v in {p.address_1, p.city, p.municipality, p.county} if v]
        if entry.url:
            plain.append((urlsplit(entry.url).hostname or "").removeprefix("www.").replace(".", " "))
        for text in plain:
            read(total, text, "nb", "description")
        numbers: set[str] = set()
        for phone in entry.phones:
            numbers.update(_numbers(phone.number))
        return dict(total) | dict.fromkeys(numbers, FIELD_WEIGHTS["name"])

    def _terms_of_need(self, slug: str) -> Mapping[str, float]:
        if slug not in self._need_terms:
            total: dict[str, float] = {}
            for language, label in _distinct(self._needs[slug].labels):
                for term, count in self._reader.terms_of(label, language).items():
                    total[term] = max(total.get(term, 0.0), count)
            self._need_terms[slug] = total
        return self._need_terms[slug]

    def _keys(self, entry: ServiceEntry, located: Sequence[Place]) -> dict[str, float]:
        keys: dict[str, float] = {}
        for position, slug in enumerate(entry.needs):
            strength = NEED_STRENGTHS[min(position, len(NEED_STRENGTHS) - 1)]
            if entry.audiences == PROFESSIONALS and slug != PROFESSIONAL_SUPPORT:
                strength *= TO_PROFESSIONALS
            if entry.kind in NOBODY_THERE:
                strength *= NOBODY
            for name in (slug, *self._needs.ancestors(slug)):
                keys[f"need:{name}"] = max(keys.get(f"need:{name}", 0.0), strength)
        for language in entry.named_languages:
            key = f"language:{language.code}"
            keys[key] = max(keys.get(key, 0.0), LANGUAGE_STRENGTHS[language.mode])
        flags = {
            "by-law": entry.interpreter_by_law,
            "interpreter": entry.interpreter_promised,
            "free": entry.free,
            "anonymous": entry.anonymous,
            "remote": entry.remote,
            "partner": entry.trust.partner,
            "all-ages": entry.maximum_age is None or entry.maximum_age > YOUNG,
        }
        plain = [f"flag:{name}" for name, value in flags.items() if value]
        plain += [f"municipality:{p.municipality_no}" for p in entry.locations if p.municipality_no]
        plain += [f"gender:{g}" for g in entry.genders or (ANY,)]
        plain += [f"audience:{a}" for a in entry.audiences or (ANY,)]
        plain += [
            f"organization:{entry.organization.id}",
            f"organization:{entry.organization.slug}",
            f"service:{entry.slug}",
            f"country:{entry.country}",
            f"kind:{entry.kind}",
        ]
        # A local service that stands somewhere is found by where it stands; the others by where they serve.
        elsewhere = "area" if entry.reach != "local" or not located else "catchment"
        for area in entry.areas:
            plain.append(f"{elsewhere}:{area.extent}:{area.code}")
            if elsewhere == "area" and area.extent == "county" and located:
                # of a whole county, those who live within a day's way of it; the others as far as they are
                plain[-1] = f"catchment:county:{area.code}"
                plain += [f"area:municipality:{number}" for number in self._within_reach(area.code, located)]
        for text in {*entry.names.values(), entry.organization.name}:
            said = self._reader.words(text, "nb")
            plain += [f"name:{w}" for w in said]
            plain += [f"sound:{s}" for s in sounds_of(said, self._sound)]
            plain += [f"heard:{s}" for s in sounds_of([w for w in said if is_foreign(w)], self._sound)]
        return keys | dict.fromkeys(plain, 1.0)

    def _within_reach(self, county: str, located: Sequence[Place]) -> list[str]:
        """Numbers of the county's municipalities whose middle lies near enough to one of the places."""
        if county not in self._counties:
            inside = [m for m in self._places.municipalities() if m.county == county and m.municipality_no]
            at = earth_centred_km(np.array([m.lat for m in inside]), np.array([m.lon for m in inside]))
            self._counties[county] = [m.municipality_no or "" for m in inside], at
        numbers, at = self._counties[county]
        near = np.zeros(len(numbers), dtype=bool)
        for spot in located if numbers else ():
            near |= chord_distances_km(spot.latitude or 0.0, spot.longitude or 0.0, at) <= REACHED_KM
        return [number for number, is_near in zip(numbers, near.tolist(), strict=True) if is_near]

    def _prominence(self, entry: ServiceEntry) -> float:
        """0..1 by the population of the largest municipality it stands in: log10, a million is 1."""
        numbers = [p.municipality_no for p in entry.locations if p.municipality_no]
        populations = [m.population for n in numbers if (m := self._places.municipality(n))]
        return min(1.0, math.log10(1 + max(populations, default=0)) / 6)


def _distinct(texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Texts without those that say the same in another language's field."""
    return list({text: (code, text) for code, text in reversed(list(texts.items()))}.values())


def sounds_of(sequence: Sequence[str], sound: Callable[[str], str] = skeleton) -> set[str]:
    """How the words of a name sound, one by one and two at a time, so that it is found in whichever script.

    Keys are ``sound:…`` for all names, which words in another script look for, and ``heard:…`` for the words of names
    that are themselves in one, which words in our letters look for.
    """
    found = {sound(word) for word in sequence} | {sound(a + b) for a, b in pairwise(sequence)}
    return {heard for heard in found if len(heard) >= SHORTEST}


def _schedule(schedule: Schedule | None) -> tuple[str, str] | None:
    return (schedule.opening_hours, schedule.timezone) if schedule else None


def _numbers(number: str) -> set[str]:
    """The ways a phone number is typed as one word: whole, and without the country code."""
    digits = "".join(c for c in number if c.isdigit())
    national = digits[2:] if number.strip().startswith("+") and len(digits) > 8 else digits
    return {digits, national, national.lstrip("0")} - {""}


def _pieces(entry: ServiceEntry, located: list[Place]) -> dict[str, bytes]:
    # the spots of the document are the located ones, in this order; a place without a point comes after them
    ordered = located + [p for p in entry.locations if p not in located]
    pieces = {
        "head": _members(
            {
                "id": entry.id,
                "slug": entry.slug,
                "organization": {"id": entry.organization.id, "name": entry.organization.name},
                "reach": entry.reach,
                "remote": entry.remote,
                "contact": {
                    "phones": entry.phones,
                    "email": entry.email,
                    "url": entry.url,
                    "chat_url": entry.chat_url,
                },
                "free": entry.free,
                "anonymous": entry.anonymous,
                "capacity": entry.capacity,
                "trust": entry.trust,
            }
        ),
        "labelled": orjson.dumps(
            [
                entry.needs,
                [[g.code, "spoken" if g.mode == "spoken" else "interpreter"] for g in entry.named_languages],
            ]
        ),
    }
    for number, place in enumerate(ordered):
        members = {"location": _location(place), "other_locations": len(ordered) - 1}
        pieces[f"place:{number}"] = _members(members)
    if entry.schedule or any(p.schedule for p in ordered):
        pieces["hours"] = orjson.dumps([_schedule(p.schedule) for p in ordered] + [_schedule(entry.schedule)])
    for code in {*entry.names, *entry.descriptions}:
        name, summary = pick(entry.names, code), pick(entry.descriptions, code)
        said = _said("name", name) | _said("summary", summary)
        pieces[f"text:{code}"] = _members(said)
    return pieces


def _said(what: str, text: tuple[str, str] | None) -> dict[str, str | None]:
    """A text and the language it is in, where there is one."""
    code, said = text or (None, None)
    return {what: said, f"{what}_language": code}


def _members(values: Mapping[str, object]) -> bytes:
    """The members of a JSON object without its braces, to be joined with others."""
    return orjson.dumps(values)[1:-1]


def _location(place: Place) -> dict[str, object]:
    line = " ".join(v for v in (place.postal_code, place.city) if v)
    return {
        "id": place.id,
        "name": place.name,
        "address": ", ".join(v for v in (place.address_1, line) if v) or None,
        "municipality": place.municipality,
        "lat": place.latitude,
        "lon": place.longitude,
        "precision": place.precision,
    }

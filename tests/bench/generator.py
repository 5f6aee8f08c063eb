"""A made-up directory of any size: real towns and needs, names like real ones, words as often as Zipf's law says.

The same seed and number always give the same service, whatever the size of the directory, so that one of 1,000 is the
beginning of one of 1,000,000. Nothing of it is kept in memory but the vocabulary.
"""

from __future__ import annotations

import csv
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import orjson

from directory.config import SEED_DIR
from directory.needs import Needs
from directory.places import Places
from directory.search.analysis import FIELD_WEIGHTS
from directory.search.storage.document import Document, Spot
from directory.spelling import fold, words

CHUNK = 1000  # services that are drawn together
VOCABULARY = 30_000
SEED = 20261122
REGIONAL, NATIONAL = 0.12, 0.08  # shares; the rest is local
PLACELESS = 0.5  # share of national services that stand nowhere
DESCRIPTION = (60.0, 15.0, 15, 120)  # words: mean, deviation, least, most
# Share of services that help in each language besides Norwegian
LANGUAGES = {"en": 0.3, "pl": 0.06, "ar": 0.06, "ru": 0.05, "uk": 0.05, "so": 0.04, "se": 0.02, "fa": 0.02}
HOURS = (
    "Mo-Fr 08:00-15:30",
    "Mo-Fr 09:00-16:00; We 09:00-20:00",
    "24/7",
    "Mo-Su 16:00-08:00",
    "Tu,Th 12:00-18:00",
)
ZONE = "Europe/Oslo"
SYLLABLES = [consonant + vowel for consonant in "bdfghklmnprstv" for vowel in "aeiou"]
ENDINGS = ("", "en", "et", "er", "ing", "sen", "lig", "het")


@dataclass(frozen=True, slots=True)
class Town:
    name: str  # folded
    written: str
    lat: float
    lon: float
    population: int
    municipality_no: str | None
    municipality: str | None
    county: str


@dataclass(frozen=True, slots=True)
class Service:
    """One made-up service. Texts are folded words with single spaces: every engine splits them alike."""

    number: int  # from 0
    name: str
    organization: str
    need_text: str  # labels of its needs
    description: str
    stated: tuple[str, ...]  # slugs of its needs
    needs: tuple[str, ...]  # the same with all that stand above them
    languages: tuple[str, ...]
    lat: float | None
    lon: float | None
    town: Town
    reach: int  # 0 local, 1 regional, 2 national
    areas: tuple[str, ...]  # "area:…" keys of where it serves, besides where it stands
    hours: str | None

    @property
    def municipality_no(self) -> str | None:
        return self.town.municipality_no

    @property
    def county(self) -> str:
        return self.town.county

    @property
    def id(self) -> str:
        """A UUID whose lower half is the number."""
        mixed = (self.number * 0x9E3779B97F4A7C15 + 0x7F4A7C15) & 0xFFFFFFFFFFFFFFFF
        return str(UUID(int=mixed << 64 | self.number))

    def pieces(self) -> dict[str, bytes]:
        """What an answer is joined from: much as a real listing, and what the other engines store too."""
        slug = f"{self.name.replace(' ', '-')}-{self.number}"
        contact = {
            "phones": [f"{20_000_000 + self.number:08}"],
            "email": None,
            "url": f"https://example.org/{slug}",
        }
        return {
            "head": orjson.dumps(
                {"id": self.id, "slug": slug, "contact": contact, "reach": self.reach, "free": True}
            )[1:-1],
            "labelled": orjson.dumps([self.needs, []]),
            "text:nb": orjson.dumps(
                {
                    "name": self.name,
                    "name_language": "nb",
                    "summary": self.description,
                    "summary_language": "nb",
                }
            )[1:-1],
        }

    def document(self) -> Document:
        fields = [
            ("name", self.name), ("need", self.need_text), ("organization", self.organization),
            ("description", self.description),
        ]  # fmt: skip
        keys = [f"need:{slug}" for slug in self.needs]
        keys += [f"language:{code}" for code in self.languages]
        keys += [f"name:{word}" for word in self.name.split()]
        keys += [*self.areas, f"service:{self.number}", f"organization:{self.organization}", "country:NO"]
        if self.municipality_no and self.lat is not None:
            keys.append(f"municipality:{self.municipality_no}")
        spots = () if self.lat is None or self.lon is None else (Spot(self.lat, self.lon),)
        return Document(
            id=self.id,
            terms=_weighted(fields),
            keys=dict.fromkeys(keys, 1.0),
            spots=spots,
            schedule=(self.hours, ZONE) if self.hours else None,
            prominence=1.0,  # alike for all, so that the words alone decide the order where no place is asked for
            reach=self.reach,
            sort_name=self.name,
            pieces=self.pieces(),
        )


class World:
    """What services are drawn from. ``seed``: another one gives another directory."""

    def __init__(self, seed: int = SEED) -> None:
        self.seed = seed
        self.needs = Needs.load(SEED_DIR)
        self.towns = _towns(Places.load(SEED_DIR))
        self.town_share = _shares(np.array([town.population for town in self.towns], dtype=float))
        rows = json.loads((SEED_DIR / "services.json").read_text("utf-8"))
        asked = Counter(slug for row in rows for slug in row["needs"])
        self.need_slugs = sorted(asked)
        self.need_share = _shares(np.array([asked[slug] for slug in self.need_slugs], dtype=float))
        self.need_families = {s: (s, *self.needs.ancestors(s)) for s in self.need_slugs}
        self.need_texts = {
            slug: " ".join(w for code in ("nb", "en") for w in words(self.needs.label(slug, code)))
            for slug in self.need_slugs
        }
        self.heads = sorted(
            {words(row["names"].get("nb") or "")[0] for row in rows if row["names"].get("nb")}
        )
        self.vocabulary = _vocabulary(rows, np.random.default_rng([seed, 1]))
        # Zipf–Mandelbrot: f(rank) ~ 1 / (rank + 2.7)
        self.word_share = _shares(1.0 / (np.arange(len(self.vocabulary)) + 2.7))

    def services(self, size: int) -> Iterator[Service]:
        for start in range(0, size, CHUNK):
            yield from self._chunk(start)[: size - start]

    def _chunk(self, start: int) -> list[Service]:
        rng = np.random.default_rng([self.seed, 2, start])
        towns = rng.choice(len(self.towns), CHUNK, p=self.town_share)
        mean, deviation, least, most = DESCRIPTION
        lengths = np.clip(rng.normal(mean, deviation, CHUNK).round(), least, most).astype(int)
        ranks = self._ranks(rng, int(lengths.sum()) + 2 * CHUNK)
        ends = np.cumsum(lengths)
        needs = rng.choice(len(self.need_slugs), (CHUNK, 3), p=self.need_share)
        many = rng.integers(1, 4, CHUNK)
        spoken = rng.random((CHUNK, len(LANGUAGES))) < np.array(list(LANGUAGES.values()))
        lots = rng.random((CHUNK, 3))
        heads = rng.integers(0, len(self.heads), CHUNK)
        hours = rng.integers(-1, len(HOURS), CHUNK)
        scatter = rng.normal(0.0, 1.0, (CHUNK, 2))
        owners = rng.integers(0, 40, CHUNK)
        chosen = [self.vocabulary[rank] for rank in ranks.tolist()]
        named = chosen[int(lengths.sum()) :]
        return [
            self._service(
                start + i,
                self.towns[towns[i]],
                " ".join(chosen[ends[i] - lengths[i] : ends[i]]),
                list(dict.fromkeys(self.need_slugs[n] for n in needs[i, : many[i]].tolist())),
                ["nb", *(code for code, has in zip(LANGUAGES, spoken[i].tolist(), strict=True) if has)],
                lots[i].tolist(),
                (self.heads[heads[i]], named[2 * i], f"{named[2 * i + 1]} {owners[i]}"),
                HOURS[hours[i]] if hours[i] >= 0 else None,
                scatter[i].tolist(),
            )
            for i in range(CHUNK)
        ]

    def _ranks(self, rng: np.random.Generator, number: int) -> np.ndarray:
        return rng.choice(len(self.vocabulary), number, p=self.word_share)

    def _service(
        self,
        number: int,
        town: Town,
        description: str,
        needs: list[str],
        languages: list[str],
        lots: list[float],
        names: tuple[str, str, str],
        hours: str | None,
        scatter: list[float],
    ) -> Service:
        reach = 2 if lots[0] < NATIONAL else 1 if lots[0] < NATIONAL + REGIONAL else 0
        placed = reach < 2 or lots[1] >= PLACELESS
        head, word, owner = names
        place = fold(town.name)
        # a town reaches further the more people live there: about 5 km where 100,000 do
        sigma = 0.5 + math.sqrt(town.population) / 70
        north = scatter[0] * sigma / 111.2
        east = scatter[1] * sigma / (111.2 * math.cos(math.radians(town.lat)))
        areas = {2: ("area:national:NO",), 1: (f"area:county:{town.county}",), 0: ()}[reach]
        return Service(
            number=number,
            name=f"{head} {word}"
            if reach == 2
            else f"{head} {word} {place}"
            if lots[2] < 0.5
            else f"{head} {place}",
            organization=f"{owner} {place}",
            need_text=" ".join(self.need_texts[slug] for slug in needs),
            description=description,
            stated=tuple(needs),
            needs=tuple(dict.fromkeys(name for slug in needs for name in self.need_families[slug])),
            languages=tuple(languages),
            lat=town.lat + north if placed else None,
            lon=town.lon + east if placed else None,
            town=town,
            reach=reach,
            areas=areas,
            hours=hours,
        )


def _weighted(fields: Iterable[tuple[str, str]]) -> dict[str, float]:
    """Of texts by field: how often each word stands there, weighted by the field."""
    total: defaultdict[str, float] = defaultdict(float)
    for name, text in fields:
        for word in text.split():
            total[word] += FIELD_WEIGHTS[name]
    return dict(total)


def _shares(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum()


def _towns(places: Places) -> list[Town]:
    """Norwegian towns with a population, the largest first."""
    found = []
    with (SEED_DIR / "gazetteer_places_nordic.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            people = int(row["population"] or 0)
            if row["country"] != "NO" or not people:
                continue
            lat, lon = float(row["lat"]), float(row["lon"])
            there = places.at(lat, lon)
            if there is not None and there.county:
                found.append(
                    Town(
                        " ".join(words(row["name"])), row["name"], lat, lon, people,
                        there.municipality_no, there.municipality, there.county,
                    )
                )  # fmt: skip
    return sorted(found, key=lambda town: (-town.population, town.name, town.lat))


def _vocabulary(rows: list[dict[str, dict[str, str]]], rng: np.random.Generator) -> list[str]:
    """The words of the real entries, the most frequent first, then made-up ones."""
    counts: Counter[str] = Counter()
    for row in rows:
        for texts in (row["names"], row.get("descriptions") or {}):
            for text in texts.values():
                counts.update(words(text))
    known = dict.fromkeys(word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    while len(known) < VOCABULARY:
        syllables = rng.integers(0, len(SYLLABLES), rng.integers(2, 5))
        known.setdefault("".join(SYLLABLES[s] for s in syllables) + ENDINGS[rng.integers(0, len(ENDINGS))])
    return list(known)

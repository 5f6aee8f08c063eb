"""What is asked in the comparison of speed, and the right answers, worked out without any of the engines."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from directory.places.distance import chord_distances_km, distances_km, earth_centred_km
from directory.search.matching import ranking
from directory.search.query import Weights
from tests.bench.generator import LANGUAGES, Service, World

RADIUS_KM = 25.0
FIRST = 20
LEAST_RANK, MOST_RANK = 40, 4000  # words sought: none that stands everywhere, none that hardly anything has
TEXT, NARROW, NEAR, SERVED, NEED = (
    "text", "text + need + language + 25 km", "text + 25 km", "text + 25 km or serving it", "need + 25 km",
)  # fmt: skip
# How a place counts, in every engine. Where none is asked for the words alone decide.
WEIGHTS = Weights(placeless_most=1.0)
KINDS = (TEXT, NARROW, NEAR, NEED, SERVED)


@dataclass(frozen=True, slots=True)
class Question:
    """Every criterion given must hold; of the words, one is enough."""

    kind: str
    words: tuple[str, ...] = ()
    need: str | None = None
    language: str | None = None
    point: tuple[float, float] | None = None
    serving: tuple[
        str, ...
    ] = ()  # "area:…" keys: who serves the point takes part, however far away it stands


@dataclass(frozen=True, slots=True)
class Answer:
    total: int
    facets: dict[str, int]  # slug of a need -> services, none of 0
    first: Sequence[object]  # the best ones, as the engine names them: see ``Peer.numbers``


def questions(world: World, kind: str, number: int) -> list[Question]:
    """Distinct draws; the same for the same world."""
    rng = np.random.default_rng([world.seed, 3, KINDS.index(kind)])
    share = world.word_share[LEAST_RANK:MOST_RANK] / world.word_share[LEAST_RANK:MOST_RANK].sum()
    codes, weights = zip(*LANGUAGES.items(), strict=True)
    spoken = np.array(weights) / sum(weights)
    drawn = []
    for _ in range(number):
        ranks = LEAST_RANK + rng.choice(len(share), int(rng.integers(2, 4)), replace=False, p=share)
        need = world.need_slugs[int(rng.choice(len(world.need_slugs), p=world.need_share))]
        town = world.towns[int(rng.choice(len(world.towns), p=world.town_share))]
        language = codes[int(rng.choice(len(codes), p=spoken))]
        east, north = rng.normal(0.0, 0.02, 2).tolist()
        serving = ("area:national:NO", f"area:county:{town.county}")
        drawn.append(
            Question(
                kind,
                words=() if kind == NEED else tuple(world.vocabulary[rank] for rank in ranks.tolist()),
                need=need if kind in (NARROW, NEED) else None,
                language=language if kind == NARROW else None,
                point=None if kind == TEXT else (town.lat + north, town.lon + east),
                serving=serving if kind == SERVED else (),
            )
        )
    return drawn


class Facts:
    """The directory as arrays by number, and who has each word that is asked for: for the oracle, and for engines
    that leave distances and counts to their caller."""

    def __init__(self, services: Iterable[Service], asked: Iterable[Question]) -> None:
        having: dict[str, array[int]] = {word: array("I") for question in asked for word in question.words}
        places, reach = array("d"), array("b")
        spoken: dict[str, array[int]] = {}
        needed: dict[str, array[int]] = {}
        areas: dict[str, array[int]] = {}
        for service in services:
            number = service.number
            nowhere = service.lat is None or service.lon is None
            places.extend((np.nan, np.nan) if nowhere else (service.lat, service.lon))  # type: ignore[arg-type]
            reach.append(service.reach)
            for said, where in (
                (service.languages, spoken), (service.needs, needed), (service.areas, areas),
            ):  # fmt: skip
                for value in said:
                    where.setdefault(value, array("I")).append(number)
            texts = (service.name, service.organization, service.need_text, service.description)
            for word in {word for text in texts for word in text.split()} & having.keys():
                having[word].append(number)
        self.size = len(reach)
        points = np.array(places, dtype=float).reshape(-1, 2)
        self.lat, self.lon = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
        self._position = earth_centred_km(self.lat, self.lon)
        self.reach = np.array(reach, dtype=np.int8)
        self.needs = sorted(needed)
        self._needed = {slug: self._mask(numbers) for slug, numbers in needed.items()}
        self._spoken = {code: self._mask(numbers) for code, numbers in spoken.items()}
        self._areas = {key: self._mask(numbers) for key, numbers in areas.items()}
        self._having = {word: np.array(numbers, dtype=np.uint32) for word, numbers in having.items()}
        self._needs_at = self._columns()

    def _columns(self) -> np.ndarray:
        """The needs of each by their place in ``needs``, filled up with the number of needs: quick to count."""
        filled = np.zeros(self.size, dtype=np.intp)
        for mask in self._needed.values():
            filled += mask
        at = np.full((self.size, filled.max(initial=0)), len(self.needs), dtype=np.uint8)
        filled[:] = 0
        for column, slug in enumerate(self.needs):
            rows = np.flatnonzero(self._needed[slug])
            at[rows, filled[rows]] = column
            filled[rows] += 1
        return at

    def _mask(self, numbers: Iterable[int]) -> np.ndarray:
        mask = np.zeros(self.size, dtype=bool)
        mask[np.fromiter(numbers, dtype=np.uint32)] = True
        return mask

    def serving(self, keys: Iterable[str]) -> np.ndarray:
        mask = np.zeros(self.size, dtype=bool)
        for key in keys:
            if key in self._areas:
                mask |= self._areas[key]
        return mask

    def right(self, question: Question) -> tuple[int, dict[str, int]]:
        """(total, facets) by going through everything. Distances by Vincenty's formula, on the ellipsoid."""
        mask = np.ones(self.size, dtype=bool)
        if question.words:
            mask[:] = False
            for word in question.words:
                mask[self._having[word]] = True
        for value, having in ((question.need, self._needed), (question.language, self._spoken)):
            if value is not None:
                mask &= having.get(value, np.zeros(self.size, dtype=bool))
        if question.point is not None:
            lat, lon = question.point
            # so much further than the radius that no formula matters, and the slow one need not be asked
            around = np.abs(self.lat - lat) < RADIUS_KM / 100
            around &= np.abs(self.lon - lon) < RADIUS_KM / 100 / math.cos(math.radians(lat))
            candidates = np.flatnonzero(mask & around)
            near = np.zeros(self.size, dtype=bool)
            distances = distances_km(lat, lon, self.lat[candidates], self.lon[candidates])
            near[candidates[distances <= RADIUS_KM]] = True
            mask &= near | self.serving(question.serving)
        found = np.flatnonzero(mask)
        counts = {slug: int(having[found].sum()) for slug, having in self._needed.items()}
        return len(found), {slug: count for slug, count in counts.items() if count}

    def answer(self, question: Question, numbers: np.ndarray, scores: np.ndarray) -> Answer:
        """Of those that an engine found by words, filters and a box around the point: who stands within the circle or
        serves it, counted, and the first ones by number."""
        if question.point is None:
            chosen = first(scores)
            return Answer(len(numbers), self.count(numbers), numbers[chosen].tolist())
        distances = chord_distances_km(*question.point, self._position[:, numbers])
        serving = (
            self.serving(question.serving)[numbers] if question.serving else np.zeros(len(numbers), bool)
        )
        kept = np.flatnonzero((distances <= RADIUS_KM) | serving)
        numbers = numbers[kept]
        best = self.best(numbers, scores[kept], distances[kept], serving[kept])
        return Answer(len(numbers), self.count(numbers), numbers[best].tolist())

    def count(self, numbers: np.ndarray) -> dict[str, int]:
        """Services by need, of these numbers."""
        counts = np.bincount(self._needs_at[numbers].ravel(), minlength=len(self.needs)).tolist()
        return {slug: count for slug, count in zip(self.needs, counts, strict=False) if count}

    def best(
        self, numbers: np.ndarray, scores: np.ndarray, distances: np.ndarray, serving: np.ndarray
    ) -> np.ndarray:
        """Indices of the first ones: by score and place, as our own ranking weighs a place."""
        reach, half = self.reach[numbers], WEIGHTS.half_distance_km
        beyond = np.maximum(distances - WEIGHTS.door_km, 0.0)
        beyond += ranking.WITHIN * np.minimum(distances, WEIGHTS.door_km)
        factor = np.where(np.isnan(distances), ranking.UNPLACED, half / (half + beyond))
        factor = np.where(serving, np.maximum(factor, WEIGHTS.regional), factor)
        return first(scores * np.where(reach == 2, np.maximum(factor, WEIGHTS.national), factor))


def first(scores: np.ndarray) -> np.ndarray:
    """Indices of the highest scores, the highest first."""
    several = len(scores) > FIRST
    chosen = np.argpartition(-scores, FIRST - 1)[:FIRST] if several else np.arange(len(scores))
    return chosen[np.argsort(-scores[chosen], kind="stable")]

"""What is asked in the comparison of speed, and the right answers, worked out without any of the engines."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from directory.places import distances_km
from directory.search import ranking
from directory.search.query import Weights
from tests.bench.generator import LANGUAGES, Service, World

RADIUS_KM = 25.0
FIRST = 20
LEAST_RANK, MOST_RANK = 40, 4000  # words sought: none that stands everywhere, none that hardly anything has
TEXT, NARROW, NEAR, SERVED, NEED = (
    "text", "text + need + language + 25 km", "text + 25 km", "text + 25 km or serving it", "need + 25 km",
)  # fmt: skip
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
        self.reach = np.array(reach, dtype=np.int8)
        self.needs = sorted(needed)
        self.needs_of = np.zeros((self.size, len(self.needs)), dtype=bool)
        for column, slug in enumerate(self.needs):
            self.needs_of[np.array(needed[slug]), column] = True
        self._spoken = {code: self._mask(numbers) for code, numbers in spoken.items()}
        self._areas = {key: self._mask(numbers) for key, numbers in areas.items()}
        self._having = {word: np.array(numbers, dtype=np.uint32) for word, numbers in having.items()}

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
        if question.need is not None:
            mask &= (
                self.needs_of[:, self.needs.index(question.need)] if question.need in self.needs else False
            )
        if question.language is not None:
            mask &= self._spoken.get(question.language, np.zeros(self.size, dtype=bool))
        if question.point is not None:
            near = distances_km(*question.point, self.lat, self.lon) <= RADIUS_KM
            mask &= near | self.serving(question.serving)
        return int(mask.sum()), self.count(np.flatnonzero(mask))

    def count(self, numbers: np.ndarray) -> dict[str, int]:
        """Services by need, of these numbers."""
        counts = self.needs_of[numbers].sum(axis=0).tolist()
        return {slug: count for slug, count in zip(self.needs, counts, strict=True) if count}

    def best(
        self, numbers: np.ndarray, scores: np.ndarray, distances: np.ndarray, serving: np.ndarray
    ) -> np.ndarray:
        """Indices of the first ones: by score and place, as our own ranking weighs a place."""
        scores = scores * ranking.place_factor(distances, self.reach[numbers], serving, Weights())
        several = len(scores) > FIRST
        chosen = np.argpartition(-scores, FIRST - 1)[:FIRST] if several else np.arange(len(scores))
        return chosen[np.argsort(-scores[chosen], kind="stable")]

"""What a place is, and what the gazetteer answers."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["point", "postcode", "district", "town", "municipality", "region", "county", "country"]
Precision = Literal["point", "postcode", "town", "municipality", "county", "country"]
Matched = Literal["exact", "alias", "inflected", "typo"]

PRECISION: dict[Kind, Precision] = {
    "point": "point",
    "postcode": "postcode",
    "district": "town",
    "town": "town",
    "municipality": "municipality",
    "region": "county",
    "county": "county",
    "country": "country",
}


class Place(NamedTuple):
    """A place with a point. A ``region`` is a part of a country without a council of its own: Lofoten, Hordaland."""

    name: str  # as people write it there: "Tromsø"; a postcode's is "9019 Tromsø"
    kind: Kind
    lat: float  # WGS 84 degrees: the town's centre where it is known, else where people live on average
    lon: float
    precision: Precision
    country: str  # ISO 3166-1 alpha-2; "ZZ" (CLDR: unknown region) for a point at sea or far abroad
    municipality: str | None = None  # Norwegian, by the division of 2024
    municipality_no: str | None = None
    county: str | None = None
    population: int = 0  # 0: not known
    radius_km: float = 0.0  # how far the place itself reaches, roughly

    @property
    def point(self) -> tuple[float, float]:
        return self.lat, self.lon


class Found(NamedTuple):
    """``alternatives``: other places that the same words may mean, best first; not the same place at another level."""

    place: Place
    matched: Matched
    alternatives: tuple[Place, ...] = ()

    @property
    def ambiguous(self) -> bool:
        return bool(self.alternatives)


class Span(NamedTuple):
    """A place name among words: ``words[start:end]``.

    ``accidental``: these words are more often something else ("ski", "os", "hell", the year 2024); they are a place
    only where something else says so: a preposition before them, or that nothing else was written.
    """

    start: int
    end: int
    places: tuple[Place, ...]  # best first
    matched: Matched
    score: float  # in (0, 1]: how sure it is that the name was meant
    accidental: bool = False

    @property
    def place(self) -> Place:
        return self.places[0]

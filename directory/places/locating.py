"""From a point back to its municipality: by the nearest postcode whose own point can be trusted.

There are no borders in the gazetteer, so an answer near one may be the neighbour's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from directory.places.distance import chord_distances_km, earth_centred_km
from directory.places.place import Place
from directory.places.sources import PostalRow

_NORWAY_KM = 40.0  # the mainland's emptiest places are this far from a postcode; further out it is sea
_ABROAD_KM = 30.0


class Locator:
    def __init__(
        self, rows: Sequence[PostalRow], municipalities: Mapping[str, Place], foreign: Sequence[Place]
    ) -> None:
        trusted = [r for r in rows if r.trusted]
        self._numbers = [r.municipality_no for r in trusted]
        self._municipalities = municipalities
        self._at = earth_centred_km(np.array([r.lat for r in trusted]), np.array([r.lon for r in trusted]))
        self._foreign = foreign
        self._abroad = earth_centred_km(
            np.array([p.lat for p in foreign]), np.array([p.lon for p in foreign])
        )

    def at(self, lat: float, lon: float) -> Place | None:
        """The Norwegian municipality of a point, or the nearest town abroad; None at sea and far from the Nordics."""
        here = chord_distances_km(lat, lon, self._at)
        abroad = chord_distances_km(lat, lon, self._abroad)
        nearest, foreign = int(here.argmin()), int(abroad.argmin())
        if here[nearest] <= _NORWAY_KM and here[nearest] <= abroad[foreign]:
            return self._municipalities[self._numbers[nearest]]
        if abroad[foreign] <= _ABROAD_KM:
            return self._foreign[foreign]
        return self._municipalities[self._numbers[nearest]] if here[nearest] <= _NORWAY_KM else None

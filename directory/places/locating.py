"""From a point back to its municipality: by the nearest postcode whose own point can be trusted.

There are no borders in the gazetteer, so an answer near one may be the neighbour's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from directory.places.distance import earth_centred_km, position_km
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
        self._here = _Points(
            earth_centred_km(np.array([r.lat for r in trusted]), np.array([r.lon for r in trusted]))
        )
        self._foreign = foreign
        self._abroad = _Points(
            earth_centred_km(np.array([p.lat for p in foreign]), np.array([p.lon for p in foreign]))
        )

    def at(self, lat: float, lon: float) -> Place | None:
        """The Norwegian municipality of a point, or the nearest town abroad; None at sea and far from the Nordics."""
        nearest, here_km = self._here.nearest(lat, lon)
        foreign, abroad_km = self._abroad.nearest(lat, lon)
        if here_km <= _NORWAY_KM and here_km <= abroad_km:
            return self._municipalities[self._numbers[nearest]]
        if abroad_km <= _ABROAD_KM:
            return self._foreign[foreign]
        return self._municipalities[self._numbers[nearest]] if here_km <= _NORWAY_KM else None


class _Points:
    """In earth-centred coordinates, km, shape (3, n)."""

    def __init__(self, positions: np.ndarray) -> None:
        self._positions = positions
        self._half_squares = (positions**2).sum(axis=0) / 2

    def nearest(self, lat: float, lon: float) -> tuple[int, float]:
        """Number of the one at the least chord, and its length (km, to some 10 cm).

        |p - x|² = |x|² - 2 (p·x - |p|²/2): one product tells, without a root or an arc for each.
        """
        x = np.array(position_km(lat, lon))
        near = x @ self._positions - self._half_squares
        number = int(near.argmax())
        return number, math.sqrt(max(float(x @ x) - 2 * float(near[number]), 0.0))

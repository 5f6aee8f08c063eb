"""From a point back to its municipality: by the nearest postcode whose own point can be trusted.

There are no borders in the gazetteer, so an answer near one may be the neighbour's.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence

import numpy as np

from directory.places.distance import earth_centred_km, position_km
from directory.places.place import Place
from directory.places.sources import PostalRow

_NORWAY_KM = 40.0  # the mainland's emptiest places are this far from a postcode; further out it is sea
_ABROAD_KM = 30.0


_NEAR = 0.1  # degrees of latitude, in which the nearest is looked for first
_KM = 110.0  # of a degree of latitude: it is 110.6 at least


class Locator:
    def __init__(
        self, rows: Sequence[PostalRow], municipalities: Mapping[str, Place], foreign: Sequence[Place]
    ) -> None:
        here = [r for r in rows if r.trusted]
        self._municipalities = [municipalities[r.municipality_no] for r in here]
        self._here = _Points([(r.lat, r.lon) for r in here])
        self._foreign = foreign
        self._all = _Points([*self._here.points, *((p.lat, p.lon) for p in foreign)])

    def at(self, lat: float, lon: float) -> Place | None:
        """The Norwegian municipality of a point, or the nearest town abroad; None at sea and far from the Nordics."""
        nearest, away_km = self._all.nearest(lat, lon)
        if nearest >= len(self._municipalities):
            if away_km <= _ABROAD_KM:
                return self._foreign[nearest - len(self._municipalities)]
            nearest, away_km = self._here.nearest(lat, lon)
        return self._municipalities[nearest] if away_km <= _NORWAY_KM else None


class _Points:
    """(latitude, longitude) each, known by their number; of several at one place the first counts."""

    def __init__(self, points: Sequence[tuple[float, float]]) -> None:
        self.points = points
        order = sorted(range(len(points)), key=lambda i: points[i][0])
        self._numbers = order
        self._latitudes = [points[i][0] for i in order]
        latitudes, longitudes = (np.array([points[i][axis] for i in order], dtype=float) for axis in (0, 1))
        self._positions = np.ascontiguousarray(earth_centred_km(latitudes, longitudes).T)
        self._half_squares = (self._positions**2).sum(axis=1) / 2

    def nearest(self, lat: float, lon: float) -> tuple[int, float]:
        """Number of the one at the least chord, and its length (km, to some 10 cm)."""
        first, last = bisect_left(self._latitudes, lat - _NEAR), bisect_left(self._latitudes, lat + _NEAR)
        if first < last:
            number, away = self._nearest_of(lat, lon, first, last)
            if away < _NEAR * _KM:  # those of other latitudes are farther
                return number, away
        return self._nearest_of(lat, lon, 0, len(self._latitudes))

    def _nearest_of(self, lat: float, lon: float, first: int, last: int) -> tuple[int, float]:
        """|p - x|² = |x|² - 2 (p·x - |p|²/2): one product tells, without a root or an arc for each."""
        x = position_km(lat, lon)
        near = self._positions[first:last].dot(x) - self._half_squares[first:last]
        row = int(near.argmax())
        square = x[0] * x[0] + x[1] * x[1] + x[2] * x[2]
        return self._numbers[first + row], math.sqrt(max(square - 2 * float(near[row]), 0.0))

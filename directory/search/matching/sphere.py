"""Distances told roughly but quickly: from points on a unit sphere, with bounds that hold on the ellipsoid."""

from __future__ import annotations

import math

import numpy as np

from directory.search.matching.compiled import inner

# The sphere of the mean radius is at most 0.6 % off the ellipsoid (the radius of curvature of a meridian goes from 6335
# to 6400 km); single precision adds some metres.
_RADIUS_KM, _OFF, _BLUR_KM = 6371.0, 0.007, 0.01
_NEAR = 0.04  # up to here (some 2,500 km), four terms tell the arc within a ten-millionth


def unit_vectors(latitudes: np.ndarray, longitudes: np.ndarray) -> np.ndarray:
    """Points on a unit sphere (float32, a row each) for degrees."""
    latitude, longitude = np.radians(latitudes), np.radians(longitudes)
    east = np.cos(latitude)
    return np.stack((east * np.cos(longitude), east * np.sin(longitude), np.sin(latitude)), axis=-1).astype(
        np.float32
    )


def most_km(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """What ``rough_km`` gives as most, for rows of points on the unit sphere; NaN gives NaN."""
    half = np.linalg.norm(some.astype(np.float64) - others, axis=-1) / 2
    return 2 * _RADIUS_KM * np.arcsin(np.minimum(half, 1.0)) * (1 + _OFF) + _BLUR_KM


@inner
def unit_vector(latitude: float, longitude: float) -> tuple[float, float, float]:
    """One point in degrees on a unit sphere."""
    lat, lon = math.radians(latitude), math.radians(longitude)
    return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)


@inner
def rough_km(one: tuple[float, float, float], other: tuple[float, float, float]) -> tuple[float, float]:
    """(least, most) distance between two points on the unit sphere; NaN gives NaN."""
    x, y, z = one[0] - other[0], one[1] - other[1], one[2] - other[2]
    square = (x * x + y * y + z * z) / 4
    half = math.sqrt(square)
    if square < _NEAR:
        arc = half * (1.0 + square * (1 / 6 + square * (3 / 40 + square * (5 / 112))))
    else:
        arc = math.asin(1.0 if half > 1.0 else half)
    distance = 2 * _RADIUS_KM * arc
    return max(distance * (1 - _OFF) - _BLUR_KM, 0.0), distance * (1 + _OFF) + _BLUR_KM

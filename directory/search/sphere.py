"""Distances told roughly but quickly: from points on a unit sphere, with bounds that hold on the ellipsoid."""

from __future__ import annotations

import numpy as np

# The sphere of the mean radius is at most 0.6 % off the ellipsoid (the radius of curvature of a meridian goes from 6335
# to 6400 km); single precision adds some metres.
_RADIUS_KM, _OFF, _BLUR_KM = 6371.0, 0.007, 0.01


def unit_vectors(latitudes: np.ndarray, longitudes: np.ndarray) -> np.ndarray:
    """Points on a unit sphere (float32, a row each) for degrees."""
    latitude, longitude = np.radians(latitudes), np.radians(longitudes)
    east = np.cos(latitude)
    return np.stack((east * np.cos(longitude), east * np.sin(longitude), np.sin(latitude)), axis=-1).astype(
        np.float32
    )


def rough_km(point: tuple[float, float], units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(least, most) distance from the point to each of the units."""
    apart = units - unit_vectors(np.array([point[0]]), np.array([point[1]]))
    chord = np.sqrt(np.einsum("ij,ij->i", apart, apart))
    distance = 2 * _RADIUS_KM * np.arcsin(np.minimum(chord / 2, 1)).astype(np.float64)
    return np.maximum(distance * (1 - _OFF) - _BLUR_KM, 0.0), distance * (1 + _OFF) + _BLUR_KM

"""Distances on the WGS 84 ellipsoid, in km, over arrays; and the box that holds a circle.

Sources: T. Vincenty, "Direct and inverse solutions of geodesics on the ellipsoid with application of nested
equations", Survey Review XXIII 176 (1975), inverse formula; C. F. F. Karney's algorithm by way of geopy where
Vincenty's doesn't converge (nearly antipodal points) and for a single pair; radii of curvature as in any geodesy text.
"""

from __future__ import annotations

import math

import numpy as np
from geopy.distance import geodesic

_A = 6378.137  # km; WGS 84 semi-major axis
_F = 1 / 298.257223563
_B = _A * (1 - _F)
_E2 = _F * (2 - _F)
_MERIDIAN_MIN = _A * (1 - _E2)  # smallest radius of curvature anywhere: along the meridian, at the equator
_ROUNDS = (
    10  # Vincenty gains three digits a round except near antipodes; what isn't done by then goes to Karney
)

Array = np.ndarray


def geodesic_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Length of the geodesic between two (lat, lon) points in WGS 84 degrees, as shown to people."""
    return float(geodesic(a, b).km)


def distances_km(lat: float, lon: float, lats: Array, lons: Array) -> Array:
    """Geodesic distance from one point to each of the others; degrees in, km out, over the whole world.

    Within 1 cm of ``geodesic_km`` everywhere (Vincenty; Karney for the nearly antipodal). NaN gives NaN.
    """
    lats, lons = np.asarray(lats, dtype=float), np.asarray(lons, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        u1 = math.atan((1 - _F) * math.tan(math.radians(lat)))
        sin1, cos1 = math.sin(u1), math.cos(u1)
        u2 = np.arctan((1 - _F) * np.tan(np.radians(lats)))
        sin2, cos2 = np.sin(u2), np.cos(u2)
        turn = np.radians(np.remainder(lons - lon + 180.0, 360.0) - 180.0)
        angle = turn
        for _ in range(_ROUNDS):
            sin_l, cos_l = np.sin(angle), np.cos(angle)
            sin_s = np.hypot(cos2 * sin_l, cos1 * sin2 - sin1 * cos2 * cos_l)
            cos_s = sin1 * sin2 + cos1 * cos2 * cos_l
            sigma = np.arctan2(sin_s, cos_s)
            sin_a = np.where(sin_s > 0, cos1 * cos2 * sin_l / sin_s, 0.0)
            cos2_a = 1 - sin_a**2
            cos_m = np.where(cos2_a > 1e-15, cos_s - 2 * sin1 * sin2 / cos2_a, 0.0)
            c = _F / 16 * cos2_a * (4 + _F * (4 - 3 * cos2_a))
            bend = cos_m + c * cos_s * (2 * cos_m**2 - 1)
            before, angle = angle, turn + (1 - c) * _F * sin_a * (sigma + c * sin_s * bend)
            moved = np.abs(angle - before)
            if not (moved > 1e-12).any():
                break
        u_2 = cos2_a * (_A**2 - _B**2) / _B**2
        big = 1 + u_2 / 16384 * (4096 + u_2 * (-768 + u_2 * (320 - 175 * u_2)))
        small = u_2 / 1024 * (256 + u_2 * (-128 + u_2 * (74 - 47 * u_2)))
        inner = cos_s * (2 * cos_m**2 - 1) - small / 6 * cos_m * (4 * sin_s**2 - 3) * (4 * cos_m**2 - 3)
        result = _B * big * (sigma - small * sin_s * (cos_m + small / 4 * inner))
        astray = (moved > 1e-12) | (np.abs(angle) > math.pi)
    for i in zip(*np.nonzero(np.atleast_1d(astray)), strict=True):
        pair = (float(np.atleast_1d(lats)[i]), float(np.atleast_1d(lons)[i]))
        np.atleast_1d(result)[i] = geodesic_km((lat, lon), pair)
    return result


def earth_centred_km(lats: Array, lons: Array) -> Array:
    """WGS 84 degrees as earth-centred coordinates in km, shape (3, n): made once, for ``chord_distances_km``."""
    phi, lam = np.radians(np.asarray(lats, dtype=float)), np.radians(np.asarray(lons, dtype=float))
    across = _A / np.sqrt(1 - _E2 * np.sin(phi) ** 2)
    return np.stack(
        [
            across * np.cos(phi) * np.cos(lam),
            across * np.cos(phi) * np.sin(lam),
            across * (1 - _E2) * np.sin(phi),
        ]
    )


def position_km(lat: float, lon: float) -> tuple[float, float, float]:
    """``earth_centred_km`` of a single point, at a tenth of the cost."""
    phi, lam = math.radians(lat), math.radians(lon)
    across = _A / math.sqrt(1 - _E2 * math.sin(phi) ** 2)
    level = across * math.cos(phi)
    return level * math.cos(lam), level * math.sin(lam), across * (1 - _E2) * math.sin(phi)


def chord_distances_km(lat: float, lon: float, positions: Array) -> Array:
    """Cheap distances to points from ``earth_centred_km``: the straight chord, bent to an arc of the local radius.

    Within 1 cm of ``geodesic_km`` up to 50 km, 1 m up to 500 km, 0.1 km up to 2000 km; beyond that up to 6 % off.
    """
    x, y, z = position_km(lat, lon)
    chord = np.sqrt((positions[0] - x) ** 2 + (positions[1] - y) ** 2 + (positions[2] - z) ** 2)
    w = 1 - _E2 * math.sin(math.radians(lat)) ** 2
    radius = _A * math.sqrt(1 - _E2) / w  # Gauss's mean of the two radii of curvature, √(MN)
    return 2 * radius * np.arcsin(np.minimum(chord / (2 * radius), 1.0))


def near_distances_km(lat: float, lon: float, lats: Array, lons: Array) -> Array:
    """``chord_distances_km`` for points that have not been prepared: as exact, ten times as dear."""
    return chord_distances_km(lat, lon, earth_centred_km(lats, lons))


def bounding_box(lat: float, lon: float, radius_km: float) -> tuple[float, float, float, float]:
    """(south, west, north, east) in degrees around every point within the radius; a little too wide, never too narrow.

    Over a pole it holds all longitudes. Across the antimeridian west > east, as in GeoJSON (RFC 7946, 5.2).
    """
    reach = radius_km / _MERIDIAN_MIN
    south, north = lat - math.degrees(reach), lat + math.degrees(reach)
    if south <= -90 or north >= 90:
        return max(south, -90.0), -180.0, min(north, 90.0), 180.0
    # on a sphere of the smallest radius, which overstates the angle, a circle reaches asin(sin r / cos φ) east;
    # geodetic against geocentric latitude differ by at most 0.2°, so take the worse one
    widest = math.radians(min(abs(lat) + 0.2, 90.0))
    ratio = math.sin(min(reach, math.pi / 2)) / max(math.cos(widest), 1e-12)
    if ratio >= 1:
        return south, -180.0, north, 180.0
    turn = math.degrees(math.asin(ratio))
    if turn >= 180:
        return south, -180.0, north, 180.0
    west, east = lon - turn, lon + turn
    return south, west + 360 if west < -180 else west, north, east - 360 if east > 180 else east

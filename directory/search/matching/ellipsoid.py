"""The distance between two points on the WGS 84 ellipsoid, compiled into the search.

T. Vincenty, "Direct and inverse solutions of geodesics on the ellipsoid with application of nested equations", Survey
Review XXIII 176 (1975), inverse formula: what ``places.distance.distances_km`` works out over arrays.
"""

from __future__ import annotations

import math

from directory.search.matching.compiled import inner

_A = 6378.137  # km; WGS 84 semi-major axis
_F = 1 / 298.257223563
_B = _A * (1 - _F)
_ROUNDS = 10


@inner
def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Degrees in, km out, within 1 cm of the geodesic; -1 for nearly antipodal points, where the formula doesn't
    converge. NaN gives NaN."""
    u1 = math.atan((1 - _F) * math.tan(math.radians(lat)))
    u2 = math.atan((1 - _F) * math.tan(math.radians(other_lat)))
    sin1, cos1, sin2, cos2 = math.sin(u1), math.cos(u1), math.sin(u2), math.cos(u2)
    apart = (other_lon - lon + 180.0) % 360.0 - 180.0
    turn = math.radians(apart)
    angle = turn
    converged = False
    sin_s = cos_s = sigma = cos2_a = cos_m = 0.0
    for _ in range(_ROUNDS):
        sin_l, cos_l = math.sin(angle), math.cos(angle)
        sin_s = math.hypot(cos2 * sin_l, cos1 * sin2 - sin1 * cos2 * cos_l)
        cos_s = sin1 * sin2 + cos1 * cos2 * cos_l
        sigma = math.atan2(sin_s, cos_s)
        sin_a = cos1 * cos2 * sin_l / sin_s if sin_s > 0 else 0.0
        cos2_a = 1 - sin_a**2
        cos_m = cos_s - 2 * sin1 * sin2 / cos2_a if cos2_a > 1e-15 else 0.0
        c = _F / 16 * cos2_a * (4 + _F * (4 - 3 * cos2_a))
        bend = cos_m + c * cos_s * (2 * cos_m**2 - 1)
        before = angle
        angle = turn + (1 - c) * _F * sin_a * (sigma + c * sin_s * bend)
        if not abs(angle - before) > 1e-12:
            converged = True
            break
    if not converged or abs(angle) > math.pi:
        return -1.0
    u_2 = cos2_a * (_A**2 - _B**2) / _B**2
    big = 1 + u_2 / 16384 * (4096 + u_2 * (-768 + u_2 * (320 - 175 * u_2)))
    small = u_2 / 1024 * (256 + u_2 * (-128 + u_2 * (74 - 47 * u_2)))
    inner = cos_s * (2 * cos_m**2 - 1) - small / 6 * cos_m * (4 * sin_s**2 - 3) * (4 * cos_m**2 - 3)
    return _B * big * (sigma - small * sin_s * (cos_m + small / 4 * inner))

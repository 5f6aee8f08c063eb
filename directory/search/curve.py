"""Points on a line: the Hilbert curve over WGS 84 degrees, so that what is near in the world is near in the index.

A key has 2 x 20 bits (a cell is 19 m high and at most 38 m wide). The curve: D. Hilbert, Mathematische Annalen 38
(1891); the step by quadrants as in H. S. Warren, Hacker's Delight, 2nd ed., ch. 16.
"""

from __future__ import annotations

import math

import numpy as np

BITS = 20
_CELLS = 1 << BITS
# The least radii of curvature of the WGS 84 ellipsoid (km), rounded down: a box made with them is never too small.
_LEAST_MERIDIAN_RADIUS = 6335.0
_BOX_CELLS = 8  # a box is covered by at most 9 x 9 cells


def _table() -> tuple[np.ndarray, np.ndarray]:
    """For each of 4 orientations and 4 + 4 bits of x and y: 8 bits of the key, and the orientation after them."""
    digits = np.zeros(4 * 256, dtype=np.int64)
    states = np.zeros(4 * 256, dtype=np.int64)
    for state in range(4):
        for x in range(16):
            for y in range(16):
                swap, invert, key = state & 1, state >> 1, 0
                for bit in (3, 2, 1, 0):
                    bx, by = (x >> bit & 1) ^ invert, (y >> bit & 1) ^ invert
                    if swap:
                        bx, by = by, bx
                    key = key << 2 | ((3 * bx) ^ by)
                    if by == 0:
                        invert ^= bx
                        swap ^= 1
                digits[state << 8 | x << 4 | y] = key
                states[state << 8 | x << 4 | y] = invert << 1 | swap
    return digits, states


_DIGITS, _STATES = _table()


def _keys_of_cells(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    key = np.zeros(x.shape, dtype=np.int64)
    state = np.zeros(x.shape, dtype=np.int64)
    for shift in range(BITS - 4, -1, -4):
        index = state << 8 | (x >> shift & 15) << 4 | (y >> shift & 15)
        key = key << 8 | _DIGITS[index]
        state = _STATES[index]
    return key


def _cell(degrees: np.ndarray, span: float) -> np.ndarray:
    return np.clip((degrees / span * _CELLS).astype(np.int64), 0, _CELLS - 1)


def keys(latitudes: np.ndarray, longitudes: np.ndarray) -> np.ndarray:
    """Hilbert keys (uint64) of points in degrees."""
    x = _cell(np.asarray(longitudes, dtype=np.float64) + 180.0, 360.0)
    y = _cell(np.asarray(latitudes, dtype=np.float64) + 90.0, 180.0)
    return _keys_of_cells(x, y).astype(np.uint64)


def _boxes(latitude: float, longitude: float, radius_km: float) -> list[tuple[float, float, float, float]]:
    """(south, north, west, east) in degrees, around all that is within the radius; two across the antimeridian."""
    angle = radius_km / _LEAST_MERIDIAN_RADIUS
    south, north = latitude - math.degrees(angle), latitude + math.degrees(angle)
    if south <= -90.0 or north >= 90.0 or angle >= math.pi / 2:
        return [(max(south, -90.0), min(north, 90.0), -180.0, 180.0)]
    reach = math.sin(angle) / math.cos(math.radians(latitude))
    if reach >= 1.0:
        return [(south, north, -180.0, 180.0)]
    # A thousandth more: the box is a sphere's, the points lie on an ellipsoid.
    width = math.degrees(math.asin(reach)) * 1.001
    west, east = longitude - width, longitude + width
    if west < -180.0:
        return [(south, north, west + 360.0, 180.0), (south, north, -180.0, east)]
    if east > 180.0:
        return [(south, north, west, 180.0), (south, north, -180.0, east - 360.0)]
    return [(south, north, west, east)]


def covering(latitude: float, longitude: float, radius_km: float) -> np.ndarray:
    """Ranges of keys, half open, sorted and disjoint, shape (n, 2) uint64, that hold every point within the radius.

    There are at most some 80 of them, usually about ten; they also hold points that are farther away.
    """
    parts = []
    for south, north, west, east in _boxes(latitude, longitude, radius_km):
        x0, x1 = _cell(np.array([west + 180.0, east + 180.0]), 360.0).tolist()
        y0, y1 = _cell(np.array([south + 90.0, north + 90.0]), 180.0).tolist()
        shift = max(0, (max(x1 - x0, y1 - y0) // _BOX_CELLS).bit_length())
        xs = np.arange(x0 >> shift, (x1 >> shift) + 1, dtype=np.int64)
        ys = np.arange(y0 >> shift, (y1 >> shift) + 1, dtype=np.int64)
        cells = _keys_of_cells(np.repeat(xs, len(ys)) << shift, np.tile(ys, len(xs)) << shift) >> (2 * shift)
        parts.append(np.stack((cells << (2 * shift), (cells + 1) << (2 * shift)), axis=1))
    ranges = np.concatenate(parts)
    ranges = ranges[np.argsort(ranges[:, 0])]
    # Cells of two boxes may differ in size and overlap: join what touches.
    ends = np.maximum.accumulate(ranges[:, 1])
    first = np.concatenate(([True], ranges[1:, 0] > ends[:-1]))
    last = np.concatenate((first[1:], [True]))
    return np.stack((ranges[first, 0], ends[last]), axis=1).astype(np.uint64)

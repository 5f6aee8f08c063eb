"""Points on a line: the Hilbert curve over WGS 84 degrees, so that what is near in the world is near in the index.

A key has 2 x 20 bits (a cell is 19 m high and at most 38 m wide). The curve: D. Hilbert, Mathematische Annalen 38
(1891); the step by quadrants as in H. S. Warren, Hacker's Delight, 2nd ed., ch. 16.
"""

from __future__ import annotations

import math

import numpy as np

from directory.search.matching.compiled import compiled, inner

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


@inner
def _key_of_cell(x: int, y: int) -> int:
    key = state = 0
    for step in range(BITS // 4):
        shift = BITS - 4 - 4 * step
        index = state << 8 | (x >> shift & 15) << 4 | (y >> shift & 15)
        key = key << 8 | _DIGITS[index]
        state = _STATES[index]
    return key


@inner
def _cell_of(degrees: float, span: float) -> int:
    return min(max(int(degrees / span * _CELLS), 0), _CELLS - 1)


@compiled
def _boxes(latitude: float, longitude: float, radius_km: float) -> np.ndarray:
    """(south, north, west, east) in degrees, around all that is within the radius; two across the antimeridian."""
    boxes = np.empty((2, 4))
    angle = radius_km / _LEAST_MERIDIAN_RADIUS
    south, north = latitude - math.degrees(angle), latitude + math.degrees(angle)
    west, east = -180.0, 180.0
    if south <= -90.0 or north >= 90.0 or angle >= math.pi / 2:
        south, north = max(south, -90.0), min(north, 90.0)
    else:
        reach = math.sin(angle) / math.cos(math.radians(latitude))
        if reach < 1.0:
            # A thousandth more: the box is a sphere's, the points lie on an ellipsoid.
            width = math.degrees(math.asin(reach)) * 1.001
            west, east = longitude - width, longitude + width
    boxes[:, 0], boxes[:, 1], boxes[:, 2], boxes[:, 3] = south, north, west, east
    if west < -180.0:
        boxes[0, 2], boxes[0, 3], boxes[1, 2] = west + 360.0, 180.0, -180.0
        return boxes
    if east > 180.0:
        boxes[0, 3], boxes[1, 2], boxes[1, 3] = 180.0, -180.0, east - 360.0
        return boxes
    return boxes[:1]


@compiled
def covering(latitude: float, longitude: float, radius_km: float) -> np.ndarray:
    """Ranges of keys, half open, sorted and disjoint, shape (n, 2) uint64, that hold every point within the radius.

    There are at most some 80 of them, usually about ten; they also hold points that are farther away.
    """
    boxes = _boxes(latitude, longitude, radius_km)
    starts = np.empty(2 * (_BOX_CELLS + 2) ** 2, dtype=np.uint64)
    ends = np.empty(len(starts), dtype=np.uint64)
    number = 0
    for i in range(len(boxes)):
        south, north, west, east = boxes[i]
        x0, x1 = _cell_of(west + 180.0, 360.0), _cell_of(east + 180.0, 360.0)
        y0, y1 = _cell_of(south + 90.0, 180.0), _cell_of(north + 90.0, 180.0)
        shift, size = 0, max(x1 - x0, y1 - y0) // _BOX_CELLS
        while size >> shift:
            shift += 1
        for x in range(x0 >> shift, (x1 >> shift) + 1):
            for y in range(y0 >> shift, (y1 >> shift) + 1):
                cell = _key_of_cell(x << shift, y << shift) >> (2 * shift)
                start, at = np.uint64(cell << (2 * shift)), number
                while at and starts[at - 1] > start:  # there are few: in its place, in ascending order
                    starts[at], ends[at] = starts[at - 1], ends[at - 1]
                    at -= 1
                starts[at], ends[at] = start, np.uint64((cell + 1) << (2 * shift))
                number += 1
    # Cells of two boxes may differ in size and overlap: what touches is joined.
    ranges = np.empty((number, 2), dtype=np.uint64)
    joined = 0
    for i in range(number):
        if joined and starts[i] <= ranges[joined - 1, 1]:
            ranges[joined - 1, 1] = max(ranges[joined - 1, 1], ends[i])
        else:
            ranges[joined, 0], ranges[joined, 1] = starts[i], ends[i]
            joined += 1
    return ranges[:joined]

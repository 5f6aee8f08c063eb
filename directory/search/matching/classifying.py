"""Softmax regression over the letters of a line, as machine code: what its words are made of is hashed, and the weights
of that are summed.

Features are those of fastText (P. Bojanowski and others: Enriching Word Vectors with Subword Information, 2017): each
word, its letters three to five at a time with where it begins and ends, and each two words that follow each other.
"""

from __future__ import annotations

import math

import numpy as np

from directory.search.matching.compiled import inner

SPACE = 32
SHORTEST, LONGEST = 3, 5  # letters, spaces among them
_OFFSET, _PRIME, _MASK = 0x811C9DC5, 0x01000193, 0xFFFFFFFF  # FNV-1a, by code points
_WORD, _PAIR = 0x57, 0x50


def code_points(text: str) -> np.ndarray:
    """Unicode code points (uint32), read only."""
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


@inner
def features(points: np.ndarray, found: np.ndarray) -> int:
    """Of words with a space before, between and after them. Puts hashes (uint32) into ``found`` and says how many; what
    has no room left there is passed over."""
    count, start, before = 0, 0, 0
    while start < len(points) - 1:
        end = start + 1
        while points[end] != SPACE:
            end += 1
        whole = _WORD
        for first in range(start, end):
            whole = ((whole ^ int(points[first])) * _PRIME) & _MASK
            sofar = _OFFSET
            for last in range(first, min(first + LONGEST, end + 1)):
                sofar = ((sofar ^ int(points[last])) * _PRIME) & _MASK
                if last - first + 1 >= SHORTEST and count < len(found):
                    found[count] = sofar
                    count += 1
        for made in (whole, (((before ^ _PAIR) * _PRIME) ^ whole) & _MASK):
            if count < len(found) and (made == whole or before):
                found[count] = made
                count += 1
        before = whole
        start = end
    return count


@inner
def probabilities(
    points: np.ndarray,
    letters: np.ndarray,
    scale: np.ndarray,
    rows: np.ndarray,
    values: np.ndarray,
    beside: np.ndarray,
    bias: np.ndarray,
    room: np.ndarray,
    result: np.ndarray,
) -> None:
    """Of each class, into ``result`` (float64, one for each).

    ``letters`` (int8, a power of two of rows, a column for each class) times ``scale`` are the weights of the features
    of ``points``; row ``rows[n]`` of ``beside`` counts ``values[n]`` times. ``room`` (uint32) is for the features.
    """
    count = features(points, room)
    mask = len(letters) - 1
    for one in range(len(result)):
        result[one] = 0.0
    for at in range(count):
        row = int(room[at]) & mask
        for one in range(len(result)):
            result[one] += letters[row, one]
    norm = 1.0 / math.sqrt(max(count, 1))
    most = -math.inf
    for one in range(len(result)):
        result[one] = bias[one] + result[one] * scale[one] * norm
    for at in range(len(rows)):
        for one in range(len(result)):
            result[one] += beside[rows[at], one] * values[at]
    for one in range(len(result)):
        most = max(most, result[one])
    whole = 0.0
    for one in range(len(result)):
        result[one] = math.exp(result[one] - most)
        whole += result[one]
    for one in range(len(result)):
        result[one] /= whole

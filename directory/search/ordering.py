"""In which order documents are answered, as one number for each."""

from __future__ import annotations

import numpy as np

from directory.search.opening import UNKNOWN
from directory.search.query import EngineQuery

# Scores are compared to a millionth and distances to 0.1 m, so that rounding never decides an order.
_SCORE_STEPS, _DISTANCE_STEPS = 1e6, 1e4
_MOST_SCORE, _MOST_DISTANCE, _MOST_DAYS = (1 << 30) - 1, (1 << 28) - 1, (1 << 20) - 1


def order_of(
    query: EngineQuery, scores: np.ndarray, distances: np.ndarray, states: np.ndarray, days: np.ndarray
) -> np.ndarray:
    """One int64 for each document, ascending from the best. It never falls when a score falls or a distance grows.

    ``days``: when each was verified, since 1970.
    """
    worse = _MOST_SCORE - np.clip(np.rint(scores * _SCORE_STEPS), 0, _MOST_SCORE).astype(np.int64)
    if query.sort == "name":
        order = np.zeros(len(scores), dtype=np.int64)
    elif query.sort == "verified":
        order = (_MOST_DAYS - np.clip(days, 0, _MOST_DAYS).astype(np.int64)) << 30 | worse
    else:
        farther = np.rint(np.nan_to_num(distances, nan=_MOST_DISTANCE) * _DISTANCE_STEPS)
        farther = np.minimum(farther, _MOST_DISTANCE).astype(np.int64)
        order = farther << 30 | worse if query.sort == "distance" else worse << 28 | farther
    if query.open_at is not None:
        order |= (states == UNKNOWN).astype(np.int64) << 60
    return order


def first_of(order: np.ndarray, names: np.ndarray, number: int) -> np.ndarray:
    """Indices of the first ones by (order, name), in that order."""
    chosen = np.arange(len(order))
    if number < len(order):
        if number == 0:
            return chosen[:0]
        last = np.partition(order, number - 1)[number - 1]
        before, level = np.flatnonzero(order < last), np.flatnonzero(order == last)
        room = number - len(before)
        if room < len(level):  # as in a list of all: only as many as there is room for, by name
            level = level[np.argpartition(names[level], room - 1)[:room]]
        chosen = np.concatenate((before, level))
    return chosen[np.lexsort((names[chosen], order[chosen]))]

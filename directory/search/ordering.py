"""In which order documents are answered, as one number for each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from directory.search.opening import UNKNOWN
from directory.search.placing import Placed
from directory.search.query import EngineQuery

# Scores are compared to a millionth and distances to 0.1 m, so that rounding never decides an order.
_SCORE_STEPS, _DISTANCE_STEPS = 1e6, 1e4
_MOST_SCORE, _MOST_DISTANCE, _MOST_DAYS = (1 << 30) - 1, (1 << 28) - 1, (1 << 20) - 1
_FARTHEST_KM = 1e5  # farther than anything on Earth
# Of so few, all may come to the page.
_FEW = 400


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


def running(
    query: EngineQuery,
    placed: Placed,
    merits: np.ndarray,
    factor: Callable[[slice, np.ndarray], np.ndarray],
    days: np.ndarray,
    names: np.ndarray,
) -> np.ndarray:
    """Rows of those that may come to the page, ascending: a quick look over all, so that the rest needs only these.

    Where distances are only bounded, these are they who would be among the first if they were as near as they can be,
    and the others as far. ``factor`` (place factor at a distance) must never grow with the distance. Rounding of single
    precision is allowed for. ``days`` and ``names`` are by document.
    """
    number, size = query.offset + query.limit, len(placed.documents)
    if number >= size or size <= _FEW:
        return np.arange(size)
    if number == 0:
        return np.empty(0, dtype=np.intp)
    later = (placed.states == UNKNOWN).astype(np.float32) if query.open_at is not None else np.float32(0)
    if query.sort == "name":
        return np.sort(first_of(np.broadcast_to(later, size), names[placed.documents], number))
    # Small comes first; ``worst`` are the largest it can be, ``best`` the smallest.
    if query.sort == "best":
        best = -merits * factor(slice(None), placed.least)
        worst = best if placed.least is placed.most else -merits * factor(slice(None), placed.most)
        slack, behind = 1e-5, 1.0 - 2.0 * float(best.min())
    elif query.sort == "distance":
        best, worst = (np.nan_to_num(d, nan=_FARTHEST_KM) for d in (placed.least, placed.most))
        slack, behind = 1e-3, _FARTHEST_KM * 2
    else:
        best = worst = -days[placed.documents].astype(np.float64)
        slack, behind = 0.0, _MOST_DAYS * 2
    best, worst = best + later * behind, worst + later * behind
    last = float(np.partition(worst, number - 1)[number - 1])
    return np.flatnonzero(best <= last + abs(last) * 1e-5 + slack)

"""In which order documents are answered, and which of them are the first."""

from __future__ import annotations

import math

import numpy as np

from directory.search.matching import ranking
from directory.search.matching.compiled import compiled, inner
from directory.search.matching.layout import BEST, DISTANCE, NAME, UNKNOWN, VERIFIED, Asked, Columns, Room
from directory.search.matching.narrowing import signed
from directory.search.matching.placing import exact_km, tell_roughly
from directory.search.matching.sphere import unit_vector

# Scores are compared to a millionth and distances to 0.1 m, so that rounding never decides an order.
SCORE_STEPS, _DISTANCE_STEPS = 1e6, 1e4
_MOST_SCORE, _MOST_DISTANCE, _MOST_DAYS = (1 << 30) - 1, (1 << 28) - 1, (1 << 20) - 1
_FARTHEST_KM = 1e5  # farther than anything on Earth
_LATER = 1e9  # added to the rank of those whose hours are unknown: more than any rank


@inner
def factor_of(asked: Asked, reach: int, prominence: float, distance: float, serving: bool) -> float:
    """What the place makes of the score."""
    if not asked.point:
        return ranking.placeless_factor(
            prominence, reach, asked.placeless_most, asked.placeless_local, asked.regional
        )
    return ranking.place_factor(
        distance, reach, serving, asked.door_km, asked.half_distance_km, asked.national, asked.regional
    )


@inner
def greatest_factor(asked: Asked) -> float:
    """What ``factor_of`` is at most, whatever the place."""
    if asked.point:
        return max(1.0, asked.national, asked.regional)
    return max(1.0, asked.placeless_most, asked.placeless_local, asked.regional)


@inner
def merit_of(asked: Asked, trust: float, factor: float, text: float, missing: float) -> float:
    """A candidate's score but for the place."""
    if not asked.any_of:
        return trust * factor
    return (
        trust * factor * ranking.base(1.0 - missing, ranking.told(text, asked.told), asked.need, asked.text)
    )


@inner
def order_of(sort: int, later: bool, score: float, distance: float, days: int) -> int:
    """Ascending from the best. It never falls when a score falls or a distance grows.

    ``days``: when it was verified, since 1970. ``later``: after all that are not.
    """
    worse = _MOST_SCORE - signed(min(max(np.rint(score * SCORE_STEPS), 0.0), _MOST_SCORE))
    order = 0
    if sort == VERIFIED:
        order = ((_MOST_DAYS - min(max(days, 0), _MOST_DAYS)) << 30) | worse
    elif sort != NAME:
        farther = _MOST_DISTANCE
        if not math.isnan(distance):
            farther = signed(min(np.rint(distance * _DISTANCE_STEPS), _MOST_DISTANCE))
        order = (farther << 30) | worse if sort == DISTANCE else (worse << 28) | farther
    return order | (1 << 60) if later else order


@inner
def _sink(first: np.ndarray, second: np.ndarray, which: np.ndarray, at: int, size: int) -> None:
    """Restore a heap (the greatest on top, by ``first``, then ``second``) below ``at``."""
    while True:
        greatest = at
        for child in (2 * at + 1, 2 * at + 2):
            if child < size and (
                first[child] > first[greatest]
                or (first[child] == first[greatest] and second[child] > second[greatest])
            ):
                greatest = child
        if greatest == at:
            return
        first[at], first[greatest] = first[greatest], first[at]
        second[at], second[greatest] = second[greatest], second[at]
        which[at], which[greatest] = which[greatest], which[at]
        at = greatest


@inner
def running(
    columns: Columns, room: Room, asked: Asked, candidates: int, heap: np.ndarray, which: np.ndarray
) -> int:
    """Candidates who may come to the page, in ``room.visited``: a quick look over all, so that the rest needs only
    these. They are those who would be among the first if they were as near as they can be, and the others as far.

    ``heap``, ``which``: room for a page, float64; ``which`` is 0 throughout.
    """
    visits, ranks, size = room.visited, room.rank, asked.page
    if size == 0:
        return 0
    if size >= candidates:
        for slot in range(candidates):
            visits[slot] = slot
        return candidates
    # as far as ``order_of`` rounds
    sort, slack = asked.sort, 0.0
    if sort == BEST:
        slack = 2 / SCORE_STEPS
    elif sort == DISTANCE:
        slack = 2 / _DISTANCE_STEPS
    here = unit_vector(asked.latitude, asked.longitude)
    greatest = greatest_factor(asked)
    last = math.inf  # the worst of the first ones so far, each as far as it can be
    for slot in range(candidates):
        best, worst = _bounds(columns, room, asked, here, greatest, slot, last + slack)
        ranks[slot] = best
        if slot < size:
            heap[slot] = worst
            if slot == size - 1:
                for at in range(size // 2 - 1, -1, -1):
                    _sink(heap, which, which, at, size)
                last = heap[0]
        elif worst < last:
            heap[0] = worst
            _sink(heap, which, which, 0, size)
            last = heap[0]
    number = 0
    for slot in range(candidates):
        if ranks[slot] <= last + slack:
            visits[number] = slot
            number += 1
    return number


@inner
def _bounds(
    columns: Columns,
    room: Room,
    asked: Asked,
    here: tuple[float, float, float],
    greatest: float,
    slot: int,
    limit: float,
) -> tuple[float, float]:
    """(best, worst) rank that a candidate may have, ascending from the first; infinite if both are beyond the limit
    wherever it is."""
    document = room.document[slot]
    later = _LATER if asked.open and room.state[slot] == UNKNOWN else 0.0
    if asked.sort == BEST:
        serving, reach, prominence = (
            room.stage[slot] != 0,
            columns.reach[document],
            columns.prominence[document],
        )
        merit = -merit_of(
            asked, columns.trust[document], room.factor[slot], room.text[slot], room.missing[slot]
        )
        if merit * greatest + later > limit:
            return math.inf, math.inf
        tell_roughly(columns, room, here, slot)
        near, far = room.least[slot], room.farthest[slot]
        best = merit * factor_of(asked, reach, prominence, near, serving)
        worst = best
        if near < far:
            worst = merit * factor_of(asked, reach, prominence, far, serving)
    elif asked.sort == DISTANCE:
        tell_roughly(columns, room, here, slot)
        best, worst = room.least[slot], room.farthest[slot]
        if math.isnan(best):
            best = worst = _FARTHEST_KM
    elif asked.sort == NAME:
        best = worst = np.float64(columns.name_rank[document])
    else:
        best = worst = -np.float64(columns.verified_on[document])
    return best + later, worst + later


@compiled
def first_of(
    columns: Columns, room: Room, asked: Asked, runners: int, known: np.ndarray, found: np.ndarray
) -> int:
    """The first by order, then by name, as columns of ``found``: how many, or -1 where an exact distance can't be told
    here. ``known``: see ``Times``; ``found``: rows as in ``Found``."""
    size = min(asked.page, runners)
    order = np.empty(size, dtype=np.int64)
    name = np.empty(size, dtype=np.int64)
    which = np.empty(size, dtype=np.int64)  # index among the runners
    scores, distances, visits = room.rank, room.worst, room.visited  # by runner: their ranks have been used
    document_of, stage, state, least, farthest = (
        room.document,
        room.stage,
        room.state,
        room.least,
        room.farthest,
    )
    factors, text, missing = room.factor, room.text, room.missing
    trust, reach, prominence = columns.trust, columns.reach, columns.prominence
    filled = 0
    for i in range(runners if size else 0):
        slot = visits[i]
        document = document_of[slot]
        distance = least[slot]
        if distance < farthest[slot]:
            distance = exact_km(columns, asked, known, document)
            if distance < 0.0:
                return -1
        score = merit_of(asked, trust[document], factors[slot], text[slot], missing[slot]) * factor_of(
            asked, reach[document], prominence[document], distance, stage[slot] != 0
        )
        scores[i], distances[i] = score, distance
        later = asked.open and state[slot] == UNKNOWN
        mine = order_of(asked.sort, later, score, distance, columns.verified_on[document])
        mine_name = np.int64(columns.name_rank[document])
        if filled < size:
            order[filled], name[filled], which[filled] = mine, mine_name, i
            filled += 1
            if filled == size:
                for at in range(size // 2 - 1, -1, -1):
                    _sink(order, name, which, at, size)
        elif mine < order[0] or (mine == order[0] and mine_name < name[0]):
            order[0], name[0], which[0] = mine, mine_name, i
            _sink(order, name, which, 0, size)
    for last in range(size - 1, 0, -1):  # the greatest goes to the end
        order[0], order[last] = order[last], order[0]
        name[0], name[last] = name[last], name[0]
        which[0], which[last] = which[last], which[0]
        _sink(order, name, which, 0, last)
    for i in range(size):
        runner = which[i]
        slot, distance = visits[runner], distances[runner]
        found[0, i], found[1, i] = document_of[slot], order[i]
        found[2, i] = signed(np.rint(scores[runner] * SCORE_STEPS))
        found[3, i] = -1 if math.isnan(distance) else signed(np.rint(distance * _DISTANCE_STEPS))
        found[4, i], found[5, i] = room.spot[slot], state[slot]
    return size

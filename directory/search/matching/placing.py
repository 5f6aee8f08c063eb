"""Where each document found is at its best: which of its spots, how far, and whether it is open there.

Distances are first told roughly, from points on a unit sphere, within bounds that hold, and not even that where nothing
depends on it; exact ones (WGS 84) are only worked out where it matters: at the radius' edge, for documents with several
spots, and for those that come to the page.
"""

from __future__ import annotations

import math

import numpy as np

from directory.search.matching.compiled import inner
from directory.search.matching.ellipsoid import distance_km
from directory.search.matching.layout import CLOSED, NOT_ASKED, OPEN, UNKNOWN, Asked, Columns, Room, Times
from directory.search.matching.narrowing import lower_bound, signed
from directory.search.matching.sphere import rough_km, unit_vector

_ASTRAY = -1.0  # what ``distance_km`` gives where it has no answer


@inner
def state_of(states: np.ndarray, schedule: int) -> int:
    return UNKNOWN if schedule < 0 else states[schedule]


@inner
def hours_wanted(columns: Columns, room: Room, candidates: int, states: np.ndarray) -> int:
    """How many schedules of candidates have not been worked out; ``room.visited`` has them (with repetitions)."""
    wanted = signed(0)
    for slot in range(candidates):
        wanted = ask_hours(columns, room, signed(room.document[slot]), states, wanted)
    return wanted


@inner
def ask_hours(columns: Columns, room: Room, document: int, states: np.ndarray, wanted: int) -> int:
    """Put the document's schedules that have not been worked out behind the ``wanted`` ones in ``room.visited``, as far
    as there is room: how many these are then."""
    size = len(room.visited)
    schedule = columns.schedule[document]
    if state_of(states, schedule) == NOT_ASKED and wanted < size:
        room.visited[wanted] = schedule
        wanted += 1
    if columns.extra_count[document]:
        row = lower_bound(columns.extra_document, 0, len(columns.extra_document), document)
        for i in range(row, row + columns.extra_count[document]):
            schedule = columns.extra_schedule[i]
            if state_of(states, schedule) == NOT_ASKED and wanted < size:
                room.visited[wanted] = schedule
                wanted += 1
    return wanted


@inner
def exact_km(columns: Columns, asked: Asked, known: np.ndarray, document: int) -> float:
    """Distance to a document's first spot; NaN without a place. ``known``: where they were worked out before."""
    if len(known):
        return known[document]
    latitude, longitude = columns.latitude[document], columns.longitude[document]
    return distance_km(asked.latitude, asked.longitude, latitude, longitude)


@inner
def tell_roughly(columns: Columns, room: Room, here: tuple[float, float, float], slot: int) -> None:
    """What was left to be told: ``room.least`` and ``farthest`` of a candidate are 0 and infinite until then."""
    if room.farthest[slot] == math.inf:
        units, document = columns.unit, room.document[slot]
        there = (units[document, 0], units[document, 1], units[document, 2])
        room.least[slot], room.farthest[slot] = rough_km(here, there)


@inner
def _later(asked_open: bool, state: int) -> int:
    """Open before unknown before closed, where that is asked for."""
    if not asked_open or state == OPEN:
        return 0
    return 1 if state == UNKNOWN else 2


@inner
def place(
    columns: Columns,
    room: Room,
    asked: Asked,
    candidates: int,
    times: Times,
) -> int:
    """Only those who may be where they are: how many they are, or -1 where an exact distance can't be told here.

    ``room.least`` and ``farthest`` bound the distance (``tell_roughly``), ``state`` and ``spot`` are those of the
    best spot.

    A spot takes part when it lies within the radius, or the document serves the point anyway. Of those that do, a
    document is at its best one: open before unknown before closed, then the nearest, then its first.
    """
    slot_of, document_of, text, missing = room.slot, room.document, room.text, room.missing
    factor, stage = room.factor, room.stage
    leasts, mosts, best_state, best_spot = room.least, room.farthest, room.state, room.spot
    units, schedules, spots, extra_count = (
        columns.unit,
        columns.schedule,
        columns.spot,
        columns.extra_count,
    )
    states, known, extras_known = times.states, times.known, times.extras_known
    has_point, is_open, radius = asked.point, asked.open, asked.radius_km
    bounded = has_point and radius < math.inf
    here = unit_vector(asked.latitude, asked.longitude)
    kept = 0
    for slot in range(candidates):
        document = document_of[slot]
        serving = stage[slot] != 0
        least = most = math.nan
        if bounded:
            least, most = rough_km(here, (units[document, 0], units[document, 1], units[document, 2]))
        elif has_point:
            least, most = 0.0, math.inf
        state = state_of(states, schedules[document]) if is_open else UNKNOWN
        spot = spots[document]
        several = extra_count[document]
        if several or (bounded and least <= radius and most > radius):
            least = most = exact_km(columns, asked, known, document) if has_point else math.nan
            if most == _ASTRAY:
                return -1
        allowed = serving or not bounded or most <= radius
        if several:
            row = lower_bound(columns.extra_document, 0, len(columns.extra_document), document)
            for i in range(row, row + several):
                away = 0.0
                if has_point:
                    if len(extras_known):
                        away = extras_known[i]
                    else:
                        latitude, longitude = columns.extra_latitude[i], columns.extra_longitude[i]
                        away = distance_km(asked.latitude, asked.longitude, latitude, longitude)
                    if away == _ASTRAY:
                        return -1
                may = serving or away <= radius
                other = state_of(states, columns.extra_schedule[i]) if is_open else UNKNOWN
                if may == allowed:
                    later, before = _later(is_open, other), _later(is_open, state)
                    nearest = 0.0 if math.isnan(most) else most
                    if later > before or (later == before and away >= nearest):
                        continue
                elif allowed:
                    continue
                allowed, state, spot = may, other, columns.extra_spot[i]
                if has_point:
                    least = most = away
        if not allowed or (is_open and state == CLOSED):
            slot_of[document] = -1
            continue
        if kept != slot:
            document_of[kept] = document
            slot_of[document] = kept
            text[kept] = text[slot]
            missing[kept] = missing[slot]
            factor[kept] = factor[slot]
            stage[kept] = stage[slot]
        leasts[kept], mosts[kept] = least, most
        best_state[kept], best_spot[kept] = state, spot
        kept += 1
    return kept

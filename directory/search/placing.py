"""Where each document found is at its best: which of its spots, how far, and whether it is open there.

Distances are first told roughly, from points on a unit sphere, within bounds that hold; exact ones (WGS 84) are only
worked out where it matters: at the radius' edge, for documents with several spots, and for those that come to the page.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from directory.places.distance import distances_km
from directory.search.candidates import ranges_of
from directory.search.opening import CLOSED, UNKNOWN, OpenStates
from directory.search.query import EngineQuery
from directory.search.segment import Segment
from directory.search.sphere import rough_km

# Up to so many distances are worked out exactly at once.
_FEW = 400


@dataclass(slots=True)
class Placed:
    """One entry for each document that stays. ``least`` and ``most`` km bound its distance, and are the same array
    where all are exact; NaN without a point or a place."""

    kept: np.ndarray | slice  # which of the documents that were given
    documents: np.ndarray
    least: np.ndarray
    most: np.ndarray
    states: np.ndarray
    elsewhere: np.ndarray  # rows of those with several spots, ascending
    chosen: np.ndarray  # and which of them it is

    def spots(self, segment: Segment, rows: np.ndarray) -> np.ndarray:
        """Index among the document's spots, -1 where it has none."""
        spots = segment.array["spot"][self.documents[rows]].astype(np.int64)
        if len(self.elsewhere):
            at = np.minimum(self.elsewhere.searchsorted(rows), len(self.elsewhere) - 1)
            several = self.elsewhere[at] == rows
            spots[several] = self.chosen[at[several]]
        return spots


def exact_km(segment: Segment, query: EngineQuery, documents: np.ndarray) -> np.ndarray:
    """Distances to the documents' first spots; NaN without a point or a place."""
    if query.point is None:
        return np.full(len(documents), np.nan)
    return distances_km(*query.point, segment.latitude[documents], segment.longitude[documents])


def place(
    segment: Segment, open_states: OpenStates, query: EngineQuery, documents: np.ndarray, serving: np.ndarray
) -> Placed:
    """Which of the documents stay, and where they are. ``serving``: they serve the point from wherever they are.

    A spot takes part when it lies within the radius, or the document serves the point anyway. Of those that do, a
    document is at its best one: open before unknown before closed, then the nearest, then its first.
    """
    array = segment.array
    nothing = np.empty(0, dtype=np.intp)
    if query.point is None and query.open_at is None:
        nowhere = np.broadcast_to(np.float32(np.nan), len(documents))
        unknown = np.broadcast_to(np.int8(UNKNOWN), len(documents))
        return Placed(slice(None), documents, nowhere, nowhere, unknown, nothing, nothing)
    if query.point is None or len(documents) <= _FEW:
        least = most = exact_km(segment, query, documents)
    else:
        least, most = rough_km(query.point, array["unit"][documents])
    states = _states(open_states, query, array["schedule"][documents])
    several = np.flatnonzero(array["extra_count"][documents]) if segment.has_extras else nothing
    if least is not most:
        unsure = several
        if query.radius_km is not None:
            at_the_edge = (least <= query.radius_km) & (most > query.radius_km)
            unsure = np.union1d(several, np.flatnonzero(at_the_edge))
        least[unsure] = most[unsure] = exact_km(segment, query, documents[unsure])
    allowed = _allowed(query, most, serving)
    chosen = nothing
    if len(several):
        first = (most, states, allowed, array["spot"][documents])
        best = _best_spots(segment, open_states, query, documents, several, serving, first)
        most[several], states[several], allowed[several], chosen = best
        least[several] = most[several]
    if query.open_at is not None:
        allowed &= states != CLOSED
    kept = np.flatnonzero(allowed)
    if len(several):
        staying = allowed[several]
        several, chosen = kept.searchsorted(several[staying]), chosen[staying]
    farthest = most[kept]
    nearest = farthest if least is most else least[kept]
    return Placed(kept, documents[kept], nearest, farthest, states[kept], several, chosen)


def _allowed(query: EngineQuery, distances: np.ndarray, serving: np.ndarray) -> np.ndarray:
    if query.point is None or query.radius_km is None:
        return np.ones(len(distances), dtype=bool)
    return serving | (distances <= query.radius_km)


def _states(open_states: OpenStates, query: EngineQuery, schedules: np.ndarray) -> np.ndarray:
    if query.open_at is None:
        return np.full(len(schedules), UNKNOWN, dtype=np.int8)
    return open_states(schedules, query.open_at)


def _best_spots(
    segment: Segment,
    open_states: OpenStates,
    query: EngineQuery,
    documents: np.ndarray,
    several: np.ndarray,
    serving: np.ndarray,
    first: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """For the documents with ``several`` spots: (distance, state, whether it takes part, index) of the best of them,
    given those of their ``first``."""
    array = segment.array
    counts = array["extra_count"][documents[several]].astype(np.int64)
    starts = np.searchsorted(array["extra_document"], documents[several].astype(np.uint32))
    rows = ranges_of(starts, starts + counts)
    owners = np.repeat(several, counts)
    if query.point is None:
        away = np.full(len(rows), np.nan)
    else:
        away = distances_km(*query.point, array["extra_latitude"][rows], array["extra_longitude"][rows])
    others = (
        away,
        _states(open_states, query, array["extra_schedule"][rows]),
        _allowed(query, away, serving[owners]),
        array["extra_spot"][rows],
    )
    distance, state, may, spot = (np.concatenate((f[several], o)) for f, o in zip(first, others, strict=True))
    owner = np.concatenate((several, owners))
    later = np.zeros(len(state)) if query.open_at is None else np.choose(state + 1, (1, 2, 0))
    best = np.lexsort((spot, np.nan_to_num(distance), later, ~may, owner))
    best = best[np.concatenate(([True], owner[best][1:] != owner[best][:-1]))]
    return distance[best], state[best], may[best], spot[best]

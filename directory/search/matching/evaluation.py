"""One query against one segment: who is a candidate, where, how good, and the first of them in order.

Cheap tests come first: which part of the segment to look at, what is sought, filters; then distances, hours, scores
and counts for those that are left.
"""

from __future__ import annotations

import numpy as np

from directory.search.matching.compiled import compiled
from directory.search.matching.counting import count_keys
from directory.search.matching.gathering import add_term, forget, gather
from directory.search.matching.handing import (
    asked_of,
    columns_at,
    counted_at,
    room_at,
    sought_of,
    times_at,
)
from directory.search.matching.layout import DISTANCES_WANTED, DONE, HOURS_WANTED
from directory.search.matching.narrowing import part_of
from directory.search.matching.ordering import first_of, running
from directory.search.matching.placing import hours_wanted, place
from directory.search.matching.sifting import sift, weigh_keys


@compiled
def evaluate(
    column_table: np.ndarray,
    room_table: np.ndarray,
    times_table: np.ndarray,
    counted_table: np.ndarray,
    whole: np.ndarray,
    real: np.ndarray,
    found: np.ndarray,
) -> tuple[int, int, int]:
    """(what is wanted or DONE, how many there are, how many of them stand in ``found``, in order).

    Tables: see ``handing``; numbers: ``asking``. Where HOURS_WANTED is said, the second is how many schedules stand in
    ``Room.visited``; they are to be worked out, and the query is to be put again. The room is left as it was found.
    """
    columns, room = columns_at(column_table), room_at(room_table)
    times, asked = times_at(times_table), asked_of(whole, real)
    lists, keys = sought_of(whole, real)
    part = part_of(columns, keys, room, asked)
    candidates = gather(columns, room, part, lists, asked)
    candidates = sift(columns, room, part, keys, asked, candidates)
    says, size, wanted = DONE, 0, 0
    if asked.open:
        wanted = hours_wanted(columns, room, candidates, times.states)
        if wanted:
            says = HOURS_WANTED
    if says == DONE:
        weigh_keys(columns, room, part, keys, candidates)
        placed = place(columns, room, asked, candidates, times)
        if placed < 0:
            says = DISTANCES_WANTED
        else:
            candidates = placed
    if says == DONE:
        for term in range(lists.terms, len(lists.term_end)):
            add_term(columns, room, part, lists, term, candidates, says != DONE)
        page_size = min(asked.page, candidates)
        runners = running(columns, room, asked, candidates, np.empty(page_size), np.zeros(page_size))
        size = first_of(columns, room, asked, runners, times.known, found)
        if size < 0:
            says = DISTANCES_WANTED
        else:
            count_keys(columns, room, counted_at(counted_table), asked, candidates)
    forget(room, part, candidates)
    return says, wanted if says == HOURS_WANTED else candidates, size

"""One query against one segment: who is a candidate, where, how good, and the first of them in order.

Cheap tests come first: which part of the segment to look at, what is sought, filters; then distances, hours, scores
and counts for those that are left.
"""

from __future__ import annotations

import numpy as np

from directory.search.matching.compiled import compiled
from directory.search.matching.counting import count_bits, count_keys
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
from directory.search.matching.ordering import SCORE_STEPS, first_of, running
from directory.search.matching.placing import hours_wanted, place
from directory.search.matching.prospecting import (
    MORE_EACH_TIME,
    SEEDS,
    crowd_of,
    level_of,
    level_of_so_many,
    prospects,
)
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
    counted = counted_at(counted_table)
    lists, keys = sought_of(whole, real)
    says, size, crowd = crowd_of(columns, room, lists, keys, asked, times.states)
    if says == HOURS_WANTED:
        return says, size, 0
    crowded, many = says == DONE, SEEDS * asked.page
    level = level_of_so_many(crowd, many)
    first = 0
    while many or not crowded:
        part = prospects(columns, crowd, asked, level) if crowded else part_of(columns, keys, room, asked)
        candidates = gather(columns, room, part, lists, asked)
        candidates = sift(columns, room, part, keys, asked, candidates)
        says, wanted = DONE, 0
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
            first = first_of(columns, room, asked, runners, times.known, found)
            if first < 0:
                says = DISTANCES_WANTED
            elif not crowded:
                count_keys(columns, room, counted, asked, candidates)
        forget(room, part, candidates)
        if not crowded:
            return says, wanted if says == HOURS_WANTED else candidates, first
        least = level_of(found[2, first - 1] / SCORE_STEPS, crowd) if first == asked.page else 0
        if says != DONE or least >= level:
            break
        # the last of the page tells who may still come to it: of them, some more at a time
        many = MORE_EACH_TIME * len(part.listed)
        level = max(least, level_of_so_many(crowd, many))
    if says == DONE:
        count_bits(columns, counted, crowd.found)
    return says, size, first

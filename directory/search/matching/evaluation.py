"""One query against one segment: who is a candidate, where, how good, and the first of them in order.

Cheap tests come first: which part of the segment to look at, what is sought, filters; then distances, hours, scores
and counts for those that are left.
"""

from __future__ import annotations

import numpy as np

from directory.search.matching.compiled import compiled
from directory.search.matching.counting import count_keys
from directory.search.matching.gathering import add_term, forget, gather
from directory.search.matching.layout import (
    DISTANCES_WANTED,
    DONE,
    HOURS_WANTED,
    Asked,
    Columns,
    Keys,
    Lists,
    Page,
    Room,
)
from directory.search.matching.narrowing import has_bit, lower_bound, part_of, signed
from directory.search.matching.ordering import first_of, running
from directory.search.matching.placing import hours_wanted, place
from directory.search.matching.sifting import sift, weigh_keys


@compiled
def evaluate(
    columns: Columns,
    norms: np.ndarray,
    dead: np.ndarray,
    room: Room,
    lists: Lists,
    keys: Keys,
    asked: Asked,
    covering: np.ndarray,
    states: np.ndarray,
    known: np.ndarray,
    extras_known: np.ndarray,
) -> tuple[int, int, np.ndarray, Page]:
    """(what is wanted or DONE, how many there are, counts of the keys to count, the first ones in order).

    ``dead``: by document, not 0 where it is; empty if none is. ``states``: by schedule, whether it is open; where those
    of some are wanted, these are given for counts, and the query is to be put again. ``known``, ``extras_known``: exact
    distances of all spots; empty, unless they were wanted. The room is left as it was found.
    """
    part = part_of(columns, keys, room, asked, covering)
    candidates = gather(columns, norms, room, part, lists, asked)
    candidates = sift(columns, dead, room, part, keys, asked, candidates)
    says, counts = DONE, np.empty(0, dtype=np.int64)
    page = _page(columns, room, keys, 0, counts, counts, np.empty(0), np.empty(0))
    if asked.open:
        wanted = hours_wanted(columns, room, candidates, states)
        if wanted:
            says, counts = HOURS_WANTED, room.visited[:wanted].astype(np.int64)
    if says == DONE:
        weigh_keys(columns, room, part, keys, candidates)
        placed = place(columns, room, asked, candidates, states, known, extras_known)
        if placed < 0:
            says = DISTANCES_WANTED
        else:
            candidates = placed
    if says == DONE:
        for term in range(lists.terms, len(lists.term_end)):
            add_term(columns, norms, room, part, lists, term, candidates, says != DONE)
        page_size = min(asked.page, candidates)
        runners = running(columns, room, asked, candidates, np.empty(page_size), np.zeros(page_size))
        size, slots, order, scores, distances = first_of(columns, room, asked, runners, known)
        if size < 0:
            says = DISTANCES_WANTED
        else:
            page = _page(columns, room, keys, size, slots, order, scores, distances)
            counts = count_keys(columns, room, keys, asked, candidates)
    forget(room, part, candidates)
    return says, candidates, counts, page


@compiled
def _page(
    columns: Columns,
    room: Room,
    keys: Keys,
    size: int,
    slots: np.ndarray,
    order: np.ndarray,
    scores: np.ndarray,
    distances: np.ndarray,
) -> Page:
    first = keys.group_end[keys.filters - 1] if keys.filters else 0
    documents, spots = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    states = np.empty(size, dtype=np.int64)
    has = np.zeros((size, len(keys.range) - first), dtype=np.uint8)
    for i in range(size):
        slot = slots[i]
        document = signed(room.document[slot])
        documents[i], spots[i], states[i] = document, room.spot[slot], room.state[slot]
        for j in range(first, len(keys.range)):
            start, count, row = keys.range[j]
            if row >= 0:
                has[i, j - first] = has_bit(columns.bits, row, document)
            else:
                at = lower_bound(columns.posting, start, start + count, document)
                has[i, j - first] = at < start + count and columns.posting[at] == document
    return Page(documents, scores, order, distances, spots, states, has)

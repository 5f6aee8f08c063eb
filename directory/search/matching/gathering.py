"""Who may be a candidate: the postings of what is sought are gone through.

A candidate's number (its slot) is given in the order in which candidates are met. ``Room`` has an entry for each.
"""

from __future__ import annotations

import numpy as np

from directory.search.matching import ranking
from directory.search.matching.compiled import inner
from directory.search.matching.layout import Asked, Columns, Lists, Room
from directory.search.matching.narrowing import Part, has_bit, lower_bound, signed


@inner
def gather(columns: Columns, room: Room, part: Part, lists: Lists, asked: Asked) -> int:
    """All who may be candidates; filters are still to be looked at. Returns how many."""
    slot_of, document_of, text, share, missing = room.slot, room.document, room.text, room.share, room.missing
    visits, places, weights = room.visited, room.at, columns.weight
    candidates = signed(
        0
    )  # not the number itself: numba would compile what it is given to once more for that
    for document in part.listed:
        candidates = _add(slot_of, document_of, text, share, missing, candidates, signed(document)) + 1
    if len(part.listed):
        for i in range(lists.wanted if asked.any_of else 0):
            start, count = lists.range[i]
            visited = meet_again(columns, room, part, candidates, start, count, lists.row[i])
            weight = lists.weight[i]
            for j in range(visited):
                slot = visits[j]
                missing[slot] = ranking.missing(missing[slot], weight, weights[places[j]])
        for term in range(lists.terms):
            add_term(columns, room, part, lists, term, candidates, part.everywhere)
        return candidates
    if asked.any_of:
        for i in range(lists.wanted):
            candidates, visited = meet(columns, room, part, candidates, lists.range[i, 0], lists.range[i, 1])
            weight = lists.weight[i]
            for j in range(visited):
                slot = visits[j]
                missing[slot] = ranking.missing(missing[slot], weight, weights[places[j]])
        for term in range(lists.terms):
            candidates = add_term(columns, room, part, lists, term, candidates, asked.any_of)
        return candidates
    if part.everywhere:
        for document in range(len(columns.spot)):
            _add(slot_of, document_of, text, share, missing, document, document)
        return len(columns.spot)
    ranges, marked, rows, bits = part.ranges, part.marked, part.rows, columns.bits
    for i in range(len(ranges)):
        for document in range(ranges[i, 0], ranges[i, 1]):
            slot = _add(slot_of, document_of, text, share, missing, candidates, document)
            candidates = max(candidates, slot + 1)
    for i in range(len(marked)):
        slot = _add(slot_of, document_of, text, share, missing, candidates, signed(marked[i]))
        candidates = max(candidates, slot + 1)
    for i in range(len(rows)):
        for word in range(bits.shape[1]):
            left = bits[rows[i], word]
            document = word << 6
            while left:
                if left & np.uint64(1):
                    slot = _add(slot_of, document_of, text, share, missing, candidates, document)
                    candidates = max(candidates, slot + 1)
                left >>= np.uint64(1)
                document += 1
    return candidates


@inner
def add_term(
    columns: Columns,
    room: Room,
    part: Part,
    lists: Lists,
    term: int,
    candidates: int,
    new: bool,
) -> int:
    """Add what a term tells about each document that has one of its alternatives, the best of them counting. Makes
    candidates of them if ``new``; returns how many there are."""
    document_of, text, share, best, most = room.document, room.text, room.share, room.best, room.most
    visits, places, touched, weights = room.visited, room.at, room.touched, columns.weight
    norms = columns.norm
    first = lists.term_end[term - 1] if term else lists.wanted
    last, tells = lists.term_end[term], lists.tells[term]
    single = last - first == 1
    touches = 0
    for i in range(first, last):
        start, count, weight = lists.range[i, 0], lists.range[i, 1], lists.weight[i]
        if new:
            candidates, visited = meet(columns, room, part, candidates, start, count)
        else:
            visited = meet_again(columns, room, part, candidates, start, count, signed(-1))
        for j in range(visited):
            slot = visits[j]
            value = weight * ranking.saturation(weights[places[j]], norms[document_of[slot]])
            if single:
                text[slot] += tells * value
                share[slot] += tells * weight
                continue
            if most[slot] == 0.0:
                touched[touches] = slot
                touches += 1
            best[slot] = max(best[slot], value)
            most[slot] = max(most[slot], weight)
    for i in range(touches):
        slot = touched[i]
        text[slot] += tells * best[slot]
        share[slot] += tells * most[slot]
        best[slot] = 0.0
        most[slot] = 0.0
    return candidates


@inner
def meet(
    columns: Columns, room: Room, part: Part, candidates: int, start: int, count: int
) -> tuple[int, int]:
    """Go through the postings of a term: (candidates, visited). ``room.visited`` has the slots of its documents in the
    part, ``room.at`` where in the postings they are."""
    slot_of, document_of, is_marked = room.slot, room.document, room.marked
    text, share, missing = room.text, room.share, room.missing
    visits, places = room.visited, room.at
    posting, bits = columns.posting, columns.bits
    ranges, rows, marked = part.ranges, part.rows, part.marked
    visited, end = 0, start + count
    if part.everywhere:
        for at in range(start, end):
            slot = _add(slot_of, document_of, text, share, missing, candidates, signed(posting[at]))
            candidates = max(candidates, slot + 1)
            visits[visited], places[visited] = slot, at
            visited += 1
        return candidates, visited
    outside = len(rows) > 0 or len(marked) > 0
    look_up = len(rows) == 0 and len(marked) * part.look_up < count
    at = start
    for i in range(len(ranges) + 1):
        low = lower_bound(posting, at, end, ranges[i, 0]) if i < len(ranges) else end
        if outside and not look_up:
            for there in range(at, low):
                document = signed(posting[there])
                if _outside(bits, rows, is_marked, document):
                    slot = _add(slot_of, document_of, text, share, missing, candidates, document)
                    candidates = max(candidates, slot + 1)
                    visits[visited], places[visited] = slot, there
                    visited += 1
        if i == len(ranges):
            break
        high = lower_bound(posting, low, end, ranges[i, 1])
        for there in range(low, high):
            slot = _add(slot_of, document_of, text, share, missing, candidates, signed(posting[there]))
            candidates = max(candidates, slot + 1)
            visits[visited], places[visited] = slot, there
            visited += 1
        at = high
    if look_up:
        for i in range(len(marked)):
            document = signed(marked[i])
            there = lower_bound(posting, start, end, document)
            if there < end and posting[there] == document:
                slot = _add(slot_of, document_of, text, share, missing, candidates, document)
                candidates = max(candidates, slot + 1)
                visits[visited], places[visited] = slot, there
                visited += 1
    return candidates, visited


@inner
def meet_again(
    columns: Columns, room: Room, part: Part, candidates: int, start: int, count: int, row: int
) -> int:
    """As ``meet``, but only for those who are candidates already: how many were visited. ``row``: see ``Keys``."""
    slot_of, document_of = room.slot, room.document
    visits, places = room.visited, room.at
    posting = columns.posting
    visited, end = 0, start + count
    if (row >= 0 and candidates < count) or candidates * part.look_up < count:
        at, before = start, -1
        for slot in range(candidates):
            document = signed(document_of[slot])
            if row >= 0 and not has_bit(columns.bits, row, document):
                continue
            low, reach = (at, 8) if document > before else (start, count)  # most come in order
            while low + reach < end and posting[low + reach] < document:
                low, reach = low + reach, 2 * reach
            at = lower_bound(posting, low, min(low + reach, end), document)
            before = document
            if at < end and posting[at] == document:
                visits[visited], places[visited] = slot, at
                visited += 1
        return visited
    for at in range(start, end):
        slot = slot_of[signed(posting[at])]
        if slot >= 0:
            visits[visited], places[visited] = slot, at
            visited += 1
    return visited


@inner
def _outside(bits: np.ndarray, rows: np.ndarray, is_marked: np.ndarray, document: int) -> bool:
    """Whether a document outside of the part's ranges belongs to it."""
    for i in range(len(rows)):
        if has_bit(bits, rows[i], document):
            return True
    return is_marked[document] != 0


@inner
def _add(
    slot_of: np.ndarray,
    document_of: np.ndarray,
    text: np.ndarray,
    share: np.ndarray,
    missing: np.ndarray,
    candidates: int,
    document: int,
) -> int:
    """The document's slot; a new one, ``candidates``, if it had none."""
    slot = slot_of[document]
    if slot >= 0:
        return slot
    slot_of[document] = candidates
    document_of[candidates] = document
    text[candidates] = 0.0
    share[candidates] = 0.0
    missing[candidates] = 1.0
    return candidates


@inner
def forget(room: Room, part: Part, candidates: int) -> None:
    """Leave the room as it was found."""
    marked, is_marked, slot_of, document_of = part.marked, room.marked, room.slot, room.document
    for i in range(len(marked)):
        is_marked[marked[i]] = 0
    for slot in range(candidates):
        slot_of[document_of[slot]] = -1

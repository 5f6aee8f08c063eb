"""Who is a candidate: postings of what is sought are gone through, over no more of the segment than must be.

A candidate's number (its slot) is given in the order in which candidates are met. ``Room`` has an entry for each.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from directory.search import ranking
from directory.search.compiled import compiled, inner
from directory.search.layout import Asked, Columns, Keys, Lists, Room

_NEAR = 64  # two ranges of documents closer than this are read as one


class Part(NamedTuple):
    """What of the segment is looked at: all of it, or ``ranges`` of documents and those outside of them that have one
    of the bit sets (``rows``) or are marked in the room."""

    everywhere: bool
    ranges: np.ndarray  # int64 (n, 2), ascending and disjoint
    rows: np.ndarray  # int64
    marked: np.ndarray  # documents, int32
    look_up: int  # see Costs


@inner
def signed(number: Any) -> int:
    """An index: numba takes the sum of signed and unsigned numbers for a float."""
    return np.int64(number)  # type: ignore[return-value]


@inner
def lower_bound(values: np.ndarray, low: int, high: int, wanted: int) -> int:
    """Index of the first of ``values[low:high]`` (ascending) that is not below the wanted one, or ``high``."""
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@inner
def has_bit(bits: np.ndarray, row: int, document: int) -> bool:
    return (bits[row, document >> 6] >> np.uint64(document & 63)) & np.uint64(1) != np.uint64(0)


@compiled
def ranges_near(hilbert: np.ndarray, covering: np.ndarray) -> np.ndarray:
    """Ranges of documents, ascending and disjoint, that hold every first spot within the covering."""
    found = np.empty((len(covering), 2), dtype=np.int64)
    number, end = 0, 0
    for i in range(len(covering)):
        low = lower_bound(hilbert, end, len(hilbert), covering[i, 0])
        end = lower_bound(hilbert, low, len(hilbert), covering[i, 1])
        if low == end:
            continue
        if number and low - found[number - 1, 1] < _NEAR:
            found[number - 1, 1] = end
        else:
            found[number, 0], found[number, 1] = low, end
            number += 1
    return found[:number]


@inner
def within(ranges: np.ndarray, document: int) -> bool:
    low, high = 0, len(ranges)
    while low < high:
        middle = (low + high) >> 1
        if document < ranges[middle, 0]:
            high = middle
        elif document >= ranges[middle, 1]:
            low = middle + 1
        else:
            return True
    return False


@compiled
def part_of(columns: Columns, keys: Keys, room: Room, asked: Asked, covering: np.ndarray) -> Part:
    """The smallest part of the segment that surely holds all candidates. ``forget`` unmarks what it marks."""
    documents = len(columns.spot)
    # the narrowest group of filters
    narrowest, first, last = documents, 0, 0
    begin = 0
    for group in range(keys.filters):
        end = keys.group_end[group]
        size = 0
        for i in range(begin, end):
            size += keys.range[i, 1]
        if size < narrowest:
            narrowest, first, last = size, begin, end
        begin = end
    everywhere = (narrowest + 1) * asked.selective > documents
    ranges = np.empty((0, 2), dtype=np.int64)
    extras = 0
    if not asked.everywhere:
        serving = keys.group_end[len(keys.group_end) - 1] if len(keys.group_end) else 0
        near = 0
        found = ranges_near(columns.hilbert, covering)
        for i in range(len(found)):
            near += found[i, 1] - found[i, 0]
        for i in range(serving, len(keys.range)):
            near += keys.range[i, 1]
        for i in range(len(covering)):
            low = lower_bound(columns.extra_hilbert, 0, len(columns.extra_hilbert), covering[i, 0])
            extras += (
                lower_bound(columns.extra_hilbert, low, len(columns.extra_hilbert), covering[i, 1]) - low
            )
        near += extras
        if near * asked.local < documents and (everywhere or near < narrowest * asked.selective):
            everywhere, ranges, first, last = False, found, serving, len(keys.range)
        else:
            extras = 0
    if everywhere:
        return Part(True, ranges, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32), asked.look_up)
    rows = np.empty(last - first, dtype=np.int64)
    number, dense = extras, 0
    for i in range(first, last):
        if keys.range[i, 2] < 0:
            number += keys.range[i, 1]
    marked = np.empty(number, dtype=np.int32)
    number = 0
    for i in range(first, last):
        start, count, row = keys.range[i]
        if row >= 0:
            rows[dense] = row
            dense += 1
            continue
        for at in range(start, start + count):
            number = _mark(room.marked, ranges, marked, number, signed(columns.posting[at]))
    if extras:
        for i in range(len(covering)):
            low = lower_bound(columns.extra_hilbert, 0, len(columns.extra_hilbert), covering[i, 0])
            high = lower_bound(columns.extra_hilbert, low, len(columns.extra_hilbert), covering[i, 1])
            for at in range(low, high):
                document = signed(columns.extra_document[columns.extra_along[at]])
                number = _mark(room.marked, ranges, marked, number, document)
    return Part(False, ranges, rows[:dense], marked[:number], asked.look_up)


@inner
def _mark(is_marked: np.ndarray, ranges: np.ndarray, marked: np.ndarray, number: int, document: int) -> int:
    if is_marked[document] or within(ranges, document):
        return number
    is_marked[document] = 1
    marked[number] = document
    return number + 1


@inner
def forget(room: Room, part: Part, candidates: int) -> None:
    """Leave the room as it was found."""
    marked, is_marked, slot_of, document_of = part.marked, room.marked, room.slot, room.document
    for i in range(len(marked)):
        is_marked[marked[i]] = 0
    for slot in range(candidates):
        slot_of[document_of[slot]] = -1


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
def _outside(bits: np.ndarray, rows: np.ndarray, is_marked: np.ndarray, document: int) -> bool:
    """Whether a document outside of the part's ranges belongs to it."""
    for i in range(len(rows)):
        if has_bit(bits, rows[i], document):
            return True
    return is_marked[document] != 0


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
def meet_again(columns: Columns, room: Room, part: Part, candidates: int, start: int, count: int) -> int:
    """As ``meet``, but only for those who are candidates already: how many were visited."""
    slot_of, document_of = room.slot, room.document
    visits, places = room.visited, room.at
    posting = columns.posting
    visited, end = 0, start + count
    if candidates * part.look_up < count:
        for slot in range(candidates):
            document = signed(document_of[slot])
            at = lower_bound(posting, start, end, document)
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
def add_term(
    columns: Columns,
    norms: np.ndarray,
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
    first = lists.term_end[term - 1] if term else lists.wanted
    last, tells = lists.term_end[term], lists.tells[term]
    single = last - first == 1
    touches = 0
    for i in range(first, last):
        start, count, weight = lists.range[i, 0], lists.range[i, 1], lists.weight[i]
        if new:
            candidates, visited = meet(columns, room, part, candidates, start, count)
        else:
            visited = meet_again(columns, room, part, candidates, start, count)
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
def gather(columns: Columns, norms: np.ndarray, room: Room, part: Part, lists: Lists, asked: Asked) -> int:
    """All who may be candidates; filters are still to be looked at. Returns how many."""
    slot_of, document_of, text, share, missing = room.slot, room.document, room.text, room.share, room.missing
    visits, places, weights = room.visited, room.at, columns.weight
    candidates = 0
    if asked.any_of:
        for i in range(lists.wanted):
            candidates, visited = meet(columns, room, part, candidates, lists.range[i, 0], lists.range[i, 1])
            weight = lists.weight[i]
            for j in range(visited):
                slot = visits[j]
                missing[slot] = ranking.missing(missing[slot], weight, weights[places[j]])
        for term in range(lists.terms):
            candidates = add_term(columns, norms, room, part, lists, term, candidates, True)
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
def _keep(
    slot_of: np.ndarray,
    document_of: np.ndarray,
    text: np.ndarray,
    missing: np.ndarray,
    kept: int,
    slot: int,
) -> None:
    if kept != slot:
        document = document_of[slot]
        document_of[kept] = document
        text[kept] = text[slot]
        missing[kept] = missing[slot]
        slot_of[document] = kept


@inner
def sift(
    columns: Columns,
    dead: np.ndarray,
    room: Room,
    part: Part,
    keys: Keys,
    asked: Asked,
    candidates: int,
) -> int:
    """Only those who are alive, have enough of what is sought and pass every filter: how many they are."""
    slot_of, document_of, text, share, missing = room.slot, room.document, room.text, room.share, room.missing
    bits, youngest, oldest = columns.bits, columns.youngest, columns.oldest
    ranges, group_end = keys.range, keys.group_end
    any_of, minimum, age = asked.any_of, asked.minimum, asked.age
    kept, sparse = 0, False
    for slot in range(candidates):
        document = document_of[slot]
        stays = True
        if any_of:
            enough = share[slot] >= minimum if minimum > 0.0 else text[slot] > 0.0
            stays = enough or missing[slot] < 1.0
        if stays and len(dead):
            stays = dead[document] == 0
        if stays and age >= 0:
            stays = youngest[document] <= age and oldest[document] >= age
        begin = 0
        for group in range(keys.filters):
            if not stays:
                break
            end = group_end[group]
            stays = False
            for i in range(begin, end):
                row = ranges[i, 2]
                if row < 0:
                    stays = sparse = True  # to be looked at below
                    break
                if has_bit(bits, row, document):
                    stays = True
                    break
            begin = end
        if stays:
            _keep(slot_of, document_of, text, missing, kept, slot)
            kept += 1
        else:
            slot_of[document] = -1
    return _sift_sparse(columns, room, part, keys, kept) if sparse else kept


@inner
def _sift_sparse(columns: Columns, room: Room, part: Part, keys: Keys, candidates: int) -> int:
    slot_of, document_of, text, missing = room.slot, room.document, room.text, room.missing
    stage, visits, bits = room.stage, room.visited, columns.bits
    for slot in range(candidates):
        stage[slot] = 0
    begin = 0
    for group in range(keys.filters):
        end = keys.group_end[group]
        for i in range(begin, end):
            start, count, row = keys.range[i]
            if row >= 0:
                for slot in range(candidates):
                    if stage[slot] == group and has_bit(bits, row, document_of[slot]):
                        stage[slot] = group + 1
                continue
            for j in range(meet_again(columns, room, part, candidates, start, count)):
                slot = visits[j]
                if stage[slot] == group:
                    stage[slot] = group + 1
        begin = end
    kept = 0
    for slot in range(candidates):
        if stage[slot] == keys.filters:
            _keep(slot_of, document_of, text, missing, kept, slot)
            kept += 1
        else:
            slot_of[document_of[slot]] = -1
    return kept


@inner
def weigh_keys(columns: Columns, room: Room, part: Part, keys: Keys, candidates: int) -> None:
    """``room.factor``: the best factor of each preferred group, multiplied. ``room.stage``: 1 for those that serve the
    point that is asked for, else 0."""
    document_of, factor, best, stage, visits = (
        room.document,
        room.factor,
        room.best,
        room.stage,
        room.visited,
    )
    bits = columns.bits
    for slot in range(candidates):
        factor[slot] = 1.0
    begin = keys.group_end[keys.filters - 1] if keys.filters else 0
    for group in range(keys.filters, len(keys.group_end)):
        end = keys.group_end[group]
        for slot in range(candidates):
            best[slot] = 1.0
        for i in range(begin, end):  # ascending: the best comes last
            start, count, row = keys.range[i]
            if row >= 0:
                for slot in range(candidates):
                    if has_bit(bits, row, document_of[slot]):
                        best[slot] = keys.factor[i]
            else:
                for j in range(meet_again(columns, room, part, candidates, start, count)):
                    best[visits[j]] = keys.factor[i]
        for slot in range(candidates):
            factor[slot] *= best[slot]
            best[slot] = 0.0
        begin = end
    for slot in range(candidates):
        stage[slot] = 0
    for i in range(begin, len(keys.range)):
        start, count, row = keys.range[i]
        if row >= 0:
            for slot in range(candidates):
                if has_bit(bits, row, document_of[slot]):
                    stage[slot] = 1
        else:
            for j in range(meet_again(columns, room, part, candidates, start, count)):
                stage[visits[j]] = 1

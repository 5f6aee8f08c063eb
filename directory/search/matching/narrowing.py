"""Which part of a segment is looked at: a search near a place costs what is near."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from directory.search.matching.compiled import compiled, inner
from directory.search.matching.curve import covering
from directory.search.matching.layout import Asked, Columns, Keys, Room

_NEAR = 64  # two ranges of documents closer than this are read as one


class Part(NamedTuple):
    """What of the segment is looked at: all of it, or ``ranges`` of documents and those outside of them that have one
    of the bit sets (``rows``) or are marked in the room."""

    everywhere: bool
    ranges: np.ndarray  # int64 (n, 2), ascending and disjoint
    rows: np.ndarray  # int64
    marked: np.ndarray  # documents, int32
    listed: (
        np.ndarray
    )  # documents, int32, ascending: if there are any they are the part, and all are candidates
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


@inner
def set_bit(bits: np.ndarray, document: int) -> None:
    bits[document >> 6] |= np.uint64(1) << np.uint64(document & 63)


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
def whole_segment(look_up: int) -> Part:
    nobody = np.empty(0, dtype=np.int32)
    return Part(True, np.empty((0, 2), dtype=np.int64), np.empty(0, dtype=np.int64), nobody, nobody, look_up)


@compiled
def listed_part(documents: np.ndarray, look_up: int) -> Part:
    nobody = np.empty(0, dtype=np.int32)
    return Part(
        False, np.empty((0, 2), dtype=np.int64), np.empty(0, dtype=np.int64), nobody, documents, look_up
    )


@compiled
def part_of(columns: Columns, keys: Keys, room: Room, asked: Asked) -> Part:
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
    around = np.empty((0, 2), dtype=np.uint64)
    if not asked.everywhere:
        around = covering(asked.latitude, asked.longitude, asked.radius_km)
        serving = keys.group_end[len(keys.group_end) - 1] if len(keys.group_end) else 0
        near = 0
        found = ranges_near(columns.hilbert, around)
        for i in range(len(found)):
            near += found[i, 1] - found[i, 0]
        for i in range(serving, len(keys.range)):
            near += keys.range[i, 1]
        for i in range(len(around)):
            low = lower_bound(columns.extra_hilbert, 0, len(columns.extra_hilbert), around[i, 0])
            extras += lower_bound(columns.extra_hilbert, low, len(columns.extra_hilbert), around[i, 1]) - low
        near += extras
        if near * asked.local < documents and (everywhere or near < narrowest * asked.selective):
            everywhere, ranges, first, last = False, found, serving, len(keys.range)
        else:
            extras = 0
    if everywhere:
        return whole_segment(asked.look_up)
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
        for i in range(len(around)):
            low = lower_bound(columns.extra_hilbert, 0, len(columns.extra_hilbert), around[i, 0])
            high = lower_bound(columns.extra_hilbert, low, len(columns.extra_hilbert), around[i, 1])
            for at in range(low, high):
                document = signed(columns.extra_document[columns.extra_along[at]])
                number = _mark(room.marked, ranges, marked, number, document)
    listed = np.empty(0, dtype=np.int32)
    return Part(False, ranges, rows[:dense], marked[:number], listed, asked.look_up)


@inner
def _mark(is_marked: np.ndarray, ranges: np.ndarray, marked: np.ndarray, number: int, document: int) -> int:
    if is_marked[document] or within(ranges, document):
        return number
    is_marked[document] = 1
    marked[number] = document
    return number + 1

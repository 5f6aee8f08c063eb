"""How many of the documents found have each key: for facets."""

from __future__ import annotations

import numpy as np

from directory.search.matching.compiled import compiled, inner
from directory.search.matching.layout import Asked, Columns, Counted, Room
from directory.search.matching.narrowing import lower_bound, set_bit, signed


@inner
def ones(word: np.uint64) -> np.uint64:
    """How many bits are set (H. S. Warren, Hacker's Delight, 2nd ed., 5-1)."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@compiled
def count_keys(columns: Columns, room: Room, counted: Counted, asked: Asked, found: int) -> None:
    """``counted.counts``: for each key of ``counted.facet``, one prefix after the other, how many of the documents in
    the room have it."""
    facet, document_of, counts = counted.facet, room.document, counted.counts
    if not len(counts):
        return
    if found * asked.many > len(columns.spot):
        has = np.zeros((len(columns.spot) + 63) >> 6, dtype=np.uint64)
        for slot in range(found):
            set_bit(has, signed(document_of[slot]))
        count_bits(columns, counted, has)
    else:
        _by_document(columns, facet, document_of, found, counts)


@compiled
def count_bits(columns: Columns, counted: Counted, has: np.ndarray) -> None:
    """As ``count_keys``, of the documents that have a bit."""
    bits, posting = columns.bits, columns.posting
    dense, sparse, counts = counted.dense, counted.sparse, counted.counts
    for i in range(len(dense)):
        row, number = dense[i, 0], np.uint64(0)
        for word in range(len(has)):
            number += ones(bits[row, word] & has[word])
        counts[dense[i, 1]] = number
    for i in range(len(sparse)):
        start, count, place = sparse[i, 0], sparse[i, 1], sparse[i, 2]
        number = np.uint64(0)
        for at in range(start, start + count):
            document = posting[at]
            number += (has[document >> np.uint32(6)] >> np.uint64(document & np.uint32(63))) & np.uint64(1)
        counts[place] = number


@inner
def _by_document(
    columns: Columns, facet: np.ndarray, document_of: np.ndarray, found: int, counts: np.ndarray
) -> None:
    key, key_end = columns.key, columns.key_end
    for slot in range(found):
        document = document_of[slot]
        at, end = key_end[document], key_end[document + 1]
        offset = 0
        for i in range(len(facet)):
            first, last = facet[i, 0], facet[i, 1]
            if i and first < facet[i - 1, 1]:
                at = key_end[document]
            at = lower_bound(key, at, end, first)
            while at < end and key[at] < last:
                counts[offset + key[at] - first] += 1
                at += 1
            offset += last - first

"""How many of the documents found have each key: for facets."""

from __future__ import annotations

import numpy as np

from directory.search.candidates import lower_bound
from directory.search.compiled import compiled
from directory.search.layout import Asked, Columns, Keys, Room


@compiled
def _ones(word: np.uint64) -> np.uint64:
    """How many bits are set (H. S. Warren, Hacker's Delight, 2nd ed., 5-1)."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@compiled
def count_keys(columns: Columns, room: Room, keys: Keys, asked: Asked, found: int) -> np.ndarray:
    """For each key of ``keys.facet``, one prefix after the other, how many of the documents in the room have it."""
    facet, dense, document_of, bits = keys.facet, keys.dense, room.document, columns.bits
    key, key_end = columns.key, columns.key_end
    total = 0
    for i in range(len(facet)):
        total += facet[i, 1] - facet[i, 0]
    counts = np.zeros(total, dtype=np.int64)
    is_dense = np.zeros(total, dtype=np.uint8)
    if found * asked.many > len(columns.spot):
        has = np.zeros(bits.shape[1], dtype=np.uint64)
        for slot in range(found):
            document = document_of[slot]
            has[document >> 6] |= np.uint64(1) << np.uint64(document & 63)
        for i in range(len(dense)):
            row, number = dense[i, 0], np.uint64(0)
            for word in range(len(has)):
                number += _ones(bits[row, word] & has[word])
            counts[dense[i, 1]] = number
            is_dense[dense[i, 1]] = 1
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
                place = offset + key[at] - first
                if not is_dense[place]:
                    counts[place] += 1
                at += 1
            offset += last - first
    return counts

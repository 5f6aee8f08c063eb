"""How many of the documents found have each key: for facets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from directory.search.candidates import ranges_of
from directory.search.segment import Segment

# A look-up in a document's own keys takes as long as so many in a key's documents.
_DEARER = 4
# So many words of bit sets fit into a processor's cache beside what is made of them.
_CACHED_WORDS = 1 << 16


def count_keys(segment: Segment, documents: np.ndarray, prefixes: Sequence[str]) -> dict[str, dict[str, int]]:
    """For each prefix the keys that begin with it and are had by at least one of the documents (no repetitions)."""
    if not prefixes or not len(documents):
        return {prefix: {} for prefix in prefixes}
    has = np.zeros(segment.bits.shape[1] * 64, dtype=bool)
    has[documents] = True
    words, chosen = _words(has)
    own = (
        segment.array["sparse"].size / segment.documents * len(documents)
    )  # as many as documents have on average
    sparse = None
    counts: dict[str, dict[str, int]] = {}
    for prefix in prefixes:
        table = segment.keys_with(prefix)
        dense = segment.array["dense"][table.rows] - table.first
        if len(dense) == len(table.names):
            number = np.zeros(len(table.names), dtype=np.int64)
        elif sparse is None and own * _DEARER > len(table.documents):
            number = np.add.reduceat(has[table.documents], table.starts, dtype=np.int64)
        else:
            if sparse is None:
                ends = segment.array["sparse_end"]
                sparse = segment.array["sparse"][ranges_of(ends[documents], ends[documents + 1])].astype(
                    np.int64
                )
            inside = sparse[(sparse >= table.first) & (sparse < table.first + len(table.names))] - table.first
            number = np.bincount(inside, minlength=len(table.names))
        number[dense] = _common(segment.bits[table.rows], words, chosen)
        counts[prefix] = {table.names[i]: int(number[i]) for i in np.flatnonzero(number).tolist()}
    return counts


def _words(has: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """Documents as a bit set: which of its 64-bit words are not empty, and these words. None and all, if most are."""
    packed = np.packbits(has, bitorder="little").view(np.uint64)
    words = np.flatnonzero(packed)
    return (None, packed) if len(words) * 2 > len(packed) else (words, packed[words])


def _common(rows: np.ndarray, words: np.ndarray | None, chosen: np.ndarray) -> np.ndarray:
    """How many bits each row has in common with the chosen ones."""
    if words is None and rows.size > _CACHED_WORDS:
        return np.array([np.bitwise_count(row & chosen).sum(dtype=np.int64) for row in rows])
    return np.bitwise_count((rows if words is None else rows[:, words]) & chosen).sum(axis=1, dtype=np.int64)

"""How many of the documents found have each key: for facets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from directory.search.segment import Segment


def count_keys(segment: Segment, documents: np.ndarray, prefixes: Sequence[str]) -> dict[str, dict[str, int]]:
    """For each prefix the keys that begin with it and are had by at least one of the documents (no repetitions)."""
    if not prefixes or not len(documents):
        return {prefix: {} for prefix in prefixes}
    words, chosen = _bits(segment, documents)
    sparse = _sparse(segment, documents)
    counts: dict[str, dict[str, int]] = {}
    for prefix in prefixes:
        table = segment.keys_with(prefix)
        inside = sparse[(sparse >= table.first) & (sparse < table.first + len(table.names))] - table.first
        number = np.bincount(inside, minlength=len(table.names))
        rows = segment.bits[table.rows]
        if len(words) < rows.shape[1]:
            rows = rows[:, words]
        dense = segment.array["dense"][table.rows] - table.first
        number[dense] = np.bitwise_count(rows & chosen).sum(axis=1, dtype=np.int64)
        counts[prefix] = {table.names[i]: int(number[i]) for i in np.flatnonzero(number).tolist()}
    return counts


def _bits(segment: Segment, documents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The documents as a bit set: which of its 64-bit words are not empty, and these words. All words if most are."""
    has = np.zeros(segment.bits.shape[1] * 64, dtype=bool)
    has[documents] = True
    packed = np.packbits(has, bitorder="little").view(np.uint64)
    words = np.flatnonzero(packed)
    if len(words) * 2 > len(packed):
        return np.arange(len(packed)), packed
    return words, packed[words]


def _sparse(segment: Segment, documents: np.ndarray) -> np.ndarray:
    """Numbers of the keys without a bit set, of all these documents, as int64."""
    ends = segment.array["sparse_end"]
    starts = ends[documents]
    counts = ends[documents + 1] - starts
    rows = np.arange(counts.sum()) + np.repeat(starts - np.cumsum(counts) + counts, counts)
    return segment.array["sparse"][rows].astype(np.int64)

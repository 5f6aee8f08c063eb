"""The part of a segment that a query has to look at: a few ranges of document numbers, and some single ones.

A query's vectors have one entry ("slot") for each document of this part, so that a search near a place costs what is
near. A slot's document and a document's slot are found by arithmetic for ranges, by binary search for single ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_NONE = np.empty(0, dtype=np.uint32)


def common(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the two ascending arrays (uint32, no repetitions) have the same value: indices in one, in the other."""
    if len(one) > len(other):
        right, left = common(other, one)
        return left, right
    if not len(one):
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
    at = other.searchsorted(one)
    at[at == len(other)] = 0
    found = np.flatnonzero(other[at] == one)
    return found, at[found]


def ranges_of(starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """All numbers from each start up to its stop, one range after the other."""
    counts = stops - starts
    return np.arange(counts.sum()) + np.repeat(starts - np.cumsum(counts) + counts, counts)


class Candidates:
    """``ranges``: ascending, disjoint (low, high); ``single``: ascending documents (uint32) outside of them."""

    def __init__(self, ranges: list[tuple[int, int]], single: np.ndarray = _NONE) -> None:
        self.ranges = ranges
        self.single = single
        self._shifts: list[int] = []
        slots = 0
        for low, high in ranges:
            self._shifts.append(low - slots)
            slots += high - low
        self._in_ranges = slots
        self.size = slots + len(single)
        self._bounds = np.array([bound for pair in ranges for bound in pair], dtype=np.uint32)
        self._whole = False

    @classmethod
    def whole(cls, documents: int) -> Candidates:
        """The whole segment."""
        everything = cls([(0, documents)])
        everything._whole = True
        return everything

    @classmethod
    def joined(cls, ranges: list[tuple[int, int]], lists: Sequence[np.ndarray], documents: int) -> Candidates:
        """The ranges, and those of the lists that lie outside of them; of so many documents in all."""
        if not any(map(len, lists)):
            return cls(ranges)
        has = np.zeros(documents, dtype=bool)
        for some in lists:
            has[some] = True
        for low, high in ranges:
            has[low:high] = False
        return cls(ranges, np.flatnonzero(has).astype(np.uint32))

    def documents(self, slots: np.ndarray) -> np.ndarray:
        """Their documents, as intp."""
        if self._whole:
            return slots
        parts = [np.arange(low, high, dtype=np.intp) for low, high in self.ranges]
        return np.concatenate([*parts, self.single.astype(np.intp)])[slots]

    def place(self, documents: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of ascending documents with a value each: the slots of those that are here, and their values."""
        if self._whole:
            return documents, values
        slots, kept = [], []
        cuts = documents.searchsorted(self._bounds).tolist()
        for shift, low, high in zip(self._shifts, cuts[::2], cuts[1::2], strict=True):
            if low < high:
                slots.append(documents[low:high] - np.uint32(shift))
                kept.append(values[low:high])
        if len(self.single):
            mine, theirs = common(self.single, documents)
            slots.append((mine + self._in_ranges).astype(np.uint32))
            kept.append(values[theirs])
        if len(slots) == 1:
            return slots[0], kept[0]
        if not slots:
            return _NONE, values[:0]
        return np.concatenate(slots), np.concatenate(kept)

    def has_bits(self, row: np.ndarray) -> np.ndarray:
        """Which slots a bit set over documents (uint8, little-endian bits) has: bool."""
        parts = []
        for low, high in self.ranges:
            part = np.unpackbits(row[low >> 3 : (high + 7) >> 3], bitorder="little")
            parts.append(part[low & 7 : (low & 7) + high - low].view(bool))
        if len(self.single):
            octets = row[self.single >> np.uint32(3)]
            parts.append((octets >> (self.single & np.uint32(7)).astype(np.uint8) & 1).view(bool))
        return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, dtype=bool), *parts])

    def of(self, values: np.ndarray) -> np.ndarray:
        """The entries of an array over documents, by slot."""
        if self._whole:
            return values
        return np.concatenate([*(values[low:high] for low, high in self.ranges), values[self.single]])

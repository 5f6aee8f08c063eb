"""A segment as one generation sees it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from directory.search.storage.opening import OpenStates
from directory.search.storage.segment import Segment

_REMEMBERED = 20_000  # terms


def living(documents: np.ndarray, dead: np.ndarray) -> int:
    """How many of the documents (ascending, without repetitions, as ``dead``) are not dead."""
    if not len(dead) or not len(documents):
        return len(documents)
    few, many = (dead, documents) if len(dead) < len(documents) else (documents, dead)
    at = np.minimum(many.searchsorted(few), len(many) - 1)
    return len(documents) - int(np.count_nonzero(many[at] == few))


@dataclass(frozen=True, slots=True)
class View:
    segment: Segment
    dead: np.ndarray  # uint32, ascending: documents that have been replaced or removed
    is_dead: np.ndarray  # by document, uint8; empty if none is
    norms: np.ndarray  # BM25's length norm of each document, float32
    open_states: OpenStates
    _living: dict[tuple[int, int], int] = field(default_factory=dict)

    def living(self, postings: tuple[int, int]) -> int:
        """How many documents of the postings (start, count) are not dead."""
        if not len(self.dead):
            return postings[1]
        if (known := self._living.get(postings)) is None:
            if len(self._living) >= _REMEMBERED:
                self._living.clear()
            start, count = postings
            known = living(self.segment.columns.posting[start : start + count], self.dead)
            self._living[postings] = known
        return known

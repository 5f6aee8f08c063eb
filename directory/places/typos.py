"""The nearest name to a word that is none: edits by length, and the first letter as it stands.

A transposition is one edit (optimal string alignment: F. J. Damerau, CACM 7(3), 1964; rapidfuzz's OSA).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA

_REMEMBERED, _LONGEST = 4096, 60  # words, letters


def edits_allowed(length: int) -> int:
    """None below five letters, where every word is near some name; one up to seven; two from eight."""
    return 0 if length < 5 else 1 if length < 8 else 2


class Typos:
    """Names by first letter and length, so that a word is held against some dozens of thousands."""

    def __init__(self, names: Iterable[str]) -> None:
        self._buckets: dict[tuple[str, int], list[str]] = defaultdict(list)
        for name in names:
            self._buckets[name[:1], len(name)].append(name)
        self._remember()

    def _remember(self) -> None:
        self._near = lru_cache(maxsize=_REMEMBERED)(self._find)  # by the word alone; no line is kept

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_near"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._remember()

    def near(self, word: str, limit: int | None = None) -> list[tuple[str, int]]:
        """Names within the allowed edits (or ``limit``), with their distance, nearest first."""
        return list(self._near(word, limit)) if len(word) <= _LONGEST else []

    def _find(self, word: str, limit: int | None) -> tuple[tuple[str, int], ...]:
        allowed = edits_allowed(len(word)) if limit is None else limit
        found: list[tuple[str, int]] = []
        for length in range(max(1, len(word) - allowed), len(word) + allowed + 1) if allowed else ():
            bucket = self._buckets.get((word[:1], length))
            if bucket:
                hits = process.extract(word, bucket, scorer=OSA.distance, score_cutoff=allowed, limit=20)
                found += [(name, int(distance)) for name, distance, _ in hits]
        return tuple(sorted(found, key=lambda f: (f[1], f[0])))

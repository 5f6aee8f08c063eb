"""The terms of a large collection in order, without all of them in memory: those of each run are sorted and put into a
file of their own, and the files are merged.

The files are of the process that wrote them, which removes them; they are nothing to keep or to hand on.
"""

from __future__ import annotations

import marshal
from array import array
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice, repeat
from pathlib import Path

import numpy as np

_BLOCK = 1024  # terms that are read at a time


def write_terms(path: Path, terms: Iterable[str]) -> None:
    rest = iter(terms)
    with path.open("wb") as file:
        while block := list(islice(rest, _BLOCK)):
            marshal.dump(block, file)


def read_terms(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        while True:
            try:
                block: list[str] = marshal.load(file)  # nosec B302
            except EOFError:
                return
            yield from block


def merge_terms(path: Path, parts: Sequence[Path]) -> tuple[int, list[np.ndarray]]:
    """Write what the files have together, in order of code points and each term once, to ``path``.

    Each file must be in that order. Returns how many terms that are, and for each file the places (uint32) of its terms
    among them.
    """
    places = [array("I") for _ in parts]
    number = 0

    def once() -> Iterator[str]:
        nonlocal number
        add = [place.append for place in places]
        last = None
        for term, part in merge(*(zip(read_terms(p), repeat(i)) for i, p in enumerate(parts))):
            if term != last:
                yield term
                last = term
                number += 1
            add[part](number - 1)

    write_terms(path, once())
    return number, [np.frombuffer(place, dtype=np.uint32) for place in places]

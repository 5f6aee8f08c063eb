"""The beginnings by which a need is completed while it is typed: of its wordings, and of the words within them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import NamedTuple

from directory.needs import Needs
from directory.spelling import fold

# How a completion begins: the label itself, one of its other wordings, or a word within one.
LABEL, WORDING, WITHIN = range(3)


class Completion(NamedTuple):
    text: str  # folded, from where it begins
    slug: str
    begins: int


class Completions:
    """In the order of their texts. Built once; holds nothing typed."""

    def __init__(self, needs: Needs) -> None:
        found: dict[tuple[str, str], int] = {}
        for need in needs:
            for wording in need.wordings if need.parent else ():
                text = fold(wording.text)
                at = 0
                while at >= 0:
                    begins = LABEL if wording.label and not at else WITHIN if at else WORDING
                    key = (text[at:], need.slug)
                    found[key] = min(found.get(key, WITHIN), begins)
                    at = text.find(" ", at) + 1 or -1
        self._all = sorted(Completion(text, slug, begins) for (text, slug), begins in found.items())
        self._texts = [text for text, _, _ in self._all]

    def beginning(self, typed: str) -> list[Completion]:
        start = bisect_left(self._texts, typed)
        rest = (self._all[i] for i in range(start, len(self._all)))
        return list(takewhile(lambda entry: entry.text.startswith(typed), rest))

    def nearly_beginning(
        self, typed: str, within_a_slip: Callable[[str, Sequence[str]], Sequence[int]]
    ) -> list[Completion]:
        """Those whose beginning is a slip away; the first letter stands."""
        start = bisect_left(self._texts, typed[0])
        end = bisect_left(self._texts, chr(ord(typed[0]) + 1))
        return [self._all[start + number] for number in within_a_slip(typed, self._texts[start:end])]

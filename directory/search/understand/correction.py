"""A word that is in no vocabulary is taken for the nearest one that is: by length, at most two edits (OSA distance)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

SHORTEST = 4  # below this a typo can't be told from another word

# Letters from which two edits are believed; and from which any is, where words have many forms.
LONG, SHORTEST_INFLECTED = 10, 6
ENDING = 2  # letters
_TWICE = re.compile(r"(.)\1+")


@dataclass(frozen=True, slots=True)
class Correction:
    """``sure``: by the slip itself. Else what it is taken for must make sense in the line: a rare word may be right."""

    word: str
    distance: int
    sure: bool = True


class Vocabulary:
    """Folded words to correct to, with how often each stands there."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.counts = counts
        self.by_length: dict[int, list[str]] = defaultdict(list)
        for word in counts:
            if len(word) >= SHORTEST and not word.isdigit():
                self.by_length[len(word)].append(word)


class Corrector:
    """``vocabulary``: what is corrected to. ``is_word``: never corrected.

    ``similar`` (word, edits) gives the words of the entries that are as near, the most frequent first; they come after
    those of the vocabulary. ``inflected``: the language has more endings and prefixes than any list knows, so that a
    word that differs in nothing else is another form, and no misspelling.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        is_word: Callable[[str], bool],
        similar: Callable[[str, int], Sequence[tuple[str, int]]],
        *,
        inflected: bool = False,
    ) -> None:
        self._inflected = inflected
        self._similar = similar
        self._vocabulary = vocabulary
        self._is_word = is_word

    def __call__(self, word: str) -> Correction | None:
        """The word meant, or None when it is one, is too short, or nothing is near enough.

        One edit from 4 letters on (only a transposition or doubled letter below 5), two from 10, where the first letter
        is right; in an inflected language none below 6.
        """
        allowed = (
            0 if len(word) < SHORTEST or any(c.isdigit() for c in word) else 1 if len(word) < LONG else 2
        )
        if self._inflected and len(word) < SHORTEST_INFLECTED:
            return None
        if not allowed or self._is_word(word):
            return None
        near = [
            found
            for length in range(len(word) - allowed, len(word) + allowed + 1)
            for found in process.extract(
                word,
                self._vocabulary.by_length.get(length, ()),
                scorer=OSA.distance,
                score_cutoff=allowed,
                limit=8,
            )
        ]
        kept = [
            (name, int(d))
            for name, d, _ in near
            if name[0] == word[0] or (d == 1 and (allowed > 1 or len(word) > 5))
        ]
        if len(word) == SHORTEST:
            kept = [(name, d) for name, d in kept if sorted(set(name)) == sorted(set(word))]
        if self._inflected:
            kept = [(name, d) for name, d in kept if not _another_form(word, name)]
        if not kept:
            others = self._similar(word, allowed) if len(word) > SHORTEST else ()
            kept = [
                (name, OSA.distance(name, word))
                for name, _ in others
                if not (self._inflected and _another_form(word, name))
            ]
            if not kept:
                return None
            name, distance = min(kept, key=lambda k: k[1])
            return Correction(name, distance)
        name, distance = min(
            kept, key=lambda k: (k[1], k[0][0] != word[0], -self._vocabulary.counts[k[0]], k[0])
        )
        return Correction(name, distance, _is_slip(word, name))


def _is_slip(word: str, name: str) -> bool:
    """Whether two letters changed places, letters are doubled or not, or a long word has one too many or too few: no
    other word is often so near."""
    if len(word) >= LONG - 1 and abs(len(word) - len(name)) == 1 == OSA.distance(word, name):
        return True
    return sorted(word) == sorted(name) or _TWICE.sub(r"\1", word) == _TWICE.sub(r"\1", name)


def _another_form(word: str, name: str) -> bool:
    """Whether two words differ in their endings, or in a letter before them, alone."""
    same = 0
    for one, other in zip(word, name, strict=False):
        if one != other:
            break
        same += 1
    # two letters that changed places are a slip, wherever they stand
    swapped = len(word) == len(name) and sorted(word) == sorted(name)
    return not swapped and (same >= max(len(word), len(name)) - ENDING or word[1:] in (name, name[1:]))

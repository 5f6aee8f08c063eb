"""What is said in many ways: a few ideas together ("my husband" and "hits") ask for a need that no phrase lists.

An idea is a set of words in ten languages; a frame names ideas that together ask for needs. Read from
``seed/needs_ideas.json``. Built once; matching keeps nothing of what was typed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, product

from directory.needs import Frame
from directory.search.analysis import stems
from directory.search.understand.phrases import MAX_SKIPPED, Match, Token
from directory.spelling import fold, split

SHORT = 3  # words this short mean other things in other languages
UNSHARED = 5  # words this long seldom do
AFFIXED = frozenset({"ar", "so"})  # languages in which much is written onto a word
MOST_PLACES = 4  # how often one idea is looked at in one line
_SAME = (frozenset({"nb", "nn", "da"}),)  # languages whose short words are the same

Spot = tuple[int, int]  # start, end (exclusive) in tokens


class Ideas:
    """``words``: idea -> language -> words, as the file has them. ``kin``: groups of languages that share words."""

    def __init__(
        self,
        words: Mapping[str, Mapping[str, Sequence[str]]],
        frames: Iterable[Frame],
        kin: Sequence[frozenset[str]],
    ) -> None:
        self._frames = tuple(frames)
        self._kin = kin
        # first word -> (idea, language, what must follow); a beginning of a word ends with "*"
        self._whole: dict[str, list[tuple[str, str, tuple[str, ...]]]] = defaultdict(list)
        self._begun: dict[str, list[tuple[str, str, tuple[str, ...]]]] = defaultdict(list)
        self.languages: dict[str, set[str]] = defaultdict(set)
        for idea, by_language in words.items():
            for language, texts in by_language.items():
                for text in texts:
                    first, *more = (w for part in text.rstrip("*").split("*") for w in split(part))
                    begun = text.endswith("*") and not more
                    kept = self._begun if begun else self._whole
                    told = idea, language, tuple(map(fold, more))
                    for form in (fold(first), *(() if begun else _keys(first, language))):
                        kept[form].append(told)
                    if not begun:
                        self.languages[fold(first)].add(language)
        self._lengths = range(2, max(map(len, self._begun), default=1) + 1)
        self._single = tuple(f for f in self._frames if len(f.ideas) == 1)
        self._by_idea: dict[str, list[Frame]] = defaultdict(list)
        for frame in self._frames:
            if len(frame.ideas) > 1:
                self._by_idea[frame.ideas[0]].append(frame)

    def __contains__(self, word: str) -> bool:
        return word in self._whole or any(word[:n] in self._begun for n in self._lengths if n <= len(word))

    def find(self, tokens: Sequence[Token], asker: str | None) -> tuple[list[Match], list[tuple[Spot, str]]]:
        """The needs that frames tell, and (where, need) of those that a frame takes the place of."""
        said: dict[str, list[Spot]] = defaultdict(list)
        for index in range(len(tokens)):
            for idea, spot in self._at(tokens, index, asker):
                if spot not in said[idea] and len(said[idea]) < MOST_PLACES:
                    said[idea].append(spot)
        if not said:
            return [], []
        content = [0]
        for token in tokens:
            content.append(content[-1] + (not token.function_word))
        found: list[Match] = []
        instead: list[tuple[Spot, str]] = []
        frames = [f for f in self._single if f.ideas[0] in said]
        frames += [f for idea in said for f in self._by_idea.get(idea, ()) if all(i in said for i in f.ideas)]
        for frame in frames:
            if where := _together([said[idea] for idea in frame.ideas], frame, content):
                found += [
                    Match(*where, slug, weight, asker or "", len(frame.ideas))
                    for slug, weight in frame.needs.items()
                ]
                instead += [(where, slug) for slug in frame.instead]
        return found, instead

    def _at(self, tokens: Sequence[Token], index: int, asker: str | None) -> Iterator[tuple[str, Spot]]:
        word = tokens[index].word
        for form in tokens[index].forms if asker in AFFIXED else (word,):
            for idea, language, more in self._whole.get(form, ()):
                if self._meant(form, language, asker) and (end := _follows(tokens, index + 1, more)):
                    yield idea, (index, end)
            for length in self._lengths:
                if length > len(form):
                    break
                for idea, language, _ in self._begun.get(form[:length], ()):
                    if self._meant(form, language, asker):
                        yield idea, (index, index + 1)

    def _meant(self, word: str, language: str, asker: str | None) -> bool:
        if asker is None or language == asker or len(word) >= UNSHARED or not word.isascii():
            return True
        groups = _SAME if len(word) <= SHORT else self._kin
        return any(asker in group and language in group for group in groups)


def _keys(word: str, language: str) -> set[str]:
    """What else a word of an idea is found by: keys, never other words."""
    return {form for form in stems(fold(word), language) if "~" in form} if language in AFFIXED else set()


def _follows(tokens: Sequence[Token], index: int, more: Sequence[str]) -> int:
    """Where the words end that must follow, with a few function words between; 0 when they don't."""
    for word in more:
        skipped = 0
        while index < len(tokens) and word not in tokens[index].forms:
            if not tokens[index].function_word or skipped == MAX_SKIPPED:
                return 0
            index, skipped = index + 1, skipped + 1
        if index == len(tokens):
            return 0
        index += 1
    return index


def _together(places: Sequence[Sequence[Spot]], frame: Frame, content: Sequence[int]) -> Spot | None:
    """The narrowest stretch in which each idea has words of its own, no wider than the frame allows."""
    best: tuple[int, Spot] | None = None
    for spots in product(*places):
        ordered = sorted(spots)
        if frame.ordered and ordered != list(spots):
            continue
        if any(one[1] > other[0] for one, other in pairwise(ordered)):
            continue
        start, end = ordered[0][0], max(s[1] for s in ordered)
        size = content[end] - content[start]
        if size <= frame.within and (best is None or size < best[0]):
            best = size, (start, end)
    return best[1] if best else None

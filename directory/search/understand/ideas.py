"""What is said in many ways: a few ideas together ("my husband" and "hits") ask for a need that no phrase lists.

An idea is a set of words in ten languages; a frame names ideas that together ask for needs. Read from
``seed/needs_ideas.json``. Built once; matching keeps nothing of what was typed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, product
from typing import NamedTuple

from directory.needs import Frame
from directory.places.sounding import typed_in_latin
from directory.search.analysis import stems
from directory.search.understand.phrases import MAX_SKIPPED, Match, Token
from directory.spelling import fold, split

SHORT = 3  # words this short mean other things in other languages
UNSHARED = 5  # words this long seldom do
AFFIXED = frozenset({"ar", "so"})  # languages in which much is written onto a word
TYPED = "~"  # a key of a word so typed ends with it, and that of a beginning begins with it
MARKED = 4  # words this short are others with a mark on a letter: "får" is no "far"
TYPED_IN_LATIN = frozenset(
    {"ru", "uk"}
)  # languages whose words many type in Latin letters, each in a way of their own
MOST_PLACES = 4  # how often one idea is looked at in one line
_SAME = (frozenset({"nb", "nn", "da"}),)  # languages whose short words are the same

Spot = tuple[int, int]  # start, end (exclusive) in tokens


class Instead(NamedTuple):
    """A need that so many ideas, said from ``start`` to ``end``, take the place of."""

    start: int
    end: int  # exclusive, in tokens
    slug: str
    ideas: int


class _Said(NamedTuple):
    """What a word begins to say: an idea, where those words follow."""

    idea: str
    language: str
    more: tuple[str, ...]
    unmarked: bool  # a short word without a mark on a letter


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
        # first word -> what it begins; a beginning of a word ends with "*"
        self._whole: dict[str, list[_Said]] = defaultdict(list)
        self._begun: dict[str, list[_Said]] = defaultdict(list)
        self.languages: dict[str, set[str]] = defaultdict(set)
        for idea, by_language in words.items():
            for language, texts in by_language.items():
                for text in texts:
                    first, *more = (w for part in text.rstrip("*").split("*") for w in split(part))
                    begun = text.endswith("*") and not more
                    kept = self._begun if begun else self._whole
                    unmarked = len(first) <= MARKED and first.isascii()
                    told = _Said(idea, language, tuple(map(fold, more)), unmarked)
                    for form in (fold(first), *(() if begun else _keys(first, language))):
                        kept[form].append(told)
                    if not begun:
                        self.languages[fold(first)].add(language)
                    if language in TYPED_IN_LATIN:
                        told = _Said(idea, language, tuple(min(_typed(w), default=w) for w in more), False)
                        for key in _typed(first):
                            kept[TYPED + key.rstrip(TYPED) if begun else key].append(told)
                        if not begun and len(letters := fold(typed_in_latin(first.lower()))) >= UNSHARED:
                            self.languages[letters].add(language)
        lengths: dict[str, set[int]] = defaultdict(set)
        for beginning in self._begun:
            if len(beginning) > 1:
                lengths[beginning[:2]].add(len(beginning))
        self._lengths = {
            two: tuple(sorted(found)) for two, found in lengths.items()
        }  # of what begins with two letters
        self._single = tuple(f for f in self._frames if len(f.ideas) == 1)
        self._by_idea: dict[str, list[Frame]] = defaultdict(list)
        for frame in self._frames:
            if len(frame.ideas) > 1:
                self._by_idea[frame.ideas[0]].append(frame)

    def __contains__(self, word: str) -> bool:
        return word in self._whole or any(word[:n] in self._begun for n in self._lengths.get(word[:2], ()))

    def find(
        self, tokens: Sequence[Token], asker: str | None
    ) -> tuple[list[Match], list[Instead], Collection[str]]:
        """The needs that frames tell, those that a frame takes the place of, and all ideas that are said."""
        said: dict[str, list[Spot]] = defaultdict(list)
        for index in range(len(tokens)):
            for idea, spot in self._at(tokens, index, asker):
                if spot not in said[idea] and len(said[idea]) < MOST_PLACES:
                    said[idea].append(spot)
        if not said:
            return [], [], ()
        content = [0]
        for token in tokens:
            content.append(content[-1] + (not token.function_word))
        found: list[Match] = []
        instead: list[Instead] = []
        frames = [f for f in self._single if f.ideas[0] in said]
        frames += [f for idea in said for f in self._by_idea.get(idea, ()) if all(i in said for i in f.ideas)]
        for frame in frames:
            if where := _together([said[idea] for idea in frame.ideas], frame, content):
                found += [
                    Match(*where, slug, weight, asker or "", len(frame.ideas))
                    for slug, weight in frame.needs.items()
                ]
                instead += [Instead(*where, slug, len(frame.ideas)) for slug in frame.instead]
        return found, instead, said.keys()

    def _at(self, tokens: Sequence[Token], index: int, asker: str | None) -> Iterator[tuple[str, Spot]]:
        token = tokens[index]
        word = token.word
        typed = asker in TYPED_IN_LATIN and word.isascii()
        marked = len(word) <= MARKED and word.isascii() and not token.raw.isascii()
        for form in token.forms if typed or asker in AFFIXED else (word,):
            for idea, language, more, unmarked in self._whole.get(form, ()):
                if marked and unmarked:
                    continue
                if self._meant(form, language, asker) and (end := _follows(tokens, index + 1, more)):
                    yield idea, (index, end)
            beginning = TYPED + form if typed and form[-1] == TYPED else form
            for length in self._lengths.get(beginning[:2], ()):
                if length > len(beginning):
                    break
                for idea, language, _, unmarked in self._begun.get(beginning[:length], ()):
                    if self._meant(form, language, asker) and not (marked and unmarked):
                        yield idea, (index, index + 1)

    def _meant(self, word: str, language: str, asker: str | None) -> bool:
        if asker is None or language == asker or len(word) >= UNSHARED or not word.isascii():
            return True
        groups = _SAME if len(word) <= SHORT else self._kin
        return any(asker in group and language in group for group in groups)


def _keys(word: str, language: str) -> set[str]:
    """What else a word of an idea is found by: keys, never other words."""
    return {form for form in stems(fold(word), language) if "~" in form} if language in AFFIXED else set()


def _typed(word: str) -> set[str]:
    """What a Cyrillic word is found by when it is typed in Latin letters: keys, or as it is where it is too short."""
    low = word.lower()
    found = set()
    for spelt in {low, low.replace("ь", "й"), low.replace("ё", "йо")}:  # "bet", "bjet", "byot"
        letters = typed_in_latin(spelt)
        keys = stems(letters, "ru")
        found.add(max(keys, key=len) if keys else letters)
    return {key for key in found if len(key) >= SHORT}


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

"""Finding the phrases of a vocabulary in what somebody wrote: longest first, inflected, split, joined, or in part.

A phrase book maps phrases to targets (need slugs, signs of an emergency). It is built once from the taxonomy;
matching keeps nothing of what was typed.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence, Set
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from directory.search.analysis import Compounds, stems
from directory.spelling import fold, split

EXACT, INFLECTED, PART_OF_COMPOUND, SPELLING = 1.0, 0.95, 0.8, 0.85
PARTIAL = 0.75  # what a phrase counts of which only some words are there
PARTIAL_SHARE = 0.6  # share of a phrase's information that must be there
FURTHEST = 7  # words between the first and the last word of a phrase that is there in part
# A single word of a phrase: what it counts, what share of its phrases must be a target's, and of how many it may be.
HINT, HINTED, MOST_HINTED, SHORTEST_HINT = 0.4, 0.4, 4, 4
JOINED, BEGUN = 6, 5  # letters of a word written apart, and how many of them tell that there is none
NOTHING: frozenset[int] = frozenset()
MAX_SKIPPED = 2  # function words that may stand between the words of a phrase
# Words that negate, and are something else as well ("what"), so that they are negations within a phrase only.
NEGATING_TOO = {"ar": frozenset({"ما"}), "so": frozenset({"ma", "mana", "kama"})}


class Token(NamedTuple):
    """One word of a query: as typed, folded, and all the forms under which it may be found."""

    raw: str
    word: str
    forms: tuple[str, ...]  # see ``forms_of``
    function_word: bool = False
    corrected: bool = False
    doubtful: bool = False  # corrected, and maybe wrongly: see Correction.sure


def forms_of(word: str, others: Iterable[str]) -> tuple[str, ...]:
    """A word and its other forms, always in one order: whichever is met first counts."""
    return (word, *sorted({*others} - {word}))


@lru_cache(maxsize=8192)
def _part(word: str) -> Token:
    """A part of a compound, which is a word that is known."""
    return Token(word, word, forms_of(word, stems(word) | ({word[:-1]} if word[-1] in "se" else set())))


class Match(NamedTuple):
    start: int
    end: int  # exclusive, in tokens
    target: str
    weight: float
    language: str
    words: int  # content words of the phrase
    whole: bool = True  # all of the phrase's words are there


class _Phrase(NamedTuple):
    target: str
    language: str
    surfaces: tuple[str, ...]
    forms: tuple[frozenset[str], ...]


class _Remembered(dict[Any, Any]):
    """Computes a value once for each key, for as long as this lives."""

    def __init__(self, compute: Callable[[Any], Any]) -> None:
        self._compute = compute

    def __missing__(self, key: Any) -> Any:
        value = self[key] = self._compute(key)
        return value


class PhraseBook:
    """``entries``: (target, phrase, language). ``skipped``: function words by language; ``kept``:
    negations, which never fall away; ``weak``: words that say little of what is sought; ``lookalikes``: words that
    are no form of another."""

    def __init__(
        self,
        entries: Iterable[tuple[str, str, str]],
        skipped: dict[str, frozenset[str]],
        kept: Set[str] = frozenset(),
        weak: Set[str] = frozenset(),
        lookalikes: Set[str] = frozenset(),
    ) -> None:
        self._kept, self._lookalikes = kept, lookalikes
        self._phrases: list[_Phrase] = []
        self._single: dict[str, list[_Phrase]] = defaultdict(list)  # form -> phrases of that one word
        numbers: dict[str, set[int]] = defaultdict(set)  # form -> phrases of several words that have it
        counts: Counter[str] = Counter()
        self.languages: dict[str, set[str]] = defaultdict(set)  # folded word -> of which languages
        targets: dict[str, Counter[str]] = defaultdict(Counter)
        hinting: dict[str, Counter[str]] = defaultdict(Counter)  # of phrases without a negation
        # the same words come in thousands of phrases, and a service that starts is waited for
        folded = _Remembered(fold)
        forms_of = _Remembered(lambda key: frozenset({key[0]} | stems(*key)))
        for target, text, language in entries:
            every = [folded[word] for word in split(text)]
            never = kept | NEGATING_TOO[language] if language in NEGATING_TOO else kept
            content = [w for w in every if w not in skipped.get(language, frozenset()) or w in never]
            # a phrase of function words and one other ("noen å snakke med"), or of a negation and one that says little
            # ("don't want to be here"), is only whole itself
            if len(content) < 2 or all(w in never or w in weak for w in content):
                content = every
            if not content:
                continue
            phrase = _Phrase(
                target,
                language,
                tuple(content),
                tuple(forms_of[w, language] for w in content),
            )
            number = len(self._phrases)
            self._phrases.append(phrase)
            negating = not never.isdisjoint(content)
            if len(content) == 1:
                phrase = phrase._replace(forms=(phrase.forms[0] - (lookalikes - {content[0]}),))
                self._phrases[number] = phrase
                for form in phrase.forms[0]:
                    self._single[form].append(phrase)
            for forms in phrase.forms:
                for form in forms:
                    targets[form][target] += 1
                    hinting[form][target] += not negating
                    if len(content) > 1:
                        numbers[form].add(number)
            for word in content:
                counts[word] += 1
                self.languages[word].add(language)
        everything = len({p.target for p in self._phrases}) + 1
        # a word that stands in the phrases of many targets tells less of any one of them
        self._specific = {
            form: max(0.5, 1 / (1 + 0.12 * (len(t) - 1))) for form, t in targets.items() if len(t) > 1
        }
        self._information = {form: math.log(1 + everything / len(t)) for form, t in targets.items()}
        self._hints = {
            form: tuple((target, n / counted.total()) for target, n in hinting[form].items())
            for form, counted in targets.items()
            if len(counted) <= MOST_HINTED and len(form) >= SHORTEST_HINT
        }
        self._numbers = {form: frozenset(found) for form, found in numbers.items()}
        self._anchored = self._by_rarest_word()
        self._met = frozenset(
            (*self._single, *self._anchored)
        )  # without one of these no phrase is there whole
        self._firsts = {form for phrase in self._phrases for form in phrase.forms[0]}
        self._beginnings = {form[:BEGUN] for form in self._single}
        self.vocabulary = counts

    def _by_rarest_word(self) -> dict[str, list[_Phrase]]:
        """Phrases of several words by the forms of that one that the fewest phrases have: nearly all lines lack it."""
        anchored: dict[str, list[_Phrase]] = defaultdict(list)
        for phrase in self._phrases:
            if len(phrase.forms) > 1:
                rarest = min(phrase.forms, key=lambda forms: sum(len(self._numbers[f]) for f in forms))
                for form in rarest:
                    anchored[form].append(phrase)
        return dict(anchored)

    def find(self, tokens: Sequence[Token], compounds: Compounds) -> list[Match]:
        """Whole phrases, each where it is longest; a phrase inside a longer one of another target is dropped."""
        found = self._whole(tokens)
        for start, token in enumerate(tokens):
            if start + 1 < len(tokens) and token.word.isalpha() and tokens[start + 1].word.isalpha():
                found += self._joined(tokens, start)
            if token.word in self._lookalikes or not self._firsts.isdisjoint(token.forms):
                continue
            if parts := compounds.parts(token.word):
                found += self._in_compound(parts, start)
        found = _best(found)
        wide = [m for m in found if m.words > 1]
        return [m for m in found if not any(_inside(m, other) for other in wide)] if wide else found

    def _whole(self, tokens: Sequence[Token]) -> list[Match]:
        if self._met.isdisjoint(chain.from_iterable([token.forms for token in tokens])):
            return []
        found: dict[tuple[int, int], Match] = {}  # by start and phrase, which may be met in several forms
        starts: dict[str, list[int]] = {}
        for start, token in enumerate(tokens):
            for form in token.forms:
                starts.setdefault(form, []).append(start)
                if phrases := self._single.get(form):
                    specific = self._specific.get(form, 1.0)
                    for phrase in phrases:
                        if (start, id(phrase)) not in found and (weight := _alone(tokens, start, phrase)):
                            found[start, id(phrase)] = _matched(start, start + 1, phrase, weight * specific)
        there = frozenset(starts)
        for form in starts:
            for phrase in self._anchored.get(form, ()):
                if phrase.forms[-1].isdisjoint(there):
                    continue
                for first in phrase.forms[0] & there:
                    for start in starts[first]:
                        if (start, id(phrase)) not in found:
                            end, weight = _follow(tokens, start, phrase)
                            if end:
                                found[start, id(phrase)] = _matched(start, end, phrase, weight)
        return list(found.values())

    def _joined(self, tokens: Sequence[Token], start: int) -> list[Match]:
        joined = tokens[start].word + tokens[start + 1].word
        if len(joined) < JOINED or joined[:BEGUN] not in self._beginnings:
            return []
        return [
            Match(start, start + 2, p.target, INFLECTED, p.language, 1)
            for form in {joined} | stems(joined)
            for p in self._single.get(form, ())
        ]

    def _in_compound(self, parts: Sequence[str], position: int) -> list[Match]:
        tokens = [_part(part) for part in parts]
        found = self._whole(tokens)
        return [
            Match(
                position,
                position + 1,
                m.target,
                PART_OF_COMPOUND if m.end - m.start < len(parts) else INFLECTED,
                m.language,
                m.words,
            )
            for m in found
            if len(tokens[m.start].word) >= 3
        ]

    def partly(self, tokens: Sequence[Token], explained: Set[int] = frozenset()) -> list[Match]:
        """Phrases of which most of the information, in at least two words, is there in any order.

        ``explained``: words that whole phrases are made of; a phrase of nothing but such words tells nothing more.
        """
        content = [(i, t) for i, t in enumerate(tokens) if not t.function_word]
        hits: dict[int, dict[int, int]] = defaultdict(dict)
        several = self._of_several(token for _, token in content)
        for index, token in content if several else ():
            for form in token.forms:
                for number in several & self._numbers.get(form, NOTHING):
                    for position, forms in enumerate(self._phrases[number].forms):
                        if form in forms:
                            hits[number].setdefault(position, index)
        best: dict[str, Match] = {}
        for number, positions in hits.items():
            phrase = self._phrases[number]
            told = [i for i in positions.values() if tokens[i].word not in self._kept]
            if len(told) < 2 or set(told) <= explained or self._lacks_negation(phrase, positions):
                continue
            if max(positions.values()) - min(positions.values()) > FURTHEST:
                continue
            have = sum(self._worth(phrase, p) for p in positions)
            share = have / sum(self._worth(phrase, p) for p in range(len(phrase.forms)))
            if share < PARTIAL_SHARE:
                continue
            weight = PARTIAL * share
            if phrase.target not in best or best[phrase.target].weight < weight:
                where = sorted(positions.values())
                best[phrase.target] = Match(
                    where[0],
                    where[-1] + 1,
                    phrase.target,
                    weight,
                    phrase.language,
                    len(positions),
                    whole=False,
                )
        return list(best.values())

    def hinted(self, tokens: Sequence[Token]) -> list[Match]:
        """What single words hint at that stand in phrases of few targets: for a line that tells nothing else."""
        told: dict[str, float] = defaultdict(float)
        where: dict[str, int] = {}
        for index, token in enumerate(tokens):
            if token.function_word or token.word in self._kept:
                continue
            best: dict[str, float] = {}
            for form in token.forms:
                for target, share in self._hints.get(form, ()):
                    best[target] = max(best.get(target, 0.0), share)
            for target, share in best.items():
                told[target] += share
                where.setdefault(target, index)
        return [
            Match(where[target], where[target] + 1, target, HINT * min(1.0, share), "", 1, whole=False)
            for target, share in told.items()
            if share >= HINTED
        ]

    def _of_several(self, tokens: Iterable[Token]) -> Set[int]:
        """Numbers of the phrases that have words of more than one token."""
        once: set[int] = set()
        more: set[int] = set()
        for token in tokens:
            here: set[int] = set()
            for form in token.forms:
                here |= self._numbers.get(form, NOTHING)
            more |= once & here
            once |= here
        return more

    def vocabulary_of(self, languages: Set[str]) -> dict[str, int]:
        """The words of phrases in these languages (of all for none), and how often each stands there."""
        return {w: n for w, n in self.vocabulary.items() if not languages or self.languages[w] & languages}

    def _lacks_negation(self, phrase: _Phrase, positions: Iterable[int]) -> bool:
        """Whether the part that is there leaves out a negation: "want to live" is no half of "don't want to live"."""
        never = self._kept | NEGATING_TOO.get(phrase.language, frozenset())
        return any(word in never for p, word in enumerate(phrase.surfaces) if p not in positions)

    def _worth(self, phrase: _Phrase, position: int) -> float:
        return self._information[phrase.surfaces[position]]

    def __contains__(self, word: str) -> bool:
        return word in self.vocabulary or word in self._information


def _best(matches: Iterable[Match]) -> list[Match]:
    """Of those that say the same of the same words, the one that says it best."""
    best: dict[tuple[int, int, str, str], Match] = {}
    for match in matches:
        key = match.start, match.end, match.target, match.language
        other = best.get(key)
        if other is None or (match.weight, match.words) > (other.weight, other.words):
            best[key] = match
    return list(best.values())


def _matched(start: int, end: int, phrase: _Phrase, weight: float) -> Match:
    return Match(start, end, phrase.target, weight, phrase.language, len(phrase.forms))


def _follow(tokens: Sequence[Token], start: int, phrase: _Phrase) -> tuple[int, float]:
    """Where the phrase ends that begins at ``start``, and its weight; (0, 0) when it isn't there."""
    index, weight, skipped = start, EXACT, 0
    for position, forms in enumerate(phrase.forms):
        while True:
            if index >= len(tokens):
                return 0, 0.0
            token = tokens[index]
            if not forms.isdisjoint(token.forms):
                break
            if position and token.function_word and skipped < MAX_SKIPPED:
                index, skipped = index + 1, skipped + 1
                continue
            return 0, 0.0
        if token.word != phrase.surfaces[position]:
            weight = min(weight, INFLECTED)
        if token.corrected:
            weight = min(weight, SPELLING)
        index += 1
    return index, weight


def _alone(tokens: Sequence[Token], index: int, phrase: _Phrase) -> float:
    """The weight of a phrase of a single word, of which a form is there; 0 where it is meant otherwise."""
    token, surface = tokens[index], phrase.surfaces[0]
    if len(surface) <= 2 and not _stands_out(tokens, index):
        return 0.0
    if token.corrected:
        return SPELLING
    return EXACT if token.word == surface else INFLECTED


def _stands_out(tokens: Sequence[Token], index: int) -> bool:
    """A word of one or two letters ("G", "NA") is a name in capitals, or when hardly anything else is said."""
    token = tokens[index]
    return token.raw.isupper() or (len(tokens) <= 2 and not token.function_word)


def _inside(match: Match, other: Match) -> bool:
    covers = other.start <= match.start and match.end <= other.end
    return covers and (other.end - other.start) > (match.end - match.start) and other.words > match.words

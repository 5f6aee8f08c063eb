"""The words of one line as the understanding takes them: folded, with their other forms, and in which language.

A word's forms are remembered for some thousands of words, by the word alone; no line is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from directory.search.analysis import stems
from directory.search.understand.ideas import Ideas
from directory.search.understand.phrases import PhraseBook, Token, forms_of
from directory.spelling import fold

REMEMBERED = 8192  # words
LONGEST = 40  # letters of a word that is remembered
FUNCTION, MEANING, TOLD = (
    1.5,
    1.0,
    0.5,
)  # what a word of a language, and being told it, say of the line's language
NOTHING: frozenset[str] = frozenset()
CYRILLIC = frozenset({"ru", "uk"})
SPREAD = 6  # words of more languages than this say nothing of it
# Letters that only some of the ten languages have, and what a word with one says.
_LETTERS: tuple[tuple[re.Pattern[str], Mapping[str, float]], ...] = (
    (re.compile("[łąężźćśń]"), {"pl": 1.5}),
    (re.compile("[їєґі]"), {"uk": 2.0}),
    (re.compile("[ыэёъ]"), {"ru": 2.0}),
    (re.compile("[а-я]"), {"ru": 1.0, "uk": 0.9}),
    (re.compile("[äö]"), {"sv": 1.0}),
    (re.compile("[æø]"), {"nb": 0.4, "nn": 0.4, "da": 0.4}),
    (re.compile("[\u0620-\u064a]"), {"ar": 2.0}),
)


@lru_cache(maxsize=REMEMBERED)
def _forms_in(word: str, language: str | None) -> tuple[str, ...]:
    """A folded word of a query in that language, and its stems."""
    return forms_of(word, stems(word, language, asked=True))


@lru_cache(maxsize=REMEMBERED)
def folded(word: str) -> str:
    return fold(word)


@dataclass(frozen=True, slots=True)
class Line:
    tokens: list[Token]
    asker: str | None  # the language it is written in, where its words or who asks say so


class Wording:
    """Built once from the function words, the phrases and the ideas of the ten languages. ``lookalikes``: words of each
    that look like another form of a word that tells a need ("hospital", "hospits"), and are none."""

    def __init__(
        self,
        stopwords: Mapping[str, frozenset[str]],
        negations: frozenset[str],
        book: PhraseBook,
        ideas: Ideas,
        lookalikes: Mapping[str, frozenset[str]],
    ) -> None:
        self._stopwords, self._negations, self._lookalikes = stopwords, negations, lookalikes
        languages: dict[str, set[str]] = defaultdict(set)
        for source in (book.languages, ideas.languages):
            for word, codes in source.items():
                languages[word] |= codes
        for word, codes in languages.items():
            if (
                word.isascii() and codes - CYRILLIC
            ):  # typed in Latin letters, it is somebody else's word first
                codes -= CYRILLIC
        telling = {
            word: dict.fromkeys(sorted(codes), MEANING / len(codes)) for word, codes in languages.items()
        }
        functions: dict[str, list[str]] = defaultdict(list)
        for code, words in stopwords.items():
            for word in words:
                functions[word].append(code)
        telling |= {word: dict.fromkeys(codes, FUNCTION / len(codes)) for word, codes in functions.items()}
        self._telling = {
            word: tuple(codes.items()) for word, codes in telling.items() if len(codes) <= SPREAD
        }
        self._remember()

    def _remember(self) -> None:
        self._said_by = lru_cache(maxsize=REMEMBERED)(self._language_of)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_said_by"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._remember()

    def line(self, raw: Sequence[str], language: str | None) -> Line:
        """``raw``: the words as typed; ``language``: that of whoever asks, which the words may outweigh."""
        words = [folded(word) if len(word) <= LONGEST else fold(word) for word in raw]
        scores: dict[str, float] = {}
        for typed, word in zip(raw, words, strict=True):
            for code, worth in self._said_by(typed, word) if len(word) <= LONGEST else ():
                scores[code] = scores.get(code, 0.0) + worth
        if language:
            scores[language] = scores.get(language, 0.0) + TOLD
        most = max(scores.values(), default=0.0)
        asker = max(scores, key=lambda code: scores[code]) if scores else None
        likely = [
            found for code, n in scores.items() if n * 2 >= most and (found := self._stopwords.get(code))
        ]
        alone = self._lookalikes.get(asker or "", NOTHING)
        return Line(
            [
                Token(
                    typed,
                    word,
                    (word,) if len(word) > LONGEST or word in alone else _forms_in(word, asker),
                    word not in self._negations and any(word in found for found in likely),
                )
                for typed, word in zip(raw, words, strict=True)
            ],
            asker,
        )

    def _language_of(self, typed: str, word: str) -> tuple[tuple[str, float], ...]:
        said = dict(self._telling.get(word, ()))
        low = typed.lower()
        if not low.isascii():
            for letters, codes in _LETTERS:
                if letters.search(low):
                    for code, worth in codes.items():
                        said[code] = said.get(code, 0.0) + worth
        return tuple(said.items())

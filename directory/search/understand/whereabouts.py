"""Which of the place names in a line is the place that is meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from directory.places import Place, Places, Span
from directory.search.understand.phrases import Match, Token
from directory.search.understand.telling import TOLD

SOUNDING = 0.8  # how sure a place is that is written as it sounds
SHORT_LINE = 3  # words of a line in which a misspelt place is looked for anywhere


class Whereabouts:
    """``prepositions``: folded words after which a place stands; ``is_word``: what is a word and no name."""

    def __init__(
        self, places: Places, prepositions: frozenset[str], is_word: Callable[[Token], bool]
    ) -> None:
        self._places, self._prepositions, self._is_word = places, prepositions, is_word

    def spans(self, tokens: Sequence[Token], known: Callable[[str], bool]) -> list[Span]:
        """All names of places; ``known``: words that are right as they are, and no misspelt names."""
        spans = self._places.spans([t.word for t in tokens], known=known)
        return spans + self._sounding(tokens, spans)

    def _sounding(self, tokens: Sequence[Token], spans: Sequence[Span]) -> list[Span]:
        """Places that a word in another script sounds like, where it is no word that is known."""
        found = []
        for index, token in enumerate(tokens):
            if token.word.isascii() or token.function_word or any(s.start <= index < s.end for s in spans):
                continue
            if self._is_word(token):
                continue
            if places := self._places.sounding(token.word):
                found.append(Span(index, index + 1, places, "alias", SOUNDING))
        return found

    def meant(
        self,
        tokens: Sequence[Token],
        spans: Sequence[Span],
        matches: Sequence[Match],
        near: tuple[float, float] | None,
        is_theirs: Callable[[str], bool] = lambda word: False,
    ) -> Span | None:
        """``is_theirs``: a word of the language that the line is written in."""
        best: tuple[tuple[float, ...], Span] | None = None
        for span in spans:
            after_preposition = span.start > 0 and tokens[span.start - 1].word in self._prepositions
            told = any(m.start < span.end and span.start < m.end and m.weight > TOLD for m in matches)
            alone = span.end - span.start == len(tokens)
            if span.matched == "typo" and not (
                after_preposition
                or tokens[span.start].raw[0].isupper()
                or span.end == len(tokens)
                or len(tokens) <= SHORT_LINE
            ):
                continue  # in a sentence, an unknown word is more likely just a word
            if tokens[span.start].raw in ("a", "A"):
                continue  # "a" is not Å
            theirs = span.end == span.start + 1 and is_theirs(tokens[span.start].word)
            theirs = theirs and not tokens[span.start].raw[0].isupper()
            if (span.accidental or told or theirs) and not (after_preposition or alone):
                continue
            if tokens[span.start].corrected or (span.matched == "typo" and told):
                continue
            places = self._by_distance(span.places, near) if near else span.places
            rank = (
                after_preposition and not span.accidental,
                span.matched != "typo",
                span.end - span.start,
                places[0].population,
            )
            if best is None or rank > best[0]:
                best = (rank, span._replace(places=places))
        return best[1] if best else None

    def _by_distance(self, places: Sequence[Place], near: tuple[float, float]) -> tuple[Place, ...]:
        """Places of one name: the nearest first, unless another is far more populous."""
        if len(places) < 2:
            return tuple(places)

        def weight(place: Place) -> float:
            north, east = place.lat - near[0], (place.lon - near[1]) * 0.5
            return (place.population + 500) / (1.0 + 111.0 * (north * north + east * east) ** 0.5)

        return tuple(sorted(places, key=weight, reverse=True))

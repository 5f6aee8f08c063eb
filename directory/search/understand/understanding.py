"""One line of text becomes needs, a place, languages, an emergency, and the rest. Nothing of it is kept or logged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from directory.languages import LanguageSpan, spoken_spans
from directory.needs import EmergencySign, Needs
from directory.places import Place, Places, Span, same_place
from directory.places.sounding import is_foreign
from directory.search.analysis import Compounds, joined_digits, stems
from directory.search.query import Term
from directory.search.understand.correction import Corrector
from directory.search.understand.lexicon import ANY_LANGUAGE, Lexicon
from directory.search.understand.negating import negated, quoted
from directory.search.understand.phrases import Match, Token, forms_of
from directory.search.understand.telling import (
    KINDRED,
    TOLD,
    NeedFound,
    Telling,
    as_told,
    beside_quotations,
    beside_the_likely,
    foreign,
)
from directory.search.understand.whereabouts import Whereabouts
from directory.spelling import fold, split

NEED_WORD_BOOST = 0.5  # words that told the need also say which service, but less
UNINFLECTED = KINDRED[:1]  # whose words have few endings, all of which a list of words or a stemmer knows
STEM, CORRECTED, PART = 0.9, 0.8, 0.4  # weights of a word's other forms as index terms


class Understood(NamedTuple):
    needs: tuple[NeedFound, ...] = ()
    place: Place | None = None
    alternatives: tuple[Place, ...] = ()  # other places of that name
    languages: tuple[str, ...] = ()
    text: str = ""  # what is left, as typed
    terms: tuple[Term, ...] = ()  # the rest, as index terms: make candidates
    boosts: tuple[Term, ...] = ()  # words of needs and places, as index terms: only rank
    corrected: str | None = None  # the whole line as it was taken, when a word was taken for another
    emergency: EmergencySign | None = None
    # needs that are asked for side by side ("PEP and somebody to talk to"), one entry for each
    beside: tuple[tuple[str, ...], ...] = ()
    unread: tuple[
        str, ...
    ] = ()  # words, folded, of a line in which some are known to nobody: maybe names as they sound
    asker: str | None = None  # language the line is written in, where its words show it


class Understanding:
    """Built once from the taxonomy and the gazetteer; ``lexicon``: of that taxonomy, where it has been made already.

    ``known_terms`` tells whether the index holds a term, ``similar`` which of its terms are within so many edits of a
    word, the most frequent first.
    """

    def __init__(
        self,
        needs: Needs,
        places: Places,
        known_terms: Callable[[str], bool] = lambda term: False,
        similar: Callable[[str, int], Sequence[tuple[str, int]]] = lambda term, edits: (),
        lexicon: Lexicon | None = None,
    ) -> None:
        self._needs, self._places, self._known = needs, places, known_terms
        self.lexicon = lexicon = lexicon or Lexicon(needs)
        self._negations, self._function_words = lexicon.negations, lexicon.function_words
        self._book, self._ideas, self._danger = lexicon.book, lexicon.ideas, lexicon.danger
        self._wording = lexicon.wording
        self._telling = Telling(needs, lexicon.book, lexicon.ideas, lexicon.compounds, lexicon.relatives)
        self._whereabouts = Whereabouts(
            places,
            lexicon.prepositions,
            lambda token: (
                self._is_word(token.word) or not self._book.vocabulary.keys().isdisjoint(token.forms)
            ),
        )
        self._correctors = {
            group: Corrector(vocabulary, self._is_word, similar, inflected=group not in UNINFLECTED)
            for group, vocabulary in lexicon.vocabularies.items()
        }

    @property
    def compounds(self) -> Compounds:
        return self._telling.compounds

    @compounds.setter
    def compounds(self, compounds: Compounds) -> None:
        self._telling.compounds = compounds

    def _is_word(self, word: str) -> bool:
        return (
            word in self._needs.ordinary_words
            or word in self._book
            or word in self._danger
            or word in self._ideas
            or word in self._function_words
            or self._known(word)
        )

    def __call__(
        self,
        text: str,
        *,
        language: str | None = None,
        near: tuple[float, float] | None = None,
        as_written: bool = False,
    ) -> Understood:
        """The first 64 words are read. ``near``: WGS 84 degrees, decides between places of one name. ``as_written``: no
        word is taken for another, and no line for one like it."""
        raw = split(text)[:64]
        if not raw:
            return Understood()
        line = self._wording.line(raw, language)
        tokens, asker = line.tokens, line.asker
        words = [t.word for t in tokens]
        spoken = [s for s in spoken_spans(words) if s.certain or not self._told_otherwise(s, words)]
        spans = self._whereabouts.spans(tokens, self._known_elsewhere)
        typed = tokens
        if as_written:
            spans = [span for span in spans if span.matched != "typo"]
        else:
            tokens = self._corrected(tokens, self._corrector(asker), spoken, spans)
        matches, ideas = self._telling.matches(tokens, asker)
        if senseless := _senseless(tokens, matches):
            tokens = [typed[i] if i in senseless else token for i, token in enumerate(tokens)]
            matches, ideas = self._telling.matches(tokens, asker)
        refused = negated(tokens, matches, self._negations, asker)
        unwanted = {i for n in refused for i in range(matches[n].start, matches[n].end)}
        matches = [m for n, m in enumerate(matches) if n not in refused]
        quotations = quoted(text, raw)
        matches = beside_quotations(matches, quotations)
        place = self._whereabouts.meant(tokens, spans, matches, near, self._words_of(asker))
        if place:
            matches = [m for m in matches if not (place.start <= m.start and m.end <= place.end)]
        matches = [m for m in matches if not any(s.start <= m.start and m.end <= s.end for s in spoken)]
        matches = as_told(matches, tokens, self.lexicon.circumstances)
        emergency = self._danger.find(tokens, matches, asker)
        matches = [
            m if (worth := foreign(m.language, asker)) == 1.0 else m._replace(weight=m.weight * worth)
            for m in matches
        ]
        of_danger = self._danger.told(emergency, tokens, matches) if emergency else []
        found = self._telling.weighed([*matches, *of_danger], tokens)
        consumed = {i for s in spoken for i in range(s.start, s.end)}
        consumed |= set(range(place.start, place.end)) if place else set()
        consumed |= unwanted
        if not as_written:
            left_out = consumed.union(*quotations)
            found = self._as_learnt(found, [t for i, t in enumerate(tokens) if i not in left_out], ideas)
        terms, boosts, rest = self._terms(tokens, matches, consumed, place)
        return Understood(
            needs=found,
            place=place.places[0] if place else None,
            alternatives=tuple(p for p in place.places[1:] if not same_place(p, place.places[0]))[:3]
            if place
            else (),
            languages=tuple(dict.fromkeys(code for s in spoken for code in s.codes)),
            text=" ".join(rest),
            terms=terms,
            boosts=boosts,
            corrected=self._line(tokens, place),
            emergency=emergency,
            beside=self._telling.beside(tokens, matches, found),
            unread=self._unread(tokens, terms),
            asker=asker,
        )

    def _as_learnt(
        self, found: tuple[NeedFound, ...], tokens: Sequence[Token], ideas: Collection[str]
    ) -> tuple[NeedFound, ...]:
        """What the rules found, beside what lines like this one ask for."""
        words = [t.word for t in tokens if t.word not in self.lexicon.asked and not t.word.isdigit()]
        if not words or self.lexicon.classifier is None:
            return found
        likely = self.lexicon.classifier(words, {n.slug: n.weight for n in found}, ideas)
        return beside_the_likely(found, likely, " ".join(t.raw for t in tokens))

    def _words_of(self, asker: str | None) -> Callable[[str], bool]:
        """Which words are words of the asker's language before they are a Nordic place: "rana" is a wound in Polish."""
        abroad = asker not in KINDRED[0]
        return lambda word: abroad and asker in self._book.languages.get(word, ())

    def _unread(self, tokens: Sequence[Token], terms: Iterable[Term]) -> tuple[str, ...]:
        """All words in order, where one that is left stands in no text or is in another script than names are."""
        left = {term.alternatives[0][0] for term in terms}
        if any(t.word in left and (is_foreign(t.word) or not self._is_word(t.word)) for t in tokens):
            return tuple(t.word for t in tokens if not t.function_word and t.word not in self.lexicon.asked)
        return ()

    def _known_elsewhere(self, word: str) -> bool:
        return self._is_word(word) or bool(self.compounds.parts(word))

    def _told_otherwise(self, span: LanguageSpan, words: Sequence[str]) -> bool:
        """A bare name of a language is only that when no need is named by the same words."""
        return all(word in self._book for word in words[span.start : span.end])

    def _corrector(self, asker: str | None) -> Corrector:
        """By the words of the asker's language and its kin: a word is not taken for one of a language far away."""
        return self._correctors[next((group for group in KINDRED if asker in group), ANY_LANGUAGE)]

    def _corrected(
        self,
        tokens: Sequence[Token],
        corrector: Corrector,
        spoken: Iterable[LanguageSpan],
        spans: Iterable[Span],
    ) -> list[Token]:
        """Each word that is none in any vocabulary, taken for the word it is nearest to."""
        taken = {i for s in spoken for i in range(s.start, s.end)}
        taken |= {i for s in spans if s.matched != "typo" for i in range(s.start, s.end)}
        misspelt_places = {s.start: s for s in spans if s.matched == "typo" and s.end == s.start + 1}
        result = []
        for index, token in enumerate(tokens):
            if index not in taken and self._book.vocabulary.keys().isdisjoint(token.forms):
                limit = 0 if index not in misspelt_places else 1
                name = fold(misspelt_places[index].place.name) if limit else ""
                better = corrector(token.word) if not self._known_elsewhere(token.word) else None
                if better and better.word != name and (not limit or better.distance <= limit):
                    forms = forms_of(better.word, stems(better.word))
                    token = token._replace(
                        word=better.word, forms=forms, corrected=True, doubtful=not better.sure
                    )
            result.append(token)
        return result

    def _terms(
        self, tokens: Sequence[Token], matches: Iterable[Match], consumed: Collection[int], place: Span | None
    ) -> tuple[tuple[Term, ...], tuple[Term, ...], list[str]]:
        told = {i for m in matches if m.weight > TOLD for i in range(m.start, m.end)}
        terms, boosts, rest = [], [], []
        for index, token in enumerate(tokens):
            if token.function_word or token.word in self._negations:
                continue
            if token.word in self.lexicon.asked and len(tokens) > 1:
                continue
            term = self._term(token)
            if index in consumed:
                if place and place.start <= index < place.end:
                    boosts.append(term._replace(weight=NEED_WORD_BOOST))
            elif index in told:
                boosts.append(term._replace(weight=NEED_WORD_BOOST))
            else:
                terms.append(term)
                rest.append(token.raw)
        if number := max(joined_digits(t.word for t in tokens), key=len, default=None):
            terms = [t for t in terms if not t.alternatives[0][0].isdigit()] + [
                Term(tuple(dict.fromkeys(((number, 1.0), (number.lstrip("0") or number, 1.0)))))
            ]
        return tuple(terms), tuple(boosts), rest

    def _term(self, token: Token) -> Term:
        forms = {token.word: CORRECTED if token.corrected else 1.0}
        for stem in token.forms:
            forms.setdefault(stem, STEM)
        for part in self.compounds.parts(token.word):
            forms.setdefault(part, PART)
        return Term(tuple(forms.items()))

    def _line(self, tokens: Sequence[Token], place: Span | None) -> str | None:
        """The line as it was taken, when at least one word was taken for another."""
        if not any(t.corrected for t in tokens) and not (place and place.matched == "typo"):
            return None
        line = [t.word if t.corrected else t.raw for t in tokens]
        if place and place.matched == "typo":
            line[place.start : place.end] = [place.places[0].name]
        return " ".join(line)


def _senseless(tokens: Sequence[Token], matches: Iterable[Match]) -> set[int]:
    """Words that were taken for others, in doubt, and tell nothing as those either."""
    doubtful = {i for i, token in enumerate(tokens) if token.doubtful}
    if not doubtful:
        return doubtful
    told = {i for m in matches if m.words > 1 or m.whole for i in range(m.start, m.end)}
    return doubtful - told

"""One line of text becomes needs, a place, languages, an emergency, and the rest. Nothing of it is kept or logged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from directory.languages import LanguageSpan, spoken_spans
from directory.needs import EmergencySign, Needs
from directory.places import Place, Places, Span, same_place
from directory.search.analysis import Compounds, joined_digits, stems
from directory.search.correction import Corrector
from directory.search.phrases import Match, PhraseBook, Token
from directory.search.query import Term
from directory.spelling import fold, split

SURE = 0.5  # a need that counts less than this share of the best one was not meant
TOLD = 0.4  # from this weight on, the words of a need are taken as told and no more as text
NEED_WORD_BOOST = 0.5  # words that told the need also say which service, but less
FOREIGN = 0.8  # a phrase of a language that is not kin to the asker's
# Languages whose words turn up in each other's lines.
KINDRED = (frozenset({"nb", "nn", "da", "sv", "en"}), frozenset({"ru", "uk"}), frozenset({"pl", "en"}))
ANY_LANGUAGE: frozenset[str] = frozenset()
SHORT_LINE = 3  # words of a line in which a misspelt place is looked for anywhere
STEM, CORRECTED, PART = 0.9, 0.8, 0.4  # weights of a word's other forms as index terms
# Needs that are an emergency when named as such, unless the line is about preparing for one.
ACUTE = {"overdose-acute", "ghb-overdose", "emergency", "suicidal-crisis"}
RELATIVES, RELATIVE_WEIGHT = (
    "relatives-support",
    0.55,
)  # who asks for a relative may want help for themselves too
PROFESSIONAL = (
    "klient",
    "client",
    "pasient",
    "patient",
    "pacjent",
    "клиент",
    "пациент",
    "клієнт",
    "пацієнт",
    "bruker",
)
PREPARING = {"naloxone", "overdose-prevention", "drug-information", "professional-support"}


@dataclass(frozen=True, slots=True)
class NeedFound:
    slug: str
    weight: float  # 0..1
    matched: str  # the words that told it, as typed


@dataclass(frozen=True, slots=True)
class Understood:
    needs: tuple[NeedFound, ...] = ()
    place: Place | None = None
    alternatives: tuple[Place, ...] = ()  # other places of that name
    languages: tuple[str, ...] = ()
    text: str = ""  # what is left, as typed
    terms: tuple[Term, ...] = ()  # the rest, as index terms: make candidates
    boosts: tuple[Term, ...] = ()  # words of needs and places, as index terms: only rank
    corrected: str | None = None  # the whole line as it was taken, when a word was taken for another
    emergency: EmergencySign | None = None
    asker: str | None = None  # language the line is written in, where its words show it


class Understanding:
    """Built once from the taxonomy and the gazetteer.

    ``known_terms`` tells whether the index holds a term, ``similar`` which of its terms are within so many edits of a
    word, the most frequent first.
    """

    def __init__(
        self,
        needs: Needs,
        places: Places,
        known_terms: Callable[[str], bool] = lambda term: False,
        similar: Callable[[str, int], Sequence[tuple[str, int]]] = lambda term, edits: (),
    ) -> None:
        self._needs, self._places, self._known = needs, places, known_terms
        self.compounds = Compounds(needs)
        words_of = needs.function_words
        prepositions = words_of.get("place_prepositions", {})
        self._stopwords = {
            code: found | prepositions.get(code, frozenset())
            for code, found in words_of.get("stopwords", {}).items()
        }
        self._prepositions = _union(prepositions)
        self._negations = _union(words_of.get("negation", {}))
        self._book = PhraseBook(
            ((n.slug, w.text, w.language, w.label) for n in needs for w in n.wordings),
            dict(self._stopwords),
            self._negations,
        )
        self._signs = {sign.reason: sign for sign in needs.emergencies}
        self._danger = PhraseBook(
            ((s.reason, w.text, w.language, False) for s in needs.emergencies for w in s.wordings),
            dict(self._stopwords),
            self._negations,
        )
        self._relatives = PhraseBook(
            (
                (RELATIVES, phrase, code, False)
                for code, phrases in words_of.get("relative", {}).items()
                for phrase in phrases
                if not any(word in phrase for word in PROFESSIONAL)
            ),
            {},
        )
        self._correctors = {
            group: Corrector(self._book.vocabulary_of(group), self._is_word, similar)
            for group in (*KINDRED, ANY_LANGUAGE)
        }

    def _is_word(self, word: str) -> bool:
        return (
            word in self._needs.ordinary_words
            or word in self._book
            or word in self._danger
            or any(word in words for words in self._stopwords.values())
            or self._known(word)
        )

    def __call__(
        self, text: str, *, language: str | None = None, near: tuple[float, float] | None = None
    ) -> Understood:
        """The first 64 words are read. ``near``: WGS 84 degrees, decides between places of one name."""
        raw = split(text)[:64]
        if not raw:
            return Understood()
        tokens, asker = self._tokens(raw, language)
        words = [t.word for t in tokens]
        spoken = [s for s in spoken_spans(words) if s.certain or not self._told_otherwise(s, words)]
        spans = self._places.spans(words, known=self._known_elsewhere)
        tokens = self._corrected(tokens, self._corrector(asker), spoken, spans)
        matches = self._book.find(tokens, self.compounds) + self._book.partly(tokens)
        matches += [replace(m, weight=RELATIVE_WEIGHT) for m in self._relatives.find(tokens, self.compounds)]
        matches = [m for m in matches if not self._negated(tokens, m)]
        place = self._place(tokens, spans, matches, near)
        if place:
            matches = [m for m in matches if not (place.start <= m.start and m.end <= place.end)]
        matches = [m for m in matches if not any(s.start <= m.start and m.end <= s.end for s in spoken)]
        emergency = self._emergency(tokens, matches)
        if emergency:  # first the one in danger
            matches = [m for m in matches if m.target != RELATIVES]
        matches = [replace(m, weight=m.weight * self._foreign(m.language, asker)) for m in matches]
        found = self._weigh(matches, tokens)
        consumed = {i for s in spoken for i in range(s.start, s.end)}
        consumed |= set(range(place.start, place.end)) if place else set()
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
            asker=asker,
        )

    def _tokens(self, raw: Sequence[str], language: str | None) -> tuple[list[Token], str | None]:
        folded = [fold(word) for word in raw]
        counts = {code: sum(w in words for w in folded) for code, words in self._stopwords.items()}
        if language:
            counts[language] = counts.get(language, 0) + 1
        most = max(counts.values(), default=0)
        likely = [code for code, n in counts.items() if n and n * 2 >= most]
        skipped = frozenset().union(*(self._stopwords.get(code, frozenset()) for code in likely))
        asker = max(counts, key=lambda c: counts[c]) if most else None
        return [
            Token(
                r, w, frozenset({w} | stems(w, asker, asked=True)), w in skipped and w not in self._negations
            )
            for r, w in zip(raw, folded, strict=True)
        ], asker

    def _known_elsewhere(self, word: str) -> bool:
        return self._is_word(word) or bool(self.compounds.parts(word))

    def _told_otherwise(self, span: LanguageSpan, words: Sequence[str]) -> bool:
        """A bare name of a language is only that when no need is named by the same words."""
        return all(word in self._book for word in words[span.start : span.end])

    def _foreign(self, language: str, asker: str | None) -> float:
        """What a phrase counts in a line of the asker's language: words of kin are borrowed, others rarely."""
        group = next((group for group in KINDRED if asker in group), None)
        return 1.0 if group is None or language in group or language == "en" else FOREIGN

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
            if index not in taken and not (token.forms & self._book.vocabulary.keys()):
                limit = 0 if index not in misspelt_places else 1
                better = corrector(token.word) if not self._known_elsewhere(token.word) else None
                if better and (not limit or better.distance <= limit):
                    forms = frozenset({better.word} | stems(better.word))
                    token = replace(token, word=better.word, forms=forms, corrected=True)
            result.append(token)
        return result

    def _place(
        self,
        tokens: Sequence[Token],
        spans: Sequence[Span],
        matches: Sequence[Match],
        near: tuple[float, float] | None,
    ) -> Span | None:
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
            if (span.accidental or told) and not (after_preposition or alone):
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
                best = (rank, replace(span, places=places))
        return best[1] if best else None

    def _by_distance(self, places: Sequence[Place], near: tuple[float, float]) -> tuple[Place, ...]:
        """Places of one name: the nearest first, unless another is far more populous."""
        if len(places) < 2:
            return tuple(places)

        def weight(place: Place) -> float:
            north, east = place.lat - near[0], (place.lon - near[1]) * 0.5
            return (place.population + 500) / (1.0 + 111.0 * (north * north + east * east) ** 0.5)

        return tuple(sorted(places, key=weight, reverse=True))

    def _negated(self, tokens: Sequence[Token], match: Match) -> bool:
        """ "not", "without" right before the phrase, unless the phrase itself says so."""
        before = [t.word for t in tokens[max(0, match.start - 2) : match.start]]
        inside = any(t.word in self._negations for t in tokens[match.start : match.end])
        return not inside and bool(before) and (before[-1] in self._negations)

    def _weigh(self, matches: Iterable[Match], tokens: Sequence[Token]) -> tuple[NeedFound, ...]:
        best: dict[str, Match] = {}
        for match in matches:
            known = best.get(match.target)
            if known is None or (match.weight, match.words) > (known.weight, known.words):
                best[match.target] = match
        most = max((m.weight for m in best.values()), default=0.0)
        found = [
            NeedFound(slug, m.weight, " ".join(t.raw for t in tokens[m.start : m.end]))
            for slug, m in best.items()
            if m.weight >= SURE * most
        ]
        return tuple(sorted(found, key=lambda n: -n.weight))

    def _terms(
        self, tokens: Sequence[Token], matches: Iterable[Match], consumed: Collection[int], place: Span | None
    ) -> tuple[tuple[Term, ...], tuple[Term, ...], list[str]]:
        told = {i for m in matches if m.weight > TOLD for i in range(m.start, m.end)}
        terms, boosts, rest = [], [], []
        for index, token in enumerate(tokens):
            if token.function_word or token.word in self._negations:
                continue
            term = self._term(token)
            if index in consumed:
                if place and place.start <= index < place.end:
                    boosts.append(replace(term, weight=NEED_WORD_BOOST))
            elif index in told:
                boosts.append(replace(term, weight=NEED_WORD_BOOST))
            else:
                terms.append(term)
                rest.append(token.raw)
        if number := max(joined_digits(t.word for t in tokens), key=len, default=None):
            terms = [t for t in terms if not t.alternatives[0][0].isdigit()] + [Term(((number, 1.0),))]
        return tuple(terms), tuple(boosts), rest

    def _term(self, token: Token) -> Term:
        forms = {token.word: CORRECTED if token.corrected else 1.0}
        for stem in token.forms - {token.word}:
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

    def _emergency(self, tokens: Sequence[Token], matches: Iterable[Match]) -> EmergencySign | None:
        signs = [m for m in self._danger.find(tokens, self.compounds) if not self._negated(tokens, m)]
        if signs:
            return self._signs[max(signs, key=lambda m: (m.words, m.weight)).target]
        if {m.target for m in matches} & PREPARING:
            return None
        acute = {
            m.target
            for m in matches
            if m.target in ACUTE and m.whole and (m.words > 1 or m.target != "ghb-overdose")
        }
        return next((s for s in self._signs.values() if acute & set(s.slugs)), None) if acute else None


def _union(by_language: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*by_language.values())

"""One line of text becomes needs, a place, languages, an emergency, and the rest. Nothing of it is kept or logged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from directory.languages import LanguageSpan, spoken_spans
from directory.needs import EmergencySign, Needs
from directory.places import Place, Places, Span, same_place
from directory.places.sounding import is_foreign
from directory.search.analysis import Compounds, joined_digits, stems
from directory.search.correction import Corrector
from directory.search.ideas import Ideas
from directory.search.negating import WANTING, negated, quoted
from directory.search.phrases import Match, PhraseBook, Token
from directory.search.query import Term
from directory.search.wording import Wording
from directory.spelling import fold, split

SURE = 0.5  # a need that counts less than this share of the best one was not meant
TOLD = 0.4  # from this weight on, the words of a need are taken as told and no more as text
NEED_WORD_BOOST = 0.5  # words that told the need also say which service, but less
FOREIGN = 0.8  # a phrase of a language that is not kin to the asker's
# Languages whose words turn up in each other's lines.
KINDRED = (frozenset({"nb", "nn", "da", "sv", "en"}), frozenset({"ru", "uk"}), frozenset({"pl", "en"}))
ANY_LANGUAGE: frozenset[str] = frozenset()
BESIDE, NEAR = 0.6, 0.5  # how sure needs are that stand side by side, and how related two are that are one
AND = """og samt pluss både and plus also och samt plus и а также плюс та і плюс також i oraz plus też و وأيضا كمان iyo
    sidoo"""
SOUNDING = 0.8  # how sure a place is that is written as it sounds
SHORT_LINE = 3  # words of a line in which a misspelt place is looked for anywhere
STEM, CORRECTED, PART = 0.9, 0.8, 0.4  # weights of a word's other forms as index terms
# Needs that are an emergency when named as such, unless the line is about preparing for one.
ACUTE = {"overdose-acute", "ghb-overdose", "emergency", "suicidal-crisis"}
REPLACED = 0.4  # what a phrase counts that an idea takes the place of
QUOTED = 0.4  # what a need counts that only a quotation tells
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
# Needs that say who asks; beside a need that says what for, they say less.
WHO = frozenset({"children-youth", "lgbt-community", "migrants", "drugs-group"})
WHO_BESIDE_WHAT = 0.5
# Needs that are met by anyone who listens: beside them, who asks says as much as ever.
LISTENING = frozenset({"crisis-line", "mental-health", "peer-support", "crisis-counselling", "sexual-health-advice",
    "find-a-service", "self-help-group", "legal-aid", "social-services"})  # fmt: skip
# Needs of somebody close that make whoever tells of them seek help too.
OF_SOMEBODY_CLOSE = frozenset({"substance-use-advice", "substance-treatment", "detox", "drug-information", "oat-lar",
    "mental-health", "suicidal-crisis", "overdose-acute", "overdose-prevention", "naloxone", "prison-release",
    "chemsex-counselling", "drugs-group", "self-help-group", "follow-up-after-discharge"})  # fmt: skip
# The sign that somebody's body fails now; what is long past is none.
BODY = "not-breathing-or-unconscious"
PAST = """uke uka vecka veckan week month months year years måneder måned månad månader år siden sidan sedan ago
    uger uge
    неделе неделю месяц месяца месяцев год года лет прошлой прошлом назад тижні місяць роки років минулого тому
    tydzień tygodniu miesiąc miesiące rok lata temu zeszłym الماضي الماضية سنة سنوات أسبوع شهر قبل toddobaad
    bil sano hore"""
JUST_NOW = """time timer timme timmar hour hours minute minutes minutt minutter minuter nå no nu now just nettopp
    tonight     час часа минут сейчас только godzinę godziny minut teraz الآن ساعة دقائق hadda saac daqiiqo"""
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
    # needs that are asked for side by side ("PEP and somebody to talk to"), one entry for each
    beside: tuple[tuple[str, ...], ...] = ()
    unread: tuple[
        str, ...
    ] = ()  # words, folded, of a line in which some are known to nobody: maybe names as they sound
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
            WANTING,
        )
        self._signs = {sign.reason: sign for sign in needs.emergencies}
        self._danger = PhraseBook(
            ((s.reason, w.text, w.language, False) for s in needs.emergencies for w in s.wordings),
            dict(self._stopwords),
            self._negations,
            WANTING,
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
        self._and = frozenset(map(fold, AND.split()))
        self._past = frozenset(map(fold, PAST.split()))
        self._just_now = frozenset(map(fold, JUST_NOW.split()))
        self._ideas = Ideas(needs.ideas, needs.frames, KINDRED)
        self._wording = Wording(self._stopwords, self._negations, self._book, self._ideas)
        self._correctors = {
            group: Corrector(self._book.vocabulary_of(group), self._is_word, similar)
            for group in (*KINDRED, ANY_LANGUAGE)
        }

    def _is_word(self, word: str) -> bool:
        return (
            word in self._needs.ordinary_words
            or word in self._book
            or word in self._danger
            or word in self._ideas
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
        line = self._wording.line(raw, language)
        tokens, asker = line.tokens, line.asker
        words = [t.word for t in tokens]
        spoken = [s for s in spoken_spans(words) if s.certain or not self._told_otherwise(s, words)]
        spans = self._places.spans(words, known=self._known_elsewhere)
        spans += self._sounding(tokens, spans)
        tokens = self._corrected(tokens, self._corrector(asker), spoken, spans)
        matches = self._matches(tokens, asker)
        refused = negated(tokens, matches, self._negations, asker)
        unwanted = {i for n in refused for i in range(matches[n].start, matches[n].end)}
        matches = [m for n, m in enumerate(matches) if n not in refused]
        matches = self._beside_quotations(matches, quoted(text, raw))
        place = self._place(tokens, spans, matches, near)
        if place:
            matches = [m for m in matches if not (place.start <= m.start and m.end <= place.end)]
        matches = [m for m in matches if not any(s.start <= m.start and m.end <= s.end for s in spoken)]
        matches = _as_told(matches)
        emergency = self._emergency(tokens, matches, asker)
        matches = [replace(m, weight=m.weight * self._foreign(m.language, asker)) for m in matches]
        found = self._weigh(matches, tokens)
        consumed = {i for s in spoken for i in range(s.start, s.end)}
        consumed |= set(range(place.start, place.end)) if place else set()
        consumed |= unwanted
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
            beside=self._beside(tokens, matches, found),
            unread=self._unread(tokens, terms),
            asker=asker,
        )

    def _unread(self, tokens: Sequence[Token], terms: Iterable[Term]) -> tuple[str, ...]:
        """All words in order, where one that is left stands in no text or is in another script than names are."""
        left = {term.alternatives[0][0] for term in terms}
        if any(t.word in left and (is_foreign(t.word) or not self._is_word(t.word)) for t in tokens):
            return tuple(t.word for t in tokens if not t.function_word)
        return ()

    def _beside(
        self, tokens: Sequence[Token], matches: Iterable[Match], found: Iterable[NeedFound]
    ) -> tuple[tuple[str, ...], ...]:
        """Needs whose words are joined by an "and", and that aren't near each other anyway."""
        sure = {n.slug for n in found if n.weight >= BESIDE}
        told = [m for m in matches if m.whole and m.target in sure]
        for one in told:
            for other in told:
                between = tokens[one.end : other.start]
                if one.end >= other.start or not any(t.word in self._and for t in between):
                    continue
                if not all(t.function_word or t.word in self._and for t in between):
                    continue
                groups = [
                    tuple(dict.fromkeys(m.target for m in told if m.start < at.end and at.start < m.end))
                    for at in (one, other)
                ]
                if not any(self._near(a, b) for a in groups[0] for b in groups[1]):
                    return tuple(groups)
        return ()

    def _near(self, one: str, other: str) -> bool:
        related = self._needs[one].related.get(other, 0.0), self._needs[other].related.get(one, 0.0)
        return one == other or max(related) >= NEAR

    def _known_elsewhere(self, word: str) -> bool:
        return self._is_word(word) or bool(self.compounds.parts(word))

    def _sounding(self, tokens: Sequence[Token], spans: Sequence[Span]) -> list[Span]:
        """Places that a word in another script sounds like, where it is no word that is known."""
        found = []
        for index, token in enumerate(tokens):
            if token.word.isascii() or token.function_word or any(s.start <= index < s.end for s in spans):
                continue
            if self._is_word(token.word) or token.forms & self._book.vocabulary.keys():
                continue
            if places := self._places.sounding(token.word):
                found.append(Span(index, index + 1, places, "alias", SOUNDING))
        return found

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

    def _matches(self, tokens: Sequence[Token], asker: str | None) -> list[Match]:
        """Everything that tells a need: whole phrases, ideas together, phrases in part, and who is asked for."""
        whole = self._book.find(tokens, self.compounds)
        framed, instead = self._ideas.find(tokens, asker)
        matches = [
            replace(m, weight=m.weight * REPLACED)
            if any(m.target == slug and m.start < end and start < m.end for (start, end), slug in instead)
            else m
            for m in whole
        ]
        framed = [
            replace(m, weight=m.weight * REPLACED)
            if any(
                m.target == slug and not _same_span(m, spot) and m.start < spot[1] and spot[0] < m.end
                for spot, slug in instead
            )
            else m
            for m in framed
        ]
        explained = {i for m in (*whole, *framed) for i in range(m.start, m.end)}
        matches += framed
        matches += [
            m
            for m in self._book.partly(tokens, explained)
            if not any(m.target == slug for _, slug in instead)
        ]
        return matches + [
            replace(m, weight=RELATIVE_WEIGHT) for m in self._relatives.find(tokens, self.compounds)
        ]

    def _beside_quotations(self, matches: list[Match], quotations: Sequence[range]) -> list[Match]:
        """What somebody is quoted as saying tells less than what is told of it, where anything is."""
        inside = [any(m.start in q and m.end - 1 in q for q in quotations) for m in matches]
        if not any(inside) or all(inside):
            return matches
        return [
            replace(m, weight=m.weight * QUOTED) if q else m for m, q in zip(matches, inside, strict=True)
        ]

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
            terms = [t for t in terms if not t.alternatives[0][0].isdigit()] + [
                Term(tuple(dict.fromkeys(((number, 1.0), (number.lstrip("0") or number, 1.0)))))
            ]
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

    def _emergency(
        self, tokens: Sequence[Token], matches: Iterable[Match], asker: str | None
    ) -> EmergencySign | None:
        signs = self._danger.find(tokens, self.compounds)
        refused = negated(tokens, signs, self._negations, asker)
        signs = [m for n, m in enumerate(signs) if n not in refused]
        past = any(t.word in self._past for t in tokens) and not any(t.word in self._just_now for t in tokens)
        signs = [m for m in signs if not past or m.target != BODY]
        if signs:
            return self._signs[max(signs, key=lambda m: (m.words, m.weight)).target]
        if past or {m.target for m in matches} & PREPARING:
            return None
        acute = {
            m.target
            for m in matches
            if m.target in ACUTE and m.whole and (m.words > 1 or m.target != "ghb-overdose")
        }
        return next((s for s in self._signs.values() if acute & set(s.slugs)), None) if acute else None


def _same_span(match: Match, spot: tuple[int, int]) -> bool:
    return (match.start, match.end) == spot


def _as_told(matches: Sequence[Match]) -> list[Match]:
    """Who asks, beside what for; and that it is for somebody close, beside what that person needs."""
    sure = {m.target for m in matches if m.weight >= SURE}
    what = sure - WHO - LISTENING - {RELATIVES}
    told = []
    for match in matches:
        if match.target in WHO and what:
            match = replace(match, weight=match.weight * WHO_BESIDE_WHAT)
        if (
            match.target == RELATIVES
            and match.weight == RELATIVE_WEIGHT
            and what
            and not sure & OF_SOMEBODY_CLOSE
        ):
            continue
        told.append(match)
    return told


def _union(by_language: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*by_language.values())

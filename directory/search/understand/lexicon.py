"""What the words of a line may mean: made of the taxonomy alone, in some seconds, and the same until that changes.

Nothing of a line is ever put into it. It can be pickled: ``wordbook`` keeps it for the next process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from directory.needs import Needs
from directory.places.sounding import typed_in_latin
from directory.search.analysis import Compounds, stems
from directory.search.understand.classifier import Classifies
from directory.search.understand.completions import Completions
from directory.search.understand.correction import Vocabulary
from directory.search.understand.danger import Danger
from directory.search.understand.ideas import Ideas
from directory.search.understand.negating import WANTING
from directory.search.understand.phrases import PhraseBook
from directory.search.understand.telling import KINDRED, words_of_somebody_close
from directory.search.understand.wording import Wording
from directory.spelling import fold

TYPED_IN_LATIN, SHORTEST_TYPED = ("ru", "uk"), 5  # languages, and letters below which it is some other word
ANY_LANGUAGE: frozenset[str] = frozenset()
# What is asked about a service, and how near it is to be: nothing of which service it is.
ASKED = """telefon tlf telefonnummer nummer nummeret adresse adressen åpningstider åpningstid åpent
    opningstider nettside nettsiden epost kontaktinfo nærmeste næraste nærheten phone number address
    opening hours website email contact nearest nearby closest åbningstider nærmest öppettider adress
    telefonnumret hemsida närmaste närheten телефон телефона номер адрес часы сайт ближайший ближайшая
    ближайшее рядом адреса сайту години найближчий найближча найближче поруч numer telefonu adres godziny
    otwarcia strona najbliższy najbliższa najbliższe blisko رقم التلفون الهاتف هاتف تلفون عنوان عنوانه
    أقرب اقرب قريب lambar lambarka telefoonka taleefanka telefonka cinwaanka ugu dhow"""


class Lexicon:
    """Only read once it is made, by all threads. Without a ``classifier``, by words and ideas alone."""

    def __init__(self, needs: Needs, classifier: Classifies | None = None) -> None:
        self.classifier = classifier
        self.compounds = Compounds(needs)
        words_of = needs.function_words
        prepositions = words_of.get("place_prepositions", {})
        self.prepositions = _union(prepositions)
        self.stopwords = {
            code: found | prepositions.get(code, frozenset())
            for code, found in words_of.get("stopwords", {}).items()
        }
        self.negations = _union(words_of.get("negation", {}))
        for code in TYPED_IN_LATIN:
            self.stopwords[code] |= frozenset(
                fold(typed) for w in self.stopwords[code] if len(typed := typed_in_latin(w)) > 1
            )
        self.function_words = _union(self.stopwords)
        self.circumstances = frozenset(
            form
            for code, said in words_of.get("beside", {}).items()
            for word in said
            for form in {word} | stems(word, code)
        )
        lookalikes = words_of.get("lookalikes", {})
        alone = _union(lookalikes)
        self.book = PhraseBook(_phrases(needs), dict(self.stopwords), self.negations, WANTING, alone)
        self.ideas = Ideas(needs.ideas, needs.frames, KINDRED)
        self.relatives = words_of_somebody_close(needs)
        self.danger = Danger(needs, self.stopwords, self.negations, self.compounds, alone)
        self.asked = frozenset(map(fold, ASKED.split()))
        self.wording = Wording(self.stopwords, self.negations, self.book, self.ideas, lookalikes)
        # what is corrected to, for the languages of each kin
        self.vocabularies = {
            group: Vocabulary(self.book.vocabulary_of(group)) for group in (*KINDRED, ANY_LANGUAGE)
        }
        self.completions = Completions(needs)


def _phrases(needs: Needs) -> Iterator[tuple[str, str, str]]:
    """All wordings of all needs; Russian and Ukrainian ones in Latin letters too, as many type them."""
    for need in needs:
        for wording in need.wordings:
            yield need.slug, wording.text, wording.language
            if wording.language in TYPED_IN_LATIN and not wording.text.isascii():
                typed = typed_in_latin(wording.text.lower())
                if len(typed) >= SHORTEST_TYPED:
                    yield need.slug, typed, wording.language


def _union(by_language: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*by_language.values())

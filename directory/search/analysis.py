"""From written words to index terms: stems and the parts of compounds. The same for documents and for queries.

A term is a folded word, its Snowball stem where that differs, and for a Scandinavian compound its parts
("overgrepsmottak" also stands under "overgrep" and "mottak"), so that compounds are found split and joined.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache, lru_cache

import Stemmer

from directory.needs import Needs
from directory.spelling import fold, split, words

FIELD_WEIGHTS = {"name": 4.0, "need": 3.0, "organization": 2.0, "description": 1.0}
REMEMBERED, LONGEST = 8192, 40  # words whose parts are kept, and letters of a word that may be a compound
SHORTEST_POLISH = 4  # the endings of short words leave what is another word
COMPOUND_PART = 0.5  # what a part of a compound counts beside a word of its own
REMEMBERED = 50_000  # words of entries and what was made of them: some 20 MB

_SNOWBALL = {
    "nb": "norwegian",
    "nn": "norwegian",
    "da": "danish",
    "sv": "swedish",
    "en": "english",
    "pl": "polish",
}
_SCANDINAVIAN = ("norwegian", "swedish")
_KINDRED = {
    "nb": _SCANDINAVIAN,
    "nn": _SCANDINAVIAN,
    "da": _SCANDINAVIAN,
    "sv": _SCANDINAVIAN,
    "en": ("english",),
    "pl": ("polish",),
}
_ARABIC_PREFIXES = ("وال", "بال", "لل", "ال", "و", "ب", "ل", "ف")
_LINKS = ("", "s", "e")
# Heads and first parts that compounds in this field are made of; the taxonomy's own words come in beside them.
_COMPOUND_WORDS = """
    apotek avdeling barn bruker brukerutstyr bytte chat chem dame dose døgn enhet fest forening fri
    gratis gruppe gutte hjelp hjelpe hjem hus hiv hurtig jente kjønn klinikk kommune kondom krise kur
    kurs kvinne lege legevakt linje lokale lærings menn mottak mottaket møte natt nød nål opplysning
    overnatting poliklinikk post prøve prat psykisk pårørende rom rus råd rådgivning samtale seksual
    selv selvhjelp senter sentral sex sjekk skade skadereduksjon smitte sprøyte stasjon sted stoff
    støtte sykdom sykehus syke telefon tele terapeut terapi test testing testen tilbud tjeneste tlf
    trening undersøkelse ungdom utdeling utstyr vakt vaksine veileder veiledning vold voldtekt voldtekts
    vern kjemsex overdose overgrep nalokson spray nese folie røyke
"""


@cache
def _stemmer(algorithm: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(algorithm, 0)  # no cache inside: what people type is not kept


def stems(word: str, language: str | None = None, *, asked: bool = False) -> set[str]:
    """The stems of a folded word, without the word: by the stemmer of ``language``, or by all that its script allows.

    ``asked``: the word is of a query in that language, which may hold words of the languages near it.
    """
    first = word[0]
    if first.isdigit() or len(word) < 4:
        # "and not" is one short word in Arabic
        return {word[1:]} if len(word) == 3 and first == "و" else set()
    if "а" <= first <= "ӿ":
        found = {_stemmer("russian").stemWord(word)}
        if language == "uk":
            found |= _beginning(word)
    elif "\u0600" <= first <= "\u06ff":
        found = {_stemmer("arabic").stemWord(word)}
        found |= {word[len(p) :] for p in _ARABIC_PREFIXES if word.startswith(p) and len(word) - len(p) >= 3}
    elif asked and language in _KINDRED:
        found = {_stemmer(a).stemWord(word) for a in _KINDRED[language]}
    elif language in _SNOWBALL:
        found = {_stemmer(_SNOWBALL[language]).stemWord(word)}
    elif language in ("so", "ru", "uk"):  # the latter two typed in Latin letters
        found = _beginning(word)
    elif language is None:
        found = {_stemmer(a).stemWord(word) for a in ("norwegian", "english", "swedish")}
    else:
        found = set()
    found.discard(word)
    return {s for s in found if len(s) >= (SHORTEST_POLISH if language == "pl" else 2)}


def _beginning(word: str) -> set[str]:
    """What stays the same in most forms of a word, where there is no stemmer; marked, as it is no word."""
    kept = len(word) - (3 if len(word) >= 9 else 2)
    return {f"{word[:kept]}~"} if kept >= 5 else set()


class Compounds:
    """Splits Scandinavian compounds into words of the field. Built once from the taxonomy; holds nothing typed."""

    def __init__(self, needs: Needs) -> None:
        known = {fold(w) for w in _COMPOUND_WORDS.split()}
        for need in needs:
            for wording in need.wordings:
                if wording.language in ("nb", "nn", "da", "sv"):
                    known.update(w for w in words(wording.text) if len(w) >= 3 and w.isalpha())
        self._known = known
        self._beginnings = frozenset(word[:at] for word in known for at in range(1, len(word)))
        self._parts = lru_cache(maxsize=REMEMBERED)(self._split)

    def begin_with(self, word: str) -> bool:
        """Whether a known word begins with this one, and goes on."""
        return word in self._beginnings

    def __contains__(self, word: str) -> bool:
        return word in self._known

    def parts(self, word: str) -> tuple[str, ...]:
        """The two or three parts, longest first part first; () when it is no compound of known words.

        >>> Compounds(needs).parts("klamydiatesten")
        ('klamydia', 'testen')
        """
        return self._parts(word) if 6 <= len(word) <= LONGEST and word.isascii() and word.isalpha() else ()

    def _split(self, word: str) -> tuple[str, ...]:
        for cut in range(len(word) - 3, 2, -1):
            head, rest = word[:cut], word[cut:]
            if not self._is_part(head, linked=True):
                continue
            if self._is_part(rest, linked=False):
                return (head, rest)
            if len(rest) >= 7 and (deeper := self.parts(rest)):
                return (head, *deeper)
        return ()

    def _is_part(self, part: str, *, linked: bool) -> bool:
        if part in self._known:
            return True
        if linked:
            return any(part.endswith(link) and part[: -len(link)] in self._known for link in _LINKS if link)
        return len(part) >= 5 and not self._known.isdisjoint(stems(part, "nb"))


class Reader:
    """Reads the texts of entries. What it made of a word it remembers, of the words it met last: entries use the same
    ones over and over. Never for what a person typed."""

    def __init__(self, compounds: Compounds) -> None:
        self._compounds = compounds
        self._read = lru_cache(maxsize=REMEMBERED)(self._reading)

    def _reading(self, written: str, language: str) -> tuple[str, tuple[tuple[str, float], ...], bool]:
        """The word, folded; its terms with what each counts; whether it may be one word with the next."""
        word = fold(written)
        found: dict[str, float] = {word: 1.0}
        for stem in stems(word, language):
            found[stem] = found.get(stem, 0.0) + 1.0
        for part in self._compounds.parts(word):
            for term in (part, *stems(part, language)):
                found[term] = found.get(term, 0.0) + COMPOUND_PART
        return word, tuple(found.items()), self._compounds.begin_with(word)

    def words(self, text: str, language: str) -> list[str]:
        """See ``spelling.words``."""
        return [self._read(written, language)[0] for written in split(text)]

    def add(self, total: defaultdict[str, float], text: str, language: str, field: str) -> None:
        """Add the index terms of one text, weighted by the field it stands in; digits that belong together are one term
        too."""
        weight = FIELD_WEIGHTS[field]
        before, sequence = "", []
        for written in split(text):
            word, terms, joins = self._read(written, language)
            for term, count in terms:
                total[term] += count * weight
            if before and before + word in self._compounds:
                total[before + word] += weight
            before = word if joins else ""
            sequence.append(word)
        for number in joined_digits(sequence):
            total[number] += weight

    def terms_of(self, text: str, language: str) -> dict[str, float]:
        """The index terms of one text with their frequencies."""
        total: defaultdict[str, float] = defaultdict(float)
        self.add(total, text, language, "description")
        return dict(total)


def joined_digits(sequence: Iterable[str]) -> list[str]:
    """Runs of two or more number words, joined: ("23", "04", "05", "00") -> "23040500"."""
    runs: list[list[str]] = [[]]
    for word in sequence:
        if word.isdigit():
            runs[-1].append(word)
        elif runs[-1]:
            runs.append([])
    return ["".join(run) for run in runs if len(run) > 1]

"""From written words to index terms: stems and the parts of compounds. The same for documents and for queries.

A term is a folded word, its Snowball stem where that differs, and for a Scandinavian compound its parts
("overgrepsmottak" also stands under "overgrep" and "mottak"), so that compounds are found split and joined.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

import Stemmer

from directory.needs import Needs
from directory.search.affixes import arabic, arabic_in_latin, somali
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


# Polish endings as they are without marks, and what stands in their place in the stem.
_POLISH_NOUNS = (("ow", ""), ("ek", "k"), ("ce", "k"), ("dze", "g"), ("cie", "t"), ("iec", "c"))
_POLISH_VERBS = re.compile(
    "i?(?:uj[ea]?|uje(?:sz|my|cie)|[aeiy](?:c|l[aioy]?|l[ea]m|lis?my)|a(?:m|sz|ja|my|cie|jac[aey]?)|owa|"
    "(?:an|en)i(?:[aeu]|em|om|ach|ami)|[aio]n[yaei]|[aio]nych|[aio]nego|[aio]nej)$"
)
SHORTEST_VERB = 5
_UKRAINIAN_ENDINGS = re.compile(
    "(?:ими|ями|ами|ові|еві|єві|ого|ому|ої|ою|ею|єю|ях|ах|ів|їв|ям|ам|ом|ем|єм|ий|ій|их|іх|им|[аяиіїуюеєоьй])$"
)
_UKRAINIAN_QUALITY = re.compile("(?:ість|істю|ості|остей|остям|остями|остях)$")
_UKRAINIAN_FLEETING = re.compile("[бвгджзклмнпрстфхцчш][оеє][кцнлр]$")
# "xochu", "khochu", "hochu"; "pyet", "pjet"; "zhiti", "zhyty"
_TYPED = tuple(
    (re.compile(typed), letters)
    for typed, letters in (
        ("shch|sch", "sh"),
        ("kh|x", "h"),
        ("4", "ch"),
        ("w", "v"),
        ("[yij]+(?=[aeou])", ""),
        ("[yj]", "i"),
        (r"(.)\1+", r"\1"),
    )
)


@cache
def _stemmer(algorithm: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(algorithm, 0)  # no cache inside: what people type is not kept


def stems(word: str, language: str | None = None, *, asked: bool = False) -> set[str]:
    """The stems of a folded word, without the word: by the stemmer of ``language``, or by all that its script allows.

    ``asked``: the word is of a query in that language, which may hold words of the languages near it.
    """
    first = word[0]
    if (first.isdigit() and not (asked and language == "ar")) or len(word) < 4:
        # "and not" is one short word in Arabic
        return {word[1:]} if len(word) == 3 and first == "و" else set()
    if "а" <= first <= "ӿ":
        found = {_stemmer("russian").stemWord(word)}
        if language == "uk":
            found |= _beginning(word) | _ukrainian(word)
    elif "\u0600" <= first <= "\u06ff":
        found = {_stemmer("arabic").stemWord(word)}
        found |= arabic(word, asked=True) if asked else arabic(word) | arabic_in_latin(word)
    elif asked and language in _KINDRED:
        found = {_stemmer(a).stemWord(word) for a in _KINDRED[language]}
    elif language in _SNOWBALL:
        found = {_stemmer(_SNOWBALL[language]).stemWord(word)}
    elif language == "so":
        found = somali(word)
    elif language == "ar" and not word.isdigit():
        found = arabic_in_latin(word)
    elif language in ("ru", "uk"):
        found = _typed(word)
    elif language is None:
        found = {_stemmer(a).stemWord(word) for a in ("norwegian", "english", "swedish")}
    else:
        found = set()
    if language == "pl" and word.isascii():
        found |= _polish(word)
    found.discard(word)
    return {s for s in found if len(s) >= (SHORTEST_POLISH if language == "pl" else 2)}


def _polish(word: str) -> set[str]:
    """What the stemmer misses, which knows the endings by the marks on their letters: folded words have none."""
    found = {
        word[: -len(ending)] + stem
        for ending, stem in _POLISH_NOUNS
        if word.endswith(ending) and len(word) > 5
    }
    if (verb := _POLISH_VERBS.search(word)) and verb.start() >= SHORTEST_VERB:
        found.add(f"{word[: verb.start()]}~")
    return found


def _ukrainian(word: str) -> set[str]:
    """Its stem: there is no stemmer, and the Russian one knows only the endings that both languages have."""
    stem = _UKRAINIAN_QUALITY.sub("ост", word)
    if stem == word:
        stem = _UKRAINIAN_ENDINGS.sub("", word)
    if _UKRAINIAN_FLEETING.search(stem):
        stem = stem[:-2] + stem[-1]
    return {stem} if len(stem) >= 4 else set()


def _typed(word: str) -> set[str]:
    """A Russian or Ukrainian word in Latin letters, of which each writes some in a way of their own; marked."""
    for pattern, letters in _TYPED:
        word = pattern.sub(letters, word)
    return {f"{word}~"} | _beginning(word) if len(word) >= 3 else set()


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
        self._remember()

    def _remember(self) -> None:
        self._parts = lru_cache(maxsize=REMEMBERED)(self._split)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_parts"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._remember()

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

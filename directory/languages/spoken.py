"""Which language a person asks for, in a line of words: "på russisk", "по-норвежски", "arabisktalende".

A bare name is not certain: "engelsk lege" is a doctor from England, or one who speaks English, and the caller decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from directory.languages.choosing import INTERFACE
from directory.languages.forms import Form, lexicon
from directory.languages.names import cldr
from directory.spelling import fold, words

_MOST_WORDS = 3  # in a name
_TYPO_LENGTH = 6  # letters, from which one slip is forgiven, in the name and in what was typed


@dataclass(frozen=True, slots=True)
class LanguageSpan:
    """words[start:end] ask for one of ``codes`` (best first: "farsi" is fa, then prs). ``certain``: a preposition,
    verb or ending says that it is the language that is meant. ``typo``: one letter was forgiven."""

    start: int
    end: int
    codes: tuple[str, ...]
    certain: bool
    typo: bool = False


# preposition -> the grammars in which it makes "in Russian" of a name: "en" is Spanish for it, and Norwegian for "a"
_PREPOSITIONS: dict[str, frozenset[str]] = {
    word: frozenset(grammars.split())
    for word, grammars in {
        "pa": "nb nn da sv se",
        "in": "en it nl ro",
        "auf": "de",
        "en": "es fr",
        "em": "pt",
        "po": "pl cs sk lt",
        "na": "sr hr bs sk sl",
        "по": "ru uk be bg",
        "на": "ru uk be bg sr mk",
        "af": "so",
        "به": "fa prs",
    }.items()
}
_VERBS = frozenset(
    words(
        "snakker snakke snakkar snakka snakkes taler tale taler talar tala prater prate pratar prata forstår "
        "beherskar behersker kommuniserer speak speaks speaking spoken understands understand "
        "говорит говорю говорят говорить говорящий говорящая говорящего говорящую владеет владеющий "
        "знает понимает общаться розмовляє розмовляти розмовляють говорить говорять володіє "
        "mowi mowie mowia mowic mowiacy mowiaca mowiacego rozmawia "
        "يتحدث تتحدث اتحدث نتحدث يتحدثون يتكلم تتكلم اتكلم نتكلم يتكلمون التحدث ناطق "
        "hadla hadlaa hadlo hadlaya hadlaysa konusan konusuyor habla hablo parla parle fala govori razgovara"
    )
)
# "the … language", on either side of the name
_LANGUAGE = frozenset(
    words(
        "språk språket sprog sproget language languages язык языка языке языком языку языки мова мови мову мові мовою "
        "język języka języku językiem لغة اللغة باللغة luqad luqadda luuqad luuqadda"
    )
)
_SPEAKING = re.compile(
    r"talende|talande|talare|snakkende|spraklige?|sprakleg[et]?|sprakig[tae]?|sprogede?|sproget|sproglige?|"
    r"speaking|speakers?|говорящ\w+|язычн\w+|мовн\w+|jezyczn\w+"
)
_COMPOUND = re.compile(rf"(?P<name>.{{3,}}?)s?[oо]?(?P<speaking>{_SPEAKING.pattern})")
# an interpreter needs a language, but is not part of its name
_INTERPRETERS = re.compile(
    r"tolk|tolken|tolker|tolkar|tolketjeneste\w*|tolking|tolkning|interpret\w*|переводчик\w*|перевод|перекладач\w*|переклад|"
    r"tlumacz\w*|مترجم\w*|المترجم|ترجمه|turju[bm]aan\w*"
)
_FOR = frozenset(words("i til på for to с на з z"))
_AND = frozenset(
    words("og and eller or och eller и или та або чи i lub oraz albo و او iyo ama und oder y o et ou")
)

# Words one letter from the name of a language that are far likelier themselves
_NOT_A_SLIP = frozenset(
    words(
        "finish finished finishing persona personal romana etnisk estetisk дитячий панський сільська wioski włoska "
        "детский детского детскому детским детском детская детской детскую детское детские детских детскими"
    )
)


def spoken_spans(folded: Sequence[str]) -> list[LanguageSpan]:
    """The languages asked for in folded words (``spelling.words``), in order, not overlapping, longest name first.

    >>> spoken_spans(["snakke", "med", "noen", "pa", "russisk"])
    [LanguageSpan(start=3, end=5, codes=('ru',), certain=True, typo=False)]
    """
    spans: list[LanguageSpan] = []
    by_ending: set[int] = set()  # spans that what follows the name makes certain
    position = 0
    while position < len(folded):
        found = _name_at(folded, position)
        if found is None:
            position += 1
            continue
        form, length, certain, typo = found
        span = LanguageSpan(position, position + length, form.codes, certain or form.certain, typo)
        after = _extended_right(span, folded)
        if certain or (after.certain and not span.certain):
            by_ending.add(len(spans))
        span = _extended_left(after, folded, form, spans[-1].end if spans else 0)
        spans.append(span)
        position = span.end
    return _joined(spans, folded, by_ending)


def _name_at(folded: Sequence[str], position: int) -> tuple[Form, int, bool, bool] | None:
    """The longest name that begins at a word: (form, how many words, whether its ending makes it certain, typo)."""
    forms = lexicon()
    for length in range(min(_MOST_WORDS, len(folded) - position), 0, -1):
        form = forms.get(" ".join(folded[position : position + length]))
        if form:
            return form, length, False, False
    word = folded[position]
    compound = _COMPOUND.fullmatch(word)
    if compound:
        base = _form_of_compound(compound["name"])
        if base:
            return base[0], 1, True, base[1]
    near = _nearest_form(word)
    return (near, 1, False, True) if near else None


def _form_of_compound(name: str) -> tuple[Form, bool] | None:
    """The name in "russisktalende", "русскоязычный", "polskojęzyczny"; and whether one letter was forgiven."""
    forms = lexicon()
    for candidate in (name, name + "ий", name + "а", name + "i", name + "sk", name + "ska"):
        if candidate in forms:
            return forms[candidate], False
    near = _nearest_form(name) or _nearest_form(name + "ий")
    return (near, True) if near else None


def _extended_right(span: LanguageSpan, folded: Sequence[str]) -> LanguageSpan:
    if span.end == len(folded):
        return span
    following = folded[span.end]
    if following in _LANGUAGE or _SPEAKING.fullmatch(following):
        return replace(span, end=span.end + 1, certain=True)
    if _INTERPRETERS.fullmatch(following):
        return replace(span, certain=True)
    return span


def _extended_left(span: LanguageSpan, folded: Sequence[str], form: Form, floor: int) -> LanguageSpan:
    """Takes in "the language", a preposition and a verb that stand before the name, in this order."""
    start, certain = span.start, span.certain
    if start > floor and folded[start - 1] in _LANGUAGE:
        start, certain = start - 1, True
    if start > floor and start < span.start and folded[start - 1] in ("w", "на", "in", "i", "pa"):
        start -= 1  # "w języku polskim", "на языке …"
    elif start > floor and form.grammars & _PREPOSITIONS.get(folded[start - 1], frozenset()):
        start, certain = start - 1, True
    if start > floor and folded[start - 1] in _VERBS:
        start, certain = start - 1, True
    if start > floor and _INTERPRETERS.fullmatch(folded[start - 1]):
        certain = True
    if start > floor + 1 and folded[start - 1] in _FOR and _INTERPRETERS.fullmatch(folded[start - 2]):
        certain = True
    return replace(span, start=start, certain=certain)


def _joined(spans: list[LanguageSpan], folded: Sequence[str], by_ending: set[int]) -> list[LanguageSpan]:
    """In "speaks Russian and Polish" the verb holds for both, in "Russian or Polish speaking" the ending does."""
    for index in range(1, len(spans)):
        if spans[index - 1].certain and not spans[index].certain and _listed(spans, index, folded):
            spans[index] = replace(spans[index], certain=True)
    for index in range(len(spans) - 1, 0, -1):
        if index in by_ending and not spans[index - 1].certain and _listed(spans, index, folded):
            spans[index - 1] = replace(spans[index - 1], certain=True)
            by_ending.add(index - 1)
    return spans


def _listed(spans: list[LanguageSpan], index: int, folded: Sequence[str]) -> bool:
    between = folded[spans[index - 1].end : spans[index].start]
    return not between or (len(between) == 1 and between[0] in _AND)


@lru_cache(maxsize=4096)  # by the word alone; no line is kept
def _nearest_form(word: str) -> Form | None:
    """The form one slip away; none when two languages are as near, or the word is a country's name."""
    if len(word) < _TYPO_LENGTH or word in _NOT_A_SLIP or word in _countries():
        return None
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    near = [
        form
        for length in (len(word) - 1, len(word), len(word) + 1)
        for form, _, _ in process.extract(
            word, _by_start().get((word[0], length), ()), scorer=OSA.distance, score_cutoff=1, limit=None
        )
    ]
    forms = lexicon()
    if len({forms[form].codes[0] for form in near}) != 1:
        return None
    return forms[near[0]]


@lru_cache(maxsize=1)
def _by_start() -> dict[tuple[str, int], list[str]]:
    """Forms by first letter and length: slips in the first letter are rare, words that differ by it are many."""
    grouped: dict[tuple[str, int], list[str]] = {}
    for form in lexicon():
        if len(form) >= _TYPO_LENGTH and " " not in form:
            grouped.setdefault((form[0], len(form)), []).append(form)
    return grouped


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    """ "Russia" is one letter from "Russian"."""
    names: set[str] = set()
    for code in INTERFACE:
        locale = cldr(code)
        if locale:
            names.update(fold(territory) for territory in locale.territories.values())
    return frozenset(names)

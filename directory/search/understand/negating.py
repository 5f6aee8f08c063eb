"""What is said not to be wanted ("not the police"), and what somebody else is quoted as saying."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from directory.search.understand.phrases import Match, Token
from directory.spelling import fold

REACH = 4  # words between a negation and what it negates
# "vil ikke ha …", "don't want to go to …": what may stand between, beside function words
_WANTING = """vil ville ha ønsker trenger gå til snakke med treng ynskjer want need wanna go to have any looking for
    about vill behöver söker har brug хочу хочется надо нужен нужна нужно нужны идти иду ищу звонить треба потрібен
    потрібна потрібно йти шукаю дзвонити chcę potrzebuję szukam iść dzwonić na do أريد اريد بدي أحتاج احتاج اتصال إلى
    الى doonayo rabo baahni ring ringe ringa call calling kontakte kontakta anmelde politianmelde report akutt akut
    acute actually egentlig faktisk even heller"""
_NOT_ONLY = "bare kun berre only just enbart bara только лишь тільки лише tylko فقط kaliya"
_OR = "eller heller or nor или ни чи або ні lub ani ni أو او ولا ama mise og and"
_SAID = """sa sier sade sagt skrev skriver seier said says told wrote tells sagde siger säger сказал сказала говорит
    говорил написал каже сказав писав mówi mówił powiedział powiedziała napisał قال قالت يقول تقول yiri tiri yidhi"""
_BUT = "utan"  # "without", and after a negation "but", in Swedish
# Somali says it after: "booliis ma doonayo"
_SOMALI_NOT, _SOMALI_WANTING = "ma", frozenset({"rabo", "doonayo", "doonayaa", "baahni", "rabno"})
_QUOTED = re.compile(r"[\"“”„«»‟]([^\"“”„«»‟]{1,400})[\"“”„«»‟]")


def _folded(text: str) -> frozenset[str]:
    return frozenset(map(fold, text.split()))


WANTING, NOT_ONLY, OR, SAID = map(_folded, (_WANTING, _NOT_ONLY, _OR, _SAID))


def negated(
    tokens: Sequence[Token], matches: Sequence[Match], negations: frozenset[str], asker: str | None
) -> set[int]:
    """Numbers of the matches that are said not to be wanted; a phrase that holds its own negation is never one."""
    places = [i for i, token in enumerate(tokens) if token.word in negations and not _only(tokens, i + 1)]
    if asker == "sv":  # "not … but"
        places = [i for n, i in enumerate(places) if not n or tokens[i].word != _BUT]
    somali = asker == "so" and any(t.word == _SOMALI_NOT for t in tokens)
    if not places and not somali:
        return set()
    found = set()
    ends: set[int] = set()
    for number, match in sorted(enumerate(matches), key=lambda item: item[1].start):
        if any(tokens[i].word in negations for i in range(match.start, match.end)):
            continue
        before = match.start - 1
        after = [t.word for t in tokens[match.end : match.end + 2]]
        if (
            any(_reaches(tokens, i, match.start) for i in places if i < match.start)
            or (before > 0 and tokens[before].word in OR and before in ends)
            or (somali and len(after) == 2 and after[0] == _SOMALI_NOT and after[1] in _SOMALI_WANTING)
        ):
            found.add(number)
            ends.add(match.end)
    return found


def _only(tokens: Sequence[Token], index: int) -> bool:
    return index < len(tokens) and tokens[index].word in NOT_ONLY


def _reaches(tokens: Sequence[Token], index: int, start: int) -> bool:
    between = tokens[index + 1 : start]
    return len(between) <= REACH and all(t.function_word or t.word in WANTING for t in between)


def quoted(text: str, raw: Sequence[str]) -> list[range]:
    """The words (by number) that somebody is quoted as saying: within quotation marks, with a verb of saying beside."""
    if not _QUOTED.search(text):
        return []
    found, at, place = [], 0, 0
    starts = []
    for word in raw:  # where each word stands in the text
        at = text.find(word, place)
        if at < 0:
            return []
        starts.append(at)
        place = at + len(word)
    for quotation in _QUOTED.finditer(text):
        inside = [i for i, start in enumerate(starts) if quotation.start() < start < quotation.end()]
        if not inside:
            continue
        first, last = inside[0], inside[-1]
        beside: Iterable[str] = (*raw[max(0, first - 3) : first], *raw[last + 1 : last + 3])
        if any(fold(word) in SAID for word in beside):
            found.append(range(first, last + 1))
    return found

"""Place names among the words of a sentence: as written, inflected, with what belongs to them, or misspelt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from directory.places.inflection import AREA_WORDS, stems
from directory.places.place import Kind, Matched, Place, Span
from directory.places.typos import Typos

Point = tuple[float, float]

_LONGEST_TEXT = 60  # words; a longer text is cut, so that no input costs more than some milliseconds
_WANTED_KIND: dict[str, Kind] = {
    **dict.fromkeys(("kommune", "kommunes", "kommun", "municipality"), "municipality"),
    **dict.fromkeys(("gmina", "коммуна", "комуна", "بلديه"), "municipality"),
    **dict.fromkeys(("fylke", "fylkeskommune", "lan", "county"), "county"),
    "bydel": "district",
}  # fmt: skip
_SETTLES = frozenset(_WANTED_KIND) | {"sentrum", "centrum", "sentrumsomradet"}  # "Ski sentrum" is no sport
_BEFORE = frozenset(
    {"bydel", "gmina", "miasto", "miescie", "город", "городе", "г", "місто", "місті", "м", "مدينه"}
)
# people; what a guess at a name asks of the place, the more the less there is to go by
_MANY = 5_000
_CITIES = 20_000
_CAPITALS = 300_000


class Names(Protocol):
    """What is asked of the gazetteer here."""

    longest: int
    beginnings: frozenset[str]  # first words of names of several words
    typos: Typos

    def by_key(self, folded: str, near: Point | None = None) -> tuple[tuple[Place, ...], bool]: ...
    def is_ordinary(self, folded: str) -> bool: ...
    def postcodes(
        self, prefix: str | None, code: str, near: Point | None, beside: str = ""
    ) -> tuple[Place, ...]: ...


def spans_among(
    names: Names,
    words: Sequence[str],
    *,
    known: Callable[[str], bool] = lambda _: False,
    near: Point | None = None,
    forgiving: bool = False,
) -> list[Span]:
    """See ``Places.spans``. ``forgiving``: the words are said to be a place, so any that look like one will do."""
    words = words[:_LONGEST_TEXT]
    found: list[Span] = []
    for start in range(len(words)):
        if words[start].isdigit():
            found += _postcode_at(names, words, start, near)
            continue
        exact = list(_names_at(names, words, start, near))
        found += exact
        if not any(s.end == start + 1 for s in exact):
            found += _forms_at(names, words, start, known, near, forgiving)
    settled = {i for s in found if s.score >= 0.9 and not s.accidental for i in range(s.start, s.end)}
    found += _written_apart(names, words, known, near, settled, forgiving)
    return sorted(found, key=lambda s: (s.start - s.end, -s.score, s.start))


def _span(
    words: Sequence[str],
    start: int,
    end: int,
    places: tuple[Place, ...],
    matched: Matched,
    score: float,
    accidental: bool = False,
) -> Span:
    """The span with the words that belong to the name: "Tromsø kommune", "Bergen sentrum", "Oslo øst"."""
    settled = False
    if end < len(words) and words[end] in AREA_WORDS:
        wanted, settled = _WANTED_KIND.get(words[end]), words[end] in _SETTLES
        end += 1
        if wanted:
            places = tuple(sorted(places, key=lambda p: p.kind != wanted))
    elif start and words[start - 1] in _BEFORE:
        start, settled = start - 1, True
    if settled:
        return Span(start, end, places, matched, max(score, 0.9))
    return Span(start, end, places, matched, score, accidental)


def _names_at(names: Names, words: Sequence[str], start: int, near: Point | None) -> Iterator[Span]:
    longest = names.longest if words[start] in names.beginnings else 1
    for end in range(start + 1, min(start + longest, len(words)) + 1):
        text = " ".join(words[start:end])
        places, alias = names.by_key(text, near)
        if places:
            accidental = end == start + 1 and (names.is_ordinary(text) or len(text) < 2)
            yield _span(words, start, end, places,
                matched="alias" if alias else "exact", score=0.5 if accidental else 1.0, accidental=accidental,
            )  # fmt: skip


def _postcode_at(names: Names, words: Sequence[str], start: int, near: Point | None) -> Iterator[Span]:
    code = words[start]
    if len(code) != 4 or not code.isascii():
        return
    prefix = words[start - 1] if start and words[start - 1] in ("no", "n", "dk") else None
    ends = range(min(start + 4, len(words)), start + 1, -1)
    beside = next((e for e in ends if names.by_key(" ".join(words[start + 1 : e]))[0]), start + 1)
    name = " ".join(words[start + 1 : beside])
    places = names.postcodes(prefix, code, near, name)
    if not places:
        return
    if name and not any(p.name.partition(" ")[2] for p in places):
        beside = start + 1
    digits = not name and any(0 <= i < len(words) and words[i].isdigit() for i in (start - 1, start + 1))
    year = "1900" <= code < "2100" and not name and prefix is None
    yield Span(
        start - 1 if prefix else start, beside, places, "exact",
        0.5 if digits or year else 1.0, accidental=digits or year,
    )  # fmt: skip


def _forms_at(
    names: Names,
    words: Sequence[str],
    start: int,
    known: Callable[[str], bool],
    near: Point | None,
    forgiving: bool,
) -> Iterator[Span]:
    word = words[start]
    if names.is_ordinary(word) and not forgiving:
        return
    for stem in stems(word):
        places, _ = names.by_key(stem, near)
        if places and _is_inflected(places[0], word, stem, known):
            ordinary = names.is_ordinary(stem)
            yield _span(words, start, start + 1, places,
                matched="inflected", score=0.4 if ordinary else 0.9, accidental=ordinary,
            )  # fmt: skip
            return
    if word.isalpha() and not known(word):
        yield from _misspelt(names, words, start, start + 1, near, forgiving)


def _is_inflected(place: Place, word: str, stem: str, known: Callable[[str], bool]) -> bool:
    """The rarer the ending in these parts, and the further off the place, the bigger it must be."""
    if place.kind == "country":
        return True
    if place.country != "NO":
        return place.population >= _CAPITALS
    if word == stem + "s":
        return place.population >= _MANY or not known(word)
    return place.population >= (_CITIES if word.isascii() else _MANY)


def _believable(place: Place, length: int, edits: int) -> bool:
    """Whether a word in a sentence is rather a misspelt name than a word that the index doesn't know: the shorter it
    is and the further from the name, the better known the place must be.
    """
    if place.country != "NO":
        return place.kind != "country" and place.population >= _CAPITALS and length >= 7
    if place.kind == "region" or place.kind == "district":
        return length >= 9 and edits == 1
    least = _CITIES if length == 5 or edits > 1 else _MANY if length < 8 else 500
    return place.population >= least


def _misspelt(
    names: Names, words: Sequence[str], start: int, end: int, near: Point | None, forgiving: bool
) -> Iterator[Span]:
    text = " ".join(words[start:end])
    best: tuple[int, int, tuple[Place, ...]] | None = None
    for name, edits in names.typos.near(text):
        if (" " in name) != (" " in text):
            continue
        places, _ = names.by_key(name, near)
        if not forgiving and (names.is_ordinary(name) or not _believable(places[0], len(text), edits)):
            continue
        if best is None or (edits, -places[0].population) < best[:2]:
            best = (edits, -places[0].population, places)
    if best:
        yield _span(words, start, end, best[2],
            matched="typo", score=round(0.85 - 0.15 * best[0], 2), accidental=False,
        )  # fmt: skip


def _written_apart(
    names: Names,
    words: Sequence[str],
    known: Callable[[str], bool],
    near: Point | None,
    settled: set[int],
    forgiving: bool,
) -> Iterator[Span]:
    """ "lille hammer", and names of several words with a typo: "mo i rna", "møre og romsdl"."""
    if len(words) < 2:
        return
    unknown = [not known(word) for word in words]
    for start in range(len(words) - 1):
        for end in range(start + 2, min(start + 4, len(words)) + 1):
            window = words[start:end]
            if not any(unknown[start:end]) or any(i in settled for i in range(start, end)):
                continue
            if not all(w.isalpha() for w in window) or names.by_key(" ".join(window))[0]:
                continue
            joined = "".join(window)
            places, _ = names.by_key(joined, near)
            if len(joined) >= 7 and len(window) == 2 and places and min(map(len, window)) > 1:
                yield _span(words, start, end, places, matched="typo", score=0.75, accidental=False)
            elif len(" ".join(window)) >= 8:
                yield from _misspelt(names, words, start, end, near, forgiving)

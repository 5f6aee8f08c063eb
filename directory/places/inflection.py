"""How a place name looks inside a sentence: case endings and attached letters, taken off again.

Only folded words come in and go out; the caller keeps those stems that are names. A stem is never shorter than three
letters, so that the short names (Os, Bø, Mo) are left to be written as they are.
"""

from __future__ import annotations

from collections.abc import Iterator

_SHORTEST = 3
# Russian and Ukrainian: masculine names take these (в Бергене, у Бергені, из Бергена, под Бергеном) …
_CYRILLIC_ENDINGS = ("ом", "ем", "ою", "ею", "е", "і", "у", "ю", "а", "я", "и", "ы", "ї")
_CYRILLIC_NOMINATIVES = (
    "",
    "а",
    "я",
    "ь",
    "й",
)  # … feminine and soft ones replace their own (в Упсале, в Норвегии)
_POLISH_ENDINGS = ("iem", "ie", "em", "owi", "u", "a", "y", "i")  # w Sztokholmie, w Norwegii, do Bergenu
_POLISH_SOUNDS = {"dze": "ga", "ce": "ka", "dzie": "d", "cie": "t"}  # w Kopenhadze, w Odense stays
_ARABIC_PREFIXES = ("وبال", "بال", "وب", "لل", "ال", "ب", "ل", "و", "ف", "ك")
_OTHER_ENDINGS = ("s", "ssa", "ssae", "sta", "stae", "omradet", "somradet")  # Oslos, Oslossa, Bergensområdet
_PLAIN_ENDINGS = (*_OTHER_ENDINGS, *_POLISH_ENDINGS)
_LATIN_ENDINGS = (*_PLAIN_ENDINGS, *_POLISH_SOUNDS)
AREA_WORDS = frozenset(
    {
        "kommune",
        "kommunes",
        "kommun",
        "fylke",
        "fylkeskommune",
        "lan",
        "region",
        "regionen",
        "sentrum",
        "centrum",
    }
    | {
        "center",
        "centre",
        "central",
        "city",
        "by",
        "byen",
        "bydel",
        "omradet",
        "omegn",
        "area",
        "county",
        "town",
    }
    | {"municipality", "ost", "vest", "nord", "sor", "syd", "oster", "east", "west", "north", "south"}
    | {
        "gmina",
        "miasto",
        "коммуна",
        "центр",
        "город",
        "района",
        "район",
        "комуна",
        "місто",
        "بلديه",
        "مدينه",
        "وسط",
    }
)


def stems(word: str) -> Iterator[str]:
    """Words of which this may be a form, likelier first; never the word itself."""
    first = word[:1]
    if "а" <= first <= "ӿ":
        for ending in _CYRILLIC_ENDINGS:
            if word.endswith(ending):
                stem = word[: -len(ending)]
                yield from (
                    stem + n for n in _CYRILLIC_NOMINATIVES if len(stem) >= _SHORTEST and stem + n != word
                )
        return
    if "\u0600" <= first <= "\u06ff":
        yield from (
            word[len(p) :] for p in _ARABIC_PREFIXES if word.startswith(p) and len(word) - len(p) >= _SHORTEST
        )
        return
    if "'" in word or "’" in word:  # Turkish: Oslo'da; English: Oslo's
        stem = word.replace("’", "'").partition("'")[0]
        if len(stem) >= _SHORTEST:
            yield stem
        return
    if not word.endswith(_LATIN_ENDINGS):
        return
    for ending, nominative in _POLISH_SOUNDS.items():
        if word.endswith(ending) and len(word) > len(ending) + _SHORTEST:
            yield word[: -len(ending)] + nominative
    for ending in _PLAIN_ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) > _SHORTEST:
            yield word[: -len(ending)]
            if ending in ("ie", "i", "y", "u"):
                yield word[: -len(ending)] + "a"
    if word.endswith("ii") and len(word) > _SHORTEST + 2:
        yield word[:-1] + "a"

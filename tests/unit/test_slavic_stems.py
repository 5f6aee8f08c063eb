"""Polish without its marks, Ukrainian, and both East Slavic languages in Latin letters: one word in its forms."""

from __future__ import annotations

import pytest

from directory.search.analysis import stems
from directory.spelling import fold


def forms(word: str, language: str) -> set[str]:
    return {fold(word)} | stems(fold(word), language, asked=True)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("pl", "narkotyków", "narkotyki"),
        ("pl", "terapeutow", "terapeuta"),
        ("pl", "strzykawek", "strzykawka"),
        ("pl", "strzykawce", "strzykawka"),
        ("pl", "gwałcie", "gwałt"),
        ("pl", "przedawkować", "przedawkowanie"),
        ("pl", "przedawkowałem", "przedawkowaniom"),
        ("pl", "uzależnić", "uzależnienia"),
        ("uk", "наркотиків", "наркотики"),
        ("uk", "голок", "голки"),
        ("uk", "залежність", "залежності"),
        ("uk", "адвокатом", "адвокат"),
        ("ru", "xochu", "hochu"),
        ("ru", "pyet", "pjet"),
        ("ru", "depressiya", "depresia"),
        ("uk", "zhyty", "zhiti"),
    ],
)
def test_a_word_is_found_in_its_other_forms_however_it_is_typed(language: str, one: str, other: str) -> None:
    assert forms(one, language) & forms(other, language)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [("pl", "rana", "rano"), ("pl", "lekarz", "leki"), ("uk", "лікар", "ліки"), ("ru", "spid", "spit")],
)
def test_words_that_only_begin_alike_stay_apart(language: str, one: str, other: str) -> None:
    assert not forms(one, language) & forms(other, language)

"""A name is found in whichever of three scripts it is written."""

from __future__ import annotations

import pytest

from directory.places import Places
from directory.places.sounding import skeleton
from directory.search.wordbook import Wordbook
from directory.spelling import fold


@pytest.fixture(scope="module")
def places(words: Wordbook) -> Places:
    return words.places


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Гарстад", "Harstad"),
        ("Гарстаді", "Harstad"),
        ("كيركنز", "Kirkenes"),
        ("Коппервик", "Kopervik"),
        ("Эгерсунн", "Egersund"),
    ],
)
def test_a_town_is_found_as_it_sounds(places: Places, written: str, name: str) -> None:
    assert places.sounding(fold(written))[0].name == name


@pytest.mark.parametrize("word", ["помощь", "врач", "лікар", "طبيب", "مساعدة", "shoes"])
def test_an_ordinary_word_sounds_like_no_town(places: Places, word: str) -> None:
    assert not places.sounding(fold(word))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Химфрендли", "Chemfriendly"),
        ("Бюмишон", "Bymisjon"),
        ("Киркенс", "Kirkens"),
        ("نوك", "nok"),
        ("Рылкова", "rylkov"),
    ],
)
def test_one_name_has_one_skeleton_in_every_script(one: str, other: str) -> None:
    assert skeleton(fold(one)) == skeleton(fold(other))

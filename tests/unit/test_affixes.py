"""Arabic and Somali words are the same words with what is written onto them."""

from __future__ import annotations

import pytest

from directory.search.affixes import arabic, arabic_in_latin, somali
from directory.spelling import fold


@pytest.mark.parametrize(
    ("written", "word"),
    [("والطبيب", "طبيب"), ("بالمستشفى", "مستشفى"), ("زوجي", "زوج"), ("ابنها", "ابن"), ("للشرطة", "شرطة")],
)
def test_an_arabic_word_is_found_with_what_is_written_before_and_after_it(written: str, word: str) -> None:
    assert arabic(fold(written)) & (arabic(fold(word)) | {fold(word)})


@pytest.mark.parametrize(("written", "word"), [("كيضرب", "يضرب"), ("هيموت", "يموت"), ("بيضربني", "يضرب")])
def test_a_spoken_verb_is_found_only_in_what_people_type(written: str, word: str) -> None:
    assert fold(word) in arabic(fold(written), asked=True)


def test_arabic_in_latin_letters_meets_arabic_letters_and_no_other_language() -> None:
    assert arabic_in_latin("7abub") & arabic_in_latin(fold("حبوب"))
    assert all("~" in form for form in arabic_in_latin("7abub"))


@pytest.mark.parametrize(
    ("one", "other"), [("daawo", "dawo"), ("caawimaad", "caawimad"), ("dhakhtar", "dhaqtar")]
)
def test_a_somali_word_is_one_word_however_it_is_spelt(one: str, other: str) -> None:
    assert somali(one) & somali(other)

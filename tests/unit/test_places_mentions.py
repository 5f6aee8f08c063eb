"""Places inside a sentence: found where they are meant, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.places import Places, Span
from directory.search.wordbook import Wordbook
from directory.spelling import words


@pytest.fixture(scope="module")
def places(words: Wordbook) -> Places:
    return words.places


def best(places: Places, text: str, **more) -> Span | None:
    return next(iter(places.spans(words(text), **more)), None)


def sure(places: Places, text: str, **more) -> list[str]:
    return [s.place.name for s in places.spans(words(text), **more) if not s.accidental]


@pytest.mark.parametrize(
    ("sentence", "meant"),
    [
        ("в Осло", "Oslo"),
        ("в Бергене", "Bergen"),
        ("у Бергені", "Bergen"),
        ("у Тромсе", "Tromsø"),
        ("в Тромсё", "Tromsø"),
        ("в Копенгагене", "København"),
        ("у Стокгольмі", "Stockholm"),
        ("в Норвегии", "Norge"),
        ("w Oslo", "Oslo"),
        ("w Sztokholmie", "Stockholm"),
        ("w Kopenhadze", "København"),
        ("w Norwegii", "Norge"),
        ("بأوسلو", "Oslo"),
        ("في أوسلو", "Oslo"),
        ("Oslos legevakt", "Oslo"),
        ("Oslo'da", "Oslo"),
        ("i bergensområdet", "Bergen"),
        ("город Осло", "Oslo"),
    ],
)
def test_an_inflected_name_is_still_the_place(places, sentence, meant):
    span = best(places, sentence)
    assert span.place.name == meant
    assert not span.accidental


def test_the_words_that_belong_to_a_name_are_part_of_it(places):
    for text, end, kind in [
        ("tromsø kommune legevakt", 2, "municipality"),
        ("bergen sentrum naloxone", 2, "town"),
        ("oslo øst test", 2, "town"),
        ("mo i rana legevakt", 3, "town"),
        ("5003 bergen test", 2, "postcode"),
    ]:
        span = best(places, text)
        assert (span.start, span.end, span.place.kind) == (0, end, kind)


def test_the_longest_name_comes_first_and_those_inside_it_after(places):
    spans = places.spans(words("mo i rana"))
    assert [(s.start, s.end) for s in spans] == [(0, 3), (2, 3), (0, 1)]
    assert spans[2].accidental


@pytest.mark.parametrize(
    "sentence",
    ["jeg er på ski", "hell i uhell", "time hos lege", "os", "å ta en test", "vi er her", "å være i live",
     "rene sprøyter", "sola skinner", "mo", "horn", "tarm", "но буде добре", "a gram of tina"],
)  # fmt: skip
def test_an_ordinary_word_is_a_place_only_by_accident(places, sentence):
    assert sure(places, sentence) == []


def test_an_accidental_name_is_found_all_the_same_for_who_knows_better(places):
    span = best(places, "legevakt i os")
    assert (span.place.name, span.accidental) == ("Os", True)
    settled = best(places, "ski kommune")
    assert (settled.end, settled.accidental) == (2, False)


def test_a_typo_in_a_town_is_forgiven_inside_a_sentence(places):
    assert sure(places, "naloxone begren") == ["Bergen"]
    assert sure(places, "nalokson i Sandens") == ["Sandnes"]
    assert best(places, "begren").matched == "typo"
    assert best(places, "begren").score < best(places, "bergen").score


def test_a_word_that_is_right_elsewhere_is_never_taken_for_a_misspelt_place(places):
    assert sure(places, "test i begren", known=lambda w: w == "begren") == []


@pytest.mark.parametrize(
    "sentence",
    ["hvor er nærmeste lege", "jeg vil snakke med noen", "gratis klamydiatest", "kondomet sprakk i natt",
     "søknad om hjelp", "where can i get clean needles", "stranger danger", "manual for harm reduction",
     "что делать при передозировке", "страна", "جلسة دعم", "skien min gjør vondt i lunger", "porno og kjøring",
     "kristiansen"],
)  # fmt: skip
def test_common_words_near_a_name_are_not_places(places, sentence):
    assert [s for s in places.spans(words(sentence)) if s.matched == "typo"] == []


def test_numbers_that_are_no_postcodes_are_left_alone(places):
    assert places.spans(words("23 04 05 00")) == []
    assert places.spans(words("116 117")) == []
    assert places.spans(words("08588")) == []
    assert sure(places, "testet i 2024") == []
    assert sure(places, "2304 0500") == []
    assert sure(places, "legevakt nær 9019") == ["9019 Tromsø"]


def test_the_score_is_a_share_and_the_span_lies_within_the_words(places):
    text = words("в Осло and begren, 9019 Tromsø, os kommune, lille hammer")
    spans = places.spans(text)
    assert all(0 < s.score <= 1 and 0 <= s.start < s.end <= len(text) and s.places for s in spans)
    assert [s.end - s.start for s in spans] == sorted((s.end - s.start for s in spans), reverse=True)


@settings(max_examples=150, deadline=None)
@given(text=st.text(alphabet="abeginorstø ваегносб0123456789'-", max_size=80))
def test_any_words_can_be_looked_through(places, text):
    found = words(text)
    for span in places.spans(found):
        assert 0 <= span.start < span.end <= len(found)

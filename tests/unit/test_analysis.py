"""From written words to index terms."""

from __future__ import annotations

from collections import defaultdict

import pytest

from directory.config import SEED_DIR
from directory.needs import Needs
from directory.search.analysis import Compounds, Reader, joined_digits, stems
from directory.spelling import fold, words


@pytest.fixture(scope="module")
def compounds() -> Compounds:
    return Compounds(Needs.load(SEED_DIR))


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Tromsö", "tromso"),
        ("TROMSØ", "tromso"),
        ("Aalesund", "alesund"),
        ("Ålesund", "alesund"),
        ("Bodoe", "bodo"),
        ("Kjønnssjukdom", "kjonnssjukdom"),
        ("Łódź", "lodz"),
        ("ещё", "еще"),
        ("ВИЧ", "вич"),
        ("чай", "чай"),
        ("їжа", "їжа"),
        ("أُوسلُو", "اوسلو"),
    ],
)
def test_one_spelling_for_what_people_type_in_several_ways(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_hyphens_and_slashes_separate_words_and_digits_are_words() -> None:
    assert words("hiv-test/SOI (116 117)") == ["hiv", "test", "soi", "116", "117"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("legevakten", "legevakt"),
        ("sproyter", "sproyte"),
        ("clinics", "clinic"),
        ("шприцы", "шприцев"),
        ("الاغتصاب", "اغتصاب"),
    ],
)
def test_inflected_forms_meet_in_a_term(one: str, other: str) -> None:
    assert ({one} | stems(one)) & ({other} | stems(other))


def test_short_words_and_numbers_have_no_stem() -> None:
    assert stems("hiv") == set()
    assert stems("116117") == set()


@pytest.mark.parametrize(
    ("compound", "parts"),
    [
        ("hivtest", ("hiv", "test")),
        ("overgrepsmottak", ("overgreps", "mottak")),
        ("klamydiatesten", ("klamydia", "testen")),
        ("sproyterom", ("sproyte", "rom")),
    ],
)
def test_compounds_are_split_into_words_of_the_field(
    compounds: Compounds, compound: str, parts: tuple[str, ...]
) -> None:
    assert compounds.parts(compound) == parts


@pytest.mark.parametrize("word", ["oslo", "tromso", "hiv", "хивтест", "banana", "x" * 500])
def test_a_word_that_is_no_compound_is_left_whole(compounds: Compounds, word: str) -> None:
    assert compounds.parts(word) == ()


def test_a_compound_stands_in_the_index_whole_and_by_its_parts(compounds: Compounds) -> None:
    terms = Reader(compounds).terms_of("Overgrepsmottak", "nb")
    assert terms["overgrepsmottak"] == 1.0
    assert 0 < terms["mottak"] < 1.0


def test_words_that_make_a_known_compound_stand_joined_too(compounds: Compounds) -> None:
    assert "voldtektsmottak" in Reader(compounds).terms_of("voldtekts mottak", "nb")


def test_the_groups_of_a_phone_number_are_one_term(compounds: Compounds) -> None:
    assert "23040500" in Reader(compounds).terms_of("Ring 23 04 05 00 nå", "nb")
    assert joined_digits(["ring", "23", "04", "05", "00", "na", "116"]) == ["23040500"]


def test_a_word_in_the_name_weighs_more_than_in_the_description(compounds: Compounds) -> None:
    total: defaultdict[str, float] = defaultdict(float)
    Reader(compounds).add(total, "hiv", "nb", "name")
    Reader(compounds).add(total, "hiv test", "nb", "description")
    assert total["hiv"] == 5.0
    assert total["test"] == 1.0


def test_a_word_met_again_is_read_as_it_was_the_first_time(compounds: Compounds) -> None:
    reader = Reader(compounds)
    text = "Overgrepsmottak på Ålesund sykehus, overgrepsmottak"
    first = reader.terms_of(text, "nb")
    assert reader.terms_of(text, "nb") == first == Reader(compounds).terms_of(text, "nb")
    assert first["overgrepsmottak"] == 2.0
    # the same letters are another word in another language
    assert reader.terms_of("testing", "en") != reader.terms_of("testing", "nb")
    assert reader.words(text, "nb")[2] == "alesund"

"""One line of text becomes needs, a place, languages, an emergency, and the rest."""

from __future__ import annotations

import pytest

from directory.search.understand import Understanding, Understood


def needs(found: Understood) -> list[str]:
    return [n.slug for n in found.needs]


@pytest.mark.parametrize(
    ("text", "need", "place"),
    [
        ("nalokson bergen", "naloxone", "Bergen"),
        ("naloxone in Bergen", "naloxone", "Bergen"),
        ("legevakt nær 9019", "urgent-primary-care", "9019 Tromsø"),
        ("where can i get narcan in tromso", "naloxone", "Tromsø"),
        ("voldtatt i Ålesund", "sexual-assault", "Ålesund"),
        ("изнасиловали в Осло", "sexual-assault", "Oslo"),
        ("اغتصاب في أوسلو", "sexual-assault", "Oslo"),
        ("zgwałcona Oslo pomoc", "sexual-assault", "Oslo"),
        ("avrusning Kristiansand", "detox", "Kristiansand"),
    ],
)
def test_a_need_and_a_place_in_one_line(understand: Understanding, text: str, need: str, place: str) -> None:
    found = understand(text)
    assert needs(found)[0] == need
    assert found.place is not None
    assert found.place.name == place


@pytest.mark.parametrize(
    "text", ["hivtest", "hiv-test", "hiv test", "hivtesten", "HIV-TESTING", "test for hiv"]
)
def test_compounds_are_understood_split_and_joined(understand: Understanding, text: str) -> None:
    assert "hiv-testing" in needs(understand(text))


@pytest.mark.parametrize(
    "text", ["overgrepsmottak", "mottak for overgrep", "overgreps mottak", "overgrepsmottaket"]
)
def test_an_assault_centre_is_understood_however_it_is_written(understand: Understanding, text: str) -> None:
    assert "sexual-assault" in needs(understand(text))


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("tina", "chemsex-information"),
        ("мяу", "chemsex-counselling"),
        ("slamming", "safer-injection"),
        ("kjønnssykdom", "sti-testing"),
    ],
)
def test_street_names_and_synonyms_tell_the_need(understand: Understanding, text: str, need: str) -> None:
    assert need in needs(understand(text))


@pytest.mark.parametrize(
    ("text", "corrected", "need", "place"),
    [
        ("nalokson begren", "nalokson Bergen", "naloxone", "Bergen"),
        ("overgrepsmotak tromsö", "overgrepsmottak tromsö", "sexual-assault", "Tromsø"),
        ("nalokson Sandens", "nalokson Sandnes", "naloxone", "Sandnes"),
    ],
)
def test_a_misspelt_word_is_taken_for_the_nearest_and_said_so(
    understand: Understanding, text: str, corrected: str, need: str, place: str
) -> None:
    found = understand(text)
    assert found.corrected == corrected
    assert needs(found)[0] == need
    assert found.place is not None and found.place.name == place


@pytest.mark.parametrize("text", ["nalokson bergen", "hivtest oslo", "23 04 05 00", "olafia"])
def test_what_is_spelt_right_is_not_corrected(understand: Understanding, text: str) -> None:
    assert understand(text).corrected is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("psykolog på russisk", "ru"),
        ("психолог на норвежском", "nb"),
        ("help in Arabic", "ar"),
        ("lekarz po polsku", "pl"),
    ],
)
def test_a_language_of_help_is_understood(understand: Understanding, text: str, code: str) -> None:
    assert code in understand(text).languages


@pytest.mark.parametrize(
    "text",
    [
        "puster ikke",
        "unconscious after G",
        "передозировка",
        "kompis gåtte på G puster dårlig",
        "не дышит",
        "she won't wake up",
    ],
)
def test_acute_danger_is_an_emergency(understand: Understanding, text: str) -> None:
    sign = understand(text).emergency
    assert sign is not None
    assert sign.contacts[0] == "medisinsk-nodtelefon-113"


@pytest.mark.parametrize(
    "text",
    [
        "motgift mot overdose nasespray",
        "nalokson bergen",
        "forebygge overdose",
        "fakta om GHB",
        "hivtest",
        "rådgivning",
    ],
)
def test_preparing_for_danger_is_none(understand: Understanding, text: str) -> None:
    assert understand(text).emergency is None


def test_two_needs_in_one_line_are_both_understood(understand: Understanding) -> None:
    assert {"pep", "crisis-line"} <= set(needs(understand("PEP og noen å snakke med")))


def test_a_negated_need_is_not_sought(understand: Understanding) -> None:
    assert "urgent-primary-care" not in needs(understand("ikke legevakt, men krisesenter"))
    assert "shelter" in needs(understand("ikke legevakt, men krisesenter"))


@pytest.mark.parametrize("text", ["what the hell", "mo", "ski og skøyter", "ta det med ro"])
def test_a_word_that_is_a_place_by_accident_is_none(understand: Understanding, text: str) -> None:
    found = understand(text)
    assert found.place is None or text == "mo"


def test_the_place_after_a_preposition_is_meant(understand: Understanding) -> None:
    found = understand("legevakt i Os")
    assert found.place is not None and found.place.name == "Os"
    assert found.alternatives, "there is more than one Os"


def test_what_is_left_is_the_rest(understand: Understanding) -> None:
    assert understand("nalokson bergen kveldsåpent").text == "kveldsåpent"


@pytest.mark.parametrize("text", ["", "   ", "?!", "\x00", "🙂", "a" * 500, "* ? ~ AND OR"])
def test_nothing_to_understand_is_no_need_and_no_place(understand: Understanding, text: str) -> None:
    found = understand(text)
    assert found.needs == ()
    assert found.emergency is None

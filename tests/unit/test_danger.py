"""Whether a line tells of danger now, and what it then asks for."""

from __future__ import annotations

import pytest

from directory.search.understand import Understanding
from directory.search.wordbook import Wordbook


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("he has a knife", "violence"),
        ("someone is attacking me", "violence"),
        ("standing on the bridge", "suicidal-crisis"),
        ("han vaknar inte", "overdose-acute"),
        ("smerter i brystet", "emergency"),
        ("у него нож", "violence"),
        ("boję się wracać do domu", "children-youth"),
    ],
)
def test_danger_asks_for_help_even_when_no_word_names_a_need(
    understand: Understanding, text: str, need: str
) -> None:
    found = understand(text)
    assert found.emergency is not None
    assert {n.slug: n.weight for n in found.needs}[need] >= 0.8
    assert found.needs[0].weight >= 0.8


def test_every_sign_of_danger_leads_to_a_need_it_stands_for(
    words: Wordbook, understand: Understanding
) -> None:
    needs = words.needs
    without = []
    for sign in needs.emergencies:
        for wording in sign.wordings:
            found = understand(wording.text, language=wording.language)
            if found.emergency and {n.slug for n in found.needs}.isdisjoint(found.emergency.slugs):
                without.append(wording.text)
    assert without == []


@pytest.mark.parametrize(
    ("text", "language", "need"),
    [
        ("kit for opioid overdose", "en", "naloxone"),
        ("where can i get an overdose kit", "en", "naloxone"),
        ("naloxone kit", "en", "naloxone"),
        ("набор от передозировки", "ru", "naloxone"),
        ("zestaw na przedawkowanie", "pl", "naloxone"),
        ("overdose prevention course", "en", "overdose-prevention"),
        ("kurs om overdoser", "nb", "overdose-prevention"),
        ("курс про передозировку", "ru", "overdose-prevention"),
    ],
)
def test_being_prepared_for_an_overdose_is_no_emergency(
    understand: Understanding, text: str, language: str, need: str
) -> None:
    found = understand(text, language=language)
    assert found.emergency is None
    assert found.needs[0].slug == need


def test_an_overdose_that_happens_stays_one_beside_its_antidote(understand: Understanding) -> None:
    assert understand("my friend overdosed, i have naloxone").emergency is not None
    assert understand("kompisen tok en overdose, har ikke nalokson").emergency is not None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("my friend took heroin and doesn't answer", "en"),
        ("vennen min tok heroin og svarer ikke", "nb"),
        ("venen min tok heroin og svarar ikkje", "nn"),
        ("min ven tog heroin og svarer ikke", "da"),
        ("min kompis tog heroin och svarar inte", "sv"),
        ("друг принял героин и не отвечает", "ru"),
        ("друг прийняв героїн і не відповідає", "uk"),
        ("kolega wziął heroinę i nie odpowiada", "pl"),
        ("صديقي أخذ هيروين ولا يجيب", "ar"),
        ("saaxiibkay wuxuu qaatay heroin mana jawaabayo", "so"),
    ],
)
def test_who_took_a_drug_and_does_not_answer_is_in_danger(
    understand: Understanding, text: str, language: str
) -> None:
    found = understand(text, language=language)
    assert found.emergency is not None
    assert found.needs[0].slug in ("overdose-acute", "emergency")
    assert "overdose-acute" in {n.slug for n in found.needs}


WANTING = pytest.mark.parametrize(
    ("wanting", "not_wanting", "language"),
    [
        ("أريد أن أعيش", "لا أريد أن أعيش", "ar"),
        ("بدي عيش", "ما بدي عيش", "ar"),
        ("waxaan rabaa inaan noolaado", "ma rabo inaan noolaado", "so"),
        ("jeg vil leve", "jeg vil ikke leve", "nb"),
        ("хочу жить", "не хочу жить", "ru"),
        ("chcę żyć", "nie chcę żyć", "pl"),
        ("i want to live", "i don't want to live", "en"),
    ],
)


@WANTING
def test_wanting_to_live_is_not_half_of_not_wanting_to(
    by_rules: Understanding, wanting: str, not_wanting: str, language: str
) -> None:
    said = by_rules(wanting, language=language)
    assert said.emergency is None
    assert all(n.weight < 0.4 for n in said.needs)
    refused = by_rules(not_wanting, language=language)
    assert refused.needs[0].slug == "suicidal-crisis"
    assert refused.needs[0].weight >= 0.8


@WANTING
def test_what_was_learnt_takes_wanting_to_live_for_no_danger_either(
    understand: Understanding, wanting: str, not_wanting: str, language: str
) -> None:
    said = understand(wanting, language=language)
    assert said.emergency is None
    assert "suicidal-crisis" not in [n.slug for n in said.needs][:1]
    refused = understand(not_wanting, language=language)
    assert refused.needs[0].slug == "suicidal-crisis"
    assert refused.needs[0].weight >= 0.8

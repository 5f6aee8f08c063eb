"""What is said not to be wanted isn't sought, and what somebody is quoted as saying says little."""

from __future__ import annotations

import pytest

from directory.search.understand import Understanding


@pytest.mark.parametrize(
    ("text", "unwanted", "wanted"),
    [
        ("vil ikke ha avrusning, bare prate med noen", "detox", "crisis-line"),
        ("vil ikkje ha avrusing, berre snakke med nokon", "detox", "crisis-line"),
        ("not suicidal, just need someone to talk to", "suicidal-crisis", "crisis-line"),
        ("don't want detox, need clean needles", "detox", "user-equipment"),
        ("ikke avrusning, men rene sprøyter", "detox", "user-equipment"),
        ("inte avgiftning utan rena sprutor", "detox", "user-equipment"),
        ("не хочу детокс, нужны чистые шприцы", "detox", "user-equipment"),
        ("не хочу детокс, потрібні чисті шприци", "detox", "user-equipment"),
        ("nie chcę detoksu, chcę czyste igły", "detox", "user-equipment"),
        ("لا أريد محامي أريد فحص الإيدز", "legal-aid", "hiv-testing"),
        ("detox ma rabo, irbado nadiif ah ayaan rabaa", "detox", "user-equipment"),
    ],
)
def test_a_negated_need_is_not_sought(
    understand: Understanding, text: str, unwanted: str, wanted: str
) -> None:
    found = understand(text)
    slugs = {need.slug for need in found.needs}
    assert unwanted not in slugs
    assert wanted in slugs
    assert found.emergency is None


def test_one_negation_reaches_over_an_or(understand: Understanding) -> None:
    slugs = {n.slug for n in understand("ikke avrusning eller krisesenter, bare klamydiatest").needs}
    assert slugs.isdisjoint({"detox", "shelter"})
    assert "sti-testing" in slugs


@pytest.mark.parametrize("text", ["vil ikke leve", "не хочу жить", "nie chcę żyć", "don't want to live"])
def test_not_wanting_to_live_stays_what_it_is(understand: Understanding, text: str) -> None:
    found = understand(text)
    assert "suicidal-crisis" in {need.slug for need in found.needs}
    assert found.emergency is not None


def test_not_only_is_no_negation(understand: Understanding) -> None:
    assert "detox" in {need.slug for need in understand("ikke bare avrusning").needs}


def test_a_quotation_beside_what_happened_says_less(understand: Understanding) -> None:
    found = {n.slug: n.weight for n in understand('"bare en chemsexfest" sa han og voldtok meg').needs}
    assert found["sexual-assault"] > 2 * found.get("chemsex-counselling", 0.0)


def test_what_is_sought_may_stand_in_quotation_marks(understand: Understanding) -> None:
    found = understand('"fri rettshjelp" for rusavhengige')
    assert found.needs[0].slug == "legal-aid"


def test_what_is_long_past_is_no_emergency(understand: Understanding) -> None:
    assert understand("kompisen tok overdose i kveld").emergency is not None
    assert understand("kompisen tok overdose for et år siden").emergency is None
    assert understand("tok overdose for en time siden").emergency is not None

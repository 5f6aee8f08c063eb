"""Words that tell a need by themselves are but circumstances beside another one."""

from __future__ import annotations

import pytest

from directory.search.understand import Understanding

CIRCUMSTANCES = pytest.mark.parametrize(
    ("text", "need", "circumstance"),
    [
        ("raped at a party, lost my coat", "sexual-assault", "food-clothes"),
        ("panic attacks at breakfast", "mental-health", "food-clothes"),
        ("shelter with interpreter", "shelter", "migrants"),
        ("rehab that takes nav patients", "substance-treatment", "social-services"),
        ("utdeling av nalokson", "naloxone", "food-clothes"),
        ("behandlingsplass for gravid", "substance-treatment", "contraception"),
        ("skam etter overgrep", "sexual-assault", "mental-health"),
        ("изнасиловали, порвали одежду", "sexual-assault", "food-clothes"),
        ("детокс для беременна", "detox", "contraception"),
    ],
)


@CIRCUMSTANCES
def test_a_circumstance_says_less_than_the_need_beside_it(
    by_rules: Understanding, text: str, need: str, circumstance: str
) -> None:
    found = {n.slug: n.weight for n in by_rules(text).needs}
    assert next(iter(found)) == need
    assert found.get(circumstance, 0.0) <= 0.7 * found[need]


@CIRCUMSTANCES
def test_what_was_learnt_puts_no_circumstance_before_the_need_beside_it(
    understand: Understanding, text: str, need: str, circumstance: str
) -> None:
    found = {n.slug: n.weight for n in understand(text).needs}
    assert next(iter(found)) == need
    assert found.get(circumstance, 0.0) <= 0.9 * found[need]


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("help with paying bills", "social-services"),
        ("housing", "social-services"),
        ("fever", "urgent-primary-care"),
        ("vinterjakke", "food-clothes"),
        ("gravid", "contraception"),
        ("жильё", "social-services"),
        ("gorączka", "urgent-primary-care"),
    ],
)
def test_by_itself_it_tells_its_need(understand: Understanding, text: str, need: str) -> None:
    assert understand(text).needs[0].slug == need


@pytest.mark.parametrize(
    ("text", "not_meant"),
    [
        ("help controlling my drinking", "violence"),
        ("kontrollere drikkingen", "violence"),
        ("evidence based treatment for addiction", "forensic-exam"),
        ("support after discharge from rehab", "sti-testing"),
        ("is there something fitting for me", "emergency"),
        ("termination of my tenancy by landlord", "contraception"),
    ],
)
def test_a_word_with_two_meanings_tells_no_need_by_itself(
    understand: Understanding, text: str, not_meant: str
) -> None:
    assert {n.slug: n.weight for n in understand(text).needs}.get(not_meant, 0.0) < 0.5

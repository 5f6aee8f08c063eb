"""Who may see a referral, and who may be what."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest

from directory.partners.access import Identity, Party, Role, Scope, Standing, parties, wrong_roles

SENDER, RECEIVER, THIRD = uuid4(), uuid4(), uuid4()
TODAY = date(2026, 11, 22)


def of(partner: object) -> Identity:
    return Identity(uuid4(), partner, frozenset({Role.COUNSELLOR}))  # type: ignore[arg-type]


def standing(**said: object) -> Standing:
    facts = {
        "sender_id": SENDER,
        "receiver_id": RECEIVER,
        "ever_sent": True,
        "consent_needed": True,
        "consent_withdrawn": False,
        "consent_expires_on": None,
    }
    return Standing(**(facts | said))  # type: ignore[arg-type]


def seen_by_receiver(**said: object) -> bool:
    return parties(of(RECEIVER), standing(**said), TODAY) == {Party.RECEIVER}


def test_sender_and_receiver_see_a_referral_and_nobody_else() -> None:
    assert parties(of(SENDER), standing(), TODAY) == {Party.SENDER}
    assert parties(of(RECEIVER), standing(), TODAY) == {Party.RECEIVER}
    assert parties(of(THIRD), standing(), TODAY) == frozenset()
    assert parties(of(None), standing(receiver_id=None), TODAY) == frozenset()


def test_a_partner_who_refers_to_its_own_service_is_both() -> None:
    assert parties(of(SENDER), standing(receiver_id=SENDER), TODAY) == {Party.SENDER, Party.RECEIVER}


def test_the_receiver_sees_nothing_before_it_is_sent_or_after_consent_is_withdrawn() -> None:
    assert seen_by_receiver()
    assert not seen_by_receiver(ever_sent=False)
    assert not seen_by_receiver(consent_withdrawn=True)
    assert parties(of(SENDER), standing(consent_withdrawn=True), TODAY) == {Party.SENDER}


def test_consent_holds_through_its_last_day_and_no_longer() -> None:
    assert seen_by_receiver(consent_expires_on=TODAY)
    assert not seen_by_receiver(consent_expires_on=TODAY - timedelta(days=1))


def test_what_the_client_carries_needs_no_consent_but_can_be_taken_back() -> None:
    past = TODAY - timedelta(days=1)
    assert seen_by_receiver(consent_needed=False, consent_expires_on=past)
    assert not seen_by_receiver(consent_needed=False, consent_withdrawn=True)


def test_a_key_may_what_its_scopes_say_and_a_person_what_the_roles_say() -> None:
    person = of(SENDER)
    key = Identity(uuid4(), SENDER, scopes=frozenset({Scope.REFERRALS_READ}), is_key=True)
    assert person.may({Role.COUNSELLOR}, Scope.CATALOGUE_WRITE)
    assert not person.may({Role.ADMIN}, Scope.REFERRALS_READ)
    assert key.may({Role.ADMIN}, Scope.REFERRALS_READ)
    assert not key.may({Role.COUNSELLOR}, Scope.REFERRALS_WRITE)
    assert not key.may({Role.COUNSELLOR}, None)


@pytest.mark.parametrize(
    ("roles", "of_a_partner", "said"),
    [
        ([], True, "one or more"),
        (["counselor"], True, "there is no counselor"),
        (["counsellor"], False, "name the partner"),
        (["admin", "coordinator"], True, "may not read referrals"),
    ],
)
def test_roles_that_do_not_go_together_are_refused(roles: list[str], of_a_partner: bool, said: str) -> None:
    assert said in (wrong_roles(roles, of_a_partner=of_a_partner) or "")


def test_roles_that_go_together_are_given() -> None:
    assert wrong_roles(["counsellor", "editor"], of_a_partner=True) is None
    assert wrong_roles(["steward", "admin"], of_a_partner=False) is None

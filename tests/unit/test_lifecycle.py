"""The table of steps is the contract's, and says with each step what it takes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import product

import pytest

from directory.errors import IllegalStep, InvalidInput
from directory.partners.access import Party
from directory.referrals.lifecycle import (
    FINAL,
    OUTCOMES,
    REASONS,
    STATUSES,
    check_step,
    legal_steps,
)
from tests.referral_oracle import allowed, said_with

S, R = Party.SENDER, Party.RECEIVER
AT, ON = datetime(2026, 12, 1, 9, 0, tzinfo=UTC), date(2026, 12, 1)


@pytest.mark.parametrize("ever_sent", [True, False])
@pytest.mark.parametrize("status", STATUSES)
def test_each_party_can_do_what_the_contract_says_and_nothing_else(status: str, ever_sent: bool) -> None:
    for parts in ([S], [R], [S, R], []):
        expected = tuple(to for to in STATUSES if any(allowed(status, to, p, ever_sent) for p in parts))
        assert legal_steps(status, parts, ever_sent) == expected


def test_what_has_ended_takes_no_step_but_that_it_was_a_mistake() -> None:
    for status in FINAL - {"entered-in-error"}:
        assert legal_steps(status, [S], True) == ("entered-in-error",)
        assert legal_steps(status, [R], True) == ()
    assert legal_steps("entered-in-error", [S, R], True) == ()


@pytest.mark.parametrize("ever_sent", [True, False])
def test_an_illegal_step_is_told_with_the_legal_ones(ever_sent: bool) -> None:
    for status, to, party in product(STATUSES, STATUSES, Party):
        legal = legal_steps(status, [party], ever_sent)
        if to in legal:
            check_step(status, to, [party], ever_sent, **said_with(to))  # type: ignore[arg-type]
            continue
        with pytest.raises(IllegalStep) as caught:
            check_step(status, to, [party], ever_sent, **said_with(to))  # type: ignore[arg-type]
        assert caught.value.legal == legal
        assert all(name in caught.value.detail for name in legal)


def errors_of(to: str, status: str = "accepted", party: Party = R, **said: object) -> dict[str, list[str]]:
    with pytest.raises(InvalidInput) as caught:
        check_step(status, to, [party], status != "draft", **said)  # type: ignore[arg-type]
    return caught.value.errors


def test_a_status_that_there_is_none_of_is_told_by_its_field() -> None:
    assert errors_of("done").keys() == {"to"}


@pytest.mark.parametrize(
    ("status", "to", "party"),
    [
        ("requested", "rejected", R),
        ("accepted", "cancelled", S),
        ("accepted", "failed", R),
        ("accepted", "on-hold", R),
        ("draft", "on-hold", S),
        ("draft", "cancelled", S),
        ("completed", "entered-in-error", S),
    ],
)
def test_a_reason_is_compulsory_where_the_contract_says_so(status: str, to: str, party: Party) -> None:
    assert errors_of(to, status, party).keys() == {"reason"}
    assert errors_of(to, status, party, reason="because").keys() == {"reason"}
    for reason in REASONS:
        check_step(status, to, [party], status != "draft", reason=reason, note="derfor")


def test_an_outcome_is_compulsory_when_it_is_completed() -> None:
    assert errors_of("completed").keys() == {"outcome"}
    assert errors_of("completed", outcome="good").keys() == {"outcome"}
    for outcome in OUTCOMES:
        check_step("accepted", "completed", [R], True, outcome=outcome)


def test_the_reason_other_needs_a_note() -> None:
    assert errors_of("failed", reason="other").keys() == {"note"}
    assert errors_of("failed", reason="other", note=" \n").keys() == {"note"}
    check_step("accepted", "failed", [R], True, reason="other", note="stengt")


def test_what_does_not_go_with_a_step_is_refused_all_of_it_at_once() -> None:
    found = errors_of("in-progress", reason="no-show", outcome="need-met", revisit_on=ON)
    assert found.keys() == {"reason", "outcome", "revisit_on"}
    assert errors_of("completed", outcome="need-met", appointment_at=AT).keys() == {"appointment_at"}
    check_step("accepted", "in-progress", [R], True, appointment_at=AT)
    check_step("accepted", "on-hold", [R], True, reason="client-not-ready", revisit_on=ON)
    check_step("draft", "requested", [S], False, appointment_at=AT)

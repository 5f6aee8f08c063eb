"""How a service answers, from everybody's referrals: only where enough tell it, and coarsely."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from directory.database import Database
from directory.referrals import figures
from directory.referrals.figures import factor
from tests.factories import NOW, TODAY
from tests.referral_house import CLINIC, SHELTER, House, house, service
from tests.report_population import counted, referral


@pytest.fixture
def made(database: Database) -> House:
    return house(database)


def figure(made: House, *rows: Any, of: str = CLINIC) -> tuple[int | None, ...] | None:
    """Answer, acceptance and closure, when these are there too."""
    with made.database.unit_of_work() as session:
        session.add_all(rows)
        session.flush()
        figures.compute(session, NOW)
        session.commit()
    with made.database.reading() as session:
        found = figures.regards(session, [service(of)]).get(str(service(of)))
        assert figures.regards(session).get(str(service(of))) == found
    return found and tuple(found.told.values())


def many(number: int, made: House, **said: Any) -> list[Any]:
    assert made.sender.partner_id and made.receiver.partner_id
    return [referral(made.sender.partner_id, made.receiver.partner_id, **said) for _ in range(number)]


def test_five_tell_a_figure_and_four_do_not(made: House) -> None:
    done: dict[str, Any] = {"status": "completed", "outcome": "need-met", "accepted_after": 20}
    assert figure(made, *many(4, made, **done)) is None
    assert figure(made, *many(1, made, **done)) == (24, 100, 100)
    assert figure(made, of=SHELTER) is None


def test_each_figure_needs_five_of_its_own(made: House) -> None:
    rejected = many(5, made, status="rejected", reason="no-capacity", answered_after=50)
    accepted = many(4, made, status="completed", outcome="need-met", accepted_after=100)
    assert figure(made, *rejected, *accepted) == (72, 40, None)
    assert figure(made, *many(1, made, status="failed", reason="no-show", accepted_after=100)) == (
        72,
        50,
        100,
    )


def test_what_is_silent_for_long_or_cancelled_is_no_told_end(made: House) -> None:
    long_ago = NOW - timedelta(days=95)
    told = many(6, made, status="completed", outcome="need-met", accepted_after=1)
    silent = many(4, made, sent_at=long_ago, status="accepted", accepted_after=1)
    lately = many(9, made, status="in-progress", accepted_after=1)
    cancelled = many(9, made, status="cancelled", reason="client-declined", accepted_after=1)
    on_hold = many(9, made, sent_at=long_ago, status="on-hold", reason="client-not-ready", accepted_after=1)
    assert figure(made, *told, *silent, *lately, *cancelled, *on_hold) == (1, 100, 60)


def test_only_the_last_twelve_months_count(made: House) -> None:
    done: dict[str, Any] = {"status": "completed", "outcome": "need-met", "accepted_after": 20}
    assert figure(made, *many(9, made, sent_at=NOW.replace(year=2025, day=30), **done)) is None
    assert figure(made, *many(5, made, sent_at=NOW.replace(year=2025, month=12), **done)) == (24, 100, 100)


def test_what_is_left_of_referrals_long_ended_counts_alike(made: House) -> None:
    assert made.sender.partner_id
    kept = counted(made.sender.partner_id, made.receiver.partner_id, 5, answered_within_hours=8)
    slip = counted(made.sender.partner_id, made.receiver.partner_id, 50, status="entered-in-error")
    assert figure(made, kept, slip) == (8, 100, 100)


def test_figures_are_made_anew_and_go_when_too_few_are_left(made: House) -> None:
    done: dict[str, Any] = {"status": "completed", "outcome": "need-met", "accepted_after": 20}
    rows = many(5, made, **done)
    assert figure(made, *rows) == figure(made) == (24, 100, 100)
    with made.database.unit_of_work() as session:
        assert figures.compute(session, NOW) == figures.compute(session, NOW) == 1
        assert session.get_one(figures.ServiceFigure, service(CLINIC)).computed_on == TODAY
        assert figures.compute(session, NOW + timedelta(days=400)) == 0
        assert figures.regards(session) == {}


def test_the_factor_keeps_near_one() -> None:
    assert factor(None, None, None) == 1
    assert factor(24, 100, 100) == pytest.approx(1.15)
    assert factor(8760, 0, 0) == pytest.approx(0.85)
    assert factor(168, 50, 50) == 1
    assert (
        factor(72, None, None) > factor(120, None, None) > factor(200, None, None) > factor(720, None, None)
    )

"""What a coordinator is told: whose referrals, in which months, and never a number of a few people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from itertools import product
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlmodel import Session

from directory.config import Settings
from directory.database import Database
from directory.errors import InvalidInput, NotFound
from directory.partners.access import Identity, Role
from directory.referrals import retention
from directory.referrals.answering import WITHIN_HOURS, month_of, within_hours
from directory.referrals.lifecycle import OUTCOMES, REASONS
from directory.referrals.models import ReferralCount
from directory.referrals.reports import BY, Report, in_fives, report
from tests.factories import NOW
from tests.referral_house import CAFE, CLINIC, SHELTER, House, house, service
from tests.report_population import IN_OCTOBER, MONTH, counted, referral

SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), MONTH, date(2026, 11, 1)


@pytest.fixture
def made(database: Database) -> House:
    return house(database)


def kept(made: House, *rows: Any) -> None:
    with made.database.unit_of_work() as session:
        session.add_all(rows)
        session.commit()


def told(made: House, identity: Identity | None = None, **said: Any) -> Report:
    asked: dict[str, Any] = {"box": "out", "first": SEPTEMBER, "last": NOVEMBER} | said
    with made.database.reading() as session:
        return report(session, identity or made.sender, **asked)


def parties(made: House) -> tuple[UUID, UUID]:
    assert made.sender.partner_id and made.receiver.partner_id
    return made.sender.partner_id, made.receiver.partner_id


def many(number: int, made: House, **said: Any) -> Iterator[Any]:
    return (referral(*parties(made), **said) for _ in range(number))


def test_each_step_is_counted_and_what_came_of_it(made: House) -> None:
    kept(
        made,
        *many(5, made),
        *many(6, made, status="rejected", reason="no-capacity", answered_after=30),
        *many(11, made, status="completed", outcome="need-met", accepted_after=3),
        *many(7, made, status="failed", reason="no-show", accepted_after=60),
        *many(5, made, status="cancelled", reason="expired"),
        *many(5, made, status="in-progress", accepted_after=3),
    )
    total = told(made).total
    assert asdict(total) == {
        "sent": 35,  # of 39
        "answered": 25,  # 29
        "accepted": 20,  # 23
        "rejected": 5,
        "completed": 10,
        "failed": 5,
        "cancelled": 5,
        "open": 10,
        "answered_within_hours": 4,  # 16 of 29 within four hours
    }
    assert told(made, made.receiver, box="in").total == total


def test_nobody_sees_what_others_have_sent_or_received(made: House) -> None:
    kept(made, *many(5, made), counted(*parties(made), 5))
    for identity, box in product((made.sender, made.receiver, made.third), ("in", "out")):
        own = (identity, box) in ((made.sender, "out"), (made.receiver, "in"))
        assert told(made, identity, box=box).total.sent == (10 if own else None)
    with pytest.raises(NotFound):
        told(made, Identity(uuid4(), None, frozenset({Role.STEWARD})))


def test_what_was_never_sent_and_what_was_a_slip_is_not_counted(made: House) -> None:
    kept(
        made,
        *many(5, made, status="draft", sent_at=None),
        *many(5, made, status="entered-in-error", reason="duplicate"),
        counted(*parties(made), 5, status="entered-in-error", reason="duplicate", outcome=None),
    )
    assert told(made).total.sent is None


def test_a_month_is_one_of_norway(made: House) -> None:
    last_of_october = datetime(2026, 10, 31, 22, 59, tzinfo=UTC)
    assert month_of(last_of_october) == OCTOBER
    kept(
        made,
        *many(5, made, sent_at=last_of_october),
        *many(10, made, sent_at=last_of_october + timedelta(minutes=1)),
    )
    rows = told(made, by=["month"]).rows
    assert [(row.month, row.counts.sent) for row in rows] == [(SEPTEMBER, None), (OCTOBER, 5), (NOVEMBER, 10)]
    assert told(made, last=OCTOBER).total.sent == 5
    assert told(made, first=NOVEMBER).total.sent == 10


def test_rows_are_by_what_was_asked_and_those_of_a_few_are_left_out(made: House) -> None:
    kept(
        made,
        *many(5, made, status="rejected", reason="no-capacity", answered_after=1),
        *many(4, made, status="rejected", reason="out-of-area", answered_after=1),
        *many(
            6, made, status="rejected", reason="no-capacity", answered_after=1, service_id=service(SHELTER)
        ),
        *many(5, made, status="completed", outcome="not-met", accepted_after=1),
        *many(5, made, status="completed", outcome="need-met", accepted_after=1),
    )

    def rows(*by: str) -> list[tuple[Any, ...]]:
        return [
            (row.service and row.service.slug, row.reason, row.outcome, row.counts.sent)
            for row in told(made, by=by).rows
        ]

    assert rows() == []
    assert rows("reason") == [(None, "no-capacity", None, 10), (None, None, None, 10)]
    assert rows("outcome") == [
        (None, None, "need-met", 5),
        (None, None, "not-met", 5),
        (None, None, None, 15),
    ]
    assert rows("reason", "service") == [
        (CLINIC, "no-capacity", None, 5),
        (CLINIC, None, None, 10),
        (SHELTER, "no-capacity", None, 5),
    ]
    assert told(made, by=("reason", "service")).by == ("service", "reason")


def test_rows_stand_in_an_order_that_no_hidden_number_has_a_part_in(made: House) -> None:
    def order(clinic: int, shelter: int) -> list[str | None]:
        kept(
            made,
            *many(clinic, made),
            *many(shelter, made, service_id=service(SHELTER)),
        )
        return [row.service and row.service.slug for row in told(made, by=["service"]).rows]

    assert order(5, 9) == order(4, 0) == [CLINIC, SHELTER]


def test_a_service_that_left_the_catalogue_is_still_counted(made: House) -> None:
    gone = uuid4()
    kept(made, *many(5, made, service_id=gone))
    [row] = told(made, by=["service"]).rows
    assert row.service and (row.service.id, row.service.slug, dict(row.service.names)) == (gone, None, {})


def test_an_answer_is_timed_from_when_the_receiver_was_asked(made: House) -> None:
    late = IN_OCTOBER + timedelta(days=20)
    kept(made, *many(5, made, delivery="carried", received_at=late, accepted_after=2, status="accepted"))
    assert told(made).total.answered_within_hours == 2
    kept(made, *many(6, made, accepted_after=90, status="accepted"))
    assert told(made).total.answered_within_hours == 120


def test_a_median_takes_five_that_were_answered(made: House) -> None:
    kept(made, *many(20, made), *many(4, made, accepted_after=1, status="accepted"))
    assert (told(made).total.answered, told(made).total.answered_within_hours) == (None, None)
    kept(made, *many(1, made, accepted_after=1, status="accepted"))
    assert (told(made).total.answered, told(made).total.answered_within_hours) == (5, 1)


@pytest.mark.parametrize(
    ("hours", "within"), [(0, 1), (1, 1), (1.01, 2), (24, 24), (168.5, 336), (721, 8760), (99999, 8760)]
)
def test_an_answer_came_within_the_next_bound(hours: float, within: int) -> None:
    assert within_hours(NOW, NOW + timedelta(hours=hours)) == within
    assert within_hours(NOW, None) is within_hours(None, NOW) is None
    assert within in WITHIN_HOURS


def test_what_a_report_does_not_take_is_told_by_field(made: House) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"first": NOVEMBER, "last": OCTOBER}, "to"),
        ({"first": date(2016, 11, 1)}, "from"),
        ({"by": ["client"]}, "by"),
        ({"box": "all"}, "box"),
    ]
    for said, field in wrong:
        with pytest.raises(InvalidInput) as raised:
            told(made, **said)
        assert list(raised.value.errors) == [field]


ASKED = st.fixed_dictionaries(
    {
        "box": st.sampled_from(["out", "in"]),
        "months": st.tuples(st.integers(0, 3), st.integers(0, 3)).map(sorted),
        "by": st.sets(st.sampled_from(BY)),
    }
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "month": st.sampled_from([SEPTEMBER, OCTOBER, NOVEMBER, date(2026, 12, 1)]),
            "service_id": st.sampled_from([service(CLINIC), service(SHELTER), service(CAFE)]),
            "status": st.sampled_from(["completed", "rejected", "failed", "cancelled"]),
            "reason": st.none() | st.sampled_from(REASONS[:3]),
            "outcome": st.none() | st.sampled_from(OUTCOMES[:2]),
            "accepted": st.booleans(),
            "answered_within_hours": st.none() | st.sampled_from(WITHIN_HOURS[:3]),
            "count": st.integers(1, 11),
            "turned": st.booleans(),  # received, and not sent, by the one who asks
        }
    ),
    max_size=14,
)


@pytest.fixture
def drawn(made: House) -> Iterator[tuple[House, Session]]:
    """A session that never commits, so that each example begins with nothing."""
    with made.database.unit_of_work() as session:
        yield made, session


@hypothesis(max_examples=35, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, pair=st.tuples(ASKED, ASKED))
def test_no_sum_or_difference_of_two_reports_is_a_few(
    drawn: tuple[House, Session], rows: list[dict[str, Any]], pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    made, session = drawn
    session.execute(delete(ReferralCount))
    for row in rows:
        row = dict(row)
        first, second = reversed(parties(made)) if row.pop("turned") else parties(made)
        session.add(counted(first, second, row.pop("count"), **row))
    session.flush()
    numbers: list[int] = []
    for asked in pair:
        first, last = (date(2026, 9 + month, 1) for month in asked["months"])
        found = report(session, made.sender, box=asked["box"], first=first, last=last, by=asked["by"])
        true = sum(
            row["count"]
            for row in rows
            if first <= row["month"] <= last and row["turned"] == (asked["box"] == "in")
        )
        assert (found.total.sent or 0) <= true < (found.total.sent or 0) + 5
        shown = [asdict(counts) for counts in (found.total, *(row.counts for row in found.rows))]
        for counts in shown:
            counts.pop("answered_within_hours")
            numbers += [number for number in counts.values() if number is not None]
        # what the rows leave of the total, field by field
        for name in shown[0]:
            numbers.append((shown[0][name] or 0) - sum(counts[name] or 0 for counts in shown[1:]))
    for one, other in product(numbers, numbers):
        assert abs(one) not in range(1, 5)
        assert abs(one - other) not in range(1, 5)
        assert abs(one + other) not in range(1, 5)


def test_rounding_is_down_and_under_five_is_nothing() -> None:
    assert [in_fives(number) for number in (0, 1, 4, 5, 9, 10, 14)] == [None, None, None, 5, 5, 10, 10]


def test_reducing_referrals_to_counts_changes_no_figure(made: House, settings: Settings) -> None:
    random, (sender, receiver) = Random(5), parties(made)
    rows = []
    for _ in range(120):
        sent_at = datetime(2026, random.randint(10, 11), random.randint(1, 28), tzinfo=UTC)
        status = random.choice(["completed", "failed", "rejected", "cancelled", "entered-in-error"])
        said: dict[str, Any] = {"sent_at": sent_at, "status": status, "ended_after": 900.0}
        if status in ("completed", "failed"):
            said["accepted_after"] = random.uniform(0, 900)
        elif status == "rejected":
            said["answered_after"] = random.uniform(0, 900)
        if status == "completed":
            said["outcome"] = random.choice(OUTCOMES)
        else:
            said["reason"] = random.choice(REASONS[:4])
        if random.random() < 0.2:
            said |= {"delivery": "carried", "received_at": sent_at + timedelta(days=3)}
        if random.random() < 0.2:
            said["consent_withdrawn_at"] = sent_at + timedelta(days=40)
        said["service_id"] = service(random.choice([CLINIC, SHELTER]))
        rows.append(referral(sender, receiver, **said))
    kept(made, *rows)

    def everything() -> list[Report]:
        return [
            told(made, identity, box=box, by=by)
            for identity, box in ((made.sender, "out"), (made.receiver, "in"))
            for by in ((), ("month",), ("service",), ("reason",), ("outcome",), BY)
        ]

    before = everything()
    assert before[0].total.sent and before[0].total.answered_within_hours and before[4].rows
    in_years = NOW + timedelta(days=3 * 365)
    assert retention.purge(made.database, settings, in_years).reduced == len(rows)
    assert everything() == before

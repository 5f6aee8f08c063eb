"""When a referral is to be answered, held against days that were counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.referrals import clocks
from directory.referrals.drafts import CONTEXTS, URGENCIES
from tests.working_days import FREE

DAYS = st.dates(date(2027, 1, 1), date(2027, 12, 20))


def hour(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("sent", "urgency", "until"),
    [
        ("2027-01-04", "urgent", "2027-01-05"),
        ("2027-01-08", "urgent", "2027-01-11"),  # over a weekend
        ("2027-01-09", "urgent", "2027-01-11"),  # sent on a Saturday
        ("2027-01-08", "soon", "2027-01-13"),
        ("2027-01-08", "routine", "2027-01-19"),
        ("2027-03-24", "urgent", "2027-03-30"),  # the Wednesday before Easter
        ("2027-03-23", "soon", "2027-03-31"),
        ("2027-03-19", "routine", "2027-04-02"),
        ("2027-05-05", "urgent", "2027-05-07"),  # over Ascension Day
        ("2027-05-14", "urgent", "2027-05-18"),  # over the 17th of May, which is Whit Monday too
        ("2027-12-23", "urgent", "2027-12-24"),  # a working day
        ("2027-12-30", "soon", "2028-01-04"),  # and so is the 31st
    ],
)
def test_an_answer_is_due_in_working_days(sent: str, urgency: str, until: str) -> None:
    assert clocks.answer_by(date.fromisoformat(sent), urgency, "none") == date.fromisoformat(until)


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("urgency", URGENCIES)
def test_release_and_discharge_are_urgent_whatever_is_said(urgency: str, context: str) -> None:
    urgent = context in ("release-from-prison", "discharge") or urgency == "urgent"
    days = 1 if urgent else {"soon": 3, "routine": 7}[urgency]
    assert clocks.working_days_to_answer(urgency, context) == days


@pytest.mark.parametrize(
    ("sent", "working_days", "soon", "due", "unanswered"),
    [
        ("2027-01-04", 7, "2027-01-12T08:00+01:00", "2027-01-13T14:00+01:00", "2027-01-14T08:00+01:00"),
        ("2027-01-04", 1, "2027-01-05T08:00+01:00", "2027-01-05T14:00+01:00", "2027-01-06T08:00+01:00"),
        ("2027-01-09", 1, "2027-01-11T08:00+01:00", "2027-01-11T14:00+01:00", "2027-01-12T08:00+01:00"),
        ("2027-03-24", 1, "2027-03-30T08:00+02:00", "2027-03-30T14:00+02:00", "2027-03-31T08:00+02:00"),
        ("2027-03-18", 3, "2027-03-22T08:00+01:00", "2027-03-23T14:00+01:00", "2027-03-24T08:00+01:00"),
        ("2027-03-19", 3, "2027-03-23T08:00+01:00", "2027-03-24T14:00+01:00", "2027-03-30T08:00+02:00"),
    ],
)
def test_the_receiver_is_told_the_working_day_before_and_on_the_day_the_sender_on_the_next(
    sent: str, working_days: int, soon: str, due: str, unanswered: str
) -> None:
    moments = clocks.moments(date.fromisoformat(sent), working_days)
    assert moments == (hour(soon), hour(due), hour(unanswered))


@given(begun=DAYS, days=st.sampled_from([1, 3, 7]))
def test_the_moments_come_one_after_the_other_on_working_days(begun: date, days: int) -> None:
    moments = clocks.moments(begun, days)
    assert begun < moments[0].date()
    assert moments[0] < moments[1] < moments[2]
    for moment in moments:
        assert moment.date().weekday() < 5 and moment.date() not in FREE
    between = [begun + timedelta(days=n + 1) for n in range((moments[1].date() - begun).days)]
    assert sum(day.weekday() < 5 and day not in FREE for day in between) == days


@given(
    minutes=st.integers(0, 365 * 24 * 60),
    kind=st.sampled_from(clocks.ANSWER_KINDS),
    days=st.sampled_from([1, 3, 7]),
    earlier=st.integers(-20, 40),
)
def test_what_has_come_for_one_day_has_come_for_all_days_before_it(
    minutes: int, kind: str, days: int, earlier: int
) -> None:
    now = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    last = clocks.begun_until(kind, days, now)
    begun = clocks.day_of(now) - timedelta(days=earlier)
    moment = clocks.moments(begun, days)[clocks.ANSWER_KINDS.index(kind)]
    assert (begun <= last) == (moment <= now)


def test_a_day_has_begun_at_eight_in_winter_and_in_summer() -> None:
    winter, summer = datetime(2027, 1, 15, 7, tzinfo=UTC), datetime(2027, 7, 15, 6, tzinfo=UTC)
    for morning in (winter, summer):
        assert clocks.day_begun(morning) == morning.date()
        assert clocks.day_begun(morning - timedelta(seconds=1)) == morning.date() - timedelta(days=1)


@pytest.mark.parametrize(
    ("since", "on"), [(0, None), (89, None), (90, 90), (91, 90), (179, 90), (180, 180), (400, 360)]
)
def test_silence_is_told_every_ninety_days(since: int, on: int | None) -> None:
    last = date(2027, 1, 4)
    told = clocks.silent_on(last, last + timedelta(days=since))
    assert told == (None if on is None else last + timedelta(days=on))

"""The hours of a usual week, as they stand on a list that is read long after it was made."""

from __future__ import annotations

from datetime import date

import pytest

from directory.catalogue.entries import Schedule
from directory.web.pages.usual_week import usual_week

MONDAY = date(2026, 11, 23)
BEFORE_CHRISTMAS = date(2026, 12, 21)  # 25 December and 1 January are Fridays
BEFORE_EASTER = date(2027, 3, 22)  # Maundy Thursday to Easter Monday


def test_days_with_the_same_hours_are_told_together() -> None:
    assert usual_week(Schedule("Mo 11:00-17:00; Tu-Fr 07:45-10:30"), "nb", MONDAY) == (
        ("Mandag", "11:00–17:00"),
        ("Tirsdag–fredag", "07:45–10:30"),
        ("Lørdag–søndag", "Stengt"),
    )


def test_days_apart_are_told_apart_though_their_hours_are_the_same() -> None:
    told = usual_week(Schedule("Mo,We 09:00-12:00"), "en", MONDAY)
    assert [days for days, _ in told] == ["Monday", "Tuesday", "Wednesday", "Thursday–Sunday"]


@pytest.mark.parametrize("monday", [BEFORE_CHRISTMAS, BEFORE_EASTER, date(2027, 4, 26), date(2027, 5, 10)])
def test_holidays_do_not_stand_for_all_other_weeks(monday: date) -> None:
    told = usual_week(Schedule("Mo-Fr 09:00-15:00; PH off"), "en", monday)
    assert told == (("Monday–Friday", "09:00–15:00"), ("Saturday–Sunday", "Closed"))


def test_what_is_the_same_every_day_needs_no_day() -> None:
    assert usual_week(Schedule("24/7"), "nn", MONDAY) == (("", "Døgnope"),)


@pytest.mark.parametrize("expression", ["no hours at all", "SH 09:00-12:00; Mo-Su unknown"])
def test_hours_that_nobody_knows_are_not_told(expression: str) -> None:
    assert usual_week(Schedule(expression), "en", MONDAY) == ()


def test_what_is_open_by_appointment_is_known() -> None:
    assert usual_week(Schedule('Mo-Su "by appointment"'), "en", MONDAY) == (("", "By appointment"),)


def test_days_are_named_in_the_language_of_the_page() -> None:
    assert usual_week(Schedule("Mo-Fr 09:00-15:00"), "ar", MONDAY)[0] == ("الاثنين–الجمعة", "09:00–15:00")

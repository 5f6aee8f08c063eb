"""What opening-hours-py does of its own accord where ``directory.hours.expression`` corrects it.

One of these failing is good news: the library has changed, and a correction may be in the way. See which.
"""

from __future__ import annotations

from datetime import datetime

import pytest
from opening_hours import OpeningHours, State

WEDNESDAY = datetime(2026, 10, 21, 12)
MONDAY_NIGHT = datetime(2026, 10, 26, 3)


@pytest.mark.parametrize(
    ("expression", "at", "state"),
    [
        ('"by appointment"', WEDNESDAY, State.OPEN),  # the specification: unknown
        ('Mo 10:00-12:00 || unknown "by appointment"', datetime(2026, 10, 26, 13), State.CLOSED),  # unknown
        ("Mo 10:00-12:00; Su 20:00-04:00", MONDAY_NIGHT, State.CLOSED),  # open
        ("Sa, We 10:00-14:00", datetime(2026, 10, 24, 20), State.OPEN),  # days in a list, or a mistake
        ("We 09:00+", datetime(2026, 10, 21, 23), State.OPEN),  # unknown
        ("sunrise-sunset", datetime(2026, 12, 21, 7, 30), State.OPEN),  # in Tromsø it is night
        ("Mo-Fr 09:00-15:00; SH off", datetime(2026, 7, 8, 12), State.OPEN),  # Norwegian schools are closed
    ],
)
def test_the_library_still_needs_its_correction(expression: str, at: datetime, state: State) -> None:
    assert OpeningHours(expression, country="NO").state(at)[0] == state


def test_the_library_is_fast_on_a_year_that_has_passed_only_when_it_is_limited() -> None:
    assert OpeningHours("2020 Mo 10:00-12:00", max_interval_days=366).next_change(WEDNESDAY) is None

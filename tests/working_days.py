"""The public holidays of Norway around 2027, written out by hand from the act (lovdata.no/lov/1947-04-26-1,
lovdata.no/lov/1995-02-24-12) and the date of Easter."""

from __future__ import annotations

from datetime import date

# Sundays among them are left out: nobody counts a weekend.
FREE = frozenset(
    date.fromisoformat(day)
    for day in (
        "2026-12-25",  # Christmas Day, a Friday; the day after is a Saturday
        "2026-12-26",
        "2027-01-01",  # New Year's Day
        "2027-03-25",  # Maundy Thursday
        "2027-03-26",  # Good Friday; Easter is on the 28th
        "2027-03-29",  # Easter Monday
        "2027-05-01",  # Labour Day, a Saturday
        "2027-05-06",  # Ascension Day
        "2027-05-17",  # Constitution Day, and Whit Monday
        "2027-12-25",  # a Saturday; the day after is a Sunday
        "2028-01-01",  # a Saturday
    )
)

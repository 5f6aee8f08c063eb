"""How a state and a day are said."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from directory.hours import OpenState, day_in_words, in_words, state_at, week
from directory.languages import INTERFACE

OSLO = ZoneInfo("Europe/Oslo")
WEDNESDAY = datetime(2026, 10, 21, 12, tzinfo=OSLO)


def said(expression: str | None, at: datetime, lang: str = "en") -> str:
    return in_words(state_at(expression, "Europe/Oslo", at), at, lang)


def test_today_needs_no_day() -> None:
    assert said("Mo-Fr 09:00-15:00", WEDNESDAY) == "Open until 15:00"
    assert said("Mo-Fr 13:00-15:00", WEDNESDAY) == "Closed – opens 13:00"
    assert said("Mo-Fr 16:00-08:00", WEDNESDAY.replace(hour=3)) == "Open until 08:00"


def test_another_day_is_named_tomorrow_by_its_weekday_or_by_its_date() -> None:
    assert said("Mo-Fr 09:00-11:00", WEDNESDAY) == "Closed – opens tomorrow 09:00"
    assert said("Mo-We 09:00-11:00", WEDNESDAY) == "Closed – opens Monday 09:00"
    assert said("We 09:00-11:00", WEDNESDAY) == "Closed – opens 28 October 09:00"
    assert said("Mo-Fr 16:00-08:00", WEDNESDAY.replace(hour=22)) == "Open until tomorrow 08:00"


def test_the_day_is_the_one_where_the_service_is() -> None:
    late_in_utc = datetime(2026, 10, 20, 23, 30, tzinfo=ZoneInfo("UTC"))  # Wednesday 01:30 in Oslo
    assert said("We 09:00-11:00", late_in_utc) == "Closed – opens 09:00"


def test_midnight_closes_the_day_before_it_and_opens_its_own() -> None:
    assert said("We 10:00-24:00", WEDNESDAY) == "Open until 24:00"
    assert said("We-Th 00:00-24:00", WEDNESDAY) == "Open until tomorrow 24:00"
    assert said("Th 00:00-24:00", WEDNESDAY) == "Closed – opens tomorrow 00:00"


def test_what_never_changes_says_so() -> None:
    assert said("24/7", WEDNESDAY) == "Open around the clock"
    assert said("off", WEDNESDAY) == "Closed"
    assert said(None, WEDNESDAY) == "Opening hours unknown"


def test_closed_promises_nothing_when_it_is_only_perhaps_open_afterwards() -> None:
    assert said('Th 09:00-15:00 "ring først"', WEDNESDAY) == "Closed"


def test_appointments_are_translated_and_other_comments_left_as_they_are() -> None:
    assert said('"by appointment"', WEDNESDAY, "nb") == "Etter avtale"
    assert said('"etter avtale"', WEDNESDAY, "ru") == "По записи"
    assert (
        said('We 09:00-15:00 open "by appointment"', WEDNESDAY, "nb") == "Åpent til kl. 15:00 (etter avtale)"
    )
    assert said('We 09:00-15:00 open "inngang B"', WEDNESDAY, "pl") == "Czynne do 15:00 (inngang B)"
    assert said('"ring først"', WEDNESDAY) == "Opening hours unknown (ring først)"


@pytest.mark.parametrize(
    ("lang", "until", "opens"),
    [
        ("nb", "Åpent til kl. 15:00", "Stengt – åpner mandag kl. 09:00"),
        ("nn", "Ope til kl. 15:00", "Stengt – opnar måndag kl. 09:00"),
        ("en", "Open until 15:00", "Closed – opens Monday 09:00"),
        ("da", "Åbent til kl. 15.00", "Lukket – åbner mandag kl. 09.00"),
        ("sv", "Öppet till 15:00", "Stängt – öppnar måndag 09:00"),
        ("ru", "Открыто до 15:00", "Закрыто – откроется в 09:00 (понедельник)"),
        ("uk", "Відчинено до 15:00", "Зачинено – відчиниться о 09:00 (понеділок)"),
        ("pl", "Czynne do 15:00", "Nieczynne – otwarcie o 09:00 (poniedziałek)"),
        ("ar", "مفتوح حتى الساعة 15:00", "مغلق – يفتح الساعة 09:00 (الاثنين)"),
        ("so", "Furan ilaa 15:00", "Xiran – wuxuu furmayaa 09:00 (Isniin)"),
    ],
)
def test_it_is_said_in_each_language_of_the_interface(lang: str, until: str, opens: str) -> None:
    assert said("We 09:00-15:00", WEDNESDAY, lang) == until
    assert said("Mo 09:00-15:00", WEDNESDAY, lang) == opens


@pytest.mark.parametrize("lang", INTERFACE)
def test_no_language_leaves_a_gap_in_a_phrase(lang: str) -> None:
    states = [
        OpenState(state, until, None, then)  # type: ignore[arg-type]
        for state in ("open", "closed", "unknown")
        for until, then in (
            (None, None),
            *(
                (WEDNESDAY + timedelta(days=n), "open" if state == "closed" else "closed")
                for n in (0, 1, 3, 9)
            ),
        )
    ]
    phrases = [in_words(state, WEDNESDAY - timedelta(hours=1), lang) for state in states]
    assert all(phrase.strip() and "{" not in phrase for phrase in phrases)
    assert len({*phrases}) == 11  # five for open, five for closed, one for unknown


def test_a_language_without_phrases_falls_back_to_one_that_its_readers_know() -> None:
    assert said("24/7", WEDNESDAY, "fi") == "Open around the clock"
    assert said("24/7", WEDNESDAY, "se") == "Døgnåpent"
    assert said("24/7", WEDNESDAY, "nb-NO") == "Døgnåpent"
    assert said("24/7", WEDNESDAY, "?") == "Open around the clock"


def test_a_day_is_said_by_its_hours() -> None:
    days = week(
        'Mo 09:00-12:00,17:00-24:00; Tu 00:00-24:00; We 09:00-15:00 "by appointment"; Fr unknown',
        "Europe/Oslo",
        date(2026, 10, 19),
    )
    assert [day_in_words(day, "en") for day in days[:5]] == [
        "09:00–12:00, 17:00–24:00",
        "Open around the clock",
        "09:00–15:00 (by appointment)",
        "Closed",
        "Opening hours unknown",
    ]
    assert day_in_words(days[0], "da") == "09.00–12.00, 17.00–24.00"

"""Opening hours against the oracle in ``tests.hours_oracle``."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.config import SEED_DIR
from directory.errors import InvalidInput
from directory.hours import OpenState, state_at, states_at, validate, week
from tests.hours_oracle import DAY, HOLIDAYS, Rule, on_the_wall, read, state_and_change, written

OSLO = ZoneInfo("Europe/Oslo")
WEEKDAYS = frozenset(range(5))
WEEKEND = frozenset((5, 6))
EVERY_DAY = WEEKDAYS | WEEKEND


def h(hours: float) -> int:
    return round(hours * 60)


# by hand, so that the oracle's own reading of an expression is not what is tested
BY_HAND: dict[str, list[Rule]] = {
    "24/7": [Rule(EVERY_DAY, ((0, DAY),))],
    "Mo-Fr 09:00-15:00": [Rule(WEEKDAYS, ((h(9), h(15)),))],
    "Mo-Fr 16:00-08:00; Sa,Su,PH 00:00-24:00": [
        Rule(WEEKDAYS, ((h(16), h(32)),)),
        Rule(WEEKEND, ((0, DAY),), holidays=True),
    ],
    "Mo-Fr 15:30-08:00; Sa,Su,PH 00:00-24:00": [
        Rule(WEEKDAYS, ((h(15.5), h(32)),)),
        Rule(WEEKEND, ((0, DAY),), holidays=True),
    ],
    "Mo-Fr 00:00-08:00,16:00-24:00; Sa,Su,PH 00:00-24:00": [
        Rule(WEEKDAYS, ((0, h(8)), (h(16), DAY))),
        Rule(WEEKEND, ((0, DAY),), holidays=True),
    ],
    "Tu 12:00-20:00; Fr 12:00-15:00": [
        Rule(frozenset((1,)), ((h(12), h(20)),)),
        Rule(frozenset((4,)), ((h(12), h(15)),)),
    ],
    "Su-Th 18:00-22:00": [Rule(frozenset((6, 0, 1, 2, 3)), ((h(18), h(22)),))],
    "Mo-Su 08:00-11:00; Mo-Fr 12:00-13:00": [
        Rule(EVERY_DAY, ((h(8), h(11)),)),
        Rule(WEEKDAYS, ((h(12), h(13)),)),
    ],
    "Mo-Su 08:00-11:00, Mo-Fr 12:00-13:00": [
        Rule(EVERY_DAY, ((h(8), h(11)),)),
        Rule(WEEKDAYS, ((h(12), h(13)),), adds=True),
    ],
    "Mo 12:00-15:00; We 09:00-12:00,17:00-20:00": [
        Rule(frozenset((0,)), ((h(12), h(15)),)),
        Rule(frozenset((2,)), ((h(9), h(12)), (h(17), h(20)))),
    ],
    "Mo-Fr 08:00-15:30; Mo-Th 16:00-19:00": [
        Rule(WEEKDAYS, ((h(8), h(15.5)),)),
        Rule(frozenset(range(4)), ((h(16), h(19)),)),
    ],
    "Mo-Fr 09:00-15:00; PH off": [Rule(WEEKDAYS, ((h(9), h(15)),)), Rule(frozenset(), (), holidays=True)],
    "Su 01:00-02:30": [Rule(frozenset((6,)), ((h(1), h(2.5)),))],
    "Su 02:00-03:00": [Rule(frozenset((6,)), ((h(2), h(3)),))],
    "Fr 22:00-04:00; Sa 10:00-12:00": [
        Rule(frozenset((4,)), ((h(22), h(28)),)),
        Rule(frozenset((5,)), ((h(10), h(12)),)),
    ],
    'Mo-Fr 09:00-15:00 "by appointment"': [Rule(WEEKDAYS, ((h(9), h(15)),), state="unknown")],
    'Mo-Fr 09:00-15:00 open "by appointment"': [Rule(WEEKDAYS, ((h(9), h(15)),))],
    "Mo-Fr 09:00-15:00; Sa unknown": [
        Rule(WEEKDAYS, ((h(9), h(15)),)),
        Rule(frozenset((5,)), ((0, DAY),), state="unknown"),
    ],
    '"by appointment"': [Rule(EVERY_DAY, ((0, DAY),), state="unknown")],
    "unknown": [Rule(EVERY_DAY, ((0, DAY),), state="unknown")],
}
SEEDED = sorted(
    {
        place["schedule"]["opening_hours"]
        for service in json.loads((SEED_DIR / "services.json").read_text(encoding="utf-8"))
        for place in (service, *service.get("locations", ()))
        if place.get("schedule")
    }
)

instants = st.datetimes(datetime(2001, 1, 1), datetime(2060, 12, 31)).map(lambda t: t.replace(tzinfo=UTC))
# within two days of a change of the clock, where a mistake would hide
near_clock_changes = st.builds(
    lambda year, month, minutes: _last_sunday(year, month) + timedelta(minutes=minutes),
    st.integers(2001, 2040),
    st.sampled_from((3, 10)),
    st.integers(-2 * DAY, 2 * DAY),
)


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def agrees(expression: str, rules: list[Rule], at: datetime) -> None:
    state, change = state_and_change(rules, "Europe/Oslo", at)
    found = state_at(expression, "Europe/Oslo", at)
    assert found.state == state
    if change is not None:
        assert found.until is not None
        assert found.until.astimezone(UTC) == change
        assert found.until.utcoffset() == change.astimezone(OSLO).utcoffset()
        assert found.then == on_the_wall(rules, change.astimezone(OSLO).replace(tzinfo=None))
    else:
        assert found.until is None or found.until - at > timedelta(days=8)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(BY_HAND)), instants)
def test_state_and_next_change_are_those_of_a_clock_watched_minute_by_minute(
    expression: str, at: datetime
) -> None:
    agrees(expression, BY_HAND[expression], at)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(BY_HAND)), near_clock_changes)
def test_they_are_also_around_the_nights_when_the_clock_is_put_forward_or_back(
    expression: str, at: datetime
) -> None:
    agrees(expression, BY_HAND[expression], at)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.sampled_from(SEEDED), st.one_of(instants, near_clock_changes))
def test_they_are_for_every_expression_that_ships(expression: str, at: datetime) -> None:
    agrees(expression, read(expression), at)


_quarters = st.integers(0, DAY // 15 - 1).map(lambda n: n * 15)


@st.composite
def rules_of_a_place(draw: st.DrawFn) -> list[Rule]:
    rules = []
    for nth in range(draw(st.integers(1, 3))):
        times = sorted(draw(st.sets(_quarters, min_size=2, max_size=4).filter(lambda s: len(s) % 2 == 0)))
        ranges = [(times[i], times[i + 1]) for i in range(0, len(times), 2)]
        start = ranges[-1][0]
        if start and draw(st.booleans()):  # the last one passes midnight
            ranges[-1] = (start, DAY + draw(st.integers(1, start // 15)) * 15)
        days = draw(st.frozensets(st.integers(0, 6), min_size=1))
        state = draw(st.sampled_from(("open", "open", "unknown"))) if nth == 0 else "open"
        rules.append(
            Rule(days, tuple(ranges), draw(st.booleans()), state, adds=nth > 0 and draw(st.booleans()))
        )
    return rules


@settings(max_examples=250, deadline=None, derandomize=True)
@given(rules_of_a_place(), st.one_of(instants, near_clock_changes))
def test_they_are_for_rules_that_nobody_thought_of(rules: list[Rule], at: datetime) -> None:
    agrees(written(rules), rules, at)


@pytest.mark.parametrize(("country", "since"), [("NO", 2000), ("SE", 2005), ("DK", 2000)])
def test_the_public_holidays_of_a_country_are_right_for_every_day(country: str, since: int) -> None:
    wrong = []
    day = date(since, 1, 1)
    while day < date(2060, 1, 1):
        noon = datetime(day.year, day.month, day.day, 11, tzinfo=UTC)
        found = state_at("PH 00:00-24:00", "Europe/Oslo", noon, country=country).state == "open"
        if found != (day in HOLIDAYS[country](day.year)):
            wrong.append(day)
        day += timedelta(days=1)
    assert wrong == []


def test_the_holidays_are_those_of_the_zones_country_unless_another_is_named() -> None:
    epiphany = datetime(2026, 1, 6, 11, tzinfo=UTC)  # a holiday in Sweden only
    assert state_at("Mo-Fr 09:00-15:00; PH off", "Europe/Stockholm", epiphany).state == "closed"
    assert state_at("Mo-Fr 09:00-15:00; PH off", "Europe/Oslo", epiphany).state == "open"
    assert state_at("Mo-Fr 09:00-15:00; PH off", "Europe/Oslo", epiphany, country="se").state == "closed"
    longyearbyen = datetime(2026, 5, 17, 11, tzinfo=UTC)
    assert state_at("PH 10:00-14:00", "Arctic/Longyearbyen", longyearbyen).state == "open"


def test_an_emergency_clinic_is_open_from_the_eve_of_a_holiday_until_the_morning_after() -> None:
    eve = datetime(2026, 5, 13, 15, 59, tzinfo=OSLO)  # Ascension is the 14th
    expression = "Mo-Fr 00:00-08:00,16:00-24:00; Sa,Su,PH 00:00-24:00"
    assert state_at(expression, "Europe/Oslo", eve).until == datetime(2026, 5, 13, 16, tzinfo=OSLO)
    night = state_at(expression, "Europe/Oslo", eve + timedelta(hours=4))
    assert night == OpenState("open", datetime(2026, 5, 15, 8, tzinfo=OSLO), None, "closed")


def test_the_night_to_monday_is_closed_where_a_range_over_midnight_meets_a_weekend_of_its_own() -> None:
    """What OSM says of it, and why data should not say it so."""
    monday_at_three = datetime(2026, 10, 26, 3, tzinfo=OSLO)
    assert (
        state_at("Mo-Fr 16:00-08:00; Sa,Su,PH 00:00-24:00", "Europe/Oslo", monday_at_three).state == "closed"
    )


def test_the_hour_that_comes_twice_is_open_by_the_clock_both_times() -> None:
    first = datetime(2026, 10, 25, 2, 15, tzinfo=OSLO)
    between = datetime(2026, 10, 25, 2, 45, tzinfo=OSLO)
    second = first.replace(fold=1)
    expression = "Su 01:00-02:30"
    assert state_at(expression, "Europe/Oslo", first).until == datetime(2026, 10, 25, 2, 30, tzinfo=OSLO)
    assert state_at(expression, "Europe/Oslo", between).state == "closed"
    again = state_at(expression, "Europe/Oslo", second)
    assert again.state == "open"
    assert again.until is not None and again.until.astimezone(UTC) == datetime(
        2026, 10, 25, 1, 30, tzinfo=UTC
    )


def test_a_time_that_is_skipped_in_spring_opens_when_the_clock_has_jumped() -> None:
    before = datetime(2026, 3, 29, 1, 30, tzinfo=OSLO)
    opens = state_at("Su 02:30-05:00", "Europe/Oslo", before).until
    assert opens is not None and opens.astimezone(UTC) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert opens.hour == 3


def test_the_time_asked_about_may_be_in_any_zone() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert (
        state_at("Mo-Fr 09:00-15:00", "Europe/Oslo", datetime(2026, 10, 21, 21, tzinfo=tokyo)).state == "open"
    )
    until = state_at("Mo-Fr 09:00-15:00", "Europe/Oslo", datetime(2026, 10, 21, 21, tzinfo=tokyo)).until
    assert until is not None and until.tzinfo is OSLO


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        state_at("24/7", "Europe/Oslo", datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="without a zone"):
        states_at([("24/7", "Europe/Oslo")], datetime(2026, 1, 1))


@pytest.mark.parametrize(
    ("expression", "zone"),
    [
        (None, "Europe/Oslo"),
        ("", "Europe/Oslo"),
        ("  ", "Europe/Oslo"),
        ("ring oss", "Europe/Oslo"),
        ("Mo-Fr 9-15", "Europe/Oslo"),
        ("Sa, Su 10:00-14:00", "Europe/Oslo"),
        ("24/7", "Europe/Nowhere"),
        ("24/7", ""),
        ("24/7", "../etc/passwd"),
        ("24/7", "a\0b"),
        ("Mo-Fr 09:00-15:00; SH off", "Europe/Oslo"),
        ("sunrise-sunset", "Europe/Oslo"),
        ("Mo-Fr 09:00+", "Europe/Oslo"),
        ("PH off; Mo-Fr 09:00-15:00", "UTC"),
    ],
)
def test_what_cannot_be_known_is_unknown_and_no_error(expression: str | None, zone: str) -> None:
    noon = datetime(2026, 10, 21, 12, tzinfo=UTC)
    assert state_at(expression, zone, noon).state == "unknown"
    assert states_at([(expression or "", zone)], noon)[0].state == "unknown"


def test_a_comment_alone_is_unknown_and_beside_a_state_leaves_the_state() -> None:
    noon = datetime(2026, 10, 21, 12, tzinfo=OSLO)
    three = datetime(2026, 10, 21, 15, tzinfo=OSLO)

    def at_noon(expression: str) -> OpenState:
        return state_at(expression, "Europe/Oslo", noon)

    assert at_noon('"by appointment"') == OpenState("unknown", None, "by appointment")
    assert at_noon('Mo-Fr 09:00-15:00 "ring først"') == OpenState("unknown", three, "ring først", "closed")
    assert at_noon('Mo-Fr 09:00-15:00"ring først"') == OpenState("unknown", three, "ring først", "closed")
    assert at_noon('Mo-Fr 09:00-15:00 open "drop-in"') == OpenState("open", three, "drop-in", "closed")
    assert at_noon('We off "flytter"') == OpenState("closed", None, "flytter")


def test_a_fallback_holds_wherever_what_stands_before_it_is_closed() -> None:
    expression = 'Mo-Fr 10:00-12:00 || "by appointment"'
    morning = state_at(expression, "Europe/Oslo", datetime(2026, 10, 21, 11, tzinfo=OSLO))
    assert morning == OpenState("open", datetime(2026, 10, 21, 12, tzinfo=OSLO), None, "unknown")
    evening = state_at(expression, "Europe/Oslo", datetime(2026, 10, 23, 19, tzinfo=OSLO))
    assert evening == OpenState("unknown", datetime(2026, 10, 26, 10, tzinfo=OSLO), "by appointment", "open")


def test_a_night_goes_on_into_a_day_that_an_earlier_rule_names() -> None:
    monday_at_three = datetime(2026, 10, 26, 3, tzinfo=OSLO)
    for expression in ("Mo-Fr 16:00-23:00; Su 20:00-08:00", "Mo-Fr 16:00-23:00; Su 10:00-12:00, 20:00-08:00"):
        assert state_at(expression, "Europe/Oslo", monday_at_three).until == datetime(
            2026, 10, 26, 8, tzinfo=OSLO
        )


def test_a_comment_that_changes_is_no_change_of_the_state() -> None:
    expression = 'We 10:00-12:00 open "kvinner", We 12:00-14:00 open "menn"'
    found = state_at(expression, "Europe/Oslo", datetime(2026, 10, 21, 11, tzinfo=OSLO))
    assert found == OpenState("open", datetime(2026, 10, 21, 14, tzinfo=OSLO), "kvinner", "closed")
    found = state_at(expression, "Europe/Oslo", datetime(2026, 10, 21, 13, tzinfo=OSLO))
    assert found.comment == "menn"


def test_no_change_within_a_year_is_no_change_known() -> None:
    noon = datetime(2026, 10, 21, 12, tzinfo=UTC)
    assert state_at("24/7", "Europe/Oslo", noon) == OpenState("open")
    assert state_at("2020 Mo 10:00-12:00", "Europe/Oslo", noon) == OpenState("closed")
    assert state_at("off", "Europe/Oslo", noon) == OpenState("closed")


@pytest.mark.parametrize("year", [1, 2, 1850, 1998, 2090, 9998, 9999])
def test_any_year_that_a_time_can_hold_has_an_answer(year: int) -> None:
    for at in (datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)):
        assert state_at("Mo-Fr 09:00-15:00; PH off", "Europe/Oslo", at).state == "unknown"
        assert state_at("Mo-Fr 09:00-15:00", "Asia/Tokyo", at).state in ("open", "closed", "unknown")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(instants, min_size=2, max_size=6), st.integers(0, 3 * DAY))
def test_many_at_once_and_in_any_order_give_what_each_gives_alone(times: list[datetime], later: int) -> None:
    pairs = [(expression, "Europe/Oslo") for expression in BY_HAND]
    for at in [*times, *(t + timedelta(minutes=later) for t in times)]:
        for (expression, _), found in zip(pairs, states_at(pairs, at), strict=True):
            state = on_the_wall(BY_HAND[expression], at.astimezone(OSLO).replace(tzinfo=None))
            assert found.state == state
            assert found.until is None or found.until > at


def test_an_answer_that_was_kept_gives_way_on_the_minute() -> None:
    pair = [("Mo-Fr 09:10-15:00", "Europe/Oslo")]
    opens = datetime(2026, 10, 21, 9, 10, tzinfo=OSLO)
    states = [states_at(pair, opens + timedelta(seconds=s))[0].state for s in (-120, -1, 0, 1, -1, 0)]
    assert states == ["closed", "closed", "open", "open", "closed", "open"]


def test_a_week_lists_each_days_hours_cut_at_midnight() -> None:
    days = week("Mo-Fr 16:00-08:00; Sa,Su,PH 00:00-24:00", "Europe/Oslo", date(2026, 10, 19))
    hours = [[(f"{s.start:%a %H:%M}", f"{s.end:%a %H:%M}", s.state) for s in day] for day in days]
    assert hours[0] == [("Mon 16:00", "Tue 00:00", "open")]
    assert hours[1] == [("Tue 00:00", "Tue 08:00", "open"), ("Tue 16:00", "Wed 00:00", "open")]
    assert hours[6] == [("Sun 00:00", "Mon 00:00", "open")]  # 25 hours: the clock is put back
    assert (days[6][0].end.astimezone(UTC) - days[6][0].start.astimezone(UTC)) == timedelta(hours=25)


def test_a_week_knows_holidays_closed_days_and_what_is_unknown() -> None:
    days = week('Mo-Fr 09:00-15:00; PH off; Sa 10:00-12:00 "ring først"', "Europe/Oslo", date(2026, 5, 11))
    assert [len(day) for day in days] == [1, 1, 1, 0, 1, 1, 0]  # Thursday is Ascension
    assert days[5][0][2:] == ("unknown", "ring først")
    unreadable = week("ring oss", "Europe/Oslo", date(2026, 5, 11))
    assert [[span.state for span in day] for day in unreadable] == [["unknown"]] * 7


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rules_of_a_place(), st.dates(date(2001, 1, 1), date(2050, 1, 1)))
def test_a_week_says_the_same_as_the_clock(rules: list[Rule], monday: date) -> None:
    for offset, spans in enumerate(week(written(rules), "Europe/Oslo", monday)):
        midnight = datetime.combine(monday + timedelta(days=offset), datetime.min.time(), OSLO).astimezone(
            UTC
        )
        for quarter in range(0, 23 * 4):
            at = midnight + timedelta(minutes=quarter * 15)
            here = next(
                (s.state for s in spans if s.start.astimezone(UTC) <= at < s.end.astimezone(UTC)), "closed"
            )
            assert here == on_the_wall(rules, at.astimezone(OSLO).replace(tzinfo=None))


@pytest.mark.parametrize(
    "expression", [*BY_HAND, 'Mo-Fr 10:00-12:00 || "by appointment"', "Dec 24-Jan 01 off"]
)
def test_a_good_expression_passes(expression: str) -> None:
    validate(expression, "Europe/Oslo")


def test_every_expression_that_ships_passes() -> None:
    for expression in SEEDED:
        validate(expression, "Europe/Oslo")


@pytest.mark.parametrize(
    ("expression", "zone", "field", "says"),
    [
        ("", "Europe/Oslo", "opening_hours", "empty"),
        ("Mo-Fr 9-15", "Europe/Oslo", "opening_hours", "“9-15”"),
        ("Mo-Fr 09:00-15:00; mandager", "Europe/Oslo", "opening_hours", "“mandager”"),
        ("Mo-Fr 09:00-15:00; SH off", "Europe/Oslo", "opening_hours", "School holidays"),
        ("Sa, Su 10:00-14:00", "Europe/Oslo", "opening_hours", "no space"),
        ("sunrise-18:00", "Europe/Oslo", "opening_hours", "Sunrise"),
        ("Mo 10:00-12:00;" * 60, "Europe/Oslo", "opening_hours", "longer than 500"),
        ("24/7", "Oslo", "timezone", "Europe/Oslo"),
        ("24/7", "/etc/localtime", "timezone", "IANA"),
    ],
)
def test_a_bad_one_is_refused_by_field_with_what_it_takes(
    expression: str, zone: str, field: str, says: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        validate(expression, zone)
    assert list(refused.value.errors) == [field]
    assert says in refused.value.errors[field][0]


def test_both_fields_are_named_when_both_are_wrong() -> None:
    with pytest.raises(InvalidInput) as refused:
        validate("x", "y")
    assert set(refused.value.errors) == {"opening_hours", "timezone"}


def test_a_comment_may_speak_of_sunrise_and_of_the_letters_sh() -> None:
    validate('Mo-Fr 09:00-15:00 open "SH, PH; sunrise || 09:00+"', "Europe/Oslo")
    noon = datetime(2026, 10, 21, 12, tzinfo=OSLO)
    assert state_at('We 09:00-15:00 open "SH || 09:00+"', "UTC", noon).state == "open"


_pieces = st.one_of(
    st.sampled_from(
        ("Mo", "Tu-Fr", "Sa,Su", "PH", "SH", "Mo[1]", "Feb", "easter", "week", "2026", "24/7", "-", ":")
    ),
    st.sampled_from(("09:00-15:00", "22:00-26:00", "09:00+", "off", "open", "unknown", "closed")),
    st.sampled_from(('"x"', '"', ";", ",", "||")),
)
_anything = st.one_of(st.text(max_size=40), st.lists(_pieces, max_size=7).map(" ".join))


@settings(max_examples=500, deadline=None, derandomize=True)
@given(_anything, instants)
def test_whatever_is_typed_is_evaluated_or_refused_and_then_unknown(text: str, at: datetime) -> None:
    found = state_at(text, "Europe/Oslo", at)
    try:
        validate(text, "Europe/Oslo")
    except InvalidInput:
        assert found == OpenState("unknown")
    else:
        assert found.state in ("open", "closed", "unknown")
        assert len(week(text, "Europe/Oslo", at.date())) == 7

"""What would tell who a client is does not get into a text; what everybody writes of an appointment does."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, time

import phonenumbers
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from stdnum.no import fodselsnummer

from directory.referrals.identifying import EMAIL_ADDRESS, IDENTITY_NUMBER, PHONE_NUMBER, finds

BIRTHDAYS = st.dates(date(1900, 1, 1), date(2025, 12, 31))
SEPARATORS = [
    "",
    " ",
    "-",
    ".",
    "/",
    ",",
    "_",
    " - ",
    "\u00a0",
    "\u200b",
    "\n",
    "\t",
    "–",
    "·",
    "\u00ad",
    " * ",
]
SCRIPTS = ["0٠", "0۰", "0०", "0０", "0𝟎", "0০"]  # a zero, and the zero of another script


@st.composite
def identity_numbers(draw: st.DrawFn) -> str:
    """Norwegian: ordinary, D-, H-, made-up and FH-numbers, with the check digits that belong to them."""
    born = draw(BIRTHDAYS)
    kind = draw(st.sampled_from(["ordinary", "D", "H", "made-up", "FH"]))
    day = born.day + (40 if kind == "D" else 0)
    month = born.month + {"H": 40, "made-up": 80}.get(kind, 0)
    first = f"{day:02}{month:02}{born.year % 100:02}{draw(st.integers(0, 999)):03}"
    if kind == "FH":
        first = draw(st.sampled_from("89")) + first[1:]
    one = fodselsnummer.calc_check_digit1(first)
    two = fodselsnummer.calc_check_digit2(first + one)
    assume(len(one) == len(two) == 1)  # 10 is no digit: such numbers are not given out
    return first + one + two


def in_script(text: str, zero: str) -> str:
    return "".join(chr(ord(zero) + int(c)) if c.isdecimal() else c for c in text)


@given(identity_numbers(), st.data())
def test_an_identity_number_is_found_whatever_stands_between_its_digits(
    number: str, data: st.DataObject
) -> None:
    between = data.draw(st.sampled_from([s for s in SEPARATORS if s not in (".", "/", "-", "–")]))
    every = data.draw(st.sampled_from([1, 2, 3, 4, 6, 11]))
    written = between.join(number[start : start + every] for start in range(0, 11, every))
    assert IDENTITY_NUMBER in finds(f"Klienten har {written} som nummer")


@given(identity_numbers(), st.sampled_from([" ", "-", "", ".", "/", " / ", "\u2009", "–", ": "]))
def test_an_identity_number_is_found_in_its_two_parts(number: str, between: str) -> None:
    assert IDENTITY_NUMBER in finds(f"fnr{number[:6]}{between}{number[6:]}.")


@given(identity_numbers(), st.sampled_from(SCRIPTS))
def test_digits_of_any_script_are_digits(number: str, script: str) -> None:
    assert IDENTITY_NUMBER in finds(in_script(number, script[1]))
    assert PHONE_NUMBER in finds(in_script("912 34 567", script[1]))


def test_a_number_that_was_mistyped_is_still_one() -> None:
    assert finds("15108695089") == [IDENTITY_NUMBER]
    assert finds("15.10.86 95089") == [IDENTITY_NUMBER]


def test_a_birthday_and_the_last_five_digits_are_a_number() -> None:
    assert finds("født 15.10.1986, personnummer 95088") == []
    assert finds("født 15.10.1986 95088") == [IDENTITY_NUMBER]


@pytest.mark.parametrize(
    "number",
    [
        "880320-0016",  # Swedish
        "8803200016",
        "19880320-0016",
        "880380-0013",  # a coordination number: 60 is added to the day
        "211062-5629",  # Danish
        "2110625629",
        "131052-308T",  # Finnish
        "131052a308t",
        "120174-3399",  # Icelandic
    ],
)
def test_numbers_of_the_neighbours_are_found(number: str) -> None:
    assert IDENTITY_NUMBER in finds(f"Nummer {number}")


@given(
    st.sampled_from(["91234567", "22345678", "40012345", "77012345"]),
    st.sampled_from([" ", ".", "-", "\u00a0", "_", "·", "*", "\u200b", ""]),
    st.sampled_from([(2, 2, 2, 2), (3, 2, 3), (8,), (1,) * 8, (4, 4)]),
    st.sampled_from(["", "+47 ", "0047 ", "47 ", "tlf", "Mob.: ", "("]),
)
def test_a_phone_number_is_found_however_it_is_grouped(
    number: str, between: str, groups: tuple[int, ...], before: str
) -> None:
    parts, start = [], 0
    for length in groups:
        parts.append(number[start : start + length])
        start += length
    assert PHONE_NUMBER in finds(f"{before}{between.join(parts)} er best")


@settings(deadline=None)  # plans are read from files, each the first time
@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
def test_a_number_of_another_country_is_found_with_its_plus(region: str) -> None:
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assume(example is not None and len(str(example.national_number)) >= 8)
    for form in (phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.INTERNATIONAL):
        assert PHONE_NUMBER in finds(f"ring {phonenumbers.format_number(example, form)} etter kl 12")


@pytest.mark.parametrize(
    "address",
    [
        "kari@example.no",
        "KARI.NORDMANN+x@sub.example.museum",
        "kari＠example．no",
        "kari(at)example.no",
        "kari [at] example [dot] no",
        "kari @ example.no",
        "kari krøllalfa example punktum no",
        "ka\u200bri@exam\u00adple.no",
        "kåre@blåbær.no",
        "k@a.io",
    ],
)
def test_an_email_address_is_found_in_its_disguises(address: str) -> None:
    assert finds(f"Skriv til {address}, helst i dag") == [EMAIL_ADDRESS]


def test_all_that_is_found_is_told() -> None:
    assert finds("15108695088, 912 34 567 og a@example.no") == [IDENTITY_NUMBER, PHONE_NUMBER, EMAIL_ADDRESS]


DAYS = st.builds(
    lambda day, form: day.strftime(form),
    st.dates(date(2000, 1, 1), date(2040, 12, 31)),
    st.sampled_from(
        [
            "%d.%m.%Y",
            "%-d.%-m.%Y",
            "%-d. %-m. %Y",
            "%d/%m/%Y",
            "%d-%m-%Y",
            "%Y-%m-%d",
            "%d.%m.%y",
            "%-d/%-m",
            "%-d/%-m %Y",
            "%-d/%-m-%y",
            "%-d.%-m.",
        ]
    ),
)
TIMES = st.builds(
    lambda at, form: at.strftime(form),
    st.times(time(0), time(23, 59)),
    st.sampled_from(["%H:%M", "%-H:%M", "%H:%M:%S", "kl. %H.%M", "kl %H%M", "kl. %-H.%M"]),
)
RANGES = st.builds(
    lambda hour, more, mark, between: f"{hour:02}{mark}30{between}{min(hour + more, 23):02}{mark}45",
    st.integers(0, 22),
    st.integers(1, 8),
    st.sampled_from([".", ":", ""]),
    st.sampled_from(["-", "–", " - ", " til "]),
)
STREETS = st.builds(
    lambda number, letter, postcode: f"Storgata {number}{letter}, {postcode:04} Oslo",
    st.integers(1, 299),
    st.sampled_from(["", " B", "C"]),
    st.integers(1, 9999),
)
PRICES = st.builds(
    lambda amount, mark, form: form.format(f"{amount:,}".replace(",", mark)),
    st.integers(1, 9_999_999),
    st.sampled_from([" ", ".", ""]),
    st.sampled_from(["kr {}", "{} kr", "kr {},-", "kr. {},00", "{} kroner", "NOK {}"]),
)
CODES = st.integers(1, 9_999_999).map(lambda number: f"ref. {number}")
ORDINARY = st.one_of(DAYS, TIMES, RANGES, STREETS, PRICES, CODES)


@given(ORDINARY)
def test_days_times_addresses_prices_and_short_codes_are_nobodys_number(text: str) -> None:
    assert finds(f"Time: {text}.") == []


@given(DAYS, st.one_of(TIMES, RANGES), STREETS)
def test_an_appointment_may_be_written_out(day: str, at: str, street: str) -> None:
    assert finds(f"Time {day}, {at} i {street}. Varer 45-60 minutter, 3. etasje, rom 312.") == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Klienten snakker russisk og litt norsk.",
        "Naloksonspray 1,26 mg, 2 doser",
        "CD4 350, HIV-RNA < 50 kopier/ml den 10.10.2025",
        "Oppfølging 3f0d7a52-6a2b-5e0c-9f43-0c8b7d0d7a11",
        "Se example.no, gjerne på norsk eller engelsk",
        "meet at 10.30 at the door, look at example.no",
        "Mandag–fredag 08–16, lørdag 10–14",
        "Født på 1980-tallet, 2019-2026 i utlandet",
        "12.03.2026, 19.03.2026 og 26.03.2026",
    ],
)
def test_ordinary_words_are_nothing(text: str) -> None:
    assert finds(text) == []


@given(st.text(max_size=200))
def test_any_text_is_looked_at_whatever_it_holds(text: str) -> None:
    assert set(finds(text)) <= {IDENTITY_NUMBER, PHONE_NUMBER, EMAIL_ADDRESS}
    digits = sum(unicodedata.digit(c, None) is not None for c in unicodedata.normalize("NFKC", text))
    if digits < 8:
        assert PHONE_NUMBER not in finds(text)
    if digits < 9:
        assert IDENTITY_NUMBER not in finds(text)
    if not re.search("@|at|alfa|a", unicodedata.normalize("NFKC", text), re.IGNORECASE):
        assert EMAIL_ADDRESS not in finds(text)

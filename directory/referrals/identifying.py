"""Text that would tell who a client is: identity numbers, phone numbers, e-mail addresses. Pure.

People write these in many ways: with any separators, with digits of any script, with characters that are not
seen. It is better to refuse a text too many than to keep a number, but what everybody writes about an
appointment must pass: days, times, postcodes, street numbers, prices, reference codes of up to seven digits.

Identity numbers: Norwegian (also D-, H- and FH-numbers, and made-up ones for tests), Swedish (also coordination
numbers), Danish, Finnish and Icelandic; by python-stdnum. Phone numbers: as dialled in Norway, or international
with + or 00; by phonenumbers, which follows the plans that the operators publish.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterator

import phonenumbers
from stdnum import luhn
from stdnum.dk import cpr
from stdnum.exceptions import ValidationError
from stdnum.fi import hetu
from stdnum.is_ import kennitala
from stdnum.no import fodselsnummer

IDENTITY_NUMBER = "a national identity number"
PHONE_NUMBER = "a phone number"
EMAIL_ADDRESS = "an e-mail address"

FEWEST_PHONE_DIGITS = 8  # Norwegian numbers of five digits are of organizations, and look like any number

# What may stand between two digits of one number; letters may not.
_GAP = r"[\W_]{0,6}"
_ELEVEN = re.compile(rf"(?<!\d)(?=(\d(?:{_GAP}\d){{10}})(?!\d))")
_TEN_OR_TWELVE = re.compile(
    r"(?<!\d)(?=((?:\d\d)?\d\d[ .\-/]?\d\d[ .\-/]?\d\d(?P<gap>[ +\-–/.]{0,3})\d{4})(?!\d))"
)
_FINNISH = re.compile(r"(?<![^\W_])\d{6}[-+A-FU-Y]\d{3}[0-9A-Z](?![^\W_])", re.IGNORECASE)
_USUAL_NORWEGIAN = re.compile(r"\d{6}[^\w]{0,3}\d{5}|\d\d([ .\-/])\d\d\1\d\d[^\w]{0,3}\d{5}")
_BORN_AND_NUMBER = re.compile(
    rf"(?<!\d)(\d\d?)[ .\-/]+(\d\d?)[ .\-/]+(?:1[89]|20)(\d\d){_GAP}(\d{{5}})(?!\d)"
)

_AT = r"(?:\s*[(\[{<]\s*(?:at|alfa|alpha|krøll-?alfa|snabel-?a|@)\s*[)\]}>]\s*|\s*@\s*|\s+(?:krøllalfa|snabel-a)\s+)"
_DOT = r"(?:\.|\s*[(\[{<]\s*(?:dot|punktum|prikk|punkt|\.)\s*[)\]}>]\s*|\s+(?:dot|punktum|prikk)\s+)"
_EMAIL = re.compile(rf"[\w.+'-]{_AT}[\w-]+(?:{_DOT}[\w-]+)*?{_DOT}[^\W\d_]{{2,}}", re.IGNORECASE)

_YEAR = r"(?:1[89]|20)\d\d"
_DAY, _MONTH = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_CLOCK = r"(?:[01]?\d|2[0-4])"
_AMOUNT = r"(?:\d{1,3}(?:[ .]\d{3})+|\d{1,7})"
_TIME = rf"(?:{_CLOCK}[.:][0-5]\d|(?:[01]\d|2[0-4])[0-5]\d)"
_ORDINARY = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}",  # the id of a referral or a service
        rf"(?<!\d){_YEAR}[-./]{_MONTH}[-./]{_DAY}(?!\d)",
        rf"(?<![\d.\-/]){_DAY}(?:\. ?|[-/]){_MONTH}(?:\. ?|[-/]){_YEAR}(?!\d)",
        rf"(?<![\d.\-/]){_DAY}(?P<between>[.\-/]){_MONTH}(?P=between)\d\d(?![\d]|[.\-/]\d)",
        rf"(?<![\d/]){_DAY}/{_MONTH}(?: {_YEAR}|-(?:\d\d|{_YEAR}))?(?![\d/])",
        rf"(?<![\d:]){_CLOCK}:[0-5]\d(?::[0-5]\d)?(?![\d:])",
        rf"(?<!\d)(?<!\d\.){_TIME} ?(?:-|–|—|til|to) ?{_TIME}(?!\d|\.\d|\s?[-–—]\s?\d)",
        rf"(?:kl|klokken|klokka|at)\.? ?{_CLOCK}[.:]?[0-5]\d(?!\d)",
        rf"(?:kr|nok|eur|€|sek|dkk)\.? ?{_AMOUNT}(?:,\d\d)?(?! ?\d)",
        rf"(?<!\d)(?<!\d[ .]){_AMOUNT}(?:,\d\d|,-)? ?(?:kr|kroner|nok|eur|euro|€|sek|dkk)\b",
    )
)


def finds(text: str) -> list[str]:
    """What in the text would tell who someone is, in words for an error message; nothing: an empty list."""
    plain = _plain(text)
    found = []
    if _EMAIL.search(plain):
        found.append(EMAIL_ADDRESS)
    if any(_identity_numbers(plain)):
        found.append(IDENTITY_NUMBER)
    # With a + in front it is no day and no price, however its digits are grouped.
    if _phone_numbers(_without_ordinary(plain)) or any("+" in one for one in _phone_numbers(plain)):
        found.append(PHONE_NUMBER)
    return sorted(found, key=(IDENTITY_NUMBER, PHONE_NUMBER, EMAIL_ADDRESS).index)


def _plain(text: str) -> str:
    """As it reads: one form of each character, digits as 0-9, nothing unseen."""
    characters = []
    for character in unicodedata.normalize("NFKC", text):
        digit = unicodedata.digit(character, None)
        if digit is not None:
            characters.append(str(digit))
        elif unicodedata.category(character) not in ("Cf", "Mn", "Me"):
            characters.append("." if character in "。｡" else character)
    return "".join(characters)


def _without_ordinary(plain: str) -> str:
    for pattern in _ORDINARY:
        plain = pattern.sub(" x ", plain)
    return plain


def _identity_numbers(plain: str) -> Iterator[bool]:
    dateless = _without_ordinary(plain)
    for match in _ELEVEN.finditer(plain):
        written = match[1]
        digits = _digits(written)
        if _USUAL_NORWEGIAN.fullmatch(written):  # with a wrong check digit it is one that was mistyped
            yield _norwegian_birthday(digits) or _norwegian_checks(digits)
        else:
            # A day and a time have as many digits: what reads as days and times is nothing else.
            known = _norwegian_birthday(digits) or digits[0] in "89"
            yield known and _norwegian_checks(digits) and written in dateless
    for match in _BORN_AND_NUMBER.finditer(plain):
        day, month, year, number = match.groups()
        yield _norwegian_checks(f"{day:0>2}{month:0>2}{year}{number}")
    for match in _TEN_OR_TWELVE.finditer(dateless):
        yield _is_swedish_or_icelandic(match[1]) or _is_danish(match[1], match["gap"])
    for match in _FINNISH.finditer(plain):
        yield hetu.is_valid(match[0], allow_temporary=True)


def _digits(written: str) -> str:
    return "".join(character for character in written if character.isdecimal())


def _norwegian_checks(digits: str) -> bool:
    first, second = fodselsnummer.calc_check_digit1(digits), fodselsnummer.calc_check_digit2(digits)
    return digits[9:] == first + second


def _norwegian_birthday(digits: str) -> bool:
    """D-numbers add 40 to the day, H-numbers 40 to the month, made-up ones 65 or 80 (skatteetaten.no); those that
    begin with 8 or 9 (FH-numbers) have no birthday.
    """
    day, month = int(digits[:2]), int(digits[2:4])
    months = {month, month - 40, month - 65, month - 80}
    return any(_is_day(day - 40 if day > 40 else day, each) for each in months)


def _is_day(day: int, month: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= monthrange(2000, month)[1]


def _is_swedish_or_icelandic(written: str) -> bool:
    digits = _digits(written)[-10:]
    day = int(digits[4:6])  # coordination numbers add 60
    if _is_day(day - 60 if day > 60 else day, int(digits[2:4])) and luhn.is_valid(digits):
        return True
    return len(_digits(written)) == 10 and int(digits[0]) < 4 and kennitala.is_valid(digits)


def _is_danish(written: str, gap: str) -> bool:
    """There is no check digit since 2007: a birthday, and four digits that are not a time of the day after a
    space.
    """
    digits = _digits(written)
    if len(digits) != 10 or not re.fullmatch(r"\d{6}[ \-–]?\d{4}", written):
        return False
    if gap == " " and int(digits[6:8]) < 24 and int(digits[8:]) < 60:
        return False
    try:
        cpr.get_birth_date(digits)
    except ValidationError:
        return False
    return True


def _phone_numbers(text: str) -> list[str]:
    """As they are written."""
    # The library knows fewer separators than people do, and takes no number that letters touch.
    text = re.sub(r"(?<=\d)[_*·•|;'’,=]+(?=\d)", " ", text)
    text = re.sub(r"(?<=[^\W\d])(?=[+\d])|(?<=\d)(?=[^\W\d])", " ", text)
    return [
        match.raw_string
        for match in phonenumbers.PhoneNumberMatcher(text, "NO", phonenumbers.Leniency.VALID)
        if len(str(match.number.national_number)) >= FEWEST_PHONE_DIGITS
    ]

"""A referral that the client carries: a code on a card, and nothing about the client anywhere.

The code is 60 random bits as 12 characters of Crockford's base 32, and his check symbol, modulo 37
(crockford.com/base32.html). It is kept as a keyed hash only: lost is lost.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from html import escape
from io import BytesIO
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import segno
from babel.dates import format_datetime
from sqlmodel import Session

from directory.catalogue.reading import entry
from directory.encryption import Vault
from directory.errors import NotFound
from directory.languages import fallback, is_rtl

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK_SYMBOLS = ALPHABET + "*~$=U"
LENGTH = 12  # characters before the check symbol: 60 bits
LASTS = timedelta(days=180)  # from when it was given; later it is answered as one that never was

_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
_BETWEEN = re.compile(r"[\s\-‐‑‒–—−_.]")

# Labels of the card: title, code, where, when, what to do with it.
_WORDS = {
    "nb": ("Timekort", "Kode", "Hvor", "Når", "Vis dette kortet når du kommer."),
    "nn": ("Timekort", "Kode", "Kvar", "Når", "Vis dette kortet når du kjem."),
    "en": ("Appointment card", "Code", "Where", "When", "Show this card when you come."),
    "da": ("Tidskort", "Kode", "Hvor", "Hvornår", "Vis dette kort, når du kommer."),
    "sv": ("Tidskort", "Kod", "Var", "När", "Visa det här kortet när du kommer."),
    "pl": ("Karta wizyty", "Kod", "Gdzie", "Kiedy", "Pokaż tę kartę po przyjściu."),
    "ru": ("Карточка приёма", "Код", "Где", "Когда", "Покажите эту карточку, когда придёте."),
    "uk": ("Картка візиту", "Код", "Де", "Коли", "Покажіть цю картку, коли прийдете."),
    "ar": ("بطاقة موعد", "الرمز", "المكان", "الوقت", "أظهر هذه البطاقة عند وصولك."),
    "so": ("Kaarka ballanta", "Lambarka", "Meesha", "Goorta", "Tus kaarkan marka aad timaaddo."),
}

CARD_LANGUAGES = tuple(_WORDS)


class CardWords(NamedTuple):
    """``moment`` None: when is not known."""

    language: str
    title: str
    code: str
    where: str
    when: str
    advice: str
    moment: str | None


def new_code() -> str:
    """A new random code, as it is shown: XXXX-XXXX-XXXX-X."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return shown(body + check_symbol(body))


def check_symbol(body: str) -> str:
    number = 0
    for character in body:
        number = number * 32 + ALPHABET.index(character)
    return CHECK_SYMBOLS[number % 37]


def shown(code: str) -> str:
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def normalized(typed: str) -> str | None:
    """The 13 characters of the code that someone typed or scanned: case, spaces and hyphens don't matter, O is
    0, I and L are 1. None where it can be no code, or the check symbol shows a slip.
    """
    code = _BETWEEN.sub("", unicodedata.normalize("NFKC", typed[:100])).upper().translate(_READ_AS)
    if len(code) != LENGTH + 1 or any(character not in ALPHABET for character in code[:LENGTH]):
        return None
    return code if check_symbol(code[:LENGTH]) == code[LENGTH] else None


def hash_of(vault: Vault, code: str) -> str:
    """What is kept of a code (of ``new_code``, or ``normalized``)."""
    return vault.hash("carried", code.replace("-", ""))


def where_of(session: Session, service_id: UUID, today: date) -> tuple[str, ...]:
    """Lines of the public address at which the service is given; none where it has none."""
    try:
        places = entry(session, str(service_id), today=today).locations
    except NotFound:
        return ()
    for place in places:
        if place.address_1 is not None:
            town = " ".join(part for part in (place.postal_code, place.city) if part)
            return (place.address_1, town) if town else (place.address_1,)
    return ()


def qr_svg(code: str) -> str:
    """The code alone as a QR code, as an SVG element to stand in a page."""
    picture = BytesIO()
    segno.make(code, error="m", micro=False).save(
        picture, kind="svg", xmldecl=False, svgns=True, scale=6, border=4, omitsize=True, title=code
    )
    return picture.getvalue().decode().strip()


def words_of_card(lang: str, when: datetime | None, timezone: str = "Europe/Oslo") -> CardWords:
    """In the language, else by the stated order of fallback."""
    language = next(code for code in (*fallback(lang), "en") if code in _WORDS)
    moment = None
    if when is not None:
        local = when.astimezone(ZoneInfo(timezone))
        moment = format_datetime(local, "EEEE d MMMM y, HH:mm", locale=language)
    return CardWords(language, *_WORDS[language], moment)


def card(
    code: str, where: Sequence[str], when: datetime | None, lang: str, timezone: str = "Europe/Oslo"
) -> str:
    """A page to print, whole in itself: code, QR, where and when. Not why: no service, no organization, no
    need.

    ``where``: lines of the address, none for a service that is not visited. ``when``: None leaves a line to
    write on.
    """
    words = words_of_card(lang, when, timezone)
    language = words.language
    title, code_label, where_label, when_label, advice = map(
        escape, (words.title, words.code, words.where, words.when, words.advice)
    )
    moment = _LINE if words.moment is None else escape(words.moment)
    address = "<br>".join(f'<span dir="auto">{escape(line)}</span>' for line in where)
    place = f"<dt>{where_label}</dt><dd>{address}</dd>" if where else ""
    return _PAGE.format(
        language=language,
        direction="rtl" if is_rtl(language) else "ltr",
        title=title,
        code_label=code_label,
        code=escape(code),
        picture=qr_svg(code),
        place=place,
        when_label=when_label,
        moment=moment,
        advice=advice,
    )


_LINE = "<span class=line></span>"
_PAGE = """<!doctype html>
<html lang="{language}" dir="{direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>
body {{ font: 16px/1.4 system-ui, sans-serif; color: #000; background: #fff; margin: 1rem; }}
main {{ width: 85mm; border: 1px solid #000; border-radius: 3mm; padding: 4mm; break-inside: avoid; }}
h1 {{ font-size: 1.1rem; margin: 0 0 2mm; }}
.code {{ font: bold 1.25rem ui-monospace, monospace; }}
svg {{ width: 32mm; height: 32mm; display: block; }}
dl {{ margin: 2mm 0; }}
dt {{ font-weight: bold; }}
dd {{ margin: 0 0 2mm; }}
.line {{ display: inline-block; width: 60mm; height: 7mm; border-bottom: 1px solid #000; }}
@media print {{ body {{ margin: 0; }} }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{picture}
<dl>
<dt>{code_label}</dt><dd><bdi class="code" dir="ltr">{code}</bdi></dd>
{place}
<dt>{when_label}</dt><dd>{moment}</dd>
</dl>
<p>{advice}</p>
</main>
</body>
</html>
"""

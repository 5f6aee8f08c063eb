"""How opening hours are said, in the languages of the interface.

Weekdays, dates and times are CLDR's (by Babel, loaded when first used); the phrases stand here. Russian,
Ukrainian, Polish, Arabic and Somali put the day in brackets, so that no name of CLDR's needs another case.
Clocks run to 24 in every language, because that is how they stand on Norwegian doors. Arabic and Somali await
a native reader.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from directory import languages

if TYPE_CHECKING:
    from babel import Locale

    from directory.hours import OpenState, Span


class _Phrases(NamedTuple):
    around_the_clock: str
    open_until: str
    open_until_day: str
    closed: str
    opens: str
    opens_day: str
    unknown: str
    tomorrow: str
    by_appointment: str


_PHRASES = {
    "nb": _Phrases(
        "Døgnåpent",
        "Åpent til kl. {time}",
        "Åpent til {day} kl. {time}",
        "Stengt",
        "Stengt – åpner kl. {time}",
        "Stengt – åpner {day} kl. {time}",
        "Ukjent åpningstid",
        "i morgen",
        "Etter avtale",
    ),
    "nn": _Phrases(
        "Døgnope",
        "Ope til kl. {time}",
        "Ope til {day} kl. {time}",
        "Stengt",
        "Stengt – opnar kl. {time}",
        "Stengt – opnar {day} kl. {time}",
        "Ukjend opningstid",
        "i morgon",
        "Etter avtale",
    ),
    "en": _Phrases(
        "Open around the clock",
        "Open until {time}",
        "Open until {day} {time}",
        "Closed",
        "Closed – opens {time}",
        "Closed – opens {day} {time}",
        "Opening hours unknown",
        "tomorrow",
        "By appointment",
    ),
    "da": _Phrases(
        "Åbent døgnet rundt",
        "Åbent til kl. {time}",
        "Åbent til {day} kl. {time}",
        "Lukket",
        "Lukket – åbner kl. {time}",
        "Lukket – åbner {day} kl. {time}",
        "Ukendt åbningstid",
        "i morgen",
        "Efter aftale",
    ),
    "sv": _Phrases(
        "Öppet dygnet runt",
        "Öppet till {time}",
        "Öppet till {day} {time}",
        "Stängt",
        "Stängt – öppnar {time}",
        "Stängt – öppnar {day} {time}",
        "Okänd öppettid",
        "i morgon",
        "Efter överenskommelse",
    ),
    "ru": _Phrases(
        "Открыто круглосуточно",
        "Открыто до {time}",
        "Открыто до {time} ({day})",
        "Закрыто",
        "Закрыто – откроется в {time}",
        "Закрыто – откроется в {time} ({day})",
        "Часы работы неизвестны",
        "завтра",
        "По записи",
    ),
    "uk": _Phrases(
        "Відчинено цілодобово",
        "Відчинено до {time}",
        "Відчинено до {time} ({day})",
        "Зачинено",
        "Зачинено – відчиниться о {time}",
        "Зачинено – відчиниться о {time} ({day})",
        "Години роботи невідомі",
        "завтра",
        "За записом",
    ),
    "pl": _Phrases(
        "Czynne całą dobę",
        "Czynne do {time}",
        "Czynne do {time} ({day})",
        "Nieczynne",
        "Nieczynne – otwarcie o {time}",
        "Nieczynne – otwarcie o {time} ({day})",
        "Godziny otwarcia nieznane",
        "jutro",
        "Po wcześniejszym umówieniu",
    ),
    "ar": _Phrases(
        "مفتوح على مدار الساعة",
        "مفتوح حتى الساعة {time}",
        "مفتوح حتى الساعة {time} ({day})",
        "مغلق",
        "مغلق – يفتح الساعة {time}",
        "مغلق – يفتح الساعة {time} ({day})",
        "ساعات العمل غير معروفة",
        "غدًا",
        "بموعد مسبق",
    ),
    "so": _Phrases(
        "Furan 24 saac",
        "Furan ilaa {time}",
        "Furan ilaa {time} ({day})",
        "Xiran",
        "Xiran – wuxuu furmayaa {time}",
        "Xiran – wuxuu furmayaa {time} ({day})",
        "Saacadaha furitaanka lama yaqaan",
        "berri",
        "Ballan ka hor",
    ),
}
_APPOINTMENT = re.compile(
    r"\s*((by|on|upon) (prior )?appointment( only)?|(kun )?(etter|efter|med) (time)?avtale|(efter|med) aftale"
    r"|efter överenskommelse|timebestilling|tidsbeställning|по записи|за записом)\s*",
    re.IGNORECASE,
)


def in_words(state: OpenState, at: datetime, lang: str) -> str:
    """The state at ``at`` (aware) in one line, without a full stop: "Closed – opens Monday 09:00".

    A day is named when it is not today where the service is: tomorrow, a weekday within the week, else a
    date. Midnight at the end of today is 24:00. "By appointment" is translated; any other comment follows in
    brackets as it was written.
    """
    phrases, locale = _language(lang)
    until, note = state.until, state.comment
    if note and _APPOINTMENT.fullmatch(note):
        if state.state == "unknown":
            return phrases.by_appointment
        note = _within(phrases.by_appointment)
    if state.state == "unknown":
        text = phrases.unknown
    elif state.state == "open":
        text = phrases.around_the_clock
        if until is not None:
            text = _with_time(phrases.open_until, phrases.open_until_day, until, at, phrases, locale)
    else:
        text = phrases.closed
        # what follows may also be "perhaps open", which is nothing to come for
        if until is not None and state.then == "open":
            text = _with_time(phrases.opens, phrases.opens_day, until, at, phrases, locale, midnight="00:00")
    return f"{text} ({note})" if note else text


def day_in_words(spans: Sequence[Span], lang: str) -> str:
    """One day of ``week`` in one line: "09:00–15:00, 17:00–20:00", "Closed", "Open around the clock"."""
    phrases, locale = _language(lang)
    if not spans:
        return phrases.closed
    parts = []
    for span in spans:
        appointment = bool(span.comment and _APPOINTMENT.fullmatch(span.comment))
        all_day = span.start.time() == span.end.time() and len(spans) == 1
        if all_day and span.state == "unknown":
            parts.append(phrases.by_appointment if appointment else span.comment or phrases.unknown)
            continue
        text = phrases.around_the_clock
        if not all_day:
            end = _clock(span.end, locale, midnight="24:00")
            text = f"{_clock(span.start, locale, midnight='00:00')}–{end}"
        note = _within(phrases.by_appointment) if appointment else span.comment
        if span.state == "unknown" and not note:
            note = _within(phrases.unknown)
        parts.append(f"{text} ({note})" if note else text)
    return ", ".join(parts)


def _with_time(
    today: str,
    another_day: str,
    when: datetime,
    at: datetime,
    phrases: _Phrases,
    locale: Locale,
    *,
    midnight: str = "24:00",
) -> str:
    this_day = at.astimezone(when.tzinfo).date()
    # 00:00 closes the day before it, but opens its own
    day = when.date()
    if midnight == "24:00" and _is_midnight(when):
        day -= timedelta(days=1)
    time = _clock(when, locale, midnight=midnight)
    if day == this_day:
        return today.format(time=time)
    return another_day.format(time=time, day=_day(day, this_day, phrases, locale))


def _day(day: date, today: date, phrases: _Phrases, locale: Locale) -> str:
    from babel.dates import format_skeleton

    ahead = (day - today).days
    if ahead == 1:
        return phrases.tomorrow
    if 1 < ahead < 7:
        return locale.days["format"]["wide"][day.weekday()]
    return format_skeleton("MMMMd", day, locale=locale)


def _clock(when: datetime, locale: Locale, *, midnight: str) -> str:
    from babel.dates import format_skeleton

    text = format_skeleton("Hm", when.time(), locale=locale)
    return text.replace("00", midnight[:2], 1) if _is_midnight(when) else text


def _within(phrase: str) -> str:
    """A phrase as it stands within a line."""
    return phrase[0].lower() + phrase[1:]


def _is_midnight(when: datetime) -> bool:
    return when.hour == when.minute == 0


@lru_cache(maxsize=256)
def _language(lang: str) -> tuple[_Phrases, Locale]:
    from babel import Locale

    code = next(code for code in languages.fallback(lang) if code in _PHRASES)
    return _PHRASES[code], Locale.parse("en_GB" if code == "en" else code)

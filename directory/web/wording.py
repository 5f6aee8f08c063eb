"""The words of our pages: English in templates and code, other languages in ``translations/{language}/{door}/*.po``.

Read by Babel when first needed, all files of a language together, so that nothing has to be compiled or kept in step.
The doors differ in how many languages they have: a client's pages all of the interface, the desk those that those who
work at it have asked for.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, request

from directory.identity import cookie_name
from directory.languages import INTERFACE, autonym, is_rtl, negotiate

TRANSLATIONS = Path(__file__).resolve().parent / "translations"
SOURCE = "en"  # what the words in templates and code are in
LANGUAGE = "veiviser-language"  # the cookie that holds the language somebody chose
HERE = ZoneInfo("Europe/Oslo")  # the clock on the wall of whoever reads


DESK, PAGES = "desk", "pages"  # the doors


@lru_cache(maxsize=2)
def interface_languages(door: str = DESK) -> tuple[str, ...]:
    """Those that the pages of the door can be read in, in the order of ``languages.INTERFACE``."""
    there = {folder.parent.name for folder in TRANSLATIONS.glob(f"*/{door}") if folder.is_dir()} | {SOURCE}
    return tuple(code for code in INTERFACE if code in there)


@lru_cache(maxsize=32)
def words_in(language: str, door: str = DESK) -> NullTranslations:
    """All that is translated into the language; what is not is English."""
    together = Translations()
    for path in sorted((TRANSLATIONS / language / door).glob("*.po")):
        with path.open("rb") as file:
            catalog = read_po(file, locale=language)
        compiled = BytesIO()
        write_mo(compiled, catalog)
        compiled.seek(0)
        words = Translations(compiled)
        together.merge(words)
        # merging leaves this out: without it "one" in Arabic is said as none, and "five" in Russian as two
        together.plural = words.plural
    return together


def use_language(language: str) -> None:
    """Answer this request by a client's page in the language, whatever the browser asks for: the address says it."""
    g.page_language, g.page_door = language, PAGES
    g.pop("words", None)


def page_language() -> str:
    """The language of the page that is being answered: as its address says, as chosen at the desk, else by
    Accept-Language, else DEFAULT_LANGUAGE."""
    if "page_language" not in g:
        from directory.api.rooms import rooms

        settings = rooms().settings
        chosen = request.cookies.get(cookie_name(LANGUAGE, settings))
        if chosen in interface_languages():
            g.page_language = chosen
        else:
            wanted = negotiate(request.headers.get("Accept-Language"), settings.default_language)
            g.page_language = wanted if wanted in interface_languages() else "nb"
    return str(g.page_language)


def page_direction() -> str:
    return "rtl" if is_rtl(page_language()) else "ltr"


def page_languages(door: str = DESK) -> list[tuple[str, str]]:
    """Each language that the pages of the door can be had in, with its own name for itself."""
    return [(code, autonym(code)) for code in interface_languages(door)]


def N_(message: str) -> str:
    """Marks a message that is looked up later, by ``gettext``."""
    return message


def gettext(message: str) -> str:
    return _words().gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    return _words().ngettext(one, many, count)


def _words() -> NullTranslations:
    known: NullTranslations | None = g.get("words")
    if known is None:
        known = g.words = words_in(page_language(), g.get("page_door", DESK))
    return known


def day(value: date | datetime | None) -> str:
    """A day as one writes it in the language of the page; of a time, the day that it is then in Norway."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(HERE).date()
    return str(format_date(value, "long", locale=_locale()))


def moment(value: datetime | None) -> str:
    """A day and the time of day in Norway."""
    if value is None:
        return ""
    return f"{day(value)}, {value.astimezone(HERE):%H:%M}"


def isoday(value: date | datetime) -> str:
    return (value.astimezone(HERE).date() if isinstance(value, datetime) else value).isoformat()


def _locale() -> str:
    """English days are written as in Europe: 22 November 2026."""
    return "en_GB" if page_language() == "en" else page_language().replace("-", "_")


def register(app: Flask) -> None:
    """``_``, ``gettext`` and ``ngettext`` in templates take the language of the page; values go in by name."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        page_language=page_language, page_direction=page_direction, page_languages=page_languages
    )
    app.jinja_env.filters.update(day=day, moment=moment, isoday=isoday)

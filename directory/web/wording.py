"""The words of our pages: English in templates and code, other languages in ``translations/{language}/*.po``.

Read by Babel when first needed, all files of a language together, so that nothing has to be compiled or kept in step.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, request

from directory.languages import negotiate

TRANSLATIONS = Path(__file__).resolve().parent / "translations"
SOURCE = "en"  # what the words in templates and code are in


@lru_cache(maxsize=1)
def interface_languages() -> tuple[str, ...]:
    """Those that our pages can be read in."""
    return (*sorted(folder.name for folder in TRANSLATIONS.iterdir() if folder.is_dir()), SOURCE)


@lru_cache(maxsize=32)
def words_in(language: str) -> NullTranslations:
    """All that is translated into the language; what is not is English."""
    together = Translations()
    for path in sorted((TRANSLATIONS / language).glob("*.po")):
        with path.open("rb") as file:
            catalog = read_po(file, locale=language)
        compiled = BytesIO()
        write_mo(compiled, catalog)
        compiled.seek(0)
        together.merge(Translations(compiled))
    return together


def page_language() -> str:
    """The language of the page that is being answered: by Accept-Language, else DEFAULT_LANGUAGE."""
    if "page_language" not in g:
        from directory.api.rooms import rooms

        wanted = negotiate(request.headers.get("Accept-Language"), rooms().settings.default_language)
        g.page_language = wanted if wanted in interface_languages() else "nb"
    return str(g.page_language)


def gettext(message: str) -> str:
    return words_in(page_language()).gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    return words_in(page_language()).ngettext(one, many, count)


def register(app: Flask) -> None:
    """``_``, ``gettext`` and ``ngettext`` in templates take the language of the page; values go in by name."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["page_language"] = page_language

"""The search page: one box, and what was found. A POST by default, so that what is sought stands in no address."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import Blueprint, Flask, request
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from directory import languages
from directory.api.rooms import rooms
from directory.errors import InvalidInput
from directory.web import seeking
from directory.web.pages import refusing
from directory.web.pages.frame import for_a_client, take_language
from directory.web.pages.showing import kept, shown
from directory.web.rendering import render_page
from directory.web.undoing import undone
from directory.web.wording import page_language

blueprint = Blueprint("pages_search", __name__, url_prefix="/<lang:lang>")
blueprint.url_value_preprocessor(take_language)
blueprint.after_request(for_a_client)

# Chosen by hand, for what most who come here come for; never by what others have sought.
FIRST_NEEDS = (
    "sexual-assault", "crisis-line", "naloxone", "hiv-testing", "sti-testing", "pep", "chemsex-counselling",
    "substance-treatment", "user-equipment", "urgent-primary-care",
)  # fmt: skip
# What a link to the search may ask for. Never free text, which would stand in histories and logs.
IN_LINKS = ("need", "near", "language", *seeking.SWITCHES, "open_now")
ENOUGH = ("q", "near", "near_me", "need", "language")  # one of these makes a search


@blueprint.get("/")
def form() -> str | tuple[str, int]:
    return _page(MultiDict((name, value) for name in IN_LINKS for value in request.args.getlist(name)))


@blueprint.post("/")
def search() -> str | tuple[str, int]:
    """The page with what was found; the same for a further page, and for what is undone."""
    return _page(undone(request.form))


def _page(typed: MultiDict[str, str]) -> str | tuple[str, int]:
    if not any(typed.get(name, "").strip() for name in ENOUGH):
        return _written(typed)
    try:
        answer = seeking.found(seeking.values_of(typed))
    except InvalidInput as error:
        return _written(typed, refusing.in_words(error.errors)), 422
    return _written(typed, answer=answer)


def _written(
    typed: MultiDict[str, str],
    errors: Mapping[str, list[str]] | None = None,
    answer: Mapping[str, Any] | None = None,
) -> str:
    carried = kept(typed)
    return render_page(
        "pages/search.html",
        **({"again": carried} if carried else {}),
        typed=typed,
        errors=errors or {},
        answer=answer,
        search_address=f"/{page_language()}/",
        link_target="",
    )


def first_needs() -> list[tuple[str, str]]:
    """Slugs and labels of those that have a button of their own."""
    needs, lang = rooms().needs, page_language()
    return [(slug, needs.label(slug, lang)) for slug in FIRST_NEEDS if slug in needs]


def languages_of_help(chosen: str | None) -> Markup:
    """The options of a list, by name."""
    return _options(page_language(), chosen if chosen in seeking.LANGUAGES else None)


@lru_cache(maxsize=256)
def _options(lang: str, chosen: str | None) -> Markup:
    named = sorted(((code, languages.name(code, lang)) for code in seeking.LANGUAGES), key=lambda one: one[1])
    option, selected = Markup('<option value="{}"{}>{}</option>'), Markup(" selected")
    return Markup("").join(option.format(c, selected if c == chosen else "", name) for c, name in named)


def register(app: Flask) -> None:
    """What ``pages/ask.html`` and ``pages/results.html`` ask, on whichever page they stand."""
    app.jinja_env.globals.update(shown=shown, first_needs=first_needs, languages_of_help=languages_of_help)

"""What the frame of a client's page asks: in which language it is, where it is to be had in others, and the way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from flask import Flask, Response, request
from markupsafe import Markup
from werkzeug.routing import BaseConverter

from directory.api.rooms import rooms
from directory.languages import INTERFACE, is_rtl
from directory.web.compressing import compressed
from directory.web.pages.emergency import LINES, NUMBERS, dialled, spaced
from directory.web.rendering import render_page
from directory.web.wording import PAGES, interface_languages, page_language, page_languages, use_language

# What a GET of the search reads, and never more: not what somebody typed.
CARRIED = frozenset({"need", "near", "language", "free", "anonymous", "remote", "open_now"})


class PageLanguage(BaseConverter):
    """The first part of a client's address: a language that the pages can be read in."""

    regex = "|".join(interface_languages(PAGES))
    part_isolating = True


def take_language(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """``url_value_preprocessor`` of each blueprint of client pages: views need not take ``lang``."""
    if values and "lang" in values:
        use_language(values.pop("lang"))


def for_a_client(response: Response) -> Response:
    """``after_request`` of each blueprint of client pages.

    Not ``no-store``, which would make a browser ask whether to send a search again when one goes back to it.
    """
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return compressed(response)


def exit_address() -> str:
    return rooms().settings.quick_exit_url


def exit_name() -> str:
    """What a browser shows of a site that it has not got yet."""
    return urlsplit(exit_address()).hostname or ""


@dataclass(frozen=True, slots=True)
class Version:
    """A page in a language. ``address``: with what a GET asks for; ``path``: without."""

    code: str
    name: str
    direction: str
    path: str
    address: str
    here: bool


def page_in_languages(lead_to: str | None = None) -> list[Version]:
    """The page that is being answered, in each language that it can be had in.

    ``lead_to``: the path behind the language, where it is to be another than that of this page.
    """
    here, path = page_language(), lead_to
    if path is None:
        path = quote(request.path.removeprefix(f"/{here}/"), safe="/~")
    query = "" if lead_to is not None or request.method == "POST" else _asked()
    return [
        Version(code, name, direction_of(code), f"/{code}/{path}", f"/{code}/{path}{query}", code == here)
        for code, name in page_languages(PAGES)
    ]


def language_buttons(versions: Sequence[Version]) -> Markup:
    """One for each language, that sends the form it stands in to the page in that language."""
    return _buttons(tuple(versions))


@lru_cache(maxsize=64)
def _buttons(versions: tuple[Version, ...]) -> Markup:
    button = Markup('<button class="button quiet" formaction="{}" lang="{}" dir="{}"{}>{}</button>\n')
    here = Markup(' aria-current="true"')
    return Markup("").join(
        button.format(one.path, one.code, one.direction, here if one.here else "", one.name)
        for one in versions
    )


def _asked() -> str:
    """What links that partners make ask for; whatever else stands in an address is not carried on."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name in CARRIED]
    return f"?{urlencode(kept)}" if kept else ""


def direction_of(language: str) -> str:
    return "rtl" if is_rtl(language) else "ltr"


def numbers() -> Markup:
    """The same on every page in a language."""
    return _numbers(page_language())


@lru_cache(maxsize=len(INTERFACE))
def _numbers(language: str) -> Markup:
    # a page of ours, which escapes what is not
    return Markup(render_page("pages/numbers.html"))  # nosec B704


def register(app: Flask) -> None:
    app.jinja_env.globals.update(
        base_address=lambda: rooms().settings.base_url.rstrip("/"),
        emergency_numbers=NUMBERS,
        numbers=numbers,
        talking_lines=LINES,
        direction_of=direction_of,
        exit_address=exit_address,
        exit_name=exit_name,
        language_buttons=language_buttons,
        page_in_languages=page_in_languages,
        is_search=lambda: request.method == "POST",
    )
    app.jinja_env.filters.update(dialled=dialled, spaced=spaced)

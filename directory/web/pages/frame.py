"""What the frame of a client's page asks: in which language it is, where it is to be had in others, and the way out."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, Response, request
from werkzeug.routing import BaseConverter

from directory.api.rooms import rooms
from directory.languages import is_rtl
from directory.web.compressing import compressed
from directory.web.pages.emergency import NUMBERS
from directory.web.wording import PAGES, interface_languages, page_languages, use_language


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


def dialled(number: str | None) -> str:
    """What a telephone is told to dial: digits, and a plus before them.

    >>> dialled("+47 22 00 00 00"), dialled("116 117"), dialled("by letter"), dialled(None)
    ('+4722000000', '116117', '', '')
    """
    digits = "".join(re.findall("[0-9]", number or ""))
    return f"+{digits}" if digits and str(number).strip().startswith("+") else digits


def direction_of(language: str) -> str:
    return "rtl" if is_rtl(language) else "ltr"


def register(app: Flask) -> None:
    app.jinja_env.globals.update(
        client_languages=lambda: page_languages(PAGES),
        emergency_numbers=NUMBERS,
        direction_of=direction_of,
        exit_address=exit_address,
        is_search=lambda: request.method == "POST",
    )
    app.jinja_env.filters["dialled"] = dialled

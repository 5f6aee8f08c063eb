"""The desk's search, from whose results a referral begins. What is typed goes in the body, and stands nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request
from werkzeug.datastructures import MultiDict

from directory import languages
from directory.api.colleagues import regards_of_request
from directory.api.rooms import rooms
from directory.errors import InvalidInput
from directory.identity import asking
from directory.web import seeking
from directory.web.desk.mistakes import plainly
from directory.web.wording import gettext, page_language

blueprint = Blueprint("desk_search", __name__, url_prefix="/desk/search")

_KEPT = ("q", "near", "language", "need", *seeking.SWITCHES, "open_now")


@blueprint.get("")
def form() -> str:
    return _page(MultiDict(), {}, None)


@blueprint.post("")
def search() -> str | tuple[str, int]:
    """The page with what was found; the same for a further page, which is asked for by the body too."""
    asking()
    typed = request.form
    try:
        answer = seeking.found(seeking.values_of(typed), regards_of_request(rooms()))
    except InvalidInput as error:
        return _page(typed, plainly(error.errors), None), 422
    return _page(typed, {}, answer)


def _page(typed: Any, errors: Mapping[str, list[str]], answer: Mapping[str, Any] | None) -> str:
    house, lang = rooms(), page_language()
    chosen = list(typed.getlist("need")) if typed else []
    return render_template(
        "desk/search.html",
        typed=typed,
        errors=errors,
        labels={"q": gettext("What is needed"), "near": gettext("Near"), "language": gettext("Language")},
        answer=answer,
        relaxed=[seeking.relaxed_in_words(step) for step in answer["relaxed"]] if answer else [],
        languages=sorted(
            ((code, languages.name(code, lang)) for code in seeking.LANGUAGES), key=lambda one: one[1]
        ),
        chosen=[(slug, house.needs.label(slug, lang)) for slug in chosen if slug in house.needs],
        kept=[(name, value) for name in _KEPT if typed for value in typed.getlist(name)],
        refers_on=_id(typed.get("refers_on")),
    )


def _id(said: str | None) -> str | None:
    """The id of a referral that is to be referred on, carried from page to page; whose it is, is looked at later."""
    try:
        return str(UUID(said)) if said else None
    except ValueError:
        return None

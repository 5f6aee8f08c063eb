"""The desk's search, from whose results a referral begins. What is typed goes in the body, and stands nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from flask import Blueprint, render_template, request
from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict

from directory import languages
from directory.api.colleagues import regards_of_request
from directory.api.rooms import rooms
from directory.api.search import ARGUMENTS
from directory.errors import InvalidInput
from directory.identity import asking
from directory.observability import timed_search
from directory.web.desk.mistakes import plainly
from directory.web.wording import gettext, page_language

blueprint = Blueprint("desk_search", __name__, url_prefix="/desk/search")

PER_PAGE = 10
# What people here are most often helped in, beside Norwegian; any other can be typed in the line.
LANGUAGES = (
    "en", "uk", "ru", "pl", "ar", "so", "ti", "prs", "fa", "ckb", "tr", "es", "fr", "pt", "th", "vi", "ur", "lt", "ro",
    "se", "sgn",
)  # fmt: skip
_SWITCHES = ("free", "anonymous", "remote")
_KEPT = ("q", "near", "language", "need", *_SWITCHES, "open_now")


@blueprint.get("")
def form() -> str:
    return _page(MultiDict(), {}, None)


@blueprint.post("")
def search() -> str | tuple[str, int]:
    """The page with what was found; the same for a further page, which is asked for by the body too."""
    asking()
    typed = request.form
    try:
        answer = _found(_values(typed))
    except InvalidInput as error:
        return _page(typed, plainly(error.errors), None), 422
    return _page(typed, {}, answer)


def _values(typed: Any) -> dict[str, Any]:
    """What was typed, under the contract's names. Raises InvalidInput."""
    said: dict[str, Any] = {"per_page": PER_PAGE, "page": typed.get("page") or 1}
    said |= {name: value for name in ("q", "near") if (value := typed.get(name, "").strip())}
    said |= {
        name: values for name in ("need", "language") if (values := [v for v in typed.getlist(name) if v])
    }
    said |= {name: True for name in _SWITCHES if typed.get(name)}
    if typed.get("open_now"):
        said["open_at"] = "now"
    try:
        loaded: dict[str, Any] = ARGUMENTS.load(said)
    except ValidationError as error:
        raise InvalidInput({str(name): _flat(told) for name, told in error.messages_dict.items()}) from None
    return loaded


def _flat(told: Any) -> list[str]:
    return [str(one) for one in told] if isinstance(told, list) else [str(told)]


def _found(values: Mapping[str, Any]) -> dict[str, Any]:
    house = rooms()
    now = house.clock()
    criteria = house.searcher.resolve(values, now=now, lang=page_language())
    with timed_search():
        answer: dict[str, Any] = orjson.loads(house.searcher.answer(criteria, now, regards_of_request(house)))
    for result in answer["results"]:
        on = result["trust"]["verified_on"]
        result["trust"]["verified_on"] = date.fromisoformat(on) if on else None
    answer["sought"] = {
        "needs": list(dict.fromkeys((*criteria.need, *(n["slug"] for n in answer["understood"]["needs"])))),
        "languages": list(dict.fromkeys((*criteria.language, *answer["understood"]["languages"]))),
    }
    return answer


def _page(typed: Any, errors: Mapping[str, list[str]], answer: Mapping[str, Any] | None) -> str:
    house, lang = rooms(), page_language()
    chosen = list(typed.getlist("need")) if typed else []
    return render_template(
        "desk/search.html",
        typed=typed,
        errors=errors,
        labels={"q": gettext("What is needed"), "near": gettext("Near"), "language": gettext("Language")},
        answer=answer,
        relaxed=[_relaxed(step) for step in answer["relaxed"]] if answer else [],
        languages=sorted(((code, languages.name(code, lang)) for code in LANGUAGES), key=lambda one: one[1]),
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


def _relaxed(step: Mapping[str, Any]) -> str:
    if "widened_to_km" in step:
        return gettext("Nothing was found that near: this is within %(km)s km.") % {
            "km": step["widened_to_km"]
        }
    what = {
        "open_at": gettext("open now"),
        "anonymous": gettext("anonymous"),
        "free": gettext("free of charge"),
        "remote": gettext("help from afar"),
        "language": gettext("the language"),
        "radius_km": gettext("the distance"),
    }
    if found := what.get(step["dropped"]):
        return gettext("Nothing fits all of it: “%(what)s” is left out.") % {"what": found}
    return gettext("Nothing fits all of it: this is what comes nearest.")

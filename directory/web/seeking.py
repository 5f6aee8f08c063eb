"""A search as a page asks for it: what was typed into a form becomes the contract's values, and the answer is read.

For the pages of clients, the frame on partners' sites, and the desk. What was typed goes back to the page it came from,
and stands nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import orjson
from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict

from directory.api.rooms import rooms
from directory.api.search import ARGUMENTS
from directory.errors import InvalidInput
from directory.observability import timed_search
from directory.search.regarding import Regards
from directory.web.wording import gettext, page_language

PER_PAGE = 10
# What people here are most often helped in, beside Norwegian; any other can be typed in the line.
LANGUAGES = (
    "en", "uk", "ru", "pl", "ar", "so", "ti", "prs", "fa", "ckb", "tr", "es", "fr", "pt", "th", "vi", "ur", "lt", "ro",
    "se", "sgn",
)  # fmt: skip
SWITCHES = ("free", "anonymous", "remote")
# What a form carries on to the next page of an answer.
KEPT = ("q", "near", "near_me", "language", "need", *SWITCHES, "open_now", "as_written", "have")
# A position is told to about a kilometre, whatever a browser sends: degrees north and east, at 60° north.
ROUGHLY = (0.01, 0.02)
_POSITION = re.compile(r"\s*(-?\d{1,3}(?:\.\d+)?)\s*,\s*(-?\d{1,3}(?:\.\d+)?)\s*", re.ASCII)


def values_of(typed: MultiDict[str, str]) -> dict[str, Any]:
    """What was typed, under the contract's names. ``open_now`` is ``open_at=now``; ``near_me``, a position that the
    browser told, is ``near`` where no place was typed.

    Raises InvalidInput.
    """
    said: dict[str, Any] = {"per_page": PER_PAGE, "page": typed.get("page") or 1}
    said |= {name: value for name in ("q", "near") if (value := typed.get(name, "").strip())}
    if "near" not in said and (position := roughly(typed.get("near_me", ""))):
        said["near"] = position
    said |= {
        name: values for name in ("need", "language") if (values := [v for v in typed.getlist(name) if v])
    }
    said |= {name: True for name in SWITCHES if typed.get(name)}
    if typed.get("open_now"):
        said["open_at"] = "now"
    try:
        loaded: dict[str, Any] = ARGUMENTS.load(said)
    except ValidationError as error:
        raise InvalidInput({str(name): _flat(told) for name, told in error.messages_dict.items()}) from None
    if typed.get("as_written"):  # which is no criterion of the contract's
        loaded["as_written"] = True
    return loaded


def roughly(position: str) -> str | None:
    """'lat,lon' to about a kilometre; None for what is no position.

    >>> roughly("60.39299,5.32415"), roughly("Bergen")
    ('60.39,5.32', None)
    """
    found = _POSITION.fullmatch(position)
    if found is None:
        return None
    return ",".join(f"{round(float(n) / to) * to:.2f}" for n, to in zip(found.groups(), ROUGHLY, strict=True))


def found(values: Mapping[str, Any], regards: Regards | None = None) -> dict[str, Any]:
    """The contract's answer to ``values``, in the language of the page, read: ``trust.verified_on`` is a date and
    ``open.until`` a time. Beside it ``sought``: the needs and languages that were asked for or understood; and
    ``generation``: of the index, which was no older.

    Raises InvalidInput, IndexUnavailable.
    """
    house = rooms()
    now = house.clock()
    criteria = house.searcher.resolve(values, now=now, lang=page_language())
    generation = house.searcher.engine.snapshot().generation
    with timed_search():
        answer: dict[str, Any] = orjson.loads(house.searcher.answer(criteria, now, regards))
    for result in answer["results"]:
        trust, hours = result["trust"], result["open"]
        if trust["verified_on"]:
            trust["verified_on"] = date.fromisoformat(trust["verified_on"])
        if hours["until"]:
            hours["until"] = datetime.fromisoformat(hours["until"])
    understood = answer["understood"]
    answer["sought"] = {
        "needs": list(dict.fromkeys((*criteria.need, *(need["slug"] for need in understood["needs"])))),
        "languages": list(dict.fromkeys((*criteria.language, *understood["languages"]))),
    }
    answer["generation"] = generation
    return answer


def relaxed_in_words(step: Mapping[str, Any]) -> str:
    """What a step of ``relaxed`` gave up, as one sentence."""
    if "widened_to_km" in step:
        return gettext("Nothing was found that near. These are within %(km)s km.") % {
            "km": step["widened_to_km"]
        }
    what = {
        "open_at": gettext("open now"),
        "anonymous": gettext("anonymous"),
        "free": gettext("free of charge"),
        "remote": gettext("by phone, chat or video"),
        "language": gettext("the language"),
        "radius_km": gettext("the distance"),
    }
    if left_out := what.get(step["dropped"]):
        return gettext("Nothing fits everything. We left out: %(what)s.") % {"what": left_out}
    if step["dropped"] == "q":
        return gettext("We found nothing for these words. These can help anyone find the way.")
    return gettext("Nothing fits everything. These come closest.")


def _flat(told: Any) -> list[str]:
    return [str(one) for one in told] if isinstance(told, list) else [str(told)]

"""The search's door: parse, ask, answer; nothing else. What was sought is never put in a log, a header or an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from directory.api.arguments import SearchArguments
from directory.api.colleagues import regards_of_request
from directory.api.rooms import Rooms, preferred_language, rooms
from directory.api.shapes import SearchAnswer
from directory.observability import timed_search
from directory.search.regarding import Regards

blueprint = Blueprint(
    "search",
    __name__,
    url_prefix="/api/v1",
    description="Services by need, language, distance, opening hours and words.",
)
PATH = f"{blueprint.url_prefix}/search"
ARGUMENTS = SearchArguments()  # one for all requests: making it costs more than reading a request by it


def answered(
    house: Rooms, values: Mapping[str, Any], accept_language: str | None, regards: Regards | None = None
) -> tuple[bytes, list[tuple[str, str]]]:
    """Body and headers of the answer to a search for ``values`` as SearchArguments loads them. ``regards``: for those
    who know how services answer referrals.

    Raises InvalidInput, IndexUnavailable.
    """
    now = house.clock()
    criteria = house.searcher.resolve(values, now=now, lang=preferred_language(accept_language, house))
    with timed_search():
        body = house.searcher.answer(criteria, now, regards)
    return body, [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        # what somebody seeks stays in no cache: not the browser's on a shared phone, not a proxy's
        ("Cache-Control", "no-store"),
        ("Content-Language", criteria.lang),
        ("Vary", "Accept-Language"),
    ]


def _answer(values: dict[str, Any]) -> Response:
    house = rooms()
    regards = regards_of_request(house)
    body, headers = answered(house, values, request.headers.get("Accept-Language"), regards)
    return Response(body, headers=headers)


@blueprint.route("/search")
class Search(MethodView):
    @blueprint.arguments(ARGUMENTS, location="query")
    @blueprint.response(200, SearchAnswer)
    def get(self, values: dict[str, Any]) -> Response:
        """Find services. All given criteria must hold; values of one repeated criterion are alternatives."""
        return _answer(values)

    @blueprint.arguments(
        SearchArguments, location="json", description="The same names as in the query of GET."
    )
    @blueprint.response(200, SearchAnswer)
    def post(self, values: dict[str, Any]) -> Response:
        """Find services, with what is sought in the body, so that it stands in no URL, history or proxy log."""
        return _answer(values)

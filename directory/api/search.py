"""The search's door: parse, ask, answer; nothing else. What was sought is never put in a log, a header or an error."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from directory.api.arguments import SearchArguments
from directory.api.rooms import language_of_request, rooms
from directory.api.shapes import SearchAnswer
from directory.observability import timed_search

blueprint = Blueprint(
    "search",
    __name__,
    url_prefix="/api/v1",
    description="Services by need, language, distance, opening hours and words.",
)
ARGUMENTS = SearchArguments()  # one for all requests: making it costs more than reading a request by it


def _answer(values: dict[str, Any]) -> Response:
    house = rooms()
    now = house.clock()
    criteria = house.searcher.resolve(values, now=now, lang=language_of_request())
    with timed_search():
        answer = house.searcher.answer(criteria, now)
    response = Response(answer, mimetype="application/json")
    # what somebody seeks stays in no cache: not the browser's on a shared phone, not a proxy's
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = criteria.lang
    response.headers["Vary"] = "Accept-Language"
    return response


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

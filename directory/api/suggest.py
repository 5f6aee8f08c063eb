"""Completion while somebody types: needs, places and services. Nothing of it is kept."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from directory.api.arguments import SuggestArguments
from directory.api.rooms import language_of, rooms
from directory.api.shapes import Suggestions

blueprint = Blueprint(
    "suggest", __name__, url_prefix="/api/v1", description="Completion of what is being typed."
)
ARGUMENTS = SuggestArguments()  # one for all requests: making it costs more than reading a request by it


@blueprint.route("/suggest")
class Suggest(MethodView):
    @blueprint.arguments(ARGUMENTS, location="query")
    @blueprint.response(200, Suggestions)
    def get(self, values: dict[str, Any]) -> Response:
        """Needs, places and services that begin with, or hold a word that begins with, what was typed; at most 10."""
        return _suggested(values)

    @blueprint.arguments(
        SuggestArguments, location="json", description="The same names as in the query of GET."
    )
    @blueprint.response(200, Suggestions)
    def post(self, values: dict[str, Any]) -> Response:
        """The same, with what was typed in the body, so that it stands in no URL, history or proxy log."""
        return _suggested(values)


def _suggested(values: dict[str, Any]) -> Response:
    lang = language_of(values)
    searcher = rooms().searcher
    near = searcher.place(values["near"]) if values.get("near") else None
    found = searcher.suggest(values.get("q") or "", lang, near)
    response = Response(orjson.dumps({"suggestions": found}), mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = lang
    response.headers["Vary"] = "Accept-Language"
    return response

"""The door for whoever gets no answer, or a no: where else the client may be referred to."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema

from directory.api.colleagues import regards_of_request
from directory.api.referral_shapes import LanguageOfNames
from directory.api.rooms import language_of, rooms
from directory.api.shapes import Result, nested
from directory.errors import NotFound
from directory.identity import asking
from directory.partners.access import Party
from directory.referrals import seeing
from directory.referrals.alternatives import alternatives, tried
from directory.referrals.consent import day_of
from directory.referrals.views import view_of

blueprint = Blueprint(
    "alternatives",
    __name__,
    url_prefix="/api/v1/referrals/<id>/alternatives",
    description="Where else a client may be referred to.",
)


class AlternativesShape(Schema):
    alternatives = nested(Result, many=True)


@blueprint.route("")
class Alternatives(MethodView):
    @blueprint.arguments(LanguageOfNames, location="query")
    @blueprint.response(200, AlternativesShape)
    def get(self, query: dict[str, Any], id: str) -> Response:
        """At most three other services for the same needs and languages near the same place, those with capacity first,
        as a search answers them. For the sender."""
        house, lang, identity, now = rooms(), language_of(query), asking(), rooms().clock()
        with house.database.reading() as session:
            referral, parts = seeing.found(session, identity, id, day_of(now), lock=False)
            if Party.SENDER not in parts:
                raise NotFound
            view = view_of(session, house.vault, referral, parts, now=now, in_list=True)
            gone_to = tried(session, identity, view)
        found = alternatives(
            house.searcher, view, now, lang, tried=gone_to, regards=regards_of_request(house)
        )
        return Response(orjson.dumps({"alternatives": found}), mimetype="application/json")

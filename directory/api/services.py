"""Reading what the directory holds: services, organizations, locations and needs, with ETag and Last-Modified."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from directory.api.arguments import LanguageArguments
from directory.api.colleagues import regards_of_request
from directory.api.entry_shapes import LocationShape, NeedList, OrganizationShape, ServiceShape
from directory.api.rooms import language_of, rooms
from directory.catalogue import entries as e
from directory.catalogue import reading
from directory.hours import in_words, state_at
from directory.languages import name as language_name
from directory.languages import pick
from directory.search.regarding import Regard

blueprint = Blueprint(
    "catalogue", __name__, url_prefix="/api/v1", description="What the directory holds, in HSDS's terms."
)
FRESH_SECONDS = 60
ARGUMENTS = LanguageArguments()  # one for all requests: making it costs more than reading a request by it


def _answered(body: Any, tag: str, changed: datetime | None, lang: str) -> Response:
    """The body as JSON, or 304 where the client has it. The language is part of what is tagged."""
    response = Response(orjson.dumps(body), mimetype="application/json")
    response.headers["Content-Language"] = lang
    response.headers["Vary"] = "Accept-Language"
    response.headers["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
    response.last_modified = changed
    response.set_etag(f"{tag}-{lang}")
    response.make_conditional(request)
    return response


def _to_a_colleague(body: dict[str, Any], regard: Regard | None, lang: str) -> Response:
    """With what is known of how the service answers referrals, which no cache keeps for anybody else."""
    trust = asdict(body["trust"]) | {"network": regard and regard.told}
    response = Response(orjson.dumps(body | {"trust": trust}), mimetype="application/json")
    response.headers["Content-Language"] = lang
    response.headers["Vary"] = "Accept-Language, Authorization, Cookie"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.route("/services/<id>")
class Service(MethodView):
    @blueprint.arguments(ARGUMENTS, location="query")
    @blueprint.response(200, ServiceShape)
    def get(self, values: dict[str, Any], id: str) -> Response:
        """One service with all that is known of it, by its id or slug. What is not known is null."""
        house, lang = rooms(), language_of(values)
        now = house.clock()
        with house.database.reading() as session:
            entry = reading.entry(session, id, today=now.date())
        body = service(entry, lang, now)
        # open or closed changes without a new version: the tag holds it too
        tag = f"{entry.version}-{body['open']['state']}-{entry.trust.state}"
        if (regards := regards_of_request(house, [UUID(entry.id)])) is not None:
            return _to_a_colleague(body, regards.get(str(entry.id)), lang)
        return _answered(body, f"{entry.id}-{tag}", entry.updated_at, lang)


@blueprint.route("/organizations/<id>")
class Organization(MethodView):
    @blueprint.arguments(ARGUMENTS, location="query")
    @blueprint.response(200, OrganizationShape)
    def get(self, values: dict[str, Any], id: str) -> Response:
        """One organization and its services, by its id or slug."""
        house, lang = rooms(), language_of(values)
        with house.database.reading() as session:
            found = reading.organization(session, id)
        body = {
            "id": found.id,
            "slug": found.slug,
            **_texts(found.names, found.descriptions, lang),
            "email": found.email,
            "url": found.url,
            "services": [_reference(s, lang) for s in found.services],
        }
        return _answered(body, f"{found.id}-{found.version}", found.updated_at, lang)


@blueprint.route("/locations/<id>")
class Location(MethodView):
    @blueprint.arguments(ARGUMENTS, location="query")
    @blueprint.response(200, LocationShape)
    def get(self, values: dict[str, Any], id: str) -> Response:
        """One location and the services given there, by its id."""
        house, lang = rooms(), language_of(values)
        with house.database.reading() as session:
            found = reading.location(session, id, today=house.clock().date())
        body = asdict(found.place) | {
            "organization": {"id": found.organization.id, "name": found.organization.name},
            "services": [_reference(s, lang) for s in found.services],
        }
        return _answered(body, f"{found.place.id}-{found.version}", found.updated_at, lang)


@blueprint.route("/needs")
class Needs(MethodView):
    @blueprint.arguments(ARGUMENTS, location="query")
    @blueprint.response(200, NeedList)
    def get(self, values: dict[str, Any]) -> Response:
        """All needs in the taxonomy's order, each with its parent."""
        house, lang = rooms(), language_of(values)
        body = {
            "needs": [
                {"slug": n.slug, "parent": n.parent, "label": house.needs.label(n.slug, lang)}
                for n in house.needs
            ]
        }
        return _answered(body, f"needs-{house.needs.digest}", None, lang)


def service(entry: e.ServiceEntry, lang: str, now: datetime) -> dict[str, Any]:
    """A service as the read API answers it."""
    needs = rooms().needs
    state = state_at(entry.schedule.opening_hours if entry.schedule else None, _zone(entry.schedule), now)
    return {
        "id": entry.id,
        "slug": entry.slug,
        "version": entry.version,
        "updated_at": entry.updated_at,
        "kind": entry.kind,
        "status": entry.status,
        **_texts(entry.names, entry.descriptions, lang),
        "organization": entry.organization,
        "needs": [{"slug": slug, "label": needs.label(slug, lang)} for slug in entry.needs],
        "languages": [
            {"code": g.code, "label": language_name(g.code, lang), "mode": g.mode}
            for g in entry.named_languages
        ],
        "interpreter_promised": entry.interpreter_promised,
        "interpreter_by_law": entry.interpreter_by_law,
        "locations": entry.locations,
        "schedule": entry.schedule,
        "open": {"state": state.state, "until": state.until, "text": in_words(state, now, lang)},
        "phones": entry.phones,
        "email": entry.email,
        "url": entry.url,
        "chat_url": entry.chat_url,
        "free": entry.free,
        "cost_options": entry.costs,
        "anonymous": entry.anonymous,
        "remote": entry.remote,
        "reach": entry.reach,
        "service_areas": entry.areas,
        "eligibility": {
            "minimum_age": entry.minimum_age,
            "maximum_age": entry.maximum_age,
            "genders": entry.genders,
            "audiences": entry.audiences,
            "text": entry.audience_text,
        },
        "capacity": entry.capacity,
        "alert": (pick(entry.alerts, lang) or (None, None))[1],
        "sources": entry.sources,
        "trust": entry.trust,
    }


def _texts(names: e.Texts, descriptions: e.Texts, lang: str) -> dict[str, Any]:
    """Name and description in the language, by the stated order of fallback, and which language each then is in."""
    name, description = pick(names, lang), pick(descriptions, lang)
    return {
        "name": name and name[1],
        "name_language": name and name[0],
        "description": description and description[1],
        "description_language": description and description[0],
    }


def _reference(ref: reading.ServiceRef, lang: str) -> dict[str, Any]:
    name = pick(ref.names, lang)
    return {"id": ref.id, "slug": ref.slug, "name": name and name[1]}


def _zone(schedule: e.Schedule | None) -> str:
    return schedule.timezone if schedule else e.Schedule("24/7").timezone

"""Mistakes in entries: anyone may report one, a steward decides."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from directory.api.arguments import Arguments, whole
from directory.api.members import id_in_address
from directory.api.partner_shapes import NEEDED
from directory.api.rooms import language_of_request, rooms
from directory.api.shapes import maybe, nested, string
from directory.catalogue import corrections
from directory.catalogue.corrections import ABOUT, DECISIONS, LONGEST, STATES, Reported
from directory.languages import pick
from directory.referrals.identifying import IDENTITY_NUMBER, finds

blueprint = Blueprint("corrections", __name__, url_prefix="/api/v1", description="Mistakes in entries.")


class CorrectionArguments(Arguments):
    about = fields.String(
        required=True, error_messages=NEEDED, metadata={"description": "What is wrong.", "enum": ABOUT}
    )
    text = fields.String(
        error_messages={"invalid": "Takes text."},
        metadata={
            "description": "What is wrong, and what is right; not needed where it has closed down. Nothing about you.",
            "maxLength": LONGEST,
        },
    )


class CorrectionReported(Schema):
    id = fields.UUID(required=True)
    state = string(one_of=STATES)


class CorrectionsArguments(Arguments):
    state = fields.String(
        load_default="open",
        validate=validate.OneOf(STATES, error=f"Takes one of: {', '.join(STATES)}."),
        metadata={"description": "Those in this state: open ones the oldest first, others the newest first."},
    )
    page = whole("Page, from 1.", 1, 100_000, default=1)
    per_page = whole("Corrections a page.", 1, 100, default=50)


class DecisionArguments(Arguments):
    state = fields.String(
        required=True,
        validate=validate.OneOf(DECISIONS, error=f"Takes one of: {', '.join(DECISIONS)}."),
        error_messages=NEEDED,
        metadata={"description": "mended: the entry is put right, or has gone; declined: it was right."},
    )


class ServiceReported(Schema):
    id = fields.UUID(required=True)
    slug = string(none=True)
    name = string(none=True)


class CorrectionShape(Schema):
    id = fields.UUID(required=True)
    service = nested(ServiceReported)
    about = string(one_of=ABOUT)
    text = string()
    state = string(one_of=STATES)
    created_at = fields.AwareDateTime(required=True)
    decided_at = maybe(fields.AwareDateTime)


class CorrectionList(Schema):
    total = fields.Integer(required=True)
    page = fields.Integer(required=True)
    per_page = fields.Integer(required=True)
    corrections = nested(CorrectionShape, many=True)


@blueprint.route("/services/<id>/corrections")
class ServiceCorrections(MethodView):
    @blueprint.arguments(CorrectionArguments, location="json")
    @blueprint.response(201, CorrectionReported)
    def post(self, values: dict[str, Any], id: str) -> dict[str, Any]:
        """Report a mistake in the entry of a service, by its id or slug. Nothing is kept of who did."""
        house = rooms()
        with house.database.unit_of_work() as session:
            correction = corrections.report(
                session,
                id,
                values["about"],
                values.get("text"),
                tells_who=identity_numbers,
                now=house.clock(),
            )
            session.commit()
        return {"id": correction.id, "state": correction.state}


@blueprint.route("/corrections")
class Corrections(MethodView):
    @blueprint.arguments(CorrectionsArguments, location="query")
    @blueprint.response(200, CorrectionList)
    def get(self, values: dict[str, Any]) -> dict[str, Any]:
        """The mistakes that were reported (stewards)."""
        page, per_page = values.get("page", 1), values.get("per_page", 50)
        with rooms().database.reading() as session:
            found, total = corrections.corrections(session, values["state"], page=page, per_page=per_page)
        told = [_told(one) for one in found]
        return {"total": total, "page": page, "per_page": per_page, "corrections": told}


@blueprint.route("/corrections/<id>/decision")
class Decision(MethodView):
    @blueprint.arguments(DecisionArguments, location="json")
    @blueprint.response(200, CorrectionShape)
    def post(self, values: dict[str, Any], id: str) -> dict[str, Any]:
        """Say what became of it (stewards). Once decided, it stays so."""
        house = rooms()
        with house.database.unit_of_work() as session:
            decided = corrections.decide(session, id_in_address(id), values["state"], house.clock())
            session.commit()
        return _told(decided)


def identity_numbers(text: str) -> list[str]:
    """A phone number or an address may be the very mistake that is told of; what is a person's own may not be kept."""
    return [found for found in finds(text) if found == IDENTITY_NUMBER]


def _told(one: Reported) -> dict[str, Any]:
    name = pick(one.names, language_of_request())
    return {
        "id": one.id,
        "service": {"id": one.service_id, "slug": one.slug, "name": name and name[1]},
        "about": one.about,
        "text": one.text,
        "state": one.state,
        "created_at": one.created_at,
        "decided_at": one.decided_at,
    }

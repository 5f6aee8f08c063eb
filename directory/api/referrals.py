"""Referrals' doors: written, sent, answered, carried by the client, and read by sender and receiver only.

What a step asks for is the referrals' to say. Here: which version is changed (If-Match), that a new referral is made
once (Idempotency-Key), that who guesses codes waits, and how it all looks as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint
from sqlmodel import Session

from directory import idempotency
from directory.api.referral_shapes import (
    EventList,
    ExportShape,
    LanguageOfNames,
    ListArguments,
    MessageArguments,
    MessageList,
    MessageShape,
    OnceHeader,
    RedeemArguments,
    ReferralArguments,
    ReferralList,
    ReferralShape,
    StepArguments,
    VersionHeader,
)
from directory.api.rooms import Rooms, language_of, rooms
from directory.errors import NotFound, VersionNotNamed
from directory.identity import asking
from directory.languages import pick
from directory.partners import lockout
from directory.referrals import carried, composing, due, referring, rights, seeing
from directory.referrals.composing import Sent
from directory.referrals.consent import day_of
from directory.referrals.privacy import ERASED
from directory.referrals.views import View

blueprint = Blueprint(
    "referrals",
    __name__,
    url_prefix="/api/v1/referrals",
    description="Clients handed over from one partner to another. Nobody else can tell that a referral exists.",
)

_VERSION = re.compile(r'\s*"([0-9]{1,9})"\s*')
_NO_VERSION = 0  # versions begin at 1


@blueprint.route("")
class Referrals(MethodView):
    @blueprint.arguments(ListArguments, location="query")
    @blueprint.response(200, ReferralList)
    def get(self, values: dict[str, Any]) -> Response:
        """Those that your partner has sent and received, the newest first, 50 a page; without what was written. With
        due those that wait for it today, the urgent first."""
        house, lang = rooms(), language_of(values)
        listed = due.due_list if values.get("due") else seeing.list_referrals
        with house.database.reading() as session:
            page = listed(
                session,
                house.vault,
                asking(),
                now=house.clock(),
                box=values.get("box"),
                status=values.get("status", ()),
                cursor=values.get("cursor"),
            )
        return _json({"referrals": [_told(view, lang) for view in page.items], "cursor": page.cursor})

    @blueprint.arguments(LanguageOfNames, location="query")
    @blueprint.arguments(OnceHeader, location="headers")
    @blueprint.arguments(ReferralArguments, location="json")
    @blueprint.response(201, ReferralShape)
    def post(self, query: dict[str, Any], headers: dict[str, Any], values: dict[str, Any]) -> Response:
        """Write a referral, as a draft or sent at once. The answer to one that a client carries has the code, once."""
        house, lang, identity, now = rooms(), language_of(query), asking(), rooms().clock()

        def work(session: Session) -> idempotency.Answer:
            needs = {need.slug for need in house.needs}
            sent = composing.create(session, house.vault, identity, values, needs=needs, now=now)
            body = _told(sent.view, lang) | _carried(session, house, sent, lang)
            told = {"Location": _location(sent.view.id), "ETag": _tag(sent.view)}
            return idempotency.Answer(201, told, orjson.dumps(body).decode())

        asked = idempotency.asked(
            house.vault,
            identity.id,
            headers.get("idempotency_key"),
            request.method,
            request.full_path,
            values,
        )
        answer = idempotency.once(house.database, house.vault, asked, now, work)
        return Response(answer.body, answer.status, answer.headers, mimetype="application/json")


@blueprint.route("/redeem")
class Redeem(MethodView):
    @blueprint.arguments(LanguageOfNames, location="query")
    @blueprint.arguments(RedeemArguments, location="json")
    @blueprint.response(200, ReferralShape)
    def post(self, query: dict[str, Any], values: dict[str, Any]) -> Response:
        """Take over the referral whose code the client has brought, once. Who guesses has to wait."""
        house, lang, identity, now = rooms(), language_of(query), asking(), rooms().clock()
        if identity.partner_id is None:
            raise NotFound
        counts = lockout.of_redeeming(house.vault, identity.partner_id, identity.id)
        with house.database.unit_of_work() as session:
            lockout.attempt(session, counts, now)
            session.commit()
        with house.database.unit_of_work() as session:
            view = referring.redeem(session, house.vault, identity, values["code"], now=now)
            lockout.succeeded(session, counts, now)
            session.commit()
        return _referral(view, lang)


@blueprint.route("/<id>")
class Referral(MethodView):
    @blueprint.arguments(LanguageOfNames, location="query")
    @blueprint.response(200, ReferralShape)
    def get(self, query: dict[str, Any], id: str) -> Response:
        """One referral, as your part in it lets you see it. That it was read is an event."""
        house, lang = rooms(), language_of(query)
        with house.database.unit_of_work() as session:
            view = referring.read(session, house.vault, asking(), id, now=house.clock())
            session.commit()
        return _referral(view, lang)

    @blueprint.arguments(LanguageOfNames, location="query")
    @blueprint.arguments(VersionHeader, location="headers")
    @blueprint.arguments(ReferralArguments, location="json")
    @blueprint.response(200, ReferralShape)
    def patch(
        self, query: dict[str, Any], headers: dict[str, Any], values: dict[str, Any], id: str
    ) -> Response:
        """Change a draft: the fields that are named are replaced; null takes back what may be left out."""
        house, lang, version = rooms(), language_of(query), _version(headers)
        needs = {need.slug for need in house.needs}
        with house.database.unit_of_work() as session:
            view = composing.change(
                session,
                house.vault,
                asking(),
                id,
                values,
                version=version,
                needs=needs,
                now=house.clock(),
            )
            session.commit()
        return _referral(view, lang)

    @blueprint.arguments(LanguageOfNames, location="query")
    @blueprint.arguments(VersionHeader, location="headers")
    @blueprint.response(200, ReferralShape)
    def delete(self, query: dict[str, Any], headers: dict[str, Any], id: str) -> Response:
        """Erase all that was written of it, for the client who asks for that. One that is open is cancelled."""
        house, lang, version = rooms(), language_of(query), _version(headers)
        with house.database.unit_of_work() as session:
            view = rights.erase(session, house.vault, asking(), id, version=version, now=house.clock())
            _forget_erased(session, house, view)
            session.commit()
        return _referral(view, lang)


@blueprint.route("/<id>/export")
class Export(MethodView):
    @blueprint.arguments(LanguageOfNames, location="query")
    @blueprint.response(200, ExportShape)
    def get(self, query: dict[str, Any], id: str) -> Response:
        """A copy of all that is kept of it and that you may see, for the client who asks for it. That is an event."""
        house, lang = rooms(), language_of(query)
        with house.database.unit_of_work() as session:
            copy = rights.export(session, house.vault, asking(), id, now=house.clock())
            session.commit()
        return _json(copy | {"referral": _in_words(copy["referral"], lang)})


@blueprint.route("/<id>/transitions")
class Transitions(MethodView):
    @blueprint.arguments(LanguageOfNames, location="query")
    @blueprint.arguments(VersionHeader, location="headers")
    @blueprint.arguments(StepArguments, location="json")
    @blueprint.response(200, ReferralShape)
    def post(
        self, query: dict[str, Any], headers: dict[str, Any], values: dict[str, Any], id: str
    ) -> Response:
        """Bring it to another status. The step that sends a carried one answers its code, once."""
        house, lang, version = rooms(), language_of(query), _version(headers)
        with house.database.unit_of_work() as session:
            sent = referring.take_step(
                session, house.vault, asking(), id, values, version=version, now=house.clock()
            )
            more = _carried(session, house, sent, lang)
            _forget_erased(session, house, sent.view)
            session.commit()
        return _referral(sent.view, lang, more)


@blueprint.route("/<id>/consent")
class Consent(MethodView):
    @blueprint.arguments(LanguageOfNames, location="query")
    @blueprint.arguments(VersionHeader, location="headers")
    @blueprint.response(200, ReferralShape)
    def delete(self, query: dict[str, Any], headers: dict[str, Any], id: str) -> Response:
        """The client takes consent back: all that was written is erased, and the receiver sees nothing any more."""
        house, lang, version = rooms(), language_of(query), _version(headers)
        with house.database.unit_of_work() as session:
            view = referring.withdraw_consent(
                session, house.vault, asking(), id, version=version, now=house.clock()
            )
            _forget_erased(session, house, view)
            session.commit()
        return _referral(view, lang)


@blueprint.route("/<id>/events")
class Events(MethodView):
    @blueprint.response(200, EventList)
    def get(self, id: str) -> Response:
        """Who did what with it when, in order; for the receiver from when it was sent."""
        house = rooms()
        with house.database.reading() as session:
            found = seeing.events(session, asking(), id, now=house.clock())
        return _json({"events": [asdict(event) for event in found]})


@blueprint.route("/<id>/messages")
class Messages(MethodView):
    @blueprint.response(200, MessageList)
    def get(self, id: str) -> Response:
        """What the partners wrote to each other, and the notes of steps. That it was read is an event."""
        house = rooms()
        with house.database.unit_of_work() as session:
            found = referring.read_messages(session, house.vault, asking(), id, now=house.clock())
            session.commit()
        return _json({"messages": [asdict(message) for message in found]})

    @blueprint.arguments(MessageArguments, location="json")
    @blueprint.response(201, MessageShape)
    def post(self, values: dict[str, Any], id: str) -> Response:
        """Write to the other partner about it."""
        house = rooms()
        with house.database.unit_of_work() as session:
            written = referring.write_message(session, house.vault, asking(), id, values, now=house.clock())
            session.commit()
        return _json(asdict(written), 201)


def _version(headers: Mapping[str, str]) -> int:
    """The version that If-Match names; one that is no version of anything where it names another thing."""
    named = headers.get("if_match", "*").strip()
    if named == "*":
        raise VersionNotNamed("Send the ETag of the referral as you read it as If-Match.")
    found = _VERSION.fullmatch(named)
    return int(found[1]) if found else _NO_VERSION


def _forget_erased(session: Session, house: Rooms, view: View) -> None:
    """What is erased is told by no kept answer either."""
    if view.erased_at is not None:
        idempotency.blank(session, house.vault, _location(view.id), ERASED)


def _location(id: UUID) -> str:
    return f"{blueprint.url_prefix}/{id}"


def _tag(view: View) -> str:
    return f'"{view.version}"'


def _carried(session: Session, house: Rooms, sent: Sent, lang: str) -> dict[str, Any]:
    """Code, picture and card, where this very request has made the code."""
    if sent.code is None:
        return {}
    where = carried.where_of(session, sent.view.service.id, day_of(house.clock()))
    card = carried.card(sent.code, where, sent.view.appointment_at, lang)
    return {"carried": {"code": sent.code, "qr_svg": carried.qr_svg(sent.code), "card_html": card}}


def _told(view: View, lang: str) -> dict[str, Any]:
    return _in_words(asdict(view) | {"your_part": sorted(view.your_part)}, lang)


def _in_words(fields: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """As it looks in an answer; names in the language, by the stated order of fallback."""
    told: dict[str, Any] = {
        field: value.astimezone(UTC) if isinstance(value, datetime) else value
        for field, value in fields.items()
    }
    service = told["service"]
    name = pick(service["names"], lang)
    told["service"] = {"id": service["id"], "slug": service["slug"], "name": name and name[1]}
    return told


def _referral(view: View, lang: str, more: Mapping[str, Any] | None = None) -> Response:
    response = _json(_told(view, lang) | dict(more or {}))
    response.headers["ETag"] = _tag(view)
    return response


def _json(body: Mapping[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, mimetype="application/json")

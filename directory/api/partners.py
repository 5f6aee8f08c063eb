"""Partners: which organizations take part, and for what in the directory they answer. For admins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from sqlmodel import Session

from directory.api.members import own_partner
from directory.api.partner_shapes import (
    OwnPartnerChange,
    OwnPartnerShape,
    PartnerArguments,
    PartnerChange,
    PartnerList,
    PartnerShape,
)
from directory.api.rooms import language_of_request, rooms
from directory.languages import pick
from directory.partners import origins, partnering
from directory.partners.models import Partner

blueprint = Blueprint(
    "partners", __name__, url_prefix="/api/v1/partners", description="Who takes part. For admins."
)
own = Blueprint(
    "partner", __name__, url_prefix="/api/v1/partner", description="Your own partner. For coordinators."
)


@blueprint.route("")
class Partners(MethodView):
    @blueprint.response(200, PartnerList)
    def get(self) -> dict[str, Any]:
        """All partners, also disabled ones, by slug."""
        with rooms().database.reading() as session:
            return {"partners": _told(session, partnering.partners(session))}

    @blueprint.arguments(PartnerArguments, location="json")
    @blueprint.response(201, PartnerShape)
    def post(self, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Let another organization take part."""
        house = rooms()
        with house.database.unit_of_work() as session:
            sites = values.pop("origins")
            partner = partnering.add_partner(session, **values, now=house.clock())
            _let_hold(session, partner, sites)
            (told,) = _told(session, [partner])
            session.commit()
        return told, {"Location": f"{blueprint.url_prefix}/{partner.id}"}


@blueprint.route("/<id>")
class OnePartner(MethodView):
    @blueprint.arguments(PartnerChange, location="json")
    @blueprint.response(200, PartnerShape)
    def patch(self, values: dict[str, Any], id: str) -> dict[str, Any]:
        """Rename it, change what it answers for and which sites may hold its widget, disable it or let it take part
        again; by its id or slug."""
        house = rooms()
        with house.database.unit_of_work() as session:
            partner = partnering.partner_of(session, id)
            if "name" in values:
                partnering.rename(session, partner, values["name"])
            if "organizations" in values:
                _answer_for(session, partner, values["organizations"], house.clock())
            if "origins" in values:
                _let_hold(session, partner, values["origins"])
            if "active" in values:
                partnering.set_active(session, partner, values["active"], now=house.clock())
            (told,) = _told(session, [partner])
            session.commit()
        return told


@own.route("")
class OwnPartner(MethodView):
    @own.response(200, OwnPartnerShape)
    def get(self) -> dict[str, Any]:
        """Your own partner, the mailbox that mail about referrals goes to, and the sites that may hold its widget."""
        with rooms().database.reading() as session:
            return _told_of_own(own_partner(session))

    @own.arguments(OwnPartnerChange, location="json")
    @own.response(200, OwnPartnerShape)
    def patch(self, values: dict[str, Any]) -> dict[str, Any]:
        """Choose where mail about referrals goes, and which sites may hold the widget. Its name is for admins to
        change."""
        with rooms().database.unit_of_work() as session:
            partner = own_partner(session)
            if "mailbox" in values:
                partnering.set_mailbox(session, partner, values["mailbox"])
            if "origins" in values:
                _let_hold(session, partner, values["origins"])
            session.commit()
        return _told_of_own(partner)


def _told_of_own(partner: Partner) -> dict[str, Any]:
    return {
        "id": partner.id,
        "slug": partner.slug,
        "name": partner.name,
        "mailbox": partner.mailbox,
        "origins": partner.origins,
    }


def _let_hold(session: Session, partner: Partner, sites: Sequence[str]) -> None:
    origins.choose_origins(
        session, partner, sites, on_this_machine=rooms().settings.environment != "production"
    )


def _answer_for(session: Session, partner: Partner, organizations: Sequence[str], now: datetime) -> None:
    """Let it answer for these (slugs or ids), and for no others."""
    has = {
        ref.id: {str(ref.id), ref.slug}
        for ref in partnering.organizations_of(session, [partner.id])[partner.id]
    }
    named = set[str | None]().union(*has.values())
    gone = [id for id, names in has.items() if names.isdisjoint(organizations)]
    partnering.link(session, partner, [one for one in organizations if one not in named], now=now)
    partnering.unlink(session, partner, gone, now=now)


def _told(session: Session, partners: Sequence[Partner]) -> list[dict[str, Any]]:
    lang = language_of_request()
    organizations = partnering.organizations_of(session, [partner.id for partner in partners])
    return [
        {
            "id": partner.id,
            "slug": partner.slug,
            "name": partner.name,
            "active": partner.active,
            "created_at": partner.created_at,
            "organizations": [
                {"id": ref.id, "slug": ref.slug, "name": (pick(ref.names, lang) or (None, None))[1]}
                for ref in organizations[partner.id]
            ],
            "origins": partner.origins,
        }
        for partner in partners
    ]

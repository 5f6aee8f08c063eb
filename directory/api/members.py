"""The people of a partner. For its coordinators, who know of no other partner's people."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint
from sqlmodel import Session

from directory.api.partner_shapes import (
    InvitedShape,
    LinkShape,
    MemberArguments,
    MemberChange,
    MemberList,
    MemberShape,
    ResetArguments,
)
from directory.api.rooms import Rooms, rooms
from directory.errors import Conflict, NotAllowed, NotFound
from directory.identity import asking
from directory.partners import invitations, members
from directory.partners.access import Role
from directory.partners.models import Account, Partner

blueprint = Blueprint(
    "members",
    __name__,
    url_prefix="/api/v1/members",
    description="The people of your own partner. For coordinators.",
)


@blueprint.route("")
class Members(MethodView):
    @blueprint.response(200, MemberList)
    def get(self) -> dict[str, Any]:
        """All members, also disabled ones, by address."""
        with rooms().database.reading() as session:
            found = members.accounts(session, own_partner(session).id)
        return {"members": [_told(account) for account in found]}

    @blueprint.arguments(MemberArguments, location="json")
    @blueprint.response(201, InvitedShape)
    def post(self, values: dict[str, Any]) -> dict[str, Any]:
        """Invite somebody. Hand the invitation over yourself: whoever has it first chooses the password."""
        house = rooms()
        with house.database.unit_of_work() as session:
            account = members.add_account(
                session,
                **values,
                partner=own_partner(session),
                now=house.clock(),
                may_give=members.BY_A_COORDINATOR,
            )
            invitation = link_for(house, session, account)
            session.commit()
        return _told(account) | {"invitation": invitation}


@blueprint.route("/<id>")
class Member(MethodView):
    @blueprint.arguments(MemberChange, location="json")
    @blueprint.response(200, MemberShape)
    def patch(self, values: dict[str, Any], id: str) -> dict[str, Any]:
        """Change what a member may do, whether the member may sign in, or gets mail about referrals."""
        with rooms().database.unit_of_work() as session:
            account = member_at(session, id)
            change(session, account, values.get("roles", account.roles), values.get("active", account.active))
            if "notices" in values:
                members.set_notices(session, account, values["notices"])
            session.commit()
        return _told(account)


@blueprint.route("/<id>/reset")
class Reset(MethodView):
    @blueprint.arguments(ResetArguments, location="json")
    @blueprint.response(200, LinkShape)
    def post(self, values: dict[str, Any], id: str) -> dict[str, Any]:
        """A link by which a member chooses a new password, or the first one. The old password holds until then."""
        house = rooms()
        with house.database.unit_of_work() as session:
            account = member_at(session, id)
            link = link_for(house, session, account, forget_codes=values.get("forget_codes", False))
            session.commit()
        return link


def own_partner(session: Session) -> Partner:
    """The partner of who is asking. Raises NotAllowed where there is none."""
    partner_id = asking().partner_id
    partner = session.get(Partner, partner_id) if partner_id else None
    if partner is None:
        raise NotAllowed("This is for the members of a partner.")
    return partner


def id_in_address(text: str) -> UUID:
    """Raises NotFound for what is none, as for one that does not exist."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound() from None


def member_at(session: Session, id: str, *, lock: bool = True) -> Account:
    """The member of the asker's own partner that an address names. Raises NotFound, NotAllowed."""
    return members.member_of(session, own_partner(session).id, id_in_address(id), lock=lock)


def change(session: Session, account: Account, roles: Collection[str], active: bool) -> None:
    """What a coordinator may change of a member. Raises Conflict, and InvalidInput on ``roles``."""
    if account.id == asking().id and not (active and Role.COORDINATOR in roles):
        raise Conflict(
            "Another coordinator has to do that: nobody takes away what they do it by, "
            "so that every partner keeps a coordinator."
        )
    members.set_roles(session, account, roles, may_give=members.BY_A_COORDINATOR)
    members.set_account_active(session, account, active)


def link_for(
    house: Rooms, session: Session, account: Account, *, forget_codes: bool = False
) -> dict[str, Any]:
    """Where a member chooses a password, and until when: an invitation, or a link for a new one."""
    now = house.clock()
    purpose: invitations.Purpose = "reset" if account.password_hash else "invitation"
    if purpose == "reset":
        token = invitations.reset(session, account, now, forget_codes=forget_codes)
    else:
        token = invitations.invite(session, account, now)
    return {
        "address": invitations.address_of(house.settings.base_url, purpose, token),
        "expires_at": now + invitations.LASTS[purpose],
    }


def _told(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "email": account.email,
        "roles": account.roles,
        "active": account.active,
        "totp": account.totp_confirmed,
        "notices": account.notices,
        "created_at": account.created_at,
    }

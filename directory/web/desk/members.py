"""The people of one's own partner: inviting them, what they may do, and links for a password. For coordinators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from directory.api.members import change, link_for, member_at, own_partner
from directory.api.rooms import rooms
from directory.errors import Conflict, InvalidInput
from directory.identity import asking
from directory.partners import members
from directory.partners.access import Role
from directory.partners.addresses import known_as
from directory.partners.models import Account
from directory.web.desk.frame import DESK
from directory.web.wording import N_
from directory.web.wording import gettext as _

PATH = f"{DESK}/settings/members"
ROLES: Mapping[Role, tuple[str, str]] = {
    Role.COUNSELLOR: (N_("Counsellor"), N_("Refers clients, and answers referrals.")),
    Role.COORDINATOR: (N_("Coordinator"), N_("Does that too, and sees to members, keys and reports.")),
    Role.EDITOR: (N_("Editor"), N_("Keeps the entries of your own services up to date.")),
    Role.STEWARD: (N_("Steward"), N_("Keeps all entries of the directory up to date.")),
    Role.ADMIN: (N_("Administrator"), N_("Sees to the partners of the platform.")),
}
_LONGEST = 320  # characters of an address that are looked at

blueprint = Blueprint("desk_members", __name__, url_prefix=PATH)


@blueprint.app_template_filter()
def role_name(role: str) -> str:
    return _(ROLES[Role(role)][0])


@blueprint.get("")
def all_members() -> str:
    return _list()


@blueprint.post("")
def invite() -> tuple[str, int]:
    """The invitation is shown this once, for the coordinator to hand over."""
    house = rooms()
    email, roles = request.form.get("email", "")[:_LONGEST].strip(), request.form.getlist("roles")
    try:
        with house.database.unit_of_work() as session:
            account = members.add_account(
                session,
                email=email,
                roles=roles,
                partner=own_partner(session),
                now=house.clock(),
                may_give=members.BY_A_COORDINATOR,
            )
            link = link_for(house, session, account)
            session.commit()
    except InvalidInput as error:
        return _list({name: [_sentence(name)] for name in error.errors}, email, roles), 422
    except Conflict:
        return _list({"email": [_taken(email)]}, email, roles), 422
    return _handed_over(account, link), 201


@blueprint.get("/<id>")
def member(id: str) -> str:
    with rooms().database.reading() as session:
        account = member_at(session, id, lock=False)
    return _one(account)


@blueprint.post("/<id>")
def change_member(id: str) -> tuple[str, int] | AnyResponse:
    roles, active = request.form.getlist("roles"), request.form.get("active") == "yes"
    errors: dict[str, list[str]] = {}
    with rooms().database.unit_of_work() as session:
        account = member_at(session, id)
        try:
            change(session, account, roles, active)
            session.commit()
        except InvalidInput as error:
            errors = {name: [_sentence(name)] for name in error.errors}
        except Conflict:
            errors = {
                "roles": [
                    _(
                        "Another coordinator has to do that, so that there is always one: "
                        "you can't take away from yourself what you do this by."
                    )
                ]
            }
    if errors:
        with rooms().database.reading() as session:
            account = member_at(session, id, lock=False)
        return _one(account, errors, roles, active), 422
    return redirect(f"{PATH}?done=changed", 303)


@blueprint.post("/<id>/reset")
def reset(id: str) -> tuple[str, int]:
    """A link for a new password, or the first one; shown this once. The old password holds until it is used."""
    house = rooms()
    forget_codes = request.form.get("forget_codes") == "true"
    try:
        with house.database.unit_of_work() as session:
            account = member_at(session, id)
            link = link_for(house, session, account, forget_codes=forget_codes)
            session.commit()
    except Conflict:
        with house.database.reading() as session:
            account = member_at(session, id, lock=False)
        shut = _("This member may not sign in. Let the member sign in again first.")
        return _one(account, {"forget_codes": [shut]}), 422
    return _handed_over(account, link), 201


def _list(errors: dict[str, list[str]] | None = None, email: str = "", roles: list[str] | None = None) -> str:
    with rooms().database.reading() as session:
        found = members.accounts(session, own_partner(session).id)
    return render_template(
        "desk/members.html",
        members=found,
        # Whose roles no coordinator gives is seen to by those who run the platform.
        ours=[one.id for one in found if set(one.roles) <= members.BY_A_COORDINATOR],
        choices=_choices(),
        email=email,
        roles=roles if errors else [Role.COUNSELLOR],
        errors=errors or {},
        wide=True,
        done=_("The member is changed.") if request.args.get("done") == "changed" else "",
    )


def _one(
    account: Account,
    errors: dict[str, list[str]] | None = None,
    roles: list[str] | None = None,
    active: bool | None = None,
) -> str:
    return render_template(
        "desk/member.html",
        member=account,
        is_me=account.id == asking().id,
        choices=_choices(),
        roles=account.roles if roles is None else roles,
        active=account.active if active is None else active,
        errors=errors or {},
    )


def _handed_over(account: Account, link: dict[str, Any]) -> str:
    return render_template("desk/link.html", member=account, link=link)


def _taken(email: str) -> str:
    with rooms().database.reading() as session:
        ours = members.accounts(session, own_partner(session).id)
    if known_as(email) in [account.email for account in ours]:
        return _("This is a member already: choose “Change” above to make a new link.")
    return _("There is an account with this address already. Nobody is invited twice.")


def _choices() -> list[tuple[str, str, str]]:
    return [
        (role, _(name), _(what)) for role, (name, what) in ROLES.items() if role in members.BY_A_COORDINATOR
    ]


def _sentence(field: str) -> str:
    if field == "email":
        return _("Write an address such as kari@example.org.")
    return _("Choose one role or more.")

"""The keys by which a partner's own systems ask. For coordinators."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from directory.api.keys import key_at
from directory.api.members import own_partner
from directory.api.rooms import rooms
from directory.errors import Conflict, InvalidInput
from directory.partners import keys
from directory.partners.access import Scope
from directory.partners.models import ApiKey
from directory.web.desk.frame import DESK
from directory.web.wording import N_
from directory.web.wording import gettext as _

PATH = f"{DESK}/settings/keys"
SCOPES: Mapping[Scope, tuple[str, str]] = {
    Scope.REFERRALS_READ: (N_("Read referrals"), N_("Those that your partner sent or received.")),
    Scope.REFERRALS_WRITE: (N_("Send and answer referrals"), ""),
    Scope.CATALOGUE_WRITE: (N_("Change entries of your own services"), ""),
}
STATES: Mapping[str, tuple[str, str]] = {
    "active": (N_("In use"), "success"),
    "ending": (N_("Ends soon"), "warning"),
    "ended": (N_("Has ended"), "neutral"),
    "revoked": (N_("Revoked"), "neutral"),
}
_LONGEST = 1000  # characters of a label that are looked at

blueprint = Blueprint("desk_keys", __name__, url_prefix=PATH)


@blueprint.get("")
def all_keys() -> str:
    return _list()


@blueprint.post("")
def create() -> tuple[str, int]:
    house = rooms()
    label, scopes = request.form.get("label", "")[:_LONGEST], request.form.getlist("scopes")
    try:
        with house.database.unit_of_work() as session:
            key, text = keys.create(
                session, own_partner(session), label=label, scopes=scopes, now=house.clock()
            )
            session.commit()
    except InvalidInput as error:
        sentences = {
            "label": _("Write what uses the key, in at most %(longest)s characters.")
            % {"longest": keys.LONGEST_LABEL},
            "scopes": _("Choose what the key may do."),
        }
        return _list({name: [sentences[name]] for name in error.errors}, label, scopes), 422
    return _shown(key, text), 201


@blueprint.post("/<id>/rotate")
def rotate(id: str) -> tuple[str, int] | AnyResponse:
    """The old key goes on for a while, so that nothing stands still while the new one is put in its place."""
    house = rooms()
    days = request.form.get("overlap_days", "")
    overlap = timedelta(days=int(days)) if days.isdecimal() and len(days) < 4 else keys.OVERLAP
    try:
        with house.database.unit_of_work() as session:
            key, text = keys.rotate(session, key_at(session, id), now=house.clock(), overlap=overlap)
            session.commit()
    except Conflict:
        return redirect(f"{PATH}?done=dead", 303)
    return _shown(key, text), 201


@blueprint.post("/<id>/revoke")
def revoke(id: str) -> AnyResponse:
    house = rooms()
    try:
        with house.database.unit_of_work() as session:
            keys.revoke(session, key_at(session, id), now=house.clock())
            session.commit()
    except Conflict:
        return redirect(f"{PATH}?done=dead", 303)
    return redirect(f"{PATH}?done=revoked", 303)


@blueprint.app_template_filter()
def scope_name(scope: str) -> str:
    return _(SCOPES[Scope(scope)][0])


def _list(
    errors: dict[str, list[str]] | None = None, label: str = "", scopes: list[str] | None = None
) -> str:
    house = rooms()
    now = house.clock()
    with house.database.reading() as session:
        found = keys.keys_of(session, own_partner(session).id)
    done = {
        "revoked": _("The key is revoked: it opens nothing any more."),
        "dead": _("That key had ended already."),
    }.get(request.args.get("done", ""), "")
    rows = [(key, keys.state(key, now)) for key in reversed(found)]
    return render_template(
        "desk/keys.html",
        keys=[
            (key, _(STATES[state][0]), STATES[state][1], state in ("active", "ending")) for key, state in rows
        ],
        choices=[(scope, _(name), what and _(what)) for scope, (name, what) in SCOPES.items()],
        label=label,
        scopes=scopes or [],
        overlap=keys.OVERLAP.days,
        errors=errors or {},
        wide=True,
        done=done,
    )


def _shown(key: ApiKey, text: str) -> str:
    return render_template("desk/key.html", key=key, text=text)

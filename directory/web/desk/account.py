"""One's own account: one-time codes, and whether mail about referrals comes."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from directory.api.rooms import rooms
from directory.api.session import drawn
from directory.errors import Conflict, InvalidInput, TooManyAttempts
from directory.identity import asking
from directory.partners import members, one_time_codes
from directory.partners.models import Account, Partner
from directory.web.desk.frame import DESK, desk_seconds_left
from directory.web.wording import gettext as _

PATH = f"{DESK}/account"
CODES = f"{PATH}/codes"

blueprint = Blueprint("desk_account", __name__, url_prefix=PATH)


@blueprint.get("")
def account() -> str:
    """Who one is here, and what one can choose for oneself."""
    with rooms().database.reading() as session:
        found = session.get_one(Account, asking().id)
        partner = session.get(Partner, found.partner_id) if found.partner_id else None
    done = {
        "notices": _("It is noted who gets mail."),
        "codes-on": _("From now on a one-time code is asked for when you sign in."),
        "codes-off": _("No one-time code is asked for any more when you sign in."),
    }.get(request.args.get("done", ""))
    return render_template("desk/account.html", account=found, partner=partner, done=done)


@blueprint.post("/here")
def stay() -> dict[str, int]:
    """From a page that is open and about to outlive the sign-in: that somebody is there is all that it says."""
    return {"seconds": desk_seconds_left()}


@blueprint.post("/notices")
def choose_notices() -> AnyResponse:
    with rooms().database.unit_of_work() as session:
        found = session.get_one(Account, asking().id)
        members.set_notices(session, found, request.form.get("notices", ""))
        session.commit()
    return redirect(f"{PATH}?done=notices", 303)


@blueprint.get("/codes")
def codes() -> str:
    """Begin with one-time codes, confirm what was begun, or switch them off: whichever comes next."""
    return _codes()


@blueprint.post("/codes")
def begin_codes() -> AnyResponse:
    """Another secret, in place of one that was never confirmed."""
    house = rooms()
    with house.database.unit_of_work() as session:
        try:
            one_time_codes.start(session, house.vault, asking().id)
        except Conflict:  # they are on: the page says so
            return redirect(CODES, 303)
        session.commit()
    return redirect(CODES, 303)


@blueprint.post("/codes/confirm")
def confirm_codes() -> tuple[str, int] | AnyResponse:
    house = rooms()
    try:
        with house.database.unit_of_work() as session:
            code = request.form.get("code", "")
            one_time_codes.confirm(session, house.vault, asking().id, code, house.clock())
            session.commit()
    except InvalidInput:
        return _codes({"code": [_wrong()]}), 422
    except Conflict:
        return redirect(CODES, 303)
    return redirect(f"{PATH}?done=codes-on", 303)


@blueprint.post("/codes/off")
def end_codes() -> tuple[str, int] | AnyResponse:
    house = rooms()
    try:
        code = request.form.get("code", "")
        one_time_codes.remove(house.database, house.vault, asking().id, code, house.clock())
    except InvalidInput:
        return _codes({"code": [_wrong()]}), 422
    except TooManyAttempts:
        return _codes({"code": [_("There were too many wrong codes. Wait a quarter of an hour.")]}), 429
    except Conflict:
        return redirect(CODES, 303)
    return redirect(f"{PATH}?done=codes-off", 303)


def _codes(errors: dict[str, list[str]] | None = None) -> str:
    house = rooms()
    with house.database.reading() as session:
        found = session.get_one(Account, asking().id)
    begun = one_time_codes.started(house.vault, found)
    return render_template(
        "desk/codes.html",
        account=found,
        begun=begun,
        picture=Markup(drawn(begun.uri)) if begun else "",  # nosec B704: drawn by us, of squares
        errors=errors or {},
    )


def _wrong() -> str:
    return _("Write the six digits that your device shows now.")

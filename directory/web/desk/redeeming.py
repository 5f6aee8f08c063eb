"""The code that a client has brought: whoever answers for the service takes the referral over. Who guesses waits."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request

from directory.api.rooms import rooms
from directory.errors import NotFound, TooManyAttempts
from directory.identity import asking
from directory.partners import lockout
from directory.referrals import referring
from directory.web.wording import gettext, ngettext

blueprint = Blueprint("desk_redeem", __name__, url_prefix="/desk/redeem")


@blueprint.get("")
def form() -> str:
    return render_template("desk/redeem.html", errors={}, code="")


@blueprint.post("")
def redeem() -> Any:
    house, identity, now = rooms(), asking(), rooms().clock()
    code = request.form.get("code", "")[:100]
    if identity.partner_id is None:
        raise NotFound
    counts = lockout.of_redeeming(house.vault, identity.partner_id, identity.id)
    try:
        with house.database.unit_of_work() as session:
            lockout.attempt(session, counts, now)
            session.commit()
        with house.database.unit_of_work() as session:
            view = referring.redeem(session, house.vault, identity, code, now=now)
            lockout.succeeded(session, counts, now)
            session.commit()
    except NotFound:
        unknown = gettext(
            "No referral to you has this code. Look at each letter again; a code works once, and for half a year."
        )
        return _again(code, unknown), 404
    except TooManyAttempts as error:
        minutes = -(-error.wait // 60)
        wait = ngettext(
            "Too many wrong codes. Wait a minute, then try again.",
            "Too many wrong codes. Wait %(minutes)s minutes, then try again.",
            minutes,
        ) % {"minutes": minutes}
        return _again(code, wait), 429, {"Retry-After": str(error.wait)}
    return redirect(f"/desk/referrals/{view.id}?done=redeemed", 303)


def _again(code: str, message: str) -> str:
    return render_template("desk/redeem.html", errors={"code": [message]}, code=code)

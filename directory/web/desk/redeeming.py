"""The code that a client has brought: whoever answers for the service takes the referral over. Who guesses waits."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request
from sqlmodel import Session

from directory.api.rooms import rooms
from directory.errors import NotFound, TooManyAttempts
from directory.identity import asking
from directory.partners import lockout
from directory.referrals import referring
from directory.web.desk import once
from directory.web.wording import gettext, ngettext

blueprint = Blueprint("desk_redeem", __name__, url_prefix="/desk/redeem")


@blueprint.get("")
def form() -> str:
    return render_template("desk/redeem.html", errors={}, code="", once=once.new_key())


@blueprint.post("")
def redeem() -> Any:
    house, identity, now = rooms(), asking(), rooms().clock()
    code = request.form.get("code", "")[:100]
    if identity.partner_id is None:
        raise NotFound
    counts = lockout.of_redeeming(house.vault, identity.partner_id, identity.id)

    def work(session: Session) -> dict[str, str]:
        view = referring.redeem(session, house.vault, identity, code, now=now)
        lockout.succeeded(session, counts, now)
        return {"go": f"/desk/referrals/{view.id}?done=redeemed"}

    try:
        with house.database.unit_of_work() as session:
            lockout.attempt(session, counts, now)
            session.commit()
        made = once.done_once(now, work)
    except once.SentTwice as error:
        return _again(code, once.told(error)[0]), 409
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
    return redirect(made["go"], 303)


def _again(code: str, message: str) -> str:
    return render_template("desk/redeem.html", errors={"code": [message]}, code=code, once=once.new_key())

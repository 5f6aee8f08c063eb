"""What a coordinator sees to: the partner's mailbox, and the ways to its members, keys and webhooks."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from directory.api.members import own_partner
from directory.api.rooms import rooms
from directory.errors import InvalidInput
from directory.partners import partnering
from directory.partners.addresses import LONGEST
from directory.web.desk.frame import DESK
from directory.web.wording import gettext as _

PATH = f"{DESK}/settings"

blueprint = Blueprint("desk_settings", __name__, url_prefix=PATH)


@blueprint.get("")
def settings() -> str:
    return _page()


@blueprint.post("/mailbox")
def choose_mailbox() -> tuple[str, int] | AnyResponse:
    """Empty: mail goes to the members again."""
    typed = request.form.get("mailbox", "")[: LONGEST + 1].strip()
    try:
        with rooms().database.unit_of_work() as session:
            partnering.set_mailbox(session, own_partner(session), typed or None)
            session.commit()
    except InvalidInput:
        wrong = _("Write an address such as mottak@example.org, or leave the field empty.")
        return _page({"mailbox": [wrong]}, typed), 422
    return redirect(f"{PATH}?done=mailbox", 303)


def _page(errors: dict[str, list[str]] | None = None, typed: str = "") -> str:
    with rooms().database.reading() as session:
        partner = own_partner(session)
        organizations = partnering.organizations_of(session, [partner.id])[partner.id]
    return render_template(
        "desk/settings.html",
        partner=partner,
        organizations=organizations,
        mailbox=typed if errors else partner.mailbox or "",
        errors=errors or {},
        done=_("The mailbox is saved.") if request.args.get("done") == "mailbox" else "",
    )

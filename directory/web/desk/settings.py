"""What a coordinator sees to: the partner's mailbox, the sites that hold its widget, and the ways to its members, keys
and webhooks."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from directory.api.members import own_partner
from directory.api.rooms import rooms
from directory.errors import InvalidInput
from directory.partners import partnering
from directory.partners.addresses import LONGEST
from directory.partners.origins import MOST, check_origins, choose_origins
from directory.web.desk.frame import DESK
from directory.web.wording import gettext as _

PATH = f"{DESK}/settings"
LONGEST_LIST = 10_000  # characters that are looked at

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
        return _page({"mailbox": [wrong]}, mailbox=typed), 422
    return redirect(f"{PATH}?done=mailbox", 303)


@blueprint.post("/origins")
def choose_sites() -> tuple[str, int] | AnyResponse:
    """One a line."""
    typed = request.form.get("origins", "")[:LONGEST_LIST]
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    here = rooms().settings.environment != "production"
    if odd := [line for line in lines if not _is_a_site(line, here)]:
        wrong = _("Write each site on a line of its own, such as https://www.example.org. Not: %(sites)s")
        return _page({"origins": [wrong % {"sites": ", ".join(odd)}]}, origins=typed), 422
    try:
        with rooms().database.unit_of_work() as session:
            choose_origins(session, own_partner(session), lines, on_this_machine=here)
            session.commit()
    except InvalidInput:
        wrong = _("There is room for %(number)s sites.") % {"number": MOST}
        return _page({"origins": [wrong]}, origins=typed), 422
    return redirect(f"{PATH}?done=origins", 303)


def _is_a_site(line: str, here: bool) -> bool:
    try:
        return bool(check_origins([line], on_this_machine=here))
    except InvalidInput:
        return False


def _page(errors: dict[str, list[str]] | None = None, **typed: str) -> str:
    with rooms().database.reading() as session:
        partner = own_partner(session)
        organizations = partnering.organizations_of(session, [partner.id])[partner.id]
    done = {"mailbox": _("The mailbox is saved."), "origins": _("The sites are saved.")}
    return render_template(
        "desk/settings.html",
        partner=partner,
        organizations=organizations,
        mailbox=typed.get("mailbox", partner.mailbox or ""),
        origins=typed.get("origins", "\n".join(partner.origins)),
        errors=errors or {},
        done=done.get(request.args.get("done", ""), ""),
    )

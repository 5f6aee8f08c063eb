"""The first page of the desk: what waits for somebody's partner today, and what is new. And all that is due."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from directory.api.rooms import rooms
from directory.identity import asking
from directory.partners.access import READ_REFERRALS
from directory.referrals import seeing
from directory.referrals.due import due_list
from directory.web.desk.boxes import OPEN

blueprint = Blueprint("desk", __name__, url_prefix="/desk", template_folder="../templates")

SHOWN = 5  # of each list on the first page
MOST = 100  # that are counted: beyond, there are "more than"


@blueprint.get("")
def home() -> str:
    """Who may read no referrals is led on to what else there is."""
    house, identity = rooms(), asking()
    if not identity.may(READ_REFERRALS, None):
        return render_template("desk/home.html", reads=False)
    now = house.clock()
    with house.database.reading() as session:
        waiting = due_list(session, house.vault, identity, now, per_page=MOST)
        new = seeing.list_referrals(
            session, house.vault, identity, now=now, box="in", status=("requested",), per_page=MOST
        )
        sent = seeing.list_referrals(
            session, house.vault, identity, now=now, box="out", status=OPEN, per_page=MOST
        )
    known = {view.id for view in waiting.items}
    return render_template(
        "desk/home.html",
        reads=True,
        due=waiting.items[:SHOWN],
        new=[view for view in new.items if view.received_at is None and view.id not in known][:SHOWN],
        counts=[_count(waiting), _count(new), _count(sent)],
    )


@blueprint.get("/due")
def due() -> str:
    house, now = rooms(), rooms().clock()
    with house.database.reading() as session:
        page = due_list(session, house.vault, asking(), now, cursor=request.args.get("cursor"))
    return render_template(
        "desk/due.html",
        items=page.items,
        cursor=page.cursor,
        later=bool(request.args.get("cursor")),
        wide=True,
    )


def _count(page: seeing.Page) -> str:
    """How many there are, as far as they are counted."""
    return f"{MOST}+" if page.cursor else str(len(page.items))

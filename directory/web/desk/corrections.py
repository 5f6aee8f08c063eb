"""Mistakes in entries, as anyone reported them: a steward looks at each, mends the entry or not, and says which."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from directory.api.members import id_in_address
from directory.api.rooms import rooms
from directory.catalogue import corrections
from directory.catalogue.corrections import DECISIONS, STATES
from directory.errors import Conflict, NotFound
from directory.web.corrections import WHAT_IS_WRONG
from directory.web.desk.frame import DESK
from directory.web.wording import N_
from directory.web.wording import gettext as _

PATH = f"{DESK}/corrections"
PER_PAGE = 50

blueprint = Blueprint("desk_corrections", __name__, url_prefix=PATH)

STATE = {"open": N_("Waiting"), "mended": N_("Mended"), "declined": N_("Declined")}
DONE = {
    "mended": N_("It is noted that the mistake is mended."),
    "declined": N_("It is noted that nothing is to be changed."),
}


@blueprint.get("")
def listed() -> str:
    """``state`` and ``page`` of the query; anything that is none is the first."""
    done = request.args.get("done", "")
    return _page(done=_(DONE[done]) if done in DONE else "")


@blueprint.post("/<id>")
def decide(id: str) -> Response | tuple[str, int]:
    house, state = rooms(), request.form.get("state", "")
    if state not in DECISIONS:
        raise NotFound
    try:
        with house.database.unit_of_work() as session:
            corrections.decide(session, id_in_address(id), state, house.clock())
            session.commit()
    except Conflict:
        return _page(warning=_("Somebody else has decided this already.")), 409
    return redirect(f"{PATH}?done={state}", 303)


def _page(*, done: str = "", warning: str = "") -> str:
    chosen = request.args.get("state", "")
    state = chosen if chosen in STATES else STATES[0]
    number = request.args.get("page", 1, type=int)
    number = number if 1 <= number <= 100_000 else 1
    with rooms().database.reading() as session:
        found, total = corrections.corrections(session, state, page=number, per_page=PER_PAGE)
    further = f"{PATH}?{urlencode({'state': state, 'page': number + 1})}"
    return render_template(
        "desk/corrections.html",
        found=found,
        state=state,
        states=[(code, _(word)) for code, word in STATE.items()],
        about={code: _(word) for code, word in WHAT_IS_WRONG.items()},
        later=number > 1,
        further=further if number * PER_PAGE < total else None,
        done=done,
        warning=warning,
        wide=True,
    )

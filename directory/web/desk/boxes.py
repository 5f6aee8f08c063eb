"""What a partner has received and what it has sent, the newest first. Nothing that was written stands in a list."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlencode

from flask import Blueprint, render_template, request

from directory.api.rooms import rooms
from directory.identity import asking
from directory.referrals import seeing
from directory.referrals.lifecycle import FINAL, STATUSES
from directory.web.desk.one_referral import done
from directory.web.desk.saying import choices

blueprint = Blueprint("desk_boxes", __name__, url_prefix="/desk")

OPEN = tuple(status for status in STATUSES if status not in FINAL)
_GROUPS = {"open": OPEN, "ended": tuple(status for status in STATUSES if status in FINAL)}
PER_PAGE = 25


@blueprint.get("/in")
def received() -> str:
    return _box("in", tuple(status for status in STATUSES if status != "draft"))


@blueprint.get("/out")
def sent() -> str:
    return _box("out", STATUSES)


def _box(box: Literal["in", "out"], statuses: tuple[str, ...]) -> str:
    """``status`` of the query: one of them, or open or ended for all such; anything else is all."""
    chosen = request.args.get("status", "")
    shown = _GROUPS.get(chosen) or ((chosen,) if chosen in statuses else ())
    house = rooms()
    now = house.clock()
    with house.database.reading() as session:
        page = seeing.list_referrals(
            session,
            house.vault,
            asking(),
            now=now,
            box=box,
            status=shown,
            cursor=request.args.get("cursor"),
            per_page=PER_PAGE,
        )
    kept = {"status": chosen} if shown else {}
    older = f"/desk/{box}?{urlencode(kept | {'cursor': page.cursor})}" if page.cursor else None
    newest = f"/desk/{box}?{urlencode(kept)}".rstrip("?") if request.args.get("cursor") else None
    return render_template(
        "desk/boxes.html",
        box=box,
        items=page.items,
        chosen=chosen if shown else "",
        statuses=choices("status", statuses),
        older=older,
        newest=newest,
        done=done(request.args.get("done", "")),
        wide=True,
    )

"""The one-time link of a mail, by which whoever receives a referral confirms that it came. Nothing else can be done by
it, and nothing is told of the referral.
"""

from __future__ import annotations

from flask import Blueprint, render_template

from directory.api.rooms import rooms
from directory.errors import NotFound
from directory.identity import refuse_other_sites
from directory.referrals import acknowledging

blueprint = Blueprint("desk_received", __name__, url_prefix="/desk/received")


@blueprint.get("/<token>")
def form(token: str) -> tuple[str, int]:
    """That the link is opened does nothing yet: programs that look at mail open links, too."""
    house = rooms()
    try:
        with house.database.reading() as session:
            acknowledging.check(session, house.vault, token, house.clock())
    except NotFound:
        return render_template("desk/received.html", state="over"), 404
    return render_template("desk/received.html", state="open"), 200


@blueprint.post("/<token>")
def acknowledge(token: str) -> tuple[str, int]:
    house = rooms()
    refuse_other_sites(house.settings)
    try:
        with house.database.unit_of_work() as session:
            acknowledging.acknowledge(session, house.vault, token, house.clock())
            session.commit()
    except NotFound:
        return render_template("desk/received.html", state="over"), 404
    return render_template("desk/received.html", state="done"), 200

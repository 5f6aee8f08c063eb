"""Somebody tells that an entry is wrong. Nothing is kept of who did, and nobody is asked who they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from directory.api.corrections import identity_numbers
from directory.api.rooms import rooms
from directory.catalogue import corrections, reading
from directory.catalogue.corrections import ABOUT, LONGEST
from directory.errors import InvalidInput, NotFound
from directory.languages import pick
from directory.web.corrections import WHAT_IS_WRONG
from directory.web.pages.frame import for_a_client, take_language
from directory.web.wording import gettext as _
from directory.web.wording import page_language

blueprint = Blueprint("pages_mistakes", __name__, url_prefix="/<lang:lang>/services/<id>/mistake")
blueprint.url_value_preprocessor(take_language)
blueprint.after_request(for_a_client)


@blueprint.get("")
def form(id: str) -> tuple[str, int]:
    return _page(id, sent=request.args.get("sent") == "yes")


@blueprint.post("")
def report(id: str) -> tuple[str, int] | Response:
    house = rooms()
    about, text = request.form.get("about"), request.form.get("text")
    try:
        with house.database.unit_of_work() as session:
            made = corrections.report(session, id, about, text, tells_who=identity_numbers, now=house.clock())
            session.commit()
    except InvalidInput as error:
        return _page(id, 422, errors=_told(error.errors, text), about=about, text=text)
    except corrections.TooManyOpen:
        return _page(id, 409, full=True)
    except NotFound:
        return _page(id)
    return redirect(f"/{page_language()}/services/{made.service_id}/mistake?sent=yes", 303)


def _page(id: str, status: int = 200, **said: Any) -> tuple[str, int]:
    house = rooms()
    try:
        with house.database.reading() as session:
            entry = reading.entry(session, id, today=house.clock().date())
    except NotFound:
        return render_template("pages/gone.html"), 404
    return render_template(
        "pages/mistake.html",
        entry=entry,
        name=pick(entry.names, page_language()) or (page_language(), entry.slug),
        choices=[(code, _(WHAT_IS_WRONG[code])) for code in ABOUT],
        longest=LONGEST,
        again=list(request.form.items()) if request.method == "POST" else None,
        **{"errors": {}, "about": None, "text": "", "full": False, "sent": False} | said,
    ), status


def _told(errors: Mapping[str, list[str]], text: str | None) -> dict[str, str]:
    """By field, in words."""
    said = (text or "").strip()
    told = {}
    if "about" in errors:
        told["about"] = _("Choose what is wrong.")
    if "text" in errors:
        if not said:
            told["text"] = _("Write what is wrong, and what is right.")
        elif identity_numbers(said):
            told["text"] = _("This looks like somebody’s identity number. Please take it out.")
        else:
            told["text"] = _("Write at most %(longest)s letters.") % {"longest": LONGEST}
    return told

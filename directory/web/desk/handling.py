"""One referral at the desk: what it says, what can be done with it next, messages, history, and the client's rights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from flask import Blueprint, Response, redirect, request
from sqlmodel import Session

from directory import idempotency
from directory.api.referrals import ERASED
from directory.api.referrals import blueprint as doors
from directory.api.rooms import rooms
from directory.errors import Conflict, IllegalStep, InvalidInput, NotFound, StaleVersion
from directory.identity import asking
from directory.referrals import referring, rights, seeing
from directory.referrals.consent import day_of
from directory.referrals.views import View
from directory.web.desk import carrying, once
from directory.web.desk.filling import instant
from directory.web.desk.mistakes import plainly
from directory.web.desk.one_referral import Attempt, shown
from directory.web.desk.referring import to_mend
from directory.web.wording import gettext

blueprint = Blueprint("desk_referral", __name__, url_prefix="/desk/referrals")


@blueprint.get("/<id>")
def referral(id: str) -> str:
    return shown(id)


@blueprint.post("/<id>/step")
def step(id: str) -> Any:
    """The fields of a step's form stand under the status that it leads to, as rejected.reason."""
    form, to = request.form, request.form.get("to", "")
    typed = {
        field: value.replace("\r\n", "\n")
        for field in ("reason", "note", "outcome", "appointment_at", "revisit_on")
        if (value := form.get(f"{to}.{field}", "").strip())
    }
    told: dict[str, Any] = {"to": to} | typed
    if "appointment_at" in told:
        told["appointment_at"] = instant(told["appointment_at"])
    house, identity, now = rooms(), asking(), rooms().clock()

    def work(session: Session) -> Mapping[str, str]:
        sent = referring.take_step(session, house.vault, identity, id, told, version=_version(), now=now)
        _forget_erased(session, sent.view)
        return carrying.kept(sent) | _where(session, sent.view, "step")

    return _tried(id, work, Attempt(to=to, typed=typed))


@blueprint.post("/<id>/messages")
def write(id: str) -> Any:
    text = request.form.get("text", "").strip().replace("\r\n", "\n")
    house, identity, now = rooms(), asking(), rooms().clock()

    def work(session: Session) -> Mapping[str, str]:
        referring.write_message(session, house.vault, identity, id, {"text": text}, now=now)
        return {"go": f"/desk/referrals/{id}?done=message#messages"}

    return _tried(id, work, Attempt(message=text))


@blueprint.post("/<id>/consent")
def withdraw(id: str) -> Any:
    """The client takes consent back."""
    house, identity, now = rooms(), asking(), rooms().clock()

    def work(session: Session) -> Mapping[str, str]:
        view = referring.withdraw_consent(session, house.vault, identity, id, version=_version(), now=now)
        _forget_erased(session, view)
        return _where(session, view, "withdrawn")

    return _tried(id, work, Attempt(right="consent"))


@blueprint.post("/<id>/erase")
def erase(id: str) -> Any:
    house, identity, now = rooms(), asking(), rooms().clock()

    def work(session: Session) -> Mapping[str, str]:
        view = rights.erase(session, house.vault, identity, id, version=_version(), now=now)
        _forget_erased(session, view)
        return _where(session, view, "erased")

    return _tried(id, work, Attempt(right="erase"))


@blueprint.get("/<id>/export")
def export(id: str) -> Response:
    """All that is kept of it, as a file for the client."""
    house = rooms()
    with house.database.unit_of_work() as session:
        copy = rights.export(session, house.vault, asking(), id, now=house.clock())
        session.commit()
    body = orjson.dumps(copy, option=orjson.OPT_INDENT_2)
    named = {"Content-Disposition": f'attachment; filename="referral-{copy["referral"]["id"]}.json"'}
    return Response(body, headers=named, mimetype="application/json")


def _tried(id: str, work: Callable[[Session], Mapping[str, str]], attempt: Attempt) -> Any:
    """Do it, and lead on; or show the referral as it now is, with what was typed and what is wrong with it."""
    try:
        made = once.done_once(rooms().clock(), work)
    except InvalidInput as error:
        if attempt.to == "requested":  # what a draft lacks is not on this page, but in its form
            return to_mend(id, error.errors) or (shown(id, attempt.with_(notice=_sentences(error))), 422)
        errors = plainly(error.errors, attempt.to)
        return shown(id, attempt.with_(errors=errors, key=once.key_of_form())), 422
    except once.SentTwice as error:
        notice, key = once.told(error)
        return shown(id, attempt.with_(notice=notice, key=key)), 409
    except StaleVersion:
        return shown(id, attempt.with_(notice=_overtaken())), 412
    except IllegalStep:
        return shown(id, attempt.with_(notice=_overtaken())), 409
    except Conflict:
        notice = gettext("Nothing more can be written about this referral.")
        return shown(id, attempt.with_(notice=notice)), 409
    if "code" in made:
        return carrying.page(made["id"], made["code"], request.form.get("card_language", ""))
    return redirect(made["go"], 303)


def _sentences(error: InvalidInput) -> str:
    return " ".join(sentence for told in plainly(error.errors).values() for sentence in told)


def _overtaken() -> str:
    return gettext(
        "This referral has changed since you opened it. Look at how it stands now, and then decide: "
        "what you typed is still here, and nothing of it is saved."
    )


def _where(session: Session, view: View, done: str) -> dict[str, str]:
    """Where to go on to: the referral, unless this took it out of sight."""
    try:
        house = rooms()
        seeing.found(session, asking(), view.id, day_of(house.clock()), lock=False)
    except NotFound:
        return {"go": f"/desk/in?done={done}"}
    return {"go": f"/desk/referrals/{view.id}?done={done}"}


def _version() -> int:
    """The version that the form was made for; 0, which is none, where it names none."""
    typed = request.form.get("version", "")
    return int(typed) if typed.isdecimal() and len(typed) < 10 else 0


def _forget_erased(session: Session, view: View) -> None:
    """What is erased is told by no kept answer either."""
    if view.erased_at is not None:
        idempotency.blank(session, rooms().vault, f"{doors.url_prefix}/{view.id}", ERASED)

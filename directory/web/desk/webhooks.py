"""Where a partner's own systems are told what happens, and what was sent there. For coordinators."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, redirect, render_template, request
from sqlmodel import Session
from werkzeug.wrappers import Response as AnyResponse

from directory.api.members import id_in_address, own_partner
from directory.api.rooms import rooms
from directory.errors import Conflict, InvalidInput
from directory.outbox import endpoints, targets
from directory.outbox.models import WebhookEndpoint
from directory.web.desk.frame import DESK
from directory.web.wording import N_
from directory.web.wording import gettext as _

PATH = f"{DESK}/settings/webhooks"
STATES: Mapping[str, tuple[str, str]] = {
    "waiting": (N_("Waits"), "info"),
    "sent": (N_("Arrived"), "success"),
    "dead": (N_("Given up"), "danger"),
    "dropped": (N_("Not sent"), "neutral"),
}
DONE: Mapping[str, str] = {
    "test": N_("A test is on its way. Look here again in a minute."),
    "on": N_("The webhook is in use again."),
    "off": N_("The webhook is switched off. What happens from now on is lost to it."),
    "removed": N_("The webhook is removed."),
    "again": N_("It is being sent once more."),
    "not-now": N_("Nothing was done: the webhook is switched off, or it waits to be sent already."),
}

blueprint = Blueprint("desk_webhooks", __name__, url_prefix=PATH)


@blueprint.get("")
def all_webhooks() -> str:
    return _list()


@blueprint.post("")
def add() -> tuple[str, int]:
    """The address must lead to the public network: see ``outbox.targets``."""
    house, url = rooms(), request.form.get("url", "")[: targets.LONGEST + 1].strip()
    try:
        with house.database.unit_of_work() as session:
            endpoint, secret = endpoints.add(
                session,
                house.vault,
                own_partner(session),
                url=url,
                resolver=targets.look_up,
                loopback=house.settings.webhooks_to_this_machine,
                now=house.clock(),
            )
            session.commit()
    except InvalidInput:
        wrong = _(
            "Write an https address that can be reached from everywhere, without user name or password in it, "
            "such as https://hooks.example.org/veiviser."
        )
        return _list({"url": [wrong]}, url), 422
    except Conflict:
        enough = _(
            "There is a webhook with this address already, or there are %(most)s, which is as many as can be."
        )
        return _list({"url": [enough % {"most": endpoints.MOST}]}, url), 422
    return _shown(endpoint, secret), 201


@blueprint.get("/<id>")
def webhook(id: str) -> str:
    with rooms().database.reading() as session:
        endpoint = _at(session, id, lock=False)
        sent = endpoints.deliveries(session, endpoint)
    done = DONE.get(request.args.get("done", ""), "")
    return render_template(
        "desk/webhook.html",
        endpoint=endpoint,
        because=_("It answered that it is gone (410).")
        if endpoint.disabled_because == endpoints.GONE
        else "",
        deliveries=[(one, _(STATES[one.state][0]), STATES[one.state][1]) for one in sent],
        hours=int(endpoints.OVERLAP.total_seconds() // 3600),
        wide=True,
        done=done and _(done),
    )


@blueprint.post("/<id>/rotate")
def rotate(id: str) -> tuple[str, int]:
    """For a while messages are signed by both secrets, so that none is refused meanwhile."""
    house = rooms()
    with house.database.unit_of_work() as session:
        endpoint = _at(session, id)
        secret = endpoints.rotate(session, house.vault, endpoint, now=house.clock())
        session.commit()
    return _shown(endpoint, secret), 201


@blueprint.post("/<id>/test")
def test(id: str) -> AnyResponse:
    now = rooms().clock()
    return _do(id, "test", lambda session, endpoint: endpoints.send_test(session, endpoint, now=now))


@blueprint.post("/<id>/active")
def switch(id: str) -> AnyResponse:
    active, now = request.form.get("active") == "yes", rooms().clock()
    return _do(
        id,
        "on" if active else "off",
        lambda session, endpoint: endpoints.set_active(session, endpoint, active, now=now),
    )


@blueprint.post("/<id>/replay")
def replay(id: str) -> AnyResponse:
    now, delivery = rooms().clock(), id_in_address(request.form.get("delivery", ""))
    return _do(
        id,
        "again",
        lambda session, endpoint: endpoints.replay(session, endpoint.partner_id, delivery, now=now),
    )


@blueprint.post("/<id>/remove")
def remove(id: str) -> AnyResponse:
    with rooms().database.unit_of_work() as session:
        endpoints.remove(session, _at(session, id))
        session.commit()
    return redirect(f"{PATH}?done=removed", 303)


def _do(id: str, done: str, work: Callable[[Session, WebhookEndpoint], object]) -> AnyResponse:
    try:
        with rooms().database.unit_of_work() as session:
            work(session, _at(session, id))
            session.commit()
    except Conflict:
        done = "not-now"
    return redirect(f"{PATH}/{id}?done={done}", 303)


def _at(session: Session, id: str, *, lock: bool = True) -> WebhookEndpoint:
    return endpoints.endpoint_of(session, own_partner(session).id, id_in_address(id), lock=lock)


def _list(errors: dict[str, list[str]] | None = None, url: str = "") -> str:
    with rooms().database.reading() as session:
        found = endpoints.endpoints_of(session, own_partner(session).id)
    done = DONE.get(request.args.get("done", ""), "")
    return render_template(
        "desk/webhooks.html",
        endpoints=found,
        url=url,
        errors=errors or {},
        wide=True,
        done=done and _(done),
    )


def _shown(endpoint: WebhookEndpoint, secret: str) -> str:
    return render_template("desk/webhook_secret.html", endpoint=endpoint, secret=secret)

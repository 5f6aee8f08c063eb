"""A new referral, begun from a result of the search or to follow one that was turned down, and a draft that is changed.

Where a form is wrong, or came too late, it is shown again as it was filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from sqlmodel import Session
from werkzeug.datastructures import MultiDict

from directory import languages
from directory.api.rooms import rooms
from directory.catalogue.entries import ServiceEntry
from directory.catalogue.reading import entry
from directory.errors import Conflict, InvalidInput, NotFound, StaleVersion
from directory.identity import asking
from directory.languages.autonyms import AUTONYMS
from directory.partners.models import Partner
from directory.partners.partnering import partner_of_service
from directory.referrals import carried, composing, referring
from directory.referrals.consent import COVERS, METHODS, day_of
from directory.referrals.drafts import CONTACT_PREFERENCES, CONTEXTS, URGENCIES
from directory.referrals.lifecycle import MAY_BE_REFERRED_ON
from directory.referrals.views import View
from directory.web.desk import carrying, once
from directory.web.desk.filling import Typed, differences, labels, said_of, typed_of
from directory.web.desk.mistakes import plainly
from directory.web.desk.saying import choices, name_of, said
from directory.web.wording import gettext, page_language

blueprint = Blueprint("desk_refer", __name__, url_prefix="/desk")

USUAL_LANGUAGES = ("nb", "en", "uk", "ru", "pl", "ar", "so", "ti")  # ticked; any other is chosen from a list
_BEGIN, _SEND = "begin", "send"


@dataclass(frozen=True)
class Form:
    """A form of a referral, as it is shown. ``draft``: the referral that it changes; None: a new one."""

    service: ServiceEntry
    partner: Partner | None
    carried: bool
    typed: Typed
    draft: View | None = None
    version: int | None = None
    errors: Mapping[str, list[str]] | None = None
    notice: str = ""
    changed: tuple[tuple[str, str], ...] = ()  # what another has saved meanwhile
    locked: bool = False  # it can be saved no more
    key: str = ""

    @property
    def action(self) -> str:
        return f"/desk/referrals/{self.draft.id}/edit" if self.draft else f"/desk/refer/{self.service.slug}"

    def page(self, status: int = 200) -> tuple[str, int]:
        return render_template("desk/refer.html", form=self, **_offered(self)), status


@blueprint.get("/refer/<id>")
def begin(id: str) -> tuple[str, int]:
    return _new(id, MultiDict(), request.args.get("delivery") == "carried").page()


@blueprint.post("/refer/<id>")
def refer(id: str) -> Any:
    """``do``: begin, with what is known already in the body; draft; or send."""
    typed = MultiDict(request.form)
    carries = typed.get("delivery") == "carried"
    if typed.get("do") == _BEGIN:
        return _new(id, _followed(typed), carries).page()
    form = _new(id, typed, carries)
    told = said_of(typed, carried=form.carried)
    told |= {"service_id": form.service.id, "status": "requested" if typed.get("do") == _SEND else "draft"}
    house, identity, now = rooms(), asking(), rooms().clock()
    needs = {need.slug for need in house.needs}

    def work(session: Session) -> dict[str, str]:
        sent = composing.create(session, house.vault, identity, told, needs=needs, now=now)
        return carrying.kept(sent)

    try:
        made = once.done_once(now, work)
    except InvalidInput as error:
        return replace(form, errors=plainly(error.errors)).page(422)
    except once.SentTwice as error:
        notice, key = once.told(error)
        return replace(form, notice=notice, key=key).page(409)
    return _after(made, typed)


@blueprint.get("/referrals/<id>/edit")
def edit(id: str) -> Any:
    view = _read(id)
    if view.status != "draft":
        return redirect(f"/desk/referrals/{view.id}", 303)
    return _of_draft(view, typed_of(view)).page()


@blueprint.post("/referrals/<id>/edit")
def save(id: str) -> Any:
    """``do``: draft, or send, which is one with the change."""
    house, identity, now = rooms(), asking(), rooms().clock()
    typed = MultiDict(request.form)
    version, needs = _number(typed.get("version")), {need.slug for need in house.needs}
    told = said_of(typed, carried=typed.get("delivery") == "carried")
    del told["delivery"]

    def work(session: Session) -> dict[str, str]:
        view = composing.change(
            session, house.vault, identity, id, told, version=version, needs=needs, now=now
        )
        if typed.get("do") != _SEND:
            return {"id": str(view.id)}
        sent = referring.take_step(
            session, house.vault, identity, id, {"to": "requested"}, version=view.version, now=now
        )
        return carrying.kept(sent)

    try:
        return _after(once.done_once(now, work), typed)
    except InvalidInput as error:
        view = _read(id)
        return replace(_of_draft(view, typed), version=version, errors=plainly(error.errors)).page(422)
    except once.SentTwice as error:
        notice, key = once.told(error)
        return replace(_of_draft(_read(id), typed), version=version, notice=notice, key=key).page(409)
    except StaleVersion:
        view = _read(id)
        return _overtaken(view, typed).page(412)
    except Conflict:
        return _overtaken(_read(id), typed).page(409)


def to_mend(id: str, errors: Mapping[str, list[str]]) -> tuple[str, int] | None:
    """The form of a draft that can't be sent as it is, with what it lacks; None where it is no draft."""
    view = _read(id)
    if view.status != "draft":
        return None
    return replace(_of_draft(view, typed_of(view)), errors=plainly(errors), key=once.new_key()).page(422)


def _overtaken(view: View, typed: Typed) -> Form:
    """What was typed, over the referral as another has left it; saved again, it takes the place of that."""
    form = replace(_of_draft(view, typed), key=once.new_key())
    if view.status != "draft":
        notice = gettext(
            "This referral is no longer a draft: it can't be changed. What you typed stands below."
        )
        return replace(form, notice=notice, locked=True)
    notice = gettext(
        "Somebody else has changed this draft meanwhile. What you typed stands below, not yet saved."
    )
    changed = differences(typed, typed_of(view), _need_label)
    return replace(form, notice=notice, changed=tuple(changed))


def _new(id: str, typed: Typed, carries: bool) -> Form:
    """Raises NotFound."""
    typed.setdefault("consent.given_on", str(day_of(rooms().clock())))
    service, partner = _service(id)
    return Form(service, partner, carries or partner is None, typed, key=once.key_of_form())


def _of_draft(view: View, typed: Typed) -> Form:
    service, partner = _service(str(view.service.id))
    return Form(
        service, partner, view.delivery == "carried", typed, view, view.version, key=once.key_of_form()
    )


def _service(id: str) -> tuple[ServiceEntry, Partner | None]:
    house = rooms()
    with house.database.reading() as session:
        found = entry(session, id, today=day_of(house.clock()))
        return found, partner_of_service(session, UUID(found.id))


def _read(id: str) -> View:
    """Raises NotFound, also for one that another partner has sent."""
    house = rooms()
    with house.database.unit_of_work() as session:
        view = referring.read(session, house.vault, asking(), id, now=house.clock())
        session.commit()
    if "sender" not in view.your_part:
        raise NotFound
    return view


def _followed(typed: Typed) -> Typed:
    """What a form begins with: what the search understood, or all that was said of the referral that it follows but its
    consent, which was for another receiver."""
    if not typed.get("refers_on"):
        return typed
    try:
        view = _read(typed["refers_on"])
    except NotFound:
        typed.poplist("refers_on")
        return typed
    followed = typed_of(view, with_consent=False)
    if view.status in MAY_BE_REFERRED_ON:
        followed["refers_on"] = str(view.id)
    return followed


def _after(made: Mapping[str, str], typed: Typed) -> Any:
    if "code" in made:
        return carrying.page(made["id"], made["code"], typed.get("card_language", ""))
    done = "sent" if typed.get("do") == _SEND else "saved"
    return redirect(f"/desk/referrals/{made['id']}?done={done}", 303)


def _offered(form: Form) -> dict[str, Any]:
    lang, typed = page_language(), form.typed
    needs = dict.fromkeys((*typed.getlist("needs"), *form.service.needs))
    spoken = dict.fromkeys((*typed.getlist("languages"), *USUAL_LANGUAGES))
    every = sorted(
        ((code, languages.name(code, lang)) for code in AUTONYMS), key=lambda one: one[1].casefold()
    )
    house = rooms()
    return {
        "errors": form.errors,
        "labels": labels(),
        "needs": [(slug, _need_label(slug)) for slug in needs if slug in house.needs],
        "every_need": [(n.slug, house.needs.label(n.slug, lang)) for n in house.needs if n.parent],
        "languages": [(code, languages.name(code, lang)) for code in spoken],
        "every_language": every,
        "urgencies": choices("urgency-more", URGENCIES),
        "contexts": choices("context", CONTEXTS),
        "preferences": choices("contact_preference", CONTACT_PREFERENCES),
        "covers": [(code, said(code, "covers")) for code in COVERS],
        "methods": choices("method", METHODS),
        "card_languages": [(code, languages.autonym(code)) for code in carried.CARD_LANGUAGES],
        "service_name": name_of(form.service.names),
    }


def _need_label(slug: str) -> str:
    needs = rooms().needs
    return needs.label(slug, page_language()) if slug in needs else slug


def _number(typed: str | None) -> int:
    """A version; 0, which is none, where none is named."""
    return int(typed) if typed and typed.isdecimal() and len(typed) < 10 else 0

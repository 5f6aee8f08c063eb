"""The page of one referral: all that a party sees of it, and the forms of what it can do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import render_template, request

from directory import languages
from directory.api.colleagues import regards_of_request
from directory.api.rooms import rooms
from directory.errors import IndexUnavailable
from directory.identity import asking
from directory.partners.access import Party
from directory.referrals import carried, lifecycle, referring, seeing
from directory.referrals.alternatives import alternatives, tried
from directory.referrals.consent import day_of
from directory.referrals.drafts import LONGEST_TEXT
from directory.referrals.seeing import Event, Message
from directory.referrals.views import View
from directory.web.desk import once
from directory.web.desk.saying import choices, said
from directory.web.wording import N_, gettext, page_language

DONE = {
    "sent": N_("The referral is sent."),
    "saved": N_("The draft is saved. Nobody else sees it before you send it."),
    "step": N_("Done: the referral stands as it is shown here."),
    "message": N_("The message is sent."),
    "redeemed": N_("The referral is yours now."),
    "withdrawn": N_("Consent is taken back. All that was written is erased."),
    "erased": N_("All that was written about the client is erased."),
}
# What a step may be told with a reason that somebody chooses; the others come of what else is done here, or by time.
REASONS = tuple(one for one in lifecycle.REASONS if one not in ("consent-withdrawn", "expired"))
AT_THE_END = ("cancelled", "entered-in-error")
_ONWARD = ("requested", "accepted", "in-progress", "completed")


@dataclass(frozen=True)
class Attempt:
    """What somebody tried to do on the page, and could not: all that was typed, and what is wrong with it.

    ``to``: the status that a step would have led to. ``right``: consent or erase. ``key``: of the forms, see ``once``.
    """

    to: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    message: str = ""
    right: str = ""
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    notice: str = ""
    key: str = ""

    def with_(self, **changes: Any) -> Attempt:
        return replace(self, **changes)


@dataclass(frozen=True)
class Step:
    """A step as a form. ``onward``: it is the one that is most likely next. ``note``: one may be written."""

    to: str
    label: str
    onward: bool
    needs_reason: bool
    needs_outcome: bool
    takes_appointment: bool
    takes_revisit: bool
    note: bool

    @property
    def at_once(self) -> bool:
        """Nothing has to be told with it."""
        return not (self.needs_reason or self.needs_outcome)


@dataclass(frozen=True)
class Happened:
    at: datetime
    by: str
    what: str
    why: str


def shown(id: str, attempt: Attempt | None = None) -> str:
    """The page; that it is read is an event. Raises NotFound."""
    house, identity, attempt = rooms(), asking(), attempt or Attempt()
    now = house.clock()
    with house.database.unit_of_work() as session:
        view = referring.read(session, house.vault, identity, id, now=now)
        row, parts = seeing.found(session, identity, view.id, day_of(now), lock=False)
        messages = seeing.messages_of(session, house.vault, identity, row, parts)
        events = seeing.events(session, identity, view.id, now=now)
        gone_to = tried(session, identity, view)
        session.commit()
    steps = [_step(view, to) for to in view.next]
    return render_template(
        "desk/referral.html",
        view=view,
        is_sender=Party.SENDER in view.your_part,
        is_receiver=Party.RECEIVER in view.your_part,
        needs=[_need_label(slug) for slug in view.needs],
        languages=[languages.name(code, page_language()) for code in view.languages],
        steps=[step for step in steps if step.to not in AT_THE_END],
        ends=[step for step in steps if step.to in AT_THE_END],
        reasons=choices("reason", REASONS),
        outcomes=choices("outcome", lifecycle.OUTCOMES),
        card_languages=[(code, languages.autonym(code)) for code in carried.CARD_LANGUAGES],
        longest=LONGEST_TEXT,
        messages=messages,
        may_write=_may_write(view, day_of(now)),
        by_whom=_names(view),
        history=_history(view, events, messages),
        readings=_readings(view, events),
        alternatives=_alternatives(view, gone_to, now),
        may_be_referred_on=Party.SENDER in view.your_part and view.status in lifecycle.MAY_BE_REFERRED_ON,
        attempt=attempt,
        stranded=_stranded(view, attempt),
        errors=attempt.errors,
        once=attempt.key or once.new_key(),
        wide=True,
        done=done(request.args.get("done", "")) if request.method == "GET" else "",
    )


def done(what: str) -> str:
    """The sentence that says what has just been done; empty where nothing has."""
    return gettext(DONE[what]) if what in DONE else ""


def _step(view: View, to: str) -> Step:
    likely = next((one for one in _ONWARD if one in view.next), "")
    return Step(
        to=to,
        label=gettext("Take it up again")
        if (view.status, to) == ("on-hold", "in-progress")
        else said(to, "step"),
        onward=to == likely,
        needs_reason=to in lifecycle.REASON_NEEDED,
        needs_outcome=to in lifecycle.OUTCOME_NEEDED,
        takes_appointment=to in lifecycle.TAKES_APPOINTMENT and to != "requested",
        takes_revisit=to in lifecycle.TAKES_REVISIT,
        # with a carried one, words go with “Something else” only; before it is sent, there is nobody to read them
        note=to not in ("draft", "requested")
        and (view.delivery != "carried" or to in lifecycle.REASON_NEEDED),
    )


def _stranded(view: View, attempt: Attempt) -> str:
    """What was typed for something that can't be done any more: shown, so that it is not lost."""
    if attempt.to and attempt.to not in view.next:
        return attempt.typed.get("note", "")
    return attempt.message if attempt.message and not _may_write(view, day_of(rooms().clock())) else ""


def _may_write(view: View, today: date) -> bool:
    """As ``referring.write_message`` has it, which has the last word."""
    consent = view.consent
    if view.delivery == "carried" or view.sent_at is None or view.erased_at is not None or consent is None:
        return False
    lasts = consent.withdrawn_at is None and (consent.expires_on is None or consent.expires_on >= today)
    return lasts and "content" in consent.covers and view.receiver is not None


def _names(view: View) -> dict[UUID, str]:
    return {one.id: one.name for one in (view.sender, view.receiver) if one is not None}


def _history(view: View, events: Sequence[Event], messages: Sequence[Message]) -> list[Happened]:
    """The newest first, without readings."""
    names = _names(view)
    found = []
    for event in events:
        if event.action == "read":
            continue
        if event.action == "step" and event.to_status:
            what = said(event.to_status, "status")
        elif event.action == "created" and event.to_status == "requested":
            what = gettext("Written and sent")
        else:
            what = said(event.action, "action")
        why = said(event.reason, "reason") or said(event.outcome, "outcome")
        by = names.get(event.partner_id, "") if event.partner_id else gettext("Veiviser, by itself")
        found.append(Happened(event.at, by, what, "" if event.action == "consent-withdrawn" else why))
    return found[::-1]


def _readings(view: View, events: Sequence[Event]) -> list[tuple[str, int, datetime]]:
    """(partner, how often, when last) of those who have read it."""
    names = _names(view)
    read = [event for event in events if event.action == "read" and event.partner_id in names]
    last = {names[event.partner_id]: event.at for event in read if event.partner_id}
    times = Counter(names[event.partner_id] for event in read if event.partner_id)
    return [(name, times[name], at) for name, at in last.items()]


def _alternatives(view: View, gone_to: Collection[UUID], now: datetime) -> list[dict[str, Any]]:
    """Where else the client could go, where nobody answers or the answer was no."""
    unanswered = any(one.why == "unanswered" for one in view.due)
    if Party.SENDER not in view.your_part or not (unanswered or view.status in lifecycle.MAY_BE_REFERRED_ON):
        return []
    house = rooms()
    try:
        return alternatives(
            house.searcher, view, now, page_language(), tried=gone_to, regards=regards_of_request(house)
        )
    except IndexUnavailable:  # the referral can be read all the same
        return []


def _need_label(slug: str) -> str:
    needs = rooms().needs
    return needs.label(slug, page_language()) if slug in needs else slug

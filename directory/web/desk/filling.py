"""The form of a referral: what was typed in it as the rules take it, and a referral as it would be typed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from directory.referrals.views import View
from directory.web.desk.saying import language_name, said
from directory.web.wording import N_, gettext

Typed = MultiDict[str, str]

HOME = ZoneInfo("Europe/Oslo")  # a day and a time typed without an offset are Norway's
LABELS = {
    "service_id": N_("Service"),
    "needs": N_("Needs"),
    "languages": N_("Languages that the client speaks"),
    "urgency": N_("How soon"),
    "context": N_("What the client comes from"),
    "client_ref": N_("Your own code for the client"),
    "message": N_("Message"),
    "contact_preference": N_("Reaching the client"),
    "contact.phone": N_("Phone"),
    "contact.email": N_("E-mail"),
    "contact.other": N_("Another way"),
    "consent.covers": N_("The client agrees"),
    "consent.given_on": N_("Agreed on"),
    "consent.method": N_("How the client agreed"),
    "consent.expires_on": N_("Last day of the consent"),
    "appointment_at": N_("Appointment"),
    "follow_up_on": N_("Remind us on"),
}
_OF_THE_CLIENT = ("languages", "context", "client_ref", "message", "contact_preference", "contact", "consent")


def labels() -> dict[str, str]:
    return {name: gettext(label) for name, label in LABELS.items()}


def said_of(typed: Typed, *, carried: bool) -> dict[str, Any]:
    """As ``referrals.drafts`` takes it: every field that the form has is named, also where it is left empty."""
    told: dict[str, Any] = {
        "delivery": "carried" if carried else "sent",
        "needs": _each(typed, "needs", "another_need"),
        "urgency": typed.get("urgency") or "routine",
        "appointment_at": instant(typed.get("appointment_at")),
        "follow_up_on": _text(typed, "follow_up_on"),
        "refers_on": _text(typed, "refers_on"),
    }
    if carried:
        return told
    contact = {way: value for way in ("phone", "email", "other") if (value := _text(typed, f"contact.{way}"))}
    told |= {
        "languages": _each(typed, "languages", "another_language"),
        "context": typed.get("context") or "none",
        "message": _text(typed, "message"),
        "contact_preference": typed.get("contact_preference") or "none",
        "contact": contact or None,
        "consent": _consent(typed),
    }
    if client_ref := _text(typed, "client_ref"):  # else it keeps the one it has, or gets one
        told["client_ref"] = client_ref
    return told


def _consent(typed: Typed) -> dict[str, Any] | None:
    """None: nothing is agreed to. The day alone, which the form proposes, says nothing."""
    covers = typed.getlist("consent.covers")
    method, expires_on = typed.get("consent.method") or None, _text(typed, "consent.expires_on")
    if not covers and not method and not expires_on:
        return None
    given_on = _text(typed, "consent.given_on")
    return {"given_on": given_on, "method": method, "covers": covers, "expires_on": expires_on}


def _each(typed: Typed, *names: str) -> list[str]:
    return list(dict.fromkeys(value for name in names for value in typed.getlist(name) if value))


def _text(typed: Typed, name: str) -> str | None:
    """What stands in a field; None where nothing does. Browsers end lines with CR and LF."""
    return typed.get(name, "").strip().replace("\r\n", "\n") or None


def instant(typed: str | None) -> str | None:
    """The time of a field for day and time, with Norway's offset; what is none is left for the rules to refuse."""
    if not typed or not typed.strip():
        return None
    try:
        found = datetime.fromisoformat(typed.strip())
    except ValueError:
        return typed
    return (found if found.tzinfo else found.replace(tzinfo=HOME)).isoformat()


def wall_time(at: datetime | None) -> str:
    """As a field for day and time holds it."""
    return at.astimezone(HOME).strftime("%Y-%m-%dT%H:%M") if at else ""


def typed_of(view: View, *, with_consent: bool = True) -> Typed:
    """The form as somebody would have filled it in for this referral. ``with_consent`` False: for another receiver,
    who needs a consent of its own."""
    typed: Typed = MultiDict()
    typed.setlist("needs", list(view.needs))
    typed.setlist("languages", list(view.languages))
    typed["urgency"], typed["context"] = view.urgency, view.context
    typed["contact_preference"] = view.contact_preference
    typed["client_ref"], typed["message"] = view.client_ref or "", view.message or ""
    for way, value in (view.contact or {}).items():
        typed[f"contact.{way}"] = value
    if with_consent:
        typed["appointment_at"] = wall_time(view.appointment_at)
        typed["follow_up_on"] = str(view.follow_up_on or "")
        typed["refers_on"] = str(view.refers_on or "")
        if view.consent is not None and view.consent.withdrawn_at is None:
            typed.setlist("consent.covers", list(view.consent.covers))
            typed["consent.given_on"] = str(view.consent.given_on)
            typed["consent.method"] = view.consent.method
            typed["consent.expires_on"] = str(view.consent.expires_on or "")
    return typed


def differences(typed: Typed, saved: Typed, need_label: Any) -> list[tuple[str, str]]:
    """(field, what is saved of it), in words, wherever what is typed is another."""
    words = {
        "needs": need_label,
        "languages": language_name,
        "urgency": lambda code: said(code, "urgency"),
        "context": lambda code: said(code, "context"),
        "contact_preference": lambda code: said(code, "contact_preference"),
        "consent.covers": lambda code: said(code, "covers"),
        "consent.method": lambda code: said(code, "method"),
    }
    found = []
    for name, label in labels().items():
        now, then = saved.getlist(name), typed.getlist(name)
        if sorted(filter(None, now)) != sorted(_as_kept(value) for value in then if value.strip()):
            told = ", ".join(words.get(name, str)(value) for value in now if value)
            found.append((label, told or gettext("nothing")))
    return found


def _as_kept(value: str) -> str:
    return value.strip().replace("\r\n", "\n")

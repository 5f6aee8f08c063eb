"""What the codes of a referral are called: a counsellor's words, in the language of the page."""

from __future__ import annotations

from collections.abc import Mapping

from babel.numbers import format_decimal
from flask import Flask

from directory import languages
from directory.api.rooms import rooms
from directory.languages import pick
from directory.referrals.consent import day_of
from directory.referrals.waiting import Due
from directory.web.wording import N_, gettext, page_language

WORDS: Mapping[str, Mapping[str, str]] = {
    "status": {
        "draft": N_("Draft"),
        "requested": N_("Sent"),
        "accepted": N_("Accepted"),
        "rejected": N_("Rejected"),
        "in-progress": N_("In progress"),
        "on-hold": N_("On hold"),
        "completed": N_("Completed"),
        "failed": N_("Not carried through"),
        "cancelled": N_("Cancelled"),
        "entered-in-error": N_("Made in error"),
    },
    "step": {
        "draft": N_("Make it a draft again"),
        "requested": N_("Send it"),
        "accepted": N_("Accept"),
        "rejected": N_("Reject"),
        "in-progress": N_("Start"),
        "on-hold": N_("Put on hold"),
        "completed": N_("Complete"),
        "failed": N_("It was not carried through"),
        "cancelled": N_("Cancel the referral"),
        "entered-in-error": N_("It was made in error"),
    },
    "reason": {
        "no-capacity": N_("No room at present"),
        "not-eligible": N_("The client is not in the target group"),
        "out-of-area": N_("The client lives outside the area"),
        "could-not-contact": N_("The client could not be reached"),
        "missing-information": N_("Something needed was not told"),
        "client-declined": N_("The client does not want it"),
        "client-not-ready": N_("The client is not ready yet"),
        "no-show": N_("The client did not come"),
        "wrong-service": N_("Another service fits better"),
        "language-barrier": N_("No common language"),
        "consent-withdrawn": N_("The client has taken consent back"),
        "expired": N_("Nobody answered in time"),
        "duplicate": N_("It was sent twice"),
        "other": N_("Something else"),
    },
    "outcome": {
        "need-met": N_("The client got the help that was needed"),
        "partly-met": N_("The client got part of the help"),
        "referred-on": N_("The client was referred on"),
        "not-met": N_("The client did not get the help"),
    },
    "urgency": {
        "routine": N_("In its turn"),
        "soon": N_("Soon"),
        "urgent": N_("Urgent"),
    },
    "urgency-more": {
        "routine": N_("In its turn: an answer within 7 working days"),
        "soon": N_("Soon: an answer within 3 working days"),
        "urgent": N_("Urgent: an answer within 1 working day"),
    },
    "context": {
        "none": N_("Nothing in particular"),
        "release-from-prison": N_("Release from prison"),
        "discharge": N_("Discharge from hospital or treatment"),
        "after-overdose": N_("After an overdose"),
        "after-assault": N_("After an assault"),
    },
    "contact_preference": {
        "none": N_("Do not reach out to the client"),
        "via-sender": N_("Reach the client through the sender"),
        "direct": N_("Reach the client directly"),
    },
    "covers": {
        "receiver": N_("that the receiver is told of this referral"),
        "content": N_("that the receiver reads what is written about it"),
        "contact": N_("that the receiver has the contact details, and uses them"),
    },
    "method": {
        "oral": N_("Said aloud"),
        "written": N_("In writing"),
        "electronic": N_("Electronically"),
    },
    "delivery": {
        "sent": N_("Sent to the service"),
        "carried": N_("Carried by the client as a code"),
    },
    "capacity": {
        "capacity": N_("Has room"),
        "waitlist": N_("Has a waiting list"),
        "no-capacity": N_("Full at present"),
    },
    "mode": {
        "spoken": N_("spoken"),
        "interpreter": N_("by interpreter"),
        "by-law": N_("by interpreter, as the law demands"),
    },
    "reach": {
        "local": N_("Local"),
        "regional": N_("Regional"),
        "national": N_("National"),
    },
    "why": {
        "answer-due": N_("To be answered"),
        "unanswered": N_("No answer in time"),
        "revisit": N_("To be looked at again"),
        "follow-up": N_("To be followed up"),
        "silent": N_("Nothing has happened for long"),
    },
    "why-day": {
        "answer-due": N_("Answer by"),
        "unanswered": N_("Was to be answered by"),
        "revisit": N_("Look at it again on"),
        "follow-up": N_("Follow up on"),
        "silent": N_("Due since"),
    },
    "contact": {
        "phone": N_("Phone"),
        "email": N_("E-mail"),
        "other": N_("Other"),
    },
    "action": {
        "created": N_("Written"),
        "changed": N_("Changed"),
        "read": N_("Read"),
        "message": N_("A message was written"),
        "acknowledged": N_("Receipt was confirmed"),
        "redeemed": N_("The client brought the code"),
        "consent-withdrawn": N_("The client took consent back"),
        "erased": N_("What was written was erased"),
        "exported": N_("A copy was taken out"),
    },
}


def said(code: str | None, kind: str) -> str:
    """A code in words; a code that has none yet stands for itself."""
    if code is None:
        return ""
    word = WORDS[kind].get(code)
    return code if word is None else gettext(word)


def choices(kind: str, codes: tuple[str, ...]) -> list[tuple[str, str]]:
    """(code, words) for a list to choose from."""
    return [(code, said(code, kind)) for code in codes]


def why_and_day(due: Due) -> str:
    """Why it is due, to stand before the day."""
    late = due.why == "answer-due" and due.day < day_of(rooms().clock())
    return said("unanswered" if late else due.why, "why-day")


def distance(km: float, about: bool) -> str:
    """``about``: the place is known to its postcode or town only."""
    if km < 1:
        return gettext("less than 1 km away")
    told = format_decimal(km if km < 10 else round(km), "#,##0.#", locale=page_language())
    return (gettext("about %(km)s km away") if about else gettext("%(km)s km away")) % {"km": told}


def name_of(names: Mapping[str, str]) -> str:
    """A service's name; words that say so where it has left the directory."""
    found = pick(names, page_language())
    return found[1] if found else gettext("A service that is no longer in the directory")


def language_name(code: str) -> str:
    return languages.name(code, page_language())


def register(app: Flask) -> None:
    filters = {
        "said": said,
        "name_of": name_of,
        "language_name": language_name,
        "why_and_day": why_and_day,
        "distance": distance,
    }
    app.jinja_env.filters.update(filters)

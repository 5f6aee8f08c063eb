"""What is wrong with a form, field by field: the rules' own findings, in the words and the language of whoever typed.

The rules name fields and codes as the API has them. Here each finding becomes a sentence that says what to do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from directory.referrals.consent import COVERS
from directory.referrals.identifying import EMAIL_ADDRESS, IDENTITY_NUMBER, PHONE_NUMBER
from directory.web.desk.saying import said
from directory.web.wording import N_, gettext

# Field (a pattern) and what the rules say of it (a pattern), and the sentence for it. The first that fits counts.
_SENTENCES: tuple[tuple[str, str, str], ...] = (
    (
        "service_id",
        "of a partner",
        N_("Nobody answers referrals for this service. Give the client a code to carry."),
    ),
    ("service_id", "", N_("This service is no longer in the directory.")),
    ("refers_on", "", N_("The referral that this one follows can't be referred on any more.")),
    (r"needs.*", "at most", N_("Choose 20 needs at most.")),
    (r"needs.*", "", N_("Choose needs from the list.")),
    (r"languages?.*", "at most", N_("Choose 20 languages at most.")),
    (r"languages?.*", "", N_("Choose languages from the list.")),
    (
        "contact",
        "at least one",
        N_("Write a phone number, an e-mail address, or another way to reach the client."),
    ),
    (
        "contact",
        "direct only",
        N_(
            "Contact details are kept only of a client who may be reached directly. Choose that, or take them out."
        ),
    ),
    (r"contact\..*", "", N_("Write at most 200 characters.")),
    (
        "client_ref",
        "takes 4 to 40",
        N_("Use 4 to 40 letters, digits, - and _: a code of your own, never a name."),
    ),
    (r"message|note|text", "at most", N_("Write at most 4000 characters.")),
    (
        "note",
        "reason other only",
        N_("Nothing is written of a client who carries the referral, but for “Something else”."),
    ),
    ("note", "", N_("Write what it is.")),
    (r"message|text", "", N_("Write something first.")),
    (r"consent\.given_on", "future", N_("The client can't have agreed on a day that is still to come.")),
    (r"consent\.given_on", "", N_("Tell the day on which the client agreed.")),
    (r"consent\.expires_on", "before", N_("Consent can't end before it was given.")),
    (r"consent\.expires_on", "passed", N_("This consent has ended: the client has to agree anew.")),
    (r"consent\.expires_on", "", N_("Tell the last day of the consent, or leave it empty.")),
    (r"consent\.method", "", N_("Choose how the client agreed.")),
    ("consent", "withdrawn", N_("The client has taken consent back: it has to be given anew.")),
    (r"consent.*", "", N_("Choose what the client has agreed to.")),
    ("appointment_at", "", N_("Tell the day and the time, or leave it empty.")),
    (r"follow_up_on|revisit_on", "", N_("Tell a day, or leave it empty.")),
    ("reason", "", N_("Choose a reason.")),
    ("outcome", "", N_("Choose what came of it.")),
    ("code", "", N_("Write the code as it stands on the card.")),
    ("q", "at most", N_("Write at most 500 characters.")),
)
_HOLDS = {
    IDENTITY_NUMBER: N_("a national identity number"),
    PHONE_NUMBER: N_("a phone number"),
    EMAIL_ADDRESS: N_("an e-mail address"),
}
# Findings of a whole, shown at the first of its fields.
_AT = {"contact": "contact.phone", "consent": "consent.covers", "text": "text"}


def plainly(errors: Mapping[str, list[str]], step: str = "") -> dict[str, list[str]]:
    """{field of the form: [sentence]}. ``step``: the status whose form it is, which stands before its fields' names."""
    found: dict[str, list[str]] = {}
    for field, messages in errors.items():
        name = re.sub(r"\.\d+$", "", _AT.get(field, field))
        told = found.setdefault(f"{step}.{name}" if step else name, [])
        told += [
            one for one in dict.fromkeys(_sentence(field, message) for message in messages) if one not in told
        ]
    return found


def _sentence(field: str, message: str) -> str:
    if held := [
        gettext(word) for finding, word in _HOLDS.items() if finding in message and "holds" in message
    ]:
        return gettext("This holds %(what)s. Nothing may stand here that tells who the client is.") % {
            "what": ", ".join(held)
        }
    if field == "consent.covers" and message.startswith("must cover"):
        lacking = [said(part, "covers") for part in COVERS if part in message]
        return gettext("The client must agree: %(what)s.") % {"what": "; ".join(lacking)}
    if field == "near":
        names = message.partition("Nearest names: ")[2].rstrip(".")
        if names and names != "none":
            return gettext("We do not know this place. Did you mean %(names)s?") % {"names": names}
        return gettext("We do not know this place. Write a postcode, a town or a municipality.")
    for fields, findings, sentence in _SENTENCES:
        if re.fullmatch(fields, field) and re.search(findings, message):
            return gettext(sentence)
    return gettext("This can't be taken as it is.")

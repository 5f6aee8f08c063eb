"""The life of a referral: which step leads where, who may take it, and what must be said with it. Pure.

Statuses are FHIR R4 Task's (hl7.org/fhir/R4/valueset-task-status.html), as far as they are used here. That the
receiver has a referral in hand is a time (``received_at``), not a status.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from directory.errors import IllegalStep, InvalidInput
from directory.partners.access import Party

STATUSES = (
    "draft",
    "requested",
    "accepted",
    "rejected",
    "in-progress",
    "on-hold",
    "completed",
    "failed",
    "cancelled",
    "entered-in-error",
)
FINAL = frozenset({"rejected", "completed", "failed", "cancelled", "entered-in-error"})
MAY_BE_REFERRED_ON = frozenset({"rejected", "failed"})

REASONS = (
    "no-capacity",
    "not-eligible",
    "out-of-area",
    "could-not-contact",
    "missing-information",
    "client-declined",
    "client-not-ready",
    "no-show",
    "wrong-service",
    "language-barrier",
    "consent-withdrawn",
    "expired",
    "duplicate",
    "other",
)
OUTCOMES = ("need-met", "partly-met", "referred-on", "not-met")
REASON_NEEDED = frozenset({"rejected", "cancelled", "failed", "on-hold", "entered-in-error"})
OUTCOME_NEEDED = frozenset({"completed"})
TAKES_APPOINTMENT = frozenset({"requested", "accepted", "in-progress"})
TAKES_REVISIT = frozenset({"on-hold"})

_SENDER = frozenset({Party.SENDER})
_RECEIVER = frozenset({Party.RECEIVER})
_EITHER = _SENDER | _RECEIVER

STEPS: dict[tuple[str, str], frozenset[Party]] = {
    ("draft", "requested"): _SENDER,
    ("draft", "on-hold"): _SENDER,
    ("draft", "cancelled"): _SENDER,
    ("requested", "accepted"): _RECEIVER,
    ("requested", "rejected"): _RECEIVER,
    ("requested", "cancelled"): _EITHER,
    ("accepted", "in-progress"): _RECEIVER,
    ("accepted", "on-hold"): _RECEIVER,
    ("accepted", "completed"): _RECEIVER,
    ("accepted", "failed"): _RECEIVER,
    ("accepted", "cancelled"): _EITHER,
    ("in-progress", "on-hold"): _RECEIVER,
    ("in-progress", "completed"): _RECEIVER,
    ("in-progress", "failed"): _RECEIVER,
    ("in-progress", "cancelled"): _EITHER,
    ("on-hold", "draft"): _SENDER,
    ("on-hold", "requested"): _SENDER,
    ("on-hold", "in-progress"): _RECEIVER,
    ("on-hold", "completed"): _RECEIVER,
    ("on-hold", "failed"): _RECEIVER,
    ("on-hold", "cancelled"): _EITHER,
    **{
        (status, "entered-in-error"): _SENDER
        for status in STATUSES
        if status not in ("draft", "entered-in-error")
    },
}
ONLY_NEVER_SENT = frozenset({("on-hold", "draft"), ("on-hold", "requested")})
NEW = ("draft", "requested")  # what one may begin as


def legal_steps(status: str, parties: Collection[Party], ever_sent: bool) -> tuple[str, ...]:
    """The statuses that these parties can bring it to, in the order of STATUSES."""
    return tuple(
        to
        for to in STATUSES
        if not STEPS.get((status, to), frozenset()).isdisjoint(parties)
        and not (ever_sent and (status, to) in ONLY_NEVER_SENT)
    )


def check_step(
    status: str,
    to: str,
    parties: Collection[Party],
    ever_sent: bool,
    *,
    reason: str | None = None,
    outcome: str | None = None,
    note: str | None = None,
    appointment_at: datetime | None = None,
    revisit_on: date | None = None,
) -> None:
    """Raises InvalidInput for a status that there is none of, IllegalStep for one that can't be reached now,
    and InvalidInput, with every wrong field, for what is said with the step.
    """
    if to not in STATUSES:
        raise InvalidInput.of("to", f"takes one of: {', '.join(STATUSES)}")
    legal = legal_steps(status, parties, ever_sent)
    if to not in legal:
        raise IllegalStep(status, to, legal)
    errors: dict[str, list[str]] = {}
    _check_word(errors, "reason", reason, REASONS, needed=to in REASON_NEEDED, to=to)
    _check_word(errors, "outcome", outcome, OUTCOMES, needed=to in OUTCOME_NEEDED, to=to)
    if reason == "other" and to in REASON_NEEDED and not (note and note.strip()):
        errors["note"] = ["is needed with the reason other"]
    if appointment_at is not None and to not in TAKES_APPOINTMENT:
        errors["appointment_at"] = [f"goes with {_list(TAKES_APPOINTMENT)} only"]
    if revisit_on is not None and to not in TAKES_REVISIT:
        errors["revisit_on"] = [f"goes with {_list(TAKES_REVISIT)} only"]
    if errors:
        raise InvalidInput(errors)


def _check_word(
    errors: dict[str, list[str]],
    field: str,
    said: str | None,
    words: tuple[str, ...],
    *,
    needed: bool,
    to: str,
) -> None:
    if said is None:
        if needed:
            errors[field] = [f"is needed with {to}; takes one of: {', '.join(words)}"]
    elif not needed:
        errors[field] = [f"does not go with {to}"]
    elif said not in words:
        errors[field] = [f"takes one of: {', '.join(words)}"]


def _list(statuses: frozenset[str]) -> str:
    return ", ".join(status for status in STATUSES if status in statuses)

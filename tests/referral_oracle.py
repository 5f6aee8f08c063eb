"""What the contract says of referrals, told a second time and more simply: the table of steps, and a model of one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

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
NEED_REASON = ("rejected", "cancelled", "failed", "on-hold", "entered-in-error")

# The contract's own table, row by row.
CONTRACT = """
draft                                     | requested, cancelled, on-hold              | sender
requested                                 | accepted, rejected                         | receiver
requested, accepted, in-progress, on-hold | cancelled                                  | sender, receiver
accepted                                  | in-progress, on-hold, completed, failed    | receiver
in-progress                               | on-hold, completed, failed                 | receiver
on-hold                                   | in-progress, completed, failed             | receiver
on-hold                                   | draft, requested                           | sender if never sent
requested, accepted, rejected, in-progress, on-hold, completed, failed, cancelled | entered-in-error | sender
"""


def allowed(status: str, to: str, party: Party, ever_sent: bool) -> bool:
    for line in CONTRACT.strip().splitlines():
        froms, tos, who = (part.strip() for part in line.split("|"))
        named = party.value in who and not (ever_sent and "never sent" in who)
        if status in froms.split(", ") and to in tos.split(", ") and named:
            return True
    return False


def said_with(to: str, reason: str = "no-capacity") -> dict[str, str]:
    """What must be said with a step."""
    more = {"reason": reason} if to in NEED_REASON else {}
    return more | ({"outcome": "need-met"} if to == "completed" else {})


@dataclass(frozen=True)
class Agreed:
    """A consent."""

    covers: frozenset[str]
    expires_on: date | None


@dataclass
class Modelled:
    """A referral as the contract has it."""

    id: UUID
    status: str
    carried: bool
    consent: Agreed | None
    message: bool
    version: int = 1
    sent: bool = False
    received: bool = False
    redeemed: bool = False
    code: str | None = None
    withdrawn: bool = False
    erased: bool = False
    events: list[str] = field(default_factory=list)
    texts: int = 0  # that were written by the two to each other
    kept: bool = True  # something that can be erased

    def parts(self, who: str, today: date) -> set[Party]:
        if who == "sender":
            return {Party.SENDER}
        has_it = (
            self.sent and not self.withdrawn and (self.redeemed if self.carried else not self.ended(today))
        )
        return {Party.RECEIVER} if who == "receiver" and has_it else set()

    def ended(self, today: date) -> bool:
        """Whether consent's last day has passed."""
        expires = self.consent.expires_on if self.consent else None
        return expires is not None and expires < today

    def legal(self, who: str, today: date) -> list[str]:
        parts = self.parts(who, today)
        return [to for to in STATUSES if any(allowed(self.status, to, part, self.sent) for part in parts)]

    def can_be_sent(self, today: date) -> bool:
        if self.ended(today) or self.withdrawn:
            return False
        covers = self.consent.covers if self.consent else frozenset()
        return self.carried or {"receiver"} | ({"content"} if self.message else set()) <= covers

    def touched(self, today: date) -> None:
        """What is looked at after consent has ended is erased there and then."""
        if self.ended(today) and self.kept:
            self.erase()
            self.version += 1
            self.events.append("erased")

    def stepped(self, who: str, to: str, reason: str, today: date) -> Modelled:
        """As it is after a legal step."""
        after = replace(self, events=[*self.events])
        if self.sent:
            after.touched(today)
        after = replace(after, status=to, version=after.version + 1, events=[*after.events, "step"])
        after.sent = self.sent or to == "requested"
        after.received = self.received or who == "receiver"
        withdraws = to in NEED_REASON and reason == "consent-withdrawn"
        after.withdrawn = self.withdrawn or withdraws
        if withdraws or to == "entered-in-error":
            after.erase()
        if to in ("completed", "cancelled", "failed", "rejected", "entered-in-error"):
            after.code = None
        return after

    def erase(self) -> None:
        self.erased, self.message, self.kept, self.code = True, False, False, None

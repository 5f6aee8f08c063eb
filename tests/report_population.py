"""Referrals as rows, in their hundreds, for what counts them: a test says only what it is about."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from directory.referrals.models import Referral, ReferralCount
from tests.factories import NOW
from tests.referral_house import CLINIC, service

MONTH = date(2026, 10, 1)
IN_OCTOBER = datetime(2026, 10, 14, 9, 0, tzinfo=NOW.tzinfo)


def referral(sender: UUID, receiver: UUID | None, **said: Any) -> Referral:
    """``answered_after``, ``accepted_after``: hours after it was asked for; ``ended_after`` likewise."""
    sent = said.get("sent_at") or IN_OCTOBER
    asked = said.get("received_at") or sent
    moments = {
        f"{name}_at": asked + timedelta(hours=said.pop(f"{name}_after"))
        for name in ("answered", "accepted", "ended")
        if f"{name}_after" in said
    }
    if "accepted_at" in moments:
        moments.setdefault("answered_at", moments["accepted_at"])
    row: dict[str, Any] = {
        "sender_id": sender,
        "receiver_id": receiver,
        "service_id": service(CLINIC),
        "delivery": "sent",
        "status": "requested",
        "urgency": "routine",
        "context": "none",
        "contact_preference": "none",
        "created_at": sent,
        "updated_at": max((*moments.values(), sent)),
        "sent_at": IN_OCTOBER,
    }
    return Referral(**row | moments | said)


def counted(sender: UUID, receiver: UUID | None, count: int, **said: Any) -> ReferralCount:
    row: dict[str, Any] = {
        "month": MONTH,
        "sender_id": sender,
        "receiver_id": receiver,
        "service_id": service(CLINIC),
        "delivery": "sent",
        "status": "completed",
        "outcome": "need-met",
        "accepted": True,
        "answered_within_hours": 24,
        "count": count,
    }
    return ReferralCount(**row | said)

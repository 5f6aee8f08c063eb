"""The trail of events: who did what to which referral when, in one chain of hashes over all referrals.

Each event's hash is SHA-256 over the hash before it and all that the event says, so that none can be changed,
taken out or put in without all that follow it being made anew. The database refuses to change or delete one;
this chain is for whoever gets past the database. A trail cut short shows by ``audit_head``, which counts events
in a place of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Row, Table, func, insert, select, update
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session

from directory.errors import AuditBroken, StaleVersion
from directory.partners.access import Identity
from directory.referrals.models import AuditHead, Referral, ReferralEvent

ACTIONS = (
    "created",
    "changed",
    "step",
    "read",
    "acknowledged",
    "message",
    "redeemed",
    "consent-withdrawn",
    "exported",
    "erased",
)
OVERTAKEN = "The referral has been changed since it was read. Read it again, then change it."
GENESIS = "0" * 64  # what stands before the first event

_EVENT: Table = ReferralEvent.__table__  # type: ignore[attr-defined]
_HEAD: Table = AuditHead.__table__  # type: ignore[attr-defined]
_SAID = tuple(column for column in _EVENT.c if column.name != "hash")
_ROWS = 1000  # read at a time


def record(
    session: Session,
    referral: Referral,
    identity: Identity | None,
    action: str,
    now: datetime,
    *,
    from_status: str | None = None,
    to_status: str | None = None,
    reason: str | None = None,
    outcome: str | None = None,
) -> ReferralEvent:
    """Add an event to the end of the chain. ``identity`` None: the service itself did it.

    Holds the end of the chain until the transaction ends: lock what else is to be locked before the first
    event. Raises StaleVersion when another has changed the referral meanwhile.
    """
    try:
        session.flush()
    except StaleDataError:  # whoever changes a row holds it; the version beneath catches what got past that
        raise StaleVersion(OVERTAKEN) from None
    head = session.execute(select(_HEAD.c.position, _HEAD.c.hash).with_for_update()).one()
    query = select(func.coalesce(func.max(_EVENT.c.sequence), 0)).where(_EVENT.c.referral_id == referral.id)
    said = {
        "position": head.position + 1,
        "referral_id": referral.id,
        "sequence": session.execute(query).scalar_one() + 1,
        "at": now.astimezone(UTC),
        "action": action,
        "actor": "system" if identity is None else "key" if identity.is_key else "person",
        "actor_id": None if identity is None else identity.id,
        "partner_id": None if identity is None else identity.partner_id,
        "from_status": from_status,
        "to_status": to_status,
        "reason": reason,
        "outcome": outcome,
    }
    said["hash"] = chained(head.hash, said)
    session.execute(insert(_EVENT).values(said))
    session.execute(update(_HEAD).values(position=said["position"], hash=said["hash"]))
    return ReferralEvent(**said)


def chained(before: str, said: dict[str, Any]) -> str:
    """The hash of an event that says this (all columns but ``hash``) after an event with the hash ``before``."""
    return sha256(orjson.dumps([before, said], option=orjson.OPT_SORT_KEYS)).hexdigest()


def verify(session: Session) -> int:
    """How many events there are. Raises AuditBroken, naming the first position that does not fit.

    The session must see one moment of the database (``Database.reading``), or events of meanwhile look put in.
    """
    head = session.execute(select(_HEAD.c.position, _HEAD.c.hash)).one_or_none()
    if head is None:
        raise AuditBroken("The record of where the chain of events ends is gone.")
    position, before = 0, GENESIS
    for event in _events(session):
        position += 1
        if event.position != position:
            raise AuditBroken(f"Event {position} is missing: after {position - 1} follows {event.position}.")
        if position > head.position:
            raise AuditBroken(
                f"Event {position} is beyond the end of the chain, which is at {head.position}."
            )
        said = {column.name: getattr(event, column.name) for column in _SAID}
        if chained(before, said) != event.hash:
            raise AuditBroken(f"Event {position} is not as it was written, or what was before it is not.")
        before = event.hash
    if position < head.position:
        raise AuditBroken(f"Event {position + 1} is missing: the chain goes on to {head.position}.")
    if before != head.hash:
        raise AuditBroken(f"Event {position} is not the one that the chain ends with.")
    return position


def _events(session: Session) -> Iterator[Row[Any]]:
    last = None
    while True:
        query = select(*_EVENT.c).order_by(_EVENT.c.position).limit(_ROWS)
        rows = session.execute(query if last is None else query.where(_EVENT.c.position > last)).all()
        yield from rows
        if len(rows) < _ROWS:
            return
        last = rows[-1].position

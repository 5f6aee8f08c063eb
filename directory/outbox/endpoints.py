"""Where a partner's systems are told, what has been sent there, and sending it once more. In the caller's transaction.

Secrets are handed out once and kept encrypted. That it is the partner's coordinator who asks is for the caller to see
to.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Table, delete, update
from sqlmodel import Session, col, func, select

from directory.encryption import Vault
from directory.errors import Conflict, NotFound
from directory.outbox import targets
from directory.outbox.events import TEST
from directory.outbox.models import OutboxMessage, WebhookEndpoint
from directory.outbox.webhooks import new_secret
from directory.partners.models import Partner

MOST = 10  # of one partner
OVERLAP = timedelta(hours=24)  # for which the secret before signs as well
BY_HAND, GONE = "by-hand", "gone"  # why an endpoint is not in use
SHOWN = 100  # deliveries at a time
KEPT = timedelta(days=30)  # what was sent or dropped
DEAD_KEPT = timedelta(days=90)

_MESSAGE: Table = OutboxMessage.__table__  # type: ignore[attr-defined]


def add(
    session: Session,
    vault: Vault,
    partner: Partner,
    *,
    url: str,
    resolver: targets.Resolver,
    loopback: bool,
    now: datetime,
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint, in use, and its secret, which can't be had again. Raises InvalidInput on ``url``; Conflict when
    the partner has enough of them, or this one already.
    """
    targets.allowed(url, resolver, loopback)
    session.exec(select(Partner.id).where(Partner.id == partner.id).with_for_update()).one()
    there = endpoints_of(session, partner.id)
    if any(endpoint.url == url for endpoint in there):
        raise Conflict("There is an endpoint with this address already.", {"url": ["is there already"]})
    if len(there) >= MOST:
        raise Conflict(f"A partner has at most {MOST} endpoints.")
    secret = new_secret()
    endpoint = WebhookEndpoint(partner_id=partner.id, url=url, secret=vault.seal(secret), created_at=now)
    session.add(endpoint)
    session.flush()
    return endpoint, secret


def endpoints_of(session: Session, partner_id: UUID) -> list[WebhookEndpoint]:
    """The oldest first."""
    query = select(WebhookEndpoint).where(WebhookEndpoint.partner_id == partner_id)
    return list(session.exec(query.order_by(col(WebhookEndpoint.created_at), col(WebhookEndpoint.id))))


def endpoint_of(
    session: Session, partner_id: UUID, endpoint_id: UUID, *, lock: bool = True
) -> WebhookEndpoint:
    """One of this partner's; with ``lock`` for changing it. Raises NotFound."""
    query = select(WebhookEndpoint).where(
        WebhookEndpoint.id == endpoint_id, WebhookEndpoint.partner_id == partner_id
    )
    found = session.exec(query.with_for_update() if lock else query).first()
    if found is None:
        raise NotFound("There is no such endpoint.")
    return found


def set_active(session: Session, endpoint: WebhookEndpoint, active: bool, *, now: datetime) -> None:
    """One that is not in use is told nothing: what waits for it is dropped, what happens meanwhile is lost to it."""
    endpoint.disabled_because = None if active else endpoint.disabled_because or BY_HAND
    endpoint.active = active
    session.add(endpoint)
    session.flush()
    if not active:
        drop_waiting(session, endpoint.id, now)


def rotate(session: Session, vault: Vault, endpoint: WebhookEndpoint, *, now: datetime) -> str:
    """Another secret, which can't be had again. For OVERLAP messages are signed by both."""
    secret = new_secret()
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, now + OVERLAP
    endpoint.secret = vault.seal(secret)
    session.add(endpoint)
    session.flush()
    return secret


def remove(session: Session, endpoint: WebhookEndpoint) -> None:
    """With all that is known of what was sent there."""
    session.execute(delete(_MESSAGE).where(_MESSAGE.c.endpoint_id == endpoint.id))
    session.delete(endpoint)
    session.flush()


def send_test(session: Session, endpoint: WebhookEndpoint, *, now: datetime) -> OutboxMessage:
    """A message of the event ``test``, of no referral. Raises Conflict when the endpoint is not in use."""
    _refuse_unused(endpoint)
    message = OutboxMessage(
        partner_id=endpoint.partner_id,
        channel="webhook",
        endpoint_id=endpoint.id,
        event=TEST,
        created_at=now,
        next_at=now,
    )
    session.add(message)
    session.flush()
    return message


def deliveries(session: Session, endpoint: WebhookEndpoint) -> list[OutboxMessage]:
    """What was sent there lately and what is to be, the newest first; at most SHOWN."""
    query = select(OutboxMessage).where(OutboxMessage.endpoint_id == endpoint.id)
    return list(session.exec(query.order_by(col(OutboxMessage.position).desc()).limit(SHOWN)))


def replay(session: Session, partner_id: UUID, message_id: UUID, *, now: datetime) -> OutboxMessage:
    """Send a webhook once more, under the same id, out of its order. Raises NotFound for what was never meant for one
    of the partner's endpoints; Conflict when it waits already, or its endpoint is not in use.
    """
    query = select(OutboxMessage).where(
        OutboxMessage.id == message_id,
        OutboxMessage.partner_id == partner_id,
        OutboxMessage.channel == "webhook",
    )
    message = session.exec(query.with_for_update()).first()
    if message is None:
        raise NotFound("There is no such delivery.")
    if message.state == "waiting":
        raise Conflict("This delivery waits to be sent already.")
    assert message.endpoint_id is not None  # the table sees to it
    _refuse_unused(endpoint_of(session, partner_id, message.endpoint_id))
    _again(session, message, now)
    return message


def messages(session: Session, *, dead: bool = False, limit: int = SHOWN) -> list[OutboxMessage]:
    """What waits, or (``dead``) what was given up, of all partners; the oldest first."""
    query = select(OutboxMessage).where(OutboxMessage.state == ("dead" if dead else "waiting"))
    return list(session.exec(query.order_by(col(OutboxMessage.position)).limit(limit)))


def number_of(session: Session, state: str) -> int:
    return session.exec(
        select(func.count()).select_from(OutboxMessage).where(OutboxMessage.state == state)
    ).one()


def replay_dead(session: Session, ids: Sequence[UUID] | None, *, now: datetime) -> int:
    """Send what was given up once more: these, or (None) all. Answers how many. Raises NotFound for one that is not
    dead.
    """
    query = select(OutboxMessage).where(OutboxMessage.state == "dead").order_by(col(OutboxMessage.position))
    if ids is not None:
        query = query.where(col(OutboxMessage.id).in_(ids))
    found = list(session.exec(query.with_for_update()))
    if ids is not None and (missing := set(ids) - {message.id for message in found}):
        raise NotFound(f"There is no dead message {sorted(map(str, missing))[0]}.")
    for message in found:
        _again(session, message, now)
    return len(found)


def drop_waiting(session: Session, endpoint_id: UUID, now: datetime) -> None:
    waiting = (_MESSAGE.c.endpoint_id == endpoint_id) & (_MESSAGE.c.state == "waiting")
    session.execute(
        update(_MESSAGE)
        .where(waiting)
        .values(state="dropped", settled_at=now, leased_until=None, error="the endpoint is not in use")
    )


def forget_settled(session: Session, now: datetime) -> int:
    """Take away what was settled long ago. Answers how many."""
    done = 0
    for states, kept in ((("sent", "dropped"), KEPT), (("dead",), DEAD_KEPT)):
        old = _MESSAGE.c.state.in_(states) & (_MESSAGE.c.settled_at < now - kept)
        done += session.execute(delete(_MESSAGE).where(old)).rowcount  # type: ignore[attr-defined]
    return done


def reencrypt(session: Session, vault: Vault) -> int:
    """Seal all secrets by the newest key; returns how many were by another. Raises UnsafeSettings."""
    renewed = 0
    for endpoint in session.exec(select(WebhookEndpoint).with_for_update()):
        for name in ("secret", "previous_secret"):
            sealed = getattr(endpoint, name)
            new = None if sealed is None else vault.renewed(sealed)
            if new is not None:
                setattr(endpoint, name, new)
                session.add(endpoint)
                renewed += 1
    session.flush()
    return renewed


def _again(session: Session, message: OutboxMessage, now: datetime) -> None:
    message.state, message.attempts, message.next_at = "waiting", 0, now
    message.settled_at = message.leased_until = message.error = None
    session.add(message)
    session.flush()


def _refuse_unused(endpoint: WebhookEndpoint) -> None:
    if not endpoint.active:
        raise Conflict("This endpoint is not in use. Switch it on first.")

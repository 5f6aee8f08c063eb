"""Delivering: each message at least once, in the order of its referral, whatever dies in between.

A message is leased in a transaction of its own, sent outside any, and settled in a second one. Who dies in between
leaves a lease that ends, and the message is sent again under the same id. Only the first message that waits of each
queue (one referral, one receiver) is ever leased; queues do not wait for each other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random, SystemRandom
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, func, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from directory.config import Settings
from directory.database import Database
from directory.encryption import Vault
from directory.outbox import endpoints, links, targets
from directory.outbox.attempts import Outcome, Result, next_attempt
from directory.outbox.endpoints import forget_settled
from directory.outbox.events import wants_mail
from directory.outbox.mail import Letter, MailSender, sender_of
from directory.outbox.models import OutboxMessage, WebhookEndpoint
from directory.outbox.webhooks import Notice, WebhookSender
from directory.partners.models import Account, Partner

__all__ = ["LEASE", "Senders", "deliver", "forget_settled", "senders_of"]

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)  # longer than any attempt takes
AT_ONCE = 8  # sent side by side; one at a time to each endpoint, and one mail
LONGEST_ROUND = 200  # messages, so that a worker that is told to stop does
_LOOKED_AT = 100  # messages that are due, at a time
_LOOK_AGAIN = 0.25  # seconds, while something is being sent

_MESSAGE: Table = OutboxMessage.__table__  # type: ignore[attr-defined]
_MAIL = UUID(int=0)  # the lane of all mail; an endpoint's is its id


@dataclass(frozen=True, slots=True)
class Senders:
    """``mail`` None: this installation sends none."""

    webhooks: WebhookSender
    mail: MailSender | None


def senders_of(settings: Settings) -> Senders:
    """How this installation sends. To be made once: it reads whom this machine trusts."""
    webhooks = WebhookSender(targets.look_up, loopback=settings.webhooks_to_this_machine)
    return Senders(webhooks, sender_of(settings))


class _Nobody(Exception):
    """Nobody is to be told any more; says why."""


def deliver(
    database: Database,
    vault: Vault,
    settings: Settings,
    clock: Callable[[], datetime],
    *,
    senders: Senders | None = None,
    random: Random | None = None,
    lease: timedelta = LEASE,
) -> int:
    """One round: all that is due, or a good part of it. Commits by itself; answers how many messages were tried.

    Several processes may do this at once. After a failure, nothing more is sent to that endpoint (or by mail, where the
    server is at fault) in the same round.
    """
    round_ = _Round(
        database, vault, settings, clock, senders or senders_of(settings), random or SystemRandom(), lease
    )
    return round_.run()


@dataclass
class _Round:
    database: Database
    vault: Vault
    settings: Settings
    clock: Callable[[], datetime]
    senders: Senders
    random: Random
    lease: timedelta

    def run(self) -> int:
        halted = set[UUID]()
        if not self._due(halted):
            return 0
        tried, running = 0, dict[Future[Outcome], _Leased]()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="outbox") as pool:
            while True:
                lanes = {leased.lane for leased in running.values()}
                for position, lane in self._due(halted | lanes):
                    if len(running) >= AT_ONCE or tried >= LONGEST_ROUND:
                        break
                    if lane in lanes:
                        continue
                    tried += 1
                    leased = self._lease(position, lane)
                    if leased is None:
                        continue
                    lanes.add(lane)
                    running[pool.submit(leased.send, self.clock())] = leased
                if not running:
                    return tried
                done, _ = wait(running, timeout=_LOOK_AGAIN, return_when=FIRST_COMPLETED)
                for future in done:
                    leased = running.pop(future)
                    outcome = _outcome_of(future)
                    if outcome.halts:
                        halted.add(leased.lane)
                    try:
                        self._settle(leased, outcome)
                    except Exception as error:  # its lease ends; what else is on its way is to be settled
                        log.error("a message could not be settled", exc_info=error)

    def _due(self, without: set[UUID]) -> list[tuple[int, UUID]]:
        """Position and lane of what is due, the longest due first, but for these lanes."""
        lane = func.coalesce(_MESSAGE.c.endpoint_id, _MAIL)
        query = select(_MESSAGE.c.position, _MESSAGE.c.endpoint_id).where(_is_due(self.clock()))
        if without:
            query = query.where(lane.not_in(without))
        query = query.order_by(_MESSAGE.c.next_at, _MESSAGE.c.position).limit(_LOOKED_AT)
        with self.database.reading() as session:
            return [(row.position, row.endpoint_id or _MAIL) for row in session.execute(query)]

    def _lease(self, position: int, lane: UUID) -> _Leased | None:
        """The message, made ready to be sent and ours for a while; None when another was quicker, when nobody is to be
        told any more, or when it could not be made ready.
        """
        now = self.clock()
        until = now + self.lease
        with self.database.unit_of_work() as session:
            query = select(OutboxMessage).where(_MESSAGE.c.position == position, _is_due(now))
            message = session.execute(query.with_for_update(skip_locked=True)).scalar_one_or_none()
            if message is None:
                return None
            leased = None
            try:
                leased = _Leased(position, lane, until, self._ready(session, message, now))
                message.leased_until = until
            except _Nobody as reason:
                _end(message, "dropped", now, str(reason))
            except Exception as error:
                # It may be mended (a key that is missing), and must hold up nobody else.
                log.error("a message cannot be made ready", extra={"outbox": str(message.id)}, exc_info=error)
                self._failed(message, Outcome(Result.FAILED, "it could not be made ready"), now)
            session.add(message)
            session.commit()
        return leased

    def _ready(
        self, session: Session, message: OutboxMessage, now: datetime
    ) -> Callable[[datetime], Outcome]:
        """What sends it. Raises _Nobody, and whatever goes wrong."""
        partner = session.get(Partner, message.partner_id)
        if partner is None or not partner.active:
            raise _Nobody("the partner is disabled")
        if message.channel == "webhook":
            return partial(self.senders.webhooks.send, self._notice(session, message, now))
        if self.senders.mail is None:
            raise _Nobody("no mail is sent here: VEIVISER_SMTP_URL is not set")
        return partial(self.senders.mail.send, self._letter(session, message, partner))

    def _notice(self, session: Session, message: OutboxMessage, now: datetime) -> Notice:
        endpoint = session.get(WebhookEndpoint, message.endpoint_id)
        if endpoint is None or not endpoint.active:
            raise _Nobody("the endpoint is not in use")
        sealed = [endpoint.secret]
        if endpoint.previous_secret and endpoint.previous_until and now < endpoint.previous_until:
            sealed.append(endpoint.previous_secret)
        return Notice(
            endpoint.url,
            message.id,
            message.event,
            message.referral_id,
            message.created_at,
            tuple(str(self.vault.open(one)) for one in sealed),
        )

    def _letter(self, session: Session, message: OutboxMessage, partner: Partner) -> Letter:
        to = partner.mailbox
        if message.account_id is not None:
            account = session.get(Account, message.account_id)
            if account is None or account.partner_id != partner.id or not wants_mail(account):
                raise _Nobody("the person is to be told no more")
            to = account.email
        if to is None:
            raise _Nobody("the partner has no mailbox any more")
        base = self.settings.base_url
        link = f"{base}/desk/received/{links.token_of(self.vault, message.id)}"
        return Letter(
            to,
            message.id,
            message.event,
            message.created_at,
            link=f"{base}/desk/referrals/{message.referral_id}",
            acknowledge=link if message.event in links.ACKNOWLEDGED else None,
        )

    def _settle(self, leased: _Leased, outcome: Outcome) -> None:
        now = self.clock()
        with self.database.unit_of_work() as session:
            if outcome.result is Result.GONE:  # in the order in which whoever removes an endpoint locks
                session.execute(
                    select(WebhookEndpoint).where(col(WebhookEndpoint.id) == leased.lane).with_for_update()
                )
            query = select(OutboxMessage).where(
                _MESSAGE.c.position == leased.position, _MESSAGE.c.state == "waiting"
            )
            message = session.execute(query.with_for_update()).scalar_one_or_none()
            # One whose lease has ended may be another's by now, who tells what becomes of it unless it is sent.
            if message is None or (
                outcome.result is not Result.SENT and message.leased_until != leased.until
            ):
                return
            if outcome.result is Result.GONE:
                self._gone(session, message, now)
            elif outcome.result is Result.SENT:
                message.attempts += 1
                _end(message, "sent", now, None)
            else:
                self._failed(message, outcome, now)
                if outcome.wait and message.endpoint_id:
                    _put_off(session, message.endpoint_id, now + outcome.wait)
            session.add(message)
            session.commit()

    def _failed(self, message: OutboxMessage, outcome: Outcome, now: datetime) -> None:
        message.attempts += 1
        message.leased_until = None
        message.error = outcome.error
        again = next_attempt(message.attempts, now, self.random, outcome.wait)
        if outcome.result is Result.REFUSED or again is None:
            _end(message, "dead", now, outcome.error)
            told = {"outbox": str(message.id), "channel": message.channel, "attempts": message.attempts}
            log.warning("a message was given up", extra=told)
        else:
            message.next_at = again

    def _gone(self, session: Session, message: OutboxMessage, now: datetime) -> None:
        message.attempts += 1
        _end(message, "dropped", now, "it answered 410")
        session.flush()
        assert message.endpoint_id is not None  # only an endpoint is gone
        endpoint = session.get(WebhookEndpoint, message.endpoint_id)
        if endpoint is not None:
            endpoint.disabled_because = endpoints.GONE
            endpoints.set_active(session, endpoint, False, now=now)


@dataclass(frozen=True, slots=True)
class _Leased:
    position: int
    lane: UUID
    until: datetime
    send: Callable[[datetime], Outcome]


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Waits, is due, is nobody's at the moment, and is the first of its queue."""
    earlier = aliased(OutboxMessage)
    before = select(col(earlier.position)).where(
        col(earlier.referral_id) == _MESSAGE.c.referral_id,
        col(earlier.position) < _MESSAGE.c.position,
        col(earlier.state) == "waiting",
        col(earlier.partner_id) == _MESSAGE.c.partner_id,
        col(earlier.endpoint_id).is_not_distinct_from(_MESSAGE.c.endpoint_id),
        col(earlier.account_id).is_not_distinct_from(_MESSAGE.c.account_id),
    )
    return and_(
        _MESSAGE.c.state == "waiting",
        _MESSAGE.c.next_at <= now,
        or_(_MESSAGE.c.leased_until.is_(None), _MESSAGE.c.leased_until <= now),
        ~before.exists(),
    )


def _outcome_of(future: Future[Outcome]) -> Outcome:
    try:
        return future.result()
    except Exception as error:  # a mistake of ours, which must hold up nobody else
        log.error("a message could not be sent", exc_info=error)
        return Outcome(Result.FAILED, "it could not be sent", halts=True)


def _put_off(session: Session, endpoint_id: UUID, until: datetime) -> None:
    """Whoever asks to wait means all that waits for it."""
    early = and_(
        _MESSAGE.c.endpoint_id == endpoint_id, _MESSAGE.c.state == "waiting", _MESSAGE.c.next_at < until
    )
    session.execute(update(_MESSAGE).where(early).values(next_at=until))


def _end(message: OutboxMessage, state: str, now: datetime, error: str | None) -> None:
    message.state, message.settled_at, message.leased_until, message.error = state, now, None, error

"""Delivering the outbox: once where nothing dies, at least once where something does, in order within each queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from threading import Barrier, Lock, Thread
from uuid import UUID, uuid4

import pytest
from cryptography.fernet import Fernet
from sqlmodel import Session, col, select

from directory.config import Settings
from directory.database import Database
from directory.encryption import Vault
from directory.outbox import endpoints
from directory.outbox.attempts import MOST, Outcome, Result
from directory.outbox.delivering import LEASE, Senders, deliver
from directory.outbox.events import recipients, tell
from directory.outbox.mail import Letter
from directory.outbox.models import OutboxMessage, WebhookEndpoint
from directory.outbox.webhooks import Notice
from directory.partners.access import Role
from directory.partners.members import add_account
from directory.partners.models import Account, Partner
from tests.factories import NOW

VAULT = Vault([Fernet.generate_key().decode()], "a hash key for tests, long enough for anyone")
SENT, FAILED = Outcome(Result.SENT), Outcome(Result.FAILED, "it answered 500", halts=True)


@dataclass
class Webhooks:
    """Answers as ``answers`` says, by address."""

    answers: Callable[[Notice], Outcome] = lambda notice: SENT
    got: list[Notice] = field(default_factory=list)

    def send(self, notice: Notice, now: datetime) -> Outcome:
        self.got.append(notice)
        return self.answers(notice)


@dataclass
class Mail:
    answers: Callable[[Letter], Outcome] = lambda letter: SENT
    got: list[Letter] = field(default_factory=list)

    def send(self, letter: Letter, now: datetime) -> Outcome:
        self.got.append(letter)
        return self.answers(letter)


@dataclass
class Post:
    """A partner with endpoints ``a`` and ``b`` and two people, and what delivers to them."""

    database: Database
    settings: Settings
    partner: Partner
    a: WebhookEndpoint
    b: WebhookEndpoint
    people: list[Account]
    webhooks: Webhooks = field(default_factory=Webhooks)
    mail: Mail = field(default_factory=Mail)
    now: datetime = NOW

    def tell(
        self, event: str = "referral.accepted", referral: UUID | None = None, *, mail: bool = False
    ) -> UUID:
        referral = referral or uuid4()
        with self.database.unit_of_work() as session:
            to = recipients(session, self.partner.id) if mail else ()
            tell(
                session,
                partner_id=self.partner.id,
                referral_id=referral,
                event=event,
                now=self.now,
                mail_to=to,
            )
            session.commit()
        return referral

    def deliver(self, vault: Vault = VAULT) -> int:
        senders = Senders(self.webhooks, self.mail)  # type: ignore[arg-type]
        return deliver(
            self.database, vault, self.settings, lambda: self.now, senders=senders, random=Random(1)
        )

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def messages(self, endpoint: WebhookEndpoint | None = None) -> list[OutboxMessage]:
        with self.database.reading() as session:
            query = select(OutboxMessage).order_by(col(OutboxMessage.position))
            if endpoint is not None:
                query = query.where(OutboxMessage.endpoint_id == endpoint.id)
            return list(session.exec(query))

    def change(self, what: Callable[[Session], object]) -> None:
        with self.database.unit_of_work() as session:
            what(session)
            session.commit()


@pytest.fixture
def post(database: Database, tmp_path: Path) -> Post:
    with database.unit_of_work() as session:
        partner = Partner(slug="clinic", name="Clinic", created_at=NOW)
        session.add(partner)
        session.flush()
        found = [
            WebhookEndpoint(
                partner_id=partner.id,
                url=f"https://{name}.example.org/",
                secret=VAULT.seal("whsec_AAAA"),
                created_at=NOW + timedelta(seconds=place),  # the order in which they are told
            )
            for place, name in enumerate("ab")
        ]
        session.add_all(found)
        people = [
            add_account(
                session, email=f"{name}@clinic.example.org", roles=[Role.COUNSELLOR], partner=partner, now=NOW
            )
            for name in ("anne", "bo")
        ]
        session.commit()
    settings = Settings(_env_file=None, data_dir=tmp_path, base_url="https://help.example.org")
    return Post(database, settings, partner, found[0], found[1], people)


def test_each_endpoint_and_each_person_gets_a_message_once(post: Post) -> None:
    referral = post.tell("referral.requested", mail=True)
    assert post.deliver() == 4
    assert post.deliver() == 0
    assert sorted(notice.url[8] for notice in post.webhooks.got) == ["a", "b"]
    assert {(one.event, one.referral_id) for one in post.webhooks.got} == {("referral.requested", referral)}
    assert sorted(letter.to for letter in post.mail.got) == [
        "anne@clinic.example.org",
        "bo@clinic.example.org",
    ]
    assert {message.state for message in post.messages()} == {"sent"}


def test_what_fails_is_tried_again_later_and_later_under_the_same_id_and_then_given_up(post: Post) -> None:
    post.webhooks.answers = lambda notice: FAILED if notice.url[8] == "a" else SENT
    post.tell()
    times = [post.now]
    for _ in range(MOST + 2):
        post.deliver()
        (message,) = post.messages(post.a)
        if message.state == "waiting":
            assert post.deliver() == 0  # not before it is due
            post.now = message.next_at
            times.append(post.now)
    tried = [notice.message_id for notice in post.webhooks.got if notice.url[8] == "a"]
    assert len(tried) == MOST and len(set(tried)) == 1
    waits = [(later - before).total_seconds() for before, later in pairwise(times)]
    planned = [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert all(plan <= wait <= plan * 1.2 for plan, wait in zip(planned, waits, strict=True))
    assert (message.state, message.attempts, message.error) == ("dead", MOST, "it answered 500")


def test_a_receiver_that_asks_to_wait_is_not_asked_before(post: Post) -> None:
    post.webhooks.answers = lambda notice: Outcome(Result.FAILED, "it answered 429", timedelta(hours=1), True)
    for _ in range(3):
        post.tell()
    assert post.deliver() == 2
    post.later(minutes=59)
    assert post.deliver() == 0  # not by another message either
    assert {message.next_at for message in post.messages()} == {NOW + timedelta(hours=1)}


def test_the_messages_of_a_referral_reach_each_endpoint_in_order(post: Post) -> None:
    broken = {"a"}
    post.webhooks.answers = lambda notice: FAILED if notice.url[8] in broken else SENT
    referral = post.tell("referral.requested")
    for event in ("referral.received", "referral.accepted"):
        post.tell(event, referral)
    other = post.tell("referral.rejected")
    post.deliver()
    got = [notice.event for notice in post.webhooks.got if notice.url[8] == "b"]
    assert got == ["referral.requested", "referral.received", "referral.accepted", "referral.rejected"]
    broken.clear()
    for _ in range(3):
        post.later(minutes=10)
        post.deliver()
    accepted = [notice for notice in post.webhooks.got if notice.url[8] == "a"]
    assert [one.event for one in accepted if one.referral_id == referral][-3:] == got[:3]
    assert other in [one.referral_id for one in accepted]


def test_a_poisoned_endpoint_holds_up_nobody_else_and_is_asked_once_a_round(post: Post) -> None:
    post.webhooks.answers = lambda notice: FAILED if notice.url[8] == "a" else SENT
    for _ in range(5):
        post.tell()
    post.deliver()
    assert [notice.url[8] for notice in post.webhooks.got].count("a") == 1
    assert {message.state for message in post.messages(post.b)} == {"sent"}


def test_a_message_that_is_dead_lets_the_next_of_its_referral_pass(post: Post) -> None:
    post.webhooks.answers = lambda notice: (
        Outcome(Result.REFUSED, "no") if "requested" in notice.event else SENT
    )
    referral = post.tell("referral.requested")
    post.tell("referral.accepted", referral)
    post.deliver()
    assert [message.state for message in post.messages(post.a)] == ["dead", "sent"]


def test_a_lease_that_nobody_settled_ends_and_the_message_goes_out_under_the_same_id(post: Post) -> None:
    class Killed(BaseException):
        pass

    def dies(notice: Notice) -> Outcome:
        raise Killed

    post.change(lambda session: session.delete(session.get(WebhookEndpoint, post.b.id)))
    post.webhooks.answers = dies
    post.tell()
    with pytest.raises(Killed):
        post.deliver()
    post.webhooks.answers = lambda notice: SENT
    assert post.deliver() == 0  # it may still be at it
    post.now += LEASE
    assert post.deliver() == 1
    first, second = post.webhooks.got
    assert first == second
    assert [message.state for message in post.messages()] == ["sent"]


def test_what_cannot_be_settled_is_sent_again_and_what_went_with_it_is_settled(post: Post) -> None:
    def takes_itself_away(notice: Notice) -> Outcome:
        if notice.url[8] == "a":  # a store that fails, for this one
            return Outcome(Result.FAILED, "x", wait="no time at all", halts=True)  # type: ignore[arg-type]
        return SENT

    post.webhooks.answers = takes_itself_away
    post.tell()
    assert post.deliver() == 2
    assert [message.state for message in post.messages()] == ["waiting", "sent"]
    post.webhooks.answers = lambda notice: SENT
    post.now += LEASE
    assert post.deliver() == 1
    assert {message.state for message in post.messages()} == {"sent"}


def test_two_workers_at_once_send_nothing_twice(post: Post) -> None:
    referrals = [post.tell("referral.requested") for _ in range(6)]
    for referral in referrals:
        post.tell("referral.accepted", referral)
    start, lock, tried = Barrier(2), Lock(), list[int]()

    def work() -> None:
        start.wait()
        count = sum(iter(post.deliver, 0))
        with lock:
            tried.append(count)

    workers = [Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    while post.deliver():  # one may have gone before the other had settled its last
        pass
    got = [(notice.url, notice.referral_id, notice.event) for notice in post.webhooks.got]
    assert len(got) == len(set(got)) == 24
    for url in {post.a.url, post.b.url}:
        for referral in referrals:
            mine = [event for at, one, event in got if (at, one) == (url, referral)]
            assert mine == ["referral.requested", "referral.accepted"]


def test_what_cannot_be_made_ready_counts_as_tried_and_holds_up_its_own_queue_alone(post: Post) -> None:
    other = Vault([Fernet.generate_key().decode()], "x" * 40)
    post.change(
        lambda session: setattr(session.get(WebhookEndpoint, post.a.id), "secret", other.seal("lost"))
    )
    post.tell()
    post.deliver()
    assert [notice.url[8] for notice in post.webhooks.got] == ["b"]
    (message,) = post.messages(post.a)
    assert (message.state, message.attempts, message.error) == ("waiting", 1, "it could not be made ready")


def test_an_endpoint_that_is_gone_is_not_in_use_any_more_and_nothing_waits_for_it(post: Post) -> None:
    post.webhooks.answers = lambda notice: (
        Outcome(Result.GONE, "it answered 410") if notice.url[8] == "a" else SENT
    )
    referral = post.tell("referral.requested")
    post.tell("referral.accepted", referral)
    post.deliver()
    assert [message.state for message in post.messages(post.a)] == ["dropped", "dropped"]
    post.tell()
    assert len(post.messages(post.a)) == 2
    with post.database.reading() as session:
        gone = endpoints.endpoint_of(session, post.partner.id, post.a.id, lock=False)
    assert (gone.active, gone.disabled_because) == (False, "gone")


def test_while_secrets_change_both_sign(post: Post) -> None:
    def rotate(session: Session) -> None:
        endpoint = endpoints.endpoint_of(session, post.partner.id, post.a.id)
        endpoints.rotate(session, VAULT, endpoint, now=post.now)

    post.change(rotate)
    post.tell()
    post.deliver()
    post.later(hours=24)
    post.tell()
    post.deliver()
    assert [len(notice.signing) for notice in post.webhooks.got if notice.url[8] == "a"] == [2, 1]


@pytest.mark.parametrize(
    "change",
    [
        lambda session, post: setattr(session.get(Account, post.people[0].id), "notices", "none"),
        lambda session, post: setattr(session.get(Account, post.people[0].id), "active", False),
        lambda session, post: setattr(session.get(Account, post.people[0].id), "roles", ["editor"]),
    ],
)
def test_who_wants_no_mail_any_more_gets_none_of_what_waits(
    post: Post, change: Callable[[Session, Post], None]
) -> None:
    post.tell(mail=True)
    post.change(lambda session: change(session, post))
    post.deliver()
    assert [letter.to for letter in post.mail.got] == ["bo@clinic.example.org"]


def test_a_partner_that_is_disabled_is_told_nothing_of_what_waits(post: Post) -> None:
    post.tell(mail=True)
    post.change(lambda session: setattr(session.get(Partner, post.partner.id), "active", False))
    post.deliver()
    assert (post.webhooks.got, post.mail.got) == ([], [])
    assert {message.state for message in post.messages()} == {"dropped"}


def test_a_mail_to_a_mailbox_goes_where_the_mailbox_is_when_it_is_sent(post: Post) -> None:
    post.change(lambda session: setattr(session.get(Partner, post.partner.id), "mailbox", "old@example.org"))
    post.tell(mail=True)
    post.change(lambda session: setattr(session.get(Partner, post.partner.id), "mailbox", "new@example.org"))
    post.deliver()
    assert [letter.to for letter in post.mail.got] == ["new@example.org"]


def test_only_a_mail_of_what_waits_to_be_answered_has_a_one_time_link(post: Post) -> None:
    for event in ("referral.requested", "referral.accepted", "reminder.answer-due", "reminder.revisit"):
        post.tell(event, mail=True)
    post.deliver()
    with_link = {letter.event for letter in post.mail.got if letter.acknowledge}
    assert with_link == {"referral.requested", "reminder.answer-due"}
    assert all(letter.link.startswith("https://help.example.org/desk/referrals/") for letter in post.mail.got)


def test_an_address_that_is_refused_is_not_tried_again_and_the_mail_to_others_goes_on(post: Post) -> None:
    post.mail.answers = lambda letter: Outcome(Result.REFUSED, "no") if letter.to.startswith("anne") else SENT
    post.tell(mail=True)
    post.deliver()
    states = [message.state for message in post.messages() if message.channel == "mail"]
    assert states == ["dead", "sent"]


def test_where_no_mail_is_sent_it_is_dropped(post: Post) -> None:
    post.tell(mail=True)
    deliver(
        post.database,
        VAULT,
        post.settings,
        lambda: post.now,
        senders=Senders(post.webhooks, None),  # type: ignore[arg-type]
    )
    assert {one.state for one in post.messages() if one.channel == "mail"} == {"dropped"}


def test_in_development_mail_becomes_files_in_the_data_directory(post: Post) -> None:
    def alone(session: Session) -> None:
        for endpoint in endpoints.endpoints_of(session, post.partner.id):
            endpoints.remove(session, endpoint)

    post.change(alone)
    post.tell("referral.requested", mail=True)
    assert deliver(post.database, VAULT, post.settings, lambda: post.now) == 2
    assert len(list((post.settings.data_dir / "mail").glob("*.eml"))) == 2


def test_what_was_given_up_can_be_sent_again_under_the_same_id(post: Post) -> None:
    post.webhooks.answers = lambda notice: Outcome(Result.REFUSED, "no")
    post.tell()
    post.deliver()
    post.webhooks.answers = lambda notice: SENT
    post.change(lambda session: endpoints.replay_dead(session, None, now=post.now))
    post.deliver()
    assert len({notice.message_id for notice in post.webhooks.got}) == 2
    assert {message.state for message in post.messages()} == {"sent"}


def test_what_was_settled_long_ago_is_forgotten_and_the_dead_are_kept_longer(post: Post) -> None:
    post.webhooks.answers = lambda notice: SENT if notice.url[8] == "a" else Outcome(Result.REFUSED, "no")
    post.tell()
    post.deliver()
    for days, left in ((30, 2), (31, 1), (90, 1), (91, 0)):
        post.change(lambda session, days=days: endpoints.forget_settled(session, NOW + timedelta(days=days)))  # type: ignore[misc]
        assert len(post.messages()) == left, days

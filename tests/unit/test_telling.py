"""Who is told of what: both parties' systems, by mail whoever has to know, and nobody of what is not theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, col, select

from directory.database import Database
from directory.errors import NotFound
from directory.outbox.events import EVENTS, REMINDERS, tell
from directory.outbox.links import token_of
from directory.outbox.models import OutboxMessage, WebhookEndpoint
from directory.partners.access import Identity, Party, Role
from directory.partners.members import add_account, set_account_active
from directory.partners.models import Account, Partner
from directory.referrals import audit, seeing, telling
from directory.referrals.acknowledging import LASTS, acknowledge, check
from directory.referrals.lifecycle import STATUSES
from directory.referrals.models import Referral
from tests.factories import NOW
from tests.referral_house import CONSENT, VAULT, House, house

Told = set[tuple[str, str]]  # who, and of what


class Listening(House):
    """A house in which each partner has an endpoint and two people: ``first``, who acts for it, and ``second``."""

    names: dict[UUID, str]

    def told(self) -> list[tuple[str, str]]:
        """What was told since it was asked last, in order: ("clinic webhook", "referral.accepted")."""
        with self.database.unit_of_work() as session:
            found = list(session.exec(select(OutboxMessage).order_by(col(OutboxMessage.position))))
            for message in found:
                session.delete(message)
            session.commit()
        return [(self.names[one.endpoint_id or one.account_id or one.partner_id], one.event) for one in found]

    def do(self, what: Callable[[Session], object]) -> None:
        with self.database.unit_of_work() as session:
            what(session)
            session.commit()


@pytest.fixture
def listening(database: Database) -> Listening:
    made = house(database)
    names: dict[UUID, str] = {}
    actors: dict[str, Identity] = {}
    with database.unit_of_work() as session:
        for role in ("sender", "receiver", "third"):
            partner = session.get(Partner, getattr(made, role).partner_id)
            assert partner is not None
            endpoint = WebhookEndpoint(
                partner_id=partner.id, url="https://hooks.example.org/", secret=b"", created_at=NOW
            )
            session.add(endpoint)
            session.flush()
            names |= {endpoint.id: f"{role} webhook", partner.id: f"{role} mailbox"}
            for name in ("first", "second"):
                account = add_account(
                    session,
                    email=f"{name}@{role}.example.org",
                    roles=[Role.COUNSELLOR],
                    partner=partner,
                    now=NOW,
                )
                names[account.id] = f"{role} {name}"
                if name == "first":
                    actors[role] = Identity(account.id, partner.id, frozenset({Role.COUNSELLOR}))
        session.commit()
    found = Listening(database, actors["sender"], actors["receiver"], actors["third"])
    found.names = names
    return found


BOTH_SYSTEMS = ["sender webhook", "receiver webhook"]


def of(event: str, *names: str) -> list[tuple[str, str]]:
    return [(name, event) for name in names]


def test_a_new_referral_is_told_to_all_of_the_receiver_and_to_both_systems(listening: Listening) -> None:
    listening.requested()
    assert listening.told() == of("referral.requested", *BOTH_SYSTEMS, "receiver first", "receiver second")


def test_a_draft_is_nobodys_business(listening: Listening) -> None:
    view = listening.create(consent=CONSENT).view
    assert listening.told() == []
    held = listening.step(listening.sender, view, "on-hold", reason="client-not-ready").view
    assert listening.told() == of("referral.on-hold", "sender webhook")
    again = listening.step(listening.sender, held, "draft").view
    assert listening.told() == []
    listening.step(listening.sender, again, "requested")
    assert listening.told() == of("referral.requested", *BOTH_SYSTEMS, "receiver first", "receiver second")


def test_what_the_receiver_does_is_told_to_whoever_made_the_referral(listening: Listening) -> None:
    view = listening.requested()
    listening.told()
    view = listening.read(listening.receiver, view.id)
    assert listening.told() == of("referral.received", "sender webhook")
    listening.read(listening.receiver, view.id)
    assert listening.told() == []
    for to, said in (
        ("accepted", {}),
        ("on-hold", {"reason": "client-not-ready"}),
        ("in-progress", {}),
        ("completed", {"outcome": "need-met"}),
    ):
        view = listening.step(listening.receiver, view, to, **said).view
        assert listening.told() == of(f"referral.{to}", "sender webhook", "sender first", "receiver webhook")


def test_an_answer_to_what_was_not_read_tells_first_that_it_is_received(listening: Listening) -> None:
    view = listening.requested()
    listening.told()
    listening.step(listening.receiver, view, "rejected", reason="no-capacity")
    assert [event for name, event in listening.told() if name == "sender webhook"] == [
        "referral.received",
        "referral.rejected",
    ]


def test_what_the_sender_does_is_told_to_the_receiver(listening: Listening) -> None:
    view = listening.requested()
    listening.told()
    listening.write(listening.sender, view.id, "Tolk trengs.")
    assert listening.told() == of("referral.message", *BOTH_SYSTEMS, "receiver first", "receiver second")
    listening.step(listening.sender, view, "cancelled", reason="duplicate")
    assert listening.told() == of("referral.cancelled", *BOTH_SYSTEMS, "receiver first", "receiver second")


@pytest.mark.parametrize("ended", [False, True])
def test_when_consent_is_withdrawn_the_receiver_is_told_a_last_time(
    listening: Listening, ended: bool
) -> None:
    view = listening.requested()
    if ended:
        view = listening.step(listening.receiver, view, "rejected", reason="no-capacity").view
    listening.told()
    view = listening.later(minutes=1).withdraw(listening.sender, view)
    event, mailed = (
        ("referral.erased", []) if ended else ("referral.cancelled", ["receiver first", "receiver second"])
    )
    assert listening.told() == of(event, *BOTH_SYSTEMS, *mailed)
    listening.later(minutes=2).step(listening.sender, view, "entered-in-error", reason="duplicate")
    assert listening.told() == of("referral.entered-in-error", "sender webhook")


def test_when_consent_has_ended_the_receiver_is_told_nothing(listening: Listening) -> None:
    view = listening.requested(consent=CONSENT | {"expires_on": "2026-11-25"})
    listening.told()
    listening.later(days=4).step(listening.sender, view, "cancelled", reason="duplicate")
    assert listening.told() == of("referral.cancelled", "sender webhook")
    referral = _referral(listening, view.id)
    listening.do(lambda s: telling.remind(s, referral, "answer-due", Party.RECEIVER, NOW + timedelta(days=4)))
    assert listening.told() == []


def test_a_carried_referral_is_the_senders_alone_until_it_is_redeemed(listening: Listening) -> None:
    code = listening.create(status="requested", delivery="carried").code
    assert code and listening.told() == of("referral.requested", "sender webhook")
    listening.redeem(listening.receiver, code)
    assert listening.told() == of("referral.redeemed", "sender webhook", "sender first", "receiver webhook")


def test_a_partner_who_refers_to_itself_is_told_once_and_never_who_did_it(listening: Listening) -> None:
    view = listening.requested(service_id="street-team")
    assert listening.told() == of("referral.requested", "sender webhook", "sender second")
    other = replace(
        listening.sender, id=next(id for id, name in listening.names.items() if name == "sender second")
    )
    listening.step(other, view, "accepted")
    assert listening.told() == [
        ("sender webhook", "referral.received"),
        *of("referral.accepted", "sender webhook", "sender first"),
    ]


def test_what_the_service_does_itself_is_told_to_both(listening: Listening) -> None:
    referral = _referral(listening, listening.requested().id)
    listening.told()
    listening.do(lambda session: telling.tell_step(session, referral, None, "referral.cancelled", NOW))
    assert sorted(listening.told()) == sorted(
        of("referral.cancelled", *BOTH_SYSTEMS, "sender first", "receiver first", "receiver second")
    )
    listening.do(lambda session: telling.tell_step(session, referral, None, "referral.erased", NOW))
    assert listening.told() == of("referral.erased", *BOTH_SYSTEMS)


def test_a_reminder_goes_to_one_party(listening: Listening) -> None:
    referral = _referral(listening, listening.requested().id)
    listening.told()
    listening.do(lambda session: telling.remind(session, referral, "unanswered", Party.SENDER, NOW))
    assert listening.told() == of("reminder.unanswered", "sender webhook", "sender first")
    listening.do(lambda session: telling.remind(session, referral, "answer-due", Party.RECEIVER, NOW))
    assert listening.told() == of(
        "reminder.answer-due", "receiver webhook", "receiver first", "receiver second"
    )


def test_mail_goes_to_who_has_left_no_more_but_to_the_mailbox_or_the_others(listening: Listening) -> None:
    view = listening.requested()
    referral = _referral(listening, view.id)
    listening.told()

    def unanswered() -> list[str]:
        listening.do(lambda session: telling.remind(session, referral, "unanswered", Party.SENDER, NOW))
        return [name for name, _ in listening.told() if not name.endswith("webhook")]

    def leave(session: Session) -> None:
        account = session.get(Account, listening.sender.id)
        assert account is not None
        set_account_active(session, account, False)

    listening.do(leave)
    assert unanswered() == ["sender second"]
    listening.do(
        lambda s: setattr(s.get(Partner, listening.sender.partner_id), "mailbox", "post@example.org")
    )
    assert unanswered() == ["sender mailbox"]
    listening.do(lambda s: setattr(s.get(Account, listening.sender.id), "active", True))
    assert unanswered() == ["sender first"]
    listening.do(lambda s: setattr(s.get(Account, listening.sender.id), "notices", "none"))
    assert unanswered() == ["sender mailbox"]
    listening.do(lambda s: setattr(s.get(Partner, listening.sender.partner_id), "active", False))
    assert unanswered() == []


def test_an_endpoint_that_is_not_in_use_is_told_nothing(listening: Listening) -> None:
    def switch_off(session: Session) -> None:
        for endpoint in session.exec(select(WebhookEndpoint)):
            endpoint.active = False
            session.add(endpoint)

    listening.do(switch_off)
    listening.requested()
    assert {name for name, _ in listening.told()} == {"receiver first", "receiver second"}


def test_what_is_rolled_back_was_never_told(listening: Listening) -> None:
    view = listening.requested()
    listening.told()
    with listening.database.unit_of_work() as session:
        referral, _ = seeing.found(session, listening.receiver, view.id, date(2026, 11, 22))
        telling.tell_step(session, referral, listening.receiver, "referral.accepted", NOW)
    assert listening.told() == []


def test_every_status_but_the_draft_is_an_event_and_nothing_else_is_told(database: Database) -> None:
    assert {f"referral.{status}" for status in STATUSES if status != "draft"} <= set(EVENTS)
    assert set(REMINDERS) <= set(EVENTS)
    with database.unit_of_work() as session, pytest.raises(ValueError, match="no event"):
        tell(session, partner_id=uuid4(), referral_id=uuid4(), event="referral.draft", now=NOW)


def _referral(listening: Listening, id: UUID) -> Referral:
    with listening.database.reading() as session:
        referral = session.get(Referral, id)
        assert referral is not None
        return referral


def token(listening: Listening, *, event: str = "referral.requested", name: str = "receiver first") -> str:
    with listening.database.reading() as session:
        for message in session.exec(select(OutboxMessage).where(OutboxMessage.event == event)):
            if message.account_id and listening.names[message.account_id] == name:
                return token_of(VAULT, message.id)
    raise AssertionError("no such mail")


def test_the_link_of_a_mail_says_once_that_the_referral_is_in_hand(listening: Listening) -> None:
    view = listening.requested()
    link = token(listening)
    with listening.database.reading() as session:
        assert check(session, VAULT, link, NOW) == view.id  # looking changes nothing
    with listening.database.unit_of_work() as session:
        assert acknowledge(session, VAULT, link, NOW) == view.id
        session.commit()
    with listening.database.reading() as session:
        (_, event) = seeing.events(session, listening.receiver, view.id, now=NOW)
        assert (event.action, event.actor, event.actor_id) == (
            "acknowledged",
            "person",
            listening.receiver.id,
        )
        audit.verify(session)
        with pytest.raises(NotFound):
            check(session, VAULT, link, NOW)
    assert ("sender webhook", "referral.received") in listening.told()
    with listening.database.unit_of_work() as session, pytest.raises(NotFound):
        acknowledge(session, VAULT, link, NOW)
    assert _referral(listening, view.id).received_at == NOW


@pytest.mark.parametrize("spoilt", ["", "x" * 64, "0" * 64])
def test_no_other_token_opens_anything(listening: Listening, spoilt: str) -> None:
    listening.requested()
    link = token(listening)
    for other in (
        spoilt,
        link[:-1],
        f"{link[:-1]}{'0' if link[-1] != '0' else '1'}",
        link + "0",
        link.upper(),
    ):
        with listening.database.reading() as session, pytest.raises(NotFound):
            check(session, VAULT, other, NOW)


def test_the_link_holds_for_14_days_while_it_waits_for_an_answer_and_while_its_owner_is_there(
    listening: Listening,
) -> None:
    view = listening.requested()
    link, other = token(listening), token(listening, name="receiver second")

    def opens(link: str, **later: float) -> bool:
        with listening.database.reading() as session:
            try:
                check(session, VAULT, link, NOW + timedelta(**later))
            except NotFound:
                return False
            return True

    assert opens(link, days=14) and not opens(link, days=14, seconds=1)
    assert timedelta(days=14) == LASTS
    listening.do(lambda s: setattr(s.get(Account, listening.receiver.id), "active", False))
    assert not opens(link) and opens(other)
    listening.do(lambda s: setattr(s.get(Partner, listening.receiver.partner_id), "active", False))
    assert not opens(other)
    listening.do(lambda s: setattr(s.get(Partner, listening.receiver.partner_id), "active", True))
    listening.withdraw(listening.sender, view)
    assert not opens(other)


def test_only_a_mail_that_asks_for_an_answer_has_such_a_link(listening: Listening) -> None:
    view = listening.requested()
    listening.write(listening.sender, view.id, "Takk.")
    with listening.database.reading() as session, pytest.raises(NotFound):
        check(session, VAULT, token(listening, event="referral.message"), NOW)

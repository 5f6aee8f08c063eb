"""Two partners and a referral between them, from draft to outcome; a third who can't tell that it exists."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlmodel import Session

from directory.database import Database
from directory.errors import (
    Conflict,
    DirectoryError,
    IllegalStep,
    InvalidInput,
    NotAllowed,
    NotFound,
    StaleVersion,
)
from directory.partners.access import Identity, Party, Role, Scope, parties
from directory.partners.models import Partner
from directory.partners.partnering import set_active
from directory.referrals import audit, composing, referring, seeing
from directory.referrals.due import due_list
from directory.referrals.models import Referral
from tests.factories import NEEDS, NOW
from tests.referral_house import CAFE, CLINIC, CONSENT, SHELTER, VAULT, House, service
from tests.referral_house import house as built


@pytest.fixture
def house(database: Database) -> House:
    return built(database)


def refused(call: Callable[[], Any]) -> dict[str, list[str]]:
    with pytest.raises((InvalidInput, Conflict)) as caught:
        call()
    return caught.value.errors  # type: ignore[no-any-return]


def listed(house: House, identity: Identity, **said: Any) -> seeing.Page:
    with house.database.reading() as session:
        return seeing.list_referrals(session, VAULT, identity, now=house.now, **said)


def waiting(house: House, identity: Identity) -> seeing.Page:
    with house.database.reading() as session:
        return due_list(session, VAULT, identity, house.now)


def events(house: House, identity: Identity, key: UUID) -> list[seeing.Event]:
    with house.database.reading() as session:
        return seeing.events(session, identity, key, now=house.now)


def test_a_referral_is_carried_from_draft_to_outcome(house: House) -> None:
    view = house.create(message="Ønsker tid til test", needs=["hiv-testing"], languages=["no"]).view
    assert (view.status, view.version, view.sent_at) == ("draft", 1, None)
    assert view.next == ("requested", "on-hold", "cancelled")
    view = house.change(view, consent=CONSENT, urgency="soon")
    view = house.step(house.sender, view, "requested").view
    assert (view.sent_at, view.received_at, view.languages) == (NOW, None, ("nb",))
    view = house.later(hours=1).read(house.receiver, view.id)
    assert view.received_at == house.later(hours=1).now
    assert (view.message, view.your_part) == ("Ønsker tid til test", {Party.RECEIVER})
    assert view.next == ("accepted", "rejected", "cancelled")
    view = house.step(house.receiver, view, "accepted", appointment_at="2026-12-01T10:00:00+01:00").view
    assert view.appointment_at == datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    view = house.step(house.receiver, view, "completed", outcome="need-met").view
    view = house.read(house.sender, view.id)
    assert (view.status, view.outcome, view.ended_at) == ("completed", "need-met", NOW)
    assert view.next == ("entered-in-error",)
    told = [
        (event.action, event.from_status, event.to_status) for event in events(house, house.sender, view.id)
    ]
    assert told == [
        ("created", None, "draft"),
        ("changed", None, None),
        ("step", "draft", "requested"),
        ("read", None, None),
        ("step", "requested", "accepted"),
        ("step", "accepted", "completed"),
        ("read", None, None),
    ]


def test_an_illegal_step_changes_nothing(house: House) -> None:
    view = house.requested()
    for identity, to in (
        (house.sender, "accepted"),
        (house.receiver, "completed"),
        (house.receiver, "draft"),
    ):
        with pytest.raises(IllegalStep):
            house.step(identity, view, to, outcome="need-met")
    with pytest.raises(InvalidInput):
        house.step(house.receiver, view, "rejected")
    assert house.step(house.receiver, view, "accepted").view.version == view.version + 1
    assert len(events(house, house.sender, view.id)) == 2


def test_who_is_no_party_is_told_the_same_as_of_a_referral_that_is_not_there(house: House) -> None:
    view = house.requested()
    nobodys = Identity(uuid4(), None, frozenset({Role.ADMIN}))
    answers = set()
    for identity, key in (
        (house.third, view.id),
        (nobodys, view.id),
        (house.third, uuid4()),
        (house.sender, uuid4()),
        (house.sender, "no id"),
        (house.receiver, house.create().view.id),  # a draft
    ):
        for call in (
            lambda i=identity, k=key: house.read(i, k),
            lambda i=identity, k=key: house.messages(i, k),
            lambda i=identity, k=key: house.write(i, k, "Hei"),
            lambda i=identity, k=key: events(house, i, k),
        ):
            with pytest.raises(NotFound) as caught:
                call()
            answers.add(str(caught.value))
    for call in (
        lambda: house.step(house.third, view, "cancelled", reason="duplicate"),
        lambda: house.withdraw(house.third, view),
    ):
        with pytest.raises(NotFound) as caught:
            call()
        answers.add(str(caught.value))
    assert len(answers) == 1
    assert listed(house, house.third).items == listed(house, nobodys).items == ()
    with pytest.raises(NotAllowed):
        house.create(nobodys)


def test_only_a_service_of_a_partner_can_be_sent_to(house: House) -> None:
    assert refused(lambda: house.create(service_id=CAFE)).keys() == {"service_id"}
    assert "carried" in refused(lambda: house.create(service_id=CAFE))["service_id"][0]
    assert refused(lambda: house.create(service_id="nowhere")).keys() == {"service_id"}
    assert refused(lambda: house.create(service_id=str(uuid4()))).keys() == {"service_id"}
    assert house.create(service_id=str(service(CLINIC))).view.service.slug == CLINIC


def test_a_partner_that_was_disabled_meanwhile_is_sent_nothing(house: House) -> None:
    view = house.create(consent=CONSENT).view
    with house.database.unit_of_work() as session:
        set_active(session, session.get_one(Partner, house.receiver.partner_id), False, now=NOW)
        session.commit()
    assert refused(lambda: house.step(house.sender, view, "requested")).keys() == {"service_id"}


def test_each_wrong_field_is_told(house: House) -> None:
    said: dict[str, Any] = {
        "needs": ["hiv-testng"],
        "urgency": "now",
        "languages": ["klingonsk"],
        "message": "Ring 912 34 567",
        "client_ref": "Kari Nordmann",
        "appointment_at": "2026-12-01T10:00:00",
        "unknown": 1,
    }
    found = refused(lambda: house.create(**said))
    assert found.keys() == {
        "urgency",
        "languages.0",
        "message",
        "client_ref",
        "appointment_at",
        "unknown",
    }
    assert "a phone number" in found["message"][0]
    assert "hiv-testing" in refused(lambda: house.create(needs=["hiv-testng"]))["needs.0"][0]
    assert refused(lambda: house.create(client_ref="01010112345")).keys() == {"client_ref"}
    assert refused(lambda: house.create(message=" ")).keys() == {"message"}
    assert refused(lambda: house.create(message="x" * 4001)).keys() == {"message"}


def test_a_random_code_is_given_for_the_client(house: House) -> None:
    first, second = house.create().view.client_ref, house.create().view.client_ref
    assert first and second and first != second and len(first) == 8
    assert house.create(client_ref="TR-2041").view.client_ref == "TR-2041"


def test_a_draft_is_changed_field_by_field_and_null_takes_back(house: House) -> None:
    view = house.create(message="En", follow_up_on="2026-12-01", needs=["pep"]).view
    ref = view.client_ref
    view = house.change(view, message=None, needs=["naloxone"], service_id=SHELTER)
    assert (view.message, view.needs, view.service.slug, view.version) == (None, ("naloxone",), SHELTER, 2)
    assert (view.follow_up_on is not None, view.client_ref) == (True, ref)
    same = house.change(view, needs=["naloxone"], message=None)
    assert same.version == 2
    assert [event.action for event in events(house, house.sender, view.id)] == ["created", "changed"]
    assert refused(lambda: house.change(view, status="requested")).keys() == {"status"}
    assert refused(lambda: house.change(view, urgency=None)).keys() == {"urgency"}
    with pytest.raises(StaleVersion):
        house.change(same.__class__(**{**vars_of(same), "version": 1}), message="To")


def vars_of(view: Any) -> dict[str, Any]:
    return {name: getattr(view, name) for name in view.__slots__}


def test_what_was_sent_is_not_changed_any_more(house: House) -> None:
    view = house.requested()
    with pytest.raises(Conflict):
        house.change(view, urgency="urgent")


def test_a_client_who_is_not_ready_is_not_lost_from_sight(house: House) -> None:
    view = house.create().view
    view = house.step(
        house.sender, view, "on-hold", reason="client-not-ready", revisit_on="2026-11-29", note="Vil tenke"
    ).view
    assert view.next == ("draft", "requested", "cancelled", "entered-in-error")
    assert waiting(house, house.sender).items == ()
    later = house.later(days=7)
    assert [item.id for item in waiting(later, house.sender).items] == [view.id]
    assert [note.text for note in later.messages(house.sender, view.id)] == ["Vil tenke"]
    view = later.step(house.sender, view, "draft").view
    assert (view.revisit_on, view.reason) == (None, None)
    view = later.step(house.sender, later.change(view, consent=CONSENT), "requested").view
    assert [note.text for note in later.messages(house.receiver, view.id)] == []  # before it was sent
    view = later.step(house.receiver, later.read(house.receiver, view.id), "accepted").view
    view = later.step(house.receiver, view, "on-hold", reason="no-capacity").view
    assert "draft" not in later.read(house.sender, view.id).next


def test_what_was_rejected_is_referred_on_by_its_sender(house: House) -> None:
    view = house.requested()
    assert refused(lambda: house.create(refers_on=str(view.id))).keys() == {"refers_on"}
    house.step(house.receiver, view, "rejected", reason="no-capacity")
    new = house.create(refers_on=str(view.id), service_id=SHELTER, status="requested", consent=CONSENT).view
    assert new.refers_on == view.id
    assert house.read(house.third, new.id).refers_on is None  # that there was another is the sender's to know
    assert refused(lambda: house.create(house.third, refers_on=str(view.id))).keys() == {"refers_on"}
    assert refused(lambda: house.create(refers_on=str(uuid4()))).keys() == {"refers_on"}


def test_sender_and_receiver_write_to_each_other(house: House) -> None:
    draft = house.create().view
    with pytest.raises(Conflict):
        house.write(house.sender, draft.id, "Hei")
    view = house.requested()
    house.write(house.sender, view.id, "Kan dere ringe oss?")
    house.later(hours=1).write(house.receiver, view.id, "Ja, i morgen kl. 10")
    for identity in (house.sender, house.receiver):
        told = house.messages(identity, view.id)
        assert [message.text for message in told] == ["Kan dere ringe oss?", "Ja, i morgen kl. 10"]
        assert [message.partner_id for message in told] == [
            house.sender.partner_id,
            house.receiver.partner_id,
        ]
    for wrong in ("Ring 912 34 567", "", " ", "skriv til a@example.no"):
        assert refused(lambda wrong=wrong: house.write(house.sender, view.id, wrong)).keys() == {"text"}
    assert house.read(house.sender, view.id).version == view.version + 1  # received, and no more


def test_the_receiver_sees_who_acted_of_its_own_people_only(house: House) -> None:
    view = house.create(consent=CONSENT).view
    view = house.step(house.sender, view, "requested").view
    house.read(house.receiver, view.id)
    seen = events(house, house.receiver, view.id)
    assert [(event.action, event.actor_id) for event in seen] == [
        ("step", None),
        ("read", house.receiver.id),
    ]
    key = Identity(uuid4(), house.receiver.partner_id, scopes=frozenset({Scope.REFERRALS_READ}), is_key=True)
    house.read(key, view.id)
    assert [event.actor for event in events(house, house.sender, view.id)][-1] == "key"


def test_a_partner_may_refer_to_a_service_of_its_own(house: House) -> None:
    view = house.requested(service_id="street-team")
    assert view.your_part == {Party.SENDER}  # as its writer saw it
    view = house.read(house.sender, view.id)
    assert view.your_part == {Party.SENDER, Party.RECEIVER}
    assert "accepted" in view.next and view.received_at == NOW


def test_the_lists_hold_what_each_may_see_newest_first_a_page_at_a_time(house: House) -> None:
    views = [house.later(minutes=n // 2).requested(message="Hei") for n in range(7)]
    house.later(hours=1).create(message="Utkast")
    inbox = listed(house, house.receiver, box="in")
    assert {item.id for item in inbox.items} == {view.id for view in views}
    assert inbox.cursor is None
    assert all(item.message is item.contact is item.client_ref is None for item in inbox.items)
    assert listed(house, house.receiver, box="out").items == ()
    cursor, seen = None, []
    while True:
        page = listed(house, house.sender, cursor=cursor, per_page=3)
        seen += page.items
        cursor = page.cursor
        if cursor is None:
            break
    assert len(seen) == len({item.id for item in seen}) == 8
    assert [item.created_at for item in seen] == sorted((item.created_at for item in seen), reverse=True)
    assert all(item.client_ref for item in seen) and all(item.message is None for item in seen)
    assert [item.status for item in listed(house, house.sender, status=["draft"]).items] == ["draft"]
    assert len(listed(house, house.sender, status=["draft", "requested"]).items) == 8
    for wrong in ({"status": ["done"]}, {"cursor": "AAAA"}, {"cursor": "é"}, {"box": "both"}):
        with pytest.raises(InvalidInput) as caught:
            listed(house, house.sender, **wrong)
        assert caught.value.errors.keys() == wrong.keys()


def test_what_is_to_be_followed_up_is_due_until_it_has_ended(house: House) -> None:
    view = house.requested(follow_up_on="2026-11-25")
    assert waiting(house.later(days=2), house.sender).items == ()
    assert len(waiting(house.later(days=3), house.sender).items) == 1
    house.step(house.receiver, view, "rejected", reason="not-eligible")
    assert waiting(house.later(days=3), house.sender).items == ()


def test_the_list_follows_the_rule_of_who_sees_what(house: House) -> None:
    open_end = house.requested()
    house.requested(consent=CONSENT | {"expires_on": "2026-11-22"})
    house.requested(consent=CONSENT | {"expires_on": "2026-11-23"})
    house.requested(consent=CONSENT | {"expires_on": "2026-12-24"})
    house.withdraw(house.sender, house.requested())
    house.create(delivery="carried", status="requested")
    house.redeem(house.receiver, house.create(delivery="carried", status="requested").code or "")
    house.create()
    house.requested(service_id="street-team")
    house.step(house.sender, open_end, "entered-in-error", reason="duplicate")
    for days in (0, 1, 2, 60):
        later = house.later(days=days)
        for identity in (house.sender, house.receiver, house.third):
            with house.database.reading() as session:
                rows = session.execute(select(Referral)).scalars().all()
                today = later.now.date()
                rule = {row.id for row in rows if parties(identity, seeing.standing_of(row), today)}
            assert {item.id for item in listed(later, identity).items} == rule


def steps_at_once(
    house: House, first: tuple[Identity, str], second: tuple[Identity, str], view: Any
) -> list[str]:
    """What each of two threads was answered that took a step on the same version at the same time."""
    ready = threading.Barrier(2)
    answers: list[str] = []

    def step(identity: Identity, to: str) -> None:
        ready.wait()
        try:
            answers.append(house.step(identity, view, to, **SAID.get(to, {})).view.status)
        except DirectoryError as error:
            answers.append(error.code)

    threads = [threading.Thread(target=step, args=one) for one in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


SAID = {"cancelled": {"reason": "client-declined"}, "rejected": {"reason": "no-capacity"}}


def test_of_two_steps_at_once_exactly_one_wins(house: House) -> None:
    for second in ((house.receiver, "accepted"), (house.receiver, "rejected"), (house.sender, "cancelled")):
        view = house.requested()
        answers = steps_at_once(house, (house.receiver, "accepted"), second, view)
        assert sorted(answers)[1] == "stale-version" or sorted(answers)[0] == "stale-version"
        assert answers.count("stale-version") == 1
        steps = [event for event in events(house, house.sender, view.id) if event.action == "step"]
        assert len(steps) == 1
        after = house.read(house.sender, view.id)
        assert (after.status, after.version) == (steps[0].to_status, view.version + 1)
    with house.database.reading() as session:
        assert audit.verify(session) == 9


def test_two_of_the_receivers_people_may_open_it_at_once(house: House) -> None:
    for _ in range(4):
        view = house.requested()
        ready = threading.Barrier(2)
        answers: list[object] = []

        def read(
            key: UUID = view.id, ready: threading.Barrier = ready, answers: list[object] = answers
        ) -> None:
            ready.wait()
            try:
                answers.append(house.read(house.receiver, key).version)
            except DirectoryError as error:
                answers.append(error)

        threads = [threading.Thread(target=read) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [view.version + 1] * 2


def test_a_change_that_got_past_the_lock_is_caught_by_the_version_beneath(house: House) -> None:
    view = house.requested()
    with house.database.unit_of_work() as session:
        row = session.get(Referral, view.id)
        assert row is not None
        session.execute(text("UPDATE referral SET version = version + 1"))
        row.urgency = "urgent"
        with pytest.raises(StaleVersion):
            audit.record(session, row, house.sender, "changed", NOW)


def test_many_referrals_of_many_threads_keep_one_chain(house: House) -> None:
    failed: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(3):
                view = house.requested()
                house.read(house.receiver, view.id)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with house.database.reading() as session:
        assert audit.verify(session) == 24


def test_nothing_is_kept_that_was_not_committed(house: House) -> None:
    def without_commit(session: Session) -> UUID:
        body = {"service_id": CLINIC, "status": "requested", "consent": CONSENT}
        return composing.create(session, VAULT, house.sender, body, needs=NEEDS, now=NOW).view.id

    with house.database.unit_of_work() as session:
        key = without_commit(session)
    with pytest.raises(NotFound):
        house.read(house.sender, key)
    view = house.requested()
    with house.database.unit_of_work() as session:
        referring.take_step(
            session, VAULT, house.receiver, view.id, {"to": "accepted"}, version=view.version, now=NOW
        )
    assert house.read(house.sender, view.id).status == "requested"

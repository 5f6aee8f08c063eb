"""Nothing is sent without consent; when it ends the receiver loses sight at once, and what was written is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from directory.database import Database
from directory.encryption import Vault
from directory.errors import Conflict, InvalidInput, NotFound, UnsafeSettings
from directory.referrals import privacy, retention, seeing
from directory.referrals.consent import day_of, needed_for
from directory.referrals.drafts import draft_of
from directory.referrals.views import View
from tests.factories import NOW
from tests.referral_house import CONSENT, KEY, VAULT, House
from tests.referral_house import house as built

CANARY = "Kanarifugl i buret"
ALL = {"given_on": "2026-11-20", "method": "written", "covers": ["receiver", "content", "contact"]}
CONTACT = {"phone": "912 34 567"}


@pytest.fixture
def house(database: Database) -> House:
    return built(database)


def refused(call: Callable[[], Any]) -> dict[str, list[str]]:
    with pytest.raises(InvalidInput) as caught:
        call()
    return caught.value.errors


def full(house: House, **said: Any) -> View:
    """Sent, with everything that a referral can hold, and a message each way."""
    view = house.requested(
        **{"consent": ALL, "contact_preference": "direct", "contact": CONTACT, "message": CANARY} | said
    )
    house.write(house.sender, view.id, CANARY)
    house.write(house.receiver, view.id, CANARY)
    return house.read(house.receiver, view.id)


def kept(house: House) -> list[Any]:
    """All that was written and is still there."""
    with house.database.engine.connect() as connection:
        rows = connection.execute(text("SELECT message, contact, client_ref, code_hash FROM referral")).all()
        texts = connection.execute(text("SELECT text FROM referral_message")).all()
    return [value for row in [*rows, *texts] for value in row if value is not None]


def blind(house: House, view: View) -> bool:
    """Whether the receiver can't tell that there is such a referral."""
    with house.database.reading() as session:
        assert seeing.list_referrals(session, VAULT, house.receiver, now=house.now).items == ()
    for call in (
        lambda: house.read(house.receiver, view.id),
        lambda: house.messages(house.receiver, view.id),
        lambda: house.write(house.receiver, view.id, "Hei"),
        lambda: house.step(house.receiver, view, "accepted"),
    ):
        with pytest.raises(NotFound):
            call()
    return True


@pytest.mark.parametrize(
    ("message", "contact", "covers"),
    [
        (None, None, {"receiver"}),
        ("x", None, {"receiver", "content"}),
        (None, {}, {"receiver", "contact"}),
        ("x", {}, {"receiver", "content", "contact"}),
    ],
)
def test_what_consent_must_cover_is_what_is_handed_over(message: Any, contact: Any, covers: set[str]) -> None:
    assert needed_for(message, contact) == covers


def test_nothing_is_sent_without_consent_that_covers_it(house: House) -> None:
    none = refused(lambda: house.create(status="requested"))
    assert none == {"consent.covers": ["must cover receiver"]}
    only_receiver = CONSENT | {"covers": ["receiver"]}
    assert refused(lambda: house.requested(consent=only_receiver, message="Hei")).keys() == {"consent.covers"}
    draft = house.create(message="Hei", consent=only_receiver).view  # a draft may wait for consent
    assert refused(lambda: house.step(house.sender, draft, "requested")) == {
        "consent.covers": ["must cover content"]
    }
    draft = house.change(draft, consent=CONSENT)
    assert house.step(house.sender, draft, "requested").view.status == "requested"


def test_contact_data_is_not_even_kept_without_consent_that_covers_it(house: House) -> None:
    direct = {"contact_preference": "direct", "contact": CONTACT}
    assert refused(lambda: house.create(**direct)).keys() == {"consent.covers"}
    assert refused(lambda: house.create(**direct, consent=CONSENT)).keys() == {"consent.covers"}
    assert refused(lambda: house.create(contact=CONTACT, consent=ALL)).keys() == {"contact"}
    assert refused(lambda: house.create(contact_preference="direct", consent=ALL)).keys() == {"contact"}
    assert refused(lambda: house.create(contact_preference="direct", contact={}, consent=ALL)).keys() == {
        "contact"
    }
    assert house.create(**direct, consent=ALL).view.contact == CONTACT


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"given_on": "2026-11-23"}, "consent.given_on"),
        ({"expires_on": "2026-11-19"}, "consent.expires_on"),
        ({"expires_on": "2026-11-21"}, "consent.expires_on"),
        ({"method": "guessed"}, "consent.method"),
        ({"covers": ["all"]}, "consent.covers.0"),
        ({"covers": []}, "consent.covers"),
        ({"covers": ["receiver", "receiver"]}, "consent.covers"),
    ],
)
def test_a_consent_that_can_not_be_is_refused(said: dict[str, Any], field: str) -> None:
    body = {"service_id": "clinic", "consent": CONSENT | said}
    assert refused(lambda: draft_of(body, needs=(), today=date(2026, 11, 22))).keys() == {field}


def test_the_last_day_of_consent_ends_at_midnight_in_norway() -> None:
    assert day_of(NOW) == date(2026, 11, 22)
    assert day_of(NOW.replace(hour=22, minute=59)) == date(2026, 11, 22)
    assert day_of(NOW.replace(hour=23)) == date(2026, 11, 23)


def test_the_receiver_sees_what_consent_covers_and_no_more(house: House) -> None:
    view = full(house)
    assert (view.message, view.contact) == (CANARY, CONTACT)
    bare = house.requested(consent=CONSENT | {"covers": ["receiver"]}).id
    with house.database.engine.begin() as connection:  # as one that was sent before a rule was stricter
        row = connection.execute(
            text("SELECT message, contact FROM referral WHERE contact IS NOT NULL")
        ).one()
        connection.execute(
            text("UPDATE referral SET message = :message, contact = :contact WHERE contact IS NULL"),
            {"message": row.message, "contact": row.contact},
        )
    seen = house.read(house.receiver, bare)
    assert (seen.message, seen.contact) == (None, None)
    assert house.read(house.sender, bare).message == CANARY
    with pytest.raises(InvalidInput) as caught:
        house.write(house.sender, bare, "Hei")
    assert caught.value.errors.keys() == {"consent.covers"}


def test_notes_of_the_sender_are_the_receivers_as_content_is(house: House) -> None:
    said = {"reason": "other", "note": CANARY}
    covered = house.step(house.sender, house.requested(), "cancelled", **said).view
    bare = house.requested(consent=CONSENT | {"covers": ["receiver"]})
    bare = house.step(house.sender, bare, "cancelled", **said).view
    assert [note.text for note in house.messages(house.receiver, covered.id)] == [CANARY]
    assert house.messages(house.receiver, bare.id) == []
    assert [note.kind for note in house.messages(house.sender, bare.id)] == ["note"]


def test_all_that_was_written_is_encrypted_where_it_is_kept(house: House) -> None:
    full(house, client_ref="TR-2041")
    values = kept(house)
    assert len(values) == 5
    for value in values:
        for plain in (CANARY, "912 34 567", "TR-2041"):
            assert plain.encode() not in bytes(value)


@pytest.mark.parametrize("by", ["sender", "receiver"])
def test_consent_taken_back_ends_the_receivers_sight_and_all_that_was_written(house: House, by: str) -> None:
    view = full(house)
    identity = getattr(house, by)
    answer = house.withdraw(identity, view)
    assert (answer.status, answer.reason) == ("cancelled", "consent-withdrawn")
    assert kept(house) == []
    assert blind(house, answer)
    seen = house.read(house.sender, view.id)
    assert (seen.message, seen.contact, seen.client_ref, seen.erased_at) == (None, None, None, NOW)
    assert seen.consent is not None and seen.consent.withdrawn_at == NOW
    assert [message.text for message in house.messages(house.sender, view.id)] == [None, None]
    with house.database.reading() as session:
        told = seeing.events(session, house.sender, view.id, now=NOW)
    assert [event.action for event in told].count("consent-withdrawn") == 1
    with pytest.raises(Conflict):
        house.write(house.sender, view.id, "Hei")
    again = house.withdraw(house.sender, seen)
    assert again.version == seen.version


def test_consent_taken_back_after_the_end_leaves_the_outcome_to_be_counted(house: House) -> None:
    view = house.step(house.receiver, full(house), "accepted").view
    view = house.step(house.receiver, view, "completed", outcome="need-met").view
    view = house.withdraw(house.sender, view)
    assert (view.status, view.outcome, kept(house)) == ("completed", "need-met", [])
    assert blind(house, view)


@pytest.mark.parametrize("by", ["sender", "receiver"])
def test_a_step_for_that_reason_does_the_same(house: House, by: str) -> None:
    view = full(house)
    identity = getattr(house, by)
    said = {"reason": "consent-withdrawn", "note": CANARY}
    assert refused(lambda: house.step(identity, view, "cancelled", **said)).keys() == {"note"}
    after = house.step(identity, view, "cancelled", reason="consent-withdrawn").view
    assert (after.consent and after.consent.withdrawn_at, after.erased_at) == (NOW, NOW)
    assert kept(house) == []
    assert blind(house, after)


def test_a_receiver_who_rejects_for_that_reason_loses_sight_as_well(house: House) -> None:
    after = house.step(house.receiver, full(house), "rejected", reason="consent-withdrawn").view
    assert kept(house) == []
    assert blind(house, after)


def test_one_that_was_a_mistake_is_erased_and_still_known_to_the_receiver(house: House) -> None:
    view = full(house)
    view = house.step(house.sender, view, "entered-in-error", reason="other", note="Feil tjeneste").view
    seen = house.read(house.receiver, view.id)
    assert (seen.status, seen.message, seen.client_ref) == ("entered-in-error", None, None)
    assert [message.text for message in house.messages(house.receiver, view.id)] == [
        None,
        None,
        "Feil tjeneste",
    ]


def test_a_withdrawn_consent_is_not_sent_on(house: House) -> None:
    view = house.create(consent=CONSENT, message=CANARY).view
    view = house.step(house.sender, view, "on-hold", reason="consent-withdrawn").view
    assert "consent" in refused(lambda: house.step(house.sender, view, "requested"))
    view = house.step(house.sender, view, "draft").view
    assert "consent" in refused(lambda: house.step(house.sender, view, "requested"))
    view = house.change(view, consent=CONSENT)
    view = house.step(house.sender, view, "requested").view
    assert house.read(house.receiver, view.id).status == "requested"


def test_expired_consent_ends_the_receivers_sight_the_next_day_and_the_content_with_it(house: House) -> None:
    view = full(house, consent=ALL | {"expires_on": "2026-11-24"})
    full(house)  # without an end
    before = len(kept(house))
    last, after = house.later(days=2), house.later(days=3)
    assert last.read(house.receiver, view.id).message == CANARY
    with house.database.unit_of_work() as session:
        assert retention.expire_consents(session, last.now) == 0
        assert retention.expire_consents(session, after.now) == 1
        assert retention.expire_consents(session, after.now) == 0
        session.commit()
    assert len(kept(house)) == before // 2
    with pytest.raises(NotFound):
        after.read(house.receiver, view.id)
    seen = after.read(house.sender, view.id)
    assert (seen.message, seen.erased_at, seen.status) == (None, after.now, "requested")
    with house.database.reading() as session:
        last_event = seeing.events(session, house.sender, view.id, now=after.now)[-2]
    assert (last_event.action, last_event.actor, last_event.partner_id) == ("erased", "system", None)


def test_the_receiver_loses_sight_though_nothing_was_erased_yet(house: House) -> None:
    view = full(house, consent=ALL | {"expires_on": "2026-11-22"})
    assert blind(house.later(days=1), view)
    assert kept(house)
    with pytest.raises(Conflict):
        house.later(days=1).write(house.sender, view.id, "Hei")


def test_who_looks_at_one_whose_consent_has_ended_finds_it_erased(house: House) -> None:
    for touch in (
        lambda after, view: after.read(house.sender, view.id),
        lambda after, view: after.messages(house.sender, view.id),
        lambda after, view: after.step(house.sender, view, "cancelled", reason="expired"),
    ):
        view = full(house, consent=ALL | {"expires_on": "2026-11-22"})
        touch(house.later(days=1), view)
        assert kept(house) == []
        with house.database.reading() as session:
            told = seeing.events(session, house.sender, view.id, now=NOW)
        assert [event.action for event in told][-2] == "erased"
        assert house.later(days=1).read(house.sender, view.id).erased_at == house.later(days=1).now


def test_many_expired_consents_are_erased_in_batches(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        house.requested(consent=CONSENT | {"expires_on": "2026-11-22"}, message=CANARY)
    with house.database.unit_of_work() as session:
        erased = [retention.expire_consents(session, NOW + timedelta(days=1)) for _ in range(4)]
        assert erased == [2, 2, 1, 0]
        session.commit()
    assert kept(house) == []


def test_a_draft_whose_consent_has_ended_needs_a_new_one(house: House) -> None:
    view = house.create(consent=CONSENT | {"expires_on": "2026-11-23"}, message="Hei").view
    later = house.later(days=2)
    assert refused(lambda: later.step(house.sender, view, "requested")).keys() == {"consent.expires_on"}
    view = later.change(view, consent=CONSENT | {"expires_on": "2026-12-23"})
    assert later.step(house.sender, view, "requested").view.status == "requested"


def test_after_a_rotation_all_is_under_the_new_key_and_the_old_one_can_go(house: House) -> None:
    view = full(house)
    house.create(message=CANARY, client_ref="TR-2041")
    values = kept(house)
    new = Fernet.generate_key().decode()
    with pytest.raises(UnsafeSettings), house.database.unit_of_work() as session:
        privacy.reencrypt(session, Vault([new], "hash"))
    told: list[int] = []
    with house.database.unit_of_work() as session:
        assert privacy.reencrypt(session, Vault([new, KEY], "hash"), told.append, batch=1) == 4
        session.commit()
    assert sum(told) == 4
    assert not set(map(bytes, values)) & set(map(bytes, kept(house)))
    only_new = Vault([new], "hash")
    with house.database.unit_of_work() as session:
        assert privacy.reencrypt(session, only_new) == 0
        referral, parts = seeing.found(session, house.sender, view.id, day_of(NOW))
        assert privacy.opened(referral, only_new).message == CANARY
        assert referral.version == view.version
        told_again = seeing.messages_of(session, only_new, house.sender, referral, parts)
    assert [message.text for message in told_again] == [CANARY, CANARY]

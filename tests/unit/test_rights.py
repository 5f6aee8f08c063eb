"""What a client may ask for: a copy of all that is kept of a referral, and that it be erased."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlmodel import select

from directory.database import Database
from directory.errors import NotAllowed, NotFound, StaleVersion
from directory.outbox.models import WebhookEndpoint
from directory.partners.access import Identity
from directory.referrals import audit, rights, seeing
from directory.referrals.models import Referral, ReferralMessage, ReferralReminder
from directory.referrals.views import View
from tests.factories import NOW
from tests.referral_house import CONSENT, VAULT, House, house

ALL = CONSENT | {"covers": ["receiver", "content", "contact"]}
CANARY = "en kanarifugl"
ON_SQLITE = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
FULL: dict[str, Any] = {
    "message": CANARY,
    "contact_preference": "direct",
    "contact": {"phone": "+47 22 00 00 00"},
    "client_ref": "K7-Qm2x",
    "consent": ALL,
    "follow_up_on": "2026-12-01",
}


@pytest.fixture
def built(database: Database) -> House:
    return house(database)


def export(built: House, identity: Identity, key: UUID | str) -> dict[str, Any]:
    with built.database.unit_of_work() as session:
        copy = rights.export(session, VAULT, identity, key, now=built.now)
        session.commit()
    found: dict[str, Any] = orjson.loads(orjson.dumps(copy))
    return found


def erase(built: House, identity: Identity, view: View) -> View:
    with built.database.unit_of_work() as session:
        left = rights.erase(session, VAULT, identity, view.id, version=view.version, now=built.now)
        session.commit()
    return left


def ended(built: House) -> View:
    view = built.requested(**FULL)
    built.write(built.sender, view.id, "Passer det på onsdag?")
    return built.step(built.receiver, view, "rejected", reason="other", note="Vi har dessverre stengt.").view


def kept(built: House, key: UUID) -> list[object]:
    """All that was written of it."""
    with built.database.reading() as session:
        row = session.get_one(Referral, key)
        texts = session.exec(select(ReferralMessage.text).where(ReferralMessage.referral_id == key)).all()
    return [value for value in (row.client_ref, row.message, row.contact, row.code_hash, *texts) if value]


def actions(built: House, key: UUID) -> list[str]:
    with built.database.reading() as session:
        audit.verify(session)
        return [event.action for event in seeing.events(session, built.sender, key, now=built.now)]


def test_the_senders_copy_has_all_that_is_kept(built: House) -> None:
    with built.database.unit_of_work() as session:
        for identity in (built.sender, built.receiver):
            session.add(
                WebhookEndpoint(
                    partner_id=identity.partner_id, url="https://x.example", secret=b"", created_at=NOW
                )
            )
        session.commit()
    view = ended(built)
    with built.database.unit_of_work() as session:
        for kind in ("answer-soon", "follow-up"):
            session.add(ReferralReminder(referral_id=view.id, kind=kind, day=NOW.date(), at=NOW))
        session.commit()
    copy = export(built, built.sender, view.id)
    whole = copy["referral"]
    assert {name: whole[name] for name in ("message", "contact", "client_ref", "follow_up_on")} == {
        name: FULL[name] for name in ("message", "contact", "client_ref", "follow_up_on")
    }
    assert whole["consent"]["method"] == "oral" and whole["your_part"] == ["sender"]
    assert [message["text"] for message in copy["messages"]] == [
        "Passer det på onsdag?",
        "Vi har dessverre stengt.",
    ]
    assert [event["action"] for event in copy["events"]] == ["created", "message", "step", "read"]
    assert [reminder["kind"] for reminder in copy["reminders"]] == ["answer-soon", "follow-up"]
    assert "referral.rejected" in [told["event"] for told in copy["told"]]
    assert {told["channel"] for told in copy["told"]} == {"webhook"}
    assert actions(built, view.id)[-2:] == ["read", "exported"]
    its = export(built, built.receiver, view.id)
    assert [reminder["kind"] for reminder in its["reminders"]] == ["answer-soon"]
    assert {told["id"] for told in its["told"]}.isdisjoint({told["id"] for told in copy["told"]})


@ON_SQLITE
def test_the_receivers_copy_has_what_consent_covers(built: House) -> None:
    view = built.requested(message=CANARY, follow_up_on="2026-12-01")
    copy = export(built, built.receiver, view.id)
    assert copy["referral"]["message"] == CANARY and copy["referral"]["received_at"]
    view = built.requested(consent=CONSENT | {"covers": ["receiver"]})
    assert export(built, built.receiver, view.id)["referral"]["message"] is None
    with pytest.raises(NotFound):
        export(built, built.third, view.id)


def test_an_open_one_is_cancelled_and_erased_and_the_receiver_loses_sight(built: House) -> None:
    for end in (None, "accepted"):
        view = built.requested(**FULL)
        if end:
            view = built.step(built.receiver, view, end, note=CANARY).view
        left = erase(built, built.sender, view)
        assert (left.status, left.reason, left.message) == ("cancelled", "consent-withdrawn", None)
        assert left.erased_at == NOW and kept(built, view.id) == []
        with pytest.raises(NotFound):
            built.read(built.receiver, view.id)


def test_one_that_has_ended_is_erased_and_the_receiver_sees_that_it_was(built: House) -> None:
    view = ended(built)
    assert kept(built, view.id)
    left = erase(built.later(days=1), built.sender, view)
    assert (left.status, left.message, left.erased_at) == ("rejected", None, NOW + timedelta(days=1))
    assert kept(built, view.id) == []
    seen = built.later(days=1).read(built.receiver, view.id)
    assert (seen.status, seen.message, seen.contact) == ("rejected", None, None)
    assert actions(built, view.id)[-2:] == ["erased", "read"]


@ON_SQLITE
def test_a_second_erasure_changes_nothing(built: House) -> None:
    view = erase(built, built.sender, ended(built))
    before = actions(built, view.id)
    again = erase(built.later(days=1), built.sender, view)
    assert (again.version, again.erased_at) == (view.version, NOW)
    assert actions(built, view.id) == before


@ON_SQLITE
def test_a_draft_that_was_written_anew_after_consent_was_withdrawn_is_erased_as_well(built: House) -> None:
    view = built.create(consent=CONSENT, message=CANARY).view
    view = built.step(built.sender, view, "on-hold", reason="consent-withdrawn").view
    view = built.step(built.sender, view, "draft").view
    view = built.change(view, message=CANARY)
    assert kept(built, view.id)
    assert erase(built, built.sender, view).status == "cancelled"
    assert kept(built, view.id) == []


@ON_SQLITE
def test_a_code_that_the_client_carries_opens_nothing_after_it_was_erased(built: House) -> None:
    sent = built.create(delivery="carried", status="requested")
    erase(built, built.sender, sent.view)
    assert kept(built, sent.view.id) == []
    with pytest.raises(NotFound):
        built.redeem(built.receiver, str(sent.code))


@ON_SQLITE
def test_who_did_not_make_it_cannot_erase_it(built: House) -> None:
    view = ended(built)
    with pytest.raises(NotAllowed):
        erase(built, built.receiver, view)
    with pytest.raises(NotFound):
        erase(built, built.third, view)
    with built.database.unit_of_work() as session, pytest.raises(StaleVersion):
        rights.erase(session, VAULT, built.sender, view.id, version=view.version - 1, now=NOW)
    assert kept(built, view.id)

"""What may not be kept any longer goes, in its time, batch by batch; counts of it stay."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import select

from directory import idempotency
from directory.config import Settings
from directory.database import Database
from directory.encryption import Vault
from directory.outbox.models import OutboxMessage
from directory.partners import accounts
from directory.partners.models import Account, OneTimeLink, SignedIn
from directory.referrals import audit, counting, retention
from directory.referrals.models import Referral, ReferralCount, ReferralMessage, ReferralReminder
from directory.referrals.retention import Purged, months_before
from directory.referrals.views import View
from tests.factories import NOW
from tests.referral_house import CAFE, CONSENT, KEY, House, house, service

CANARY = "en kanarifugl"
SETTINGS = Settings(
    encryption_keys=KEY,
    secret_key="a hash key for tests, long enough for anyone",
    retention_unanswered_days=60,
    retention_content_days=90,
    retention_row_months=24,
)
NOTHING = {"log_emptied": True}
ON_SQLITE = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture
def built(database: Database) -> House:
    return house(database)


def purge(built: House, **settings: Any) -> dict[str, Any]:
    """What it did that is not nothing."""
    purged = retention.purge(built.database, SETTINGS.model_copy(update=settings), built.now)
    return {name: getattr(purged, name) for name in Purged.__slots__ if getattr(purged, name)}


def ended(built: House, to: str = "completed", **said: Any) -> View:
    view = built.requested(message=CANARY, **said)
    view = built.later(hours=3).step(built.receiver, view, "accepted", note=CANARY).view
    more = {"outcome": "need-met"} if to == "completed" else {"reason": "no-show"}
    return built.later(hours=5).step(built.receiver, view, to, **more).view


def kept(built: House, key: UUID) -> bool:
    """Whether anything is that was written."""
    with built.database.reading() as session:
        row = session.get_one(Referral, key)
        texts = session.exec(select(ReferralMessage.text).where(ReferralMessage.referral_id == key)).all()
    return any((row.message, row.client_ref, row.contact, *texts))


def rows(built: House, table: type) -> int:
    with built.database.reading() as session:
        return len(session.exec(select(table)).all())


def test_what_was_written_goes_so_long_after_the_end_and_not_before(built: House) -> None:
    view = ended(built)
    still_open = built.requested(message=CANARY)
    built.step(built.receiver, still_open, "accepted")
    assert purge(built.later(days=90, hours=4)) == NOTHING
    assert purge(built.later(days=90, hours=5)) == {"contents": 1} | NOTHING
    assert (kept(built, view.id), kept(built, still_open.id)) == (False, True)
    assert purge(built.later(days=90, hours=5)) == NOTHING
    with built.database.reading() as session:
        audit.verify(session)
    assert built.later(days=91).read(built.sender, view.id).erased_at == NOW + timedelta(days=90, hours=5)


@ON_SQLITE
def test_one_that_nobody_answered_ends_and_is_erased_in_its_time(built: House) -> None:
    view = built.requested(message=CANARY)
    assert purge(built.later(days=59)) == NOTHING
    assert purge(built.later(days=60)) == {"unanswered": 1} | NOTHING
    seen = built.later(days=60).read(built.sender, view.id)
    assert (seen.status, seen.reason, seen.message) == ("cancelled", "expired", CANARY)
    assert purge(built.later(days=149)) == NOTHING
    assert purge(built.later(days=150)) == {"contents": 1} | NOTHING
    assert not kept(built, view.id)


@ON_SQLITE
def test_with_no_days_to_keep_it_content_goes_with_the_end(built: House) -> None:
    view = ended(built)
    assert purge(built.later(hours=5), retention_content_days=0) == {"contents": 1} | NOTHING
    assert not kept(built, view.id)


@ON_SQLITE
def test_a_note_that_was_written_with_the_erasure_goes_in_its_time(built: House) -> None:
    view = built.requested(message=CANARY)
    built.step(built.sender, view, "entered-in-error", reason="other", note="Feil tjeneste")
    assert kept(built, view.id)
    assert purge(built.later(days=90)) == {"contents": 1} | NOTHING
    assert not kept(built, view.id)


def test_a_referral_becomes_a_count_among_others_that_were_alike(built: House) -> None:
    alike = [ended(built) for _ in range(3)]
    another = ended(built, "failed")
    never_sent = built.create(message=CANARY).view
    built.step(built.sender, never_sent, "cancelled", reason="duplicate")
    carried = built.create(delivery="carried", status="requested", service_id=CAFE).view
    with built.database.unit_of_work() as session:
        session.add(ReferralReminder(referral_id=another.id, kind="silent", day=NOW.date(), at=NOW))
        session.commit()
    events = built.database
    with events.reading() as session:
        before = audit.verify(session)
    month = NOW.date().replace(day=1)
    with built.database.reading() as session:
        facts = {f._replace(changed_at=None, number=0): 0 for f in counting.facts(session, month, month)}
    later = built.later(days=800)
    done = purge(later)
    assert done == {"unanswered": 1, "contents": 5, "reduced": 5} | NOTHING
    assert rows(built, ReferralMessage) == rows(built, ReferralReminder) == 0
    with built.database.reading() as session:
        assert [row.id for row in session.exec(select(Referral)).all()] == [carried.id]
        counts = {(c.status, c.reason, c.outcome): c for c in session.exec(select(ReferralCount)).all()}
        assert audit.verify(session) > before  # all that happened is still told
        after = {f._replace(changed_at=None, number=0): 0 for f in counting.facts(session, month, month)}
    assert {key: counts[key].count for key in counts} == {
        ("completed", None, "need-met"): 3,
        ("failed", "no-show", None): 1,
    }
    one = counts["completed", None, "need-met"]
    assert (one.month, one.sender_id, one.receiver_id) == (
        month,
        built.sender.partner_id,
        built.receiver.partner_id,
    )
    assert (one.service_id, one.delivery, one.accepted, one.answered_within_hours) == (
        alike[0].service.id,
        "sent",
        True,
        4,
    )
    assert {fact for fact in facts if fact.service_id != service(CAFE)} <= after.keys()
    assert purge(later) == NOTHING


def test_more_of_the_same_month_are_added_to_what_is_counted_already(built: House) -> None:
    ended(built)
    assert purge(built.later(days=800))["reduced"] == 1
    ended(built)
    assert purge(built.later(days=800))["reduced"] == 1
    with built.database.reading() as session:
        assert [row.count for row in session.exec(select(ReferralCount)).all()] == [2]


@ON_SQLITE
def test_who_is_interrupted_begins_again_where_it_stopped(
    built: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    views = [ended(built) for _ in range(5)]
    later, seen = built.later(days=90, hours=5), []

    class Killed(BaseException):
        pass

    def told(done: int, of: int) -> None:
        seen.append((done, of))
        if len(seen) == 2:
            raise Killed

    with pytest.raises(Killed):
        retention.purge(built.database, SETTINGS, later.now, told)
    assert seen == [(2, 5), (4, 5)]
    assert sum(kept(built, view.id) for view in views) == 1
    assert purge(later)["contents"] == 1
    monkeypatch.undo()
    monkeypatch.setattr(retention, "BATCH", 3)
    assert purge(built.later(days=800))["reduced"] == 5


def test_an_answer_kept_for_a_repeated_request_does_not_tell_what_is_erased(built: House) -> None:
    vault = Vault([KEY], SETTINGS.signing_key)
    view = built.requested(message=CANARY, consent=CONSENT | {"expires_on": "2026-11-22"})
    location = f"/api/v1/referrals/{view.id}"
    asked = idempotency.asked(vault, built.sender.id, "key-1", "POST", "/x", {})
    idempotency.once(
        built.database,
        vault,
        asked,
        NOW,
        lambda session: idempotency.Answer(201, {"Location": location}, f'{{"message": "{CANARY}"}}'),
    )
    elsewhere = idempotency.asked(vault, built.sender.id, "key-2", "POST", "/x", {})
    idempotency.once(
        built.database,
        vault,
        elsewhere,
        NOW,
        lambda session: idempotency.Answer(200, {"Location": "/desk"}, "{}"),
    )
    # After the end of the day, and within the 24 hours that answers are kept.
    assert purge(built.later(hours=12)) == {"consents": 1, "answers": 1} | NOTHING
    answer = idempotency.once(built.database, vault, asked, NOW, lambda session: pytest.fail("done twice"))
    assert answer.body == '{"message":null}'
    assert purge(built.later(hours=12)) == NOTHING
    assert purge(built.later(hours=25)) == {"answers": 2} | NOTHING


@ON_SQLITE
def test_what_signing_in_left_behind_is_forgotten(built: House) -> None:
    with built.database.unit_of_work() as session:
        account = Account(email="kari@example.org", created_at=NOW)
        session.add(account)
        session.flush()
        for token, began in (("old", NOW - accounts.ABSOLUTE), ("new", NOW)):
            session.add(SignedIn(token_hash=token, account_id=account.id, began_at=began, seen_at=began))
            until = began + timedelta(hours=1)
            session.add(
                OneTimeLink(token_hash=token, account_id=account.id, purpose="reset", expires_at=until)
            )
        session.commit()
    assert purge(built) == {"signing_in": 2} | NOTHING
    assert rows(built, SignedIn) == rows(built, OneTimeLink) == 1


def test_months_are_those_of_the_calendar() -> None:
    assert months_before(datetime(2028, 2, 29, 5, tzinfo=UTC), 12) == datetime(2027, 2, 28, 5, tzinfo=UTC)
    assert months_before(datetime(2026, 3, 31, tzinfo=UTC), 1) == datetime(2026, 2, 28, tzinfo=UTC)
    assert months_before(datetime(2026, 1, 15, tzinfo=UTC), 24) == datetime(2024, 1, 15, tzinfo=UTC)
    assert months_before(datetime(2026, 1, 15, tzinfo=UTC), 1) == datetime(2025, 12, 15, tzinfo=UTC)


def test_the_log_of_sqlite_is_empty_after_an_erasure_unless_somebody_reads(built: House) -> None:
    if built.database.engine.dialect.name != "sqlite":
        assert built.database.empty_log()
        return
    log = f"{built.database.engine.url.database}-wal"
    with open(log, "rb") as file:
        assert file.read(1)
    view = ended(built)
    with built.database.reading() as session:
        session.execute(text("SELECT count(*) FROM referral")).one()
        built.step(built.sender, view, "entered-in-error", reason="duplicate")
        assert not built.database.empty_log()
    assert purge(built) == NOTHING
    with open(log, "rb") as file:
        assert not file.read(1)


@ON_SQLITE
def test_messages_of_long_ago_are_forgotten(built: House) -> None:
    with built.database.unit_of_work() as session:
        for days, state in ((31, "sent"), (29, "sent"), (31, "waiting")):
            at = NOW - timedelta(days=days)
            session.add(
                OutboxMessage(
                    partner_id=built.sender.partner_id,
                    channel="mail",
                    event="referral.accepted",
                    created_at=at,
                    next_at=at,
                    state=state,
                    settled_at=at if state == "sent" else None,
                )
            )
        session.commit()
    assert purge(built) == {"messages": 1} | NOTHING
    assert rows(built, OutboxMessage) == 2


def test_several_at_once_do_each_thing_once(built: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for place in range(6):
        ended(built, "failed" if place % 2 else "completed")
    later = built.later(days=800)
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: purge(later), range(3)))
    assert sum(one.get("contents", 0) for one in done) == 6
    assert sum(one.get("reduced", 0) for one in done) == 6
    with built.database.reading() as session:
        counted = session.exec(select(ReferralCount.status, ReferralCount.count)).all()
        audit.verify(session)
    assert sum(number for status, number in counted if status == "failed") == 3
    assert sum(number for _, number in counted) == 6

"""Who is reminded of what, when, and how often: over a whole year, held against one that was counted by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from directory.database import Database
from directory.errors import NotFound
from directory.outbox.models import OutboxMessage
from directory.partners import members
from directory.partners.access import Identity, Role
from directory.partners.models import Account, Partner
from directory.partners.partnering import set_active
from directory.referrals import audit, reminders, seeing
from directory.referrals.due import due_list
from directory.referrals.models import Referral
from tests.referral_house import CONSENT, VAULT, House
from tests.referral_house import house as built
from tests.reminder_year import DAY, FIRST, LAST, LEAVES, Life, Year, at, is_working

# At which somebody looks, on a working day and on another; and every hour of some days. PostgreSQL, where each look
# takes longer, sees none of those between.
HOURS = {"sqlite": ((7, 8, 13, 14), (8, 14)), "postgresql": ((8, 14), (8,))}
EVERY_HOUR = (date(2027, 3, 27), date(2027, 3, 31))  # Easter, and the clocks go forward


@pytest.fixture
def house(database: Database) -> House:
    return built(database)


def joined(house: House, name: str, *, notices: str = "all", role: Role = Role.COUNSELLOR) -> Account:
    """Somebody new of the partner that ``name`` is of."""
    partner_id = getattr(house, name).partner_id
    with house.database.unit_of_work() as session:
        partner = session.get(Partner, partner_id)
        email = f"{name}-{role}-{notices}@example.org"
        account = members.add_account(session, email=email, roles=[role], partner=partner, now=house.now)
        members.set_notices(session, account, notices)
        session.commit()
    return account


def person(account: Account) -> Identity:
    return Identity(account.id, account.partner_id, frozenset({Role.COUNSELLOR}))


def given(house: House, now: datetime) -> int:
    settled = 0
    with house.database.unit_of_work() as session:
        while more := reminders.give(session, now):
            settled += more
        session.commit()
    return settled


def expired(house: House, now: datetime) -> int:
    with house.database.unit_of_work() as session:
        done = reminders.expire_unanswered(session, now, unanswered_days=60, draft_days=30)
        session.commit()
    return done


def told(house: House) -> list[tuple[UUID | None, str, UUID | None, datetime]]:
    """(referral, kind, account, when) of all reminders so far."""
    with house.database.reading() as session:
        rows = session.exec(select(OutboxMessage).order_by(OutboxMessage.position))  # type: ignore[arg-type]
        return [
            (row.referral_id, row.event.removeprefix("reminder."), row.account_id, row.created_at)
            for row in rows
            if row.event.startswith("reminder.")
        ]


def kinds(house: House) -> list[str]:
    return [kind for _, kind, _, _ in told(house)]


def hours(store: str) -> Iterator[datetime]:
    working, free = HOURS[store]
    for n in range((LAST - FIRST).days + 1):
        day = FIRST + n * DAY
        some = range(24) if EVERY_HOUR[0] <= day < EVERY_HOUR[1] else working if is_working(day) else free
        yield from (at(day, hour) for hour in some)


def the_due_list_holds_what_waits(house: House, now: datetime) -> None:
    for identity in (house.sender, house.receiver, house.third):
        with house.database.reading() as session:
            everything = seeing.list_referrals(session, VAULT, identity, now=now, per_page=500).items
            listed = due_list(session, VAULT, identity, now, per_page=500).items
        assert {view.id: view.due for view in listed} == {
            view.id: view.due for view in everything if view.due
        }


def is_in_the_due_list(house: House, life: Life, kind: str, party: str, now: datetime) -> bool:
    with house.database.reading() as session:
        listed = due_list(session, VAULT, getattr(house, party), now, per_page=500).items
    why = "answer-due" if kind == "answer-soon" else kind
    return (life.view.id, why) in {(view.id, due.why) for view in listed for due in view.due}


def test_in_a_year_everybody_is_reminded_once_on_the_day_and_of_nothing_that_is_over(
    house: House, store: str
) -> None:
    author, quiet = joined(house, "sender"), joined(house, "sender", notices="none")
    answering = [joined(house, "receiver"), joined(house, "receiver", role=Role.COORDINATOR)]
    joined(house, "receiver", notices="none")
    joined(house, "receiver", role=Role.EDITOR)
    third = joined(house, "third")
    year = Year(replace(house, sender=person(author)))
    expected: Counter[Any] = Counter()
    for now in hours(store):
        year.until(now)
        if now.hour == 8 and now.weekday() == 0:
            expired(house, now)
            year.expired(now)
        if now - timedelta(hours=2) < LEAVES <= now:  # at the first look after that
            with house.database.unit_of_work() as session:
                partner = session.get(Partner, house.third.partner_id)
                assert partner is not None
                set_active(session, partner, False, now=now)
                session.commit()
        given(house, now)
        for life, kind, party in year.reminders(now):
            to = [author] if party == "sender" else [third] if life.leaves else answering
            expected.update((life.view.id, kind, account.id, now) for account in to)
            if sum(expected.values()) % 20 == 0:
                assert life.leaves or is_in_the_due_list(year.house, life, kind, party, now)
        if now.day == 15 and now.hour == 14 and now.month % 2:
            the_due_list_holds_what_waits(house, now)
    assert Counter(told(house)) == expected
    assert quiet.id not in {account for _, _, account, _ in told(house)}
    assert {kind for _, kind, _, _ in told(house)} == set(reminders.KINDS)
    with house.database.reading() as session:
        statuses = dict(session.exec(select(Referral.id, Referral.status)).all())
        assert audit.verify(session)
    assert statuses == {life.view.id: life.states[-1].status for life in year.lives}


def sender_by_mail(house: House) -> House:
    """With one person on either side who is told by mail."""
    joined(house, "receiver")
    return replace(house, sender=person(joined(house, "sender")))


def test_after_a_pause_only_the_latest_about_an_answer_is_given(house: House) -> None:
    house = sender_by_mail(house)
    house.requested(urgency="routine")  # on a Sunday: the seventh working day is the 1st of December
    settled = [given(house, at(date(2026, 12, 1), hour)) for hour in (13, 14, 15)]
    assert (settled, kinds(house)) == ([1, 1, 0], ["answer-soon", "answer-due"])
    house.requested(urgency="routine")
    assert given(house, at(date(2026, 12, 30), 3)) == 4
    assert kinds(house) == ["answer-soon", "answer-due", "unanswered", "unanswered"]


def test_a_reminder_is_given_once_however_many_look(house: House) -> None:
    house = sender_by_mail(house)
    house.requested(urgency="urgent")
    now = house.now + timedelta(days=30)
    first = given(house, now)
    assert (first, given(house, now), kinds(house)) == (3, 0, ["unanswered"])


def test_of_two_who_look_at_once_one_gives_it(house: House) -> None:
    house = sender_by_mail(house)
    for _ in range(5):
        house.requested(urgency="urgent")
    now = house.now + timedelta(days=30)
    with ThreadPoolExecutor(2) as pool:
        settled = [*pool.map(lambda _: given(house, now), range(2))]
    assert (sum(settled) + given(house, now), kinds(house)) == (15, ["unanswered"] * 5)


def test_more_than_a_batch_is_given_batch_by_batch(house: House) -> None:
    house = sender_by_mail(house)
    for _ in range(5):
        house.requested(urgency="urgent")
    later = house.now + timedelta(days=30)
    with house.database.unit_of_work() as session:
        batches = [reminders.give(session, later, batch=2) for _ in range(4)]
        session.commit()
    assert (batches, kinds(house)) == ([6, 6, 3, 0], ["unanswered"] * 5)


def test_a_partner_who_refers_to_itself_is_told_once_of_silence(house: House) -> None:
    joined(house, "receiver")
    view = house.create(
        house.receiver, status="requested", consent=CONSENT, contact_preference="via-sender"
    ).view
    house.step(house.receiver, view, "accepted")
    given(house, house.now + timedelta(days=91))
    assert kinds(house) == ["silent"]


def test_reading_breaks_no_silence_and_a_message_does(house: House) -> None:
    house = sender_by_mail(house)
    view = house.requested(contact_preference="via-sender")
    house.step(house.receiver, view, "accepted")
    house.later(days=80).read(house.receiver, view.id)
    house.later(days=80).messages(house.sender, view.id)
    given(house, house.now + timedelta(days=91))
    assert kinds(house) == ["silent", "silent"]
    house.later(days=100).write(house.sender, view.id, "Hvordan går det?")
    given(house, house.now + timedelta(days=181))
    assert len(kinds(house)) == 2
    given(house, house.now + timedelta(days=191))
    assert len(kinds(house)) == 4


def test_a_client_who_is_not_to_be_reached_is_no_reason_to_remind_but_stands_in_the_due_list(
    house: House,
) -> None:
    house = sender_by_mail(house)
    followed = house.requested(follow_up_on="2026-11-30")
    house.step(house.receiver, followed, "accepted")
    held = house.requested()
    held = house.step(house.receiver, held, "accepted").view
    house.step(house.receiver, held, "on-hold", reason="client-not-ready", revisit_on="2026-12-02")
    later = house.later(days=95)
    assert given(house, later.now) == 0
    with house.database.reading() as session:
        listed = due_list(session, VAULT, house.sender, later.now).items
    whys = {view.id: [due.why for due in view.due] for view in listed}
    assert whys == {followed.id: ["follow-up", "silent"], held.id: ["revisit"]}


def test_what_nobody_answers_ends_as_expired_and_both_are_told(house: House) -> None:
    house = sender_by_mail(house)
    view = house.requested()
    assert expired(house, house.now + timedelta(days=60, seconds=-1)) == 0
    assert expired(house, house.now + timedelta(days=60)) == 1
    assert expired(house, house.now + timedelta(days=60)) == 0
    after = house.later(days=60).read(house.sender, view.id)
    assert (after.status, after.reason, after.answer_by, after.due) == ("cancelled", "expired", None, ())
    with house.database.reading() as session:
        (step,) = [
            e
            for e in seeing.events(session, house.sender, view.id, now=after.updated_at)
            if e.action == "step"
        ]
        rows = session.exec(
            select(OutboxMessage.partner_id).where(OutboxMessage.event == "referral.cancelled")
        )
        assert set(rows) == {house.sender.partner_id, house.receiver.partner_id}
    assert (step.actor, step.from_status, step.to_status) == ("system", "requested", "cancelled")
    given(house, house.now + timedelta(days=61))
    assert kinds(house) == []


def test_a_draft_that_is_worked_on_does_not_expire(house: House) -> None:
    touched, left = house.create().view, house.create().view
    house.later(days=20).change(touched, urgency="soon")
    assert expired(house, house.now + timedelta(days=30)) == 1
    assert house.read(house.sender, touched.id).status == "draft"
    assert house.read(house.sender, left.id).reason == "expired"


def test_a_code_opens_for_whoever_comes_late_and_expires_when_it_is_too_old(house: House) -> None:
    never, late = (house.create(delivery="carried", status="requested") for _ in range(2))
    assert never.code and late.code
    assert expired(house, house.now + timedelta(days=170)) == 0, "the client comes when ready"
    house.later(days=170).redeem(house.receiver, late.code)
    assert expired(house, house.now + timedelta(days=181)) == 1
    with pytest.raises(NotFound):
        house.later(days=181).redeem(house.receiver, never.code)
    assert house.later(days=181).read(house.receiver, late.view.id).status == "requested"
    assert expired(house, house.now + timedelta(days=231)) == 1, "brought, and then not answered for 60 days"

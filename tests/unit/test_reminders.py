"""Who is reminded of what, when, and how often: over a whole year, held against one that was counted by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from directory.database import Database
from directory.outbox.models import OutboxMessage
from directory.partners import members
from directory.partners.access import Identity, Role
from directory.partners.models import Account, Partner
from directory.partners.partnering import set_active
from directory.referrals import audit, reminders
from directory.referrals.models import Referral
from tests.referral_house import House
from tests.referral_house import house as built
from tests.reminder_year import DAY, FIRST, LAST, LEAVES, Year, at, is_working

HOURS = (7, 8, 13, 14)  # at which somebody looks; every hour of some days
HOURS_OF_A_FREE_DAY = (8, 14)
EVERY_HOUR = (
    FIRST.replace(month=3, day=22),
    FIRST.replace(month=4, day=1),
)  # Easter, and the clocks go forward


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


def hours() -> Iterator[datetime]:
    for n in range((LAST - FIRST).days + 1):
        day = FIRST + n * DAY
        some = HOURS if is_working(day) else HOURS_OF_A_FREE_DAY
        for hour in range(24) if EVERY_HOUR[0] <= day < EVERY_HOUR[1] else some:
            yield at(day, hour)


def test_in_a_year_everybody_is_reminded_once_on_the_day_and_of_nothing_that_is_over(house: House) -> None:
    author, quiet = joined(house, "sender"), joined(house, "sender", notices="none")
    answering = [joined(house, "receiver"), joined(house, "receiver", role=Role.COORDINATOR)]
    joined(house, "receiver", notices="none")
    joined(house, "receiver", role=Role.EDITOR)
    third = joined(house, "third")
    year = Year(replace(house, sender=person(author)))
    expected: Counter[Any] = Counter()
    for now in hours():
        year.until(now)
        if now.hour == 8 and now.weekday() == 0:
            expired(house, now)
            year.expired(now)
        if now - timedelta(hours=1) < LEAVES <= now:
            with house.database.unit_of_work() as session:
                partner = session.get(Partner, house.third.partner_id)
                assert partner is not None
                set_active(session, partner, False, now=now)
                session.commit()
        given(house, now)
        for life, kind, party in year.reminders(now):
            to = [author] if party == "sender" else [third] if life.leaves else answering
            expected.update((life.view.id, kind, account.id, now) for account in to)
    assert Counter(told(house)) == expected
    assert quiet.id not in {account for _, _, account, _ in told(house)}
    assert {kind for _, kind, _, _ in told(house)} == set(reminders.KINDS)
    with house.database.reading() as session:
        statuses = dict(session.exec(select(Referral.id, Referral.status)).all())
        assert audit.verify(session)
    assert statuses == {life.view.id: life.states[-1].status for life in year.lives}

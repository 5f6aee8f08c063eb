"""The trail of events: the database keeps it as it is, and whoever gets past the database is noticed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from directory.database import Database
from directory.errors import AuditBroken
from directory.referrals import audit, composing
from directory.referrals.audit import verify
from tests.factories import NEEDS, NOW
from tests.referral_house import VAULT, House
from tests.referral_house import house as built

TRIGGERS = {
    "sqlite": ("DROP TRIGGER referral_event_no_update", "DROP TRIGGER referral_event_no_delete"),
    "postgresql": ("ALTER TABLE referral_event DISABLE TRIGGER USER",),
}


@pytest.fixture
def house(database: Database) -> House:
    """With two referrals and seven events."""
    house = built(database)
    view = house.requested(message="Kan dere ta imot i morgen?")
    other = house.create().view
    view = house.step(house.receiver, house.read(house.receiver, view.id), "accepted").view
    house.later(days=1).step(house.receiver, view, "completed", outcome="need-met")
    house.step(house.sender, other, "cancelled", reason="other", note="Ville ikke likevel")
    house.read(house.sender, view.id)
    return house


def tell(database: Database, *statements: str) -> None:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def verified(database: Database) -> int:
    with database.reading() as session:
        return verify(session)


def broken(database: Database) -> str:
    with pytest.raises(AuditBroken) as caught:
        verified(database)
    return caught.value.detail


def test_a_trail_that_nobody_touched_holds(
    house: House, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert verified(database) == 7
    for rows in (1, 3, 7):
        monkeypatch.setattr(audit, "_ROWS", rows)
        assert verified(database) == 7


def test_an_empty_trail_holds(database: Database) -> None:
    assert verified(database) == 0


def test_events_say_who_did_what_when_and_nothing_that_was_written(house: House, database: Database) -> None:
    with database.engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM referral_event ORDER BY position")).mappings().all()
    assert [(row["sequence"], row["action"], row["to_status"]) for row in rows] == [
        (1, "created", "requested"),
        (1, "created", "draft"),
        (2, "read", None),
        (3, "step", "accepted"),
        (4, "step", "completed"),
        (2, "step", "cancelled"),
        (5, "read", None),
    ]
    assert [row["reason"] for row in rows if row["reason"]] == ["other"]
    assert [row["outcome"] for row in rows if row["outcome"]] == ["need-met"]
    assert {row["actor"] for row in rows} == {"person"}
    assert "morgen" not in str(rows) and "likevel" not in str(rows)


def test_the_database_refuses_to_change_or_delete_an_event(house: House, database: Database) -> None:
    for statement in (
        "UPDATE referral_event SET reason = 'duplicate' WHERE position = 6",
        "UPDATE referral_event SET hash = hash",
        "DELETE FROM referral_event WHERE position = 7",
        "DELETE FROM referral_event",
    ):
        with pytest.raises(DBAPIError, match="an event is never changed or deleted"):
            tell(database, statement)
    assert verified(database) == 7


def test_the_database_refuses_to_empty_the_trail(house: House, database: Database, store: str) -> None:
    if store == "sqlite":
        return  # it has no TRUNCATE; DELETE without WHERE is tried above
    with pytest.raises(DBAPIError, match="an event is never changed or deleted"):
        tell(database, "TRUNCATE referral_event")
    assert verified(database) == 7


def test_a_changed_event_is_noticed_whatever_was_changed(
    house: House, database: Database, store: str
) -> None:
    tell(database, *TRIGGERS[store])
    for column, value in (
        ("action", "'changed'"),
        ("actor", "'key'"),
        ("reason", "'no-show'"),
        ("from_status", "NULL"),
        ("to_status", "'failed'"),
        ("outcome", "'not-met'"),
        ("sequence", "40"),
        ("partner_id", "NULL"),
        ("actor_id", "NULL"),
        ("referral_id", "(SELECT referral_id FROM referral_event WHERE position = 2)"),
        ("hash", f"'{'0' * 64}'"),
    ):
        tell(
            database,
            f"CREATE TEMPORARY TABLE was AS SELECT {column} AS held FROM referral_event WHERE position = 5",
            f"UPDATE referral_event SET sequence = 41, {column} = {value} WHERE position = 5"
            if column == "referral_id"
            else f"UPDATE referral_event SET {column} = {value} WHERE position = 5",
        )
        assert "Event 5 is not as it was written" in broken(database), column
        tell(
            database,
            f"UPDATE referral_event SET {column} = (SELECT held FROM was) WHERE position = 5",
            "UPDATE referral_event SET sequence = 4 WHERE position = 5",
            "DROP TABLE was",
        )
        assert verified(database) == 7


def test_an_event_of_another_time_is_noticed(house: House, database: Database, store: str) -> None:
    tell(database, *TRIGGERS[store])
    with database.engine.begin() as connection:
        moment = NOW - timedelta(microseconds=1)
        connection.execute(
            text("UPDATE referral_event SET at = :at WHERE position = 3"),
            {"at": str(moment.replace(tzinfo=None)) if store == "sqlite" else moment},
        )
    assert "Event 3 is not as it was written" in broken(database)


def test_a_removed_event_is_noticed(house: House, database: Database, store: str) -> None:
    tell(database, *TRIGGERS[store], "DELETE FROM referral_event WHERE position = 4")
    assert "Event 4 is missing" in broken(database)


def test_a_removed_event_is_noticed_though_the_others_are_numbered_anew(
    house: House, database: Database, store: str
) -> None:
    move = "UPDATE referral_event SET position = {0} WHERE position = {1}"
    tell(
        database,
        *TRIGGERS[store],
        "DELETE FROM referral_event WHERE position = 4",
        *(move.format(position - 1, position) for position in (5, 6, 7)),
    )
    assert "Event 4 is not as it was written" in broken(database)


def test_a_trail_cut_short_is_noticed(house: House, database: Database, store: str) -> None:
    tell(database, *TRIGGERS[store], "DELETE FROM referral_event WHERE position > 5")
    assert "Event 6 is missing: the chain goes on to 7" in broken(database)


def test_an_emptied_trail_is_noticed(house: House, database: Database, store: str) -> None:
    empty = "TRUNCATE referral_event" if store == "postgresql" else "DELETE FROM referral_event"
    tell(database, *TRIGGERS[store], empty)
    assert "Event 1 is missing" in broken(database)


def test_an_event_that_was_put_in_is_noticed(house: House, database: Database) -> None:
    columns = "referral_id, at, action, actor, hash"
    tell(
        database,
        f"INSERT INTO referral_event (position, sequence, {columns}) "
        f"SELECT 8, 99, {columns} FROM referral_event WHERE position = 7",
    )
    assert "Event 8 is beyond the end" in broken(database)


def test_a_record_of_the_end_that_was_moved_is_noticed(house: House, database: Database, store: str) -> None:
    tell(database, "UPDATE audit_head SET position = 6")
    assert "Event 7 is beyond the end" in broken(database)
    tell(database, "UPDATE audit_head SET position = 7, hash = 'f' || substr(hash, 2, 62) || 'x'")
    assert "Event 7 is not the one that the chain ends with" in broken(database)
    tell(database, "DELETE FROM audit_head")
    assert "is gone" in broken(database)


def test_work_that_is_not_done_leaves_no_event(house: House, database: Database) -> None:

    with database.unit_of_work() as session:
        composing.create(session, VAULT, house.sender, {"service_id": "clinic"}, needs=NEEDS, now=NOW)
    assert verified(database) == 7

"""The store: what a unit of work keeps, what reading sees, and the pragmas."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from directory.catalogue.models import SeedState
from directory.database import Database
from tests.factories import NOW

TABLE = SeedState.__table__


def _put(session, name="a", at=NOW) -> None:
    session.execute(insert(TABLE).values(name=name, digest="", seeded_at=at))


def _names(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.execute(select(TABLE.c.name).order_by(TABLE.c.name)).scalars())


def test_work_that_was_not_committed_is_forgotten(database):
    with database.unit_of_work() as session:
        _put(session)
    assert _names(database) == []


def test_work_that_was_committed_stays(database):
    with database.unit_of_work() as session:
        _put(session)
        session.commit()
    assert _names(database) == ["a"]


def test_an_error_takes_back_all_of_it(database):
    with pytest.raises(ZeroDivisionError), database.unit_of_work() as session:
        _put(session)
        session.flush()
        raise ZeroDivisionError
    assert _names(database) == []


def test_reading_cannot_write(database):
    with pytest.raises(DBAPIError), database.reading() as session:
        _put(session)


def test_after_reading_the_same_connection_can_write(database):
    for name in "abc":
        _names(database)
        with database.unit_of_work() as session:
            _put(session, name)
            session.commit()
    assert _names(database) == ["a", "b", "c"]


def test_reading_sees_one_moment(database):
    with database.reading() as session:
        assert session.execute(select(TABLE.c.name)).all() == []
        with database.unit_of_work() as other:
            _put(other)
            other.commit()
        assert session.execute(select(TABLE.c.name)).all() == []
    assert _names(database) == ["a"]


def test_a_moment_comes_back_as_utc(database):
    cairo = timezone(timedelta(hours=2))
    with database.unit_of_work() as session:
        _put(session, at=datetime(2026, 11, 22, 14, 0, tzinfo=cairo))
        session.commit()
    with database.reading() as session:
        at = session.execute(select(TABLE.c.seeded_at)).scalar_one()
    assert at == NOW and at.tzinfo is UTC


def test_a_moment_without_a_time_zone_is_refused(database):
    with pytest.raises(StatementError, match="time zone"), database.unit_of_work() as session:
        _put(session, at=datetime(2026, 11, 22))


def test_sqlite_keeps_what_it_is_told_to_keep(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'deep' / 'down' / 'x.db'}")
    with database.unit_of_work() as session:
        said = {
            name: session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous", "secure_delete")
        }
    database.close()
    assert said == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": 10000,
        "synchronous": 2,
        "secure_delete": 1,
    }

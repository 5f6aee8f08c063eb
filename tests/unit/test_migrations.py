"""Migrations, up and down, on both stores."""

from __future__ import annotations

from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, inspect
from sqlmodel import SQLModel

import directory.catalogue.models as m
from directory.database import current, downgrade, engine_for, latest, upgrade
from tests.factories import NOW


@pytest.fixture
def engine(empty_url):
    engine = engine_for(empty_url)
    yield engine
    engine.dispose()


def _tables(engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def test_a_database_that_was_never_migrated_stands_nowhere(empty_url):
    assert current(empty_url) is None


def test_going_up_makes_exactly_what_the_models_say(empty_url, engine):
    upgrade(empty_url)
    assert current(empty_url) == latest()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_going_down_leaves_nothing_and_going_up_again_works(empty_url, engine):
    upgrade(empty_url)
    downgrade(empty_url, "base")
    assert _tables(engine) == {"alembic_version"} and current(empty_url) is None
    upgrade(empty_url)
    assert "service" in _tables(engine) and current(empty_url) == latest()


def test_going_up_twice_changes_nothing(empty_url, engine):
    upgrade(empty_url)
    with engine.begin() as connection:
        connection.execute(insert(m.SeedState.__table__).values(name="a", digest="d", seeded_at=NOW))
    upgrade(empty_url)
    with engine.connect() as connection:
        assert connection.execute(m.SeedState.__table__.select()).one().digest == "d"


def test_two_that_migrate_at_once_take_turns(empty_url):
    errors: list[BaseException] = []

    def migrate() -> None:
        try:
            upgrade(empty_url)
        except BaseException as error:
            errors.append(error)

    threads = [Thread(target=migrate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and current(empty_url) == latest()


def test_a_migration_that_fails_leaves_nothing_behind(empty_url, engine):
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE phone (id INTEGER)")  # in the way of a table that comes late
    with pytest.raises(Exception, match="phone"):
        upgrade(empty_url)
    assert _tables(engine) - {"alembic_version"} == {"phone"} and current(empty_url) is None


def test_postgis_can_be_had(postgresql):
    engine = engine_for(postgresql.url(postgresql.create()))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE EXTENSION postgis")
        assert (
            connection.exec_driver_sql("SELECT ST_AsText(ST_Point(10.75, 59.91))").scalar()
            == "POINT(10.75 59.91)"
        )
    engine.dispose()

"""The index follows the catalogue's change log, and is made anew when it can't."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from directory.catalogue.editing import remove_service
from directory.config import SEED_DIR
from directory.database import Database
from directory.needs import Needs
from directory.places import Places
from directory.search.engine import Engine
from directory.search.listing import Lister
from directory.search.upkeep import Upkeep
from tests.factories import saved, service_draft

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def lister() -> Lister:
    return Lister(Needs.load(SEED_DIR), Places.load(SEED_DIR))


@pytest.fixture
def upkeep(database: Database, tmp_path: Path, lister: Lister) -> Upkeep:
    return Upkeep(database, tmp_path / "index", lister, "one")


def save(database: Database, slug: str) -> None:
    with database.unit_of_work() as session:
        saved(session, service_draft(slug=slug), now=NOW)
        session.commit()


def slugs(tmp_path: Path) -> set[str]:
    keys = Engine(tmp_path / "index").snapshot().keys_with_prefix("service:", 100)
    return {key.removeprefix("service:") for key, _ in keys}


def test_without_an_index_all_that_is_published_is_indexed(
    database: Database, upkeep: Upkeep, tmp_path: Path
) -> None:
    save(database, "one")
    save(database, "two")
    assert upkeep.catch_up(TODAY).rebuilt
    assert slugs(tmp_path) == {"one", "two"}


def test_a_saved_and_a_removed_service_are_followed(
    database: Database, upkeep: Upkeep, tmp_path: Path
) -> None:
    save(database, "one")
    upkeep.rebuild(TODAY)
    save(database, "two")
    with database.unit_of_work() as session:
        remove_service(session, "one", now=NOW)
        session.commit()
    kept = upkeep.catch_up(TODAY)
    assert (kept.rebuilt, kept.saved, kept.removed) == (False, 1, 1)
    assert slugs(tmp_path) == {"two"}
    assert upkeep.problems() == []


def test_with_nothing_new_nothing_is_written(database: Database, upkeep: Upkeep, tmp_path: Path) -> None:
    save(database, "one")
    upkeep.rebuild(TODAY)
    before = (tmp_path / "index" / "manifest.json").read_bytes()
    assert upkeep.catch_up(TODAY).saved == 0
    assert (tmp_path / "index" / "manifest.json").read_bytes() == before


def test_an_index_made_by_another_taxonomy_is_made_anew(
    database: Database, upkeep: Upkeep, lister: Lister, tmp_path: Path
) -> None:
    save(database, "one")
    upkeep.rebuild(TODAY)
    other = Upkeep(database, tmp_path / "index", lister, "two")
    assert other.problems() != []
    assert other.catch_up(TODAY).rebuilt
    assert other.problems() == []


def test_a_torn_file_is_noticed_and_the_index_made_anew(
    database: Database, upkeep: Upkeep, tmp_path: Path
) -> None:
    save(database, "one")
    upkeep.rebuild(TODAY)
    largest = max((tmp_path / "index").glob("*/*"), key=lambda f: f.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:-1])
    assert upkeep.problems() != []
    assert upkeep.catch_up(TODAY).rebuilt
    assert slugs(tmp_path) == {"one"}


def test_an_index_ahead_of_its_log_is_made_anew(
    database: Database, upkeep: Upkeep, lister: Lister, tmp_path: Path
) -> None:
    save(database, "one")
    upkeep.rebuild(TODAY)
    with database.unit_of_work() as session:  # as after a restored backup
        session.connection().exec_driver_sql("DELETE FROM change_log")
        session.commit()
    assert upkeep.catch_up(TODAY).rebuilt

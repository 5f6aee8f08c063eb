"""The index follows the catalogue's change log, and is made anew when it can't."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event
from typing import Any

import orjson
import pytest

from directory.catalogue.drafts import ServiceDraft
from directory.catalogue.editing import remove_service
from directory.database import Database
from directory.partners import partnering
from directory.search import keeping
from directory.search.engine import Engine
from directory.search.listing import Lister
from directory.search.storage.generation import read_generation
from directory.search.upkeep import Upkeep
from directory.search.wordbook import Wordbook
from tests.factories import saved, service_draft

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def lister(words: Wordbook) -> Lister:
    return Lister(words.needs, words.places, words.lexicon.compounds)


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


def test_another_log_with_the_same_positions_is_not_taken_for_the_one_that_was_followed(
    database: Database, upkeep: Upkeep, tmp_path: Path
) -> None:
    save(database, "one")
    upkeep.rebuild(TODAY)
    with database.unit_of_work() as session:  # as after a restored backup that others have gone on from
        session.connection().exec_driver_sql(
            "UPDATE change_log SET at = '2026-11-22 13:00:00.000000' WHERE position = 1"
        )
        session.commit()
    save(database, "two")
    assert upkeep.problems() != []
    assert upkeep.catch_up(TODAY).rebuilt
    assert slugs(tmp_path) == {"one", "two"}
    assert upkeep.problems() == []


def test_what_else_stands_in_the_log_is_no_change_of_the_index(
    database: Database, upkeep: Upkeep, tmp_path: Path
) -> None:
    save(database, "one")
    upkeep.rebuild(TODAY)
    with database.unit_of_work() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO change_log (entity, entity_id, change, at)"
            " SELECT 'partner', entity_id, change, at FROM change_log"
        )
        session.commit()
    assert not upkeep.catch_up(TODAY).rebuilt
    assert upkeep.problems() == []


def checked(slug: str, on: str) -> ServiceDraft:
    source = {"reference": "https://example.org/", "checked_on": on, "by": "Kari", "method": "phone"}
    return service_draft(slug=slug, sources=[source])


def told(tmp_path: Path, slug: str) -> dict[str, Any]:
    """What a search says of how far the service can be trusted."""
    snapshot = Engine(tmp_path / "index").snapshot()
    hit = snapshot.by_key(f"service:{slug}")
    assert hit is not None
    trust: dict[str, Any] = orjson.loads(b"{" + snapshot.piece(hit, "head") + b"}")["trust"]
    return trust


def trust(tmp_path: Path, slug: str) -> str:
    state: str = told(tmp_path, slug)["state"]
    return state


def test_a_check_grows_old_though_nothing_changes_and_young_again_when_the_clock_is_set_back(
    database: Database, upkeep: Upkeep, tmp_path: Path
) -> None:
    with database.unit_of_work() as session:
        saved(session, checked("old", "2026-07-01"), checked("new", "2026-11-20"), now=NOW)
        session.commit()
    upkeep.rebuild(date(2026, 12, 27))
    assert (trust(tmp_path, "old"), trust(tmp_path, "new")) == ("verified", "verified")
    for today, old, new, listed in (
        (date(2026, 12, 29), "stale", "verified", 1),
        (date(2026, 12, 30), "stale", "verified", 0),
        (date(2027, 12, 30), "stale", "stale", 1),
        (date(2026, 11, 20), "verified", "verified", 2),
        (date(2026, 11, 19), "verified", "listed", 1),  # checked tomorrow: nobody can have
    ):
        kept = upkeep.catch_up(today)
        assert (kept.rebuilt, kept.saved) == (False, listed)
        assert (trust(tmp_path, "old"), trust(tmp_path, "new")) == (old, new)
        again = upkeep.catch_up(today)
        assert (again.saved, again.rebuilt) == (0, False)
    assert upkeep.problems() == []


def test_who_takes_part_is_told_by_the_search_and_who_does_so_no_more_is_not(
    database: Database, upkeep: Upkeep, tmp_path: Path
) -> None:
    save(database, "one")
    upkeep.catch_up(TODAY)
    with database.unit_of_work() as session:
        partnering.add_partner(session, slug="us", name="Us", organizations=["the-clinic"], now=NOW)
        session.commit()
    upkeep.catch_up(TODAY)
    assert told(tmp_path, "one")["partner"] is True
    with database.unit_of_work() as session:
        partnering.set_active(session, partnering.partner_of(session, "us"), False, now=NOW)
        session.commit()
    upkeep.catch_up(TODAY)
    assert told(tmp_path, "one")["partner"] is False


def test_changes_are_followed_though_the_clock_was_set_back(
    database: Database, upkeep: Upkeep, tmp_path: Path
) -> None:
    save(database, "one")
    upkeep.rebuild(TODAY)
    with database.unit_of_work() as session:
        saved(session, service_draft(slug="two"), now=datetime(1999, 1, 1, tzinfo=UTC))
        session.commit()
    assert upkeep.catch_up(date(1999, 1, 1)).saved == 1
    assert slugs(tmp_path) == {"one", "two"}


def test_a_flipped_byte_is_found_and_the_index_made_anew(
    database: Database, upkeep: Upkeep, tmp_path: Path
) -> None:
    save(database, "one")
    upkeep.rebuild(TODAY)
    files = [
        name for name, (size, _) in read_generation(tmp_path / "index").segments[0].files.items() if size
    ]
    assert len(files) > 3
    for name in files:
        file = tmp_path / "index" / read_generation(tmp_path / "index").segments[0].name / name
        content = file.read_bytes()
        at = len(content) // 2
        file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert upkeep.catch_up(TODAY).rebuilt, name
        assert upkeep.problems() == []


def test_a_commit_is_followed_at_once_and_not_when_it_is_time_to_look_anyway(
    database: Database, tmp_path: Path, lister: Lister, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "EVERY_S", 3600.0)
    engine = Engine(tmp_path / "index")
    upkeep = Upkeep(database, tmp_path / "index", lister, "one", engine.seals)
    upkeep.rebuild(TODAY)
    end = keeping.keep_following(upkeep, engine, database, lambda: NOW)
    other = Database(database.url)
    try:
        for number in range(3):
            save(other, f"service-{number}")
            tries = 3000
            while engine.snapshot().by_key(f"service:service-{number}") is None:
                Event().wait(0.01)
                tries -= 1
                assert tries, "the commit was not noticed"
    finally:
        end()
        other.close()
    assert "index" not in {thread.name for thread in threading.enumerate()}

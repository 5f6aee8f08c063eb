"""The made-up catalogue is one that the house takes for its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from directory.catalogue import reading
from directory.catalogue.seeding import is_seeded
from directory.config import SEED_DIR
from directory.database import Database
from directory.places import Places
from directory.search.engine import Engine
from directory.search.listing import Lister
from directory.search.query import EngineQuery, Term
from directory.search.upkeep import Upkeep
from directory.spelling import words
from tests.bench import generated_house
from tests.bench.generator import Service, World

SIZE = 120


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def services(world: World) -> list[Service]:
    return list(world.services(SIZE))


@pytest.fixture(scope="module")
def database(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path_factory.mktemp('generated') / 'directory.db'}"
    generated_house.write(url, SIZE, world=world)
    opened = Database(url)
    yield opened
    opened.close()


def test_every_generated_service_is_public_with_what_was_drawn_for_it(
    database: Database, services: list[Service]
) -> None:
    with database.reading() as session:
        entries = {e.id: e for e in reading.entries(session, today=generated_house.NOW.date())}
        assert reading.last_position(session) == SIZE
    assert len(entries) == SIZE
    for service in services:
        entry = entries[service.id]
        assert entry.needs == service.stated
        assert tuple(language.code for language in entry.languages) == service.languages
        assert words(entry.names["nb"]) == words(service.name)
        assert words(entry.descriptions["nb"]) == words(service.description)
        assert set(entry.descriptions) <= {"nb", *service.languages}
        assert bool(entry.locations) == (service.lat is not None)
        assert entry.reach == generated_house.REACHES[service.reach]
        assert (
            entry.schedule is None if service.hours is None else entry.schedule.opening_hours == service.hours
        )


def test_texts_stand_in_several_languages_and_scripts(database: Database) -> None:
    with database.reading() as session:
        found = {
            code
            for e in reading.entries(session, today=generated_house.NOW.date())
            for code in e.descriptions
        }
    assert {"nb", "en", "pl", "ru", "ar"} <= found


def test_a_server_adds_no_seed_to_it(database: Database) -> None:
    assert is_seeded(database, SEED_DIR)


def test_it_is_indexed_and_searched_as_the_real_one_is(
    database: Database, world: World, services: list[Service], tmp_path: Path
) -> None:
    lister = Lister(world.needs, Places.load(SEED_DIR))
    kept = Upkeep(database, tmp_path / "index", lister, "bench").rebuild(generated_house.NOW.date())
    assert kept.saved == SIZE
    word = services[7].description.split()[3]
    with Engine(tmp_path / "index").snapshot() as snapshot:
        found = snapshot.search(EngineQuery(terms=(Term(((word, 1.0),)),), limit=SIZE))
        ids = {str(snapshot.identity(hit)) for hit in found.hits}
    assert services[7].id in ids


def test_the_command_says_what_it_takes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert generated_house.main(["many", str(tmp_path)]) == 2
    assert "SIZE FOLDER" in capsys.readouterr().err
    assert generated_house.main(["3", str(tmp_path)]) == 0
    assert generated_house.main(["3", str(tmp_path)]) == 1

"""Several processes list what one would, in the same order, and none of them is left over."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from directory.catalogue import reading
from directory.config import SEED_DIR
from directory.database import Database
from directory.errors import IndexUnavailable
from directory.places import Places
from directory.search import crew
from directory.search.engine import Engine
from directory.search.listing import Lister
from directory.search.query import EngineQuery
from directory.search.storage.document import Document
from directory.search.upkeep import Upkeep
from tests.bench import generated_house
from tests.bench.generator import World

SIZE, PART = 130, 50
TODAY = generated_house.NOW.date()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path_factory.mktemp('crew') / 'directory.db'}"
    generated_house.write(url, SIZE)
    opened = Database(url)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def lister() -> Lister:
    return Lister(World().needs, Places.load(SEED_DIR))


def listed(database: Database, number: int) -> list[Document]:
    with database.reading() as session:
        parts = reading.parts(session, PART)
    return list(crew.documents(database.url, parts, TODAY, number))


def test_the_parts_of_the_catalogue_hold_every_service_once(database: Database) -> None:
    with database.reading() as session:
        parts = reading.parts(session, PART)
        found = [[e.id for e in reading.entries(session, today=TODAY, between=part)] for part in parts]
        whole = [e.id for e in reading.entries(session, today=TODAY)]
    assert [len(ids) for ids in found] == [PART, PART, SIZE - 2 * PART]
    assert [identity for ids in found for identity in ids] == whole


def test_two_processes_list_what_one_does_in_the_same_order(database: Database, lister: Lister) -> None:
    with database.reading() as session:
        alone = [lister.document(entry) for entry in reading.entries(session, today=TODAY)]
    assert listed(database, 2) == alone


def test_a_process_that_fails_is_no_shorter_list(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(IndexUnavailable, match="could not be listed"):
        list(crew.documents(f"sqlite:///{tmp_path / 'without-tables.db'}", [(None, None)], TODAY, 1))
    assert "no such table" in capfd.readouterr().err


def test_none_outlives_the_one_it_works_for(database: Database) -> None:
    program = (
        "import datetime, sys; from directory.search import crew;"
        "parts = [(None, None)] * 40;"
        f"found = crew.documents({database.url!r}, parts, datetime.date({TODAY:%Y, %-m, %-d}), 2);"
        "next(found); print('begun', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == "begun\n"
        process.kill()
        # the pipe ends when the last process that could write to it has ended
        process.stderr.read()


def test_an_index_made_by_several_answers_as_one_made_by_one(
    database: Database, lister: Lister, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "FEWEST", SIZE)
    done = []
    for hands in (1, 2):
        keeper = Upkeep(database, tmp_path / str(hands), lister, "one", hands=hands)
        assert keeper.rebuild(TODAY).saved == SIZE
        assert keeper.problems() == []
        with Engine(tmp_path / str(hands)).snapshot() as snapshot:
            found = snapshot.search(EngineQuery(sort="name", limit=SIZE, facets=("need:",)))
            done.append((found.total, found.facets, [snapshot.identity(hit) for hit in found.hits]))
    assert done[0] == done[1]


def test_few_services_are_not_worth_a_process(
    database: Database, lister: Lister, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "documents", lambda *given: pytest.fail("a process was begun"))
    assert Upkeep(database, tmp_path / "index", lister, "one", hands=2).rebuild(TODAY).saved == SIZE

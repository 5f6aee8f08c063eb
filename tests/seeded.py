"""The whole directory, its words too, seeded and indexed once for all tests that only read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from directory import create_app, database
from directory.api.rooms import rooms
from directory.catalogue.seeding import seed
from directory.config import SEED_DIR, Settings
from directory.search.finding import Finder
from directory.search.understand import Lexicon, Understanding
from directory.search.wordbook import Wordbook, wordbook
from directory.serving import mark_prepared

SEEDED_ON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)  # a Sunday, 13:00 in Oslo


@pytest.fixture(scope="session")
def words() -> Wordbook:
    """The words and places that ship, as they were made of the seed once."""
    return wordbook()


@pytest.fixture(scope="session")
def understand(words: Wordbook) -> Understanding:
    """Without an index."""
    return Understanding(words.needs, words.places, lexicon=words.lexicon)


@pytest.fixture(scope="session")
def by_rules(words: Wordbook) -> Understanding:
    """Without an index, and without what was learnt from lines: phrases and ideas alone."""
    return Understanding(words.needs, words.places, lexicon=Lexicon(words.needs))


@pytest.fixture(scope="session")
def directory_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application over the directory that ships. Not to be written to."""
    settings = Settings(
        _env_file=None, data_dir=Path(tmp_path_factory.mktemp("directory")), rate_limits="off"
    )
    database.upgrade(settings.database)
    app = create_app(settings)
    with app.app_context():
        house = rooms()
    seed(house.database, SEED_DIR, now=SEEDED_ON)
    house.upkeep.rebuild(SEEDED_ON.date())
    mark_prepared(settings)
    yield app


@pytest.fixture
def client(directory_app: Flask) -> FlaskClient:
    return directory_app.test_client()


@pytest.fixture(scope="session")
def finder(directory_app: Flask) -> Finder:
    with directory_app.app_context():
        return rooms().searcher

"""Commits are noticed, whoever makes them, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event, Thread

import pytest

from directory.commits import Commits
from directory.database import Database
from tests.factories import saved, service_draft

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PATIENCE_S = 60.0


@pytest.fixture
def commits(database: Database) -> Iterator[Commits]:
    noticed = Commits(database)
    assert noticed.wait(Event(), PATIENCE_S), "what happened before one listened counts as a commit"
    yield noticed
    noticed.close()


def save(database: Database, slug: str, *, commit: bool = True) -> None:
    with database.unit_of_work() as session:
        saved(session, service_draft(slug=slug), now=NOW)
        if commit:
            session.commit()


def test_a_commit_of_somebody_else_is_noticed_while_one_waits(database: Database, commits: Commits) -> None:
    other = Database(database.url)
    saver = Thread(target=save, args=(other, "one"))
    saver.start()
    assert commits.wait(Event(), PATIENCE_S)
    saver.join()
    other.close()


def test_where_no_system_tells_of_writing_one_looks_again_and_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("directory.commits._watched", lambda path: None)
    noticed = Commits(database)
    assert noticed.wait(Event(), PATIENCE_S)
    saver = Thread(target=save, args=(database, "one"))
    saver.start()
    assert noticed.wait(Event(), PATIENCE_S)
    saver.join()
    noticed.close()


def test_a_commit_between_two_waits_is_noticed_once(database: Database, commits: Commits) -> None:
    save(database, "one")
    assert commits.wait(Event(), PATIENCE_S)
    assert not commits.wait(Event(), 0)


def test_what_is_read_or_taken_back_is_no_commit(database: Database, commits: Commits) -> None:
    save(database, "one", commit=False)
    with database.reading() as session:
        session.connection().exec_driver_sql("SELECT count(*) FROM service")
    assert not commits.wait(Event(), 0)


def test_waiting_ends_when_it_is_told_to_or_something_else_is_needed(commits: Commits) -> None:
    stop = Event()
    stop.set()
    assert not commits.wait(stop, PATIENCE_S)
    asked = iter([False, False, True])
    assert not commits.wait(Event(), PATIENCE_S, lambda: next(asked))


def test_a_connection_that_breaks_is_waited_without_and_then_made_again(
    database: Database, commits: Commits
) -> None:
    commits._source._connection.close()  # type: ignore[union-attr]
    assert not commits.wait(Event(), 0)
    assert commits.wait(Event(), PATIENCE_S), "the new connection counts as a commit"
    save(database, "one")
    assert commits.wait(Event(), PATIENCE_S)

"""Following: what goes wrong is told and tried again, and who stops it is obeyed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event

import pytest

from directory.search import index, keeping
from directory.search.engine import Engine
from directory.search.index import IndexBusy
from directory.search.keeping import AFTER_TROUBLE_S, EVERY_S, Follower, follow
from directory.search.upkeep import Kept
from tests.engine_oracle import ids, service

DAY = date(2026, 11, 22)
WELL = Kept(rebuilt=False, saved=1, removed=0, position=1)


class Upkeep:
    """Does what it is told to, one thing at a time."""

    def __init__(self, *outcomes: Kept | Exception) -> None:
        self.outcomes, self.days = list(outcomes), list[date]()
        self.trouble: str | None = None
        self.busy = 0

    def is_busy(self) -> bool:
        self.busy -= 1
        return self.busy >= 0

    def catch_up(self, today: date, *, wait: bool) -> Kept:
        assert not wait
        self.days.append(today)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class Notices:
    """Nobody commits; ends the following when it has been waited for so many times."""

    def __init__(self, times: int) -> None:
        self.waited, self.times, self.closed = list[float](), times, False

    def wait(self, stop: Event, seconds: float, also: Callable[[], bool]) -> bool:
        self.waited.append(seconds)
        if len(self.waited) == self.times:
            stop.set()
        return False

    def close(self) -> None:
        self.closed = True


def follower(upkeep: Upkeep, path: Path) -> Follower:
    return Follower(upkeep, Engine(path), lambda: datetime(2026, 11, 22, tzinfo=UTC))  # type: ignore[arg-type]


def test_a_failure_is_told_and_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    full = OSError(28, "No space left on device")
    upkeep = Upkeep(full, full, ValueError("secret"), WELL)
    follows = follower(upkeep, tmp_path)
    with caplog.at_level(logging.ERROR):
        assert follows.step() == AFTER_TROUBLE_S
        assert upkeep.trouble == "cannot be written: No space left on device"
        follows.step()
        assert len(caplog.records) == 1, "it is not told again each second"
        follows.step()
        assert upkeep.trouble == "cannot be kept"
        assert follows.step() == EVERY_S
    assert upkeep.trouble is None
    assert upkeep.days == [DAY] * 4


def test_another_process_that_writes_is_waited_for_and_told_when_it_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upkeep = Upkeep(IndexBusy("busy"), WELL)
    follows = follower(upkeep, tmp_path)
    assert not follows.is_kept_waiting()
    follows.step()
    upkeep.busy = 2
    assert follows.is_kept_waiting()
    assert upkeep.trouble is None
    monkeypatch.setattr(keeping, "PATIENCE_S", -1.0)
    assert follows.is_kept_waiting()
    assert upkeep.trouble == "is being written by another process"
    assert not follows.is_kept_waiting()
    follows.step()
    assert upkeep.trouble is None


def test_following_ends_when_it_is_told_to_and_closes_what_it_listened_with(tmp_path: Path) -> None:
    notices, stop = Notices(times=3), Event()
    upkeep = Upkeep(WELL, WELL, WELL)
    follow(follower(upkeep, tmp_path), notices, stop)
    assert (upkeep.outcomes, notices.waited, notices.closed) == ([], [EVERY_S] * 3, True)


def test_a_new_generation_is_opened_by_who_follows_and_not_in_somebodys_search(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    index.rebuild(tmp_path, [service(1)], position=1, fingerprint="a")
    follows = Follower(Upkeep(WELL), engine, lambda: datetime(2026, 11, 22, tzinfo=UTC))  # type: ignore[arg-type]
    follows.step()
    assert engine._snapshot is not None
    assert ids(engine.snapshot()) == {1}


def test_what_a_search_comes_upon_is_looked_after_at_once_and_once(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    index.rebuild(tmp_path, [service(1)], position=1, fingerprint="a")
    engine.snapshot()
    follows = Follower(Upkeep(WELL), engine, lambda: datetime(2026, 11, 22, tzinfo=UTC))  # type: ignore[arg-type]
    assert not follows.is_needed()
    (tmp_path / "manifest.json").unlink()
    engine.snapshot()
    assert follows.is_needed()
    follows.step()
    assert not follows.is_needed()

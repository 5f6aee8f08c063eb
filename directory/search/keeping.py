"""Lets the index of a running service follow the catalogue, and rebuilds it by itself when it is missing or stale.

Each worker follows, and one of them writes. A commit is noticed at once (``commits``); all is looked at anew every few
seconds in any case.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from threading import Event, Thread
from typing import Protocol

from directory.commits import TICK_S, Commits
from directory.database import Database
from directory.errors import IndexUnavailable
from directory.search.engine import Engine
from directory.search.index import IndexBusy
from directory.search.upkeep import Upkeep

log = logging.getLogger(__name__)

EVERY_S = 5.0
AFTER_TROUBLE_S = 1.0
PATIENCE_S = 3.0  # with another process that writes, before that is told
STOPPING_S = 2.0


class Notices(Protocol):
    """``commits.Commits``, or what stands in for it."""

    def wait(self, stop: Event, seconds: float, also: Callable[[], bool]) -> bool: ...

    def close(self) -> None: ...


class Follower:
    """Takes up changes, a ``step`` at a time. A failure is told and tried again: the index in use goes on answering."""

    def __init__(self, upkeep: Upkeep, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._upkeep, self._engine, self._clock = upkeep, engine, clock
        self._busy_since: float | None = None
        self._looked_at: str | None = None

    def step(self) -> float:
        """How long to wait for a commit before the next one, in seconds."""
        self._looked_at = self._engine.problem
        try:
            kept = self._upkeep.catch_up(self._clock().date(), wait=False)
            self._open()
        except IndexBusy:
            self._busy_since = self._busy_since or time.monotonic()
            return 0.0
        except Exception as error:
            self._tell(_in_public(error), error)
            return AFTER_TROUBLE_S
        self._busy_since = None
        if kept.rebuilt or kept.saved or kept.removed:
            told = {"rebuilt": kept.rebuilt, "saved": kept.saved, "removed": kept.removed}
            log.info("the index took up changes", extra=told)
        self._tell(None)
        return EVERY_S

    def is_needed(self) -> bool:
        """Whether the engine has come upon something since the last step."""
        return self._engine.problem not in (None, self._looked_at)

    def is_kept_waiting(self) -> bool:
        """Whether another process, which the last step came upon, is writing still."""
        if self._busy_since is None:
            return False
        self._open()
        if time.monotonic() - self._busy_since > PATIENCE_S:
            self._tell("is being written by another process")
        return self._upkeep.is_busy()

    def _open(self) -> None:
        """Here and not in somebody's search."""
        with suppress(IndexUnavailable):  # which a search says, and /ready
            self._engine.snapshot()

    def _tell(self, trouble: str | None, error: Exception | None = None) -> None:
        before, self._upkeep.trouble = self._upkeep.trouble, trouble
        if error is not None and before != trouble:  # once, not every second as long as the disk is full
            log.error("the index could not be kept", exc_info=error)


def _in_public(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be written: {error.strerror}"
    if type(error).__module__.startswith("sqlalchemy."):
        return "cannot follow: the database does not answer"
    return "cannot be kept"


def follow(follower: Follower, notices: Notices, stop: Event) -> None:
    """Until ``stop`` is set."""
    try:
        while not stop.is_set():
            seconds = follower.step()
            while follower.is_kept_waiting() and not stop.wait(TICK_S):
                pass
            if seconds < EVERY_S:  # what went wrong is no better for a commit
                stop.wait(seconds)
            else:
                notices.wait(stop, seconds, follower.is_needed)
    finally:
        notices.close()


def keep_following(
    upkeep: Upkeep, engine: Engine, database: Database, clock: Callable[[], datetime]
) -> Callable[[], None]:
    """``follow`` beside whatever this process does, until it ends or the returned function is called."""
    stop = Event()
    follower = Follower(upkeep, engine, clock)
    thread = Thread(target=follow, args=(follower, Commits(database), stop), name="index", daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(STOPPING_S)

    return end

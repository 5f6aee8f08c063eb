"""Noticing that somebody has committed, in this process or another, without asking the tables again and again.

SQLite counts commits in its shared memory: to look costs some 10 µs, and is done fifty times a second. PostgreSQL tells
those who listen: there is nothing to look for.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from directory.database import Database

log = logging.getLogger(__name__)

CHANNEL = "veiviser_changes"
TICK_S = 0.02
LISTEN_S = 0.1  # then one looks whether to stop


def announce(session: Session) -> None:
    """Tell those who listen, when the session's transaction commits."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"NOTIFY {CHANNEL}"))


class Commits:
    """Commits by other connections to the database, since one last looked. For one thread, which closes it."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine
        self._listens = self._engine.dialect.name == "postgresql"
        self._connection: Any = None
        self._version: int | None = None

    def wait(self, stop: Event, seconds: float, also: Callable[[], bool] = lambda: False) -> bool:
        """Return as soon as something was committed (True), ``also`` holds, ``stop`` is set, or time is up (False).

        Where the database can't be asked, all of the time is waited: who follows then looks for himself.
        """
        end = time.monotonic() + seconds
        if self._connection is None and self._opened():
            return True  # whatever happened before one listened
        while True:
            if self._connection is not None and self._committed():
                return True
            if also() or (left := end - time.monotonic()) <= 0 or stop.is_set():
                return False
            # who listens has waited already
            if (self._connection is None or not self._listens) and stop.wait(min(TICK_S, left)):
                return False

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except Exception:
                log.debug("a connection that listened did not close", exc_info=True)

    def _opened(self) -> bool:
        try:
            pooled = self._engine.raw_connection()
            pooled.detach()  # it is for nobody else
            self._connection = pooled.driver_connection
            if self._listens:
                self._connection.rollback()
                self._connection.autocommit = True
                self._connection.execute(f"LISTEN {CHANNEL}")
            else:
                self._version = self._count()
        except Exception:
            self._give_up()
            return False
        return True

    def _committed(self) -> bool:
        try:
            return self._heard() if self._listens else self._counted()
        except Exception:
            self._give_up()
            return False

    def _give_up(self) -> None:
        log.debug("the database can't be listened to", exc_info=True)
        self.close()

    def _count(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def _counted(self) -> bool:
        before, self._version = self._version, self._count()
        return before != self._version

    def _heard(self) -> bool:
        return any(True for _ in self._connection.notifies(timeout=LISTEN_S, stop_after=1))

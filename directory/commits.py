"""Noticing that somebody has committed, in this process or another, without asking the tables again and again.

PostgreSQL tells those who listen. SQLite counts commits in its shared memory; when to look at that count is told by
the system, as commits are written to the log beside the database. Where no system tells (other than Linux), one looks
fifty times a second, some 10 µs each time.
"""

from __future__ import annotations

import ctypes
import logging
import os
import select
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import Any, Protocol, cast

from sqlalchemy import text
from sqlmodel import Session

from directory.database import Database

log = logging.getLogger(__name__)

CHANNEL = "veiviser_changes"
TICK_S = 0.02
SLICE_S = 0.25  # so long is listened before one looks whether to stop
# A commit counts only after it was written and, what takes longest, synced.
_SETTLING_S, _SETTLING_TICK_S = 1.0, 0.002
_IN_MODIFY, _IN_IGNORED = 0x2, 0x8000
_EVENT = struct.Struct("iIII")  # watch, mask, cookie, length of the name that follows


def announce(session: Session) -> None:
    """Tell those who listen, when the session's transaction commits."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"NOTIFY {CHANNEL}"))


class Commits:
    """Commits by other connections to the database, since one last looked. For one thread, which closes it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._source: _Source | None = None

    def wait(self, stop: Event, seconds: float, also: Callable[[], bool] = lambda: False) -> bool:
        """Return as soon as something was committed (True), ``also`` holds, ``stop`` is set, or time is up (False).

        ``stop`` and ``also`` are looked at a few times a second. Where the database can't be asked, all of the time is
        waited: who follows then looks for himself.
        """
        end = time.monotonic() + seconds
        if self._source is None and self._opened():
            return True  # whatever happened before one listened
        while True:
            left = max(0.0, end - time.monotonic())
            if self._source is None:
                stop.wait(min(SLICE_S, left))
            elif self._heard(self._source, min(SLICE_S, left)):
                return True
            if stop.is_set() or also() or time.monotonic() >= end:
                return False

    def close(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            with suppress(Exception):  # broken already
                source.close()

    def _opened(self) -> bool:
        listens = self._database.engine.dialect.name == "postgresql"
        try:
            self._source = (_Postgres if listens else _Sqlite)(self._database)
        except Exception:
            log.debug("the database can't be listened to", exc_info=True)
        return self._source is not None

    def _heard(self, source: _Source, seconds: float) -> bool:
        try:
            return source.heard(seconds)
        except Exception:
            log.debug("the database can't be listened to any more", exc_info=True)
            self.close()
            return False


class _Source(Protocol):
    def heard(self, seconds: float) -> bool: ...

    def close(self) -> None: ...


class _Postgres:
    def __init__(self, database: Database) -> None:
        # For nobody else; and held, as SQLAlchemy closes what it sees let go.
        self._held = database.engine.raw_connection()
        self._held.detach()
        self._connection = cast(Any, self._held.dbapi_connection)
        self._connection.rollback()
        self._connection.autocommit = True
        self._connection.execute(f"LISTEN {CHANNEL}")

    def heard(self, seconds: float) -> bool:
        return any(True for _ in self._connection.notifies(timeout=seconds, stop_after=1))

    def close(self) -> None:
        self._held.close()


class _Sqlite:
    def __init__(self, database: Database) -> None:
        self._held = database.engine.raw_connection()
        self._held.detach()
        self._connection = cast(Any, self._held.dbapi_connection)
        self._version = self._count()
        self._file = _watched(f"{database.engine.url.database}-wal")

    def heard(self, seconds: float) -> bool:
        if self._counted():
            return True
        if self._file is None:
            time.sleep(min(seconds, TICK_S))
        elif select.select([self._file], [], [], seconds)[0]:
            end = time.monotonic() + _SETTLING_S
            while time.monotonic() < end:
                if self._counted():
                    return True
                if self._written():
                    end = time.monotonic() + _SETTLING_S
                time.sleep(_SETTLING_TICK_S)
        return self._counted()

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
        self._held.close()

    def _count(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def _counted(self) -> bool:
        before, self._version = self._version, self._count()
        if before == self._version:
            return False
        if self._file is not None:
            self._written()
        return True

    def _written(self) -> bool:
        """Whether the system told of writing since last asked. Raises OSError where the file is another one now."""
        assert self._file is not None
        try:
            told = os.read(self._file, 65536)
        except BlockingIOError:
            return False
        at = 0
        while at < len(told):
            _, mask, _, length = _EVENT.unpack_from(told, at)
            if mask & _IN_IGNORED:
                raise OSError("the log was removed")
            at += _EVENT.size + length
        return True


def _watched(path: str) -> int | None:
    """A descriptor that can be read from when the file was written to (inotify(7)); None where there is no such."""
    try:
        system = ctypes.CDLL(None, use_errno=True)
        descriptor: int = system.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, AttributeError):
        return None
    if descriptor < 0:
        return None
    if system.inotify_add_watch(descriptor, os.fsencode(path), _IN_MODIFY) < 0:
        os.close(descriptor)
        return None
    return descriptor

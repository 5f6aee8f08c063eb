"""What is done beside serving: messages leave the house, people are reminded, and what may not be kept is erased.

Several processes may work at once, also on several machines: messages are leased one by one, and every other job is
taken by whoever finds it due first, in the database. Needs no search and no Flask.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from threading import Event
from typing import TYPE_CHECKING

from sqlalchemy import Table, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel

from directory.config import Settings
from directory.database import Database, UtcDateTime
from directory.encryption import Vault

if TYPE_CHECKING:
    from directory.outbox.delivering import Senders

log = logging.getLogger(__name__)

ROUND = timedelta(seconds=1)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SILENT = timedelta(minutes=5)  # without any work: nobody is at it


class JobRun(SQLModel, table=True):
    """When a job was last begun, by whichever process."""

    __tablename__ = "job_run"
    name: str = Field(primary_key=True)
    began_at: datetime = Field(sa_type=UtcDateTime)


_RUNS: Table = JobRun.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Workroom:
    """``clock``: aware, UTC."""

    settings: Settings
    database: Database
    vault: Vault
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Job:
    """``run`` answers how many things it did. ``shared`` False: each process does it, each time."""

    name: str
    every: timedelta
    run: Callable[[Workroom], int]
    shared: bool = True


def deliver(room: Workroom) -> int:
    from directory.outbox import delivering

    return delivering.deliver(
        room.database, room.vault, room.settings, room.clock, senders=_senders(room.settings)
    )


@lru_cache(maxsize=1)
def _senders(settings: Settings) -> Senders:
    from directory.outbox import delivering

    return delivering.senders_of(settings)


def remind(room: Workroom) -> int:
    from directory.referrals import reminders

    given = 0
    while True:  # a batch in each transaction: nobody else writes meanwhile on SQLite
        with room.database.unit_of_work() as session:
            batch = reminders.give(session, room.clock())
            session.commit()
        given += batch
        if not batch:
            return given


def note_erasures(room: Workroom) -> int:
    from directory.erasures import note

    return note(room.settings, room.database, room.clock())


def purge(room: Workroom) -> int:
    from directory.referrals import retention

    return retention.purge(room.database, room.settings, room.clock()).total


def compute_figures(room: Workroom) -> int:
    from directory.referrals import figures

    with room.database.unit_of_work() as session:
        computed = figures.compute(session, room.clock())
        session.commit()
    return computed


JOBS: tuple[Job, ...] = (
    Job("outbox", ROUND, deliver, shared=False),
    Job("reminders", MINUTE, remind),
    Job("erasures", MINUTE, note_erasures, shared=False),  # each machine keeps its own record of them
    Job("retention", HOUR, purge),
    Job("figures", 6 * HOUR, compute_figures),
)


class Rota:
    """Which jobs this process has done when. A job that fails is told, and tried again when it is due again."""

    def __init__(self, room: Workroom, jobs: Sequence[Job] = JOBS) -> None:
        self._room, self._jobs = room, jobs
        self._looked_at: dict[str, datetime] = {}
        self._failed: set[str] = set()

    def round(self) -> int:
        """Do what is due. Answers how many things were done."""
        done = 0
        for job in self._jobs:
            now = self._room.clock()
            last = self._looked_at.get(job.name)
            if last is not None and last <= now < last + job.every:
                continue
            self._looked_at[job.name] = now
            try:
                if not job.shared or _is_taken(self._room.database, job, now):
                    done += job.run(self._room)
            except Exception as error:
                if job.name not in self._failed:  # once, not every second as long as the disk is full
                    log.error("a job failed", extra={"job": job.name}, exc_info=error)
                self._failed.add(job.name)
            else:
                self._failed.discard(job.name)
        return done


def work(room: Workroom, stop: Event, jobs: Sequence[Job] = JOBS) -> None:
    """Until ``stop`` is set; what is begun then is finished."""
    rota = Rota(room, jobs)
    while not stop.is_set():
        if not rota.round():
            stop.wait(ROUND.total_seconds())


def when_told() -> Event:
    """An event that SIGTERM and SIGINT set, for the rest of this process's life."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: stop.set())
    return stop


def silence(session: Session, now: datetime) -> str | None:
    """Why nothing leaves the house, in a few words for the public; None where all is well, or nobody takes part."""
    from directory.partners.models import Partner

    partners: Table = Partner.__table__  # type: ignore[attr-defined]

    last = session.execute(select(_RUNS.c.began_at).order_by(_RUNS.c.began_at.desc()).limit(1)).scalar()
    if last is not None and now - last < SILENT:
        return None
    return (
        "is not at work: veiviser work" if session.execute(select(partners.c.id).limit(1)).first() else None
    )


def _is_taken(database: Database, job: Job, now: datetime) -> bool:
    """Whether the job was due, and is this process's now."""
    with database.unit_of_work() as session:
        connection = session.connection()
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        row = {"name": job.name, "began_at": now}
        begun = insert(_RUNS).values(row).on_conflict_do_nothing().returning(_RUNS.c.name)
        taken = session.execute(begun).first()
        if taken is None:
            # What was begun in the future was begun before the clock was set back.
            due = or_(_RUNS.c.began_at <= now - job.every, _RUNS.c.began_at > now)
            mine = update(_RUNS).where(_RUNS.c.name == job.name, due).values(began_at=now)
            taken = session.execute(mine.returning(_RUNS.c.name)).first()
        session.commit()
    return taken is not None

"""Bringing a backup back: checked, at this version's tables, and without what was erased or closed since it was made.

SQLite's file is made ready aside, and takes the place of the one before as the last thing: whatever goes wrong leaves
that as it was. PostgreSQL takes the backup in one transaction; what comes after it is done again by ``erasures.note``,
should it be cut short.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Table, delete
from sqlalchemy.exc import SQLAlchemyError

from directory import copies, database, erasures
from directory.backups import Manifest, Told, quietly, room_in, sweep, unpack
from directory.config import Settings
from directory.copies import SQLITE
from directory.database import Database
from directory.errors import Conflict, InvalidInput
from directory.partners.models import OneTimeLink, SignedIn
from directory.referrals import audit, retention

_SIGNING_IN: tuple[Table, ...] = (SignedIn.__table__, OneTimeLink.__table__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Restored:
    """``erased``: referrals that were erased since. ``unknown_since``: from then on up to when the record of erasures
    begins, it is not known what was erased, and that is back; None: all of it is known.
    """

    manifest: Manifest
    events: int
    erased: int
    unknown_since: datetime | None


def restore(
    settings: Settings,
    path: Path,
    now: datetime,
    told: Told = quietly,
    *,
    older: bool = False,
    record: Path | None = None,
) -> Restored:
    """The database as the backup has it. ``older``: also where it is older than RETENTION_BACKUP_DAYS. ``record``: a
    record of erasures from another machine, besides this one's. The index is the caller's to make anew.

    Raises InvalidInput where the file is no sound backup, Conflict where it can't be put in this place or somebody uses
    the database, AuditBroken, and what ``copies`` raises.
    """
    if not path.is_file():
        raise InvalidInput.of(str(path), "is no file")
    place = copies.file_of(settings.database).parent if _is_file(settings) else settings.data_dir
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with room_in(place) as room:
        with told("Checking the backup"):
            manifest = unpack(path, room)
            _refuse_unfit(settings, manifest, now, older)
        with copies.alone(settings.database):
            pass
        _note(settings, now)
        entries, began = erasures.read(settings, record)
        with copies.alone(settings.database):
            sweep(place, 0, but=room)
            if _is_file(settings):
                events, erased = _aside(settings, room / "database", entries, now, told)
            else:
                with told("Putting the database in its place"):
                    copies.put_postgresql(settings.database, room / "database", room)
        if not _is_file(settings):
            events, erased = _made_ready(settings, settings.database, entries, now, told)
    known = began is not None and began <= manifest.made_at
    return Restored(manifest, events, erased, None if known else manifest.made_at)


def _aside(
    settings: Settings, copy: Path, entries: erasures.Entries, now: datetime, told: Told
) -> tuple[int, int]:
    url, place = f"sqlite:///{copy.absolute()}", copies.file_of(settings.database)
    with told("Reading all of it"), closing(sqlite3.connect(copy)) as connection:
        try:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            pointing = connection.execute("PRAGMA foreign_key_check").fetchone()
        except sqlite3.DatabaseError:
            found, pointing = "damaged", None
    if found != "ok" or pointing is not None:
        raise InvalidInput.of("backup", "the database in it is damaged")
    done = _made_ready(settings, url, entries, now, told)
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    descriptor = os.open(copy, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    for rest in ("-wal", "-shm"):  # of a database that was damaged: else they are gone
        place.with_name(place.name + rest).unlink(missing_ok=True)
    os.replace(copy, place)
    descriptor = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return done


def _made_ready(
    settings: Settings, url: str, entries: erasures.Entries, now: datetime, told: Told
) -> tuple[int, int]:
    """Number of events, and of referrals that had to be erased again."""
    with told("Bringing it to this version"):
        database.upgrade(url)
    kept = Database(url)
    try:
        with told("Reading the events"), kept.reading() as session:
            events = audit.verify(session)
        with told("Erasing what was erased since") as progress:
            with kept.unit_of_work() as session:
                for table in _SIGNING_IN:
                    session.execute(delete(table))
                session.commit()
            erased = erasures.apply(kept, entries, now)
            retention.purge(kept, settings, now, progress)
    finally:
        kept.close()
    return events, erased


def _refuse_unfit(settings: Settings, manifest: Manifest, now: datetime, older: bool) -> None:
    store, days = copies.store_of(settings.database), settings.retention_backup_days
    if manifest.store != store:
        raise Conflict(f"This is a backup of {manifest.store}, and the directory is kept in {store}.")
    if not database.is_known(manifest.revision):
        raise Conflict(
            f"This backup was made by a newer version: its tables are at {manifest.revision}, which this one "
            f"does not know (it needs {database.latest()})."
        )
    if now - manifest.made_at > timedelta(days=days) and not older:
        raise Conflict(
            f"This backup is of {manifest.made_at:%Y-%m-%d}, older than the {days} days that erasures are remembered: "
            "what was erased before that would be back. --older restores it all the same."
        )


def _note(settings: Settings, now: datetime) -> None:
    """What the database that is about to go knows of erasures; nothing where it can't be read any more."""
    if _is_file(settings) and not copies.file_of(settings.database).exists():
        return
    kept = Database(settings.database)
    try:
        erasures.note(settings, kept, now)
    except SQLAlchemyError:
        return
    finally:
        kept.close()


def _is_file(settings: Settings) -> bool:
    return copies.store_of(settings.database) == SQLITE

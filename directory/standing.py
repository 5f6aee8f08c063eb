"""What stands, of all that a service stands on: the database at its revision, the directory, the index."""

from __future__ import annotations

import os
from hashlib import sha256

from sqlalchemy import text

from directory import database as databases
from directory.config import SEED_DIR, Settings
from directory.database import Database
from directory.errors import IndexUnavailable

LEAST_FREE = 4 << 20  # bytes


def revision(database: Database) -> str | None:
    """The revision that the database stands at; None when it has never been migrated."""
    with database.reading() as session:
        return databases.revision(session.connection())


def is_migrated(database: Database) -> bool:
    return revision(database) == databases.latest()


def number_of_services(database: Database) -> int:
    with database.reading() as session:
        return int(session.connection().execute(text("SELECT count(*) FROM service")).scalar_one())


def listing_fingerprint() -> str:
    """Of the needs and places by which services are listed; the services themselves have their change log."""
    seen = sha256()
    names = ("needs*.json", "gazetteer*", "places*")
    for path in sorted(path for name in names for path in SEED_DIR.glob(name)):
        seen.update(path.name.encode() + b"\0" + path.read_bytes())
    return seen.hexdigest()


def want_of_disk(settings: Settings) -> str | None:
    """Why nothing more can be stored in the data directory, in a few words for the public; None where all is well."""
    disk = os.statvfs(settings.data_dir)
    if disk.f_flag & os.ST_RDONLY or not os.access(settings.data_dir, os.W_OK):
        return "cannot be written to"
    return "is full" if disk.f_bavail * disk.f_frsize < LEAST_FREE else None


def is_index_current(settings: Settings, database: Database) -> bool:
    """Found out without reading needs, places or the index itself."""
    # here, because most commands ask only for the revision, and this takes longer to import than all they do
    from directory.catalogue import reading
    from directory.search import soundness
    from directory.search.upkeep import LISTING

    try:
        state = soundness.state(settings.index_dir)
    except IndexUnavailable:
        return False
    with database.reading() as session:
        position, mark = reading.last_change(session)
    found = (state.fingerprint, state.position, state.mark)
    return found == (f"{LISTING}:{listing_fingerprint()}", position, mark)

"""From the command line to a running service: what must stand before it, and how this process becomes the server."""

from __future__ import annotations

import os
import socket
import sys
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

from alembic.migration import MigrationContext
from sqlalchemy import text

from directory.catalogue import reading
from directory.config import SEED_DIR, Settings
from directory.database import Database, latest
from directory.errors import IndexUnavailable, UnsafeSettings
from directory.search import index
from directory.search.upkeep import LISTING

ROOT = Path(__file__).resolve().parent.parent


def revision(database: Database) -> str | None:
    """The revision that the database stands at; None when it has never been migrated."""
    with database.reading() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def is_migrated(database: Database) -> bool:
    return revision(database) == latest()


def number_of_services(database: Database) -> int:
    with database.reading() as session:
        return int(session.connection().execute(text("SELECT count(*) FROM service")).scalar_one())


def listing_fingerprint() -> str:
    """Of the needs and places by which services are listed; the services themselves have their change log."""
    seen = sha256()
    names = ("needs*", "gazetteer*", "places*")
    for path in sorted(path for name in names for path in SEED_DIR.glob(name)):
        seen.update(path.name.encode() + b"\0" + path.read_bytes())
    return seen.hexdigest()


def is_index_current(settings: Settings, database: Database) -> bool:
    """Found out without reading needs, places or the index itself, which a start in seconds has no time for."""
    try:
        state = index.state(settings.index_dir)
    except IndexUnavailable:
        return False
    with database.reading() as session:
        position = reading.last_position(session)
    return (state.fingerprint, state.position) == (f"{LISTING}:{listing_fingerprint()}", position)


def refuse_taken_port(settings: Settings) -> None:
    """Raises UnsafeSettings when HOST and PORT cannot be listened on; gunicorn would try for seconds first."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
        except OSError as error:
            raise UnsafeSettings(
                f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; PORT takes another one"
            ) from None


def become_server() -> NoReturn:
    """Replace this process by gunicorn, so that what ends or reloads the one does so to the other."""
    sys.stdout.flush()
    sys.stderr.flush()
    # Run from elsewhere, and not installed, the package is found all the same.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "gunicorn.conf.py")])

"""How a whole database is copied while it is used, and how a copy takes its place: by SQLite's backup interface, or by
PostgreSQL's own programs, which must be there (the package postgresql-client).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import make_url

from directory.errors import Conflict, UnsafeSettings

Progress = Callable[[int, int], None]

SQLITE, POSTGRESQL = "sqlite", "postgresql"
IN_USE = (
    "the directory is in use: end the service and its worker (veiviser serve, veiviser work), then restore"
)
_PAGES = 512  # copied at a time

# The backup has the whole database, and so takes the place of the whole; what an extension brought stays.
_EMPTY = """
DO $$ DECLARE one record; BEGIN
  FOR one IN
    SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname = current_schema() AND NOT EXISTS (
      SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  LOOP
    EXECUTE 'DROP TABLE IF EXISTS ' || one.name || ' CASCADE';
  END LOOP;
END $$;
"""


def store_of(url: str) -> str:
    return SQLITE if url.startswith("sqlite:") else POSTGRESQL


def file_of(url: str) -> Path:
    """Where SQLite keeps it."""
    return Path(make_url(url).database or "")


def take(url: str, into: Path, progress: Progress = lambda done, of: None) -> None:
    """One moment of the database as a file, which whoever uses the database needs not wait for. Raises UnsafeSettings
    where a program is missing, Conflict where one fails.
    """
    os.close(os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    if store_of(url) == POSTGRESQL:
        options = ("--format=custom", "--no-owner", "--no-privileges", "--no-password", "--file", str(into))
        _run("pg_dump", [*options, "--dbname", _address(url)], url)
        return
    with (
        closing(sqlite3.connect(f"{file_of(url).absolute().as_uri()}?mode=rw", uri=True)) as source,
        closing(sqlite3.connect(into)) as copy,
    ):
        source.isolation_level = None
        # Who changes the database meanwhile changes nothing of what is copied, and so does not make it begin anew.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(copy, pages=_PAGES, progress=lambda _, left, of: progress(of - left, of))
        copy.execute("PRAGMA journal_mode=DELETE")  # all in the one file


def put_postgresql(url: str, copy: Path, room: Path) -> None:
    """The database as the copy has it: all of it, or as it was. ``room``: a folder for what is in between."""
    script, empty = room / "script.sql", room / "empty.sql"
    for path in (script, empty):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    empty.write_text(_EMPTY, "utf-8")
    plain = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--file", str(script))
    _run("pg_restore", [*plain, str(copy)], url)
    all_or_nothing = (
        "--no-psqlrc",
        "--quiet",
        "--no-password",
        "--set=ON_ERROR_STOP=1",
        "--single-transaction",
    )
    files = (f"--file={empty}", f"--file={script}")
    _run("psql", [*all_or_nothing, *files, "--dbname", _address(url)], url)


@contextmanager
def alone(url: str) -> Iterator[None]:
    """While nobody else uses the database. Raises Conflict where somebody does: with SQLite who has it open at all;
    with PostgreSQL who is connected, and there somebody may still come, and waits.
    """
    if store_of(url) == POSTGRESQL:
        _refuse_others(url)
        yield
        return
    path = file_of(url)
    if not path.exists():
        yield
        return
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA busy_timeout=0")
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            # Only who is alone can leave WAL; it takes all of the log into the file.
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise Conflict(IN_USE if "locked" in str(error) else f"{path}: {error}") from None
        except sqlite3.DatabaseError:
            pass  # it is no database any more, and so is nobody's
        yield


def _refuse_others(url: str) -> None:
    import psycopg

    asked = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    )
    try:
        with psycopg.connect(_address(url), password=_password(url)) as connection:
            row = connection.execute(asked).fetchone()
    except psycopg.Error as error:
        raise Conflict(f"the database cannot be used: {str(error).strip().partition(chr(10))[0]}") from None
    if row and row[0]:
        raise Conflict(f"{IN_USE}; {row[0]} connected")


def _address(url: str) -> str:
    """What libpq connects to, without a password: others on this machine can read a program's arguments."""
    from psycopg.conninfo import make_conninfo

    parsed = make_url(url)
    given = {
        "host": parsed.host,
        "port": None if parsed.port is None else str(parsed.port),
        "user": parsed.username,
        "dbname": parsed.database,
        **{
            name: value if isinstance(value, str) else ",".join(value) for name, value in parsed.query.items()
        },
    }
    given.pop("password", None)
    return make_conninfo(**{name: value for name, value in given.items() if value is not None})


def _password(url: str) -> str | None:
    parsed = make_url(url)
    among = parsed.query.get("password")
    return parsed.password or (among if isinstance(among, str) else None)


def _run(program: str, arguments: list[str], url: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise UnsafeSettings(f"{program} is missing: install PostgreSQL's programs (postgresql-client)")
    password = _password(url)
    environment = {**os.environ, "LC_ALL": "C.UTF-8"} | ({"PGPASSWORD": password} if password else {})
    done = subprocess.run(  # nosec B603
        [found, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()] or ["it said nothing"]
        raise Conflict(f"{program} failed: {next((line for line in said if 'rror' in line), said[0])}")

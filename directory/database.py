"""Where the directory is kept: the engine and its pragmas, one session per piece of work, and the migrations.

Two stores, from the first day: SQLite (one file) and PostgreSQL (``postgresql+psycopg://``). A unit of work rolls back
unless it is told to commit; reading sees one unchanging picture of the database and cannot write to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson
from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    TypeDecorator,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)
from sqlmodel import Session, SQLModel

if TYPE_CHECKING:  # Alembic is imported where it migrates: a service that starts needs none of it
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
BUSY_TIMEOUT_MS = 10_000
LOG_TIMEOUT_MS = 1_000
ERASES = "erases"  # in the ``info`` of a session that has erased something: its log is emptied after it
_SAYS = re.compile(r'^(revision|down_revision) = "(\w+)"$', re.MULTILINE)
_MIGRATING = 0x7665697669736572  # any constant: the PostgreSQL advisory lock that one migration holds

# Named constraints, so that a migration can drop on one store what it made on the other.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Mode = Literal["write", "read", "migrate"]


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware and UTC in Python, whatever the store keeps. A naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def engine_for(url: str) -> Engine:
    """An engine for ``url``. SQLite gets WAL, foreign keys, a busy timeout and secure deletion; its folder is made."""
    parsed = make_url(url)
    options: dict[str, Any] = {"json_serializer": _json, "json_deserializer": orjson.loads}
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True, **options)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(parsed, **options)
    event.listen(engine, "connect", _open_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _open_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, also before a SELECT
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # what was acknowledged outlives a power cut
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("directory_mode", "write")
    # A table is rebuilt by copying it, which must not cascade; the pragma does nothing within a transaction.
    connection.exec_driver_sql(f"PRAGMA foreign_keys={'OFF' if mode == 'migrate' else 'ON'}")
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if mode == 'read' else 'OFF'}")
    # A writer takes its lock at once: a reader that turns writer later cannot wait, it can only fail.
    connection.exec_driver_sql("BEGIN" if mode == "read" else "BEGIN IMMEDIATE")


class Database:
    """One database, by its URL. Make it after a fork, not before: connections do not survive one."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = engine_for(url)
        options: dict[str, Any] = {"directory_mode": "read"}
        if self.engine.dialect.name == "postgresql":
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._reader = self.engine.execution_options(**options)

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """A session that rolls back at the end, and on any error, unless its ``commit()`` was called."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session
        if ERASES in session.info:
            self.empty_log()  # if somebody reads there just now, the next purge does it

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one moment of the database and refuses to write."""
        with Session(self._reader, autoflush=False, expire_on_commit=False) as session:
            yield session

    def empty_log(self) -> bool:
        """Let SQLite's log beside the database, which still has what was erased, go into the file, and be empty. False:
        somebody reads what was before, so try again. PostgreSQL sees to its own log.
        """
        if self.engine.dialect.name != "sqlite":
            return True
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout={LOG_TIMEOUT_MS}")  # all who write wait meanwhile
            try:
                return not cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        finally:
            connection.close()

    def close(self) -> None:
        self.engine.dispose()


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database up to ``revision``: all of it or, on any error, nothing. Two at once wait for each other."""
    from alembic import command

    _migrate(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Take the database down to ``revision``; ``base`` empties it."""
    from alembic import command

    _migrate(url, lambda config: command.downgrade(config, revision))


def current(url: str) -> str | None:
    """See ``revision``, of a database that is not open."""
    engine = engine_for(url)
    try:
        with engine.connect() as connection:
            return revision(connection)
    finally:
        engine.dispose()


def revision(connection: Connection) -> str | None:
    """The revision that the database stands at; None when it has never been migrated."""
    if not inspect(connection).has_table("alembic_version"):  # Alembic's own
        return None
    found: str | None = connection.execute(
        text("SELECT version_num FROM alembic_version")
    ).scalar_one_or_none()
    return found


def latest() -> str:
    """The newest revision that this code knows: the one that no other follows."""
    known = _known()
    (newest,) = known.keys() - set(known.values())
    return newest


def is_known(revision: str) -> bool:
    """Whether this code knows how to go on from there."""
    return revision in _known()


def _known() -> dict[str, str | None]:
    """Each revision, and the one before it: read from the migrations, as Alembic takes long to import."""
    said = (dict(_SAYS.findall(file.read_text("utf-8"))) for file in (MIGRATIONS / "versions").glob("*.py"))
    return {one["revision"]: one.get("down_revision") for one in said}


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _migrate(url: str, step: Any) -> None:
    engine = engine_for(url)
    try:
        with engine.execution_options(directory_mode="migrate").begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
            config = _config()
            config.attributes["connection"] = connection
            step(config)
            if engine.dialect.name == "sqlite":
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                if broken is not None:
                    raise RuntimeError(f"the migration leaves a row of {broken[0]} that points at nothing")
    finally:
        engine.dispose()

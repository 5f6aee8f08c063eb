"""Databases for tests: every storage test runs on SQLite and on a real PostgreSQL, each test on a fresh one.

``database`` is migrated and empty; ``empty_url`` was never migrated; ``store`` names which of the two it is.
The PostgreSQL is a cluster of our own, one for each test process, behind a socket in a temporary folder;
PostGIS can be created in it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from directory.database import Database, upgrade

_PACKAGE = "PostgreSQL is missing: install the packages postgresql and postgresql-postgis (`make test` does)"
_CARELESS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "listen_addresses=",
    "shared_buffers=32MB",
)


class NotStarted(Exception):
    """A program of PostgreSQL's failed; says what it wrote."""


class Cluster:
    """A running PostgreSQL with its files under ``folder``."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self._programs = programs
        self._numbers = count()
        self._template: str | None = None
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(folder, "postgres", "postgres")

    def start(self, *options: str) -> None:
        """``options``: settings, as "name=value", besides the careless ones and before them in rank."""
        self._run(
            "initdb",
            "-D",
            "data",
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )
        settings = (*_CARELESS, f"unix_socket_directories={self.folder}", *options)
        told = " ".join(f"-c {setting}" for setting in settings)
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", told, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "stop")

    def create(self, template: str = "template0") -> str:
        """The name of a new database."""
        name = f"test_{next(self._numbers)}"
        self._say(f'CREATE DATABASE {name} TEMPLATE "{template}"')
        return name

    def migrated(self) -> str:
        """The name of a new database at the newest revision."""
        if self._template is None:
            name = self.create()
            upgrade(self.url(name))
            self._template = name
        return self.create(self._template)

    def drop(self, name: str) -> None:
        self._say(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def address(self, name: str) -> str:
        """What psycopg connects to."""
        return f"host={self.folder} user=postgres dbname={name}"

    def _say(self, sql: str) -> None:
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(sql)

    def _run(self, program: str, *arguments: str) -> None:
        as_root = os.geteuid() == 0
        done = subprocess.run(
            [self._programs / program, *arguments],
            cwd=self.folder,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would stay open as long as the server that inherits it
            stderr=subprocess.DEVNULL,
            user="postgres" if as_root else None,
            group="postgres" if as_root else None,
            extra_groups=[] if as_root else None,
            check=False,
        )
        if done.returncode:
            log = self.folder / "log"
            raise NotStarted(f"{program} failed; {log.read_text() if log.exists() else 'it left no log'}")


def programs() -> Path | None:
    """The folder of the newest PostgreSQL's programs, if there is one."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True
    )
    on_path = shutil.which("initdb")
    for folder in [*versions, *([Path(on_path).parent] if on_path else [])]:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    return None


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A cluster of this test process's own."""
    found = programs()
    if found is None:
        pytest.fail(_PACKAGE, pytrace=False)
    folder = Path(tempfile.mkdtemp(prefix="vv-pg-"))  # short: a socket's path may have 107 bytes
    cluster = Cluster(folder, found)
    try:
        try:
            cluster.start()
        except NotStarted as error:
            pytest.fail(str(error), pytrace=False)
        yield cluster
        cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def empty_url(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database that was never migrated."""
    if store == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    cluster: Cluster = request.getfixturevalue("postgresql")
    name = cluster.create()
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture
def database(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated, empty database."""
    if store == "sqlite":
        shutil.copy(request.getfixturevalue("_migrated_file"), tmp_path / "directory.db")
        database = Database(f"sqlite:///{tmp_path / 'directory.db'}")
        yield database
        database.close()
        return
    cluster: Cluster = request.getfixturevalue("postgresql")
    name = cluster.migrated()
    database = Database(cluster.url(name))
    yield database
    database.close()
    cluster.drop(name)

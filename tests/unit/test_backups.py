"""A backup is the whole directory at one moment, made while it is used; a restore brings it back, but for what was
erased or closed since, or leaves all as it was."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlmodel import select

from directory import backups, copies, erasures, restoring
from directory import database as databases
from directory.cli import main
from directory.config import Settings
from directory.copies import Progress
from directory.database import Database
from directory.errors import Conflict, InvalidInput, NotFound, UnsafeSettings
from directory.partners.models import Account, ApiKey, OneTimeLink, Partner, SignedIn
from directory.referrals import audit
from directory.referrals.models import Referral
from directory.restoring import Restored
from tests.databases import programs
from tests.factories import NOW
from tests.referral_house import KEY, House, house

CANARY = "en kanarifugl"
ON_SQLITE = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def tools_of_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that fit the server that runs here."""
    monkeypatch.setenv("PATH", f"{programs()}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,
        data_dir=tmp_path / "var",
        database_url=database.url,
        encryption_keys=KEY,
        secret_key="a hash key for tests, long enough for anyone",
    )


@pytest.fixture
def built(database: Database) -> House:
    return house(database)


def backup(settings: Settings, now: datetime = NOW) -> Path:
    return backups.backup(settings, settings.data_dir / "backups", now)


def restore(built: House, settings: Settings, path: Path, **said: object) -> Restored:
    built.database.close()
    return restoring.restore(settings, path, built.now, **said)  # type: ignore[arg-type]


def referrals(built: House) -> dict[UUID, str]:
    with built.database.reading() as session:
        audit.verify(session)
        return {row.id: row.status for row in session.exec(select(Referral))}


def left_behind(settings: Settings) -> list[str]:
    places = (settings.data_dir, settings.data_dir / "backups", settings.data_dir.parent)
    return [path.name for place in places if place.exists() for path in place.glob(".veiviser-*")]


def test_the_directory_is_as_it_was(built: House, settings: Settings) -> None:
    view = built.requested(message=CANARY)
    with built.database.unit_of_work() as session:
        account = Account(email="kari@example.org", created_at=NOW)
        session.add(account)
        session.flush()
        session.add(SignedIn(token_hash="a", account_id=account.id, began_at=NOW, seen_at=NOW))
        link = {"purpose": "reset", "expires_at": NOW + timedelta(days=3)}
        session.add(OneTimeLink(token_hash="b", account_id=account.id, **link))
        session.commit()
    path = backup(settings)
    assert path.name == "veiviser-20261122T120000Z.backup"
    assert {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    told = f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
    assert path.with_name(f"{path.name}.sha256").read_text() == told
    assert CANARY.encode() not in path.read_bytes()

    later = built.later(days=1)
    later.step(built.receiver, view, "accepted")
    later.requested(message="senere")
    assert len(referrals(built)) == 2
    done = restore(later, settings, path)
    assert (done.erased, done.unknown_since, done.manifest.made_at) == (0, None, NOW)
    assert referrals(built) == {view.id: "requested"}
    assert built.read(built.receiver, view.id).message == CANARY
    with built.database.reading() as session:
        assert session.exec(select(SignedIn)).all() == session.exec(select(OneTimeLink)).all() == []
        assert session.exec(select(Account.email)).all() == ["kari@example.org"]
    assert left_behind(settings) == []
    assert len(backups.backup(settings, settings.data_dir / "again", later.now).read_bytes()) > 1000


def test_what_was_erased_or_closed_since_is_so_again(built: House, settings: Settings) -> None:
    withdrawn, slip, gone = (built.requested(message=CANARY) for _ in range(3))
    kept = built.requested(message=CANARY)
    with built.database.unit_of_work() as session:
        account = Account(email="kari@example.org", created_at=NOW)
        key = ApiKey(partner_id=built.sender.partner_id, label="", hint="", key_hash="k", created_at=NOW)
        session.add_all([account, key])
        session.commit()
        account_id, key_id = account.id, key.id
    path = backup(settings)
    later = built.later(days=2)
    later.withdraw(built.sender, withdrawn)
    later.step(built.sender, slip, "entered-in-error", reason="duplicate")
    with built.database.unit_of_work() as session:
        session.get_one(Account, account_id).active = False
        session.get_one(ApiKey, key_id).revoked_at = later.now
        session.get_one(Partner, built.third.partner_id).active = False
        session.commit()
    erasures.note(settings, built.database, later.now)
    # And what nobody had the time to note, but the database that is to go knows of.
    later.step(built.receiver, gone, "cancelled", reason="consent-withdrawn")
    done = restore(later, settings, path)
    assert (done.erased, done.unknown_since) == (3, None)
    for view, status in ((withdrawn, "cancelled"), (slip, "entered-in-error"), (gone, "cancelled")):
        seen = later.read(built.sender, view.id)
        assert (seen.status, seen.message, seen.erased_at) == (status, None, later.now)
    for view in (withdrawn, gone):
        with pytest.raises(NotFound):
            later.read(built.receiver, view.id)
    assert later.read(built.receiver, kept.id).message == CANARY
    with built.database.reading() as session:
        audit.verify(session)
        assert not session.get_one(Account, account_id).active
        assert not session.get_one(Partner, built.third.partner_id).active
        assert session.get_one(ApiKey, key_id).revoked_at == later.now


@ON_SQLITE
def test_after_the_restore_all_is_purged_that_may_not_be_kept_any_longer(
    built: House, settings: Settings
) -> None:
    view = built.requested(message=CANARY)
    built.step(built.receiver, view, "rejected", reason="no-capacity")
    path = backup(settings)
    restore(built.later(days=29), settings.model_copy(update={"retention_content_days": 10}), path)
    assert built.later(days=29).read(built.sender, view.id).message is None


def test_a_database_of_older_tables_is_brought_to_this_version(
    built: House, settings: Settings, empty_url: str
) -> None:
    """Also over one that has newer tables than the backup."""
    view = built.requested(message=CANARY)
    old = settings.model_copy(update={"database_url": empty_url, "data_dir": settings.data_dir / "old"})
    databases.upgrade(empty_url, "0002")
    path = backup(old)
    done = restore(built, settings, path)
    assert (done.manifest.revision, done.events) == ("0002", 0)
    assert databases.current(settings.database) == databases.latest()
    assert referrals(built) == {}
    assert view.id not in referrals(built)


def test_who_uses_the_directory_is_not_overrun(built: House, settings: Settings) -> None:
    view = built.requested(message=CANARY)
    path = backup(settings)
    built.step(built.receiver, view, "accepted")
    other = Database(settings.database)
    with other.reading() as session:
        session.execute(text("SELECT 1")).one()
    built.database.close()  # the other one has a connection at hand, and does nothing with it
    with pytest.raises(Conflict, match="in use"):
        restoring.restore(settings, path, NOW)
    other.close()
    assert referrals(built) == {view.id: "accepted"}
    assert left_behind(settings) == []


@ON_SQLITE
def test_a_file_that_is_no_sound_backup_is_refused(built: House, settings: Settings, tmp_path: Path) -> None:
    view = built.requested(message=CANARY)
    path = backup(settings)
    whole = path.read_bytes()
    alone = tmp_path / "alone.backup"  # without a checksum beside it
    middle = len(whole) // 2
    for content in (b"", b"text", whole[:-9], whole[:middle], whole[:middle] + b"?!?!" + whole[middle + 4 :]):
        for place in (path, alone):
            place.write_bytes(content)
            with pytest.raises(InvalidInput):
                restore(built, settings, place)
    alone.write_bytes(whole)
    assert restore(built, settings, alone).events == 1
    with pytest.raises(InvalidInput):
        restore(built, settings, tmp_path / "nowhere.backup")
    assert referrals(built) == {view.id: "requested"}


def test_what_does_not_fit_is_refused_with_the_reason(
    built: House, settings: Settings, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = backup(settings)
    another = "postgresql+psycopg:///x" if store == "sqlite" else f"sqlite:///{settings.data_dir}/x.db"
    with pytest.raises(Conflict, match=f"of {store}"):
        restoring.restore(settings.model_copy(update={"database_url": another}), path, NOW)
    with pytest.raises(Conflict, match="older than the 30 days"):
        restore(built.later(days=31), settings, path)
    assert restore(built.later(days=31), settings, path, older=True).events == 0
    monkeypatch.setattr(databases, "is_known", lambda revision: False)
    with pytest.raises(Conflict, match="newer version"):
        restore(built, settings, path)


def test_a_restore_that_fails_leaves_all_as_it_was(built: House, settings: Settings, store: str) -> None:
    view = built.requested(message=CANARY)
    path = backup(settings)
    later = built.later(days=1)
    later.withdraw(built.sender, view)

    class Killed(BaseException):
        pass

    def killed_at(step: str) -> backups.Told:
        @contextmanager
        def told(label: str) -> Iterator[Progress]:
            if label.startswith(step):
                raise Killed
            yield lambda done, of: None

        return told

    for step in (
        ("Checking", "Reading", "Bringing", "Erasing") if store == "sqlite" else ("Checking", "Putting")
    ):
        with pytest.raises(Killed):
            restore(later, settings, path, told=killed_at(step))
        assert referrals(built) == {view.id: "cancelled"}
        assert left_behind(settings) == []
    if store == "postgresql":  # which has it by then; what was erased goes when the worker next looks
        with pytest.raises(Killed):
            restore(later, settings, path, told=killed_at("Bringing"))
        assert later.read(built.receiver, view.id).message == CANARY
        erasures.note(settings, built.database, later.now)
        assert later.read(built.sender, view.id).message is None
        with pytest.raises(NotFound):
            later.read(built.receiver, view.id)


@ON_SQLITE
def test_the_newest_are_kept(built: House, settings: Settings) -> None:
    folder = settings.data_dir / "backups"
    folder.mkdir(parents=True)
    (folder / "veiviser-notes.txt").write_text("not ours")
    for days in range(4):
        backups.backup(settings, folder, NOW + timedelta(days=days), keep=2)
    named = [f"veiviser-202611{day}T120000Z.backup" for day in (24, 25)]
    expected = {"veiviser-notes.txt", *named, *(f"{name}.sha256" for name in named)}
    assert {path.name for path in folder.iterdir()} == expected
    with pytest.raises(Conflict, match="there already"):
        backups.backup(settings, folder, NOW + timedelta(days=3))


@ON_SQLITE
def test_on_another_machine_one_is_told_that_erasures_are_not_known(
    built: House, settings: Settings, tmp_path: Path, empty_url: str
) -> None:
    view = built.requested(message=CANARY)
    path = backup(settings)
    later = built.later(days=1)
    later.withdraw(built.sender, view)
    erasures.note(settings, built.database, later.now)
    there = settings.model_copy(update={"database_url": empty_url, "data_dir": tmp_path / "there"})
    elsewhere = House(Database(empty_url), built.sender, built.receiver, built.third, later.now)
    done = restore(elsewhere, there, path)
    assert (done.erased, done.unknown_since) == (0, NOW)
    assert elsewhere.read(built.sender, view.id).message == CANARY
    done = restore(elsewhere, there, path, record=settings.data_dir / "erasures")
    assert (done.erased, done.unknown_since) == (1, None)
    assert elsewhere.read(built.sender, view.id).message is None
    elsewhere.database.close()


@ON_SQLITE
def test_who_writes_while_a_backup_is_made_neither_waits_nor_spoils_it(
    built: House, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "_PAGES", 8)
    view = built.requested(message=CANARY)
    seen: list[tuple[int, int]] = []

    @contextmanager
    def told(label: str) -> Iterator[Progress]:
        def progress(done: int, of: int) -> None:
            seen.append((done, of))
            if len(seen) in (1, 3, 5):
                built.requested(message=CANARY * 60)

        yield progress

    path = backups.backup(settings, settings.data_dir / "backups", NOW, told)
    assert len(seen) == -(-seen[-1][1] // 8), "each page once, whatever happened meanwhile"
    assert len(referrals(built)) == 4
    restore(built, settings, path)
    assert referrals(built) == {view.id: "requested"}


@ON_SQLITE
def test_a_database_that_is_damaged_or_gone_is_replaced(built: House, settings: Settings) -> None:
    view = built.requested(message=CANARY)
    path = backup(settings)
    later = built.later(days=1)
    later.withdraw(built.sender, view)
    erasures.note(settings, built.database, later.now)
    file = copies.file_of(settings.database)
    (file.parent / ".veiviser-of-somebody-who-was-killed").mkdir()
    for damage in (lambda: file.write_bytes(b"nothing of the kind" * 999), file.unlink):
        built.database.close()
        damage()
        done = restore(later, settings, path)
        assert (done.erased, done.unknown_since) == (1, None)
        assert referrals(built) == {view.id: "cancelled"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert left_behind(settings) == []


def test_a_password_is_no_argument_of_a_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: dict[str, object] = {}

    def run(command: list[str], env: dict[str, str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.update(command=command, env=env)
        return subprocess.CompletedProcess(command, 1, "", "pg_dump: error: no such server\nmore")

    monkeypatch.setattr(subprocess, "run", run)
    url = "postgresql+psycopg://kari:s%40fe@db.example:5433/house?sslmode=require"
    with pytest.raises(Conflict, match=r"^pg_dump failed: pg_dump: error: no such server$"):
        copies.take(url, tmp_path / "copy")
    assert "s@fe" not in str(asked["command"]) and asked["env"]["PGPASSWORD"] == "s@fe"  # type: ignore[index]
    assert "host=db.example port=5433 user=kari dbname=house sslmode=require" in asked["command"]  # type: ignore[operator]
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UnsafeSettings, match="postgresql-client"):
        copies.take(url, tmp_path / "another")


@ON_SQLITE
def test_commands_make_a_backup_and_bring_it_back_index_and_all(
    built: House, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("data_dir", "database_url"):
        monkeypatch.setenv(f"VEIVISER_{name.upper()}", str(getattr(settings, name)))
    view = built.requested()
    made = CliRunner().invoke(main, ["backup"])
    assert made.exit_code == 0, made.output
    path = Path(made.stdout.strip())
    assert path.parent == settings.data_dir / "backups"
    built.requested()
    built.database.close()
    done = CliRunner().invoke(main, ["restore", str(path)])
    assert done.exit_code == 0, done.output
    assert "4 services in the index" in done.stdout and "1 events" in done.stdout
    assert referrals(built) == {view.id: "requested"}
    wrong = CliRunner().invoke(main, ["restore", str(path.with_name("nowhere"))])
    assert wrong.exit_code == 1 and "is no file" in wrong.stderr

"""What is erased stands nowhere any more: not in a column, not in a byte of SQLite's file or of the log beside it, not
in the index, not in a backup that is made afterwards; neither as it was written nor as it was encrypted.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

from directory import backups
from directory.config import Settings
from directory.database import Database
from directory.encryption import Vault
from directory.errors import UnsafeSettings
from directory.referrals import retention
from tests.referral_doors import Doors, a_sent_one, body_of

MARK = "kanarifugl"
WRITTEN: dict[str, Any] = {
    "client_ref": f"{MARK}-ref",
    "message": f"En {MARK} som trenger hjelp. " * 20,
    "contact_preference": "direct",
    "contact": {"phone": f"{MARK}-1", "email": f"{MARK}@example.org", "other": f"ved {MARK}en"},
    "consent": {
        "given_on": "2026-11-20",
        "method": "written",
        "covers": ["receiver", "content", "contact"],
    },
}


def columns(database: Database) -> Iterator[tuple[str, object]]:
    with database.reading() as session:
        for table in inspect(session.connection()).get_table_names():
            for row in session.execute(text(f'SELECT * FROM "{table}"')).mappings():
                for column, value in row.items():
                    yield (
                        f"{table}.{column}",
                        bytes(value) if isinstance(value, bytes | memoryview) else value,
                    )


def opened(vault: Vault, value: object) -> str:
    """The value in words, also where it is sealed."""
    if isinstance(value, bytes):
        try:
            return str(vault.open(value))
        except UnsafeSettings:
            return repr(value)
    return str(value)


def told_in_columns(doors: Doors) -> list[str]:
    """Where the mark stands, opened by whoever has the keys."""
    return [
        where
        for where, value in columns(doors.network.database)
        if MARK in opened(doors.network.vault, value)
    ]


def sealed(doors: Doors) -> set[bytes]:
    """What whoever reads the files without the keys could find of the mark: the middle of each sealed value, which is
    like no other."""
    vault = doors.network.vault
    found = [
        v for _, v in columns(doors.network.database) if isinstance(v, bytes) and MARK in opened(vault, v)
    ]
    return {value[start : start + 24] for value in found for start in range(20, len(value) - 44, 24)}


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".backup":
            with zipfile.ZipFile(path) as packed:
                yield from ((f"{path.name}/{name}", packed.read(name)) for name in packed.namelist())
        elif path.is_file():
            yield path.name, path.read_bytes()


def told_in_files(folder: Path, parts: set[bytes]) -> set[str]:
    words = {MARK.encode(), *parts}
    return {name for name, raw in files(folder) if any(word in raw for word in words)}


def whole(doors: Doors) -> dict[str, Any]:
    """One that both have written about, and whose answer is kept for who asks again."""
    sender, receiver = doors.by_key("sender"), doors.by_key("receiver")
    made = a_sent_one(sender, **WRITTEN)
    got = body_of(receiver.ask("GET", f"/{made['id']}"))
    accepted = body_of(receiver.step(got, "accepted", note=f"Velkommen, {MARK}."))
    for n in range(3):
        body_of(sender.ask("POST", f"/{made['id']}/messages", {"text": f"{n}: {MARK}. " * 30}), 201)
    return accepted


def erase(doors: Doors, way: str, one: dict[str, Any]) -> None:
    sender, receiver = doors.by_key("sender"), doors.by_key("receiver")
    version = {"If-Match": f'"{one["version"]}"'}
    if way == "delete":
        body_of(sender.ask("DELETE", f"/{one['id']}", None, version))
    elif way == "consent":
        body_of(receiver.ask("DELETE", f"/{one['id']}/consent", None, version))
    elif way == "step":
        body_of(receiver.step(one, "cancelled", reason="consent-withdrawn"))
    else:
        body_of(receiver.step(one, "failed", reason="no-show"))
        purged = retention.purge(
            doors.network.database,
            doors.network.house.settings.model_copy(update={"retention_content_days": 0}),
            doors.network.now,
        )
        assert purged.contents == 1


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_after_an_erasure_no_byte_of_it_is_left(doors: Doors, tmp_path: Path) -> None:
    house, sender = doors.network.house, doors.by_key("sender")
    settings = Settings(_env_file=None, data_dir=tmp_path / "var", database_url=house.database.url)
    for way in ("delete", "consent", "step", "retention"):
        others = [a_sent_one(sender, message="Hei. " * n) for n in (1, 9)]
        one = whole(doors)
        others += [a_sent_one(sender, message="Hei. " * n) for n in (5, 20)]
        parts = sealed(doors)
        assert len(parts) > 50
        assert {where.partition(".")[0] for where in told_in_columns(doors)} == {
            "idempotent_request",
            "referral",
            "referral_message",
        }
        assert told_in_files(tmp_path, parts)  # so that there is something to be found
        erase(doors, way, one)
        assert told_in_columns(doors) == [], way
        doors.network.later(seconds=1)
        backups.backup(settings, tmp_path / "backups", doors.network.now)
        looked_at = {name for name, _ in files(tmp_path)}
        assert {"directory.db", "directory.db-wal", "erasures"} < looked_at
        assert any(name.endswith("/database") for name in looked_at)
        assert told_in_files(tmp_path, parts) == set(), way
        assert told_in_files(house.settings.index_dir, parts) == set()
        assert body_of(sender.ask("GET", f"/{others[0]['id']}"))["message"] == "Hei. "


def test_after_an_erasure_no_column_has_it_on_either_store(doors: Doors) -> None:
    one = whole(doors)
    assert told_in_columns(doors)
    erase(doors, "delete", one)
    assert told_in_columns(doors) == []
    copy = body_of(doors.by_key("sender").ask("GET", f"/{one['id']}/export"))
    assert MARK not in str(copy) and copy["referral"]["erased_at"] and len(copy["messages"]) == 4

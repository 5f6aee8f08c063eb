"""Backups: the whole database, as it was at one moment, in one file that tells what it is and whether it is whole.

``veiviser-<time in UTC>.backup`` is a ZIP of ``database`` (SQLite's file, or pg_dump's in its custom format) and
``manifest.json``; beside it stands its checksum, as ``sha256sum -c`` takes it. Only its owner may read it. The index is
not in it: it is derived.
"""

from __future__ import annotations

import os
import re
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import BinaryIO

import orjson

from directory import copies, database, erasures
from directory.config import Settings
from directory.copies import Progress
from directory.database import Database
from directory.errors import Conflict, InvalidInput

Told = Callable[[str], AbstractContextManager[Progress]]

FORMAT = 1
FOLDER = "backups"  # in the data directory
_NAME = re.compile(r"veiviser-[0-9]{8}T[0-9]{6}Z\.backup")
_ROOM = ".veiviser-"  # what is made lies in a folder of this name until it is whole
_LEFT_S = 24 * 3600  # so old a folder was left by somebody who was killed
_DATABASE, _MANIFEST = "database", "manifest.json"
_CHUNK = 1 << 20  # bytes


@contextmanager
def quietly(label: str) -> Iterator[Progress]:
    yield lambda done, of: None


@dataclass(frozen=True, slots=True)
class Manifest:
    """``revision``: of the database's tables. ``sha256``: of ``database`` in the ZIP."""

    made_at: datetime
    store: str  # sqlite, postgresql
    revision: str
    sha256: str
    bytes: int


def backup(
    settings: Settings, folder: Path, now: datetime, told: Told = quietly, *, keep: int | None = None
) -> Path:
    """Make one in the folder, which is made if need be, while the directory is used. ``keep``: so many backups stay
    there, and older ones are removed.

    Raises Conflict where there is nothing to back up, and what ``copies.take`` raises.
    """
    revision = database.current(settings.database)
    if revision is None:
        raise Conflict("There is no directory yet to make a backup of.")
    if revision == database.latest():
        _note(settings, now)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"veiviser-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.backup"
    if path.exists():
        raise Conflict(f"{path} is there already.")
    with room_in(folder) as room:
        with told("Copying the database") as progress:
            copies.take(settings.database, room / _DATABASE, progress)
        with told("Packing it"):
            _pack(room, revision, now, copies.store_of(settings.database))
        _write(room / "sum", f"{sha256_of(room / 'backup')}  {path.name}\n".encode())
        os.replace(room / "backup", path)
        os.replace(room / "sum", sum_path(path))
    _sync(folder)
    if keep is not None:
        for old in sorted(one for one in folder.iterdir() if _NAME.fullmatch(one.name))[:-keep]:
            old.unlink()
            sum_path(old).unlink(missing_ok=True)
    return path


def unpack(path: Path, room: Path) -> Manifest:
    """Put the backup's database as ``database`` into the folder. Raises InvalidInput where the file is no backup, or is
    not as it was made.
    """
    beside = sum_path(path)
    if beside.exists() and beside.read_text("utf-8").split()[:1] != [sha256_of(path)]:
        raise InvalidInput.of(str(path), f"is not as it was made: its checksum is not that of {beside.name}")
    try:
        with zipfile.ZipFile(path) as packed:
            manifest = _manifest(packed.read(_MANIFEST))
            with packed.open(_DATABASE) as source, _new(room / _DATABASE) as file:
                seen = _copied(source, file, manifest.bytes)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError, NotImplementedError):
        raise InvalidInput.of(str(path), "is no backup of Veiviser's, or is damaged") from None
    if seen != manifest.sha256:
        raise InvalidInput.of(str(path), "is damaged: the database in it is not as it was")
    return manifest


@contextmanager
def room_in(folder: Path) -> Iterator[Path]:
    """A folder of ours alone within it, gone afterwards."""
    sweep(folder, _LEFT_S)
    room = Path(mkdtemp(prefix=_ROOM, dir=folder))
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def sweep(folder: Path, left_s: float, but: Path | None = None) -> None:
    """Remove such folders of others, who were killed, that nobody has touched for so many seconds."""
    for room in folder.glob(f"{_ROOM}*"):
        if room != but and room.is_dir() and time.time() - room.stat().st_mtime >= left_s:
            shutil.rmtree(room, ignore_errors=True)


def sum_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _note(settings: Settings, now: datetime) -> None:
    """What is erased after the backup is known by then, and what was before it as well."""
    kept = Database(settings.database)
    try:
        erasures.note(settings, kept, now)
    finally:
        kept.close()


def _pack(room: Path, revision: str, now: datetime, store: str) -> None:
    copy = room / _DATABASE
    manifest = {
        "format": FORMAT,
        "made_at": now.astimezone(UTC).isoformat(),
        "store": store,
        "revision": revision,
        "sha256": sha256_of(copy),
        "bytes": copy.stat().st_size,
    }
    with _new(room / "backup") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            packed.writestr(_MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
            packed.write(copy, _DATABASE)
        file.flush()
        os.fsync(file.fileno())


def _manifest(text: bytes) -> Manifest:
    """Raises ValueError, KeyError or TypeError."""
    said = orjson.loads(text)
    if said["format"] != FORMAT:
        raise ValueError(said["format"])
    made_at = datetime.fromisoformat(said["made_at"])
    if made_at.tzinfo is None:
        raise ValueError(said["made_at"])
    return Manifest(made_at, said["store"], said["revision"], said["sha256"], int(said["bytes"]))


def _copied(source: object, file: BinaryIO, most: int) -> str:
    """The checksum of what was copied. Raises ValueError where there is more than is said."""
    seen, size = sha256(), 0
    while chunk := source.read(_CHUNK):  # type: ignore[attr-defined]
        size += len(chunk)
        if size > most:
            raise ValueError(size)
        seen.update(chunk)
        file.write(chunk)
    return seen.hexdigest()


def _new(path: Path) -> BinaryIO:
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _write(path: Path, content: bytes) -> None:
    with _new(path) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """So that a name given in it outlives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

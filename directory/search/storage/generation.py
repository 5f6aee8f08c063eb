"""Which segments make up the index now: one small file, replaced as a whole.

The folder (mode 0700) holds ``manifest.json``, ``lock``, a folder for each segment, and for segments with documents
that have been replaced or removed a list of these. A manifest names all that it needs, with sizes and CRC-32 sums, and
carries a sum of itself: a torn or changed one is never taken for a good one.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from directory.errors import IndexUnavailable

FORMAT = 4
MANIFEST = "manifest.json"
_REMEMBERED = 1000  # files whose sums are known


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    name: str  # of its folder
    documents: int
    files: dict[str, tuple[int, int]]  # name -> (bytes, CRC-32)
    dead_file: str = ""  # uint32, ascending; "" when none is dead
    dead: int = 0
    dead_crc: int = 0


@dataclass(frozen=True, slots=True)
class Generation:
    number: int
    position: int  # of the change log: everything up to it is in
    fingerprint: (
        str  # of what the caller builds documents from; another one means that the index is to be rebuilt
    )
    segments: tuple[SegmentEntry, ...]
    retired: tuple[str, ...] = ()  # no longer named since this generation; removed by the next
    mark: str = ""  # what the log has at ``position``: another log may have something else there
    as_of: str = ""  # the day that documents were made for

    @property
    def documents(self) -> int:
        return sum(segment.documents - segment.dead for segment in self.segments)

    def names(self) -> set[str]:
        """Files and folders that this generation needs."""
        return {s.name for s in self.segments} | {s.dead_file for s in self.segments if s.dead_file}


def read_generation(path: Path) -> Generation:
    """Raises IndexUnavailable, saying why."""
    try:
        text = (path / MANIFEST).read_bytes()
    except FileNotFoundError:
        raise IndexUnavailable("There is no index yet.") from None
    except OSError as error:
        raise IndexUnavailable(f"The index can't be read: {error.strerror}.") from error
    try:
        body = json.loads(text)
        checksum = body.pop("checksum")
        if body["format"] != FORMAT:
            raise IndexUnavailable("The index is of another version of the format.")
        if checksum != _checksum(body):
            raise ValueError("checksum")
        segments = tuple(
            SegmentEntry(
                **{**entry, "files": {name: (size, crc) for name, (size, crc) in entry["files"].items()}}
            )
            for entry in body["segments"]
        )
        return Generation(
            body["number"],
            body["position"],
            body["fingerprint"],
            segments,
            tuple(body["retired"]),
            body["mark"],
            body["as_of"],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexUnavailable("The manifest of the index is damaged.") from error


def write_generation(path: Path, generation: Generation) -> None:
    """Switch to it: written aside, synced, renamed, and the rename synced. Its files must be synced already.

    A manifest is always younger than the one before, whatever the clock says: by that, readers notice it.
    """
    body = {"format": FORMAT, **asdict(generation)}
    aside, before = path / f"{MANIFEST}.new", signature(path)
    with aside.open("wb") as file:
        file.write(json.dumps({**body, "checksum": _checksum(body)}).encode())
        file.flush()
        if before and os.fstat(file.fileno()).st_mtime_ns <= before[1]:
            os.utime(file.fileno(), ns=(before[1] + 1, before[1] + 1))
        os.fsync(file.fileno())
    os.replace(aside, path / MANIFEST)
    sync_folder(path)


def _checksum(body: dict[str, Any]) -> int:
    return crc32(json.dumps(body, sort_keys=True).encode())


def sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def signature(path: Path) -> tuple[int, int, int] | None:
    """Changes with every new manifest; cheap enough to ask before each search. None: there is none."""
    try:
        stat = os.stat(f"{path}/{MANIFEST}")
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def file_sum(path: Path) -> tuple[int, int]:
    """(bytes, CRC-32) of a file."""
    size = crc = 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            size, crc = size + len(chunk), crc32(chunk, crc)
    return size, crc


def read_dead(path: Path, entry: SegmentEntry) -> np.ndarray:
    """The dead documents of a segment. Raises ValueError where the list is not the one that was written."""
    if not entry.dead_file:
        return np.empty(0, dtype=np.uint32)
    data = (path / entry.dead_file).read_bytes()
    if len(data) != entry.dead * 4 or crc32(data) != entry.dead_crc:
        raise ValueError(f"{entry.dead_file} is damaged")
    return np.frombuffer(data, dtype=np.uint32)


def check_sizes(path: Path, entry: SegmentEntry) -> None:
    """Raises ValueError where a file of the segment is missing or not as long as it was written."""
    for name, (size, _) in entry.files.items():
        try:
            found = os.stat(f"{path}/{entry.name}/{name}").st_size
        except OSError:
            raise ValueError(f"{entry.name}/{name} is missing") from None
        if found != size:
            raise ValueError(f"{entry.name}/{name} has {found} bytes, not {size}")


def check_sums(path: Path, entry: SegmentEntry) -> None:
    """Raises ValueError where a file of the segment is not as it was written, and OSError where it can't be read."""
    for name, expected in entry.files.items():
        if file_sum(path / entry.name / name) != expected:
            raise ValueError(f"{entry.name}/{name} is not as it was written")


class Seals:
    """Which files of an index were found to be as they were written. All of a file is read when it is first seen, and
    again when it was touched since; else it costs one ``stat``. Safe to share by threads.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: dict[str, tuple[int, ...]] = {}
        self._bad: dict[str, tuple[int, ...]] = {}
        self._lock = threading.Lock()

    def check(self, generation: Generation) -> None:
        """Raises ValueError, naming the file, where one is missing or not as it was written; OSError where one can't
        be read."""
        with self._lock:
            for entry in generation.segments:
                check_sizes(self._path, entry)
            seen = {
                name: self._checked(name, expected)
                for entry in generation.segments
                for name, expected in _files(entry)
            }
            # Another generation may still be open, but not any number of them.
            self._seen = self._seen | seen if len(self._seen) < _REMEMBERED else seen

    def touched(self, generation: Generation) -> list[str]:
        """The files that are gone, or were written to since they were checked."""
        return [
            name
            for entry in generation.segments
            for name, _ in _files(entry)
            if _stamp(f"{self._path}/{name}") != self._seen.get(name)
        ]

    def replaced(self, name: str) -> bool:
        """Whether the file that was checked is no longer there under its name: who has it open has it as it was."""
        stamp, seen = _stamp(f"{self._path}/{name}"), self._seen.get(name)
        return seen is not None and (stamp is None or stamp[:2] != seen[:2])

    def _checked(self, name: str, expected: tuple[int, int]) -> tuple[int, ...]:
        stamp = _stamp(f"{self._path}/{name}")
        if stamp is None:
            raise ValueError(f"{name} is missing")
        if stamp == self._seen.get(name):
            return stamp
        if stamp == self._bad.get(name) or file_sum(self._path / name) != expected:
            self._bad = {name: stamp}
            raise ValueError(f"{name} is not as it was written")
        return stamp


def _files(entry: SegmentEntry) -> list[tuple[str, tuple[int, int]]]:
    """(name within the index, (bytes, CRC-32)) of all that a segment needs."""
    files = [(f"{entry.name}/{name}", expected) for name, expected in entry.files.items()]
    return [*files, (entry.dead_file, (entry.dead * 4, entry.dead_crc))] if entry.dead_file else files


def _stamp(path: str) -> tuple[int, ...] | None:
    """Changes when the file is written to or replaced. None: it is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

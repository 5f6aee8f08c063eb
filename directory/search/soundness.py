"""An index seen from outside: where it stands, whether anybody writes it, whether it is sound."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np

from directory.errors import IndexUnavailable
from directory.search.storage.generation import Generation, file_sum, read_dead, read_generation
from directory.search.storage.segment import Segment

LOCK = "lock"  # held by the one who writes


@dataclass(frozen=True, slots=True)
class IndexState:
    generation: int
    position: int
    documents: int
    fingerprint: str
    mark: str = ""
    as_of: str = ""


def is_busy(path: Path) -> bool:
    """Whether a process is writing now; not, where that can't be known."""
    try:
        lock = os.open(path / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def state(path: Path) -> IndexState:
    """Raises IndexUnavailable, saying why, where there is no index that could be read."""
    return state_of(read_generation(Path(path)))


def check(path: Path) -> list[str]:
    """What is wrong with the index, in words; nothing when it is sound. Reads every byte of it."""
    path = Path(path)
    try:
        generation = read_generation(path)
    except IndexUnavailable as error:
        return [error.detail]
    problems: list[str] = []
    seen: set[UUID] = set()
    for entry in generation.segments:
        for name, expected in entry.files.items():
            try:
                if file_sum(path / entry.name / name) != expected:
                    problems.append(f"{entry.name}/{name} is not as it was written.")
            except OSError as error:
                problems.append(f"{entry.name}/{name}: {error.strerror}.")
        try:
            dead = read_dead(path, entry)
        except (OSError, ValueError) as error:
            problems.append(f"{error}.")
            continue
        if problems:
            continue
        segment = Segment(path / entry.name)
        alive = {segment.identity(number) for number in alive_of(entry.documents, dead).tolist()}
        if seen & alive:
            problems.append(f"{entry.name}: {len(seen & alive)} services are alive in another segment too.")
        seen |= alive
    return problems


def state_of(generation: Generation) -> IndexState:
    g = generation
    return IndexState(g.number, g.position, g.documents, g.fingerprint, g.mark, g.as_of)


def alive_of(documents: int, dead: np.ndarray) -> np.ndarray:
    """The numbers of a segment's documents that are not dead."""
    alive = np.ones(documents, dtype=bool)
    alive[dead] = False
    return np.flatnonzero(alive)

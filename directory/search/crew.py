"""Many services are listed by several processes at once: each reads its parts of the catalogue and makes documents of
them, which come back part by part, in order.

A process is begun anew, not forked from one that may have threads and connections. It ends by itself when nobody reads
what it writes any more, so that none outlives a build that was killed.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

from directory.catalogue import reading
from directory.config import SEED_DIR
from directory.database import Database
from directory.errors import IndexUnavailable
from directory.needs import Needs
from directory.places import Places
from directory.search.listing import Lister
from directory.search.storage.document import Document

FEWEST = 10_000  # services: for fewer it takes longer to begin a process than to list them
MOST_HANDS = 4
Part = tuple[UUID | None, UUID | None]


@dataclass(frozen=True, slots=True)
class _Task:
    url: str  # may hold a password: it goes by the pipe, where nobody else sees it
    parts: Sequence[Part]
    today: date


def hands() -> int:
    """How many processes are worth it here."""
    return min(len(os.sched_getaffinity(0)), MOST_HANDS) if hasattr(os, "sched_getaffinity") else 1


def documents(url: str, parts: Sequence[Part], today: date, number: int) -> Iterator[Document]:
    """The documents of all the parts, in order, listed by so many processes. Raises IndexUnavailable if one fails.

    Each reads the database as it is when it begins, which is no earlier than this call.
    """
    command = [sys.executable, "-m", __name__]
    begun: list[subprocess.Popen[bytes]] = []
    try:
        for first in range(number):
            process = subprocess.Popen(  # nosec B603
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment(), close_fds=True
            )
            begun.append(process)
            assert process.stdin is not None
            with process.stdin as given:
                pickle.dump(_Task(url, parts[first::number], today), given)
        for at in range(len(parts)):
            yield from _received(begun[at % number])
    finally:
        for process in begun:
            process.kill()
            if process.stdout is not None:
                process.stdout.close()
            process.wait()


def _received(process: subprocess.Popen[bytes]) -> list[Document]:
    assert process.stdout is not None
    try:
        received: list[Document] = pickle.load(process.stdout)  # nosec B301
    except (EOFError, pickle.UnpicklingError):
        raise IndexUnavailable("The services could not be listed: a process that did it ended.") from None
    return received


def _environment() -> dict[str, str]:
    """Run from elsewhere, and not installed, the package is found all the same."""
    root = str(Path(__file__).resolve().parents[2])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))}


def main() -> None:
    """Read a task from stdin, write a list of documents for each of its parts to stdout."""
    task: _Task = pickle.load(sys.stdin.buffer)  # nosec B301
    gc.disable()
    lister = Lister(Needs.load(SEED_DIR), Places.load(SEED_DIR))
    gc.collect()  # never again: what is made of a part goes with the part, and holds no circles
    database = Database(task.url)
    try:
        with database.reading() as session:
            for part in task.parts:
                found = reading.entries(session, today=task.today, between=part)
                pickle.dump(
                    [lister.document(entry) for entry in found], sys.stdout.buffer, pickle.HIGHEST_PROTOCOL
                )
                sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(1)  # nobody wants the rest; an orderly end would try to write it
    finally:
        database.close()


if __name__ == "__main__":
    main()

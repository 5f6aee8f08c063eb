"""Keeps the index true to the catalogue: follows the change log, and rebuilds what is missing, stale or damaged.

The index is derived. It may be thrown away at any time; what it holds of a position in the change log says where to
go on, and its fingerprint says by which taxonomy and which way of listing it was made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from directory.catalogue import reading
from directory.database import Database
from directory.errors import IndexUnavailable
from directory.search import index
from directory.search.document import Document
from directory.search.listing import Lister

LISTING = 3  # grows when documents are made another way, so that an index of the old way is rebuilt
MOST_FOLLOWED = 20_000  # more changes than this are quicker rebuilt

Progress = Callable[[int], None]  # called with how many more services are done


@dataclass(frozen=True, slots=True)
class Kept:
    """What was done: ``rebuilt`` or not, how many documents were written or removed, where the log then stood."""

    rebuilt: bool
    saved: int
    removed: int
    position: int


class Upkeep:
    """``path``: the index folder, which is ours alone."""

    def __init__(self, database: Database, path: Path, lister: Lister, fingerprint: str) -> None:
        self._database, self._path, self._lister = database, path, lister
        self.fingerprint = f"{LISTING}:{fingerprint}"

    def rebuild(self, today: date, progress: Progress | None = None) -> Kept:
        """A new generation of everything that is published. The old one answers until the new one is complete."""
        count = 0
        with self._database.reading() as session:
            position = reading.last_position(session)

            def documents() -> Iterator[Document]:
                nonlocal count
                for entry in reading.entries(session, today=today):
                    count += 1
                    if progress:
                        progress(1)
                    yield self._lister.document(entry)

            index.rebuild(self._path, documents(), position=position, fingerprint=self.fingerprint)
        return Kept(True, count, 0, position)

    def catch_up(self, today: date, progress: Progress | None = None) -> Kept:
        """Take up the change log from where the index stands; rebuild when that can't be done."""
        try:
            state = index.state(self._path)
        except IndexUnavailable:
            return self.rebuild(today, progress)
        with self._database.reading() as session:
            newest = reading.last_position(session)
            if state.fingerprint != self.fingerprint or state.position > newest:
                stale = True
            else:
                changes = reading.changes_since(session, state.position)
                stale = len(changes) > MOST_FOLLOWED
            if not stale:
                if not changes:
                    return Kept(False, 0, 0, state.position)
                ids = {service for _, service, _ in changes}
                documents = [self._lister.document(e) for e in reading.entries(session, ids, today=today)]
                gone = ids - {d.id for d in documents}
                index.apply(self._path, documents, gone, position=changes[-1][0])
                return Kept(False, len(documents), len(gone), changes[-1][0])
        return self.rebuild(today, progress)

    def problems(self) -> list[str]:
        """What is wrong with the index, in words; none when it is whole and follows the catalogue."""
        found = index.check(self._path)
        if found:
            return found
        state = index.state(self._path)
        if state.fingerprint != self.fingerprint:
            found.append("made by another taxonomy or another version; run: veiviser index rebuild")
        with self._database.reading() as session:
            behind = len(reading.changes_since(session, state.position))
        if behind:
            found.append(f"{behind} changes behind the catalogue; run: veiviser index catch-up")
        return found

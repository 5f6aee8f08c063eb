"""Keeps the index true to the catalogue: follows the change log, and rebuilds what is missing, stale or damaged.

The index is derived. It may be thrown away at any time; what it holds of a position in the change log says where to
go on, and its fingerprint says by which taxonomy and which way of listing it was made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlmodel import Session

from directory.catalogue import reading
from directory.database import Database
from directory.errors import IndexUnavailable
from directory.search import index
from directory.search.document import Document
from directory.search.index import IndexWriter
from directory.search.listing import Lister

LISTING = 4  # grows when documents are made another way, so that an index of the old way is rebuilt
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
        with IndexWriter(self._path) as writer:
            return self._rebuild(writer, today, progress)

    def catch_up(self, today: date, progress: Progress | None = None) -> Kept:
        """Take up the change log from where the index stands; rebuild where that can't be done: there is no index, it
        is torn or of another fingerprint, the log is another one, or there is too much to follow."""
        if (position := self._followed()) is not None:
            return Kept(False, 0, 0, position)
        with IndexWriter(self._path) as writer:  # what has changed is read by one who writes at a time
            if (position := self._followed()) is not None:
                return Kept(False, 0, 0, position)
            state = self._usable()
            if state is not None:
                with self._database.reading() as session:
                    changes = reading.changes_since(session, state.position, MOST_FOLLOWED + 1)
                    if 0 < len(changes) <= MOST_FOLLOWED:
                        return self._follow(writer, session, changes, today)
            return self._rebuild(writer, today, progress)

    def _usable(self) -> index.IndexState | None:
        """The index's state, if it is whole, as far as sizes tell, and made as we make it."""
        try:
            state = index.state(self._path, sizes=True)
        except IndexUnavailable:
            return None
        return state if state.fingerprint == self.fingerprint else None

    def _followed(self) -> int | None:
        """The position of an index that needs nothing."""
        state = self._usable()
        if state is None:
            return None
        with self._database.reading() as session:
            return state.position if state.position == reading.last_position(session) else None

    def _follow(
        self, writer: IndexWriter, session: Session, changes: list[tuple[int, str, str]], today: date
    ) -> Kept:
        ids = {service for _, service, _ in changes}
        documents = [self._lister.document(e) for e in reading.entries(session, ids, today=today)]
        gone = ids - {d.id for d in documents}
        writer.apply(documents, gone, position=changes[-1][0])
        return Kept(False, len(documents), len(gone), changes[-1][0])

    def _rebuild(self, writer: IndexWriter, today: date, progress: Progress | None) -> Kept:
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

            writer.rebuild(documents(), position=position, fingerprint=self.fingerprint)
        return Kept(True, count, 0, position)

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

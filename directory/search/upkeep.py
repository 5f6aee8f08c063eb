"""Keeps the index true to the catalogue: follows the change log, and rebuilds what is missing, stale or damaged.

The index is derived. It may be thrown away at any time. It remembers where in the change log it stands and what the log
had there, for which day its services were listed, and, by its fingerprint, by which taxonomy and which way of listing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlmodel import Session

from directory.catalogue import reading
from directory.database import Database
from directory.errors import IndexUnavailable
from directory.search import crew, soundness
from directory.search.index import IndexWriter
from directory.search.listing import Lister
from directory.search.storage.document import Document
from directory.search.storage.generation import Generation, Seals, read_generation

LISTING = 9  # grows when documents are made another way, so that an index of the old way is rebuilt
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
    """``path``: the index folder, which is ours alone. ``seals``: those of an engine that searches the same index."""

    def __init__(
        self,
        database: Database,
        path: Path,
        lister: Lister,
        fingerprint: str,
        seals: Seals | None = None,
        *,
        hands: int = 1,
    ) -> None:
        """``hands``: processes that list many services at once, by the seed's needs and places, as ``lister`` must."""
        self._database, self._path, self._lister = database, path, lister
        self._seals = seals or Seals(path)
        self._hands = hands
        self.fingerprint = f"{LISTING}:{fingerprint}"
        self.trouble: str | None = None  # why the index does not follow now, in a few words for the public

    def rebuild(self, today: date, progress: Progress | None = None) -> Kept:
        """A new generation of everything that is published. The old one answers until the new one is complete."""
        with IndexWriter(self._path) as writer:
            return self._rebuild(writer, today, progress)

    def catch_up(self, today: date, progress: Progress | None = None, *, wait: bool = True) -> Kept:
        """Take up the change log from where the index stands; rebuild where that can't be done: there is no index, it
        is damaged or of another fingerprint, the log is another one, or there is too much to follow.

        Without ``wait``, raises IndexBusy while another process writes.
        """
        there, followed = self._standing(today)
        if there is not None and followed:
            return Kept(False, 0, 0, there.position)
        with IndexWriter(self._path, wait=wait) as writer:  # what has changed is read by one at a time
            there, followed = self._standing(today)
            if there is not None and followed:
                return Kept(False, 0, 0, there.position)
            if there is not None:
                with self._database.reading() as session:
                    changes = self._changes(session, there, today)
                    if changes is not None and len(changes) <= MOST_FOLLOWED:
                        return self._follow(writer, session, changes, today)
            self.trouble = "is being made anew"
            return self._rebuild(writer, today, progress)

    def is_busy(self) -> bool:
        """Whether a process is writing the index now."""
        return soundness.is_busy(self._path)

    def _standing(self, today: date) -> tuple[Generation | None, bool]:
        """The index, if all of it is as it was written and made as we make it; and whether it needs nothing."""
        try:
            there = read_generation(self._path)
            self._seals.check(there)
        except (IndexUnavailable, OSError, ValueError):
            return None, False
        if there.fingerprint != self.fingerprint:
            return None, False
        if there.as_of != today.isoformat():
            return there, False
        with self._database.reading() as session:
            return there, (there.position, there.mark) == reading.last_change(session)

    @staticmethod
    def _changes(session: Session, there: Generation, today: date) -> set[str] | None:
        """Ids of the services that are to be listed again; None where the log is not the one that was followed."""
        if there.mark != reading.mark_of(session, there.position):
            return None
        try:
            was = date.fromisoformat(there.as_of)
        except ValueError:
            return None
        changes = reading.changes_since(session, there.position, MOST_FOLLOWED + 1)
        return {service for _, service, _ in changes} | (
            set() if was == today else reading.aged(session, was, today)
        )

    def _follow(self, writer: IndexWriter, session: Session, ids: Collection[str], today: date) -> Kept:
        last, mark = reading.last_change(session)
        documents = [self._lister.document(e) for e in reading.entries(session, ids, today=today)]
        gone = set(ids) - {d.id for d in documents}
        writer.apply(documents, gone, position=last, mark=mark, as_of=today.isoformat())
        return Kept(False, len(documents), len(gone), last)

    def _rebuild(self, writer: IndexWriter, today: date, progress: Progress | None) -> Kept:
        count = 0
        with self._database.reading() as session:
            position, mark = reading.last_change(session)

            def documents() -> Iterator[Document]:
                nonlocal count
                for document in self._listed(session, today):
                    count += 1
                    if progress:
                        progress(1)
                    yield document

            writer.rebuild(
                documents(),
                position=position,
                fingerprint=self.fingerprint,
                mark=mark,
                as_of=today.isoformat(),
            )
        return Kept(True, count, 0, position)

    def _listed(self, session: Session, today: date) -> Iterator[Document]:
        """Of everything that is published. What changed after the session began may be in it: following the log from
        there on brings it in once more."""
        if self._hands > 1 and reading.number_published(session) >= crew.FEWEST:
            return crew.documents(self._database.url, reading.parts(session), today, self._hands)
        return map(self._lister.document, reading.entries(session, today=today))

    def problems(self) -> list[str]:
        """What is wrong with the index, in words; none when it is whole and follows the catalogue."""
        found = soundness.check(self._path)
        if found:
            return found
        state = soundness.state(self._path)
        if state.fingerprint != self.fingerprint:
            found.append("made by another taxonomy or another version; run: veiviser index rebuild")
        with self._database.reading() as session:
            if state.mark != reading.mark_of(session, state.position):
                found.append("made from another database; run: veiviser index catch-up")
            behind = len(reading.changes_since(session, state.position))
        if behind:
            found.append(f"{behind} changes behind the catalogue; run: veiviser index catch-up")
        return found

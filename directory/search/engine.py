"""Searching the index: one engine a process, any number of threads.

    snapshot = engine.snapshot()
    hits = snapshot.search(query)
    pieces = [snapshot.piece(hit, "static") for hit in hits.hits]

A snapshot is one generation of the index and stays what it is: take one for each request. A new generation is noticed
with the next snapshot, by one ``stat``. While the newest can't be read, the one before it goes on being searched; but
never files that are not as they were written.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

from directory import hours
from directory.errors import IndexUnavailable
from directory.search.snapshot import Snapshot, views_of
from directory.search.storage.generation import (
    Generation,
    Seals,
    SegmentEntry,
    read_dead,
    read_generation,
    signature,
)
from directory.search.storage.opening import OpenStates, StatesAt
from directory.search.storage.segment import Segment

_ATTEMPTS = 5  # to open a generation while a writer removes what an older one needed
_LOOK_S = 0.01  # as often as this at most, it is looked whether anybody touched the files


class Engine:
    """Raises IndexUnavailable from ``snapshot`` as long as no generation could be read at all."""

    def __init__(self, path: Path, *, states_at: StatesAt = hours.states_at) -> None:
        self._path = Path(path)
        self._states_at = states_at
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._generation: Generation | None = None
        self._snapshot: Snapshot | None = None
        self._opened: dict[str, tuple[Segment, OpenStates]] = {}
        self._next_look = 0.0
        self.seals = Seals(self._path)
        self.problem: str | None = None  # why the newest generation is not the one that is searched

    def snapshot(self) -> Snapshot:
        """The newest generation that can be read. While one thread opens it, the others go on with the one before."""
        if self._snapshot is None or signature(self._path) != self._seen:
            if self._lock.acquire(blocking=self._snapshot is None):
                try:
                    self._refresh()
                finally:
                    self._lock.release()
        elif (now := time.monotonic()) >= self._next_look:
            self._next_look = now + _LOOK_S
            self._look()
        if (snapshot := self._snapshot) is None:
            raise IndexUnavailable(self.problem or "There is no index yet.")
        return snapshot

    def has_term(self, term: str) -> bool:
        """Whether any service's text has the term, in the generation that is searched."""
        return (self._snapshot or self.snapshot()).has_term(term)

    def _refresh(self) -> None:
        seen = signature(self._path)
        if self._snapshot is not None and seen == self._seen:
            return  # another thread was here first
        for attempt in range(_ATTEMPTS):
            try:
                seen = signature(self._path)
                generation = read_generation(self._path)
                self.seals.check(generation)
                opened = {entry.name: self._open(entry) for entry in generation.segments}
                dead = [read_dead(self._path, entry) for entry in generation.segments]
            except (IndexUnavailable, OSError, ValueError) as error:
                # A writer may have switched twice since the manifest was read, and removed what it names.
                if attempt + 1 < _ATTEMPTS and signature(self._path) != seen:
                    continue
                self.problem = (
                    error.detail if isinstance(error, IndexUnavailable) else f"The index is damaged: {error}."
                )
                # Not tried again until there is another manifest, if there is something to search meanwhile.
                self._seen = seen
                self._drop_if_written_to()
                return
            self._generation, self._snapshot = generation, Snapshot(generation, views_of(opened, dead))
            self._opened, self._seen, self.problem = opened, seen, None
            return

    def _look(self) -> None:
        """What is mapped is what the files hold now: one that somebody wrote to must not be searched."""
        if (generation := self._generation) is None or not self.seals.touched(generation):
            return
        with self._lock:
            problem = None
            try:
                self.seals.check(generation)
            except (OSError, ValueError) as error:
                problem = f"The index is damaged: {error}."
                self._drop_if_written_to()
            # Otherwise they were removed, because there are others.
            if signature(self._path) == self._seen:
                self.problem = problem

    def _drop_if_written_to(self) -> None:
        """Files that were removed or replaced stay as they were for those who have them open."""
        generation = self._generation
        if generation and any(not self.seals.replaced(name) for name in self.seals.touched(generation)):
            self._snapshot, self._generation, self._opened = None, None, {}

    def _open(self, entry: SegmentEntry) -> tuple[Segment, OpenStates]:
        if entry.name in self._opened:
            return self._opened[entry.name]
        segment = Segment(self._path / entry.name)
        return segment, OpenStates(segment.schedules, self._states_at)

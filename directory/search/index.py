"""The one writer of the index: builds it and lets it follow changes.

A change becomes a small segment, and the documents it replaces are listed as dead in theirs; then the manifest is
switched in one rename, after what is new has been counted, asked (``probing``) and synced. So an index after
``kill -9`` at any moment is the one before or the one after. Small segments are put together as they gather.
Statistics are always those of living documents, so a rebuilt index answers as one that has been updated.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from uuid import UUID
from zlib import crc32

import numpy as np

from directory.errors import IndexUnavailable
from directory.search import soundness
from directory.search.probing import Probes
from directory.search.soundness import LOCK, IndexState, alive_of, state_of
from directory.search.storage.assembly import build_segment
from directory.search.storage.document import Document
from directory.search.storage.generation import (
    MANIFEST,
    Generation,
    SegmentEntry,
    check_sizes,
    check_sums,
    file_sum,
    read_dead,
    read_generation,
    sync_folder,
    write_generation,
)
from directory.search.storage.segment import Segment

# Segments of up to so many documents in all are made one with the next change: it costs some 30 ms.
_ABSORBED = 256
# When there are more segments than this, all but large ones are put together; a large one that is mostly dead, too.
_SEGMENTS = 8
_LARGE = 32_768


class IndexBusy(IndexUnavailable):
    """Another process is writing."""


class IndexWriter:
    """Holds the index for writing, as a context manager; other writers wait, readers don't notice.

    Read what has changed only after the writer is entered, from ``state().position`` on: then no older state of a
    service can overwrite a newer one.
    """

    def __init__(self, path: Path, *, wait: bool = True) -> None:
        """Without ``wait``, entering raises IndexBusy while another one writes."""
        self._path = Path(path)
        self._wait = wait
        self._lock: int | None = None

    def __enter__(self) -> IndexWriter:
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if stat.S_IMODE(self._path.stat().st_mode) != 0o700:
            os.chmod(self._path, 0o700)
        lock = os.open(self._path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if self._wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(lock)
            raise IndexBusy("The index is being written by another process.") from None
        except BaseException:
            os.close(lock)
            raise
        self._lock = lock
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._lock is not None
        os.close(self._lock)  # gives the lock back
        self._lock = None

    def state(self) -> IndexState | None:
        """Of the index as it is, or None where there is none that can be updated."""
        try:
            return soundness.state(self._path)
        except IndexUnavailable:
            return None

    def rebuild(
        self,
        documents: Iterable[Document],
        *,
        position: int,
        fingerprint: str,
        mark: str = "",
        as_of: str = "",
        progress: Callable[[int], object] | None = None,
    ) -> IndexState:
        """Build the index anew beside the old one, which is searched meanwhile. Documents are taken one at a time.

        ``mark`` and ``as_of``: see ``Generation``. ``progress`` is called with the number of documents so far. Raises
        ValueError for an id that is not a UUID or comes twice, and IndexUnavailable where what was built does not
        answer as it should; the old index then stays.
        """
        old = self._generation()
        self._sweep(old)
        entry = self._build(_counted(documents, progress))
        new = Generation(0, position, fingerprint, (entry,) if entry else (), mark=mark, as_of=as_of)
        return state_of(self._switch(old, new))

    def apply(
        self,
        changed: Iterable[Document],
        removed: Iterable[str],
        *,
        position: int,
        mark: str = "",
        as_of: str | None = None,
    ) -> IndexState:
        """Let the index follow: ``changed`` replace those of the same id or are new (the last of the same id counts),
        ``removed`` are ids. Without ``as_of``, the day stays as it is.

        Does nothing where the index already stands at ``position`` or later, and for that day: another writer was
        here with the same or newer documents. Raises IndexUnavailable where there is nothing to follow from.
        """
        old = read_generation(self._path)
        as_of = old.as_of if as_of is None else as_of
        if position < old.position or (position, as_of) == (old.position, old.as_of):
            return state_of(old)
        self._sweep(old)
        fresh = {UUID(document.id): document for document in changed}
        gone = fresh.keys() | {UUID(identity) for identity in removed}
        kept: list[SegmentEntry] = []
        absorbed: list[tuple[Segment, np.ndarray]] = []
        for entry in sorted(old.segments, key=lambda s: s.documents, reverse=True):
            segment, dead = self._open(entry, whole=entry.documents <= _ABSORBED)
            dead = _also(dead, [at for identity in gone if (at := segment.lookup(identity)) is not None])
            alive = entry.documents - len(dead)
            small = entry.documents <= _ABSORBED
            if small and alive + len(fresh) + sum(len(a) for _, a in absorbed) <= _ABSORBED:
                absorbed.append((segment, alive_of(entry.documents, dead)))
            elif alive:
                kept.append(self._with_dead(entry, dead, old.number + 1))
        merged = self._build(_all(absorbed, fresh.values()))
        segments = (*kept, *([merged] if merged else []))
        new = self._switch(old, Generation(0, position, old.fingerprint, segments, mark=mark, as_of=as_of))
        self._tidy(new)
        return state_of(new)

    def _tidy(self, now: Generation) -> None:
        """Keep the number of segments small, and what is dead from being carried along for ever."""
        chosen = [s for s in now.segments if s.dead * 3 > s.documents and s.documents > _ABSORBED]
        if len(now.segments) > _SEGMENTS:
            chosen += [s for s in now.segments if s.documents <= _LARGE and s not in chosen]
        if not chosen:
            return
        opened = [self._open(entry, whole=True) for entry in chosen]
        merged = self._build(_all(((s, alive_of(s.documents, dead)) for s, dead in opened), ()))
        rest = tuple(s for s in now.segments if s not in chosen)
        self._switch(now, replace(now, segments=(*rest, *([merged] if merged else []))))

    def _build(self, documents: Iterable[Document]) -> SegmentEntry | None:
        """A new segment, probed and synced, that no manifest names yet; None where there are no documents."""
        name = f"segment-{secrets.token_hex(8)}"
        folder = self._path / name
        probes = Probes()
        try:
            count = build_segment(folder, probes.among(documents))
            if not count:
                shutil.rmtree(folder)
                return None
            files = {file.name: file_sum(file) for file in sorted(folder.iterdir())}
            for file in files:
                _sync(folder / file)
            sync_folder(folder)
            entry = SegmentEntry(name, count, files)
            probes.ask(self._path, entry)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return entry

    def _with_dead(self, entry: SegmentEntry, dead: np.ndarray, number: int) -> SegmentEntry:
        if len(dead) == entry.dead:
            return entry
        name = f"dead-{number}-{secrets.token_hex(4)}"
        data = dead.astype(np.uint32).tobytes()
        (self._path / name).write_bytes(data)
        _sync(self._path / name)
        return replace(entry, dead_file=name, dead=len(dead), dead_crc=crc32(data))

    def _open(self, entry: SegmentEntry, *, whole: bool) -> tuple[Segment, np.ndarray]:
        """``whole``: its documents are to be written anew, with sums that would make damage look well."""
        try:
            check_sizes(self._path, entry)
            if whole:
                check_sums(self._path, entry)
            return Segment(self._path / entry.name), read_dead(self._path, entry)
        except (OSError, ValueError) as error:
            raise IndexUnavailable(f"The index is damaged: {error}.") from error

    def _generation(self) -> Generation | None:
        try:
            return read_generation(self._path)
        except IndexUnavailable:
            return None

    def _switch(self, old: Generation | None, new: Generation) -> Generation:
        retired = tuple(sorted(old.names() - new.names())) if old else ()
        new = replace(new, number=old.number + 1 if old else 1, retired=retired)
        write_generation(self._path, new)
        return new

    def _sweep(self, generation: Generation | None) -> None:
        """Remove what no reader can still be about to open: all that neither this generation nor the one before it
        names. What a reader has open stays readable without its name."""
        needed = {MANIFEST, LOCK}
        if generation:
            needed |= generation.names() | set(generation.retired)
        for item in self._path.iterdir():
            if item.name in needed:
                continue
            if item.is_dir() and not item.is_symlink():
                shutil.rmtree(item, ignore_errors=True)
            else:
                item.unlink(missing_ok=True)


def rebuild(
    path: Path,
    documents: Iterable[Document],
    *,
    position: int,
    fingerprint: str,
    mark: str = "",
    as_of: str = "",
    progress: Callable[[int], object] | None = None,
) -> IndexState:
    """See ``IndexWriter.rebuild``."""
    with IndexWriter(path) as writer:
        return writer.rebuild(
            documents, position=position, fingerprint=fingerprint, mark=mark, as_of=as_of, progress=progress
        )


def apply(path: Path, changed: Iterable[Document], removed: Iterable[str], *, position: int) -> IndexState:
    """See ``IndexWriter.apply``."""
    with IndexWriter(path) as writer:
        return writer.apply(changed, removed, position=position)


def _counted(documents: Iterable[Document], progress: Callable[[int], object] | None) -> Iterator[Document]:
    for number, document in enumerate(documents, 1):
        yield document
        if progress:
            progress(number)


def _all(segments: Iterable[tuple[Segment, np.ndarray]], fresh: Iterable[Document]) -> Iterator[Document]:
    for segment, alive in segments:
        yield from segment.restore(alive)
    yield from fresh


def _also(dead: np.ndarray, more: list[int]) -> np.ndarray:
    return np.union1d(dead, np.array(more, dtype=np.uint32)).astype(np.uint32) if more else dead


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

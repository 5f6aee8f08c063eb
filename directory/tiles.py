"""Tiles of a larger map: fetched by this house for all who ask, and kept, so that nobody else learns who looks where.

Nothing of the asker goes on. Only the configured host is asked, no redirect is followed, and what is no picture of a
known kind, or larger than ``MOST_BYTES``, is none.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Protocol
from uuid import uuid4

from directory.errors import NotFound, TilesUnavailable

ZOOMS = range(3, 19)
MOST_BYTES = 1_000_000
MOST_KEPT = 200_000_000  # bytes on disk
FRESH_S = 30 * 24 * 3600
FAILED_S = 60.0  # so long nobody is asked again for a tile that did not come
MOST_FAILED = 1024
SECONDS = 8.0  # for one tile, in all
AT_ONCE = 4  # fetched by one process at a time, so that a slow host holds not all of its threads
AGENT = "Veiviser-map/1"
TURN = 200  # after so many new tiles it is looked at how much is kept
# What a picture begins with, by which it is known, whatever its sender calls it.
KINDS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}

Tile = tuple[bytes, str]  # and its media type
Fetch = Callable[[str], bytes]  # raises OSError for what does not come


class Clock(Protocol):
    def __call__(self) -> float: ...


class Tiles:
    """``template`` as MAP_TILES_URL. ``folder`` is made when first needed. ``wall``: seconds since 1970, as the times
    of files are; ``ticks``: seconds that never go back. Safe between threads; processes share the folder.
    """

    def __init__(
        self, template: str, folder: Path, fetch: Fetch, wall: Clock, ticks: Clock = monotonic
    ) -> None:
        self._template, self._folder, self._fetch = template, folder, fetch
        self._wall, self._ticks = wall, ticks
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._running: dict[tuple[int, int, int], threading.Event] = {}
        self._failed: OrderedDict[tuple[int, int, int], float] = OrderedDict()
        self._written = 0

    def tile(self, z: int, x: int, y: int) -> Tile:
        """Raises NotFound for one that there can't be, TilesUnavailable where it does not come and none is kept."""
        if z not in ZOOMS or not (0 <= x < 1 << z and 0 <= y < 1 << z):
            raise NotFound()
        which = (z, x, y)
        path = self._folder / str(z) / str(x) / str(y)
        kept = self._kept(path)
        if kept and self._wall() - kept[1] < FRESH_S:
            return kept[0]
        fresh = self._once(which, path)
        if fresh:
            return fresh
        if kept:  # a street that was renamed is better than none
            return kept[0]
        raise TilesUnavailable("The map can't be fetched just now.")

    def _kept(self, path: Path) -> tuple[Tile, float] | None:
        try:
            with path.open("rb") as file:
                body, age = file.read(MOST_BYTES + 1), os.fstat(file.fileno()).st_mtime
        except OSError:
            return None
        kind = kind_of(body)
        return ((body, kind), age) if kind else None

    def _once(self, which: tuple[int, int, int], path: Path) -> Tile | None:
        """The tile, fetched by one for all who wait for it; None where it did not come."""
        with self._lock:
            until = self._failed.get(which)
            if until is not None and self._ticks() < until:
                return None
            running = self._running.get(which)
            mine = running is None
            if running is None:
                running = self._running[which] = threading.Event()
        if not mine:
            running.wait(SECONDS)
            kept = self._kept(path)
            return kept[0] if kept else None
        try:
            tile = self._fetched(which)
            if tile:
                self._keep(path, tile[0])
            with self._lock:
                self._failed.pop(which, None)
                if tile is None:
                    self._failed[which] = self._ticks() + FAILED_S
                while len(self._failed) > MOST_FAILED:
                    self._failed.popitem(last=False)
            return tile
        finally:
            with self._lock:
                del self._running[which]
            running.set()

    def _fetched(self, which: tuple[int, int, int]) -> Tile | None:
        if not self._room.acquire(timeout=SECONDS):
            return None
        try:
            z, x, y = which
            body = self._fetch(address_of(self._template, z, x, y))
        except OSError:
            return None
        finally:
            self._room.release()
        kind = kind_of(body)
        return (body, kind) if kind and len(body) <= MOST_BYTES else None

    def _keep(self, path: Path, body: bytes) -> None:
        """A full disk is no reason not to show it."""
        with contextlib.suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = path.with_name(f".{uuid4().hex}")
            try:
                new.write_bytes(body)
                os.utime(new, (self._wall(), self._wall()))
                new.replace(path)
            finally:
                new.unlink(missing_ok=True)
            with self._lock:
                self._written += 1
                due = self._written % TURN == 1
            if due:
                clear(self._folder, MOST_KEPT)


def address_of(template: str, z: int, x: int, y: int) -> str:
    return template.replace("{z}", str(z)).replace("{x}", str(x)).replace("{y}", str(y))


def kind_of(body: bytes) -> str | None:
    """The media type of a picture, by its first bytes; None for what is none."""
    for start, kind in KINDS.items():
        if body.startswith(start) and (kind != "image/webp" or body[8:12] == b"WEBP"):
            return kind
    return None


def clear(folder: Path, most: int) -> int:
    """Delete the oldest tiles until what is left is of ``most`` bytes at most. Returns how many are gone."""
    found = []
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # another process clears too
            stat = path.lstat()
            if path.is_file():
                found.append((stat.st_mtime, stat.st_size, path))
    total, gone = sum(size for _, size, _ in found), 0
    for _, size, path in sorted(found):
        if total <= most:
            break
        path.unlink(missing_ok=True)
        total, gone = total - size, gone + 1
    return gone


def fetch(url: str, ticks: Clock = monotonic) -> bytes:
    """What stands at the address; no redirect, no proxy. Raises OSError."""
    import urllib3
    from urllib3.exceptions import HTTPError

    ends = ticks() + SECONDS
    pool = urllib3.PoolManager(num_pools=1, retries=False, headers={"User-Agent": AGENT, "Accept": "image/*"})
    try:
        answer = pool.request(
            "GET", url, redirect=False, preload_content=False, timeout=urllib3.Timeout(connect=3.0, read=3.0)
        )
        try:
            if answer.status != 200:
                raise OSError(f"status {answer.status}")
            body = b""
            # as it comes: nothing is unpacked, so that a small answer can't become a large one
            while chunk := answer.read1(64_000, decode_content=False):
                body += chunk
                if len(body) > MOST_BYTES or ticks() > ends:
                    raise OSError("too large, or too slow")
            return body
        finally:
            answer.close()
    except HTTPError as error:
        raise OSError(type(error).__name__) from None
    finally:
        pool.clear()

"""How much memory processes hold, as Linux tells it in /proc. All figures are bytes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Held:
    """``shared_out``: what it alone holds, and of what several hold its part, divided by how many they are."""

    private: int
    shared_out: int


def held(pid: int) -> Held:
    """Raises OSError where there is no such process, or no longer."""
    sizes: dict[str, int] = {}
    for line in (PROC / str(pid) / "smaps_rollup").read_text("ascii").splitlines()[1:]:
        name, value, *_ = line.split()
        sizes[name] = int(value) * 1024
    return Held(sizes["Private_Clean:"] + sizes["Private_Dirty:"], sizes["Pss:"])


def processes(mark: str) -> dict[int, int]:
    """Process -> its parent, of those in whose environment ``mark`` ("NAME=value") stands."""
    found = {}
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                # "pid (name) state parent …": a name may hold anything, also brackets
                found[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    return found


class Peak:
    """While in its context, the most that all processes with the mark held together."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.bytes = 0

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(EVERY_S):
            self.bytes = max(self.bytes, sum(self._each()))

    def _each(self) -> Iterator[int]:
        for pid in processes(self._mark):
            try:
                yield held(pid).shared_out
            except OSError:
                continue

"""What an engine must be able to do to take part in the comparison of speed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from tests.bench.asked import Answer, Facts, Question
from tests.bench.generator import Service


class Peer(Protocol):
    """One engine. ``build`` makes its index, where there was none, and opens it; ``close`` gives back what it holds."""

    name: str
    patience: (
        int | None
    )  # questions of each kind x services: the more of these, the fewer of those; None: all asked

    def __init__(self, folder: Path, facts: Facts) -> None: ...

    @classmethod
    def left_out(cls, size: int) -> str | None: ...  # why it takes no part at that size

    def build(self, services: Iterable[Service]) -> None: ...

    def search(self, question: Question) -> Answer: ...

    def numbers(self, answer: Answer) -> list[int]: ...  # of ``answer.first``; not timed

    def disk(self) -> int: ...  # bytes

    def close(self) -> None: ...


class InFolder:
    """What is alike in engines that live in this process and keep all of theirs in a folder, which must not exist."""

    patience: int | None = None

    def __init__(self, folder: Path, facts: Facts) -> None:
        self.folder, self._facts = folder, facts

    @classmethod
    def left_out(cls, size: int) -> str | None:
        return None

    def disk(self) -> int:
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())

    def close(self) -> None:
        """Nothing is held that the end of the process does not give back."""

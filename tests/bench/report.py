"""Tables for people, and a line of progress on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Table:
    """Rows under a title; the first column is left-aligned, numbers are aligned to the right."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: tuple[str, ...] = ()

    def add(self, *cells: object) -> None:
        self.rows.append(tuple(map(_written, cells)))

    def __str__(self) -> str:
        heads = tuple(name.replace("_", " ") for name in self.columns)
        widths = [max(map(len, column)) for column in zip(heads, *self.rows, strict=True)]
        lines = [self.title, *(_line(row, widths) for row in (heads, *self.rows))]
        lines.insert(2, "-" * len(lines[1]))
        return "\n".join((*lines, *self.notes, ""))


@dataclass(frozen=True, slots=True)
class Goal:
    """What was to be reached: ``measured`` at most ``limit``, or at least."""

    what: str
    measured: float
    limit: float
    at_most: bool = True

    @property
    def met(self) -> bool:
        return self.measured <= self.limit if self.at_most else self.measured >= self.limit


def goal_table(goals: Iterable[Goal]) -> Table:
    table = Table("Goals", ("what", "measured", "goal", ""))
    for goal in goals:
        sign = "≤" if goal.at_most else "≥"
        table.add(
            goal.what,
            float(goal.measured),
            f"{sign} {_written(float(goal.limit))}",
            "met" if goal.met else "NOT met",
        )
    return table


def _written(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:.3f}" if abs(cell) < 10 else f"{cell:,.1f}" if abs(cell) < 1000 else f"{cell:,.0f}"
    return f"{cell:,}" if isinstance(cell, int) else "–" if cell is None else str(cell)


def _line(cells: Iterable[str], widths: list[int]) -> str:
    first, *rest = (
        cell.ljust(width) if not number else cell.rjust(width)
        for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join((first, *rest)).rstrip()


class Progress:
    """A bar on a terminal, plain lines elsewhere, both on stderr. As a context manager it clears up behind itself."""

    WIDTH, LONGEST = 24, 100

    def __init__(self, label: str, steps: int) -> None:
        self.label, self.steps, self.done = label, steps, 0
        self._told, self._percent = "", -1
        self._terminal = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        self.step("", 0)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def step(self, told: str = "", number: int = 1) -> None:
        """``told``: what is being done; empty: the same as before."""
        self.done = min(self.done + number, self.steps)
        percent = self.done * 100 // (self.steps or 1)
        before = (self._told, self._percent)
        self._told, self._percent = told or self._told, percent
        if self._terminal:
            if before != (self._told, percent):
                bar = ("█" * (percent * self.WIDTH // 100)).ljust(self.WIDTH, "·")
                line = f"{self.label} {bar} {percent:3}% {self._told}"
                print(f"\r\033[K{line[: self.LONGEST]}", end="", file=sys.stderr, flush=True)
        elif before[0] != self._told:
            print(f"{self.label}: {self._told}", file=sys.stderr, flush=True)

"""Numbered marks on a map: those on one spot joined, and those too near to each other spread, so that each is read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

SAME_SPOT = 10.0  # units
REACH = 31.0  # half the height of a mark on the smallest screen
CHARACTER = 17.0  # of a number in a mark
APART = 58.0  # between the middles of two marks of one number
TURNS = 60
EDGE = 8.0


@dataclass(frozen=True, slots=True)
class Mark:
    """``about``: only the town or postcode of all of them is known. ``x``, ``y``: where it is drawn, and ``at_x``,
    ``at_y``, once it was moved, where it belongs."""

    numbers: tuple[int, ...]
    x: float
    y: float
    about: bool = False
    at_x: float | None = None
    at_y: float | None = None

    @property
    def text(self) -> str:
        return _said(self.numbers)

    @property
    def half(self) -> float:
        """Half of its width."""
        return REACH + max(0, len(self.text) - 2) * CHARACTER / 2

    @property
    def reach(self) -> float:
        return REACH

    @property
    def stem(self) -> float:
        """How long the straight part between its round ends is."""
        return 2 * (self.half - REACH)

    @property
    def is_moved(self) -> bool:
        return self.at_x is not None and math.hypot(self.x - self.at_x, self.y - (self.at_y or 0)) > SAME_SPOT


def said(numbers: Sequence[int]) -> str:
    """Numbers in rising order, those that follow each other as a range.

    >>> said([2, 3, 4, 7]), said([1, 2])
    ('2–4, 7', '1, 2')
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = [f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return ", ".join(parts)


_said = lru_cache(maxsize=2048)(said)


def joined(marks: Sequence[Mark]) -> list[Mark]:
    """Those that stand on the same spot as one; the first keeps its place."""
    together: list[Mark] = []
    for mark in marks:
        for place, other in enumerate(together):
            if math.hypot(mark.x - other.x, mark.y - other.y) < SAME_SPOT:
                numbers = tuple(sorted(other.numbers + mark.numbers))
                together[place] = replace(other, numbers=numbers, about=other.about and mark.about)
                break
        else:
            together.append(mark)
    return together


def spread(marks: Sequence[Mark], width: float, height: float) -> list[Mark]:
    """The same, moved apart as little as it takes, within the rectangle."""
    xs, ys = [mark.x for mark in marks], [mark.y for mark in marks]
    halves = [mark.half for mark in marks]
    for _ in range(TURNS):
        calm = True
        for i in range(len(marks)):
            for j in range(i):
                # wide marks as ellipses
                need = APART * (halves[i] + halves[j]) / (2 * REACH)
                dx, dy = xs[i] - xs[j], (ys[i] - ys[j]) * need / APART
                gap = math.hypot(dx, dy)
                if gap >= need - 0.5:
                    continue
                calm = False
                if gap < 1e-6:
                    dx, dy, gap = math.cos(i), math.sin(i), 1.0
                push = (need - gap) / 2 / gap
                xs[i], xs[j] = xs[i] + dx * push, xs[j] - dx * push
                ys[i], ys[j] = ys[i] + dy * push * APART / need, ys[j] - dy * push * APART / need
        for i, half in enumerate(halves):
            xs[i] = min(max(xs[i], half + EDGE), width - half - EDGE)
            ys[i] = min(max(ys[i], REACH + EDGE), height - REACH - EDGE)
        if calm:
            break
    return [replace(m, x=x, y=y, at_x=m.x, at_y=m.y) for m, x, y in zip(marks, xs, ys, strict=True)]

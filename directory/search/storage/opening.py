"""Which schedules of a segment are open at a time: worked out once for each that is asked about, and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np

from directory.hours import OpenState
from directory.search.matching.layout import CLOSED, NOT_ASKED, OPEN, UNKNOWN

StatesAt = Callable[[Sequence[tuple[str, str]], datetime], list[OpenState]]
_NUMBERS = {"open": OPEN, "closed": CLOSED, "unknown": UNKNOWN}


class OpenStates:
    """The schedules of one segment."""

    def __init__(self, schedules: Sequence[tuple[str, str]], states_at: StatesAt) -> None:
        self._schedules = schedules
        self._states_at = states_at
        # replaced as a whole, so that a thread sees one moment or the other
        self._moment: tuple[datetime | None, np.ndarray] = (None, np.empty(0, dtype=np.int8))

    def table(self, at: datetime) -> np.ndarray:
        """By schedule OPEN, CLOSED, UNKNOWN, or NOT_ASKED until it is worked out (int8)."""
        # Hours are written in minutes.
        at = at.replace(second=0, microsecond=0)
        moment, table = self._moment
        if moment != at:
            table = np.full(len(self._schedules), NOT_ASKED, dtype=np.int8)
            self._moment = (at, table)
        return table

    def work_out(self, numbers: np.ndarray, at: datetime, table: np.ndarray) -> None:
        """Fill in the states of these schedules."""
        asked = np.unique(numbers)
        answers = self._states_at([self._schedules[number] for number in asked.tolist()], at)
        table[asked] = [_NUMBERS[answer.state] for answer in answers]

"""Which schedules of a segment are open at a time: worked out once for each that is asked about, and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np

from directory.hours import OpenState

StatesAt = Callable[[Sequence[tuple[str, str]], datetime], list[OpenState]]
OPEN, CLOSED, UNKNOWN = 1, 0, -1
_NUMBERS = {"open": OPEN, "closed": CLOSED, "unknown": UNKNOWN}
_NOT_ASKED = -2


class OpenStates:
    """The schedules of one segment. Called with numbers of schedules (-1: none known) it gives their states (int8)."""

    def __init__(self, schedules: Sequence[tuple[str, str]], states_at: StatesAt) -> None:
        self._schedules = schedules
        self._states_at = states_at
        # replaced as a whole, so that a thread sees one moment or the other
        self._moment: tuple[datetime | None, np.ndarray] = (None, np.empty(0, dtype=np.int8))

    def __call__(self, numbers: np.ndarray, at: datetime) -> np.ndarray:
        # Hours are written in minutes.
        at = at.replace(second=0, microsecond=0)
        moment, table = self._moment
        if moment != at:
            table = np.full(len(self._schedules) + 1, _NOT_ASKED, dtype=np.int8)
            table[-1] = UNKNOWN
            self._moment = (at, table)
        states = table[numbers]
        if (states == _NOT_ASKED).any():
            asked = np.unique(numbers[states == _NOT_ASKED])
            answers = self._states_at([self._schedules[number] for number in asked.tolist()], at)
            table[asked] = [_NUMBERS[answer.state] for answer in answers]
            states = table[numbers]
        return states

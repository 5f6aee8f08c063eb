from __future__ import annotations

from datetime import UTC, date, datetime
from threading import Event

from directory.search.keeping import follow
from directory.search.upkeep import Kept


class Once:
    """An upkeep that fails first, then takes up a change, then asks for an end."""

    def __init__(self, stop: Event) -> None:
        self.stop, self.days = stop, list[date]()

    def catch_up(self, today: date) -> Kept:
        self.days.append(today)
        if len(self.days) == 1:
            raise OSError("the disk is full")
        if len(self.days) == 3:
            self.stop.set()
        return Kept(rebuilt=False, saved=1, removed=0, position=len(self.days))


def test_a_failure_is_not_the_end_of_following() -> None:
    stop = Event()
    upkeep = Once(stop)
    follow(upkeep, lambda: datetime(2026, 11, 22, tzinfo=UTC), stop, every_s=0)  # type: ignore[arg-type]
    assert upkeep.days == [date(2026, 11, 22)] * 3

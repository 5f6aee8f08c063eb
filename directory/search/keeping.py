"""Lets the index of a running service follow the catalogue, and rebuilds it by itself when it is missing or stale."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from threading import Event, Thread

from directory.search.upkeep import Upkeep

log = logging.getLogger(__name__)

EVERY_S = 5.0


def follow(upkeep: Upkeep, clock: Callable[[], datetime], stop: Event, every_s: float = EVERY_S) -> None:
    """Take up changes until ``stop`` is set. A failure is told and tried again: the index in use goes on answering."""
    while True:
        try:
            kept = upkeep.catch_up(clock().date())
            if kept.rebuilt or kept.saved or kept.removed:
                told = {"rebuilt": kept.rebuilt, "saved": kept.saved, "removed": kept.removed}
                log.info("the index took up changes", extra=told)
        except Exception:
            log.error("the index could not be kept", exc_info=True)
        if stop.wait(every_s):
            return


def keep_following(upkeep: Upkeep, clock: Callable[[], datetime]) -> None:
    """``follow`` beside whatever this process does, until it ends."""
    Thread(target=follow, args=(upkeep, clock, Event()), name="index", daemon=True).start()

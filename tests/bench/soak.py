"""Two workers under load and somebody who edits, for minutes (SECONDS): errors, the age of the oldest stale answer, and
whether memory grows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from threading import Event
from typing import Any

from tests.bench import over_http
from tests.bench.freshness import edited_server
from tests.bench.generator import World
from tests.bench.memory import held
from tests.bench.report import Goal, Table
from tests.reliability.house_for_faults import ASKED, said
from tests.worker_connections import Workers

SECONDS = 180
EDIT_EVERY_S, WEIGHED_EVERY_S = 0.2, 2.0
MOST_STALE_S, MOST_GROWTH = 1.0, 1.05
SHARE = 0.25  # of the time: what is held in the second such part (all is open by then) beside the last


def seconds() -> int:
    return int(os.environ.get("SECONDS", "") or SECONDS)


def steps(size: int) -> int:
    return size + seconds()


def measure(
    folder: Path, size: int, step: Callable[[str, int], object] = lambda told, steps: None
) -> dict[str, Any]:
    """Raises NotServing, and RuntimeError where wrk met errors."""
    world, lasting = World(), seconds()
    with edited_server(folder, size, world, step) as (server, parent, edits):
        workers = Workers(server.port, parent)
        pids = workers.pids()
        done = Event()
        committed = [time.monotonic()]  # of each change, when its commit had returned
        weights: dict[int, list[int]] = {pid: [] for pid in pids}
        step("soaking", 0)
        with ThreadPoolExecutor(len(pids) + 2) as pool:
            load = pool.submit(over_http.wrk, server, over_http.script(world, 1), folder, lasting)
            askers = [pool.submit(_ask, workers, pid, committed, done) for pid in pids]
            weigher = pool.submit(_weigh, weights, done)
            try:
                while not load.done():
                    began = time.monotonic()
                    edits.say(str(len(committed)))
                    committed.append(time.monotonic())
                    time.sleep(max(0.0, EDIT_EVERY_S - (time.monotonic() - began)))
                    if len(committed) % round(1 / EDIT_EVERY_S) == 0:
                        step("soaking", 1)
            finally:
                done.set()
            answers = [asker.result() for asker in askers]
            weigher.result()
        replaced = workers.pids() != pids
        workers.close()
    growth = {pid: _growth(held) for pid, held in weights.items()}
    return {
        "size": size,
        "seconds": lasting,
        "requests": load.result(),
        "changes": len(committed) - 1,
        "answers": sum(answered["answers"] for answered in answers),
        "errors": sum(answered["errors"] for answered in answers) + replaced,
        "stale_s": max(answered["stale_s"] for answered in answers),
        "memory": [{"first": first, "last": last} for first, last in growth.values()],
        "growth": max(last / first for first, last in growth.values()),
    }


def _ask(workers: Workers, pid: int, committed: list[float], done: Event) -> dict[str, Any]:
    """One asker of one worker. An answer is stale by the time since the first change that it lacks."""
    answers = errors = 0
    stale = 0.0
    while not done.is_set():
        began = time.monotonic()
        text = said(workers.ask(pid, ASKED))
        answers += 1
        if text is None:
            errors += 1
        elif (lacking := int(text) + 1) < len(committed):
            stale = max(stale, began - committed[lacking])
    return {"answers": answers, "errors": errors, "stale_s": stale}


def _weigh(weights: dict[int, list[int]], done: Event) -> None:
    while not done.wait(WEIGHED_EVERY_S):
        for pid, found in weights.items():
            found.append(held(pid).private)


def _growth(weights: Sequence[int]) -> tuple[float, float]:
    part = max(1, round(len(weights) * SHARE))
    return median(weights[part : 2 * part] or weights), median(weights[-part:])


def table(found: Sequence[dict[str, Any]]) -> Table:
    result = Table(
        "Two workers under load while somebody edits",
        (
            "services",
            "seconds",
            "requests/s",
            "changes",
            "errors",
            "stalest answer, s",
            "MB first",
            "MB last",
        ),
    )
    for one in found:
        first, last = (max(worker[when] for worker in one["memory"]) / 1e6 for when in ("first", "last"))
        rate = one["requests"]["requests_per_s"]
        told = (one["seconds"], rate, one["changes"], one["errors"], one["stale_s"], first, last)
        result.add(f"{one['size']:,}", *told)
    return result


def goals(found: Sequence[dict[str, Any]]) -> list[Goal]:
    judged = []
    for one in found:
        size = f"{one['size']:,} services, {one['seconds']} s"
        judged.append(Goal(f"errors under load and changes, {size}", float(one["errors"]), 0.0))
        judged.append(Goal(f"s that the stalest answer was old, {size}", one["stale_s"], MOST_STALE_S))
        judged.append(Goal(f"a worker's memory at the end/at first, {size}", one["growth"], MOST_GROWTH))
    return judged

"""How soon a change is searched: from the moment a commit returns, in a process of its own, until each worker's answers
show it, on a quiet server and under full load by wrk; and what it costs the others' searches."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from tests.bench import building, generated_house, over_http
from tests.bench.generator import World
from tests.bench.memory import processes
from tests.bench.report import Goal, Table
from tests.bench.server import RUN, Server, serving
from tests.reliability.house_for_faults import ASKED, Editor, said
from tests.worker_connections import Workers

Step = Callable[[str, int], object]

EDITS, EVERY_S = 40, 0.25
IDLE_S = 5.0
ROUNDS, SECONDS = 3, 10  # of load with and without somebody who edits, in turns
MOST_MS, MOST_P99, MOST_IDLE = 200.0, 2.0, 1.0
JUDGED = 100_000  # services
PATIENCE_S = 30.0


@contextmanager
def edited_server(folder: Path, size: int, world: World, step: Step) -> Iterator[tuple[Server, int, Editor]]:
    """A server over a made-up directory, its parent process, and somebody who edits one service of it."""
    step("rows of the catalogue", 0)
    path = folder / "directory.db"
    generated_house.write(f"sqlite:///{path}", size, world=world, step=lambda done: step("", done))
    step("index", 0)
    building.rebuild(folder)
    edits = Editor(path)
    try:
        edits.say("0")
        with serving(RUN, folder, "/api/v1/search?q=legevakt", over_http.AS_SHIPPED) as server:
            family = processes(f"PORT={server.port}")
            parent = next(pid for pid, above in family.items() if above not in family)
            yield server, parent, edits
    finally:
        edits.close()


def measure(folder: Path, size: int, step: Step = lambda told, steps: None) -> dict[str, Any]:
    """Raises NotServing, and RuntimeError where a change is never searched or wrk met errors."""
    world = World()
    with edited_server(folder, size, world, step) as (server, parent, edits):
        workers = Workers(server.port, parent)
        numbers = iter(range(1, 1_000_000))
        _times(workers, edits, numbers, 3)  # each worker has opened what it needs
        step("nobody asks, nobody edits", 1)
        idle = _idle(workers.pids())
        step("a change on a quiet server", 1)
        quiet = _times(workers, edits, numbers, EDITS)
        over_http.wrk(server, over_http.script(world, 0), folder, over_http.WARM_UP_S)
        late: dict[str, list[float]] = {"alone": [], "edited": []}
        loaded: list[float] = []
        with ThreadPoolExecutor(1) as pool:
            for number in range(ROUNDS):
                step("searches alone", 1)
                told = over_http.wrk(server, over_http.script(world, 2 * number + 1), folder, SECONDS)
                late["alone"].append(told["p99_ms"])
                step("searches, and changes", 1)
                load = pool.submit(
                    over_http.wrk, server, over_http.script(world, 2 * number + 2), folder, SECONDS
                )
                while not load.done():
                    loaded += _times(workers, edits, numbers, 1)
                late["edited"].append(load.result()["p99_ms"])
        workers.close()
    return {
        "size": size,
        "idle_cpu_percent": idle,
        "quiet_ms": _told(quiet),
        "loaded_ms": _told(loaded),
        "p99_ms": {name: median(values) for name, values in late.items()},
        "p99_ratio": median(late["edited"]) / median(late["alone"]),
    }


def steps(size: int) -> int:
    return size + 2 + 2 * ROUNDS


def _times(workers: Workers, edits: Editor, numbers: Iterator[int], edited: int) -> list[float]:
    """For each change, the milliseconds from the commit's return until the last worker showed it."""
    found = []
    pids = workers.pids()
    with ThreadPoolExecutor(len(pids)) as pool:
        for number in (str(next(numbers)) for _ in range(edited)):
            edits.say(number)
            committed = time.perf_counter()
            seen = pool.map(lambda pid, text=number: _seen(workers, pid, text), pids)
            found.append(1000 * (max(seen) - committed))
            time.sleep(max(0.0, EVERY_S - (time.perf_counter() - committed)))
    return found


def _seen(workers: Workers, pid: int, text: str) -> float:
    end = time.perf_counter() + PATIENCE_S
    while said(workers.ask(pid, ASKED)) != text:
        if time.perf_counter() > end:
            raise RuntimeError(f"a change was not searched within {PATIENCE_S:.0f} s")
    return time.perf_counter()


def _idle(pids: Sequence[int]) -> float:
    """Per cent of one processor that all workers take together when nobody asks."""
    before = sum(map(_processor_s, pids))
    time.sleep(IDLE_S)
    return 100 * (sum(map(_processor_s, pids)) - before) / IDLE_S


def _processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _told(times: Sequence[float]) -> dict[str, float]:
    return {
        "changes": len(times),
        "median": median(times),
        "p95": float(np.quantile(times, 0.95)),
        "most": max(times),
    }


def table(found: Sequence[dict[str, Any]]) -> Table:
    result = Table(
        "From a commit until every worker's answers show it (ms)",
        ("services", "server", "changes", "median", "p95", "most", "p99 of searches"),
    )
    for one in found:
        size, late = f"{one['size']:,}", one["p99_ms"]
        result.add(size, "quiet", *one["quiet_ms"].values(), None)
        result.add(size, "full load", *one["loaded_ms"].values(), late["edited"])
        result.add(size, "full load, no changes", None, None, None, None, late["alone"])
    result.notes = tuple(
        f"{one['size']:,} services: with nobody there, the workers take {one['idle_cpu_percent']:.1f} % of a processor."
        for one in found
    )
    return result


def goals(found: Sequence[dict[str, Any]]) -> list[Goal]:
    judged = []
    for one in found:
        size = f"{one['size']:,} services"
        if one["size"] >= JUDGED:
            told = f"ms until a change is searched in every worker at full load, median, {size}"
            judged.append(Goal(told, one["loaded_ms"]["median"], MOST_MS))
            judged.append(Goal(f"the same, 95 of 100 changes, {size}", one["loaded_ms"]["p95"], MOST_MS))
        judged.append(Goal(f"p99 of searches with changes/without, {size}", one["p99_ratio"], MOST_P99))
        judged.append(Goal(f"% of a processor when idle, {size}", one["idle_cpu_percent"], MOST_IDLE))
    return judged

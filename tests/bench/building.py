"""What the whole build costs: `veiviser index rebuild` over a catalogue of so many services, from its rows to an index
that is switched to; and what a worker holds that then answers from it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, product
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.bench import generated_house
from tests.bench.generator import World
from tests.bench.memory import Peak, held, processes
from tests.bench.report import Goal, Table
from tests.bench.server import ROOT, RUN, Server, environment, free_port, serving
from tests.bench.speed import Step

REBUILD = (sys.executable, "-m", "directory.cli", "index", "rebuild")
LEAST_RATE, RATED = 1500.0, 100_000  # services a second, judged at directories of at least so many
MOST_MEMORY = 3_000_000_000  # bytes, of a build
MOST_WORKER = 150_000_000  # bytes, of a worker, judged at directories of at most so many
SEARCHES = 400
CLIENTS = 8


def measure(folder: Path, size: int, step: Step = lambda told, steps: None) -> dict[str, Any]:
    """Raises RuntimeError where the build fails, NotServing where the server does. ``folder`` must be empty."""
    world = World()
    step("rows of the catalogue", 0)
    began = time.perf_counter()
    path = folder / "directory.db"
    generated_house.write(f"sqlite:///{path}", size, world=world, step=lambda done: step("", done))
    rows = time.perf_counter() - began
    step("index", 0)
    build = rebuild(folder)
    step("", size)
    step("a worker", 0)
    worker = _worker(folder, world)
    stored = sum(file.stat().st_size for file in (folder / "index").rglob("*") if file.is_file())
    return {
        "size": size,
        "rows_s": rows,
        "seconds": build["seconds"],
        "services_per_s": size / build["seconds"],
        "peak_bytes": build["peak_bytes"],
        "index_bytes_per_service": stored / size,
        "database_bytes_per_service": path.stat().st_size / size,
        "worker": worker,
    }


def rebuild(folder: Path) -> dict[str, Any]:
    """Of the command as a steward gives it, with all it has to start."""
    given = environment(folder, free_port())
    with Peak(f"VEIVISER_DATA_DIR={folder}") as peak:
        began = time.perf_counter()
        with subprocess.Popen(
            REBUILD, cwd=ROOT, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as done:
            assert done.stderr is not None
            told = done.stderr.read()
            _, status, used = os.wait4(done.pid, 0)
            done.returncode = os.waitstatus_to_exitcode(status)
        spent = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"the build failed: {told.strip()[-300:]}")
    return {"seconds": spent, "peak_bytes": max(peak.bytes, used.ru_maxrss * 1024)}


def _worker(folder: Path, world: World) -> dict[str, int]:
    """The one that holds most, once all have answered searches. What is private is what one more costs, and what is
    free again when it ends: of the rest, which the parent and the others hold too, it only has its share."""
    labels = [world.needs.label(slug, "nb") for slug in world.need_slugs]
    towns = [town.written for town in world.towns[:40]]
    asked = [
        "/api/v1/search?" + urlencode({"q": f"{need} {town}", "per_page": 20})
        for town, need in islice(product(towns, labels), SEARCHES)
    ]
    mark = f"VEIVISER_DATA_DIR={folder}"
    with serving(RUN, folder, asked[0]) as server:
        _ask(server, asked)
        running = processes(mark)
        workers = [held(pid) for pid, parent in running.items() if parent in running]
    most = max(workers, key=lambda worker: worker.private)
    return {"workers": len(workers), "private_bytes": most.private, "bytes": most.shared_out}


def _ask(server: Server, paths: Sequence[str]) -> None:
    with ThreadPoolExecutor(CLIENTS) as clients:
        if wrong := {status for status, _ in clients.map(server.get, paths) if status != 200}:
            raise RuntimeError(f"a search is answered by {wrong.pop()}")


def steps(size: int) -> int:
    return 2 * size


def table(found: Sequence[dict[str, Any]]) -> Table:
    result = Table(
        "The whole build, from the catalogue to a searched index",
        ("services", "seconds", "services/s", "peak MB", "index B/service", "database B/service",
         "a worker's share, MB", "of it its own"),
    )  # fmt: skip
    for row in found:
        worker = row["worker"]
        result.add(
            f"{row['size']:,}", row["seconds"], float(round(row["services_per_s"])),
            row["peak_bytes"] / 1e6, float(round(row["index_bytes_per_service"])),
            float(round(row["database_bytes_per_service"])), worker["bytes"] / 1e6, worker["private_bytes"] / 1e6,
        )  # fmt: skip
    return result


def goals(found: Sequence[dict[str, Any]]) -> list[Goal]:
    judged = []
    for row in found:
        size = f"{row['size']:,} services"
        if row["size"] >= RATED:
            judged.append(
                Goal(f"build of {size}, services/s", row["services_per_s"], LEAST_RATE, at_most=False)
            )
        judged.append(Goal(f"memory to build {size}, MB", row["peak_bytes"] / 1e6, MOST_MEMORY / 1e6))
        if row["size"] <= RATED:
            name = f"one more worker with {size}, MB"
            judged.append(Goal(name, row["worker"]["private_bytes"] / 1e6, MOST_WORKER / 1e6))
    return judged

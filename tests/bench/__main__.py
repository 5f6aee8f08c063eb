"""`make bench`: how good and how fast, as tables, and the same as JSON in ``bench.json`` in the data directory.

SIZE=10000 (or several: 10000,100000) is how many generated services the comparisons have; without it, from a thousand
to a million, which takes about an hour. ONLY=relevance (or several of relevance, speed, near, build, start, pages,
http, freshness, soak) chooses what runs; SECONDS=180 is how long the soak lasts. The last table holds every goal.
Ends with 1 where a comparison is void.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from directory.config import read_settings
from directory.errors import DirectoryError
from tests.bench import (
    building,
    density,
    freshness,
    lines,
    over_http,
    pages,
    parts,
    plain_bm25,
    relevance_report,
    second_start,
    soak,
    speed,
    speed_tables,
)
from tests.bench.report import Goal, Progress, Table, goal_table
from tests.bench.server import NotServing
from tests.databases import NotStarted

SIZES = (1_000, 10_000, 100_000, 1_000_000)
SOAKED = 10_000  # services
BUILT = 100_000  # the whole build is measured at the sizes from here on, or at the largest asked for
RELEVANCE_STEPS = 1 + len(plain_bm25.BASELINES) + len(parts.PARTS)


@dataclass(frozen=True, slots=True)
class Part:
    """``run``: in an empty folder, at those sizes. ``last`` and ``goals`` tell at the end what it found."""

    run: Callable[[Path, list[int]], Any]
    last: Callable[[Any], Sequence[Table]] = lambda found: ()
    goals: Callable[[Any], Sequence[Goal]] = lambda found: ()


def relevance(folder: Path, sizes: list[int]) -> dict[str, Any]:
    with Progress("relevance", RELEVANCE_STEPS) as progress:
        found = relevance_report.compare(folder, progress.step)
    line = relevance_report.absent()
    asked_for = lines.compare()
    for table in (*relevance_report.tables(found), *lines.tables(asked_for)):
        print(table)
    if line:
        print(f"{line}\n")
    return found | {"lines": asked_for} | ({"left_out": line} if line else {})


def compare_speed(folder: Path, sizes: list[int]) -> list[dict[str, Any]]:
    results = []
    for size in sizes:
        with (
            tempfile.TemporaryDirectory(dir=folder) as at,
            Progress(f"speed at {size:,}", speed.steps(size)) as progress,
        ):
            found = speed.compare(Path(at), size, step=progress.step)
        for table in speed_tables.tables(found):
            print(table)
        results.append(found)
    return results


def near(folder: Path, sizes: list[int]) -> dict[str, Any]:
    least = density.SMALLEST
    chosen = sorted({least, *(size for size in sizes if size > least)})
    with Progress("near a place", density.steps(chosen)) as progress:
        return density.measure(folder, chosen, step=progress.step)


def build(folder: Path, sizes: list[int]) -> list[dict[str, Any]]:
    results = []
    for size in [size for size in sizes if size >= BUILT] or sizes[-1:]:
        with (
            tempfile.TemporaryDirectory(dir=folder) as at,
            Progress(f"build of {size:,}", building.steps(size)) as progress,
        ):
            results.append(building.measure(Path(at), size, progress.step))
    return results


def start(folder: Path, sizes: list[int]) -> dict[str, Any]:
    with Progress("second start", second_start.STARTS + 1) as progress:
        found = second_start.measure(folder / "data", progress.step)
    print(second_start.table(found))
    return found


def shown(folder: Path, sizes: list[int]) -> dict[str, Any]:
    if line := pages.absent():
        print(f"{line}\n")
        return {"left_out": line}
    with Progress("pages", pages.steps()) as progress:
        return pages.measure(folder / "data", progress.step)


def http(folder: Path, sizes: list[int]) -> list[dict[str, Any]] | dict[str, Any]:
    if line := over_http.absent():
        print(f"{line}\n")
        return {"left_out": line}
    results = []
    for size in [size for size in sizes if size <= over_http.MOST] or sizes[:1]:
        with (
            tempfile.TemporaryDirectory(dir=folder) as at,
            Progress(f"HTTP at {size:,}", over_http.steps(size)) as progress,
        ):
            results.append(over_http.measure(Path(at), size, progress.step))
    return results


def fresh(folder: Path, sizes: list[int]) -> list[dict[str, Any]] | dict[str, Any]:
    return _edited(folder, [size for size in sizes if size <= over_http.MOST][-1:] or sizes[:1], freshness)


def soaked(folder: Path, sizes: list[int]) -> list[dict[str, Any]] | dict[str, Any]:
    return _edited(folder, [size for size in sizes if size <= SOAKED][-1:] or sizes[:1], soak)


def _edited(folder: Path, sizes: list[int], part: Any) -> list[dict[str, Any]] | dict[str, Any]:
    if line := over_http.absent():
        print(f"{line}\n")
        return {"left_out": line}
    results = []
    for size in sizes:
        name = part.__name__.rpartition(".")[2]
        with (
            tempfile.TemporaryDirectory(dir=folder) as at,
            Progress(f"{name} at {size:,}", part.steps(size)) as progress,
        ):
            results.append(part.measure(Path(at), size, progress.step))
    return results


PARTS: dict[str, Part] = {
    "relevance": Part(relevance),
    "speed": Part(compare_speed, lambda found: (speed_tables.summary(found),), speed_tables.goals),
    "near": Part(near, lambda found: (density.table(found),), density.goals),
    "build": Part(build, lambda found: (building.table(found),), building.goals),
    "start": Part(start),
    "pages": Part(shown, lambda found: (pages.table(found),), pages.goals),
    "http": Part(http, lambda found: (over_http.table(found),), over_http.goals),
    "freshness": Part(fresh, lambda found: (freshness.table(found),), freshness.goals),
    "soak": Part(soaked, lambda found: (soak.table(found),), soak.goals),
}


def asked(environment: dict[str, str]) -> tuple[list[int], list[str]]:
    """(sizes, parts) from SIZE and ONLY. Raises ValueError that names what does not fit."""
    only = environment.get("ONLY", "").replace(",", " ").split() or list(PARTS)
    if unknown := [name for name in only if name not in PARTS]:
        raise ValueError(f"ONLY takes {', '.join(PARTS)}, not {', '.join(unknown)}")
    sizes = environment.get("SIZE", "").replace(",", " ").split() or [str(size) for size in SIZES]
    if wrong := [size for size in sizes if not size.isascii() or not size.isdigit() or int(size) < 1]:
        raise ValueError(f"SIZE takes how many services, such as {SIZES[1]}, not {', '.join(wrong)}")
    return sorted({int(size) for size in sizes}), only


def is_void(results: dict[str, Any]) -> bool:
    """Whether the engines did not all find what is right, in any comparison."""
    comparisons = [*results.get("speed", ()), results.get("near", {})]
    return any(found.get("disagreements") for found in comparisons if isinstance(found, dict))


def conclusion(results: dict[str, Any]) -> str:
    """All that was compared, and every goal, once more."""
    ran = [(PARTS[name], found) for name, found in results.items() if name in PARTS and not failed(found)]
    tables = [table for part, found in ran for table in part.last(found)]
    goals = [goal for part, found in ran for goal in part.goals(found)]
    return "\n".join(map(str, [*tables, *([goal_table(goals)] if goals else [])]))


def failed(found: Any) -> bool:
    return isinstance(found, dict) and ("failed" in found or "left_out" in found)


def main() -> int:
    try:
        sizes, only = asked(dict(os.environ))
        data_dir = read_settings().ensure_data_dir()
    except (ValueError, DirectoryError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    results: dict[str, Any] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "processors": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.system(),
        },
    }
    for name in only:
        with tempfile.TemporaryDirectory(prefix="bench-", dir=data_dir) as folder:
            try:
                results[name] = PARTS[name].run(Path(folder), sizes)
            except (NotServing, NotStarted, RuntimeError, OSError) as error:
                print(f"{name}: {error}\n", file=sys.stderr)
                results[name] = {"failed": str(error)}
    print(conclusion(results))
    path = data_dir / "bench.json"
    path.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(f"The same as JSON: {path}")
    broken = any(isinstance(found, dict) and "failed" in found for found in results.values())
    return int(broken or is_void(results))


if __name__ == "__main__":
    raise SystemExit(main())

"""`make bench`: how good and how fast, as tables, and the same as JSON in ``bench.json`` in the data directory.

SIZE=10000 (or several: 10000,100000) is how many generated services the comparison of speed has; ONLY=relevance (or
several of relevance, speed, start, http) chooses what runs. Ends with 1 where a comparison is void.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from directory.config import read_settings
from directory.errors import DirectoryError
from tests.bench import over_http, parts, plain_bm25, relevance_report, second_start, speed, speed_tables
from tests.bench.report import Progress
from tests.bench.server import NotServing

SIZE = 10_000
RELEVANCE_STEPS = 1 + len(plain_bm25.BASELINES) + len(parts.PARTS)
Part = Callable[[Path, list[int]], Any]


def relevance(folder: Path, sizes: list[int]) -> dict[str, Any]:
    with Progress("relevance", RELEVANCE_STEPS) as progress:
        found = relevance_report.compare(folder, progress.step)
    line = relevance_report.absent()
    for table in relevance_report.tables(found):
        print(table)
    if line:
        print(f"{line}\n")
    return found | ({"left_out": line} if line else {})


def compare_speed(folder: Path, sizes: list[int]) -> dict[str, Any]:
    results = {}
    for size in sizes:
        at = folder / str(size)
        at.mkdir()
        with Progress(f"speed at {size:,}", speed.steps(size)) as progress:
            found = speed.compare(at, size, step=progress.step)
        for table in speed_tables.tables(found):
            print(table)
        results[str(size)] = found
    return results


def start(folder: Path, sizes: list[int]) -> dict[str, Any]:
    with Progress("second start", second_start.STARTS + 1) as progress:
        found = second_start.measure(folder / "data", progress.step)
    print(second_start.table(found))
    return found


def http(folder: Path, sizes: list[int]) -> dict[str, Any]:
    if line := over_http.absent():
        print(f"{line}\n")
        return {"left_out": line}
    with Progress("HTTP", 3) as progress:
        found = over_http.measure(folder / "data", progress.step)
    print(over_http.table(found))
    return found


PARTS: dict[str, Part] = {"relevance": relevance, "speed": compare_speed, "start": start, "http": http}


def asked(environment: dict[str, str]) -> tuple[list[int], list[str]]:
    """(sizes, parts) from SIZE and ONLY. Raises ValueError that names what does not fit."""
    only = environment.get("ONLY", "").replace(",", " ").split() or list(PARTS)
    if unknown := [name for name in only if name not in PARTS]:
        raise ValueError(f"ONLY takes {', '.join(PARTS)}, not {', '.join(unknown)}")
    sizes = environment.get("SIZE", "").replace(",", " ").split() or [str(SIZE)]
    if wrong := [size for size in sizes if not size.isascii() or not size.isdigit() or int(size) < 1]:
        raise ValueError(f"SIZE takes how many services, such as {SIZE}, not {', '.join(wrong)}")
    return [int(size) for size in sizes], only


def is_void(speeds: dict[str, Any]) -> bool:
    """Whether at any size the engines did not all find what is right."""
    return any(isinstance(found, dict) and found["disagreements"] for found in speeds.values())


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
    failed = False
    for name in only:
        with tempfile.TemporaryDirectory(prefix="bench-", dir=data_dir) as folder:
            try:
                results[name] = PARTS[name](Path(folder), sizes)
            except (NotServing, RuntimeError) as error:
                print(f"{name}: {error}\n", file=sys.stderr)
                results[name] = {"failed": str(error)}
                failed = True
    path = data_dir / "bench.json"
    path.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(f"The same as JSON: {path}")
    return int(failed or is_void(results.get("speed", {})))


if __name__ == "__main__":
    raise SystemExit(main())

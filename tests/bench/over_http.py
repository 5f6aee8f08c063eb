"""Requests a second over HTTP, by wrk on loopback: a search of 20 results, and a bare Flask JSON hello, both on the
house's own gunicorn settings with two workers."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from directory.config import SEED_DIR
from directory.needs import Needs
from tests.bench.report import Table
from tests.bench.second_start import ASKED
from tests.bench.server import ROOT, RUN, WORKERS, Server, serving

HELLO = (sys.executable, "-m", "gunicorn", "--config", str(ROOT / "tests" / "bench" / "hello_gunicorn.py"))
CONNECTIONS, WARM_UP_S, SECONDS = 8, 2, 8
PATHS = 60  # different searches, asked in turn
PER_PAGE = 20
TOWNS = (
    "Oslo",
    "Bergen",
    "Trondheim",
    "Tromsø",
    "Stavanger",
    "Kristiansand",
    "Bodø",
    "Drammen",
    "Hamar",
    "Alta",
)
RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
LATENCY = re.compile(r"(\d+)%\s+([\d.]+)(us|ms|s)\b")
REFUSED = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.+)")
MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
ROTATE = """
local paths = {%s}
local at = 0
request = function()
  at = at %% #paths + 1
  return wrk.format("GET", paths[at])
end
"""


def absent() -> str | None:
    """One line where wrk is not installed."""
    return (
        None if shutil.which("wrk") else "wrk is not installed (apt-get install wrk): HTTP is not measured."
    )


def measure(folder: Path, step: Callable[[str], None] = lambda told: None) -> dict[str, Any]:
    """Raises NotServing, and RuntimeError where wrk met errors. What wrk needs must not be ``absent``."""
    folder.mkdir()
    step("starting")
    with serving(RUN, folder, ASKED) as server:
        paths = _searches(server)
        step("search")
        search = _wrk(server, paths, folder)
        size = len(server.get(paths[0])[1])
    with serving(HELLO, folder, "/", {"PYTHONPATH": str(ROOT)}) as server:
        step("hello")
        hello = _wrk(server, ["/"], folder)
    share = search["requests_per_s"] / hello["requests_per_s"]
    return {"workers": WORKERS, "search": {**search, "bytes": size}, "hello": hello, "search_of_hello": share}


def _searches(server: Server) -> list[str]:
    """Searches by a need's label and a town that have a full page of results."""
    found = []
    needs = [need for need in Needs.load(SEED_DIR) if need.parent is not None]
    for town, need in product(TOWNS, needs):
        path = "/api/v1/search?" + urlencode({"q": f"{need.labels['nb']} {town}", "per_page": PER_PAGE})
        status, body = server.get(path)
        if status == 200 and len(json.loads(body)["results"]) == PER_PAGE:
            found.append(path)
        if len(found) == PATHS:
            break
    return found


def _wrk(server: Server, paths: list[str], folder: Path) -> dict[str, Any]:
    script = folder / "paths.lua"
    script.write_text(ROTATE % ", ".join(json.dumps(path) for path in paths), "utf-8")
    address = f"http://127.0.0.1:{server.port}"
    command = ["wrk", "-t", "2", "-c", str(CONNECTIONS), "--latency", "-s", str(script)]
    for seconds in (WARM_UP_S, SECONDS):
        done = subprocess.run(
            [*command, "-d", f"{seconds}s", address], capture_output=True, text=True, timeout=60, check=False
        )
    return read(done.stdout or done.stderr)


def read(told: str) -> dict[str, Any]:
    """What wrk wrote. Raises RuntimeError where not every request was answered well."""
    rate, refused = RATE.search(told), REFUSED.search(told)
    if rate is None or refused is not None:
        raise RuntimeError(f"wrk: {refused[0] if refused else told.strip()[:200]}")
    latency = {f"p{share}_ms": float(value) * MS[unit] for share, value, unit in LATENCY.findall(told)}
    return {"requests_per_s": float(rate[1]), **latency}


def table(found: dict[str, Any]) -> Table:
    result = Table(
        f"HTTP by wrk, {CONNECTIONS} connections, {found['workers']} workers",
        ("request", "requests/s", "median ms", "p99 ms", "of hello"),
    )
    for name in ("hello", "search"):
        row = found[name]
        share = row["requests_per_s"] / found["hello"]["requests_per_s"]
        result.add(name, row["requests_per_s"], row.get("p50_ms"), row.get("p99_ms"), share)
    result.notes = (f"A search of {PER_PAGE} results over the seed, {found['search']['bytes']:,} bytes.",)
    return result

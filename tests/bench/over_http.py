"""Requests over HTTP, by wrk on loopback: searches of a made-up directory, and a bare Flask JSON hello, both on the
house's own gunicorn settings with two workers, asked in turns so that what else the machine does meets both.

No search is asked twice: need, town, place (to some metres) and kind are drawn anew for each. The service is run as it
ships, with its log line for each request; the hello logs nothing.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote, urlencode

from tests.bench import building, generated_house
from tests.bench.generator import World
from tests.bench.report import Goal, Table
from tests.bench.server import ROOT, RUN, WORKERS, Server, serving

Step = Callable[[str, int], object]  # what is done, and how many steps that were

HELLO = (sys.executable, "-m", "gunicorn", "--config", str(ROOT / "tests" / "bench" / "hello_gunicorn.py"))
AS_SHIPPED = {"VEIVISER_LOG_LEVEL": "info"}
CONNECTIONS, WARM_UP_S, ROUNDS, SECONDS = 8, 3, 5, 4
# Under a share of what it bears, more people ask, each waiting between two searches for as long as chance has it.
PEOPLE, LOAD, LOADED_S, LEARNT = 48, 0.8, 15, 4
PER_PAGE = 20
TOWNS = 60  # the largest
SAMPLE = 60  # answers looked at
LEAST_OF_HELLO = {10_000: 0.6, 100_000: 0.4}
MOST = 100_000  # services
MOST_P99, MOST_OPEN = 5.0, 1.5

RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
LATENCY = re.compile(r"(\d+)%\s+([\d.]+)(us|ms|s)\b")
REFUSED = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.+)")
MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}

HELLO_SCRIPT = ""
# A third each: need and town as one line of text; need as text, and a point; need as a criterion, and a point.
SEARCH_SCRIPT = """
local needs, towns = {%(needs)s}, {%(towns)s}
local threads = 0
setup = function(thread) threads = threads + 1; thread:set("number", threads) end
init = function() math.randomseed(%(seed)d * 100 + number) end
local any = function(list) return list[math.random(#list)] end
local near = function(town)
  return string.format("%%.4f,%%.4f", town[3] + (math.random() - 0.5) / 20, town[4] + (math.random() - 0.5) / 20)
end
request = function()
  local need, town, kind = any(needs), any(towns), math.random(3)
  local values
  if kind == 1 then values = {{"q", need[%(text)d] .. "%(space)s" .. town[%(text)d]}}
  elseif kind == 2 then values = {{"q", need[%(text)d]}, {"near", near(town)}}
  else values = {{"need", need[3]}, {"near", near(town)}} end
  %(ask)s
end
"""
GET = """
  local query = "/api/v1/search?per_page=20%s"
  for _, value in ipairs(values) do query = query .. "&" .. value[1] .. "=" .. value[2] end
  return wrk.format("GET", query)
"""
POST = """
  local body = '{"per_page":20'
  for _, value in ipairs(values) do body = body .. ',"' .. value[1] .. '":"' .. value[2] .. '"' end
  return wrk.format("POST", "/api/v1/search", {["Content-Type"] = "application/json"}, body .. "}")
"""
THINK = """
delay = function() return math.floor(0.5 - math.log(1 - math.random()) * %f) end
"""


def absent() -> str | None:
    """One line where wrk is not installed."""
    return (
        None if shutil.which("wrk") else "wrk is not installed (apt-get install wrk): HTTP is not measured."
    )


def steps(size: int) -> int:
    return 2 * size + 4 * ROUNDS


def measure(folder: Path, size: int, step: Step = lambda told, steps: None) -> dict[str, Any]:
    """Raises NotServing, and RuntimeError where wrk met errors. What wrk needs must not be ``absent``."""
    world = World()
    step("rows of the catalogue", 0)
    generated_house.write(
        f"sqlite:///{folder / 'directory.db'}", size, world=world, step=lambda done: step("", done)
    )
    step("index", 0)
    building.rebuild(folder)
    step("", size)
    hello_folder = folder / "hello"
    hello_folder.mkdir()
    asked = _samples(world)
    with (
        serving(RUN, folder, asked[0], AS_SHIPPED) as searched,
        serving(HELLO, hello_folder, "/", {"PYTHONPATH": str(ROOT)}) as greeting,
    ):
        answers = [json.loads(body) for _, body in map(searched.get, asked)]
        turns = {
            "hello": (greeting, lambda seed: HELLO_SCRIPT),
            "search": (searched, lambda seed: script(world, seed)),
            "search by POST": (searched, lambda seed: script(world, seed, post=True)),
            "search, open now": (searched, lambda seed: script(world, seed, more="&open_at=now")),
        }
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in turns}
        for server, made in turns.values():
            wrk(server, made(0), folder, WARM_UP_S)
        for number in range(1, ROUNDS + 1):
            for name, (server, made) in turns.items():
                step(name, 1)
                rounds[name].append(wrk(server, made(number), folder, SECONDS))
        found = {name: _middle(told) for name, told in rounds.items()}
        step("80 % of the load", 0)
        loaded = _loaded(searched, script(world, ROUNDS + 1), folder, found["search"])
    rates = {name: row["requests_per_s"] for name, row in found.items()}
    return {
        "size": size,
        "workers": WORKERS,
        "requests": found,
        "rounds": rounds,
        "bytes": median(len(json.dumps(answer, ensure_ascii=False).encode()) for answer in answers),
        "results": sum(len(answer["results"]) for answer in answers) / len(answers),
        "search_of_hello": rates["search"] / rates["hello"],
        "post_of_get": rates["search by POST"] / rates["search"],
        "open_now": rates["search"] / rates["search, open now"],
        "loaded": loaded | {"share": loaded["requests_per_s"] / rates["search"]},
    }


def script(world: World, seed: int, *, more: str = "", post: bool = False) -> str:
    """wrk's script of searches that are drawn as ``seed`` has it, with ``more`` after the query of each."""
    needs = [(world.needs.label(slug, "nb"), slug) for slug in world.need_slugs]
    towns = world.towns[:TOWNS]
    return SEARCH_SCRIPT % {
        "needs": ",".join(_lua([quote(label), _inside(label), slug]) for label, slug in needs),
        "towns": ",".join(
            _lua([quote(t.written), _inside(t.written), round(t.lat, 4), round(t.lon, 4)]) for t in towns
        ),
        "seed": seed,
        "text": 2 if post else 1,
        "space": " " if post else "%20",
        "ask": POST if post else GET % more,
    }


def _lua(values: Sequence[str | float]) -> str:
    return "{" + ",".join(json.dumps(value, ensure_ascii=False) for value in values) + "}"


def _inside(text: str) -> str:
    """As it stands between the quotation marks of JSON."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _samples(world: World) -> list[str]:
    """Such searches as the script makes, of the first kind."""
    labels = [world.needs.label(slug, "nb") for slug in world.need_slugs]
    chosen = ((labels[n * 7 % len(labels)], world.towns[n % TOWNS].written) for n in range(SAMPLE))
    return [
        "/api/v1/search?" + urlencode({"q": f"{label} {town}", "per_page": PER_PAGE})
        for label, town in chosen
    ]


def wrk(
    server: Server, lua: str, folder: Path, seconds: int, *, connections: int = CONNECTIONS
) -> dict[str, float]:
    """Raises RuntimeError where not every request was answered well."""
    path = folder / "asked.lua"
    path.write_text(lua, "utf-8")
    command = ["wrk", "-t", "2", "-c", str(connections), "-d", f"{seconds}s", "--latency", "-s", str(path)]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{server.port}"],
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=False,
    )
    return read(done.stdout or done.stderr)


def read(told: str) -> dict[str, float]:
    """What wrk wrote. Raises RuntimeError where not every request was answered well."""
    rate, refused = RATE.search(told), REFUSED.search(told)
    if rate is None or refused is not None:
        raise RuntimeError(f"wrk: {refused[0] if refused else told.strip()[:200]}")
    latency = {f"p{share}_ms": float(value) * MS[unit] for share, value, unit in LATENCY.findall(told)}
    return {"requests_per_s": float(rate[1]), **latency}


def _loaded(server: Server, lua: str, folder: Path, full: dict[str, float]) -> dict[str, float]:
    """Under ``LOAD`` of what it bears. How long each waits between two searches is learnt from shorter rounds, by half
    of what it is off each time: the less they wait, the longer an answer takes."""
    each_ms = 1000 * PEOPLE / (LOAD * full["requests_per_s"])
    waits = max(each_ms - full["p50_ms"], 0.0)
    for _ in range(LEARNT):
        found = wrk(server, lua + THINK % waits, folder, SECONDS, connections=PEOPLE)
        waits = max(waits + (each_ms - 1000 * PEOPLE / found["requests_per_s"]) / 2, 0.0)
    return wrk(server, lua + THINK % waits, folder, LOADED_S, connections=PEOPLE)


def _middle(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: median(one[name] for one in rounds) for name in rounds[0]}


def table(found: Sequence[dict[str, Any]]) -> Table:
    result = Table(
        f"HTTP by wrk, {WORKERS} workers, median of {ROUNDS} rounds in turns",
        ("services", "request", "requests/s", "median ms", "p99 ms", "p99/median", "of hello"),
    )
    for one in found:
        hello = one["requests"]["hello"]["requests_per_s"]
        loaded = f"search at {one['loaded']['share']:.0%} of that"
        for name, row in {**one["requests"], loaded: one["loaded"]}.items():
            rate, middle, late = row["requests_per_s"], row["p50_ms"], row["p99_ms"]
            result.add(f"{one['size']:,}", name, rate, middle, late, late / middle, rate / hello)
    result.notes = tuple(
        f"{one['size']:,} services: {one['results']:.1f} results of {PER_PAGE} an answer, {one['bytes']:,.0f} bytes."
        for one in found
    )
    return result


def goals(found: Sequence[dict[str, Any]]) -> list[Goal]:
    judged = []
    for one in found:
        size = f"{one['size']:,} services"
        if least := LEAST_OF_HELLO.get(one["size"]):
            judged.append(
                Goal(f"searches/hellos over HTTP, {size}", one["search_of_hello"], least, at_most=False)
            )
        late = one["loaded"]["p99_ms"] / one["loaded"]["p50_ms"]
        judged.append(
            Goal(f"p99/median over HTTP at {one['loaded']['share']:.0%} load, {size}", late, MOST_P99)
        )
        judged.append(Goal(f"a search with open_at=now/without, {size}", one["open_now"], MOST_OPEN))
    return judged

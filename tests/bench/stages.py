"""Where the time of a search goes: the application asked in this process, as gunicorn asks it, without a network.

    python -m tests.bench.stages FOLDER

FOLDER is a data directory with an index, such as ``generated_house`` and `veiviser index rebuild` make. The searches
are drawn as those of ``over_http``, none twice. Time is that of the processor, in this thread, so that what else the
machine does counts for less; a bare Flask hello, asked in between, tells what the machine is worth at the moment.
"""

from __future__ import annotations

import io
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

from directory import create_app
from directory.api.rooms import KEY
from directory.config import Settings
from directory.logs import log_to_stdout
from tests.bench.generator import World
from tests.bench.hello import app as hello
from tests.bench.over_http import PER_PAGE, TOWNS
from tests.bench.report import Table

SEARCHES, WARM_UP = 500, 100
KINDS = ("need and place as text", "need as text, a point", "need as criterion, a point")
WHOLE, HELLO = "all of it", "hello"
# what is told, and the method of whose time it is; a stage's time is without those named after it that it calls
STAGES = {
    "resolve": "criteria, places of a point",
    "understand": "understanding the line",
    "query": "what the engine is asked",
    "search": "engine",
    "results": "joining the results",
    "answer": "the rest of the answer",
}
OUTSIDE = "headers, arguments, metrics, log"


def measure(folder: Path, searches: int = SEARCHES) -> dict[str, dict[str, float]]:
    """Kind of search -> stage -> µs of a search (median), and the hello's."""
    app = create_app(Settings(_env_file=None, data_dir=folder))
    finder = app.extensions[KEY].searcher
    spent: dict[str, list[float]] = defaultdict(list)
    world, chance = World(), random.Random(1)
    with _Timed(spent) as timed:
        timed.watch(type(finder), "resolve", "answer")
        timed.watch(type(finder.querying), "__call__", name="query")
        timed.watch(type(finder.understand), "__call__", name="understand")
        timed.watch(type(finder.joiner), "results")
        timed.watch(type(finder.engine.snapshot()), "search")
        found = {}
        for number, kind in enumerate(KINDS):
            for at in range(WARM_UP + searches):
                if at == WARM_UP:
                    spent.clear()
                spent[WHOLE].append(ask(app.wsgi_app, "/api/v1/search", _draw(world, chance, number)))
                spent[HELLO].append(ask(hello.wsgi_app, "/", ""))
            found[kind] = {name: median(times) for name, times in spent.items()}
    return found


def own(told: dict[str, float]) -> dict[str, float]:
    """What each stage takes itself: all of it is their sum."""
    inner = {name: told.get(name, 0.0) for name in STAGES}
    inner["answer"] -= sum(inner[name] for name in ("understand", "query", "search", "results"))
    return {OUTSIDE: told[WHOLE] - told["resolve"] - told["answer"]} | {
        STAGES[name]: value for name, value in inner.items()
    }


def table(found: dict[str, dict[str, float]]) -> Table:
    kinds = list(found)
    result = Table("Processor time of a search, µs, and in times a Flask hello", ("stage", *kinds, "of all"))
    parts = {kind: own(told) for kind, told in found.items()}
    whole = sum(told[WHOLE] for told in found.values())
    for stage in parts[kinds[0]]:
        row = [parts[kind][stage] for kind in kinds]
        result.add(stage, *map(round, row), f"{sum(row) / whole:.0%}")
    result.add(WHOLE, *(round(found[kind][WHOLE]) for kind in kinds), "100%")
    result.add("a Flask hello", *(round(found[kind][HELLO]) for kind in kinds), None)
    result.add("times a hello", *(round(found[kind][WHOLE] / found[kind][HELLO], 1) for kind in kinds), None)
    return result


class _Timed:
    """Methods whose time is taken within the context."""

    def __init__(self, spent: dict[str, list[float]]) -> None:
        self._spent = spent
        self._kept: list[tuple[type, str, Callable[..., Any]]] = []

    def __enter__(self) -> _Timed:
        return self

    def __exit__(self, *exception: object) -> None:
        for owner, method, was in reversed(self._kept):
            setattr(owner, method, was)

    def watch(self, owner: type, *methods: str, name: str = "") -> None:
        for method in methods:
            was = getattr(owner, method)
            self._kept.append((owner, method, was))
            setattr(owner, method, self._timing(was, self._spent, name or method))

    def _timing(
        self, was: Callable[..., Any], spent: dict[str, list[float]], name: str
    ) -> Callable[..., Any]:
        def timing(*given: Any, **named: Any) -> Any:
            began = time.thread_time_ns()
            try:
                return was(*given, **named)
            finally:
                spent[name].append((time.thread_time_ns() - began) / 1000)

        return timing


def _draw(world: World, chance: random.Random, kind: int) -> str:
    slug, town = chance.choice(world.need_slugs), chance.choice(world.towns[:TOWNS])
    label = world.needs.label(slug, "nb")
    near = f"{town.lat + (chance.random() - 0.5) / 20:.4f},{town.lon + (chance.random() - 0.5) / 20:.4f}"
    asked = ({"q": f"{label} {town.written}"}, {"q": label, "near": near}, {"need": slug, "near": near})[kind]
    return urlencode(asked | {"per_page": str(PER_PAGE)})


def ask(
    application: Any, path: str, query: str = "", *, body: bytes = b"", kind: str = "", accepts: str = ""
) -> float:
    """µs of the processor, of a GET, or of a POST of a ``body`` of that media type. Raises RuntimeError where the
    answer is not 200."""
    environ = {
        "REQUEST_METHOD": "POST" if body else "GET", "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:8000", "REMOTE_ADDR": "127.0.0.1", "wsgi.version": (1, 0),
        "CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(body)), "HTTP_ACCEPT_ENCODING": accepts,
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr,
        "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False,
    }  # fmt: skip
    told: list[str] = []
    began = time.thread_time_ns()
    b"".join(application(environ, lambda status, headers, *error: told.append(status)))
    spent = (time.thread_time_ns() - began) / 1000
    if told != ["200 OK"]:
        raise RuntimeError(f"a search is answered by {told}")
    return spent


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not (Path(arguments[0]) / "index").is_dir():
        print("python -m tests.bench.stages FOLDER (a data directory with an index)", file=sys.stderr)
        return 2
    log_to_stdout("warning")
    print(table(measure(Path(arguments[0]))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

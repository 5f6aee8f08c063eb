"""How quick the pages of clients are: over the wire, in a browser on a slow line, and for the server.

Bytes and paints are Chromium's own figures (the DevTools protocol, the performance API) with nothing in its cache, over
a line of 150 ms and 1.6 Mbit/s, which is what Lighthouse takes for a slow phone; the processor is this machine's. The
server's time is what a client on this machine waits for, page and JSON asked in turn for the same searches; beside it
stands the processor's, of the application alone.
"""

from __future__ import annotations

import http.client
import random
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

import orjson

from directory import create_app
from directory.config import Settings
from tests.bench.generator import World
from tests.bench.over_http import TOWNS
from tests.bench.report import Goal, Table
from tests.bench.server import RUN, serving
from tests.bench.stages import ask

LATENCY_MS, BYTES_S = 150, 1_600_000 // 8
MOST_KB, MOST_LCP_S, MOST_TIMES, MOST_LOADER_KB = 30.0, 1.5, 3.0, 3.0
LOADS = 5  # of each page, each in a browser that has seen nothing
SEARCHES, WARM_UP = 300, 600  # a server that has been asked for some minutes
JSON, FORM = "/api/v1/search", "application/x-www-form-urlencoded"
PER_PAGE = 10  # as many as a page shows
PAGES: Mapping[str, str] = {
    "search": "/nb/",
    "results by link": "/nb/?need=naloxone&near=Bergen",
    "results in Arabic": "/ar/?need=hiv-testing&near=Oslo",
    "widget": "/embed?need=naloxone&near=Bergen&lang=nb",
}
TYPED = "results of what was typed"
WATCH = """() => {
  window.seen = {lcp: 0, shift: 0, blocking: 0};
  const watch = (type, take) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({type, buffered: true});
  watch('largest-contentful-paint', (one) => { seen.lcp = one.startTime; });
  watch('layout-shift', (one) => { if (!one.hadRecentInput) seen.shift += one.value; });
  watch('longtask', (one) => { seen.blocking += one.duration - 50; });
}"""
HELD_UP = """() => performance.getEntriesByType('resource')
  .filter((one) => one.initiatorType === 'script' && one.renderBlockingStatus === 'blocking').length"""


def absent() -> str | None:
    return None if shutil.which("chromium") else "Chromium is missing: how quick pages are is not measured."


def steps(size: int = 0) -> int:
    return 4 + len(PAGES)


def measure(folder: Path, step: Callable[[str], None] = lambda told: None) -> dict[str, Any]:
    """Raises NotServing."""
    from playwright.sync_api import sync_playwright

    folder.mkdir()
    step("first start")
    found: dict[str, Any] = {"loads": {}}
    with serving(RUN, folder, PAGES["search"]) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        address = f"http://127.0.0.1:{server.port}"
        for name, path in PAGES.items():
            step(name)
            found["loads"][name] = _best([_load(browser, address + path) for _ in range(LOADS)])
        found["loads"][TYPED] = _best([_load(browser, address + "/nb/", typed=True) for _ in range(LOADS)])
        found["loader_bytes"] = len(server.get("/widget.js")[1])
        browser.close()
        step("time of the server")
        found["waited"] = _waited(server.port)
    step("processor time of the server")
    return found | {"server": _server_time(folder)}


def _load(browser: Any, address: str, typed: bool = False) -> dict[str, float]:
    """``typed``: the page that a search leads to from there; its bytes are those of both."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, device_scale_factor=2)
    page = context.new_page()
    page.add_init_script(f"({WATCH})()")
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": LATENCY_MS,
            "downloadThroughput": BYTES_S,
            "uploadThroughput": BYTES_S / 2,
        },
    )
    sizes: list[float] = []
    line.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    page.goto(address, wait_until="load")
    if typed:
        page.get_by_role("searchbox").or_(page.locator("[name=q]")).first.fill("naloxone bergen")
        with page.expect_navigation(wait_until="load"):
            page.locator("[name=q]").first.press("Enter")
    page.wait_for_timeout(400)
    seen: dict[str, float] = page.evaluate("seen")
    held_up = page.evaluate(HELD_UP)
    context.close()
    return {
        "kb": sum(sizes) / 1000,
        "requests": float(len(sizes)),
        "lcp_s": seen["lcp"] / 1000,
        "blocking_ms": seen["blocking"],
        "shift": seen["shift"],
        "held_up": float(held_up),
    }


def _best(loads: list[dict[str, float]]) -> dict[str, float]:
    """The median of each, but the worst of what may not be at all."""
    told = {name: median(load[name] for load in loads) for name in loads[0]}
    return told | {name: max(load[name] for load in loads) for name in ("shift", "held_up")}


def _waited(port: int) -> dict[str, float]:
    """µs until the whole answer is there (median), over one connection that stays open."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def post(path: str, body: bytes, kind: str) -> float:
        began = time.perf_counter_ns()
        connection.request("POST", path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"a search is answered by {answer.status}")
        return (time.perf_counter_ns() - began) / 1000

    found = _in_turn(
        {
            "page": lambda form, body: post("/nb/", form, FORM),
            "json": lambda form, body: post(JSON, body, "application/json"),
        }
    )
    connection.close()
    return found


def _in_turn(ways: Mapping[str, Callable[[bytes, bytes], float]]) -> dict[str, float]:
    """Each way of asking -> what it took (median), of a form and the JSON that ask the same."""
    world, chance = World(), random.Random(2)
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for at in range(WARM_UP + SEARCHES):
        slug, town = chance.choice(world.need_slugs), chance.choice(world.towns[:TOWNS])
        q = f"{world.needs.label(slug, 'nb')} {town.written}"
        form = urlencode({"q": q}).encode()
        body = orjson.dumps({"q": q, "per_page": PER_PAGE, "lang": "nb"})
        for name in chance.sample(list(ways), len(ways)):  # who is first pays for what the others find ready
            took = ways[name](form, body)
            if at >= WARM_UP:
                spent[name].append(took)
    return {name: median(times) for name, times in spent.items()}


def _server_time(folder: Path) -> dict[str, float]:
    """µs of a search (median), as a page, as a page that is compressed on the way, and as JSON of as many results."""
    application = create_app(Settings(_env_file=None, data_dir=folder)).wsgi_app
    return _in_turn(
        {
            "page": lambda form, body: ask(application, "/nb/", body=form, kind=FORM),
            "page, compressed": lambda form, body: ask(
                application, "/nb/", body=form, kind=FORM, accepts="br"
            ),
            "json": lambda form, body: ask(application, JSON, body=body, kind="application/json"),
        }
    )


def table(found: dict[str, Any]) -> Table:
    result = Table(
        f"Pages with nothing in the cache, over {LATENCY_MS} ms and {BYTES_S * 8 / 1e6:.1f} Mbit/s",
        ("page", "kB", "requests", "largest paint, s", "blocking, ms", "shift", "scripts that hold up"),
    )
    for name, told in found["loads"].items():
        result.add(
            name, told["kb"], round(told["requests"]), told["lcp_s"], told["blocking_ms"], told["shift"],
            round(told["held_up"]),
        )  # fmt: skip
    server, waited = found["server"], found["waited"]
    times = server["page"] / server["json"]
    result.notes = (
        f"A page with {PER_PAGE} results is waited for {waited['page']:.0f} µs on this machine, the same as JSON "
        f"{waited['json']:.0f} µs. Of the processor, in the application: {server['page']:.0f} µs, compressed "
        f"{server['page, compressed']:.0f} µs; JSON {server['json']:.0f} µs, {times:.1f} times.",
        f"The widget's loader: {found['loader_bytes']:,} bytes.",
    )
    return result


def goals(found: dict[str, Any]) -> list[Goal]:
    loads, waited = found["loads"], found["waited"]
    first = loads["results by link"]
    worst = {name: max(load[name] for load in loads.values()) for name in first}
    return [
        Goal("first page of results: kB over the wire, with all that it needs", first["kb"], MOST_KB),
        Goal("any page: largest contentful paint, s", worst["lcp_s"], MOST_LCP_S),
        Goal("any page: total blocking time, ms", worst["blocking_ms"], 0.0),
        Goal("any page: layout shift", worst["shift"], 0.0),
        Goal("any page: scripts that hold up its rendering", worst["held_up"], 0.0),
        Goal(
            "server's time of a result page, of the JSON search's",
            waited["page"] / waited["json"],
            MOST_TIMES,
        ),
        Goal("the widget's loader, kB", found["loader_bytes"] / 1000, MOST_LOADER_KB),
    ]

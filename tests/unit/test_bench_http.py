"""The bench over HTTP asks what it says, never twice, and judges by the right figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from directory.api.arguments import SearchArguments
from directory.api.plain import Plain
from tests.bench import over_http, stages
from tests.bench.generator import World
from tests.bench.server import Server


@pytest.fixture(scope="module")
def world() -> World:
    return World()


class Asked(BaseHTTPRequestHandler):
    """Keeps what it is asked, and answers nothing much."""

    protocol_version = "HTTP/1.1"
    seen: list[dict[str, Any]]

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        self.seen.append({"path": address.path, **Plain(SearchArguments()).query(address.query)})
        self._answer()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"] == "application/json"
        self.seen.append({"path": self.path, **Plain(SearchArguments()).body(body)})
        self._answer()

    def _answer(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *told: object) -> None:
        pass


class Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """wrk leaves without a word."""


@pytest.fixture
def listener() -> Iterator[tuple[Server, list[dict[str, Any]]]]:
    Asked.seen = []
    server = Listener(("127.0.0.1", 0), Asked)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Server(server.server_port, 0.0), Asked.seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def needs_wrk() -> None:
    if line := over_http.absent():
        pytest.fail(line)


@pytest.mark.parametrize("post", [False, True])
def test_no_search_is_asked_twice_and_each_is_one_that_the_service_takes(
    world: World, tmp_path: Path, listener: tuple[Server, list[dict[str, Any]]], post: bool
) -> None:
    needs_wrk()
    server, seen = listener
    over_http.wrk(server, over_http.script(world, 1, post=post), tmp_path, 1)
    assert len(seen) > 30
    assert {search["path"] for search in seen} == {"/api/v1/search"}
    assert {search["per_page"] for search in seen} == {over_http.PER_PAGE}
    different = {json.dumps(search, ensure_ascii=False) for search in seen}
    # a need and a town of the first kind may come together again; with a point nothing does
    assert len(different) > 0.9 * len(seen)
    kinds = {tuple(sorted(search.keys() - {"path", "per_page"})) for search in seen}
    assert kinds == {("q",), ("near", "q"), ("near", "need")}
    labels = {world.needs.label(slug, "nb") for slug in world.need_slugs}
    assert {search["q"] for search in seen if "q" in search and "near" in search} <= labels


def test_open_now_is_asked_of_each(
    world: World, tmp_path: Path, listener: tuple[Server, list[dict[str, Any]]]
) -> None:
    needs_wrk()
    server, seen = listener
    over_http.wrk(server, over_http.script(world, 1, more="&open_at=now"), tmp_path, 1)
    assert {search.get("open_at") for search in seen} == {"now"}


def test_the_samples_are_asked_as_text(world: World) -> None:
    samples = over_http._samples(world)
    assert len(set(samples)) == over_http.SAMPLE
    assert all(list(parse_qs(urlsplit(path).query)) == ["q", "per_page"] for path in samples)


def found(size: int, **more: float) -> dict[str, Any]:
    row = {"requests_per_s": 100.0, "p50_ms": 2.0, "p99_ms": 8.0}
    names = ("hello", "search", "search by POST", "search, open now")
    return {
        "size": size, "requests": {name: dict(row) for name in names}, "bytes": 30_000.0, "results": 20.0,
        "search_of_hello": 0.5, "open_now": 1.2, "loaded": {**row, "share": 0.8}, **more,
    }  # fmt: skip


def test_the_goals_are_those_of_the_size() -> None:
    judged = {
        size: {goal.what.partition(",")[0]: goal for goal in over_http.goals([found(size)])}
        for size in (10_000, 100_000, 5_000)
    }
    share = "searches/hellos over HTTP"
    assert (judged[10_000][share].limit, judged[10_000][share].met) == (0.6, False)
    assert (judged[100_000][share].limit, judged[100_000][share].met) == (0.4, True)
    assert share not in judged[5_000]
    late = judged[5_000]["p99/median over HTTP at 80% load"]
    assert (late.measured, late.limit, late.met) == (4.0, 5.0, True)
    assert judged[5_000]["a search with open_at=now/without"].met
    assert not over_http.goals([found(5_000, open_now=1.6)])[-1].met


def test_the_table_tells_each_request_beside_the_hello() -> None:
    told = str(over_http.table([found(10_000)]))
    assert all(
        name in told for name in ("hello", "search by POST", "open now", "80% of that", "30,000 bytes")
    )


def test_the_middle_of_the_rounds_is_that_of_each_figure() -> None:
    rounds = [{"a": 1.0, "b": 9.0}, {"a": 2.0, "b": 7.0}, {"a": 9.0, "b": 8.0}]
    assert over_http._middle(rounds) == {"a": 2.0, "b": 8.0}


def test_the_stages_of_a_search_sum_up_to_all_of_it() -> None:
    told = {
        stages.WHOLE: 100.0, stages.HELLO: 10.0, "resolve": 5.0, "answer": 80.0, "understand": 30.0,
        "query": 5.0, "search": 20.0, "results": 15.0,
    }  # fmt: skip
    parts = stages.own(told)
    assert sum(parts.values()) == told[stages.WHOLE]
    assert parts[stages.OUTSIDE] == 15.0
    assert parts[stages.STAGES["answer"]] == 10.0
    shown = str(stages.table({"some kind": told}))
    assert "20%" in shown and "10.0" in shown

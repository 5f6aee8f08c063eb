"""What a person typed must not be found again: not in a log line, not in a metric, not in a problem."""

from __future__ import annotations

import io
import logging
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from directory.api.rooms import rooms
from directory.logs import JsonLines
from directory.problems import MEDIA_TYPE
from tests.real_server import RealServer, real_server
from tests.reliability.house_for_faults import copied

CANARY = "kanarifuglen"  # where a person's words go
NAME = "kanarinavnet"  # the name of a parameter that does not exist, which a problem must tell
HEADERS = {
    "User-Agent": CANARY,
    "Referer": f"https://{CANARY}.example/",
    "Cookie": f"a={CANARY}",
    "Authorization": f"Bearer {CANARY}",
    "X-Request-Id": CANARY,
    "X-Forwarded-For": CANARY,
    "Accept-Language": CANARY,
}
JSON = {"Content-Type": "application/json"}
QUERY = f"q={CANARY}&near={CANARY}&{NAME}={CANARY}"
BODIES = (f'{{"q": "{CANARY}", "{NAME}": "{CANARY}"}}'.encode(), f'{{"q": {CANARY}'.encode(), CANARY.encode())


def requests(rules: list[Rule]) -> Iterator[tuple[str, str, bytes | None]]:
    """(method, path, body) that put the canary wherever a request has room for it, at every route."""
    for rule in rules:
        path = re.sub(r"<[^>]+>", CANARY, rule.rule)
        for method in sorted(rule.methods or ()):
            for query in (f"q={CANARY}", QUERY):
                if method == "POST":
                    yield from ((method, f"{path}?{query}", body) for body in BODIES)
                else:
                    yield method, f"{path}?{query}", None
        yield "DELETE", f"{path}?{QUERY}", None
    yield "GET", f"/{CANARY}?{QUERY}", None
    yield "GET", f"/api/v1/{CANARY}?{QUERY}", None
    yield CANARY.upper(), "/api/v1/search", None


def assert_untold(text: str, where: str) -> None:
    for word in (CANARY, NAME):
        assert word not in text.lower(), where


def assert_problem_is_discreet(content_type: str, text: str, what: str) -> None:
    if content_type == MEDIA_TYPE:
        assert CANARY not in text.lower(), what


@pytest.fixture
def told() -> Iterator[io.StringIO]:
    """All that is logged, of every logger and at every level, as it would be written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    level = logging.root.level
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.DEBUG)
    yield stream
    logging.root.setLevel(level)
    logging.root.removeHandler(handler)


def test_no_route_tells_what_a_person_typed(directory_app: Flask, told: io.StringIO) -> None:
    client = directory_app.test_client()
    asked = 0
    for method, path, body in requests(list(directory_app.url_map.iter_rules())):
        response = client.open(path, method=method, data=body, headers=HEADERS | (JSON if body else {}))
        assert response.status_code != 500, (method, path)
        assert_problem_is_discreet(response.content_type, response.text, f"{method} {path}")
        asked += 1
    assert told.getvalue().count('"event":"request"') == asked
    assert_untold(told.getvalue(), "logs")
    assert_untold(client.get("/metrics").text, "metrics")


def test_an_exception_in_a_search_tells_nothing_of_it(
    directory_app: Flask, told: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object, values: dict[str, str], **more: object) -> None:
        raise ValueError(f"cannot make sense of {values['q']}")

    with directory_app.app_context():
        monkeypatch.setattr(type(rooms().searcher), "resolve", broken)
    response = directory_app.test_client().get(f"/api/v1/search?q={CANARY}")
    assert response.status_code == 500
    assert_untold(response.text, "problem")
    assert_untold(told.getvalue(), "logs")
    assert '"error":"ValueError"' in told.getvalue()


def broken_requests(server: RealServer) -> None:
    bird = CANARY.encode()
    for raw in (
        b"GE\x01T /" + bird + b" HTTP/1.1\r\n\r\n",
        bird + b"\r\n\r\n",
        b"GET /" + bird + b" HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + bird + b" bad: 1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + bird + b"\r\n\r\n",
        b"POST /api/v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n" + bird + b"\r\n",
        b"GET /?" + bird * 1000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + bird * 2000 + b"\r\n\r\n",
    ):
        assert b" 200 " not in server.say(raw).partition(b"\r\n")[0], raw[:80]


def test_the_server_and_its_workers_tell_nothing_either(directory_app: Flask, tmp_path: Path) -> None:
    with directory_app.app_context():
        ready = rooms().settings.data_dir
    data = copied(ready, tmp_path / "var")
    with real_server(data, WEB_CONCURRENCY="1") as server:
        answered = 0
        for method, path, body in requests(list(directory_app.url_map.iter_rules())):
            server.ask(path, method, body, HEADERS | (JSON if body else {}))
            answered += 1
        broken_requests(server)
        # The database breaks under a reading of it: what the driver then says quotes the address.
        with sqlite3.connect(data / "directory.db") as database:
            database.execute("ALTER TABLE service RENAME TO elsewhere")
        status, text = server.ask(f"/api/v1/services/{CANARY}?lang=en", headers=HEADERS)
        assert status == 500
        assert_untold(text, "problem")
        metrics = server.ask("/metrics")[1]
        log = server.stop()
    assert_untold(metrics, "metrics")
    assert_untold(log, "logs")
    assert log.count('"event":"request"') >= answered
    assert "could not be read" in log
    assert "OperationalError" in log
    assert "127.0.0.1" not in log.replace(f"127.0.0.1:{server.port}", "")

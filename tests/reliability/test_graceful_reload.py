from __future__ import annotations

import http.client
import re
from pathlib import Path
from threading import Event, Thread

from flask import Flask

from directory.api.rooms import rooms
from tests.real_server import PATIENCE_S, RealServer, real_server


def data_of(app: Flask) -> Path:
    with app.app_context():
        return rooms().settings.data_dir


def ask_until(server: RealServer, done: Event, statuses: list[int]) -> None:
    while not done.is_set():
        statuses.append(server.ask("/api/v1/search?q=nalokson")[0])


def test_no_request_fails_while_the_server_reloads(directory_app: Flask) -> None:
    with real_server(data_of(directory_app), WEB_CONCURRENCY="1") as server:
        assert server.ask("/ready")[0] == 200
        done, statuses = Event(), []
        askers = [Thread(target=ask_until, args=(server, done, statuses)) for _ in range(3)]
        for asker in askers:
            asker.start()
        # A request that is on its way when the reload comes: its body is not there yet.
        slow = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
        body = b'{"q": "nalokson bergen"}'
        slow.putrequest("POST", "/api/v1/search")
        slow.putheader("Content-Type", "application/json")
        slow.putheader("Content-Length", str(len(body)))
        slow.endheaders(body[:5])
        server.reload()
        slow.send(body[5:])
        assert slow.getresponse().status == 200
        slow.close()
        reloaded = Event()

        def wait_for_a_new_worker() -> None:
            while "".join(server._said).count("Worker exiting") < 1:
                server.ask("/health")
            reloaded.set()

        watcher = Thread(target=wait_for_a_new_worker)
        watcher.start()
        assert reloaded.wait(PATIENCE_S)
        assert server.ask("/api/v1/search?q=nalokson")[0] == 200
        done.set()
        for thread in (*askers, watcher):
            thread.join(PATIENCE_S)
        log = server.stop()
    assert set(statuses) == {200}
    assert len(statuses) > 3
    assert log.count("Booting worker") == 2


def test_metrics_are_those_of_all_workers(directory_app: Flask) -> None:
    with real_server(data_of(directory_app)) as server:
        for _ in range(30):
            assert server.ask("/api/v1/needs")[0] == 200
        row = 'veiviser_requests_total{method="GET",route="/api/v1/needs",status="200"} '
        for _ in range(4):  # whichever worker answers
            told = server.ask("/metrics")[1]
            assert [line for line in told.splitlines() if line.startswith(row)] == [f"{row}30.0"]
        assert re.search(r"^veiviser_index_generation [1-9]", told, re.MULTILINE)

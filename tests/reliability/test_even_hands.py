"""Connections are kept, as by a proxy or a browser: no worker is left idle while another holds most of them."""

from __future__ import annotations

import http.client
import os
import signal
from pathlib import Path

import pytest
from flask import Flask

from directory.api.rooms import rooms
from tests.real_server import PATIENCE_S, RealServer, real_server
from tests.reliability.house_for_faults import copied
from tests.worker_connections import held

MANY, MOST = 30, 24


@pytest.fixture
def data(directory_app: Flask, tmp_path: Path) -> Path:
    with directory_app.app_context():
        return copied(rooms().settings.data_dir, tmp_path / "var")


def kept(server: RealServer) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    connection.request("GET", "/health")
    assert connection.getresponse().read()
    return connection


def test_who_holds_few_connections_is_given_the_next_ones(data: Path) -> None:
    with real_server(data) as server:
        one, other = server.workers.all_pids()
        for worker in (one, other):
            assert server.workers.ask(worker, "/health")[0] == 200  # it has begun
        server.workers.close()
        os.kill(other, signal.SIGSTOP)
        connections = [kept(server) for _ in range(MANY)]
        os.kill(other, signal.SIGCONT)
        assert held(server.port, one) >= MANY
        connections += [kept(server) for _ in range(MANY)]
        assert held(server.port, other) >= MOST  # by chance it would be half of them
        for connection in connections:
            connection.close()

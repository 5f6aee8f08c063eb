"""``veiviser serve`` has somebody at work beside it, for exactly as long as it lives."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from directory.api.rooms import rooms
from tests.real_server import RealServer, real_server
from tests.reliability.house_for_faults import copied

PATIENCE_S = 60


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is(pid: int, *words: str) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except FileNotFoundError:
        return False
    return all(word.encode() in command for word in words)


def _keeper(server: RealServer) -> int:
    return next(pid for pid in _children(server.process.pid) if _is(pid, "work", "--beside"))


def _worker(keeper: int, but: int | None = None) -> int:
    """The process that is at work, when it has begun."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        for pid in _children(keeper):
            if pid != but and _is(pid, "work"):
                return pid
        time.sleep(0.05)
    raise AssertionError("nobody is at work")


def _gone(*pids: int) -> bool:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if not any(_is(pid, "work") for pid in pids):
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def server(directory_app: Flask, tmp_path: Path) -> Iterator[RealServer]:
    with directory_app.app_context():
        stock = rooms().settings.data_dir
    with real_server(copied(stock, tmp_path / "data"), worker=True, WEB_CONCURRENCY="1") as made:
        yield made


def test_who_works_beside_is_replaced_when_killed_or_outdated_and_ends_with_the_server(
    server: RealServer,
) -> None:
    keeper = _keeper(server)
    first = _worker(keeper)
    os.kill(first, signal.SIGKILL)
    second = _worker(keeper, but=first)
    server.reload()
    third = _worker(keeper, but=second)
    assert _gone(second), "it makes way for new code as those who serve do"
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait(PATIENCE_S)
    assert _gone(keeper, third), "nobody works for a server that is no longer there"
    server.heard_out()

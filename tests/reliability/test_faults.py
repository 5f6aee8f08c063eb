"""Disks that are full or can't be written to, files that are damaged: a clear state, no wrong answer, and a way back by
itself. On small disks of their own, which only root may mount."""

from __future__ import annotations

import http.client
import itertools
import os
import random
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from directory.api.rooms import rooms
from directory.search import soundness
from directory.search.storage.generation import read_generation
from tests.real_server import RealServer, real_server
from tests.reliability.house_for_faults import (
    ASKED,
    Patience,
    copied,
    editor,
    fill,
    may_mount,
    ready,
    said,
    small_disk,
    until_all_say,
)

needs_mount = pytest.mark.skipif(not may_mount(), reason="only root may mount a small disk")


@pytest.fixture
def stock(directory_app: Flask) -> Path:
    with directory_app.app_context():
        return rooms().settings.data_dir


@needs_mount
def test_an_index_on_a_full_disk_is_told_searched_and_taken_up_again_when_there_is_room(
    stock: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "var", 24) as disk:
        data = copied(stock, disk)
        database = tmp_path / "directory.db"  # elsewhere, where there is room
        for file in data.glob("directory.db*"):
            shutil.move(file, tmp_path)
        with (
            real_server(data, VEIVISER_DATABASE_URL=f"sqlite:///{database}") as server,
            editor(database) as edits,
        ):
            edits.say("before")
            until_all_say(server, "before")
            assert ready(server) == {}
            ballast = fill(disk)
            edits.say_much("after")
            patience = Patience("a full disk is told")
            full = {"index": "cannot be written: No space left on device", "disk": "is full"}
            while ready(server) != full:
                patience.wear()
            for worker in server.workers.pids():
                assert said(server.workers.ask(worker, ASKED)) == "before"
            assert server.ask("/ready")[0] == 200
            ballast.unlink()
            until_all_say(server, "after")
            patience = Patience("all is well again")
            while ready(server):
                patience.wear()
        assert soundness.check(data / "index") == []


@needs_mount
def test_an_index_that_cannot_be_written_to_is_told_searched_and_taken_up_again(
    stock: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "var" / "index", 24) as disk:
        data = copied(stock, tmp_path / "var")
        with real_server(data, WEB_CONCURRENCY="1") as server, editor(data / "directory.db") as edits:
            edits.say("before")
            until_all_say(server, "before")
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            edits.say("after")
            patience = Patience("a disk that can't be written to is told")
            while ready(server).get("index") != "cannot be written: Read-only file system":
                patience.wear()
            for worker in server.workers.pids():
                assert said(server.workers.ask(worker, ASKED)) == "before"
            subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
            until_all_say(server, "after")
            patience = Patience("all is well again")
            while ready(server):
                patience.wear()


@needs_mount
def test_on_a_full_disk_changes_are_refused_nothing_is_lost_and_searches_answered_also_by_a_new_worker(
    stock: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "var", 64) as disk:
        data = copied(stock, disk)
        with real_server(data, WEB_CONCURRENCY="1") as server, editor(data / "directory.db") as edits:
            edits.say("before")
            until_all_say(server, "before")
            ballast = fill(disk)
            with pytest.raises(OperationalError, match="full"):
                for number in range(100):  # the log may have a little room left from before
                    edits.say(f"at most {number}")
            assert ready(server)["disk"] == "is full"
            killed = set(server.workers.pids())
            for worker in killed:
                os.kill(worker, signal.SIGKILL)
            patience = Patience("a new worker")
            while not set(server.workers.pids()) - killed:
                patience.wear()
            for _ in range(10):
                for path in (
                    ASKED,
                    "/api/v1/needs",
                    "/health",
                    "/api/v1/search?q=nalokson",
                    "/api/v1/nothing",
                ):
                    assert server.ask(path)[0] in (200, 404)
            ballast.unlink()
            edits.say("after")
            until_all_say(server, "after")
            patience = Patience("all is well again")
            while ready(server):
                patience.wear()
        assert soundness.check(data / "index") == []


def damage(file: Path, kind: str) -> None:
    size = file.stat().st_size
    if kind == "missing":
        file.unlink()
    elif kind == "torn":
        os.truncate(file, size * 2 // 3)
    else:
        at = random.randrange(size)
        with file.open("r+b") as content:
            content.seek(at)
            byte = content.read(1)[0]
            content.seek(at)
            content.write(bytes([byte ^ (1 << random.randrange(8))]))


def test_files_that_are_damaged_under_a_running_server_give_no_wrong_answer_and_are_made_anew(
    stock: Path, tmp_path: Path
) -> None:
    data = copied(stock, tmp_path / "var")
    path = data / "index"
    asked = ("/api/v1/search?q=nalokson+bergen&facets=true", "/api/v1/search?near=69.65,18.95&radius_km=300")
    with real_server(data) as server:
        server.ask("/ready")
        right = {question: server.ask(question) for question in asked}
        assert {status for status, _ in right.values()} == {200}
        names = [name for name, (size, _) in read_generation(path).segments[0].files.items() if size]
        for kind, name in itertools.product(("flipped", "torn", "missing"), names):
            generation = read_generation(path).number
            damage(path / read_generation(path).segments[0].name / name, kind)
            patience = Patience(f"{name}, {kind}: the index is made anew")
            while read_generation(path).number == generation or _ready(server):
                for question in asked:
                    # A worker that has a file open which is cut short is ended by the system.
                    with suppress(http.client.RemoteDisconnected, ConnectionResetError):
                        status, text = server.ask(question)
                        assert status == 503 or (status, text) == right[question], (name, kind, status)
                patience.wear()
            assert {question: server.ask(question) for question in asked} == right
            assert soundness.check(path) == []
        (path / "manifest.json").write_bytes(b"{")
        patience = Patience("a torn manifest: the index is made anew")
        while soundness.check(path) or ready(server):
            for question in asked:
                assert server.ask(question) == right[question], "what was open goes on being searched"
            patience.wear()


def _ready(server: RealServer) -> dict[str, str]:
    try:
        return ready(server)
    except (http.client.RemoteDisconnected, ConnectionResetError):
        return {"worker": "gone"}
